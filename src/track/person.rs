//! What a tracker knows about one person.

use super::clock::{nanoseconds, seconds};
use super::motion::{Cruise, Motion};
use super::options::TrackOptions;
use super::pose::{self, Hull, Margins};
use super::{TrackId, TrackState};
use crate::geometry::Rect;
use crate::task::pose::Keypoint;
use std::collections::VecDeque;

/// How far back the direction of a motion is looked at (OC-SORT: three frames at 30 per second).
const DIRECTION_NS: i64 = 100_000_000;
/// Centres kept for it.
const MAX_HISTORY: usize = 16;
/// Steps of the motion between two observations that are re-enacted at most.
const MAX_REENACTED: i64 = 60;

/// An observation that belongs to somebody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting<'a> {
    pub bbox: Rect,
    /// 0 to 1.
    pub score: f32,
    pub keypoints: Option<&'a [Keypoint]>,
    pub appearance: Option<&'a [f32]>,
    /// Whether a detector gave the box, not the keypoints.
    pub is_detected: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub id: TrackId,
    pub state: TrackState,
    pub motion: Motion,
    /// As it was right after the last observation.
    observed_motion: Motion,
    cruise: Cruise,
    /// The last observed box.
    pub last_box: Rect,
    pub last_seen_ns: i64,
    pub first_seen_ns: i64,
    pub hits: u32,
    /// Sightings since it began, or came back.
    fresh_hits: u32,
    /// What was remembered, as long as it is not confirmed that this is the one.
    pub remembered: Option<Box<Person>>,
    pub misses: u32,
    pub frames: u64,
    pub score: f32,
    pub is_selected: bool,
    /// Whether it would have been seen in this frame.
    pub is_looked_for: bool,
    /// The observation of this frame.
    pub observation: Option<usize>,
    /// Observed centres, the newest last.
    history: VecDeque<(i64, [f64; 2])>,
    /// The last pose, and the centre of the box at that time.
    pose: Option<(Vec<Keypoint>, [f64; 2])>,
    margins: Margins,
    pub appearance: Option<Vec<f32>>,
}

impl Person {
    pub fn new(id: TrackId, sighting: &Sighting, observation: usize, now_ns: i64, min_keypoint_score: f32) -> Self {
        let motion = Motion::new(sighting.bbox);
        let mut person = Self {
            id,
            state: TrackState::Tentative,
            observed_motion: motion.clone(),
            motion,
            cruise: Cruise::new(sighting.bbox),
            last_box: sighting.bbox,
            last_seen_ns: now_ns,
            first_seen_ns: now_ns,
            hits: 1,
            fresh_hits: 1,
            remembered: None,
            misses: 0,
            frames: 0,
            score: sighting.score,
            is_selected: false,
            is_looked_for: true,
            observation: Some(observation),
            history: VecDeque::new(),
            pose: None,
            margins: Margins::default(),
            appearance: None,
        };
        person.remember(sighting, now_ns, min_keypoint_score);
        person
    }

    /// A frame begins, `step_ns` after the one before.
    pub fn predict(&mut self, step_ns: i64) {
        self.motion.predict(seconds(step_ns));
        self.frames += 1;
        self.observation = None;
    }

    /// Looked for, and not seen.
    pub fn miss(&mut self, now_ns: i64) {
        self.misses = self.misses.saturating_add(1);
        if self.misses == 1 && self.state == TrackState::Confirmed {
            let mut cruise = self.cruise.clone();
            cruise.predict(seconds(self.unseen_ns(now_ns)), self.motion.size());
            self.motion.coast(&cruise);
        }
    }

    /// Seen. After a gap the motion is re-enacted from the last observation straight to this one (OC-SORT's re-update), so
    /// that the error piled up meanwhile does not throw the track off.
    pub fn see(&mut self, sighting: &Sighting, observation: usize, now_ns: i64, step_ns: i64, options: &TrackOptions) {
        let gap_ns = now_ns.saturating_sub(self.last_seen_ns);
        if self.misses > 0 && gap_ns > step_ns {
            let nominal = nanoseconds(options.nominal_step).max(1);
            let steps = (gap_ns / nominal).clamp(1, MAX_REENACTED);
            self.motion = self.observed_motion.clone();
            for i in 1..=steps {
                let share = i as f32 / steps as f32;
                self.motion.predict(seconds(gap_ns) / steps as f64);
                self.motion.update(between(self.last_box, sighting.bbox, share), sighting.score.into());
            }
        } else {
            self.motion.update(sighting.bbox, sighting.score.into());
        }
        self.hits = self.hits.saturating_add(1);
        self.fresh_hits = self.fresh_hits.saturating_add(1);
        self.misses = 0;
        self.observation = Some(observation);
        self.state = match self.state {
            TrackState::Tentative if self.fresh_hits < options.confirm_hits => TrackState::Tentative,
            _ => TrackState::Confirmed,
        };
        if self.state == TrackState::Confirmed {
            self.remembered = None;
        }
        self.remember(sighting, now_ns, options.min_keypoint_score);
    }

    /// Back after the motion has led nowhere: begins anew as the same person, tentatively.
    pub fn come_back(&mut self, sighting: &Sighting, observation: usize, now_ns: i64, options: &TrackOptions) {
        self.remembered = Some(Box::new(self.clone()));
        (self.state, self.fresh_hits) = (TrackState::Tentative, 0);
        self.motion = Motion::new(sighting.bbox);
        self.cruise = Cruise::new(sighting.bbox);
        self.last_seen_ns = now_ns;
        self.history.clear();
        self.pose = None;
        self.misses = 0;
        self.see(sighting, observation, now_ns, 0, options);
    }

    fn remember(&mut self, sighting: &Sighting, now_ns: i64, min_keypoint_score: f32) {
        self.observed_motion = self.motion.clone();
        let trunk = sighting.keypoints.and_then(|pose| pose::trunk(pose, min_keypoint_score));
        let size = self.motion.size();
        self.cruise.predict(seconds(self.unseen_ns(now_ns)), size);
        self.cruise.update(sighting.bbox, sighting.score.into(), trunk, size);
        self.last_box = sighting.bbox;
        self.last_seen_ns = now_ns;
        self.score = sighting.score;
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back((now_ns, centre(sighting.bbox)));
        if let Some(pose) = sighting.keypoints {
            if sighting.is_detected
                && let Some(hull) = Hull::of(pose, min_keypoint_score)
            {
                self.margins.learn(&hull, sighting.bbox);
            }
            let (points, at) = self.pose.get_or_insert_default();
            points.clear();
            points.extend_from_slice(pose);
            *at = self.motion.centre();
        }
        if let Some(seen) = sighting.appearance {
            blend_appearance(&mut self.appearance, seen);
        }
    }

    /// The box of a pose found where the person was expected; `None` if nobody is there.
    pub fn box_of(&self, pose: &[Keypoint], min_keypoint_score: f32) -> Option<(Rect, f32)> {
        let hull = Hull::of(pose, min_keypoint_score)?;
        let bbox = hull.padded(&self.margins);
        // A pose of another size or elsewhere is somebody else's, or nobody's.
        let (size, found) = (self.motion.size(), f64::from(bbox.width.max(bbox.height)));
        let ([x, y], [found_x, found_y]) = (self.motion.centre(), centre(bbox));
        let is_near = (x - found_x).hypot(y - found_y) < 0.6 * size;
        (is_near && found < 1.8 * size && found > 0.35 * size).then_some((bbox, hull.score))
    }

    /// The last pose, where the motion has carried it.
    pub fn expected_pose(&self) -> Option<Vec<Keypoint>> {
        let (points, at) = self.pose.as_ref()?;
        let [x, y] = self.motion.centre();
        let (dx, dy) = ((x - at[0]) as f32, (y - at[1]) as f32);
        Some(points.iter().map(|k| Keypoint { x: k.x + dx, y: k.y + dy, score: k.score }).collect())
    }

    pub fn forget_pose(&mut self) {
        self.pose = None;
    }

    /// Whether going on to a box keeps the direction of the motion: -0.5 (turned round) to 0.5 (straight on), 0 where
    /// either motion is too short to have a direction.
    pub fn straightness(&self, bbox: Rect) -> f64 {
        let Some(&(now, last)) = self.history.back() else { return 0.0 };
        let earlier = self.history.iter().rev().find(|(at, _)| now.saturating_sub(*at) >= DIRECTION_NS);
        let Some((_, earlier)) = earlier.or(self.history.front()) else { return 0.0 };
        let to = centre(bbox);
        let (a, b) = ([last[0] - earlier[0], last[1] - earlier[1]], [to[0] - last[0], to[1] - last[1]]);
        let shortest = 0.03 * self.motion.size();
        if a[0].hypot(a[1]) < shortest || b[0].hypot(b[1]) < shortest {
            return 0.0;
        }
        let angle = (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]).abs();
        0.5 - angle / std::f64::consts::PI
    }

    /// How long it has not been seen.
    pub fn unseen_ns(&self, now_ns: i64) -> i64 {
        now_ns.saturating_sub(self.last_seen_ns)
    }
}

pub(super) fn centre(bbox: Rect) -> [f64; 2] {
    [f64::from(bbox.x) + f64::from(bbox.width) / 2.0, f64::from(bbox.y) + f64::from(bbox.height) / 2.0]
}

fn between(a: Rect, b: Rect, share: f32) -> Rect {
    let mix = |a: f32, b: f32| a + (b - a) * share;
    Rect { x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width), height: mix(a.height, b.height) }
}

/// A running mean of descriptors brought to unit length (as DeepSORT's successors keep it).
fn blend_appearance(known: &mut Option<Vec<f32>>, seen: &[f32]) {
    let length = seen.iter().map(|v| v * v).sum::<f32>().sqrt();
    if !(length.is_finite() && length > 0.0) {
        return;
    }
    match known {
        Some(known) if known.len() == seen.len() => {
            known.iter_mut().zip(seen).for_each(|(k, s)| *k = 0.9 * *k + 0.1 * s / length);
        }
        _ => *known = Some(seen.iter().map(|s| s / length).collect()),
    }
}

/// Cosine between two descriptors; `None` where they cannot be compared.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    (a.len() == b.len() && cosine.is_finite()).then_some(cosine)
}
