//! Person detection: from the maps of a detector to boxes in the image.
//!
//! [`decode`] reads the maps of a centre-based detector (an object is the peak of a heatmap at its centre, where the other
//! maps say how far away its edges are: CenterNet, Zhou et al. 2019; distances as in FCOS, Tian et al. 2019);
//! [`decode_rtmdet`] and [`decode_detr`] read the answers of the detectors of that name; [`suppress`] is the one non-maximum
//! suppression.

mod centres;
mod detr;
mod rtmdet;
mod suppress;

pub use centres::decode;
pub use detr::decode_detr;
pub use rtmdet::decode_rtmdet;
pub use suppress::suppress;

use crate::error::{Error, Result};
use crate::geometry::{Rect, Size};
use crate::spec::DetectorFamily;

/// The surest finds that compete for a place (of each level); as many as the official detectors look at.
const MAX_CANDIDATES: usize = 1000;
/// The people that are reported at most.
const MAX_FOUND: usize = 100;
/// A box that leaves less than this of itself in the image, in pixels, is none.
const MIN_SIDE: f32 = 1.0;

/// A person that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Where, in image pixels. Those of a bundle's detector lie within the image, those of others can reach beyond it, as in
    /// their official code; none lies wholly outside.
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
        Self { threshold: 0.3, max_overlap: 0.3 }
    }
}

impl DetectOptions {
    /// What is usual for a detector: 0.3 and 0.3 as the official demos have it, for DETR 0.5 and no suppression, which it does
    /// not need.
    pub fn of(family: DetectorFamily) -> Self {
        let (threshold, max_overlap) = match family {
            DetectorFamily::Bundle | DetectorFamily::RtmDet => return Self::default(),
            DetectorFamily::Detr => (0.5, 1.0),
        };
        Self { threshold, max_overlap }
    }

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

/// What stays of the people found: those not suppressed that are in the image.
fn finish(people: &[Detection], image: Size, options: &DetectOptions) -> Vec<Detection> {
    let mut kept = suppress(people, options.max_overlap);
    let inside = |from: f32, to: f32, limit: usize| to.min(limit as f32) - from.max(0.0) >= MIN_SIDE;
    kept.retain(|found| {
        let [x0, y0, x1, y1] = found.bbox.xyxy();
        inside(x0, x1, image.width) && inside(y0, y1, image.height)
    });
    kept
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
