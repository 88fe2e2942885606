//! From what a network puts out to what a caller wants: slices in, typed results in image space out.
//!
//! Every task takes CHW planes of the size of the network input and a [`crate::preprocess::Placement`] that says where
//! that input lies in the image. Whole-image geometries are resized as the official code does (padding cut off, bilinear,
//! half-pixel centres); for a crop each image pixel inside the crop is sampled bilinearly through the inverse of its
//! affine map, and each task says what stands outside.

pub mod albedo;
pub mod depth;
pub mod matting;
pub mod normal;
pub mod pointmap;
pub mod pose;
pub mod seg;

mod flip;
mod placed;

pub use placed::Sampling;
