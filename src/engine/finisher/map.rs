//! A dense map that lies on a device.

use super::{Finisher, MapKind};
use crate::error::Result;
use crate::geometry::Size;
use crate::runtime::{Device, DeviceTensor, Tensor};
use once_cell::sync::OnceCell;
use std::sync::Arc;

/// A dense map in the memory of the device that made it, rows without gaps. Its memory goes back to the device when it is dropped.
pub struct DeviceMap {
    kind: MapKind,
    size: Size,
    tensor: DeviceTensor,
    finisher: Arc<Finisher>,
    on_host: OnceCell<Tensor>,
}

impl DeviceMap {
    pub(super) fn new(kind: MapKind, tensor: DeviceTensor, finisher: Arc<Finisher>) -> Self {
        let extent = |axis: usize| tensor.shape().get(axis).copied().unwrap_or(0);
        let size = Size::new(extent(1), extent(0));
        Self { kind, size, tensor, finisher, on_host: OnceCell::new() }
    }

    /// What it is; a map on the host has the same shape, elements and order.
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Where it is.
    pub fn device(&self) -> Device {
        self.tensor.device()
    }

    /// Where it begins: on CUDA a `CUdeviceptr`, on the processor in the memory of the host; `None` on devices whose memory has no
    /// address. Nobody may write there.
    pub fn address(&self) -> Option<u64> {
        self.tensor.address()
    }

    /// A copy in the memory of the host, made when it is first asked for.
    ///
    /// # Errors
    /// `Runtime` when ONNX Runtime fails.
    pub fn to_host(&self) -> Result<&Tensor> {
        self.on_host.get_or_try_init(|| self.finisher.fetch(&self.tensor))
    }
}

impl std::fmt::Debug for DeviceMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceMap").field("kind", &self.kind).field("size", &self.size).finish_non_exhaustive()
    }
}
