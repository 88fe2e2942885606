//! How far the raw outputs of two models are apart, in the terms of the task.

use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::preprocess::Placement;
use crate::runtime::Tensor;
use crate::spec::{ModelInfo, Task, TaskError};
use crate::task::pose::{self, Keypoint};
use std::collections::BTreeMap;

/// Keypoints of which the reference is less sure are compared only if there are no others.
const LEAST_SCORE: f32 = 0.3;
/// Shorter normals have no direction.
const SHORTEST: f32 = 1e-6;

/// The error of a task, gathered over pictures.
pub(super) struct Errors {
    task: Task,
    /// Sums of squares: of the difference, and of the reference.
    squares: [f64; 2],
    not_finite: u64,
    /// By unit; of pose in pixels of the input, then as share of the box.
    found: Vec<f32>,
    shares: Vec<f32>,
    /// Of those in `found` and `shares`, the keypoints that the reference is sure of.
    sure: [Vec<f32>; 2],
    /// Labels that differ, and labels.
    labels: [u64; 2],
}

impl Errors {
    pub fn new(task: Task) -> Self {
        let (found, shares, sure) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        Self { task, squares: [0.0; 2], not_finite: 0, found, shares, sure, labels: [0; 2] }
    }

    /// Adds the raw outputs for one picture.
    pub fn add(
        &mut self,
        ours: &mut [Tensor],
        theirs: &[Tensor],
        info: &ModelInfo,
        placement: &Placement,
    ) -> Result<()> {
        let wrong = |what: String| Error::new(ErrorKind::Runtime, format!("certify, task {}: {what}", self.task));
        if ours.len() != theirs.len() || ours.iter().zip(theirs).any(|(a, b)| a.shape != b.shape) {
            return Err(wrong("the two models give outputs of different shapes".into()));
        }
        let mut values: Vec<Vec<f32>> = ours.iter_mut().map(Tensor::take_floats).collect::<Result<_>>()?;
        let reference: Vec<&[f32]> = theirs.iter().map(Tensor::floats).collect::<Result<_>>()?;
        if let Some(bad) = reference.iter().flat_map(|v| v.iter()).find(|v| !v.is_finite()) {
            return Err(wrong(format!("the model in 32-bit floats gives {bad}; there is nothing to compare with")));
        }
        for (a, b) in values.iter_mut().zip(&reference) {
            for (a, b) in a.iter_mut().zip(*b) {
                if !a.is_finite() {
                    self.not_finite += 1;
                    *a = 0.0;
                }
                self.squares[0] += f64::from(*a - b).powi(2);
                self.squares[1] += f64::from(*b).powi(2);
            }
        }
        let (Some(a), Some(b)) = (values.first(), reference.first()) else { return Ok(()) };
        let shape = theirs[0].shape.as_slice();
        let (channels, map) = match *shape {
            [1, c, h, w] => (c, Size::new(w, h)),
            // Tokens: nothing but the raw difference.
            [1, _, _] => return Ok(()),
            _ => return Err(wrong(format!("an output has the shape {shape:?}"))),
        };
        let area = map.area();
        let pixel = |values: &[f32], i: usize| [values[i], values[area + i], values[2 * area + i]];
        let three = || match channels {
            3 => Ok(()),
            _ => Err(wrong(format!("the map has {channels} channels instead of 3"))),
        };
        match self.task {
            Task::Features => {}
            Task::Pose => {
                let decode = |values| pose::decode(values, channels, map, info.input, info.heatmap);
                self.keypoints(&decode(a)?, &decode(b)?, placement)?;
            }
            Task::Seg => {
                let differs = |i: &usize| largest(a, *i, channels, area) != largest(b, *i, channels, area);
                self.labels[0] += (0..area).filter(differs).count() as u64;
                self.labels[1] += area as u64;
            }
            Task::Normal => {
                three()?;
                self.found.extend((0..area).filter_map(|i| degrees(pixel(a, i), pixel(b, i))));
            }
            Task::Pointmap => {
                three()?;
                let scale = |values: Option<&[f32]>| values.and_then(|v| v.first().copied()).unwrap_or(1.0);
                let (sa, sb) = (scale(values.get(1).map(Vec::as_slice)), scale(reference.get(1).copied()));
                let relative = |i: usize| {
                    let (p, q) = (pixel(a, i).map(|v| v / sa), pixel(b, i).map(|v| v / sb));
                    let away = length(q);
                    let error = length([0, 1, 2].map(|axis| p[axis] - q[axis])) / away;
                    (away > 0.0).then_some(if error.is_finite() { error } else { f32::MAX })
                };
                self.found.extend((0..area).filter_map(relative));
            }
            Task::Depth => {
                let (low, high) = b.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
                let range = if high > low { high - low } else { 1.0 };
                self.found.extend(a.iter().zip(*b).map(|(a, b)| (a - b).abs() / range));
            }
            Task::Albedo => {
                let unit = |v: &f32| v.clamp(0.0, 1.0);
                self.found.extend(a.iter().zip(*b).map(|(a, b)| (unit(a) - unit(b)).abs()));
            }
            Task::Matting => {
                // Foreground, then alpha.
                let alpha = |values: &[f32]| values[(channels - 1) * area..].to_vec();
                self.found.extend(alpha(a).iter().zip(alpha(b)).map(|(a, b)| (a - b).abs()));
            }
        }
        Ok(())
    }

    fn keypoints(&mut self, ours: &[Keypoint], theirs: &[Keypoint], placement: &Placement) -> Result<()> {
        let diagonal = (placement.image.width as f32).hypot(placement.image.height as f32);
        let [in_image, expected] = [ours, theirs].map(|found| pose::to_image(found, placement));
        let (in_image, expected) = (in_image?, expected?);
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            let pixels = (a.x - b.x).hypot(a.y - b.y);
            let share = (in_image[i].x - expected[i].x).hypot(in_image[i].y - expected[i].y) / diagonal;
            self.found.push(pixels);
            self.shares.push(share);
            if b.score >= LEAST_SCORE {
                self.sure[0].push(pixels);
                self.sure[1].push(share);
            }
        }
        Ok(())
    }

    /// What came of it.
    pub fn report(mut self) -> TaskError {
        let mut measures = BTreeMap::new();
        let mut spread = |values: Vec<f32>, unit: &str| {
            let [mean, p99, max] = mean_p99_max(values);
            for (what, value) in [("mean", mean), ("p99", p99), ("max", max)] {
                measures.insert(format!("{what}_{unit}"), value);
            }
        };
        match self.task {
            Task::Features => {}
            Task::Pose => {
                if !self.sure[0].is_empty() {
                    [self.found, self.shares] = self.sure;
                }
                let count = self.found.len();
                spread(self.found, "px");
                spread(self.shares, "box");
                measures.insert("keypoints".into(), count as f64);
            }
            Task::Seg => {
                let [differ, all] = self.labels;
                measures.insert("differing_share".into(), differ as f64 / all.max(1) as f64);
            }
            Task::Normal => spread(self.found, "degrees"),
            Task::Pointmap | Task::Depth => spread(self.found, "relative"),
            Task::Albedo | Task::Matting => spread(self.found, "absolute"),
        }
        let [difference, reference] = self.squares;
        let relative_l2 = if reference > 0.0 { (difference / reference).sqrt() } else { difference.sqrt() };
        TaskError { task: self.task, relative_l2, not_finite: self.not_finite, measures }
    }
}

/// The channel with the largest value at a pixel.
fn largest(values: &[f32], pixel: usize, channels: usize, area: usize) -> usize {
    let value = |channel: &usize| values[channel * area + pixel];
    (0..channels).max_by(|a, b| value(a).total_cmp(&value(b)).then(b.cmp(a))).unwrap_or(0)
}

fn length(v: [f32; 3]) -> f32 {
    v[0].hypot(v[1]).hypot(v[2])
}

/// The angle between two vectors; `None` if the second has no direction.
fn degrees(a: [f32; 3], b: [f32; 3]) -> Option<f32> {
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let dot: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    (length(b) > SHORTEST).then(|| match length(a) > SHORTEST {
        true => length(cross).atan2(dot).to_degrees(),
        false => 180.0,
    })
}

/// Mean, 99 % quantile (nearest rank) and largest; zeros if there are none.
fn mean_p99_max(mut values: Vec<f32>) -> [f64; 3] {
    if values.is_empty() {
        return [0.0; 3];
    }
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
    let max = values.iter().fold(0.0_f32, |most, v| most.max(*v));
    let rank = (values.len() * 99).div_ceil(100).max(1) - 1;
    let (_, p99, _) = values.select_nth_unstable_by(rank, f32::total_cmp);
    [mean, f64::from(*p99), f64::from(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_angles_and_labels() {
        let values: Vec<f32> = (1..=200).rev().map(|v| v as f32).collect();
        assert_eq!(mean_p99_max(values), [100.5, 198.0, 200.0]);
        assert_eq!(mean_p99_max(vec![3.0]), [3.0; 3]);
        assert_eq!(mean_p99_max(Vec::new()), [0.0; 3]);
        let angle = degrees([0.0, 0.0, 2.0], [0.0, 5.0, 5.0]).unwrap();
        assert!((angle - 45.0).abs() < 1e-4, "{angle}");
        assert_eq!(degrees([0.0; 3], [0.0, 0.0, 1.0]), Some(180.0));
        assert_eq!(degrees([0.0, 0.0, 1.0], [0.0; 3]), None);
        // Two pixels of three channels; the first of two equal ones counts.
        assert_eq!([0, 1].map(|pixel| largest(&[0.0, 7.0, 4.0, 7.0, 4.0, 1.0], pixel, 3, 2)), [1, 0]);
    }
}
