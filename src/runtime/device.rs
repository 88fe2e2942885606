//! Devices: where a session runs, in the words of the command line.

use crate::error::{Error, Result};
use crate::spec::Precision;

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
    /// An NVIDIA GPU by index, through TensorRT, with CUDA for what TensorRT leaves. Its engines take minutes to build:
    /// [`Engines`](super::Engines).
    TensorRt(i32),
    /// A device of Intel's OpenVINO.
    OpenVino(OpenVinoTarget),
    /// A GPU by index, through DirectML (Windows).
    DirectMl(i32),
    /// The GPU, neural engine and processor of an Apple machine, through CoreML.
    CoreMl,
}

/// What OpenVINO runs on, and in which arithmetic; the graph is that of 32-bit floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenVinoTarget {
    /// The processor, 32-bit floats.
    Cpu,
    /// The processor, products in bfloat16: half the time where it has instructions for them (AMX, AVX512_BF16), and an error of
    /// some 3e-3.
    CpuBf16,
    /// Intel's GPU, 32-bit floats.
    Gpu,
    /// Intel's GPU, 16-bit floats.
    GpuFp16,
    /// Intel's NPU, 16-bit floats.
    Npu,
}

impl OpenVinoTarget {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Cpu, Self::CpuBf16, Self::Gpu, Self::GpuFp16, Self::Npu];

    /// The name behind `openvino:`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::CpuBf16 => "cpu-bf16",
            Self::Gpu => "gpu",
            Self::GpuFp16 => "gpu-fp16",
            Self::Npu => "npu",
        }
    }

    /// OpenVINO's own name of the device, and the element type it is told to compute in.
    pub(super) const fn device_and_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Cpu => ("CPU", "f32"),
            Self::CpuBf16 => ("CPU", "bf16"),
            Self::Gpu => ("GPU", "f32"),
            Self::GpuFp16 => ("GPU", "f16"),
            Self::Npu => ("NPU", "f16"),
        }
    }
}

impl Device {
    /// ONNX Runtime's name of the execution provider.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Cpu => "CPUExecutionProvider",
            Self::WebGpu => "WebGpuExecutionProvider",
            Self::Cuda(_) => "CUDAExecutionProvider",
            Self::TensorRt(_) => "TensorrtExecutionProvider",
            Self::OpenVino(_) => "OpenVINOExecutionProvider",
            Self::DirectMl(_) => "DmlExecutionProvider",
            Self::CoreMl => "CoreMLExecutionProvider",
        }
    }

    /// Whether it has operators for a graph of this precision.
    pub const fn runs(self, precision: Precision) -> bool {
        match precision {
            Precision::Fp32 | Precision::Fp16 => true,
            Precision::Bf16 => matches!(self, Self::Cuda(_) | Self::TensorRt(_)),
        }
    }

    /// Whether it takes whole graphs and fuses what it finds in them itself: it knows standard operators, not the fused ones of
    /// ONNX Runtime.
    pub const fn compiles(self) -> bool {
        matches!(self, Self::TensorRt(_) | Self::OpenVino(_) | Self::CoreMl)
    }

    /// The device that small graphs over its memory run on: TensorRT works in that of CUDA, and would build an engine for every shape.
    pub const fn plain(self) -> Self {
        match self {
            Self::TensorRt(card) => Self::Cuda(card),
            device => device,
        }
    }

    /// Bytes that a tensor of the graphs around models may have. WebGPU promises shaders no more than 128 MiB.
    pub const fn largest_tensor(self) -> usize {
        if matches!(self, Self::WebGpu) { 128 << 20 } else { 1 << 30 }
    }

    /// Whether what is compiled for it is for one size of batch, which is then 1.
    pub(super) const fn fixes_batch(self) -> bool {
        self.compiles()
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::WebGpu => f.write_str("webgpu"),
            Self::Cuda(id) => write!(f, "cuda:{id}"),
            Self::TensorRt(id) => write!(f, "tensorrt:{id}"),
            Self::OpenVino(target) => write!(f, "openvino:{}", target.name()),
            Self::DirectMl(id) => write!(f, "directml:{id}"),
            Self::CoreMl => f.write_str("coreml"),
        }
    }
}

impl std::str::FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, which) = match text.split_once(':') {
            Some((name, which)) => (name, Some(which)),
            None => (text, None),
        };
        let index = || which.map_or(Some(0), |digits| digits.parse::<i32>().ok().filter(|id| *id >= 0));
        let target =
            || OpenVinoTarget::ALL.into_iter().find(|t| t.name() == which.unwrap_or(OpenVinoTarget::Cpu.name()));
        let found = match (name, which) {
            ("cpu", None) => Some(Self::Cpu),
            ("webgpu", None) => Some(Self::WebGpu),
            ("coreml", None) => Some(Self::CoreMl),
            ("cuda", _) => index().map(Self::Cuda),
            ("tensorrt", _) => index().map(Self::TensorRt),
            ("directml", _) => index().map(Self::DirectMl),
            ("openvino", _) => target().map(Self::OpenVino),
            _ => None,
        };
        found.ok_or_else(|| {
            Error::invalid(format!(
                "unknown device `{text}`; known are cpu, webgpu, cuda:N, tensorrt:N, directml:N (N counts from 0), coreml, \
                 openvino:cpu, openvino:cpu-bf16, openvino:gpu, openvino:gpu-fp16 and openvino:npu"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_parse_and_print() {
        let all = ["cpu", "webgpu", "cuda:0", "tensorrt:3", "directml:1", "coreml", "openvino:cpu", "openvino:gpu"];
        for text in all.into_iter().chain(["openvino:cpu-bf16", "openvino:gpu-fp16", "openvino:npu"]) {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        assert_eq!("openvino".parse::<Device>().unwrap(), Device::OpenVino(OpenVinoTarget::Cpu));
        for text in ["gpu", "cpu:1", "cuda:-1", "cuda:x", "coreml:0", "openvino:bf16", "directml:x", "openvino:", ""] {
            assert!(text.parse::<Device>().unwrap_err().to_string().contains("cuda:N"), "{text}");
        }
    }

    #[test]
    fn bfloat16_is_for_nvidia() {
        let runs: Vec<_> = ["cpu", "webgpu", "cuda:0", "tensorrt:0", "openvino:cpu-bf16", "directml:0", "coreml"]
            .into_iter()
            .filter(|text| text.parse::<Device>().unwrap().runs(Precision::Bf16))
            .collect();
        assert_eq!(runs, ["cuda:0", "tensorrt:0"]);
        assert!(Device::Cpu.runs(Precision::Fp16));
    }
}
