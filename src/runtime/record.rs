//! What was built for a device ahead of time, as a file beside it.

use super::Device;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What was built, by whom and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// Path of the model's file.
    pub model: String,
    /// What that file was ([`engine::prebuild`](crate::engine::prebuild) compares).
    pub fingerprint: String,
    /// The device, in the words of the command line.
    pub device: String,
    /// ONNX Runtime's name of the provider.
    pub provider: String,
    /// Version of ONNX Runtime.
    pub onnxruntime: String,
    /// The machine's part that compiled things depend on: the GPU's name, or the processor's architecture.
    pub machine: String,
    /// Version of this library.
    pub sapiens: String,
    /// How long it took, in milliseconds.
    pub build_ms: u64,
}

impl BuildRecord {
    /// Its name in the device's folder.
    pub const FILE: &'static str = "built.json";

    /// The folder of a device in that of a model.
    pub fn folder(model: &Path, device: Device) -> PathBuf {
        model.join(device.to_string().replace(':', "-"))
    }

    /// The record of a folder; `None` if nothing was built there, or nobody can read it.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(Self::FILE)).ok()?).ok()
    }

    /// What compiled things depend on here.
    pub fn this_machine(device: Device) -> String {
        match device {
            Device::Cuda(index) | Device::TensorRt(index) => gpu_name(index),
            _ => format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }

    /// Whether it was built on a machine like this one.
    pub fn fits_machine(&self) -> bool {
        self.device.parse().is_ok_and(|device| Self::this_machine(device) == self.machine)
    }
}

/// The name of an NVIDIA GPU as its Linux driver has it. Devices are counted there by their place on the bus, as CUDA can be told
/// to (`CUDA_DEVICE_ORDER=PCI_BUS_ID`); elsewhere the name is not known.
fn gpu_name(index: i32) -> String {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/proc/driver/nvidia/gpus")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    let text = usize::try_from(index).ok().and_then(|i| folders.get(i)).map(|f| f.join("information"));
    let text = text.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("Model:")).map(str::trim);
    name.unwrap_or("unknown GPU").to_owned()
}
