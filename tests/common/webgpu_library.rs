//! The ONNX Runtime of the tests on WebGPU: without one they fail.

use std::path::PathBuf;

pub fn library_path() -> PathBuf {
    let path = std::env::var_os("SAPIENS_ORT_WEBGPU").filter(|p| !p.is_empty());
    path.expect("SAPIENS_ORT_WEBGPU names an ONNX Runtime with the WebGPU provider; `cargo xtask test` sets it").into()
}
