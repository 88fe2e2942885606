//! Pointmaps: distance of predicted points from labelled ones, and accuracy of their depth.

use super::check_count;
use super::tally::{Mean, median, share};
use crate::error::Result;
use serde::Serialize;

/// Errors of points, as predicted and after one scale per picture.
#[derive(Debug, Clone, Default)]
pub struct Points {
    raw: Errors,
    scaled: Errors,
    scales: Mean,
    pictures: u64,
    not_finite: u64,
}

#[derive(Debug, Clone, Default)]
struct Errors {
    relative: Mean,
    /// Depth ratio below 1.25, its square, its cube.
    delta: [u64; 3],
}

/// Errors of all points compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointsReport {
    /// Pixels compared.
    pub pixels: u64,
    /// As predicted, in metres.
    pub raw: DepthReport,
    /// After one scale per picture, the median over its pixels of labelled depth / predicted depth. A picture without a
    /// positive predicted depth stays as it is.
    pub scaled: DepthReport,
    /// Mean over the pictures of that scale.
    pub mean_scale_ratio: Option<f64>,
    /// Predictions that are not finite: a miss in every share, no part of the means.
    pub not_finite: u64,
}

/// The usual measures of depth (Eigen et al., Depth Map Prediction from a Single Image using a Multi-Scale Deep Network,
/// NIPS 2014), and the relative error of points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DepthReport {
    /// Mean of `|P - P'| / |P|`, the label P.
    pub mean_relative_error_ratio: Option<f64>,
    /// Share of pixels with `max(z / z', z' / z) < 1.25`.
    pub delta_1_share: Option<f64>,
    /// The same below 1.25^2.
    pub delta_2_share: Option<f64>,
    /// The same below 1.25^3.
    pub delta_3_share: Option<f64>,
}

impl Points {
    /// Whether a point of a map of labels is one, and not the sign that nothing is labelled there.
    pub fn is_label(point: [f32; 3]) -> bool {
        point[2] > 0.0
    }

    /// Adds a picture: x, y, z per pixel in metres. `mask` chooses pixels, all without it; a labelled depth of 0 or less
    /// stands for no label.
    ///
    /// # Errors
    /// `InvalidArgument` for slices of different lengths.
    pub fn add(&mut self, labels: &[f32], predicted: &[f32], mask: Option<&[bool]>) -> Result<()> {
        check_count("predicted", predicted.len(), labels.len())?;
        check_count("mask", mask.map_or(labels.len() / 3, <[bool]>::len), labels.len() / 3)?;
        let chosen = |i: usize| Self::is_label(labels.as_chunks().0[i]) && mask.is_none_or(|m| m[i]);
        let mut pairs: Vec<(&[f32], &[f32])> = Vec::new();
        let mut found = false;
        for i in (0..labels.len() / 3).filter(|i| chosen(*i)) {
            let (label, point) = (&labels[3 * i..3 * i + 3], &predicted[3 * i..3 * i + 3]);
            found = true;
            if point.iter().all(|v| v.is_finite()) {
                pairs.push((label, point));
            } else {
                self.not_finite += 1;
            }
        }
        if !found {
            return Ok(());
        }
        self.pictures += 1;
        let ratio = |(label, point): &(&[f32], &[f32])| (point[2] > 0.0).then(|| f64::from(label[2] / point[2]));
        let scale = median(&mut pairs.iter().filter_map(ratio).collect::<Vec<_>>());
        if let Some(scale) = scale {
            self.scales.add(scale);
        }
        for (label, point) in pairs {
            self.raw.add(label, point, 1.0);
            self.scaled.add(label, point, scale.unwrap_or(1.0));
        }
        Ok(())
    }

    /// The result so far.
    pub fn report(&self) -> PointsReport {
        let pixels = self.raw.relative.count() + self.not_finite;
        PointsReport {
            pixels,
            raw: self.raw.report(pixels),
            scaled: self.scaled.report(pixels),
            mean_scale_ratio: self.scales.mean(),
            not_finite: self.not_finite,
        }
    }
}

impl Errors {
    fn add(&mut self, label: &[f32], point: &[f32], scale: f64) {
        let (mut distance, mut length) = (0.0, 0.0);
        for c in 0..3 {
            distance += (f64::from(label[c]) - scale * f64::from(point[c])).powi(2);
            length += f64::from(label[c]).powi(2);
        }
        self.relative.add((distance / length).sqrt());
        let (label, depth) = (f64::from(label[2]), scale * f64::from(point[2]));
        // A point behind the camera is off by any factor.
        let factor = if depth > 0.0 { (label / depth).max(depth / label) } else { f64::INFINITY };
        let mut limit = 1.0;
        for count in &mut self.delta {
            limit *= 1.25;
            *count += u64::from(factor < limit);
        }
    }

    fn report(&self, pixels: u64) -> DepthReport {
        let [delta_1_share, delta_2_share, delta_3_share] = self.delta.map(|count| share(count, pixels));
        DepthReport { mean_relative_error_ratio: self.relative.mean(), delta_1_share, delta_2_share, delta_3_share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_hand() {
        // Labels (0, 0, 2) thrice and (3, 0, 4) of length 5. Predictions: z twice too far, z 10 % too near,
        // behind the camera, and 1 m off to the side.
        let labels = [0.0, 0.0, 2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 2.0, 3.0, 0.0, 4.0];
        let found = [0.0, 0.0, 4.0, 0.0, 0.0, 1.8, 0.0, 0.0, -2.0, 4.0, 0.0, 4.0];
        let mut points = Points::default();
        points.add(&labels, &found, None).unwrap();
        let report = points.report();
        // Relative errors 1, 0.1, 2, 0.2; factors 2, 1.11, none, 1.
        assert!((report.raw.mean_relative_error_ratio.unwrap() - 3.3 / 4.0).abs() < 1e-6, "{report:?}");
        assert_eq!((report.raw.delta_1_share, report.raw.delta_3_share), (Some(0.5), Some(0.5)));
        // Ratios 0.5, 1.11, 1: the median is 1, so nothing changes.
        assert_eq!((report.mean_scale_ratio, &report.scaled), (Some(1.0), &report.raw));
    }

    #[test]
    fn a_scale_per_picture_is_undone() {
        let labels = [0.3, 0.1, 1.0, -0.5, 0.2, 2.0, 0.1, 0.9, 3.0];
        let mut points = Points::default();
        for scale in [1.5, 2.5] {
            points.add(&labels, &labels.map(|v| v * scale), None).unwrap();
        }
        let report = points.report();
        assert!(report.scaled.mean_relative_error_ratio.unwrap() < 1e-6);
        assert!((report.raw.mean_relative_error_ratio.unwrap() - 1.0).abs() < 1e-6); // 0.5 and 1.5
        // 1.5 lies between 1.25 and 1.5625; 2.5 beyond 1.953.
        let raw = [report.raw.delta_1_share, report.raw.delta_2_share, report.raw.delta_3_share];
        assert_eq!(raw, [Some(0.0), Some(0.5), Some(0.5)]);
        assert_eq!(report.scaled.delta_1_share, Some(1.0));
        assert!((report.mean_scale_ratio.unwrap() - (1.0 / 1.5 + 0.4) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn unlabelled_masked_and_broken_points() {
        let labels = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
        let found = [0.0, 0.0, 1.0, 0.0, 0.0, 9.0, f32::NAN, 0.0, 1.0, 0.0, 0.0, 1.0];
        let mut points = Points::default();
        points.add(&labels, &found, Some(&[true, false, true, true])).unwrap();
        let report = points.report();
        assert_eq!((report.pixels, report.not_finite), (2, 1));
        assert_eq!((report.raw.mean_relative_error_ratio, report.raw.delta_1_share), (Some(0.0), Some(0.5)));
        assert!(points.add(&labels, &found[3..], None).is_err());
        assert!(points.add(&labels, &found, Some(&[true])).is_err());
        assert_eq!(Points::default().report().mean_scale_ratio, None);
    }
}
