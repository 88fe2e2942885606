//! libsapiens: what Meta's Sapiens2 sees in a person (308 keypoints, 29 body parts, surface normals, a metric
//! pointmap, albedo, an alpha matte, dense features), and what Sapiens v1 does (other keypoint sets, relative depth), as an
//! embeddable library over ONNX Runtime.
//!
//! The rooms of the house, lower never importing higher (a test enforces it):
//!
//! 1. [`mod@error`], [`mod@file`] (atomic writing), [`geometry`], [`assign`] (who belongs to whom)
//! 2. [`image`], [`spec`] (model facts), [`skeleton`] (names, links, classes)
//! 3. [`preprocess`], [`task`], [`detect`], [`track`], [`onnx`], [`checkpoint`], [`convert`], [`runtime`], [`measure`]
//!    (predictions against labels), [`video`] (clips through ffmpeg)
//! 4. [`engine`], [`export`], [`live`] (streams), [`render`] (results as pictures), [`dataset`] (labelled folders),
//!    [`eval`] (models on labelled folders)
//! 5. [`ffi`] (the C interface), the command line

pub mod assign;
pub mod checkpoint;
pub mod convert;
pub mod dataset;
pub mod detect;
pub mod engine;
pub mod error;
pub mod eval;
pub mod export;
pub mod ffi;
pub mod file;
pub mod geometry;
pub mod image;
pub mod live;
pub mod measure;
pub mod onnx;
pub mod preprocess;
pub mod render;
pub mod runtime;
pub mod skeleton;
pub mod spec;
pub mod task;
pub mod track;
pub mod video;

pub use error::{Error, ErrorKind, Result};
