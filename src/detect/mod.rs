//! Person detection: from the maps of a detector to boxes in the image.
//!
//! [`decode`] reads the maps of a centre-based detector (an object is the peak of a heatmap at its centre, where the other
//! maps say how far away its edges are: CenterNet, Zhou et al. 2019; distances as in FCOS, Tian et al. 2019);
//! [`suppress`] is the one non-maximum suppression.

mod centres;
mod suppress;

pub use centres::decode;
pub use suppress::suppress;

use crate::error::{Error, Result};
use crate::geometry::Rect;

/// A person that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Where, in image pixels; within the image.
    pub bbox: Rect,
    /// How sure, 0 to 1.
    pub score: f32,
}

/// Which finds count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectOptions {
    /// Finds count with a score above this, 0 to 1.
    pub threshold: f32,
    /// Of two boxes that overlap by more than this (intersection over union, 0 to 1), the less sure one goes.
    pub max_overlap: f32,
}

impl Default for DetectOptions {
    fn default() -> Self {
        Self { threshold: 0.3, max_overlap: 0.5 }
    }
}

impl DetectOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// `InvalidArgument` names the option and its range.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("threshold", self.threshold), ("max_overlap", self.max_overlap)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::invalid(format!("detection {name} {value}: must be a number from 0 to 1")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        DetectOptions::default().check().unwrap();
        DetectOptions { threshold: 0.0, max_overlap: 1.0 }.check().unwrap();
        for wrong in [f32::NAN, -0.1, 1.1, f32::INFINITY] {
            let error = DetectOptions { threshold: wrong, ..Default::default() }.check().unwrap_err().to_string();
            assert!(error.contains("threshold") && error.contains("0 to 1"), "{error}");
            let error = DetectOptions { max_overlap: wrong, ..Default::default() }.check().unwrap_err().to_string();
            assert!(error.contains("max_overlap"), "{error}");
        }
    }
}
