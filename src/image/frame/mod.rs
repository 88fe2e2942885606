//! Raw camera frames: a buffer of a pixel format, its strides and its orientation; packed copies and upright pictures.

mod convert;
mod nv12;
mod orient;

use super::{Image, check_size};
use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
pub(crate) use nv12::Matrix as YuvMatrix;
pub use orient::Orientation;

/// Order of the bytes of a pixel, 8 bits per channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// R, G, B.
    Rgb8,
    /// B, G, R.
    Bgr8,
    /// R, G, B, A. Alpha is ignored.
    Rgba8,
    /// B, G, R, A. Alpha is ignored.
    Bgra8,
    /// One brightness.
    Gray8,
    /// A plane of Y, and one of interleaved U, V at half the width and height, rounded up.
    Nv12,
}

/// How Y, U, V become R, G, B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum YuvColor {
    /// ITU-R BT.601, Y in 16..235.
    Bt601Limited,
    /// ITU-R BT.601, Y in 0..255.
    Bt601Full,
    /// ITU-R BT.709, Y in 16..235.
    Bt709Limited,
    /// ITU-R BT.709, Y in 0..255.
    Bt709Full,
}

/// What a buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameFormat {
    /// Pixels of the buffer, before it is turned upright.
    pub size: Size,
    /// Order of the bytes.
    pub format: PixelFormat,
    /// Given for NV12 and for nothing else.
    pub yuv: Option<YuvColor>,
    /// What makes the picture upright.
    pub orientation: Orientation,
}

/// Rows of bytes: row `y` begins at `first + y * stride`.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// Memory that holds all rows.
    pub bytes: &'a [u8],
    /// Where the first row begins.
    pub first: usize,
    /// From one row to the next; negative where the last row comes first in memory.
    pub stride: isize,
}

impl<'a> Plane<'a> {
    /// The bytes of row `y`. Only for planes that [`FrameFormat`] has checked.
    fn row(&self, y: usize, bytes: usize) -> &'a [u8] {
        let start = self.first as isize + y as isize * self.stride;
        &self.bytes[start as usize..start as usize + bytes]
    }
}

impl FrameFormat {
    /// Checks size and colours. Names are those of the C struct `SapiensImage`.
    ///
    /// # Errors
    /// `Image` for a size outside the limits of pictures, `InvalidArgument` for YUV colours that are missing or too many.
    pub fn check(&self) -> Result<()> {
        check_size(self.size.width as u64, self.size.height as u64)?;
        match (self.format, self.yuv) {
            (PixelFormat::Nv12, None) => Err(Error::invalid(
                "image->color is not set; NV12 needs one of BT.601 or BT.709, limited or full (most video is BT709_LIMITED)",
            )),
            (format, Some(_)) if format != PixelFormat::Nv12 => {
                Err(Error::invalid("image->color is set, but only NV12 has one; leave it 0 for other formats"))
            }
            _ => Ok(()),
        }
    }

    /// Number of planes.
    pub const fn plane_count(&self) -> usize {
        if matches!(self.format, PixelFormat::Nv12) { 2 } else { 1 }
    }

    /// Bytes of a row of a plane, without padding.
    pub const fn row_bytes(&self, plane: usize) -> usize {
        // Sizes beyond the limits may be asked about too, before they are refused.
        match self.format {
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => self.size.width.saturating_mul(3),
            PixelFormat::Rgba8 | PixelFormat::Bgra8 => self.size.width.saturating_mul(4),
            PixelFormat::Gray8 => self.size.width,
            PixelFormat::Nv12 if plane == 0 => self.size.width,
            PixelFormat::Nv12 => self.size.width.div_ceil(2).saturating_mul(2),
        }
    }

    /// Rows of a plane.
    pub const fn rows(&self, plane: usize) -> usize {
        if plane == 0 { self.size.height } else { self.size.height.div_ceil(2) }
    }

    /// Bytes of the whole frame without padding; the largest number for sizes far beyond the limits.
    pub fn packed_bytes(&self) -> usize {
        let bytes = |plane| self.row_bytes(plane).saturating_mul(self.rows(plane));
        (0..self.plane_count()).map(bytes).fold(0, usize::saturating_add)
    }

    /// Size of the upright picture.
    pub fn upright_size(&self) -> Size {
        self.orientation.upright(self.size)
    }

    /// The affine map from pixels of the upright picture to pixels of the buffer.
    pub fn buffer_from_image(&self) -> Affine {
        self.orientation.buffer_from_image(self.size)
    }

    /// Copies the rows without padding and without conversion: what a submit does on the caller's thread. `out` is
    /// overwritten; its memory is used again.
    ///
    /// # Errors
    /// `Image` for a size outside the limits, `InvalidArgument` for planes that do not hold the frame.
    pub fn pack(&self, planes: &[Plane<'_>], out: &mut Vec<u8>) -> Result<()> {
        self.check_planes(planes)?;
        out.clear();
        out.reserve_exact(self.packed_bytes());
        for (index, plane) in planes.iter().enumerate() {
            let (row, rows) = (self.row_bytes(index), self.rows(index));
            if plane.stride == row as isize {
                out.extend_from_slice(&plane.bytes[plane.first..plane.first + row * rows]);
            } else {
                (0..rows).for_each(|y| out.extend_from_slice(plane.row(y, row)));
            }
        }
        Ok(())
    }

    /// The planes of a packed copy.
    ///
    /// # Errors
    /// `Image` for a size outside the limits, `InvalidArgument` if `bytes` are not exactly those of the frame.
    pub fn packed_planes<'a>(&self, bytes: &'a [u8]) -> Result<Vec<Plane<'a>>> {
        check_size(self.size.width as u64, self.size.height as u64)?;
        let expected = self.packed_bytes();
        if bytes.len() != expected {
            return Err(Error::invalid(format!("a packed frame of {} bytes; it must have {expected}", bytes.len())));
        }
        let mut first = 0;
        let plane = |index| {
            let plane = Plane { bytes, first, stride: self.row_bytes(index) as isize };
            first += self.row_bytes(index) * self.rows(index);
            plane
        };
        Ok((0..self.plane_count()).map(plane).collect())
    }

    /// The upright picture. The memory of `reuse` is used again where it is large enough.
    ///
    /// # Errors
    /// Those of [`FrameFormat::check`]; `InvalidArgument` for planes that do not hold the frame.
    pub fn to_image(&self, planes: &[Plane<'_>], reuse: Vec<u8>) -> Result<Image> {
        self.check()?;
        self.check_planes(planes)?;
        let (mut pixels, len) = (reuse, 3 * self.size.area());
        if pixels.capacity() < len {
            // The system hands out memory that is zero already: nothing is touched twice, nothing old is copied.
            pixels = vec![0; len];
        } else {
            // Every byte is written below: what is kept of an old picture need not be cleared.
            pixels.resize(len, 0);
        }
        convert::upright(self, planes, &mut pixels);
        Image::from_rgb8(self.upright_size(), pixels)
    }

    pub(crate) fn check_planes(&self, planes: &[Plane<'_>]) -> Result<()> {
        check_size(self.size.width as u64, self.size.height as u64)?;
        if planes.len() != self.plane_count() {
            return Err(Error::invalid(format!("{} planes; this format has {}", planes.len(), self.plane_count())));
        }
        for (index, plane) in planes.iter().enumerate() {
            self.check_rows(index, plane.bytes.len(), plane.first, plane.stride)?;
        }
        Ok(())
    }

    /// Whether the rows of a plane lie within so many bytes. For sizes within the limits.
    pub(crate) fn check_rows(&self, index: usize, given: usize, first: usize, stride: isize) -> Result<()> {
        let name = if index == 0 { "image->row_stride" } else { "image->chroma_stride" };
        let (row, rows) = (self.row_bytes(index), self.rows(index));
        if stride.unsigned_abs() < row {
            return Err(Error::invalid(format!("{name} is {stride}; a row of this image has {row} bytes")));
        }
        let last = stride.checked_mul(rows as isize - 1).and_then(|span| first.checked_add_signed(span));
        let end = last.and_then(|last| last.max(first).checked_add(row));
        if end.is_some_and(|end| end <= given) {
            return Ok(());
        }
        let span = stride.unsigned_abs().checked_mul(rows - 1);
        let needed = match span.and_then(|span| span.checked_add(row)) {
            Some(needed) => format!("need {needed} bytes"),
            None => "need more bytes than there can be".into(),
        };
        Err(Error::invalid(format!(
            "{name} {stride}: {rows} rows of {row} bytes {needed}; they do not lie within the {given} bytes of plane {index} with \
             the first row at byte {first}"
        )))
    }
}
