//! Results as files: pictures, arrays, point clouds and documents.
//!
//! | module | makes |
//! |---|---|
//! | [`overlay`] | the keypoint skeleton drawn over the picture |
//! | [`maps`] | segmentation, normals, depth, albedo and matte as pictures |
//! | [`sheet`] | a contact sheet: pictures down, tasks across |
//! | [`picture`] | PNG files |
//! | [`npy`] | NumPy arrays |
//! | [`ply`] | coloured point clouds |
//! | [`json`] | the keypoints document |
//!
//! Every writer goes through [`crate::file::write_atomic`]: a file is complete or not there.
//! Pictures are RGB8, rows from the top, tightly packed; maps are row-major `height x width (x channels)`.

pub mod canvas;
pub mod font;
pub mod json;
pub mod maps;
pub mod npy;
pub mod overlay;
pub mod picture;
pub mod ply;
pub mod sheet;
