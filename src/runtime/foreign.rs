//! Memory of a device that somebody else owns, as the input of a session.
#![allow(unsafe_code)] // nothing but a promise says that it is there

use super::Device;
use super::bound::memory_of;
use ort::memory::MemoryInfo;
use ort::session::SessionInputValue;
use ort::value::{Shape, TensorRefMut};
use std::marker::PhantomData;

/// Bytes in the memory that a device works in.
#[derive(Clone, Copy)]
pub struct DeviceBytes<'a> {
    device: Device,
    address: u64,
    len: usize,
    _owner: PhantomData<&'a [u8]>,
}

impl DeviceBytes<'_> {
    /// `address` is one of the device: on the processor of the host, on CUDA a `CUdeviceptr`.
    ///
    /// # Safety
    /// So many bytes are there as long as the lifetime lasts, and nobody writes to them.
    pub unsafe fn new(device: Device, address: u64, len: usize) -> Self {
        Self { device, address, len, _owner: PhantomData }
    }

    /// Whose memory it is.
    pub fn device(&self) -> Device {
        self.device
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<'a> DeviceBytes<'a> {
    /// The bytes in rows of `columns` as ONNX Runtime takes them where they lie; what is over is left out.
    pub(super) fn input_value(self, columns: usize) -> Result<SessionInputValue<'a>, ort::Error> {
        // That of the host where the device works in it.
        let memory: MemoryInfo<'_> = memory_of(self.device)?.unwrap_or_default();
        let rows = self.len / columns.max(1);
        let shape = Shape::new([rows as i64, columns as i64]);
        // SAFETY: there are so many bytes by the promise of `new`. The value is an input: no session writes to it.
        let value = unsafe { TensorRefMut::<u8>::from_raw(memory, self.address as usize as *mut _, shape)? };
        Ok(value.into())
    }
}

impl std::fmt::Debug for DeviceBytes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceBytes").field("device", &self.device).field("len", &self.len).finish_non_exhaustive()
    }
}
