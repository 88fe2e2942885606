//! Keypoints of a finished clip, without lag.

use super::check_positive;
use crate::error::{Error, Result};
use crate::task::pose::Keypoint;
use crate::track::clock::{nanoseconds, seconds};
use crate::track::motion::Axis;
use std::time::Duration;

/// One person in one frame of a clip.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Time of the frame in nanoseconds, later than that of the moment before.
    pub timestamp_ns: i64,
    /// Height of the person in pixels, above 0.
    pub height_px: f32,
    /// The keypoints in image pixels; empty where the person was not seen.
    pub keypoints: &'a [Keypoint],
}

/// Settings of [`smooth`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmootherOptions {
    /// Standard deviation of a keypoint of score 1, in person heights; it grows as `1 / score`.
    pub noise: f32,
    /// What the speed of a keypoint drifts by in a second, in person heights per second (standard deviation).
    pub drift: f32,
    /// Keypoints below this score are left out, and interpolated.
    pub min_score: f32,
    /// Gaps longer than this are not bridged: before and after are smoothed by themselves.
    pub max_gap: Duration,
}

impl Default for SmootherOptions {
    fn default() -> Self {
        Self { noise: 0.006, drift: 0.7, min_score: 0.3, max_gap: Duration::from_millis(500) }
    }
}

/// Smooths every keypoint of one person over a clip, with the future as well as the past, so that nothing lags: a Kalman
/// filter of constant velocity forward, and back over it the smoother of Rauch, Tung and Striebel (AIAA Journal 1965).
///
/// Per moment the smoothed keypoints, as many as found there, with their scores unchanged. A keypoint that is unsure is
/// interpolated between sure ones at most `max_gap` apart, and stays as found elsewhere. For a moment without keypoints
/// (the person was not seen) the result holds those that could be interpolated, with a score of 0 as nothing was found, if
/// that is all of them; else none.
///
/// # Errors
/// `InvalidArgument` for options out of range, timestamps that do not rise, heights that are no sizes, poses of different
/// numbers of keypoints.
pub fn smooth(moments: &[Moment], options: &SmootherOptions) -> Result<Vec<Vec<Keypoint>>> {
    let count = check(moments, options)?;
    let mut smoothed: Vec<Vec<Keypoint>> = moments.iter().map(|m| m.keypoints.to_vec()).collect();
    let mut found = vec![0usize; moments.len()];
    let mut filled: Vec<Vec<Keypoint>> = vec![Vec::new(); moments.len()];
    for k in 0..count {
        for segment in segments(moments, k, options) {
            let x = axis(moments, &segment, k, options, |p| p.x.into());
            let y = axis(moments, &segment, k, options, |p| p.y.into());
            for (i, (x, y)) in (segment.first..=segment.last).zip(x.into_iter().zip(y)) {
                let (x, y) = (x as f32, y as f32);
                match smoothed[i].get_mut(k) {
                    Some(point) => (point.x, point.y) = (x, y),
                    None => {
                        filled[i].push(Keypoint { x, y, score: 0.0 });
                        found[i] += 1;
                    }
                }
            }
        }
    }
    for (i, filled) in filled.into_iter().enumerate() {
        if found[i] == count && smoothed[i].is_empty() {
            smoothed[i] = filled;
        }
    }
    Ok(smoothed)
}

fn check(moments: &[Moment], options: &SmootherOptions) -> Result<usize> {
    check_positive("noise", options.noise, false)?;
    check_positive("drift", options.drift, false)?;
    if !(0.0..=1.0).contains(&options.min_score) {
        return Err(Error::invalid(format!("filter min_score {}: must be from 0 to 1", options.min_score)));
    }
    let count = moments.iter().map(|m| m.keypoints.len()).max().unwrap_or(0);
    for (i, moment) in moments.iter().enumerate() {
        check_positive(&format!("moments[{i}] height_px"), moment.height_px, false)?;
        if i > 0 && moment.timestamp_ns <= moments[i - 1].timestamp_ns {
            let (now, before) = (moment.timestamp_ns, moments[i - 1].timestamp_ns);
            return Err(Error::invalid(format!("`moments[{i}]` is at {now} ns, not after the {before} ns before it")));
        }
        if !moment.keypoints.is_empty() && moment.keypoints.len() != count {
            let found = moment.keypoints.len();
            return Err(Error::invalid(format!(
                "`moments[{i}]` has {found} keypoints, others {count}; none or all are needed"
            )));
        }
    }
    Ok(count)
}

/// Moments from the first to the last sure sighting of a keypoint, without a long gap in between.
struct Segment {
    first: usize,
    last: usize,
}

fn is_sure(moment: &Moment, k: usize, options: &SmootherOptions) -> bool {
    let is_sure = |p: &Keypoint| p.score >= options.min_score && p.score > 0.0 && p.x.is_finite() && p.y.is_finite();
    moment.keypoints.get(k).is_some_and(is_sure)
}

fn segments(moments: &[Moment], k: usize, options: &SmootherOptions) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let limit = nanoseconds(options.max_gap);
    for i in (0..moments.len()).filter(|&i| is_sure(&moments[i], k, options)) {
        match segments.last_mut() {
            Some(segment) if moments[i].timestamp_ns.saturating_sub(moments[segment.last].timestamp_ns) <= limit => {
                segment.last = i;
            }
            _ => segments.push(Segment { first: i, last: i }),
        }
    }
    segments
}

/// One coordinate over a segment.
fn axis(
    moments: &[Moment],
    segment: &Segment,
    k: usize,
    options: &SmootherOptions,
    value: impl Fn(&Keypoint) -> f64,
) -> Vec<f64> {
    let moments = &moments[segment.first..=segment.last];
    let size = |m: &Moment| f64::from(m.height_px);
    // After each moment, and as the next was predicted from it.
    let mut after: Vec<Axis> = Vec::with_capacity(moments.len());
    let mut before: Vec<Axis> = Vec::with_capacity(moments.len());
    let mut dts = Vec::with_capacity(moments.len());
    for (i, moment) in moments.iter().enumerate() {
        let height = size(moment);
        let sure = is_sure(moment, k, options).then(|| &moment.keypoints[k]);
        let deviation = |p: &Keypoint| f64::from(options.noise) * height / f64::from(p.score.min(1.0));
        let mut state = match (after.last(), sure) {
            (Some(last), _) => {
                let dt = seconds(moment.timestamp_ns.saturating_sub(moments[i - 1].timestamp_ns));
                dts.push(dt);
                let mut state: Axis = *last;
                state.predict(dt, f64::from(options.drift) * height);
                before.push(state);
                state
            }
            // The first of a segment is sure; it says all there is to know about the place.
            (None, Some(p)) => Axis::new(value(p), 1e3 * height, f64::from(options.drift) * height),
            (None, None) => return Vec::new(),
        };
        if let Some(p) = sure {
            state.update(value(p), deviation(p));
        }
        after.push(state);
    }
    let mut smoothed: Vec<f64> = after.iter().map(|state| state.x).collect();
    let Some(mut next) = after.last().map(|last| [last.x, last.v]) else { return smoothed };
    for i in (0..dts.len()).rev() {
        let (now, predicted, dt) = (after[i], before[i], dts[i]);
        // The gain P F' P(next)^-1, for the state x, v and the transition F = [1 dt; 0 1].
        let cross = [[now.xx + dt * now.xv, now.xv], [now.xv + dt * now.vv, now.vv]];
        let det = predicted.xx * predicted.vv - predicted.xv * predicted.xv;
        let inverse = [[predicted.vv / det, -predicted.xv / det], [-predicted.xv / det, predicted.xx / det]];
        let error = [next[0] - predicted.x, next[1] - predicted.v];
        let weighted = inverse.map(|row| row[0] * error[0] + row[1] * error[1]);
        let moved = cross.map(|row| row[0] * weighted[0] + row[1] * weighted[1]);
        next = [now.x + moved[0], now.v + moved[1]];
        smoothed[i] = next[0];
    }
    smoothed
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: i64 = 33_333_333;

    fn clip(xs: &[Option<(f32, f32)>]) -> Vec<Vec<Keypoint>> {
        xs.iter().map(|p| p.iter().map(|&(x, score)| Keypoint { x, y: 2.0 * x, score }).collect()).collect()
    }

    fn run(poses: &[Vec<Keypoint>]) -> Vec<Vec<Keypoint>> {
        let moment = |(i, keypoints)| Moment { timestamp_ns: i as i64 * FRAME, height_px: 400.0, keypoints };
        let moments: Vec<Moment> = poses.iter().map(Vec::as_slice).enumerate().map(moment).collect();
        smooth(&moments, &SmootherOptions::default()).unwrap()
    }

    #[test]
    fn a_steady_motion_stays_as_it_is_and_gaps_are_filled() {
        let line: Vec<_> = (0..30).map(|i| (i != 10 && i != 11).then_some((5.0 * i as f32, 0.9))).collect();
        let smoothed = run(&clip(&line));
        for (i, pose) in smoothed.iter().enumerate() {
            assert!(
                (pose[0].x - 5.0 * i as f32).abs() < 0.3 && (pose[0].y - 10.0 * i as f32).abs() < 0.6,
                "{i} {pose:?}"
            );
            assert_eq!(pose[0].score, if i == 10 || i == 11 { 0.0 } else { 0.9 });
        }
    }

    #[test]
    fn the_result_is_the_same_backwards() {
        let noisy: Vec<_> =
            (0..40).map(|i| Some((((i * 37) % 11) as f32 + 3.0 * (i as f32 / 6.0).sin(), 0.8))).collect();
        let forward = run(&clip(&noisy));
        let reversed: Vec<_> = noisy.iter().rev().copied().collect();
        let backward = run(&clip(&reversed));
        for (a, b) in forward.iter().zip(backward.iter().rev()).skip(3).take(34) {
            assert!((a[0].x - b[0].x).abs() < 0.15, "{a:?} {b:?}");
        }
    }

    #[test]
    fn long_gaps_are_not_bridged_and_unsure_ends_stay() {
        let mut line: Vec<_> = (0..60).map(|i| (!(20..40).contains(&i)).then_some((i as f32, 0.9))).collect();
        line[59] = Some((500.0, 0.1));
        line[5] = Some((f32::NAN, 0.9));
        let smoothed = run(&clip(&line));
        assert!(smoothed[25].is_empty());
        assert_eq!(smoothed[59][0].x, 500.0);
        assert!((smoothed[5][0].x - 5.0).abs() < 0.3);
    }

    #[test]
    fn what_cannot_be_smoothed_is_named() {
        let pose = [Keypoint::default()];
        let moment = |timestamp_ns, height_px, keypoints| Moment { timestamp_ns, height_px, keypoints };
        let error = |moments: &[Moment]| smooth(moments, &SmootherOptions::default()).unwrap_err().to_string();
        assert!(error(&[moment(5, 1.0, &pose), moment(5, 1.0, &pose)]).contains("`moments[1]` is at 5"));
        assert!(error(&[moment(5, 0.0, &pose)]).contains("height_px 0"));
        assert!(error(&[moment(5, 1.0, &pose), moment(6, 1.0, &[pose[0]; 2])]).contains("has 1 keypoints, others 2"));
        assert!(smooth(&[], &SmootherOptions::default()).unwrap().is_empty());
    }
}
