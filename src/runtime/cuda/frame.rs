//! Frames in the memory of a CUDA device.

use super::driver::{Copy2d, Handle, MEMORY_DEVICE, MEMORY_HOST};
use super::{Cuda, Mark};
use crate::error::{Error, ErrorKind, Result};
use crate::image::{FrameFormat, Image};
use crate::runtime::{Device, DeviceBytes};
use std::ops::Range;
use std::sync::Arc;

/// Rows of bytes on a device, as [`Plane`](crate::image::Plane) has them on the host: row `y` begins at `first + y * stride` bytes from
/// `start`, and all of them lie within the `bytes` from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CudaPlane {
    /// The lowest address.
    pub start: u64,
    /// From the first byte of the lowest row to the last one of the highest.
    pub bytes: usize,
    /// Where the first row begins.
    pub first: usize,
    /// From one row to the next; negative where the last row comes first in memory.
    pub stride: isize,
}

/// What must have happened before pixels are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CudaFence {
    /// A `CUevent`: it must exist, and not be recorded anew, until the frame has been read.
    Event(usize),
    /// A `CUstream`: what is in it when the frame is made. 0: the legacy default stream of the device's primary context.
    Stream(usize),
}

/// A frame on a CUDA device, in memory of somebody else.
pub struct CudaFrame {
    cuda: Arc<Cuda>,
    format: FrameFormat,
    planes: Vec<CudaPlane>,
    device: i32,
    ready: Ready,
}

enum Ready {
    Event(Handle),
    Marked(Mark),
}

/// How errors name the planes and the fence: as the C structure `SapiensImage` does.
const PLANES: [&str; 2] = ["image->data", "image->chroma"];
const EVENT: &str = "image->event";
const STREAM: &str = "image->stream";

impl CudaFrame {
    /// Describes a frame; its format is checked, and its memory with the driver. Does not wait.
    ///
    /// # Errors
    /// Those of [`FrameFormat::check`] and [`Cuda::device_of`], `InvalidArgument` for planes that do not hold the frame or are on several
    /// devices, and for a stream that the driver does not take.
    ///
    /// # Safety
    /// The memory is not freed or written to as long as this value exists, but by work before the fence. Event or stream exist; drivers do
    /// not check them.
    pub unsafe fn new(cuda: Arc<Cuda>, format: FrameFormat, planes: Vec<CudaPlane>, fence: CudaFence) -> Result<Self> {
        format.check()?;
        if planes.len() != format.plane_count() {
            let message = format!("{} planes; this format has {}", planes.len(), format.plane_count());
            return Err(Error::invalid(message));
        }
        for (index, plane) in planes.iter().enumerate() {
            format.check_rows(index, plane.bytes, plane.first, plane.stride)?;
        }
        let device = device_of(&cuda, &planes)?;
        let ready = match fence {
            CudaFence::Event(event) => Ready::Event(event),
            // SAFETY: as the caller says.
            CudaFence::Stream(stream) => Ready::Marked(unsafe { cuda.mark(stream, device, STREAM)? }),
        };
        Ok(Self { cuda, format, planes, device, ready })
    }

    /// What the pixels are.
    pub fn format(&self) -> &FrameFormat {
        &self.format
    }

    /// Where they are.
    pub fn planes(&self) -> &[CudaPlane] {
        &self.planes
    }

    /// On which device.
    pub fn device(&self) -> Device {
        Device::Cuda(self.device)
    }

    /// Waits until they are there, on this thread; and asks whether they still are.
    fn wait(&self) -> Result<()> {
        let (event, argument) = match &self.ready {
            Ready::Event(event) => (*event, EVENT),
            Ready::Marked(mark) => (mark.event, STREAM),
        };
        // SAFETY: it exists by the promise of `new`, or is ours.
        unsafe { self.cuda.wait(event, self.device, argument)? };
        device_of(&self.cuda, &self.planes).map(|_| ())
    }

    /// A part of a plane where it lies, once the pixels are there.
    ///
    /// # Errors
    /// `Device` or `InvalidArgument` with the words of the driver if waiting fails or the memory is gone.
    pub fn bytes(&self, plane: usize, range: Range<usize>) -> Result<DeviceBytes<'_>> {
        self.wait()?;
        let plane = self.planes.get(plane).filter(|plane| range.start <= range.end && range.end <= plane.bytes);
        let plane = plane.ok_or_else(|| Error::new(ErrorKind::Internal, "a frame is read beyond its rows"))?;
        // SAFETY: by the promise of `new`.
        Ok(unsafe { DeviceBytes::new(self.device(), plane.start + range.start as u64, range.len()) })
    }

    /// Brings the pixels to the host, as [`FrameFormat::pack`] does. `out` is overwritten; its memory is used again.
    ///
    /// # Errors
    /// Those of [`CudaFrame::bytes`].
    pub fn fetch(&self, out: &mut Vec<u8>) -> Result<()> {
        self.wait()?;
        // All of it is written below.
        out.resize(self.format.packed_bytes(), 0);
        let mut rest = out.as_mut_slice();
        for (index, plane) in self.planes.iter().enumerate() {
            let (row, rows) = (self.format.row_bytes(index), self.format.rows(index));
            let (own, others) = rest.split_at_mut(row * rows);
            rest = others;
            let copy = Copy2d {
                src_memory: MEMORY_DEVICE,
                src_device: plane.start,
                src_pitch: if rows > 1 { plane.stride.unsigned_abs() } else { row },
                dst_memory: MEMORY_HOST,
                dst_host: own.as_mut_ptr() as usize,
                dst_pitch: row,
                width: row,
                height: rows,
                ..Copy2d::default()
            };
            // SAFETY: the rows lie within the plane, and the slice has room for as many.
            unsafe { self.cuda.copy(&copy, self.device, PLANES[index])? };
            if plane.stride < 0 {
                // They came from the last one up.
                let (low, high) = own.split_at_mut(rows / 2 * row);
                low.chunks_exact_mut(row).zip(high.rchunks_exact_mut(row)).for_each(|(a, b)| a.swap_with_slice(b));
            }
        }
        Ok(())
    }

    /// The upright picture, made on the host.
    ///
    /// # Errors
    /// Those of [`CudaFrame::fetch`].
    pub fn to_image(&self) -> Result<Image> {
        let mut packed = Vec::new();
        self.fetch(&mut packed)?;
        self.format.to_image(&self.format.packed_planes(&packed)?, Vec::new())
    }
}

fn device_of(cuda: &Cuda, planes: &[CudaPlane]) -> Result<i32> {
    let mut devices = Vec::with_capacity(planes.len());
    for (plane, name) in planes.iter().zip(PLANES) {
        devices.push(cuda.device_of(plane.start, plane.bytes, name)?);
    }
    match devices.as_slice() {
        [device] => Ok(*device),
        [a, b] if a == b => Ok(*a),
        [a, b] => {
            Err(Error::invalid(format!("image->chroma is on cuda:{b}, image->data on cuda:{a}; both must be on one")))
        }
        _ => Err(Error::new(ErrorKind::Internal, "a frame without planes")),
    }
}

impl std::fmt::Debug for CudaFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CudaFrame").field("format", &self.format).field("device", &self.device).finish_non_exhaustive()
    }
}
