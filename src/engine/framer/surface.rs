//! Pictures as they lie in memory: whatever rows, padding and orientation they have, a pixel is found by one sum.

use super::Framer;
use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
use crate::image::{FrameFormat, Image, PixelFormat, Plane, YuvColor};
use crate::runtime::{CudaFrame, Device, DeviceBytes, Input, View};
use std::ops::Range;

/// Where the pixels of an upright picture lie in a buffer, counted in pixels: `(x, y)` at `origin + x * across + y * down`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Size of the upright picture.
    pub size: Size,
    /// Bytes of a pixel.
    pub channels: usize,
    /// Which of them are red, green and blue.
    pub order: [usize; 3],
    pub origin: usize,
    pub across: isize,
    pub down: isize,
}

/// A picture that a device can be given as it is.
#[derive(Debug, Clone, Copy)]
pub struct Surface<'a> {
    pub(super) bytes: Bytes<'a>,
    /// If these are the luma of NV12: then `layout` is that of the R, G, B that the device makes of it, without gaps.
    pub(super) yuv: Option<Yuv<'a>>,
    pub(super) layout: Layout,
}

/// The rest of NV12.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yuv<'a> {
    pub color: YuvColor,
    /// Size of the buffer.
    pub size: Size,
    /// In bytes.
    pub luma: Rows,
    pub chroma: Bytes<'a>,
    /// Those of `chroma`, in pairs of U and V.
    pub pairs: Rows,
}

/// Where the first row begins, and from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub first: usize,
    pub step: isize,
}

/// The rows of a picture with what lies between them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bytes<'a> {
    Host(&'a [u8]),
    /// On a device already: none but that one takes them.
    There(DeviceBytes<'a>),
}

impl<'a> Bytes<'a> {
    pub fn len(&self) -> usize {
        match self {
            Self::Host(bytes) => bytes.len(),
            Self::There(bytes) => bytes.len(),
        }
    }

    /// The shape of [`Bytes::input`] in rows of so many.
    pub fn shape(&self, columns: usize) -> [usize; 2] {
        [self.len() / columns, columns]
    }

    pub fn input(&self, shape: &'a [usize; 2]) -> Input<'a> {
        match *self {
            Self::Host(bytes) => Input::Host(View::U8(shape, bytes)),
            Self::There(bytes) => Input::Foreign(bytes, shape[1]),
        }
    }

    fn is_for(&self, device: Device) -> bool {
        match self {
            Self::Host(_) => true,
            Self::There(bytes) => bytes.device() == device,
        }
    }
}

impl<'a> From<&'a Image> for Surface<'a> {
    fn from(image: &'a Image) -> Self {
        let size = image.size();
        let layout = Layout { size, channels: 3, order: [0, 1, 2], origin: 0, across: 1, down: size.width as isize };
        Self { bytes: Bytes::Host(image.pixels()), yuv: None, layout }
    }
}

impl<'a> Surface<'a> {
    /// A raw frame; `None` if the host has to convert it: rows that do not begin a whole number of pixels after one another, of NV12 an even
    /// number of bytes of U, V.
    ///
    /// # Errors
    /// Those of [`FrameFormat::check`]; `InvalidArgument` for planes that do not hold the frame.
    pub fn of_frame(format: &FrameFormat, planes: &[Plane<'a>]) -> Result<Option<Self>> {
        format.check()?;
        format.check_planes(planes)?;
        let rows: Vec<_> = planes.iter().map(|plane| (plane.first, plane.stride)).collect();
        Self::of(format, &rows, |index, range| Ok(Bytes::Host(&planes[index].bytes[range])))
    }

    /// A frame on a CUDA device, once its pixels are there; `None` as for [`Surface::of_frame`].
    ///
    /// # Errors
    /// Those of [`CudaFrame::bytes`].
    pub fn of_cuda(frame: &'a CudaFrame) -> Result<Option<Self>> {
        let rows: Vec<_> = frame.planes().iter().map(|plane| (plane.first, plane.stride)).collect();
        Self::of(frame.format(), &rows, |index, range| Ok(Bytes::There(frame.bytes(index, range)?)))
    }

    /// Planes on a device: the bytes of their rows, where the first one begins, and from one to the next; `None` as for
    /// [`Surface::of_frame`].
    ///
    /// # Errors
    /// Those of [`FrameFormat::check`]; `InvalidArgument` if they do not hold the picture.
    pub fn on_device(format: &FrameFormat, planes: &[(DeviceBytes<'a>, usize, isize)]) -> Result<Option<Self>> {
        format.check()?;
        if planes.len() != format.plane_count() {
            let message = format!("{} planes; this format has {}", planes.len(), format.plane_count());
            return Err(Error::invalid(message));
        }
        for (index, (bytes, first, stride)) in planes.iter().enumerate() {
            format.check_rows(index, bytes.len(), *first, *stride)?;
        }
        let rows: Vec<_> = planes.iter().map(|&(_, first, stride)| (first, stride)).collect();
        Self::of(format, &rows, |index, range| {
            let bytes = planes[index].0;
            if range != (0..bytes.len()) {
                let message = format!("{} bytes on {}; the rows are the bytes {range:?}", bytes.len(), bytes.device());
                return Err(Error::invalid(message));
            }
            Ok(Bytes::There(bytes))
        })
    }

    /// Of planes that have been checked: where their rows lie, and what gives their bytes.
    fn of(
        format: &FrameFormat,
        rows: &[(usize, isize)],
        bytes: impl Fn(usize, Range<usize>) -> Result<Bytes<'a>>,
    ) -> Result<Option<Self>> {
        let Some((ranges, layout, yuv)) = placed(format, rows) else { return Ok(None) };
        let mut found = ranges.into_iter().enumerate().map(|(index, range)| bytes(index, range));
        let mut next = || found.next().unwrap_or_else(|| Err(Error::invalid("planes: none given")));
        let first = next()?;
        let yuv = match yuv {
            Some((color, [luma, pairs])) => Some(Yuv { color, size: format.size, luma, chroma: next()?, pairs }),
            None => None,
        };
        Ok(Some(Self { bytes: first, yuv, layout }))
    }

    /// Size of the upright picture.
    pub fn size(&self) -> Size {
        self.layout.size
    }

    /// Whether this device can be given it.
    pub fn is_for(&self, device: Device) -> bool {
        self.bytes.is_for(device) && self.yuv.is_none_or(|yuv| yuv.chroma.is_for(device))
    }
}

/// Whether a framer reads a frame where it lies.
pub(in crate::engine) fn is_read_there(frame: &CudaFrame, framer: Option<&Framer>) -> bool {
    let strides = frame.planes().iter().map(|plane| plane.stride);
    framer.is_some_and(|framer| framer.device() == frame.device()) && is_direct(frame.format(), strides)
}

/// Whether a device can be given frames of this format whose planes have rows so many bytes apart.
fn is_direct(format: &FrameFormat, strides: impl Iterator<Item = isize>) -> bool {
    placed(format, &strides.map(|stride| (0, stride.abs())).collect::<Vec<_>>()).is_some()
}

/// The bytes of each plane that hold its rows, where the pixels lie in them, and the colours of NV12 with the rows of both planes; `None`
/// if the host has to convert the frame. The rows have been checked.
#[expect(clippy::type_complexity, reason = "said once, in the line above")]
fn placed(
    format: &FrameFormat,
    rows: &[(usize, isize)],
) -> Option<(Vec<Range<usize>>, Layout, Option<(YuvColor, [Rows; 2])>)> {
    let (channels, order) = match format.format {
        PixelFormat::Rgb8 => (3, [0, 1, 2]),
        PixelFormat::Bgr8 => (3, [2, 1, 0]),
        PixelFormat::Rgba8 => (4, [0, 1, 2]),
        PixelFormat::Bgra8 => (4, [2, 1, 0]),
        PixelFormat::Gray8 => (1, [0, 0, 0]),
        PixelFormat::Nv12 => {
            let [luma, chroma] = rows else { return None };
            let ((luma_range, luma), (range, pairs)) = (lying(format, 0, *luma, 1)?, lying(format, 1, *chroma, 2)?);
            let pixels = Rows { first: 0, step: format.size.width as isize };
            let yuv = Some((format.yuv?, [luma, pairs]));
            return Some((vec![luma_range, range], layout(format, 3, [0, 1, 2], pixels), yuv));
        }
    };
    let (range, rows) = lying(format, 0, *rows.first()?, channels)?;
    Some((vec![range], layout(format, channels, order, rows), None))
}

/// The bytes that hold the rows of a plane, and where these lie in them, in units of so many bytes.
fn lying(
    format: &FrameFormat,
    plane: usize,
    (first, stride): (usize, isize),
    unit: usize,
) -> Option<(Range<usize>, Rows)> {
    let (row, rows) = (format.row_bytes(plane), format.rows(plane));
    let stride = if rows == 1 { row as isize } else { stride };
    if stride % unit as isize != 0 {
        return None;
    }
    let span = stride.unsigned_abs() * (rows - 1);
    // The row that comes first in memory, and the first row of the picture seen from there.
    let (start, above) = if stride < 0 { (first - span, span) } else { (first, 0) };
    Some((start..start + span + row, Rows { first: above / unit, step: stride / unit as isize }))
}

/// Upright pixels in a buffer with such rows of pixels.
fn layout(format: &FrameFormat, channels: usize, order: [usize; 3], rows: Rows) -> Layout {
    let Affine([[xx, xy, x0], [yx, yy, y0]]) = format.buffer_from_image();
    let pixel = |x: f64, y: f64| x as isize + y as isize * rows.step;
    Layout {
        size: format.upright_size(),
        channels,
        order,
        origin: (rows.first as isize + pixel(x0, y0)) as usize,
        across: pixel(xx, yx),
        down: pixel(xy, yy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Orientation;

    #[test]
    fn every_pixel_is_found_whatever_the_buffer_looks_like() {
        let size = Size::new(5, 3);
        let formats =
            [PixelFormat::Rgb8, PixelFormat::Bgr8, PixelFormat::Rgba8, PixelFormat::Bgra8, PixelFormat::Gray8];
        let bytes: Vec<u8> = (0..200).map(|i| (i * 7 % 251) as u8).collect();
        for format in formats {
            for orientation in Orientation::ALL {
                let format = FrameFormat { size, format, yuv: None, orientation };
                let (row, channels) = (format.row_bytes(0), format.row_bytes(0) / 5);
                let stride = row + 2 * channels;
                for (first, stride) in [(4, row as isize), (4, stride as isize), (4 + 2 * stride, -(stride as isize))] {
                    let planes = [Plane { bytes: &bytes, first, stride }];
                    let surface = Surface::of_frame(&format, &planes).unwrap().unwrap();
                    let image = format.to_image(&planes, Vec::new()).unwrap();
                    let Layout { origin, across, down, order, .. } = surface.layout;
                    assert_eq!(surface.size(), image.size());
                    for (i, expected) in image.pixels().chunks_exact(3).enumerate() {
                        let (x, y) = ((i % image.size().width) as isize, (i / image.size().width) as isize);
                        let at = (origin as isize + x * across + y * down) as usize * channels;
                        let Bytes::Host(lying) = surface.bytes else { panic!("on a device") };
                        let found = order.map(|channel| lying[at + channel]);
                        assert_eq!(found[..], *expected, "{format:?} {stride} {x},{y}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_the_host_converts_is_none() {
        let format = FrameFormat {
            size: Size::new(2, 2),
            format: PixelFormat::Rgb8,
            yuv: None,
            orientation: Orientation::Normal,
        };
        let bytes = [0; 20];
        let odd = [Plane { bytes: &bytes, first: 0, stride: 7 }];
        assert!(Surface::of_frame(&format, &odd).unwrap().is_none());
        assert!(Surface::of_frame(&format, &[]).is_err());
    }
}
