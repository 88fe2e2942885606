//! Tensors that stay where the device of a session has them, and a count of what crosses between it and the host.

use super::session::turn;
use super::slot::Lent;
use super::values::extents;
use super::{Device, DeviceBytes, View};
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::SharedSessionInner;
use ort::value::{DynTensorValueType, DynValue};
use std::ops::Deref;
use std::sync::{Arc, RwLockReadGuard};

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
    /// `None` only while it is dropped.
    held: Option<Held>,
    device: Device,
}

/// Where a tensor comes from.
enum Held {
    /// A run left it; the value goes before the session that its memory belongs to.
    Own(DynValue, #[expect(dead_code, reason = "keeps its allocator")] Arc<SharedSessionInner>),
    /// A session writes it again when this is gone.
    Lent(Lent),
}

/// A value to be looked at.
pub(super) enum Seen<'a> {
    Own(&'a DynValue),
    Lent(RwLockReadGuard<'a, DynValue>),
}

impl Deref for Seen<'_> {
    type Target = DynValue;

    fn deref(&self) -> &DynValue {
        match self {
            Self::Own(value) => value,
            Self::Lent(value) => value,
        }
    }
}

impl DeviceTensor {
    pub(super) fn new(value: DynValue, session: Arc<SharedSessionInner>, device: Device) -> Self {
        Self { held: Some(Held::Own(value, session)), device }
    }

    pub(super) fn lent(lent: Lent, device: Device) -> Self {
        Self { held: Some(Held::Lent(lent)), device }
    }

    /// Where it is.
    pub fn device(&self) -> Device {
        self.device
    }

    pub(super) fn value(&self) -> Option<Seen<'_>> {
        self.held.as_ref().map(|held| match held {
            Held::Own(value, _) => Seen::Own(value),
            Held::Lent(lent) => Seen::Lent(lent.slot.read()),
        })
    }

    /// Where its elements begin: on the processor in the memory of the host, on CUDA a `CUdeviceptr`, as long as it is there; `None` where
    /// memory has no address.
    pub fn address(&self) -> Option<u64> {
        if self.device.plain() == Device::WebGpu {
            return None;
        }
        let value = self.value()?;
        Some(value.view().downcast::<DynTensorValueType>().ok()?.data_ptr() as u64)
    }

    /// Extent of each dimension.
    pub fn shape(&self) -> Vec<usize> {
        self.value().and_then(|value| value.dtype().tensor_shape().map(extents)).unwrap_or_default()
    }

    /// Whose tensor it is, if it was lent.
    pub(super) fn loan(&self) -> Option<&Lent> {
        match &self.held {
            Some(Held::Lent(lent)) => Some(lent),
            _ => None,
        }
    }
}

impl Drop for DeviceTensor {
    fn drop(&mut self) {
        // Memory of the device is given back, perhaps the last of its session with it.
        let _turn = turn(self.device);
        self.held = None;
    }
}

impl std::fmt::Debug for DeviceTensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceTensor").field("device", &self.device).finish_non_exhaustive()
    }
}

/// The memory that kernels of a device work in; `None` where that is the host's.
pub(super) fn memory_of(device: Device) -> Result<Option<MemoryInfo<'static>>, ort::Error> {
    let (kind, id) = match device.plain() {
        Device::WebGpu => (AllocationDevice::WEBGPU_BUFFER, 0),
        Device::Cuda(id) => (AllocationDevice::CUDA, id),
        _ => return Ok(None),
    };
    MemoryInfo::new(kind, id, AllocatorType::Device, MemoryType::Default).map(Some)
}
