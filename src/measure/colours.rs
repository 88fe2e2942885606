//! Albedo and alpha: differences of values between 0 and 1.

use super::check_count;
use super::tally::Mean;
use crate::error::Result;
use serde::Serialize;

/// Differences of albedo.
#[derive(Debug, Clone, Default)]
pub struct Albedo {
    absolute: Mean,
    squared: Mean,
    not_finite: u64,
}

/// Differences of all pixels compared, over the three channels, values 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlbedoReport {
    /// Pixels compared.
    pub pixels: u64,
    /// Mean absolute difference of a channel, of the range 0 to 1.
    pub mean_absolute_error: Option<f64>,
    /// `10 log10(1 / mean squared difference)` over the pixels of all pictures; infinite (`null` in JSON) without any
    /// difference.
    pub psnr_db: Option<f64>,
    /// Predictions that are not finite, no part of the means.
    pub not_finite: u64,
}

impl Albedo {
    /// Adds a picture: R, G, B per pixel, 0 to 1. `mask` chooses pixels, all without it.
    ///
    /// # Errors
    /// `InvalidArgument` for slices of different lengths.
    pub fn add(&mut self, labels: &[f32], predicted: &[f32], mask: Option<&[bool]>) -> Result<()> {
        check_count("predicted", predicted.len(), labels.len())?;
        check_count("mask", mask.map_or(labels.len() / 3, <[bool]>::len), labels.len() / 3)?;
        for (i, (label, found)) in labels.chunks_exact(3).zip(predicted.chunks_exact(3)).enumerate() {
            if mask.is_some_and(|m| !m[i]) {
                continue;
            }
            if !found.iter().all(|v| v.is_finite()) {
                self.not_finite += 1;
                continue;
            }
            let difference = |c: usize| f64::from(label[c]) - f64::from(found[c]);
            self.absolute.add_sum((0..3).map(|c| difference(c).abs()).sum(), 3);
            self.squared.add_sum((0..3).map(|c| difference(c).powi(2)).sum(), 3);
        }
        Ok(())
    }

    /// The result so far.
    pub fn report(&self) -> AlbedoReport {
        AlbedoReport {
            pixels: self.absolute.count() / 3 + self.not_finite,
            mean_absolute_error: self.absolute.mean(),
            psnr_db: self.squared.mean().map(|squared| -10.0 * squared.log10()),
            not_finite: self.not_finite,
        }
    }
}

/// Differences of coverage.
#[derive(Debug, Clone, Default)]
pub struct Alpha {
    absolute: Mean,
    squared: Mean,
    sums: Mean,
    not_finite: u64,
}

/// Differences of coverage over whole pictures, values 0 to 1. The measures are those of Rhemann et al., A Perceptually
/// Motivated Online Benchmark for Image Matting, CVPR 2009.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlphaReport {
    /// Pixels compared.
    pub pixels: u64,
    /// Mean absolute difference, of the range 0 to 1.
    pub mean_absolute_error: Option<f64>,
    /// Mean squared difference.
    pub mean_squared_error: Option<f64>,
    /// Mean over the pictures of the sum of absolute differences, in thousands.
    pub mean_sad_thousands_per_picture: Option<f64>,
    /// Predictions that are not finite, no part of the means.
    pub not_finite: u64,
}

impl Alpha {
    /// Adds a picture: one value per pixel, 0 to 1.
    ///
    /// # Errors
    /// `InvalidArgument` for slices of different lengths.
    pub fn add(&mut self, labels: &[f32], predicted: &[f32]) -> Result<()> {
        check_count("predicted", predicted.len(), labels.len())?;
        let (mut absolute, mut squared, mut count) = (0.0, 0.0, 0);
        for difference in labels.iter().zip(predicted).map(|(l, p)| f64::from(*l) - f64::from(*p)) {
            if difference.is_finite() {
                absolute += difference.abs();
                squared += difference * difference;
                count += 1;
            } else {
                self.not_finite += 1;
            }
        }
        self.absolute.add_sum(absolute, count);
        self.squared.add_sum(squared, count);
        self.sums.add(absolute / 1000.0);
        Ok(())
    }

    /// The result so far.
    pub fn report(&self) -> AlphaReport {
        AlphaReport {
            pixels: self.absolute.count() + self.not_finite,
            mean_absolute_error: self.absolute.mean(),
            mean_squared_error: self.squared.mean(),
            mean_sad_thousands_per_picture: self.sums.mean(),
            not_finite: self.not_finite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn albedo_by_hand() {
        let labels = [0.5, 0.5, 0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let found = [0.6, 0.4, 0.5, f32::NAN, 0.0, 0.0, 1.0, 1.0, 1.0];
        let mut albedo = Albedo::default();
        albedo.add(&labels, &found, Some(&[true, true, false])).unwrap();
        let report = albedo.report();
        assert!((report.mean_absolute_error.unwrap() - 0.2 / 3.0).abs() < 1e-7, "{report:?}");
        // Mean square 0.02 / 3: 21.76 dB.
        assert!((report.psnr_db.unwrap() - 21.7609).abs() < 1e-3, "{report:?}");
        assert_eq!((report.pixels, report.not_finite), (2, 1));
        let mut perfect = Albedo::default();
        perfect.add(&labels, &labels, None).unwrap();
        assert_eq!(perfect.report().psnr_db, Some(f64::INFINITY));
        assert!(perfect.add(&labels, &found[..6], None).is_err() && perfect.add(&labels, &found, Some(&[])).is_err());
        assert_eq!(Albedo::default().report().psnr_db, None);
    }

    #[test]
    fn alpha_by_hand() {
        let mut alpha = Alpha::default();
        alpha.add(&[0.0, 1.0, 0.5, 0.5], &[0.0, 0.5, 0.75, f32::NAN]).unwrap();
        alpha.add(&[1.0; 4000], &[0.0; 4000]).unwrap();
        let report = alpha.report();
        assert!((report.mean_absolute_error.unwrap() - 4000.75 / 4003.0).abs() < 1e-9, "{report:?}");
        assert!((report.mean_squared_error.unwrap() - 4000.3125 / 4003.0).abs() < 1e-9, "{report:?}");
        assert!((report.mean_sad_thousands_per_picture.unwrap() - (0.00075 + 4.0) / 2.0).abs() < 1e-9);
        assert_eq!((report.pixels, report.not_finite), (4004, 1));
        assert!(alpha.add(&[1.0], &[]).is_err());
    }
}
