//! Surface normals: the angle between predicted and labelled ones.

use super::check_count;
use super::tally::{Histogram, Mean, share};
use crate::error::Result;
use serde::Serialize;

/// A shorter vector stands for no label.
const MIN_LENGTH: f64 = 0.5;
/// Bins per degree of the histogram behind the median.
const BINS_PER_DEGREE: usize = 1000;

/// Angular errors.
#[derive(Debug, Clone)]
pub struct Normals {
    angles: Mean,
    histogram: Histogram,
    /// Within 11.25, 22.5 and 30 degrees.
    within: [u64; 3],
    not_finite: u64,
}

/// Angular errors of all pixels compared. The shares are the usual ones of the field (Fouhey et al., Data-Driven 3D
/// Primitives for Single Image Understanding, ICCV 2013).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NormalsReport {
    /// Pixels compared.
    pub pixels: u64,
    /// Mean angle.
    pub mean_error_degrees: Option<f64>,
    /// Median angle, to 0.001 degrees.
    pub median_error_degrees: Option<f64>,
    /// Share of pixels with an angle of at most 11.25 degrees.
    pub within_11_25_degrees_share: Option<f64>,
    /// Share of pixels with an angle of at most 22.5 degrees.
    pub within_22_5_degrees_share: Option<f64>,
    /// Share of pixels with an angle of at most 30 degrees.
    pub within_30_degrees_share: Option<f64>,
    /// Predictions that are not finite: a miss in every share, no part of mean and median.
    pub not_finite: u64,
}

impl Default for Normals {
    fn default() -> Self {
        Self {
            angles: Mean::default(),
            histogram: Histogram::new(180.0, 180 * BINS_PER_DEGREE),
            within: [0; 3],
            not_finite: 0,
        }
    }
}

impl Normals {
    /// Whether a vector of a map of labels is one, and not the sign that nothing is labelled there.
    pub fn is_label(normal: [f32; 3]) -> bool {
        let normal = normal.map(f64::from);
        dot(normal, normal).sqrt() >= MIN_LENGTH
    }

    /// Adds a picture: vectors of three per pixel, of any length. `mask` chooses pixels, all without it; a label shorter
    /// than 0.5 stands for none. A predicted zero vector is 90 degrees off.
    ///
    /// # Errors
    /// `InvalidArgument` for slices of different lengths.
    pub fn add(&mut self, labels: &[f32], predicted: &[f32], mask: Option<&[bool]>) -> Result<()> {
        check_count("predicted", predicted.len(), labels.len())?;
        check_count("mask", mask.map_or(labels.len() / 3, <[bool]>::len), labels.len() / 3)?;
        let (labels, predicted) = (labels.as_chunks().0, predicted.as_chunks().0);
        for (i, (label, found)) in labels.iter().zip(predicted).enumerate() {
            if mask.is_some_and(|m| !m[i]) || !Self::is_label(*label) {
                continue;
            }
            let degrees = angle(label.map(f64::from), found.map(f64::from)).to_degrees();
            if !degrees.is_finite() {
                self.not_finite += 1;
                continue;
            }
            self.angles.add(degrees);
            self.histogram.add(degrees);
            for (count, limit) in self.within.iter_mut().zip([11.25, 22.5, 30.0]) {
                *count += u64::from(degrees <= limit);
            }
        }
        Ok(())
    }

    /// The result so far.
    pub fn report(&self) -> NormalsReport {
        let pixels = self.angles.count() + self.not_finite;
        NormalsReport {
            pixels,
            mean_error_degrees: self.angles.mean(),
            median_error_degrees: self.histogram.median(),
            within_11_25_degrees_share: share(self.within[0], pixels),
            within_22_5_degrees_share: share(self.within[1], pixels),
            within_30_degrees_share: share(self.within[2], pixels),
            not_finite: self.not_finite,
        }
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// In radians; the arcus tangent is exact at small angles, where the arcus cosine of the product is not.
fn angle(a: [f64; 3], b: [f64; 3]) -> f64 {
    if dot(b, b) == 0.0 {
        return std::f64::consts::FRAC_PI_2;
    }
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    dot(cross, cross).sqrt().atan2(dot(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit vector turned by so many degrees from the z axis, towards x.
    fn turned(degrees: f64) -> [f32; 3] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        [sin as f32, 0.0, cos as f32]
    }

    #[test]
    fn angles_by_hand() {
        let angles = [0.0, 10.0, 20.0, 25.0, 100.0];
        let found: Vec<f32> = angles.iter().flat_map(|a| turned(*a).map(|v| v * 3.0)).collect();
        let labels: Vec<f32> = angles.iter().flat_map(|_| [0.0, 0.0, 1.0]).collect();
        let mut normals = Normals::default();
        normals.add(&labels, &found, None).unwrap();
        let report = normals.report();
        assert!((report.mean_error_degrees.unwrap() - 31.0).abs() < 1e-4, "{report:?}");
        assert!((report.median_error_degrees.unwrap() - 20.0).abs() < 2e-3, "{report:?}");
        let shares =
            [report.within_11_25_degrees_share, report.within_22_5_degrees_share, report.within_30_degrees_share];
        assert_eq!(shares, [Some(0.4), Some(0.6), Some(0.8)]);
    }

    #[test]
    fn unlabelled_masked_and_broken_pixels() {
        // Without a label; masked; NaN; a zero vector.
        let labels = [0.0, 0.0, 0.1, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
        let found = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0];
        let mut normals = Normals::default();
        normals.add(&labels, &found, Some(&[true, false, true, true])).unwrap();
        let report = normals.report();
        assert_eq!((report.pixels, report.not_finite), (2, 1));
        assert!((report.mean_error_degrees.unwrap() - 90.0).abs() < 1e-9);
        assert_eq!(report.within_30_degrees_share, Some(0.0));
        assert!(normals.add(&labels, &found[3..], None).is_err());
        assert!(normals.add(&labels, &found, Some(&[true])).unwrap_err().to_string().contains("`mask`"));
        assert_eq!(Normals::default().report().median_error_degrees, None);
    }
}
