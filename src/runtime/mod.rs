//! ONNX Runtime: the only room that names `ort`.
//!
//! The library is opened by absolute path, so that it never meets the copy of another plugin in the same process, and
//! its version is checked before anything else is asked of it. One copy serves the whole process.

mod device;
mod elf;
mod library;
mod session;
mod tensor;

pub use device::Device;
pub use library::{Library, candidates, search_folders};
pub use session::{ModelBytes, Session, SessionOptions};
pub use tensor::{Tensor, TensorData, View};

use crate::error::{Error, ErrorKind};

/// Turns an error of ONNX Runtime into ours.
fn runtime_error<R>(what: &str, error: &ort::Error<R>) -> Error {
    Error::new(ErrorKind::Runtime, format!("{what}: {}", error.message().trim()))
}
