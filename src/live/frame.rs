//! Frames on their way in.

use crate::error::{Error, Result};
use crate::geometry::Rect;
use crate::image::{FrameFormat, Image, Orientation, PixelFormat, Plane};
use crate::runtime::CudaFrame;
use crate::spec::Task;

/// Most boxes of a frame.
pub(super) const MAX_BOXES: usize = 256;

/// Pixels that somebody else owns. Dropped as soon as the library has read them, or will not.
pub trait BorrowedPixels: Send {
    /// What they are.
    fn format(&self) -> &FrameFormat;
    /// Where they are.
    fn planes(&self) -> Vec<Plane<'_>>;
}

/// Pixels that somebody else owns, on a CUDA device. Dropped as soon as the library has read them, or will not.
pub trait BorrowedCuda: Send {
    /// What and where they are.
    fn frame(&self) -> &CudaFrame;
}

/// The pixels of a frame.
pub enum Pixels {
    /// Rows without padding, plane after plane, as [`FrameFormat::pack`] makes them.
    Packed(Vec<u8>, FrameFormat),
    /// Read in place, later.
    Borrowed(Box<dyn BorrowedPixels>),
    /// Read in place by models that frame on that device; for others they are brought to the host.
    Cuda(Box<dyn BorrowedCuda>),
}

impl Pixels {
    /// What they are.
    pub fn format(&self) -> &FrameFormat {
        match self {
            Self::Packed(_, format) => format,
            Self::Borrowed(borrowed) => borrowed.format(),
            Self::Cuda(borrowed) => borrowed.frame().format(),
        }
    }

    /// The upright picture, and the memory of a packed copy back.
    pub(super) fn into_image(self, reuse: Vec<u8>) -> Result<(Image, Option<Vec<u8>>)> {
        match self {
            Self::Packed(bytes, format) => {
                let image = format.to_image(&format.packed_planes(&bytes)?, reuse)?;
                Ok((image, Some(bytes)))
            }
            Self::Borrowed(borrowed) => {
                let image = borrowed.format().to_image(&borrowed.planes(), reuse)?;
                Ok((image, None))
            }
            Self::Cuda(borrowed) => Ok((borrowed.frame().to_image()?, None)),
        }
    }
}

/// A picture and what is asked about it.
pub struct Frame {
    /// The picture.
    pub pixels: Pixels,
    /// When it was taken, in nanoseconds of any clock; the result carries it.
    pub timestamp_ns: i64,
    /// Person boxes in pixels of the upright picture, up to 256; none stands for the whole picture.
    pub boxes: Vec<Rect>,
    /// Tasks that may run on it; `None` for those of the stream.
    pub tasks: Option<Vec<Task>>,
    /// Whether all of them run, whatever their cadence and the budget say.
    pub ignore_cadence: bool,
    /// Bytes that have been brought from a device to the host for it: [`LiveResult::traffic`](super::LiveResult::traffic) counts them.
    pub fetched: u64,
}

impl Frame {
    /// A frame of a picture: every task of the stream, the whole picture as one person.
    pub fn of_image(image: Image) -> Self {
        let format =
            FrameFormat { size: image.size(), format: PixelFormat::Rgb8, yuv: None, orientation: Orientation::Normal };
        let pixels = Pixels::Packed(image.into_pixels(), format);
        Self { pixels, timestamp_ns: 0, boxes: Vec::new(), tasks: None, ignore_cadence: false, fetched: 0 }
    }

    /// Refuses what no worker could use.
    pub(super) fn check(&self) -> Result<()> {
        self.pixels.format().check()?;
        if self.boxes.len() > MAX_BOXES {
            return Err(Error::invalid(format!("boxes: {} given; a frame takes up to {MAX_BOXES}", self.boxes.len())));
        }
        if let Some((i, bad)) = self.boxes.iter().enumerate().find(|(_, b)| !b.is_valid()) {
            return Err(Error::invalid(format!(
                "boxes[{i}] is x {}, y {}, width {}, height {}; all must be finite, width and height more than 0",
                bad.x, bad.y, bad.width, bad.height
            )));
        }
        Ok(())
    }
}
