//! From RGB8 pixels to the network's tensor, and the mirror image of the flip test.

use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::spec::{MEAN_RGB, STD_RGB};
use rayon::prelude::*;

/// RGB8 HWC to f32 CHW (3 x height x width): `(value - mean) / std` per channel on 0..255, see [`MEAN_RGB`] and
/// [`STD_RGB`].
///
/// # Errors
/// `InvalidArgument` if `rgb` does not hold 3 bytes per pixel of `size`.
pub fn normalise(rgb: &[u8], size: Size) -> Result<Vec<f32>> {
    check_len(rgb, size)?;
    let mut out = vec![0.0; rgb.len()];
    let tables: Vec<[f32; 256]> =
        (0..3).map(|c| std::array::from_fn(|v| (v as f32 - MEAN_RGB[c]) / STD_RGB[c])).collect();
    out.par_chunks_mut(size.width.max(1)).enumerate().for_each(|(index, out)| {
        let (channel, y) = (index / size.height, index % size.height);
        let row = &rgb[y * size.width * 3..(y + 1) * size.width * 3];
        let table = &tables[channel];
        out.iter_mut().zip(row.chunks_exact(3)).for_each(|(out, pixel)| *out = table[usize::from(pixel[channel])]);
    });
    Ok(out)
}

/// Mirrors RGB8 HWC pixels left to right.
///
/// # Errors
/// `InvalidArgument` if `rgb` does not hold 3 bytes per pixel of `size`.
pub fn mirror(rgb: &[u8], size: Size) -> Result<Vec<u8>> {
    check_len(rgb, size)?;
    let mut out = vec![0; rgb.len()];
    let row = (size.width * 3).max(1);
    out.par_chunks_mut(row).zip(rgb.par_chunks(row)).for_each(|(out, row)| {
        out.chunks_exact_mut(3).zip(row.chunks_exact(3).rev()).for_each(|(out, pixel)| out.copy_from_slice(pixel));
    });
    Ok(out)
}

fn check_len(rgb: &[u8], size: Size) -> Result<()> {
    match size.width.checked_mul(size.height).and_then(|area| area.checked_mul(3)) {
        Some(expected) if expected == rgb.len() => Ok(()),
        _ => Err(Error::invalid(format!(
            "rgb: {} bytes given, but {} wide, {} high RGB8 needs 3 per pixel",
            rgb.len(),
            size.width,
            size.height
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_planes() {
        let out = normalise(&[0, 1, 2, 255, 254, 253], Size::new(1, 2)).unwrap();
        let expected = [
            (0.0 - 123.675) / 58.395,
            (255.0 - 123.675) / 58.395,
            (1.0 - 116.28) / 57.12,
            (254.0 - 116.28) / 57.12,
            (2.0 - 103.53) / 57.375,
            (253.0 - 103.53) / 57.375,
        ];
        assert!(out.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6), "{out:?}");
        assert!(normalise(&[0; 5], Size::new(1, 2)).is_err() && normalise(&[], Size::new(usize::MAX, 2)).is_err());
        assert!(normalise(&[], Size::new(0, 7)).unwrap().is_empty());
    }

    #[test]
    fn mirroring_swaps_columns_and_twice_is_nothing() {
        let rgb: Vec<u8> = (0..18).collect();
        let size = Size::new(3, 2);
        let once = mirror(&rgb, size).unwrap();
        assert_eq!(once[..9], [6, 7, 8, 3, 4, 5, 0, 1, 2]);
        assert_eq!(mirror(&once, size).unwrap(), rgb);
        assert!(mirror(&rgb, Size::new(3, 3)).is_err());
    }
}
