//! Distances of predicted keypoints from labelled ones: object keypoint similarity, PCK, mean error.

use super::check_count;
use super::tally::{Mean, share};
use crate::error::{Error, Result};
use serde::Serialize;

/// What a label says about a keypoint: COCO's `v`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// 0: no position is given.
    #[default]
    Unlabelled,
    /// 1: there, but hidden.
    Hidden,
    /// 2: there, and seen.
    Visible,
}

/// A labelled keypoint, in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LabelPoint {
    /// Column, centres at integers.
    pub x: f64,
    /// Row, centres at integers.
    pub y: f64,
    /// Whether the position counts.
    pub visibility: Visibility,
}

/// A predicted keypoint, in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Located {
    /// Column, centres at integers.
    pub x: f64,
    /// Row, centres at integers.
    pub y: f64,
    /// How sure the model is.
    pub score: f64,
}

/// Squared distance in pixels; infinite where the prediction is not finite.
fn squared_distance(label: LabelPoint, predicted: Located) -> f64 {
    let squared = (label.x - predicted.x).powi(2) + (label.y - predicted.y).powi(2);
    if squared.is_nan() { f64::INFINITY } else { squared }
}

/// Object keypoint similarity of COCO (<https://cocodataset.org/#keypoints-eval>) over the keypoints `indices`:
/// the mean over labelled ones (hidden ones too) of `exp(-d^2 / (2 s^2 k^2))` with the distance `d` in pixels, `s^2` the
/// area of the person in square pixels and `k = 2 sigma`. `None` if no keypoint is labelled.
///
/// # Errors
/// `InvalidArgument` if an index is outside a slice.
pub fn oks(
    labels: &[LabelPoint],
    predicted: &[Located],
    indices: &[usize],
    sigmas: &[f32],
    area_px: f64,
) -> Result<Option<f64>> {
    check_count("predicted", predicted.len(), labels.len())?;
    check_count("sigmas", sigmas.len(), labels.len())?;
    let mut mean = Mean::default();
    for &i in indices {
        let label = *check_index(labels, i)?;
        if label.visibility != Visibility::Unlabelled {
            mean.add(similarity(squared_distance(label, predicted[i]), sigmas[i], area_px));
        }
    }
    Ok(mean.mean())
}

/// One term of [`oks`]: `exp(-d^2 / (2 s^2 k^2))`.
pub(super) fn similarity(squared_distance: f64, sigma: f32, area_px: f64) -> f64 {
    let variance = (2.0 * f64::from(sigma)).powi(2);
    // COCO adds the same epsilon, so that an empty area is no division by zero.
    (-squared_distance / variance / (area_px + f64::EPSILON) / 2.0).exp()
}

/// The keypoint of that index.
pub(super) fn check_index<T>(points: &[T], index: usize) -> Result<&T> {
    let count = points.len();
    points.get(index).ok_or_else(|| Error::invalid(format!("`indices` names keypoint {index} of {count}")))
}

/// Distances over a set of keypoints as shares of the height of each person's box: PCK and mean error.
#[derive(Debug, Clone)]
pub struct PointError {
    indices: Vec<usize>,
    labelled: Distances,
    visible: Distances,
    not_finite: u64,
    not_found: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Distances {
    mean: Mean,
    within_5: u64,
    within_10: u64,
    /// With those that are not finite or not found, which are no part of the mean.
    count: u64,
}

impl Distances {
    fn add(&mut self, heights: f64) {
        self.count += 1;
        self.within_5 += u64::from(heights <= 0.05);
        self.within_10 += u64::from(heights <= 0.1);
        if heights.is_finite() {
            self.mean.add(heights);
        }
    }

    fn pck(&self) -> PckReport {
        PckReport {
            keypoints: self.count,
            pck_0_05_share: share(self.within_5, self.count),
            pck_0_10_share: share(self.within_10, self.count),
        }
    }
}

/// Percentage of correct keypoints, as shares: those not further from their label than 0.05 and 0.1 of the height of
/// the person's box.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PckReport {
    /// How many were compared.
    pub keypoints: u64,
    /// Share within 0.05 of the box height.
    pub pck_0_05_share: Option<f64>,
    /// Share within 0.1 of the box height.
    pub pck_0_10_share: Option<f64>,
}

/// Mean distance of visible keypoints from their labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorReport {
    /// How many were compared.
    pub visible_keypoints: u64,
    /// Mean of distance / height of the person's box.
    pub mean_error_box_heights: Option<f64>,
    /// Visible keypoints of people that were not found: a miss in every share, no part of the mean.
    pub not_found: u64,
    /// Predictions that are not finite: a miss in every share, no part of the mean.
    pub not_finite: u64,
}

impl PointError {
    /// Of the keypoints `indices`.
    pub fn new(indices: &[usize]) -> Self {
        let (labelled, visible) = (Distances::default(), Distances::default());
        Self { indices: indices.to_vec(), labelled, visible, not_finite: 0, not_found: 0 }
    }

    /// Adds a person whose box is `box_height_px` high.
    ///
    /// # Errors
    /// `InvalidArgument` for slices of different lengths, an index outside them, a height that is not above 0.
    pub fn add(&mut self, labels: &[LabelPoint], predicted: &[Located], box_height_px: f64) -> Result<()> {
        check_count("predicted", predicted.len(), labels.len())?;
        if !(box_height_px.is_finite() && box_height_px > 0.0) {
            return Err(Error::invalid(format!("`box_height_px` is {box_height_px}; a number above 0 is needed")));
        }
        for &i in &self.indices {
            let label = *check_index(labels, i)?;
            if label.visibility == Visibility::Unlabelled {
                continue;
            }
            let heights = squared_distance(label, predicted[i]).sqrt() / box_height_px;
            self.not_finite += u64::from(!heights.is_finite());
            self.labelled.add(heights);
            if label.visibility == Visibility::Visible {
                self.visible.add(heights);
            }
        }
        Ok(())
    }

    /// Adds a person that was not found: each labelled keypoint is a miss.
    ///
    /// # Errors
    /// `InvalidArgument` for an index outside the slice.
    pub fn add_missed(&mut self, labels: &[LabelPoint]) -> Result<()> {
        for &i in &self.indices {
            let visibility = check_index(labels, i)?.visibility;
            if visibility != Visibility::Unlabelled {
                self.labelled.add(f64::INFINITY);
            }
            if visibility == Visibility::Visible {
                self.visible.add(f64::INFINITY);
                self.not_found += 1;
            }
        }
        Ok(())
    }

    /// PCK over all labelled keypoints, hidden ones too.
    pub fn pck_labelled(&self) -> PckReport {
        self.labelled.pck()
    }

    /// PCK over visible keypoints.
    pub fn pck_visible(&self) -> PckReport {
        self.visible.pck()
    }

    /// Mean error of visible keypoints.
    pub fn error(&self) -> ErrorReport {
        ErrorReport {
            visible_keypoints: self.visible.count,
            mean_error_box_heights: self.visible.mean.mean(),
            not_found: self.not_found,
            not_finite: self.not_finite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(x: f64, y: f64, visibility: Visibility) -> LabelPoint {
        LabelPoint { x, y, visibility }
    }

    fn at(x: f64, y: f64) -> Located {
        Located { x, y, score: 1.0 }
    }

    use Visibility::{Hidden, Unlabelled, Visible};

    #[test]
    fn oks_by_hand() {
        // Area 10,000; sigma 0.05, so k = 0.1 and 2 s^2 k^2 = 200. Distances 0, 10 and, unlabelled, far.
        let labels = [label(5.0, 5.0, Visible), label(0.0, 0.0, Hidden), label(0.0, 0.0, Unlabelled)];
        let found = [at(5.0, 5.0), at(6.0, 8.0), at(900.0, 0.0)];
        let value = oks(&labels, &found, &[0, 1, 2], &[0.05; 3], 10_000.0).unwrap().unwrap();
        assert!((value - (1.0 + (-0.5f64).exp()) / 2.0).abs() < 1e-6, "{value}");
        assert_eq!(oks(&labels, &found, &[2], &[0.05; 3], 1.0).unwrap(), None);
        assert!(oks(&labels, &found, &[3], &[0.05; 3], 1.0).unwrap_err().to_string().contains("keypoint 3 of 3"));
        assert!(oks(&labels, &found[1..], &[0], &[0.05; 3], 1.0).unwrap_err().to_string().contains("`predicted`"));
        assert_eq!(oks(&labels, &[at(f64::NAN, 0.0); 3], &[0], &[0.05; 3], 1.0).unwrap(), Some(0.0));
    }

    #[test]
    fn distances_by_hand() {
        // The box is 100 high: errors of 5, 8 (hidden), 20 and NaN pixels; the last is not labelled.
        let labels = [
            label(0.0, 0.0, Visible),
            label(0.0, 0.0, Hidden),
            label(0.0, 0.0, Visible),
            label(0.0, 0.0, Visible),
            label(0.0, 0.0, Unlabelled),
        ];
        let found = [at(3.0, 4.0), at(8.0, 0.0), at(0.0, 20.0), at(f64::NAN, 0.0), at(0.0, 0.0)];
        let mut error = PointError::new(&[0, 1, 2, 3, 4]);
        error.add(&labels, &found, 100.0).unwrap();
        let labelled = error.pck_labelled();
        assert_eq!((labelled.keypoints, labelled.pck_0_05_share, labelled.pck_0_10_share), (4, Some(0.25), Some(0.5)));
        let visible = error.pck_visible();
        assert_eq!((visible.keypoints, visible.pck_0_05_share), (3, Some(1.0 / 3.0)));
        let mean = error.error();
        assert_eq!((mean.visible_keypoints, mean.not_finite), (3, 1));
        assert!((mean.mean_error_box_heights.unwrap() - 0.125).abs() < 1e-12);
        assert!(error.add(&labels, &found, 0.0).unwrap_err().to_string().contains("`box_height_px` is 0"));
        assert_eq!(PointError::new(&[0]).error().mean_error_box_heights, None);

        // The same person again, and nobody found it.
        error.add_missed(&labels).unwrap();
        let labelled = error.pck_labelled();
        assert_eq!((labelled.keypoints, labelled.pck_0_05_share), (8, Some(0.125)));
        let missed = error.error();
        assert_eq!((missed.visible_keypoints, missed.not_found, missed.not_finite), (6, 3, 1));
        assert_eq!(missed.mean_error_box_heights, mean.mean_error_box_heights);
        assert!(error.add_missed(&labels[1..]).unwrap_err().to_string().contains("keypoint 4 of 4"));
    }
}
