//! Pictures as they lie in memory: whatever rows, padding and orientation they have, a pixel is found by one sum.

use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
use crate::image::{FrameFormat, Image, PixelFormat, Plane};
use crate::runtime::{CudaFrame, Device, DeviceBytes};
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
    pub(super) layout: Layout,
}

/// The rows of a picture with what lies between them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bytes<'a> {
    Host(&'a [u8]),
    /// On a device already: none but that one takes them.
    There(DeviceBytes<'a>),
}

impl Bytes<'_> {
    pub fn len(&self) -> usize {
        match self {
            Self::Host(bytes) => bytes.len(),
            Self::There(bytes) => bytes.len(),
        }
    }
}

impl<'a> From<&'a Image> for Surface<'a> {
    fn from(image: &'a Image) -> Self {
        let size = image.size();
        let layout = Layout { size, channels: 3, order: [0, 1, 2], origin: 0, across: 1, down: size.width as isize };
        Self { bytes: Bytes::Host(image.pixels()), layout }
    }
}

impl<'a> Surface<'a> {
    /// A raw frame; `None` if the host has to convert it: NV12, and rows that do not begin a whole number of pixels after one
    /// another.
    ///
    /// # Errors
    /// Those of [`FrameFormat::check`]; `InvalidArgument` for planes that do not hold the frame.
    pub fn of_frame(format: &FrameFormat, planes: &[Plane<'a>]) -> Result<Option<Self>> {
        format.check()?;
        format.check_planes(planes)?;
        let plane = planes.first().ok_or_else(|| Error::invalid("planes: none given"))?;
        let found = placed(format, plane.first, plane.stride);
        Ok(found.map(|(range, layout)| Self { bytes: Bytes::Host(&plane.bytes[range]), layout }))
    }

    /// A frame on a CUDA device, once its pixels are there; `None` as for [`Surface::of_frame`].
    ///
    /// # Errors
    /// Those of [`CudaFrame::bytes`].
    pub fn of_cuda(frame: &'a CudaFrame) -> Result<Option<Self>> {
        let plane = frame.planes().first().ok_or_else(|| Error::invalid("planes: none given"))?;
        let Some((range, layout)) = placed(frame.format(), plane.first, plane.stride) else { return Ok(None) };
        Ok(Some(Self { bytes: Bytes::There(frame.bytes(range)?), layout }))
    }

    /// Bytes on a device, rows of a picture whose first one begins at byte `first`; `None` as for [`Surface::of_frame`].
    ///
    /// # Errors
    /// Those of [`FrameFormat::check`]; `InvalidArgument` if they do not hold the picture.
    pub fn on_device(
        format: &FrameFormat,
        bytes: DeviceBytes<'a>,
        first: usize,
        stride: isize,
    ) -> Result<Option<Self>> {
        format.check()?;
        format.check_rows(0, bytes.len(), first, stride)?;
        let Some((range, layout)) = placed(format, first, stride) else { return Ok(None) };
        if range != (0..bytes.len()) {
            let message = format!("{} bytes on {}; the rows are the bytes {range:?}", bytes.len(), bytes.device());
            return Err(Error::invalid(message));
        }
        Ok(Some(Self { bytes: Bytes::There(bytes), layout }))
    }

    /// Size of the upright picture.
    pub fn size(&self) -> Size {
        self.layout.size
    }

    /// Whether this device can be given it.
    pub fn is_for(&self, device: Device) -> bool {
        match &self.bytes {
            Bytes::Host(_) => true,
            Bytes::There(bytes) => bytes.device() == device,
        }
    }
}

/// Whether a device can be given frames of this format that lie in rows `stride` bytes apart.
pub(in crate::engine) fn is_direct(format: &FrameFormat, stride: isize) -> bool {
    placed(format, 0, stride.abs()).is_some()
}

/// The bytes of a plane that hold its rows, and where the pixels lie in them; `None` if the host has to convert the frame. The rows have
/// been checked.
fn placed(format: &FrameFormat, first: usize, stride: isize) -> Option<(Range<usize>, Layout)> {
    let (channels, order) = match format.format {
        PixelFormat::Rgb8 => (3, [0, 1, 2]),
        PixelFormat::Bgr8 => (3, [2, 1, 0]),
        PixelFormat::Rgba8 => (4, [0, 1, 2]),
        PixelFormat::Bgra8 => (4, [2, 1, 0]),
        PixelFormat::Gray8 => (1, [0, 0, 0]),
        PixelFormat::Nv12 => return None,
    };
    let stride = if format.size.height == 1 { format.row_bytes(0) as isize } else { stride };
    if stride % channels as isize != 0 {
        return None;
    }
    let span = stride.unsigned_abs() * (format.size.height - 1);
    // The row that comes first in memory, and the first row of the picture seen from there.
    let (start, above) = if stride < 0 { (first - span, span) } else { (first, 0) };
    let row = stride / channels as isize;
    let Affine([[xx, xy, x0], [yx, yy, y0]]) = format.buffer_from_image();
    let pixel = |x: f64, y: f64| x as isize + y as isize * row;
    let layout = Layout {
        size: format.upright_size(),
        channels,
        order,
        origin: (above as isize / channels as isize + pixel(x0, y0)) as usize,
        across: pixel(xx, yx),
        down: pixel(xy, yy),
    };
    Some((start..start + span + format.row_bytes(0), layout))
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
