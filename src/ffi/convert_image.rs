//! From the description of a picture in C to the types of the library, checked.

use super::convert::{choose, zero};
use super::enums::{SapiensColor, SapiensMemory, SapiensPixelFormat};
use super::guard::{check_pointer, slice};
use super::status::{Failure, SapiensStatus};
use super::stream_types::SapiensImage;
use crate::geometry::Size;
use crate::image::{FrameFormat, Orientation, PixelFormat, Plane, YuvColor};
use crate::runtime::{Cuda, CudaFence, CudaFrame, CudaPlane};

/// The memory spaces that are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Cpu,
    Cuda,
}

/// `argument`: the field, such as `image->memory`.
pub(super) fn space(memory: i32, argument: &str) -> Result<Space, Failure> {
    if memory == SapiensMemory::Cpu as i32 {
        return Ok(Space::Cpu);
    }
    if memory == SapiensMemory::Cuda as i32 {
        return Ok(Space::Cuda);
    }
    Err(if (SapiensMemory::Vulkan as i32..=SapiensMemory::Metal as i32).contains(&memory) {
        let known = "this version knows SAPIENS_MEMORY_CPU (0) and SAPIENS_MEMORY_CUDA (1)";
        Failure::new(SapiensStatus::Unsupported, format!("{argument} is {memory}: {known}"))
    } else {
        Failure::invalid(format!("{argument} is {memory}; a SapiensMemory is 0..4"))
    })
}

/// The description of a picture, its size and colours checked; pointers and strides are checked by [`planes`] and [`cuda_frame`].
pub(super) fn frame_format(image: &SapiensImage) -> Result<FrameFormat, Failure> {
    zero(image.reserved, "image->reserved")?;
    let formats = [
        (SapiensPixelFormat::Rgb8 as i32, PixelFormat::Rgb8),
        (SapiensPixelFormat::Bgr8 as i32, PixelFormat::Bgr8),
        (SapiensPixelFormat::Rgba8 as i32, PixelFormat::Rgba8),
        (SapiensPixelFormat::Bgra8 as i32, PixelFormat::Bgra8),
        (SapiensPixelFormat::Gray8 as i32, PixelFormat::Gray8),
        (SapiensPixelFormat::Nv12 as i32, PixelFormat::Nv12),
    ];
    let colors = [
        (SapiensColor::None as i32, None),
        (SapiensColor::Bt601Limited as i32, Some(YuvColor::Bt601Limited)),
        (SapiensColor::Bt601Full as i32, Some(YuvColor::Bt601Full)),
        (SapiensColor::Bt709Limited as i32, Some(YuvColor::Bt709Limited)),
        (SapiensColor::Bt709Full as i32, Some(YuvColor::Bt709Full)),
    ];
    let orientations = [
        (0, Orientation::Normal),
        (1, Orientation::Normal),
        (2, Orientation::FlipHorizontal),
        (3, Orientation::Rotate180),
        (4, Orientation::FlipVertical),
        (5, Orientation::Transpose),
        (6, Orientation::Rotate90),
        (7, Orientation::Transverse),
        (8, Orientation::Rotate270),
    ];
    let format = FrameFormat {
        size: Size::new(image.width as usize, image.height as usize),
        format: choose(image.format, "image->format", "SapiensPixelFormat", &formats)?,
        yuv: choose(image.color, "image->color", "SapiensColor", &colors)?,
        orientation: choose(image.orientation, "image->orientation", "SapiensOrientation", &orientations)?,
    };
    format.check()?;
    Ok(format)
}

/// The rows of the host's picture. The lifetime is the host's promise: until the submit returns, or until the release.
///
/// # Safety
/// `image->data` and `image->chroma` lead to all rows that the description covers.
pub(super) unsafe fn planes(image: &SapiensImage, format: &FrameFormat) -> Result<Vec<Plane<'static>>, Failure> {
    if !image.stream.is_null() || !image.event.is_null() {
        return Err(Failure::invalid("image->stream and event are for SAPIENS_MEMORY_CUDA; leave them NULL"));
    }
    let of = |(index, extent): (usize, Extent)| {
        // SAFETY: within the address space; readable by the host's promise.
        let bytes = unsafe { slice(extent.start as *const u8, extent.bytes, PLANES[index])? };
        Ok::<_, Failure>(Plane { bytes, first: extent.first, stride: extent.stride })
    };
    extents(image, format)?.into_iter().enumerate().map(of).collect()
}

/// The host's picture on a CUDA device.
///
/// # Safety
/// The memory is there until the frame is dropped; `image->event` or `image->stream` exist.
pub(super) unsafe fn cuda_frame(image: &SapiensImage, format: FrameFormat) -> Result<CudaFrame, Failure> {
    let planes = extents(image, &format)?.into_iter().map(|extent| CudaPlane {
        start: extent.start as u64,
        bytes: extent.bytes,
        first: extent.first,
        stride: extent.stride,
    });
    let fence = if image.event.is_null() {
        CudaFence::Stream(image.stream as usize)
    } else {
        CudaFence::Event(image.event as usize)
    };
    // SAFETY: as the caller says.
    Ok(unsafe { CudaFrame::new(Cuda::get()?, format, planes.collect(), fence)? })
}

const PLANES: [&str; 2] = ["image->data", "image->chroma"];

/// The rows of a plane as addresses.
pub(super) struct Extent {
    /// The lowest one.
    pub start: usize,
    /// All rows with what lies between them.
    pub bytes: usize,
    /// From `start` to the first row.
    pub first: usize,
    pub stride: isize,
}

fn extents(image: &SapiensImage, format: &FrameFormat) -> Result<Vec<Extent>, Failure> {
    let of = |index: usize, data: *const u8, stride: i64, name: &str| {
        check_pointer(data, PLANES[index])?;
        extent(data as usize, stride, format.row_bytes(index), format.rows(index), name)
    };
    let mut found = vec![of(0, image.data.cast(), image.row_stride, "image->row_stride")?];
    if format.plane_count() > 1 {
        found.push(of(1, image.chroma.cast(), image.chroma_stride, "image->chroma_stride")?);
    } else if !image.chroma.is_null() || image.chroma_stride != 0 {
        return Err(Failure::invalid("image->chroma and chroma_stride are for NV12; leave them 0 for other formats"));
    }
    Ok(found)
}

/// `rows` rows of `row` bytes, `stride` apart, the first at `data`. `name` is that of the stride.
pub(super) fn extent(data: usize, stride: i64, row: usize, rows: usize, name: &str) -> Result<Extent, Failure> {
    if stride.unsigned_abs() < row as u64 {
        return Err(Failure::invalid(format!("{name} is {stride}; a row of this image has {row} bytes")));
    }
    let too_large = || Failure::invalid(format!("{name} is {stride}: {rows} rows do not fit into memory"));
    let step = isize::try_from(stride).map_err(|_| too_large())?;
    let before_last = step.unsigned_abs().checked_mul(rows.saturating_sub(1)).ok_or_else(too_large)?;
    let bytes = before_last.checked_add(row).filter(|n| *n <= isize::MAX as usize).ok_or_else(too_large)?;
    let (start, first) = if step < 0 { (data.checked_sub(before_last), before_last) } else { (Some(data), 0) };
    let start = start.filter(|s| *s != 0 && s.checked_add(bytes).is_some()).ok_or_else(too_large)?;
    Ok(Extent { start, bytes, first, stride: step })
}
