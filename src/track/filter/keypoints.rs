//! Keypoints while they come.

use super::check_positive;
pub use super::one_euro::OneEuro;
use super::one_euro::Point;
use crate::error::{Error, Result};
use crate::skeleton::keypoint_set;
use crate::task::pose::Keypoint;
use crate::track::clock::{Clock, nanoseconds, seconds};
use std::time::Duration;

/// Settings per group of keypoints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupSettings {
    /// Trunk, arms, legs; all keypoints of a pose that has not the official number.
    pub body: OneEuro,
    /// Toes and heels.
    pub feet: OneEuro,
    /// Fingers.
    pub hands: OneEuro,
    /// The dense face, eyes, ears and nose.
    pub face: OneEuro,
}

/// Settings of a [`KeypointFilter`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeypointFilterOptions {
    /// Smoothing per group.
    pub groups: GroupSettings,
    /// Keypoints below this score are not believed.
    pub min_score: f32,
    /// How long a keypoint that is not believed any more is replaced: its last place fades into what is found.
    pub hold: Duration,
    /// After a gap longer than this the filter begins anew.
    pub reset_after: Duration,
    /// The step that is assumed where timestamps stand still or run backwards.
    pub nominal_step: Duration,
}

impl Default for KeypointFilterOptions {
    fn default() -> Self {
        let with = |min_cutoff_hz, beta, speed_cutoff_hz| OneEuro { min_cutoff_hz, beta, speed_cutoff_hz };
        Self {
            groups: GroupSettings {
                body: with(0.8, 20.0, 2.5),
                feet: with(0.8, 20.0, 2.5),
                hands: with(1.0, 35.0, 3.0),
                face: with(0.8, 35.0, 1.5),
            },
            min_score: 0.3,
            hold: Duration::from_millis(200),
            reset_after: Duration::from_millis(500),
            nominal_step: Duration::from_nanos(33_333_333),
        }
    }
}

impl KeypointFilterOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// `InvalidArgument` names the option and its range.
    pub fn check(&self) -> Result<()> {
        let GroupSettings { body, feet, hands, face } = self.groups;
        for (name, group) in [("body", body), ("feet", feet), ("hands", hands), ("face", face)] {
            check_positive(&format!("{name} min_cutoff_hz"), group.min_cutoff_hz, false)?;
            check_positive(&format!("{name} beta"), group.beta, true)?;
            check_positive(&format!("{name} speed_cutoff_hz"), group.speed_cutoff_hz, false)?;
        }
        if !(0.0..=1.0).contains(&self.min_score) {
            return Err(Error::invalid(format!("filter min_score {}: must be from 0 to 1", self.min_score)));
        }
        if self.reset_after.is_zero() || self.nominal_step.is_zero() {
            return Err(Error::invalid("filter reset_after and nominal_step: must be longer than 0"));
        }
        Ok(())
    }
}

/// Steadies the keypoints of one person: a One-Euro filter per keypoint, whose idea of quick is scaled to the size of the
/// person, and whose steps are those of the timestamps.
///
/// - A keypoint whose score is below `min_score`, or that is not finite, does not move its filter. Its output stays where it
///   was and fades over `hold` into what was found; from then on, and for one that never was sure, it is what was found.
///   When it is sure again within `reset_after` of the last time it was, the filter goes on, else it begins anew there.
/// - After a gap between frames longer than `reset_after` everything begins anew.
/// - Scores are never changed.
#[derive(Debug, Clone)]
pub struct KeypointFilter {
    options: KeypointFilterOptions,
    clock: Clock,
    points: Vec<Option<Held>>,
    size: Option<f64>,
}

/// A filter and the time it was last fed.
#[derive(Debug, Clone, Copy)]
struct Held {
    point: Point,
    fed_ns: i64,
}

/// How quickly the size follows: Hz. Boxes flicker; what is quick must not.
const SIZE_CUTOFF_HZ: f64 = 0.5;

impl KeypointFilter {
    /// A filter that has seen nothing.
    ///
    /// # Errors
    /// `InvalidArgument` for options out of their range.
    pub fn new(options: KeypointFilterOptions) -> Result<Self> {
        options.check()?;
        Ok(Self { options, clock: Clock::new(options.nominal_step), points: Vec::new(), size: None })
    }

    /// Forgets what it has seen.
    pub fn reset(&mut self) {
        *self = Self {
            options: self.options,
            clock: Clock::new(self.options.nominal_step),
            points: Vec::new(),
            size: None,
        };
    }

    /// The keypoints (image pixels) of a frame, steadied. `height_px` is the height of the person in pixels, such as that of
    /// the track's estimate. A pose of another number of keypoints than the one before begins anew.
    ///
    /// # Errors
    /// `InvalidArgument` if `height_px` is not a finite number above 0; the filter is as before.
    pub fn filter(&mut self, timestamp_ns: i64, height_px: f32, pose: &[Keypoint]) -> Result<Vec<Keypoint>> {
        check_positive("height_px", height_px, false)?;
        let step_ns = self.clock.advance(timestamp_ns).step_ns;
        let now_ns = self.clock.now_ns();
        if pose.len() != self.points.len() || step_ns > nanoseconds(self.options.reset_after) {
            self.points.clear();
            self.points.resize(pose.len(), None);
            self.size = None;
        }
        let height = f64::from(height_px);
        let size = self.size.get_or_insert(height);
        *size += (height - *size) * (1.0 - (-std::f64::consts::TAU * SIZE_CUTOFF_HZ * seconds(step_ns)).exp());
        let size = *size;
        let settings = per_keypoint(&self.options.groups, pose.len());
        let of = |((raw, held), settings): ((&Keypoint, &mut Option<Held>), OneEuro)| {
            let [x, y] = step(&self.options, held, raw, now_ns, size, &settings);
            Keypoint { x, y, score: raw.score }
        };
        Ok(pose.iter().zip(&mut self.points).zip(settings).map(of).collect())
    }
}

/// One keypoint: where it is now.
fn step(
    options: &KeypointFilterOptions,
    held: &mut Option<Held>,
    raw: &Keypoint,
    now_ns: i64,
    size: f64,
    settings: &OneEuro,
) -> [f32; 2] {
    let at = [f64::from(raw.x), f64::from(raw.y)];
    let since = |held: &Held| now_ns.saturating_sub(held.fed_ns);
    if raw.score >= options.min_score && at.iter().all(|v| v.is_finite()) {
        let point = match held {
            Some(held) if since(held) > 0 && since(held) <= nanoseconds(options.reset_after) => {
                let dt = seconds(since(held));
                held.point.filter(at, dt, size, settings);
                held.point
            }
            _ => Point::new(at),
        };
        *held = Some(Held { point, fed_ns: now_ns });
        return point.at.map(|v| v as f32);
    }
    let Some(last) = held else { return [raw.x, raw.y] };
    let share = since(last) as f64 / nanoseconds(options.hold).max(1) as f64;
    match share < 1.0 {
        true if at.iter().all(|v| v.is_finite()) => {
            std::array::from_fn(|i| (last.point.at[i] + share * (at[i] - last.point.at[i])) as f32)
        }
        true => last.point.at.map(|v| v as f32),
        false => [raw.x, raw.y],
    }
}

/// The value of each keypoint's group.
pub(super) fn per_keypoint(groups: &GroupSettings, count: usize) -> Vec<OneEuro> {
    let mut all = vec![groups.body; count];
    if let Some(set) = keypoint_set(count) {
        let known = &set.groups;
        let head = known.body.iter().take(5); // nose, eyes, ears: COCO's order
        known.foot.iter().for_each(|&i| all[i] = groups.feet);
        known.left_hand.iter().chain(&known.right_hand).for_each(|&i| all[i] = groups.hands);
        known.face.iter().chain(head).for_each(|&i| all[i] = groups.face);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f32, score: f32) -> [Keypoint; 1] {
        [Keypoint { x, y: 5.0, score }]
    }

    fn filter() -> KeypointFilter {
        KeypointFilter::new(KeypointFilterOptions::default()).unwrap()
    }

    const MS: i64 = 1_000_000;

    #[test]
    fn still_points_get_calm_and_the_input_stays() {
        let mut filter = filter();
        let (mut raw_sum, mut calm_sum) = (0.0, 0.0);
        for i in 0..90 {
            let noise = if i % 2 == 0 { 1.0 } else { -1.0 };
            let raw = point(100.0 + noise, 0.9);
            let calm = filter.filter(i * 33 * MS, 400.0, &raw).unwrap();
            assert_eq!(raw, point(100.0 + noise, 0.9));
            if i > 30 {
                raw_sum += noise.abs();
                calm_sum += (calm[0].x - 100.0).abs();
            }
        }
        assert!(calm_sum < 0.35 * raw_sum, "{calm_sum} of {raw_sum}");
    }

    #[test]
    fn unsure_points_stay_fade_and_begin_anew() {
        let mut filter = filter();
        let mut at = |ms: i64, x: f32, score: f32| filter.filter(ms * MS, 400.0, &point(x, score)).unwrap()[0].x;
        assert_eq!(at(0, 100.0, 0.1), 100.0, "never sure: as found");
        assert_eq!(at(30, 100.0, 0.9), 100.0);
        assert!((at(80, 300.0, 0.1) - 150.0).abs() < 1e-3, "a quarter of the hold");
        assert_eq!(at(130, f32::NAN, 0.9), 100.0, "not finite: stays");
        assert_eq!(at(260, 300.0, 0.1), 300.0, "after the hold: as found");
        assert!(at(330, 110.0, 0.9) < 110.0, "within reset_after the filter goes on");
        assert!(at(430, 300.0, 0.1) > 100.0);
        let score = filter.filter(460 * MS, 400.0, &point(1.0, 0.123)).unwrap()[0].score;
        assert_eq!(score, 0.123);
        let mut at = |ms: i64, x: f32, score: f32| filter.filter(ms * MS, 400.0, &point(x, score)).unwrap()[0].x;
        assert_eq!(at(900, 500.0, 0.9), 500.0, "sure again after a long time: anew");
        assert_eq!(at(1500, 700.0, 0.9), 700.0, "a gap between frames: anew");
        assert!(at(1500, 710.0, 0.9) < 710.0, "the same time again: a nominal step later");
        assert!(at(0, 710.0, 0.9) < 710.0, "time runs backwards: likewise");
    }

    #[test]
    fn groups_have_their_settings() {
        let mut options = KeypointFilterOptions::default();
        options.groups.face.min_cutoff_hz = 77.0;
        options.groups.hands.min_cutoff_hz = 66.0;
        options.groups.feet.min_cutoff_hz = 55.0;
        for (count, hands, face) in [(308, 40, 243), (133, 42, 73), (17, 0, 5)] {
            let all = per_keypoint(&options.groups, count);
            let names = &keypoint_set(count).unwrap().names;
            let of = |name: &str| names.iter().position(|n| *n == name).map(|i| all[i].min_cutoff_hz);
            assert_eq!([of("nose"), of("left_knee"), of("right_wrist")], [Some(77.0), Some(0.8), Some(0.8)]);
            assert_eq!(of("left_heel"), (count != 17).then_some(55.0));
            assert_eq!(all.iter().filter(|s| s.min_cutoff_hz == 66.0).count(), hands);
            assert_eq!(all.iter().filter(|s| s.min_cutoff_hz == 77.0).count(), face);
        }
        assert!(per_keypoint(&options.groups, 4).iter().all(|s| s.min_cutoff_hz == 0.8));
    }

    #[test]
    fn wrong_settings_and_sizes_are_named() {
        let mut options = KeypointFilterOptions::default();
        options.groups.hands.beta = f32::NAN;
        assert!(KeypointFilter::new(options).unwrap_err().to_string().contains("hands beta NaN"));
        let mut options = KeypointFilterOptions::default();
        options.groups.body.min_cutoff_hz = 0.0;
        assert!(KeypointFilter::new(options).unwrap_err().to_string().contains("body min_cutoff_hz 0"));
        let error = filter().filter(0, f32::INFINITY, &[]).unwrap_err().to_string();
        assert!(error.contains("height_px"), "{error}");
        assert!(filter().filter(0, 10.0, &[]).unwrap().is_empty());
    }
}
