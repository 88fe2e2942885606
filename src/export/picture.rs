//! Borrowed pictures and masks, the checks they share, and PNG files.

use std::io;
use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::error::{Error, ErrorKind, Result};
use crate::file::write_atomic;
use crate::geometry::Size;

/// A borrowed RGB8 picture: `height * width * 3` bytes, rows from the top, tightly packed.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    size: Size,
    rgb: &'a [u8],
}

impl<'a> Picture<'a> {
    /// Checks that the bytes fit the size and that neither side is 0.
    pub fn new(size: Size, rgb: &'a [u8]) -> Result<Self> {
        check_len("picture", size, 3, rgb.len())?;
        Ok(Self { size, rgb })
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The bytes: R, G, B of the upper left pixel first.
    pub fn rgb(&self) -> &'a [u8] {
        self.rgb
    }
}

/// Which pixels belong to the person.
#[derive(Debug, Clone, Copy)]
pub enum Foreground<'a> {
    /// Alpha of at least the threshold; NaN is background.
    Alpha {
        /// One value per pixel, 0 to 1.
        alpha: &'a [f32],
        /// Smallest alpha that counts, 0.5 as a rule.
        at_least: f32,
    },
    /// Every label but the background's.
    Labels {
        /// One class per pixel.
        labels: &'a [u8],
        /// The class that is not the person, 0 in Sapiens2.
        background: u8,
    },
}

impl Foreground<'_> {
    /// Whether pixel `index` (row-major) is the person; `false` outside the mask.
    pub fn contains(&self, index: usize) -> bool {
        match *self {
            Self::Alpha { alpha, at_least } => alpha.get(index).is_some_and(|&a| a >= at_least),
            Self::Labels { labels, background } => labels.get(index).is_some_and(|&l| l != background),
        }
    }

    /// Fails unless there is one value per pixel.
    pub fn check(&self, size: Size) -> Result<()> {
        let len = match self {
            Self::Alpha { alpha, .. } => alpha.len(),
            Self::Labels { labels, .. } => labels.len(),
        };
        check_len("foreground", size, 1, len)
    }
}

/// Fails unless `len` is `height * width * channels` and more than 0.
pub(super) fn check_len(name: &str, size: Size, channels: usize, len: usize) -> Result<()> {
    if size.width == 0 || size.height == 0 {
        return Err(Error::invalid(format!("{name}: a {size} picture has no pixels; both sides must be at least 1")));
    }
    let expected = size.width.checked_mul(size.height).and_then(|area| area.checked_mul(channels));
    if expected != Some(len) {
        let expected = expected.map_or("more than memory holds".to_owned(), |n| n.to_string());
        return Err(Error::invalid(format!(
            "{name}: {len} values for {size} pixels with {channels} channel(s) each; expected {expected}"
        )));
    }
    Ok(())
}

/// An RGB8 picture as the bytes of a PNG file: those that [`write_png`] writes.
pub fn png_bytes(picture: Picture<'_>) -> Result<Vec<u8>> {
    let (width, height) = png_sides(picture.size)?;
    let mut bytes = Vec::new();
    encode(&mut bytes, picture.rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(|e| Error::new(ErrorKind::Image, format!("cannot encode the picture: {e}")).caused_by(e))?;
    Ok(bytes)
}

/// Writes an RGB8 picture as PNG.
pub fn write_png(path: impl AsRef<Path>, picture: Picture<'_>) -> Result<()> {
    encode_png(path.as_ref(), picture.size, picture.rgb, ExtendedColorType::Rgb8)
}

/// Writes `height * width` gray levels (an alpha matte, a label map) as PNG.
pub fn write_gray_png(path: impl AsRef<Path>, size: Size, gray: &[u8]) -> Result<()> {
    check_len("gray", size, 1, gray.len())?;
    encode_png(path.as_ref(), size, gray, ExtendedColorType::L8)
}

/// Writes `height * width * 4` bytes with straight (not premultiplied) alpha as PNG.
pub fn write_rgba_png(path: impl AsRef<Path>, size: Size, rgba: &[u8]) -> Result<()> {
    check_len("rgba", size, 4, rgba.len())?;
    encode_png(path.as_ref(), size, rgba, ExtendedColorType::Rgba8)
}

fn encode_png(path: &Path, size: Size, bytes: &[u8], color: ExtendedColorType) -> Result<()> {
    let (width, height) = png_sides(size).map_err(|e| e.at(path))?;
    write_atomic(path, |out| encode(out, bytes, width, height, color))
}

fn png_sides(size: Size) -> Result<(u32, u32)> {
    let side = |n: usize| {
        u32::try_from(n)
            .ok()
            .filter(|&n| n <= i32::MAX as u32)
            .ok_or_else(|| Error::invalid(format!("a PNG cannot hold {size} pixels; each side must be below 2^31")))
    };
    Ok((side(size.width)?, side(size.height)?))
}

fn encode(out: impl io::Write, bytes: &[u8], width: u32, height: u32, color: ExtendedColorType) -> io::Result<()> {
    let encoder = PngEncoder::new_with_quality(out, CompressionType::Fast, FilterType::Adaptive);
    encoder.write_image(bytes, width, height, color).map_err(|error| match error {
        image::ImageError::IoError(error) => error,
        other => io::Error::other(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pngs_come_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let size = Size::new(3, 2);
        let bytes: Vec<u8> = (0..24).map(|i| i * 10).collect();
        let path = folder.path().join("a.png");
        write_png(&path, Picture::new(size, &bytes[..18]).unwrap()).unwrap();
        let back = image::open(&path).unwrap();
        assert_eq!((back.width(), back.height()), (3, 2));
        assert_eq!(back.into_rgb8().into_raw(), &bytes[..18]);
        assert_eq!(png_bytes(Picture::new(size, &bytes[..18]).unwrap()).unwrap(), std::fs::read(&path).unwrap());
        write_gray_png(&path, size, &bytes[..6]).unwrap();
        assert_eq!(image::open(&path).unwrap().as_luma8().unwrap().as_raw(), &bytes[..6]);
        write_rgba_png(&path, size, &bytes).unwrap();
        assert_eq!(image::open(&path).unwrap().as_rgba8().unwrap().as_raw(), &bytes);
    }

    #[test]
    fn wrong_lengths_are_named() {
        let error = Picture::new(Size::new(3, 2), &[0; 17]).unwrap_err();
        assert_eq!(error.to_string(), "picture: 17 values for 2x3 pixels with 3 channel(s) each; expected 18");
        assert!(Picture::new(Size::new(0, 2), &[]).is_err());
        assert!(Picture::new(Size::new(usize::MAX, 2), &[]).is_err());
        let mask = Foreground::Alpha { alpha: &[0.4, 0.5, f32::NAN], at_least: 0.5 };
        assert!(mask.check(Size::new(2, 2)).is_err());
        assert_eq!([0, 1, 2, 3].map(|i| mask.contains(i)), [false, true, false, false]);
    }
}
