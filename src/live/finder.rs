//! Where the boxes of a stream come from that the host does not give.

use super::runner::Picture;
use crate::detect::{DetectOptions, Detection};
use crate::engine::{Carried, Detector};
use crate::error::{Error, ErrorKind, Result};
use crate::image::Image;

/// How a stream looks for people.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DetectSetting {
    /// Finds count with a score above this, 0 to 1; `None` for what is usual for the detector ([`DetectOptions::of`]).
    pub threshold: Option<f32>,
    /// Of two boxes that overlap by more than this (intersection over union, 0 to 1), the less sure one goes; `None` as above.
    pub max_overlap: Option<f32>,
    /// Where people are tracked: finds need this score to begin a track, 0 to 1, in place of
    /// [`TrackOptions::new_score`](crate::track::TrackOptions::new_score); `None`: 0.1 more than to count
    /// ([`TrackOptions::new_score_above`](crate::track::TrackOptions::new_score_above)).
    pub new_score: Option<f32>,
}

impl DetectSetting {
    /// Completed with what is usual for a detector.
    pub(super) fn over(self, usual: DetectOptions) -> DetectOptions {
        DetectOptions {
            threshold: self.threshold.unwrap_or(usual.threshold),
            max_overlap: self.max_overlap.unwrap_or(usual.max_overlap),
        }
    }

    /// Checks the ranges.
    pub(super) fn check(self) -> Result<()> {
        self.over(DetectOptions::default()).check()?;
        match self.new_score {
            Some(score) if !(0.0..=1.0).contains(&score) => {
                Err(Error::invalid(format!("detection new_score {score}: must be a number from 0 to 1")))
            }
            _ => Ok(()),
        }
    }
}

/// What a worker needs of a detector.
pub(super) trait Finder: Send + Sync {
    /// The options that are usual for it.
    fn usual(&self) -> DetectOptions;
    /// The people in an image.
    fn find(&self, image: &Image, options: &DetectOptions) -> Result<Vec<Detection>>;

    /// Whether frames may go to a device as they come, as far as it is concerned.
    fn takes_frames(&self) -> bool {
        false
    }

    /// Whether it sees this picture as it is; else the host makes an image of it.
    fn takes(&self, picture: &Picture) -> bool {
        picture.image().is_some()
    }

    /// The people in a picture that it takes. Where it is brought to a device, it stays there for the tasks.
    fn find_in(&self, picture: &Picture, _: &mut Carried, options: &DetectOptions) -> Result<Vec<Detection>> {
        let converted = picture.image().ok_or_else(|| Error::new(ErrorKind::Internal, "detection: no image was made"));
        self.find(converted?, options)
    }
}

impl Finder for Detector {
    fn usual(&self) -> DetectOptions {
        DetectOptions::of(self.family())
    }

    fn find(&self, image: &Image, options: &DetectOptions) -> Result<Vec<Detection>> {
        self.detect(image, options)
    }

    fn takes_frames(&self) -> bool {
        self.frames_on_device()
    }

    fn takes(&self, picture: &Picture) -> bool {
        match picture {
            Picture::Image(_) => true,
            Picture::Raw(..) => self.frames_on_device(),
            Picture::Cuda(borrowed) => Self::takes(self, borrowed.frame()),
        }
    }

    fn find_in(&self, picture: &Picture, carried: &mut Carried, options: &DetectOptions) -> Result<Vec<Detection>> {
        match picture {
            Picture::Image(image) if !self.frames_on_device() => self.detect(image, options),
            Picture::Image(image) => self.detect_image(image, carried, options),
            Picture::Raw(bytes, format) => self.detect_frame(format, &format.packed_planes(bytes)?, carried, options),
            Picture::Cuda(borrowed) => self.detect_cuda(borrowed.frame(), carried, options),
        }
    }
}
