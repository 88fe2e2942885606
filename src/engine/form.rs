//! The form in which a device gets a graph.

use crate::onnx::proto::ModelProto;
use crate::onnx::{Rounding, round_by, unfuse};
use crate::runtime::{Device, OpenVinoTarget};

/// Writes a graph of this library as models are opened on `device`: in standard operators where the device compiles graphs, on
/// OpenVINO without bfloat16 values, which its provider refuses. Unchanged for other devices.
pub fn write_for(device: Device, model: &mut ModelProto) {
    if device.compiles() {
        unfuse(model);
    }
    match device {
        Device::OpenVino(OpenVinoTarget::Cpu | OpenVinoTarget::Gpu) => round_by(model, Rounding::Arithmetic),
        Device::OpenVino(OpenVinoTarget::CpuBf16 | OpenVinoTarget::GpuFp16 | OpenVinoTarget::Npu) => {
            round_by(model, Rounding::Left);
        }
        _ => {}
    }
}
