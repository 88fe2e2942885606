//! Raw camera frames: a buffer of a pixel format, its strides and its orientation; packed copies and upright pictures.

mod convert;
mod orient;

use super::{Image, check_size};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Affine, Size};
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
        match self.format {
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => 3 * self.size.width,
            PixelFormat::Rgba8 | PixelFormat::Bgra8 => 4 * self.size.width,
            PixelFormat::Gray8 => self.size.width,
            PixelFormat::Nv12 if plane == 0 => self.size.width,
            PixelFormat::Nv12 => 2 * self.size.width.div_ceil(2),
        }
    }

    /// Rows of a plane.
    pub const fn rows(&self, plane: usize) -> usize {
        if plane == 0 { self.size.height } else { self.size.height.div_ceil(2) }
    }

    /// Bytes of the whole frame without padding.
    pub fn packed_bytes(&self) -> usize {
        (0..self.plane_count()).map(|plane| self.row_bytes(plane) * self.rows(plane)).sum()
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
    /// `InvalidArgument` for planes that do not hold the frame.
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
    /// `InvalidArgument` if it has not exactly the bytes of the frame.
    pub fn packed_planes<'a>(&self, bytes: &'a [u8]) -> Result<Vec<Plane<'a>>> {
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
        let mut pixels = reuse;
        // Every byte is written below: what is kept of an old picture of the same size need not be cleared.
        pixels.resize(3 * self.size.area(), 0);
        if self.orientation == Orientation::Normal {
            convert::upright(self, planes, &mut pixels);
        } else {
            convert::turned(self, planes, &mut pixels);
        }
        Image::from_rgb8(self.upright_size(), pixels)
    }

    fn check_planes(&self, planes: &[Plane<'_>]) -> Result<()> {
        check_size(self.size.width as u64, self.size.height as u64)?;
        if planes.len() != self.plane_count() {
            return Err(Error::invalid(format!("{} planes; this format has {}", planes.len(), self.plane_count())));
        }
        for (index, plane) in planes.iter().enumerate() {
            let name = if index == 0 { "image->row_stride" } else { "image->chroma_stride" };
            let (row, rows) = (self.row_bytes(index), self.rows(index));
            if plane.stride.unsigned_abs() < row {
                let message = format!("{name} is {}; a row of this image has {row} bytes", plane.stride);
                return Err(Error::invalid(message));
            }
            let span = plane.stride.checked_mul(rows as isize - 1);
            let last = span.and_then(|span| plane.first.checked_add_signed(span));
            let end = last.and_then(|last| last.max(plane.first).checked_add(row));
            if end.is_none_or(|end| end > plane.bytes.len()) {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!(
                        "the plane has {} bytes; {rows} rows of {row} bytes at {name} {} do not lie within them",
                        plane.bytes.len(),
                        plane.stride
                    ),
                ));
            }
        }
        Ok(())
    }
}
