//! Sequences, and what a detector and a pose model might see of them.

use sapiens::geometry::{Rect, Size};
use sapiens::skeleton::KEYPOINT_COUNT;
use sapiens::task::pose::Keypoint;
use serde::Deserialize;

/// The labels were rendered small.
const SCALE: f32 = 4.0;

#[derive(Deserialize)]
pub struct Sequences {
    crossings: Vec<Sequence>,
    pub gesture: Sequence,
    pub wave: Sequence,
}

#[derive(Deserialize)]
pub struct Sequence {
    width: usize,
    height: usize,
    pub fps: f64,
    /// Which of the 308.
    pub keypoints: Vec<usize>,
    frames: Vec<Vec<Labelled>>,
}

#[derive(Deserialize)]
struct Labelled {
    id: u64,
    #[serde(rename = "box")]
    bbox: [f32; 4],
    area: f32,
    at: Vec<i32>,
    seen: String,
}

/// Somebody in a frame, as labelled.
#[derive(Clone)]
pub struct Actor {
    pub id: u64,
    pub bbox: Rect,
    /// Share of the person that nothing hides.
    pub seen: f32,
    /// Index, place, whether visible.
    pub points: Vec<(usize, [f32; 2], bool)>,
}

/// Frames with everybody in them.
#[derive(Clone)]
pub struct Scene {
    pub name: String,
    pub size: Size,
    pub fps: f64,
    pub frames: Vec<Vec<Actor>>,
}

/// Those that the tracker was made with.
pub fn sequences() -> Sequences {
    serde_json::from_str(&testkit::gzipped_text("sequences.json.gz")).unwrap()
}

/// Crossings of other people, in other places, that nothing was chosen on.
fn held_out() -> Vec<Sequence> {
    #[derive(Deserialize)]
    struct Crossings {
        crossings: Vec<Sequence>,
    }
    let found: Crossings = serde_json::from_str(include_str!("../data/sequences_held_out.json")).unwrap();
    found.crossings
}

impl Sequence {
    pub fn scene(&self, name: &str) -> Scene {
        let largest = |id: u64| {
            let areas = self.frames.iter().flatten().filter(|p| p.id == id).map(|p| p.area);
            let mut areas: Vec<f32> = areas.collect();
            areas.sort_by(f32::total_cmp);
            areas[areas.len() * 3 / 4]
        };
        let ids: Vec<u64> = self.frames[0].iter().map(|p| p.id).collect();
        let whole: Vec<f32> = ids.iter().map(|id| largest(*id)).collect();
        let actor = |p: &Labelled| {
            let [x, y, width, height] = p.bbox.map(|v| v * SCALE);
            let at = |i: usize| p.at[i] as f32 / 10.0 * SCALE;
            let visible = p.seen.bytes().enumerate();
            let points = visible
                .filter(|(_, v)| *v > b'0')
                .map(|(i, v)| (self.keypoints[i], [at(2 * i), at(2 * i + 1)], v == b'2'));
            let whole = ids.iter().position(|id| *id == p.id).map_or(p.area, |i| whole[i]);
            Actor {
                id: p.id,
                bbox: Rect { x, y, width, height },
                seen: (p.area / whole).min(1.0),
                points: points.collect(),
            }
        };
        Scene {
            name: name.into(),
            size: Size::new(self.width * SCALE as usize, self.height * SCALE as usize),
            fps: self.fps,
            frames: self.frames.iter().map(|frame| frame.iter().map(actor).collect()).collect(),
        }
    }
}

impl Scene {
    fn edit(mut self, name: &str, change: impl Fn(&mut Actor)) -> Self {
        self.name = name.into();
        self.frames.iter_mut().flatten().for_each(change);
        self
    }

    /// What a pillar with its middle at this share of the width leaves.
    fn behind_a_pillar(self, name: &str, middle: f32) -> Self {
        let width = self.size.width as f32;
        let (left, right) = (width * (middle - 0.06), width * (middle + 0.06));
        let name = format!("{}, {name}", self.name);
        self.edit(&name, |actor| {
            let [x0, y, x1, _] = actor.bbox.xyxy();
            let covered = (x1.min(right) - x0.max(left)).max(0.0) / actor.bbox.width;
            actor.seen *= 1.0 - covered;
            let height = actor.bbox.height;
            // What is left on the larger side.
            let (x0, x1) = if left - x0 > x1 - right {
                (x0, x1.min(left.max(x0 + 1.0)))
            } else {
                (x0.max(right.min(x1 - 1.0)), x1)
            };
            actor.bbox = Rect { x: x0, y, width: x1 - x0, height };
            actor.points.iter_mut().for_each(|(_, [x, _], visible)| *visible &= !(left..right).contains(x));
        })
    }

    /// There and back again, of which the picture shows the middle: everybody leaves and comes back.
    fn there_and_back(mut self) -> Self {
        let back: Vec<_> = self.frames.iter().rev().cloned().collect();
        self.frames.extend(back);
        let (left, right) = (self.size.width as f32 * 0.3, self.size.width as f32 * 0.7);
        let name = format!("{}, out and in", self.name);
        self.size.width = (right - left) as usize;
        self.edit(&name, |actor| {
            let [x0, y, x1, _] = actor.bbox.xyxy();
            let (a, b) = (x0.max(left), x1.min(right));
            actor.seen *= ((b - a) / actor.bbox.width).max(0.0);
            actor.bbox = Rect { x: a - left, y, width: (b - a).max(1.0), height: actor.bbox.height };
            actor.points.iter_mut().for_each(|(_, [x, _], _)| *x -= left);
            actor.points.retain(|(_, [x, _], _)| *x >= 0.0 && *x < right - left);
        })
    }

    /// Every n-th frame.
    fn slow(mut self, n: usize) -> Self {
        self.frames = self.frames.into_iter().step_by(n).collect();
        self.fps /= n as f64;
        self.name = format!("{}, {} fps", self.name, self.fps);
        self
    }
}

/// The scenes that tracking is measured on: those it was made with, and those held out.
pub fn scenes() -> [Vec<Scene>; 2] {
    [scenes_of(&sequences().crossings, ""), scenes_of(&held_out(), "held-out ")]
}

fn scenes_of(crossings: &[Sequence], kind: &str) -> Vec<Scene> {
    let crossing = |i: usize| crossings[i].scene(&format!("{kind}crossing {}", i + 1));
    let mut scenes: Vec<Scene> = (0..3).map(crossing).collect();
    scenes.extend((0..3).map(|i| crossing(i).behind_a_pillar("pillar", 0.3)));
    // They pass each other while nobody sees it.
    scenes.extend((0..3).map(|i| crossing(i).behind_a_pillar("hidden meeting", 0.5)));
    scenes.extend((0..3).map(|i| crossing(i).there_and_back()));
    scenes.extend((0..3).map(|i| crossing(i).slow(4)));
    // Six people in one picture, one pair starting later, one walking backwards.
    let mut crowd = crossing(0);
    crowd.name = format!("{kind}six people");
    for (i, (delay, dy)) in [(1, (15, 50.0)), (2, (30, -40.0))] {
        let mut other = crossing(i).edit("", |actor| {
            actor.id += 10 * i as u64;
            actor.bbox.y += dy;
            actor.points.iter_mut().for_each(|(_, [_, y], _)| *y += dy);
        });
        if i == 2 {
            other.frames.reverse();
        }
        let count = crowd.frames.len();
        for (frame, more) in crowd.frames[delay..].iter_mut().zip(other.frames) {
            frame.extend(more);
        }
        crowd.frames.truncate(count);
    }
    hide_behind_each_other(&mut crowd);
    scenes.push(crowd);
    scenes
}

/// Of boxes laid over each other the one with the lower edge further down is in front.
fn hide_behind_each_other(scene: &mut Scene) {
    for frame in &mut scene.frames {
        for i in 0..frame.len() {
            let bbox = frame[i].bbox;
            let covered = frame.iter().filter(|other| other.id / 10 != frame[i].id / 10).filter_map(|other| {
                let [ax0, ay0, ax1, ay1] = bbox.xyxy();
                let [bx0, by0, bx1, by1] = other.bbox.xyxy();
                let shared = (ax1.min(bx1) - ax0.max(bx0)).max(0.0) * (ay1.min(by1) - ay0.max(by0)).max(0.0);
                (by1 > ay1).then(|| shared / (bbox.width * bbox.height))
            });
            let covered = covered.fold(0.0, f32::max);
            frame[i].seen *= 1.0 - covered;
        }
    }
}

/// A generator whose numbers are the same everywhere (PCG's multiplier, the upper bits).
pub struct Random(pub u64);

impl Random {
    /// 0 to 1.
    pub fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Standard normal, nearly: the sum of twelve.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

/// What a detector and a pose model report about somebody.
pub struct Found {
    pub bbox: Rect,
    pub score: f32,
    pub keypoints: Vec<Keypoint>,
    /// Whether the detector sees it; a pose model that is told where to look needs no detector.
    pub is_detected: bool,
}

/// Shares of a person that a detector needs: to say anything, and to be sure.
pub const LEAST_SEEN: f32 = 0.2;
const MISSED: f32 = 0.08;
const FALSE_BOXES: f32 = 0.04;

/// A frame as it is found.
pub fn find(scene: &Scene, frame: &[Actor], random: &mut Random) -> Vec<Found> {
    let mut found = Vec::new();
    for actor in frame {
        let is_missed = random.uniform() < MISSED;
        let mut noise = |share: f32| share * actor.bbox.height * random.normal();
        let Rect { x, y, width, height } = actor.bbox;
        let (dx0, dy0, dx1, dy1) = (noise(0.015), noise(0.015), noise(0.015), noise(0.015));
        let bbox = Rect { x: x + dx0, y: y + dy0, width: width + dx1 - dx0, height: height + dy1 - dy0 };
        let score = (0.15 + 0.75 * actor.seen + 0.06 * random.normal()).clamp(0.05, 0.98);
        // A top-down model that sees little of somebody finds the one in front.
        let front = frame.iter().filter(|o| o.id != actor.id && o.seen > actor.seen && o.bbox.iou(actor.bbox) > 0.2);
        let front = front.max_by(|a, b| a.bbox.iou(actor.bbox).total_cmp(&b.bbox.iou(actor.bbox)));
        let is_taken_in = random.uniform() < 1.2 - 1.5 * actor.seen;
        let shown = front.filter(|_| is_taken_in).unwrap_or(actor);
        let keypoints = pose(shown, random);
        if actor.seen >= LEAST_SEEN && bbox.is_valid() {
            found.push(Found { bbox, score, keypoints, is_detected: !is_missed });
        }
    }
    if random.uniform() < FALSE_BOXES {
        let (width, height) = (scene.size.width as f32, scene.size.height as f32);
        let bbox =
            Rect { x: random.uniform() * width * 0.9, y: random.uniform() * height * 0.6, width: 90.0, height: 250.0 };
        found.push(Found {
            bbox,
            score: 0.3 + 0.4 * random.uniform(),
            keypoints: vec![Keypoint::default(); KEYPOINT_COUNT],
            is_detected: true,
        });
    }
    found
}

fn pose(actor: &Actor, random: &mut Random) -> Vec<Keypoint> {
    let mut pose = vec![Keypoint::default(); KEYPOINT_COUNT];
    for &(i, [x, y], visible) in &actor.points {
        let share = if visible { 0.008 } else { 0.03 } * actor.bbox.height;
        let score = (if visible { 0.85 } else { 0.4 }) + 0.1 * random.normal();
        pose[i] =
            Keypoint { x: x + share * random.normal(), y: y + share * random.normal(), score: score.clamp(0.0, 1.0) };
    }
    pose
}
