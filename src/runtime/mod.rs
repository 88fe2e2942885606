//! ONNX Runtime: the only room that names `ort`.
//!
//! The library is opened by absolute path, so that it never meets the copy of another plugin in the same process, and
//! its version is checked before anything else is asked of it. One copy serves the whole process.

mod bind;
mod bound;
mod copy;
mod cuda;
mod device;
mod elf;
mod fixed;
mod foreign;
mod library;
mod log;
mod memory;
mod nvml;
mod open;
mod optimised;
mod place;
mod providers;
mod record;
mod recorded;
mod session;
mod shared;
mod slot;
mod staging;
mod tensor;
mod values;

pub use bound::{DeviceTensor, Input, Traffic};
pub use cuda::{Cuda, CudaFence, CudaFrame, CudaPlane, CudaSource, CudaTarget};
pub use device::{Device, OpenVinoTarget};
pub use foreign::DeviceBytes;
pub use library::{Library, candidates, search_folders};
pub use log::{LogLevel, LogSink, LogSinkId, add_log_sink, remove_log_sink};
pub use memory::device_memory;
pub use nvml::{DeviceMemory, Nvml};
pub use optimised::Optimised;
pub use providers::{Arena, ConvSearch, Engines, ProviderOptions, provider_settings};
pub use record::BuildRecord;
pub use session::{ModelBytes, Session, SessionOptions};
pub use shared::{Graphs, Shared};
pub use tensor::{Tensor, TensorData, View};

use crate::error::{Error, ErrorKind};

/// Turns an error of ONNX Runtime into ours.
fn runtime_error<R>(what: &str, error: &ort::Error<R>) -> Error {
    Error::new(ErrorKind::Runtime, format!("{what}: {}", reason(error.message())))
}

/// What ONNX Runtime says, without the place in its own source that it says it from.
fn reason(message: &str) -> &str {
    let markers = ["[ONNXRuntimeError] : ", " was false. ", " : FAIL : "];
    let starts = markers.iter().filter_map(|marker| message.rfind(marker).map(|at| at + marker.len()));
    let text = message[starts.max().unwrap_or(0)..].trim();
    if text.is_empty() { message.trim() } else { text }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_source_of_onnx_runtime_is_left_out() {
        let load = "/onnxruntime_src/a.cc:1988 onnxruntime::Provider& Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load \
                    library x.so with error: no such file ";
        assert_eq!(reason(load), "Failed to load library x.so with error: no such file");
        let adapter = "/onnxruntime_src/b.cc:136 adapter.status == Success was false. Failed to get a WebGPU adapter";
        assert_eq!(reason(adapter), "Failed to get a WebGPU adapter");
        assert_eq!(reason(" plain "), "plain");
    }
}
