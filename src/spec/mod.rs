//! Model facts: which tasks exist, how each sees the image, and what a converted model says about itself.

mod certificate;
mod info;
mod task;

pub use certificate::{Certificate, TaskError};
pub use info::{
    DetectorFamily, DetectorInfo, HeatmapCodec, Licence, ModelFraming, ModelInfo, NormalFrame, Precision, Rope,
    Rotation,
};
pub use task::Task;

/// Mean of the training images per RGB channel, on 0..255.
pub const MEAN_RGB: [f32; 3] = [123.675, 116.28, 103.53];
/// Standard deviation of the training images per RGB channel, on 0..255.
pub const STD_RGB: [f32; 3] = [58.395, 57.12, 57.375];
/// Maps of a person detector: the logit of a centre, and the logarithms of the distances from there to the left, upper,
/// right and lower edge of the box.
pub const DETECTOR_CHANNELS: usize = 5;
/// Sides in input pixels of the cells of RTMDet's three levels.
pub const RTMDET_STRIDES: [usize; 3] = [8, 16, 32];
/// Side of a square image patch, in pixels: one token each.
pub const PATCH: usize = 16;
/// Side of the square window of patches that the 4K tokenizer folds into one token.
pub const WINDOW: usize = 4;
