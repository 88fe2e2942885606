//! Where the boxes of a stream come from that the host does not give.

use crate::detect::{DetectOptions, Detection};
use crate::engine::Detector;
use crate::error::Result;
use crate::image::Image;
use crate::spec::DetectorFamily;

/// How a stream looks for people.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DetectSetting {
    /// Finds count with a score above this, 0 to 1; `None` for what is usual for the detector ([`DetectOptions::of`]).
    pub threshold: Option<f32>,
    /// Of two boxes that overlap by more than this (intersection over union, 0 to 1), the less sure one goes; `None` as above.
    pub max_overlap: Option<f32>,
}

impl DetectSetting {
    /// Completed with what is usual.
    pub(super) fn of(self, family: DetectorFamily) -> DetectOptions {
        let usual = DetectOptions::of(family);
        DetectOptions {
            threshold: self.threshold.unwrap_or(usual.threshold),
            max_overlap: self.max_overlap.unwrap_or(usual.max_overlap),
        }
    }
}

/// What a worker needs of a detector.
pub(super) trait Finder: Send + Sync {
    /// The people in an image.
    fn find(&self, image: &Image, setting: DetectSetting) -> Result<Vec<Detection>>;
}

impl Finder for Detector {
    fn find(&self, image: &Image, setting: DetectSetting) -> Result<Vec<Detection>> {
        self.detect(image, &setting.of(self.family()))
    }
}
