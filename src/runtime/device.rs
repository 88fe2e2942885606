//! Devices: where a session runs, in the words of the command line.

use crate::error::{Error, Result};
use ort::ep;

/// Where a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Device {
    /// The processor.
    Cpu,
    /// Any graphics processor, through WebGPU (Vulkan, Metal, Direct3D 12).
    WebGpu,
    /// An NVIDIA GPU by index, through CUDA.
    Cuda(i32),
    /// An NVIDIA GPU by index, through TensorRT. Building engines takes minutes at the first load.
    TensorRt(i32),
}

impl Device {
    /// ONNX Runtime's name of the execution provider.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Cpu => "CPUExecutionProvider",
            Self::WebGpu => "WebGpuExecutionProvider",
            Self::Cuda(_) => "CUDAExecutionProvider",
            Self::TensorRt(_) => "TensorrtExecutionProvider",
        }
    }

    /// The provider to register: a failure is an error, never a fall-back. `None` for the processor, always there.
    pub(super) fn dispatch(self) -> Option<ep::ExecutionProviderDispatch> {
        let dispatch = match self {
            Self::Cpu => return None,
            Self::WebGpu => ep::WebGPU::default().build(),
            Self::Cuda(id) => ep::CUDA::default().with_device_id(id).build(),
            Self::TensorRt(id) => ep::TensorRT::default().with_device_id(id).build(),
        };
        Some(dispatch.error_on_failure())
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::WebGpu => f.write_str("webgpu"),
            Self::Cuda(id) => write!(f, "cuda:{id}"),
            Self::TensorRt(id) => write!(f, "tensorrt:{id}"),
        }
    }
}

impl std::str::FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(index)),
            None => (text, None),
        };
        let id = match index {
            None => Some(0),
            Some(digits) => digits.parse::<i32>().ok().filter(|id| *id >= 0),
        };
        match (name, id, index) {
            ("cpu", _, None) => Ok(Self::Cpu),
            ("webgpu", _, None) => Ok(Self::WebGpu),
            ("cuda", Some(id), _) => Ok(Self::Cuda(id)),
            ("tensorrt", Some(id), _) => Ok(Self::TensorRt(id)),
            _ => Err(Error::invalid(format!(
                "unknown device `{text}`; known are cpu, webgpu, cuda:N and tensorrt:N (N counts from 0)"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_parse_and_print() {
        for text in ["cpu", "webgpu", "cuda:0", "tensorrt:3"] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        for text in ["gpu", "cpu:1", "cuda:-1", "cuda:x", ""] {
            assert!(text.parse::<Device>().unwrap_err().to_string().contains("cuda:N"));
        }
    }
}
