//! Decoding and writing picture files.

use super::{Image, MAX_AREA, MAX_SIDE, check_size};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use std::io::Cursor;
use std::path::Path;

/// Largest picture file: the largest picture as uncompressed 16-bit RGBA fits.
const MAX_FILE_BYTES: u64 = 8 * MAX_AREA as u64 + (1 << 20);
/// What a decoder may allocate: twice the largest picture as 16-bit RGBA. The size is checked before.
const MAX_DECODER_BYTES: u64 = 2 * MAX_FILE_BYTES;

/// Reads and decodes a file; every error names it.
pub(super) fn open(path: &Path) -> Result<Image> {
    let read = |error| Error::io("read the image", path, error);
    let bytes = std::fs::metadata(path).map_err(read)?.len();
    if bytes > MAX_FILE_BYTES {
        let message = format!("the file has {bytes} bytes; the limit for an image is {MAX_FILE_BYTES}");
        return Err(Error::new(ErrorKind::Image, message).at(path));
    }
    decode(&std::fs::read(path).map_err(read)?).map_err(|error| error.at(path))
}

/// Decodes a file's bytes: size check, pixels, orientation, 8 bits.
pub(super) fn decode(bytes: &[u8]) -> Result<Image> {
    let damaged = |error: image::ImageError| {
        Error::new(ErrorKind::Image, format!("cannot decode the image: {error}")).caused_by(error)
    };
    let format = image::guess_format(bytes).ok().filter(|format| format.reading_enabled()).ok_or_else(|| {
        let what =
            if bytes.is_empty() { "the file is empty" } else { "the content is not that of a known image format" };
        Error::new(ErrorKind::Image, format!("{what}; readable are JPEG, PNG, BMP, TIFF, WebP and PNM"))
    })?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size(u64::from(width), u64::from(height))?;
    // The JPEG decoder fills missing rows with gray and reports nothing.
    if format == ImageFormat::Jpeg && !jpeg_has_end(bytes) {
        return Err(Error::new(ErrorKind::Image, "cannot decode the image: the JPEG data is cut short"));
    }
    // A damaged EXIF block does not make the pixels worse.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    let size = Size::new(picture.width() as usize, picture.height() as usize);
    debug_assert!(size.width <= MAX_SIDE && size.height <= MAX_SIDE);
    Image::from_rgb8(size, rgb8(picture))
}

/// Drops alpha, repeats gray, and keeps the upper byte of 16-bit samples.
fn rgb8(picture: DynamicImage) -> Vec<u8> {
    let high = |v: u16| (v >> 8) as u8;
    match picture {
        DynamicImage::ImageLuma16(p) => p.as_raw().iter().flat_map(|&v| [high(v); 3]).collect(),
        DynamicImage::ImageLumaA16(p) => p.as_raw().chunks_exact(2).flat_map(|v| [high(v[0]); 3]).collect(),
        DynamicImage::ImageRgb16(p) => p.as_raw().iter().map(|&v| high(v)).collect(),
        DynamicImage::ImageRgba16(p) => {
            p.as_raw().chunks_exact(4).flat_map(|v| [high(v[0]), high(v[1]), high(v[2])]).collect()
        }
        other => other.into_rgb8().into_raw(),
    }
}

/// Whether a JPEG stream reaches its end-of-image marker (ITU-T T.81, annex B).
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let mut at = 2; // behind start of image
    loop {
        // Entropy-coded data, stuffed zeros and restart markers lie between the end of a scan header and the next marker.
        while at + 1 < bytes.len() && (bytes[at] != 0xff || matches!(bytes[at + 1], 0x00 | 0x01 | 0xd0..=0xd7 | 0xff)) {
            at += 1;
        }
        match bytes.get(at + 1) {
            None => return false,
            Some(0xd9) => return true,
            Some(_) => match bytes.get(at + 2..at + 4) {
                Some(length) => at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])),
                None => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_jpeg_is_found_past_segments_that_contain_its_marker() {
        let whole =
            [0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 7, 0xff, 0, 0xff, 0xd0, 7, 0xff, 0xd9, 9];
        assert!(jpeg_has_end(&whole));
        for end in 0..whole.len() - 1 {
            assert!(!jpeg_has_end(&whole[..end]), "{end} bytes");
        }
    }
}
