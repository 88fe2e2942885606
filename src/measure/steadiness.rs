//! How calm keypoints are, and how far they trail behind.

use super::tally::Mean;
use serde::Serialize;

/// A place at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Nanoseconds.
    pub timestamp_ns: i64,
    /// Pixels.
    pub x: f64,
    /// Pixels.
    pub y: f64,
}

/// Jitter: the root mean square acceleration of keypoints that are at rest in truth, in person heights per second squared.
///
/// The acceleration is the second difference of three consecutive samples with their real times.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jitter {
    squared: Mean,
}

/// What [`Jitter`] measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JitterReport {
    /// Accelerations measured.
    pub samples: u64,
    /// Root mean square, in person heights per second squared.
    pub rms_acceleration_heights_s2: Option<f64>,
}

impl Jitter {
    /// Adds a keypoint of a person of that height over consecutive frames, in which it is at rest. Samples that are not
    /// finite or not later than the one before are left out, together with the accelerations they are part of.
    pub fn add(&mut self, samples: &[Sample], height_px: f64) {
        for window in samples.windows(3) {
            let squared = acceleration(window).map(|[x, y]| (x * x + y * y) / (height_px * height_px));
            if let Some(squared) = squared.filter(|v| v.is_finite()) {
                self.squared.add(squared);
            }
        }
    }

    /// The result so far.
    pub fn report(&self) -> JitterReport {
        JitterReport { samples: self.squared.count(), rms_acceleration_heights_s2: self.squared.mean().map(f64::sqrt) }
    }
}

/// Pixels per second squared.
fn acceleration(window: &[Sample]) -> Option<[f64; 2]> {
    let [a, b, c] = window else { return None };
    let seconds = |from: &Sample, to: &Sample| {
        let step = to.timestamp_ns.checked_sub(from.timestamp_ns)?;
        (step > 0).then_some(step as f64 * 1e-9)
    };
    let (before, after) = (seconds(a, b)?, seconds(b, c)?);
    let along = |a: f64, b: f64, c: f64| ((c - b) / after - (b - a) / before) / ((before + after) / 2.0);
    Some([along(a.x, b.x, c.x), along(a.y, b.y, c.y)])
}

/// Lag: by how many frames keypoints trail behind the truth, which is the shift in time at which the mean squared distance
/// between the two is least, between frames by the parabola through the three least.
#[derive(Debug, Clone)]
pub struct Lag {
    /// Squared distance to the truth that many frames ago.
    at: Vec<Mean>,
    most: usize,
}

impl Lag {
    /// Looks for lags of up to `most_frames`, and for leads of as many.
    pub fn new(most_frames: usize) -> Self {
        let most = most_frames.saturating_add(1); // the parabola wants a neighbour
        Self { at: vec![Mean::default(); 2 * most + 1], most }
    }

    /// Adds a keypoint over evenly spaced frames: where it is in truth and where it was found. Frames where one of the two is
    /// not finite are left out. Slices of different lengths are compared up to the end of the shorter one.
    pub fn add(&mut self, truth: &[[f64; 2]], found: &[[f64; 2]]) {
        let count = truth.len().min(found.len());
        // The same frames for every shift, or the shifts could not be compared.
        for i in self.most..count.saturating_sub(self.most) {
            let distance = |s: usize| {
                let [x, y] = truth[i + self.most - s];
                (x - found[i][0]).powi(2) + (y - found[i][1]).powi(2)
            };
            if (0..self.at.len()).all(|s| distance(s).is_finite()) {
                (0..self.at.len()).for_each(|s| self.at[s].add(distance(s)));
            }
        }
    }

    /// Frames, negative for a lead; `None` without samples, or where the least lies at the end of what was looked at (nothing
    /// moved, or the lag is longer).
    pub fn frames(&self) -> Option<f64> {
        let means: Vec<f64> = self.at.iter().filter_map(Mean::mean).collect();
        if means.len() != self.at.len() {
            return None;
        }
        let least = (0..means.len()).min_by(|a, b| means[*a].total_cmp(&means[*b]))?;
        let (before, after) = (means.get(least.checked_sub(1)?)?, means.get(least + 1)?);
        let bend = before + after - 2.0 * means[least];
        let between = if bend > 0.0 { 0.5 * (before - after) / bend } else { return None };
        Some(least as f64 - self.most as f64 + between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[(i64, f64)]) -> Vec<Sample> {
        values.iter().map(|&(ms, x)| Sample { timestamp_ns: ms * 1_000_000, x, y: 2.0 * x }).collect()
    }

    #[test]
    fn accelerations_by_hand() {
        let mut jitter = Jitter::default();
        assert_eq!(jitter.report().rms_acceleration_heights_s2, None);
        // Steady motion with a dropped frame is none.
        jitter.add(&samples(&[(0, 0.0), (10, 1.0), (30, 3.0), (40, 4.0)]), 100.0);
        let report = jitter.report();
        assert!(report.samples == 2 && report.rms_acceleration_heights_s2.unwrap() < 1e-9, "{report:?}");
        // x = t^2 / 2 in pixels and seconds, y twice that: accelerations 1 and 2, at uneven times.
        let mut jitter = Jitter::default();
        jitter.add(&samples(&[(0, 0.0), (1000, 0.5), (3000, 4.5)]), 0.5);
        let rms = jitter.report().rms_acceleration_heights_s2.unwrap();
        assert!((rms - 5.0f64.sqrt() / 0.5).abs() < 1e-9, "{rms}");
        jitter.add(&samples(&[(0, 0.0), (0, 1.0), (5, f64::NAN), (9, 1.0)]), 100.0);
        assert_eq!(jitter.report().samples, 1);
    }

    #[test]
    fn a_delay_is_found_between_frames() {
        let path = |t: f64| [100.0 * (t / 7.0).sin(), 50.0 * (t / 11.0).cos()];
        for delay in [0.0, 1.0, 2.4, -1.3] {
            let mut lag = Lag::new(5);
            let truth: Vec<_> = (0..80).map(|i| path(f64::from(i))).collect();
            let mut found: Vec<_> = (0..80).map(|i| path(f64::from(i) - delay)).collect();
            found[40] = [f64::NAN, 0.0];
            lag.add(&truth, &found);
            let frames = lag.frames().unwrap();
            assert!((frames - delay).abs() < 0.02, "{frames} instead of {delay}");
        }
        let mut lag = Lag::new(3);
        assert_eq!(lag.frames(), None);
        lag.add(&[[1.0, 1.0]; 40], &[[1.0, 1.0]; 40]);
        assert_eq!(lag.frames(), None, "nothing moves");
    }
}
