//! Filters: how calm, how late, how near.

use super::scene::{Random, Scene, sequences};
use sapiens::measure::{Jitter, Lag, Sample};
use sapiens::skeleton::{KEYPOINT_COUNT, keypoints};
use sapiens::task::pose::Keypoint;
use sapiens::track::filter::{KeypointFilter, KeypointFilterOptions, Moment, SmootherOptions, smooth};

/// Noise of a visible keypoint in person heights (standard deviation), as models of this kind have it on the body.
const NOISE: f32 = 0.004;
const SEEDS: u64 = 3;
/// A keypoint is at rest below this speed and moves above that: person heights per second.
const REST: f64 = 0.03;

/// The keypoints of the one person of a scene over time.
struct Take {
    timestamps: Vec<i64>,
    height: f32,
    truth: Vec<Vec<Keypoint>>,
}

impl Take {
    fn of(scene: &Scene) -> Self {
        let frames = scene.frames.iter().map(|frame| &frame[0]);
        let height = frames.clone().map(|a| a.bbox.height).sum::<f32>() / scene.frames.len() as f32;
        let pose = |actor: &super::scene::Actor| {
            let mut pose = vec![Keypoint::default(); KEYPOINT_COUNT];
            actor.points.iter().for_each(|&(i, [x, y], _)| pose[i] = Keypoint { x, y, score: 0.9 });
            pose
        };
        let time = |i| (i as f64 / scene.fps * 1e9) as i64;
        Self { timestamps: (0..scene.frames.len()).map(time).collect(), height, truth: frames.map(pose).collect() }
    }

    /// Only some of the frames.
    fn dropping(&self, share: f32, seed: u64) -> Self {
        let mut random = Random(seed);
        let kept: Vec<usize> = (0..self.truth.len()).filter(|_| random.uniform() >= share).collect();
        Self {
            timestamps: kept.iter().map(|i| self.timestamps[*i]).collect(),
            height: self.height,
            truth: kept.iter().map(|i| self.truth[*i].clone()).collect(),
        }
    }

    fn noisy(&self, seed: u64) -> Vec<Vec<Keypoint>> {
        let mut random = Random(seed * 31 + 7);
        let mut shaken = |k: &Keypoint| match k.score {
            0.0 => *k,
            score => {
                let share = NOISE * self.height;
                Keypoint { x: k.x + share * random.normal(), y: k.y + share * random.normal(), score }
            }
        };
        self.truth.iter().map(|pose| pose.iter().map(&mut shaken).collect()).collect()
    }

    fn filtered(&self, raw: &[Vec<Keypoint>]) -> Vec<Vec<Keypoint>> {
        let mut filter = KeypointFilter::new(KeypointFilterOptions::default()).unwrap();
        let frames = self.timestamps.iter().zip(raw);
        frames.map(|(time, pose)| filter.filter(*time, self.height, pose).unwrap()).collect()
    }

    fn smoothed(&self, raw: &[Vec<Keypoint>]) -> Vec<Vec<Keypoint>> {
        let moment = |(time, pose): (&i64, &'_ Vec<Keypoint>)| (*time, pose.clone());
        let poses: Vec<_> = self.timestamps.iter().zip(raw).map(moment).collect();
        let moments: Vec<Moment> = poses
            .iter()
            .map(|(timestamp_ns, pose)| Moment { timestamp_ns: *timestamp_ns, height_px: self.height, keypoints: pose })
            .collect();
        smooth(&moments, &SmootherOptions::default()).unwrap()
    }

    /// Person heights per second around a frame.
    fn speed(&self, k: usize, i: usize) -> f64 {
        let (a, b) = (i.saturating_sub(1), (i + 1).min(self.truth.len() - 1));
        let (from, to) = (&self.truth[a][k], &self.truth[b][k]);
        let seconds = (self.timestamps[b] - self.timestamps[a]) as f64 * 1e-9;
        f64::from((to.x - from.x).hypot(to.y - from.y) / self.height) / seconds
    }
}

#[derive(Default, Clone)]
struct Scores {
    jitter: Jitter,
    lag: Option<Lag>,
    squared: (f64, u64),
}

impl Scores {
    fn add(&mut self, take: &Take, found: &[Vec<Keypoint>], points: &[usize]) {
        let lag = self.lag.get_or_insert_with(|| Lag::new(8));
        for &k in points {
            let at = |p: &Vec<Keypoint>| [f64::from(p[k].x), f64::from(p[k].y)];
            for i in 1..found.len().saturating_sub(1) {
                if (i - 1..=i + 1).all(|j| take.speed(k, j) < REST) {
                    let sample = |j: usize| Sample {
                        timestamp_ns: take.timestamps[j],
                        x: at(&found[j])[0],
                        y: at(&found[j])[1],
                    };
                    self.jitter.add(&[sample(i - 1), sample(i), sample(i + 1)], take.height.into());
                }
            }
            let truth: Vec<_> = take.truth.iter().map(at).collect();
            let places: Vec<_> = found.iter().map(at).collect();
            lag.add(&truth, &places);
            for (a, b) in truth.iter().zip(&places) {
                let heights = (a[0] - b[0]).hypot(a[1] - b[1]) / f64::from(take.height);
                self.squared = (self.squared.0 + heights * heights, self.squared.1 + 1);
            }
        }
    }

    fn jitter(&self) -> f64 {
        self.jitter.report().rms_acceleration_heights_s2.unwrap()
    }

    fn lag(&self) -> f64 {
        self.lag.as_ref().unwrap().frames().unwrap_or(f64::NAN)
    }

    /// Root mean square distance from the truth in person heights.
    fn error(&self) -> f64 {
        (self.squared.0 / self.squared.1 as f64).sqrt()
    }

    fn print(&self, name: &str) {
        println!(
            "{name:28} jitter {:6.2} heights/s2 ({:5} samples), lag {:5.2} frames, error {:.3} % of the height",
            self.jitter(),
            self.jitter.report().samples,
            self.lag(),
            100.0 * self.error()
        );
    }
}

fn measure(points: &[usize], dropped: f32) -> [Scores; 3] {
    let sequences = sequences();
    let mut scores: [Scores; 3] = Default::default();
    for scene in [sequences.gesture.scene("gesture"), sequences.wave.scene("wave")] {
        for seed in 0..SEEDS {
            let take = Take::of(&scene).dropping(dropped, seed);
            let raw = take.noisy(seed);
            let before = raw.clone();
            for (scores, found) in scores.iter_mut().zip([&raw, &take.filtered(&raw), &take.smoothed(&raw)]) {
                scores.add(&take, found, points);
            }
            assert_eq!(raw, before, "filters never change their input");
        }
    }
    scores
}

fn labelled(group: &[usize]) -> Vec<usize> {
    let known = sequences().gesture.keypoints;
    group.iter().copied().filter(|k| known.contains(k)).collect()
}

#[test]
fn filtered_keypoints_are_calm_and_hardly_late() {
    let groups = &keypoints().groups;
    let hands = [&groups.left_hand[..], &groups.right_hand].concat();
    for (name, group) in [("body", &groups.body), ("feet", &groups.foot), ("hands", &hands), ("face", &groups.face)] {
        let points = labelled(group);
        assert!(points.len() >= 6, "{name}");
        let [raw, filtered, smoothed] = measure(&points, 0.0);
        raw.print(&format!("{name}, raw"));
        filtered.print(&format!("{name}, filtered"));
        smoothed.print(&format!("{name}, smoothed offline"));
        assert!(raw.jitter.report().samples > 100, "{name}");
        assert!(filtered.jitter() < 0.4 * raw.jitter(), "{name}");
        assert!(smoothed.jitter() < 0.25 * raw.jitter(), "{name}");
        assert!(filtered.error() < raw.error() && smoothed.error() < 0.8 * raw.error(), "{name}");
        if name == "hands" {
            assert!(raw.lag().abs() < 0.1, "{name}");
            assert!(filtered.lag() < 1.0, "{name}");
            assert!(smoothed.lag().abs() < 0.1, "{name}");
        }
    }
}

#[test]
fn dropped_frames_change_little() {
    let points = labelled(&keypoints().groups.body);
    let [raw, filtered, smoothed] = measure(&points, 0.3);
    raw.print("body, 30 % dropped, raw");
    filtered.print("filtered");
    smoothed.print("smoothed offline");
    assert!(filtered.jitter() < 0.4 * raw.jitter() && filtered.error() < raw.error());
    assert!(smoothed.jitter() < 0.25 * raw.jitter() && smoothed.error() < 0.8 * raw.error());
}
