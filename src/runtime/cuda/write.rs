//! Writing rows into memory of a CUDA device.

use super::Cuda;
use super::driver::{Copy2d, MEMORY_DEVICE, MEMORY_HOST};
use crate::error::{Error, Result};

/// Rows without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CudaSource<'a> {
    /// In memory of the host.
    Host(&'a [u8]),
    /// On the device that they go to: an address, and so many bytes.
    Device(u64, usize),
}

impl CudaSource<'_> {
    fn len(self) -> usize {
        match self {
            Self::Host(bytes) => bytes.len(),
            Self::Device(_, bytes) => bytes,
        }
    }
}

/// Where rows go, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CudaTarget {
    /// Where the first row goes.
    pub start: u64,
    /// Bytes from one row to the next.
    pub pitch: usize,
    /// The `CUstream` that the copy is put into; `None`: it is done when the call returns.
    pub stream: Option<usize>,
    /// A `CUevent` of the context of the stream, recorded behind the copy.
    pub event: Option<usize>,
}

/// How errors name the fields: as the C structure `SapiensMapTarget` does.
const DATA: &str = "target->data";
const STREAM: &str = "target->stream";
const EVENT: &str = "target->event";

impl Cuda {
    /// Copies `source`, rows of `row` bytes, to a device. With a stream the copy may go on after this returns; with `waits` it is waited
    /// for all the same.
    ///
    /// # Errors
    /// Those of [`Cuda::device_of`], and the words of the driver.
    ///
    /// # Safety
    /// The target is the caller's to write, and nobody else uses it until the copy is done; until then `source` exists. Stream and event
    /// exist; drivers do not check them. What lies on the device is all written.
    pub unsafe fn write(&self, source: CudaSource, row: usize, target: &CudaTarget, waits: bool) -> Result<()> {
        let bytes = source.len();
        if row == 0 || target.pitch < row || !bytes.is_multiple_of(row) || bytes == 0 {
            let pitch = target.pitch;
            let message = format!("{DATA}: {bytes} bytes in rows of {row} cannot be written {pitch} bytes apart");
            return Err(Error::invalid(message));
        }
        let rows = bytes / row;
        let span = target.pitch.checked_mul(rows - 1).and_then(|span| span.checked_add(row));
        let span = span.ok_or_else(|| Error::invalid(format!("{DATA}: {rows} rows do not fit into any memory")))?;
        let device = self.device_of(target.start, span, DATA)?;
        let from = match source {
            CudaSource::Host(bytes) => {
                Copy2d { src_memory: MEMORY_HOST, src_host: bytes.as_ptr() as usize, ..Copy2d::default() }
            }
            CudaSource::Device(address, _) => {
                Copy2d { src_memory: MEMORY_DEVICE, src_device: address, ..Copy2d::default() }
            }
        };
        let copy = Copy2d {
            src_pitch: row,
            dst_memory: MEMORY_DEVICE,
            dst_device: target.start,
            dst_pitch: if rows > 1 { target.pitch } else { row },
            width: row,
            height: rows,
            ..from
        };
        let Some(stream) = target.stream else {
            // SAFETY: the target holds these rows, and it is waited for.
            return unsafe { self.copy(&copy, device, DATA) };
        };
        let lane = self.lane(device)?;
        // SAFETY: as the caller says.
        let context = unsafe { self.context_of(stream, &lane, STREAM)? };
        let functions = &self.driver.functions;
        self.within(context, STREAM, || {
            // SAFETY: as the caller says, and the target holds these rows.
            self.driver.check(DATA, "copy", unsafe { (functions.copy_2d)(&copy, stream) })?;
            let recorded = match target.event {
                // SAFETY: as the caller says.
                Some(event) => {
                    self.driver.check(EVENT, "record it", unsafe { (functions.event_record)(event, stream) })
                }
                None => Ok(()),
            };
            if waits || recorded.is_err() {
                // SAFETY: as the caller says. Nobody could tell when the copy is done otherwise.
                self.driver.check(STREAM, "wait for it", unsafe { (functions.stream_synchronize)(stream) })?;
            }
            recorded
        })
    }
}
