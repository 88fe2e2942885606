//! Memory of CUDA devices that somebody else owns: what the driver knows about it, when it may be read, and copies.
//!
//! NVIDIA's driver library is opened when the first such memory is given. Work is done in the primary context of the device, where ONNX
//! Runtime and the CUDA runtime work too; it is kept until the process ends.
#![allow(unsafe_code)] // functions of a foreign library

mod driver;
mod frame;
mod write;

use crate::error::{Error, Result};
use driver::{
    ATTRIBUTE_MEMORY, ATTRIBUTE_ORDINAL, ATTRIBUTE_SIZE, ATTRIBUTE_START, Copy2d, Driver, EVENT_WITHOUT_TIMING, Handle,
    MEMORY_DEVICE, STREAM_NON_BLOCKING,
};
pub use frame::{CudaFence, CudaFrame, CudaPlane};
use once_cell::sync::OnceCell;
use std::ffi::{c_int, c_uint};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
pub use write::{CudaSource, CudaTarget};

/// NVIDIA's driver.
pub struct Cuda {
    driver: Driver,
    lanes: Mutex<Vec<Lane>>,
}

/// The primary context of a device, and a stream in it for copies that nobody else waits for.
#[derive(Clone, Copy)]
struct Lane {
    device: i32,
    context: Handle,
    stream: Handle,
}

/// What an address belongs to.
struct Allocation {
    device: i32,
    start: u64,
    size: u64,
}

impl Cuda {
    /// The driver of this machine, opened by the first who asks.
    ///
    /// # Errors
    /// Those of [`Cuda::open`].
    pub fn get() -> Result<Arc<Self>> {
        static DRIVER: OnceCell<Arc<Cuda>> = OnceCell::new();
        DRIVER.get_or_try_init(|| Self::open(None)).cloned()
    }

    /// Opens the library: that of the driver, or another one by its path.
    ///
    /// # Errors
    /// `Device` where there is none, for a file that is something else, and with the words of the driver where it does not start.
    pub fn open(path: Option<&Path>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { driver: Driver::open(path)?, lanes: Mutex::default() }))
    }

    /// The device whose memory holds all of these bytes. `argument` is the name that errors give the address.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that the driver does not know (of the processor, or freed), for page-locked memory of the
    /// processor, and for bytes that are not all in one allocation.
    pub fn device_of(&self, address: u64, bytes: usize, argument: &str) -> Result<i32> {
        let Allocation { device, start, size } = self.allocation(address, argument)?;
        let end = address.checked_add(bytes as u64);
        if address < start || end.is_none_or(|end| end - start > size) {
            return Err(Error::invalid(format!(
                "{argument}: the rows take the {bytes} bytes from {address:#x} on, which do not lie within their allocation of {size} \
                 bytes at {start:#x}; check the size and the row stride"
            )));
        }
        Ok(device)
    }

    fn allocation(&self, address: u64, argument: &str) -> Result<Allocation> {
        let attribute = |attribute: c_int, value: &mut u64| {
            // SAFETY: no attribute asked for is larger than eight bytes; the driver does not follow the address.
            let status = unsafe {
                (self.driver.functions.pointer_attribute)(std::ptr::from_mut(value).cast(), attribute, address)
            };
            if status == 0 {
                return Ok(());
            }
            Err(Error::invalid(format!(
                "{argument}: {address:#x} is no memory that CUDA knows ({}, CUDA error {status}); give the CUdeviceptr of an \
                 allocation that is not freed, or SAPIENS_MEMORY_CPU for memory of the processor",
                self.driver.words(status)
            )))
        };
        // Integers of four bytes are written to the lower half: devices of the other byte order do not exist.
        let (mut memory, mut device, mut start, mut size) = (0, 0, 0, 0);
        attribute(ATTRIBUTE_MEMORY, &mut memory)?;
        if memory as c_uint != MEMORY_DEVICE {
            return Err(Error::invalid(format!(
                "{argument}: {address:#x} is page-locked memory of the processor; give it as SAPIENS_MEMORY_CPU"
            )));
        }
        attribute(ATTRIBUTE_ORDINAL, &mut device)?;
        attribute(ATTRIBUTE_START, &mut start)?;
        attribute(ATTRIBUTE_SIZE, &mut size)?;
        Ok(Allocation { device: device as i32, start, size })
    }

    /// The primary context of a device and its stream, made for the first who asks.
    fn lane(&self, device: i32) -> Result<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lanes.iter().find(|known| known.device == device) {
            return Ok(*known);
        }
        let name = format!("cuda:{device}");
        let functions = &self.driver.functions;
        let (mut number, mut context, mut stream) = (0, 0, 0);
        // SAFETY: as declared; what is written is ours.
        unsafe {
            self.driver.check(&name, "find the device", (functions.device_get)(&mut number, device))?;
            self.driver.check(&name, "make a context", (functions.primary_retain)(&mut context, number))?;
        }
        self.within(context, &name, || {
            // SAFETY: as declared, in a current context.
            let status = unsafe { (functions.stream_create)(&mut stream, STREAM_NON_BLOCKING) };
            self.driver.check(&name, "make a stream", status)
        })?;
        let lane = Lane { device, context, stream };
        lanes.push(lane);
        Ok(lane)
    }

    /// Does something in a context, and leaves the thread as it was.
    fn within<T>(&self, context: Handle, argument: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
        struct Pop<'a>(&'a Driver);
        impl Drop for Pop<'_> {
            fn drop(&mut self) {
                let mut popped = 0;
                // SAFETY: what was pushed below. That it fails is nothing anybody could mend.
                unsafe { (self.0.functions.pop)(&mut popped) };
            }
        }
        // SAFETY: a context of the driver's.
        self.driver.check(argument, "enter the context", unsafe { (self.driver.functions.push)(context) })?;
        let _pop = Pop(&self.driver);
        run()
    }

    /// The context of a stream of the caller's; 0, the legacy default stream, is that of the device's primary context.
    ///
    /// # Safety
    /// `stream` is 0 or a stream that exists: drivers follow it.
    unsafe fn context_of(&self, stream: Handle, lane: &Lane, argument: &str) -> Result<Handle> {
        /// `CU_STREAM_LEGACY` and `CU_STREAM_PER_THREAD` belong to whatever context is current.
        const SPECIAL: Handle = 2;
        if stream <= SPECIAL {
            return Ok(lane.context);
        }
        let mut context = 0;
        // SAFETY: as the caller says.
        let status = unsafe { (self.driver.functions.stream_context)(stream, &mut context) };
        self.driver.check(argument, "tell the context of the stream", status)?;
        Ok(context)
    }

    /// An event behind everything that is in a stream now.
    ///
    /// # Safety
    /// That of [`Cuda::context_of`].
    unsafe fn mark(self: &Arc<Self>, stream: Handle, device: i32, argument: &str) -> Result<Mark> {
        let lane = self.lane(device)?;
        // SAFETY: as the caller says.
        let context = unsafe { self.context_of(stream, &lane, argument)? };
        let functions = &self.driver.functions;
        self.within(context, argument, || {
            let mut event = 0;
            // SAFETY: as declared, in a current context.
            let status = unsafe { (functions.event_create)(&mut event, EVENT_WITHOUT_TIMING) };
            self.driver.check(argument, "make an event", status)?;
            let mark = Mark { cuda: Arc::clone(self), event };
            // SAFETY: the event is of the context of the stream.
            let status = unsafe { (functions.event_record)(event, stream) };
            self.driver.check(argument, "record an event in the stream", status)?;
            Ok(mark)
        })
    }

    /// Waits on this thread until an event has come.
    ///
    /// # Safety
    /// The event exists: drivers follow it.
    unsafe fn wait(&self, event: Handle, device: i32, argument: &str) -> Result<()> {
        let lane = self.lane(device)?;
        self.within(lane.context, argument, || {
            // SAFETY: as the caller says.
            let status = unsafe { (self.driver.functions.event_synchronize)(event) };
            self.driver.check(argument, "wait for what is done before", status)
        })
    }

    /// Copies on the stream of the device, and waits for it.
    ///
    /// # Safety
    /// Both sides of the copy exist until this returns.
    unsafe fn copy(&self, copy: &Copy2d, device: i32, argument: &str) -> Result<()> {
        let lane = self.lane(device)?;
        let functions = &self.driver.functions;
        self.within(lane.context, argument, || {
            // SAFETY: as the caller says.
            let status = unsafe { (functions.copy_2d)(copy, lane.stream) };
            self.driver.check(argument, "copy", status)?;
            // SAFETY: a stream of ours.
            self.driver.check(argument, "copy", unsafe { (functions.stream_synchronize)(lane.stream) })
        })
    }
}

impl std::fmt::Debug for Cuda {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cuda").field("path", &self.driver.path).finish_non_exhaustive()
    }
}

/// An event of our own.
struct Mark {
    cuda: Arc<Cuda>,
    event: Handle,
}

impl Drop for Mark {
    fn drop(&mut self) {
        // SAFETY: made by us; a driver forgets one that has not come yet later. There is nobody to tell that it failed.
        unsafe { (self.cuda.driver.functions.event_destroy)(self.event) };
    }
}
