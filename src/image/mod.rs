//! Pictures: owned 8-bit RGB pixels, and the limits every picture obeys.

mod frame;
mod load;
pub mod planes;

pub(crate) use frame::YuvMatrix;
pub use frame::{FrameFormat, Orientation, PixelFormat, Plane, YuvColor};

use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use std::path::Path;

/// Longest side of a picture, in pixels.
pub const MAX_SIDE: usize = 16_384;
/// Largest number of pixels of a picture: 2^27, 402 MB as RGB8.
pub const MAX_AREA: usize = 1 << 27;

/// An owned picture: RGB, 8 bits per channel, rows from the top, tightly packed (`height` x `width` x 3).
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    size: Size,
    pixels: Vec<u8>,
}

impl Image {
    /// Reads a JPEG, PNG, BMP, TIFF, WebP or PNM file; the content decides, not the extension.
    ///
    /// EXIF orientation is applied, alpha is dropped (not blended), gray is repeated to three channels and of 16 bits
    /// the upper 8 are kept, as `cv2.imread` does. Colour profiles are not applied.
    ///
    /// # Errors
    /// `NotFound` or `Io` if the file cannot be read, `Image` if it is no picture, is damaged or cut short, or is
    /// outside [`MAX_SIDE`] and [`MAX_AREA`]. All name the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        load::open(path.as_ref())
    }

    /// Decodes the bytes of a picture file held in memory; see [`Image::open`].
    ///
    /// # Errors
    /// `Image` as for [`Image::open`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        load::decode(bytes)
    }

    /// Takes over pixels, RGB8 HWC.
    ///
    /// # Errors
    /// `Image` for a size outside the limits, `InvalidArgument` if `pixels` does not hold 3 bytes per pixel.
    pub fn from_rgb8(size: Size, pixels: Vec<u8>) -> Result<Self> {
        check_size(size.width as u64, size.height as u64)?;
        let expected = size.area() * 3;
        if pixels.len() != expected {
            return Err(Error::invalid(format!(
                "pixels: {} bytes given, but {} wide, {} high RGB8 needs {expected}",
                pixels.len(),
                size.width,
                size.height
            )));
        }
        Ok(Self { size, pixels })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The pixels, RGB8 HWC.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Gives the pixels away, RGB8 HWC.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({} wide, {} high)", self.size.width, self.size.height)
    }
}

/// Refuses empty and oversized pictures, before anything is allocated for them.
pub(crate) fn check_size(width: u64, height: u64) -> Result<()> {
    let what = format!("the image is {width} wide and {height} high");
    if width == 0 || height == 0 {
        return Err(Error::new(ErrorKind::Image, format!("{what}: it has no pixels; both must be at least 1")));
    }
    if width > MAX_SIDE as u64 || height > MAX_SIDE as u64 {
        return Err(Error::new(ErrorKind::Image, format!("{what}: the limit is {MAX_SIDE} pixels per side")));
    }
    if width * height > MAX_AREA as u64 {
        return Err(Error::new(
            ErrorKind::Image,
            format!("{what}, {} pixels: the limit is {MAX_AREA} pixels (2^27)", width * height),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked_at_their_limits() {
        assert!(check_size(1, 1).is_ok() && check_size(16_384, 8_192).is_ok());
        for (width, height, says) in
            [(0, 5, "at least 1"), (16_385, 1, "16384"), (16_384, 8_193, "134217728"), (u64::MAX, u64::MAX, "16384")]
        {
            let error = check_size(width, height).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Image);
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn a_wrong_number_of_bytes_is_refused() {
        let error = Image::from_rgb8(Size::new(4, 3), vec![0; 35]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("35 bytes") && error.to_string().contains("36"), "{error}");
    }
}
