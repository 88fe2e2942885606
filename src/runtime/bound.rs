//! Tensors that stay where the device of a session has them, and a count of what crosses between it and the host.

use super::session::turn;
use super::{Device, DeviceBytes, View};
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::SharedSessionInner;
use ort::value::DynValue;
use std::sync::Arc;

/// What a graph is given.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// Memory of the host: it is brought to the device.
    Host(View<'a>),
    /// What another run left on the device.
    Device(&'a DeviceTensor),
    /// Bytes that somebody else has on the device, in rows of so many. They are read where they lie.
    Foreign(DeviceBytes<'a>, usize),
}

/// Bytes given to sessions from the memory of the host, and bytes they gave back into it.
///
/// Counted where values are bound, so on the processor too, where nothing has to be copied. What a session moves inside (an
/// operator that its device lacks and the processor runs) is not seen; [`Session::open_strict`](super::Session::open_strict)
/// opens sessions that have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes from the host to the device: pictures, tables, tensors.
    pub to_device: u64,
    /// Bytes from the device to the host: results.
    pub to_host: u64,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.to_device += other.to_device;
        self.to_host += other.to_host;
    }
}

/// A tensor in the memory that a session's device works in. Its elements are not to be seen from outside: other sessions of the
/// same device take it as [`Input::Device`].
pub struct DeviceTensor {
    /// Both `None` only while it is dropped, the value first: its memory belongs to the session's allocator.
    value: Option<DynValue>,
    session: Option<Arc<SharedSessionInner>>,
    device: Device,
}

impl DeviceTensor {
    pub(super) fn new(value: DynValue, session: Arc<SharedSessionInner>, device: Device) -> Self {
        Self { value: Some(value), session: Some(session), device }
    }

    /// Where it is.
    pub fn device(&self) -> Device {
        self.device
    }

    pub(super) fn value(&self) -> Option<&DynValue> {
        self.value.as_ref()
    }
}

impl Drop for DeviceTensor {
    fn drop(&mut self) {
        // Memory of the device is given back, perhaps the last of its session with it.
        let _turn = turn(self.device);
        self.value = None;
        self.session = None;
    }
}

impl std::fmt::Debug for DeviceTensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceTensor").field("device", &self.device).finish_non_exhaustive()
    }
}

/// The memory that kernels of a device work in; `None` where that is the host's.
pub(super) fn memory_of(device: Device) -> Result<Option<MemoryInfo<'static>>, ort::Error> {
    let (kind, id) = match device {
        Device::WebGpu => (AllocationDevice::WEBGPU_BUFFER, 0),
        // The TensorRT provider works in CUDA's memory.
        Device::Cuda(id) | Device::TensorRt(id) => (AllocationDevice::CUDA, id),
        _ => return Ok(None),
    };
    MemoryInfo::new(kind, id, AllocatorType::Device, MemoryType::Default).map(Some)
}
