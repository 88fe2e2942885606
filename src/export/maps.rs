//! Dense results as pictures. Functions return `height * width * 3` RGB8 bytes unless they say otherwise.
//!
//! Eight-bit values are truncated, not rounded, as the official visualisations do.

use super::picture::{Foreground, Picture, check_len};
use crate::error::{Error, Result};
use crate::geometry::Size;

/// The official background of matte composites.
pub const MATTE_GREEN: [u8; 3] = [0, 177, 64];

/// Colour of pixels without a value in depth pictures.
pub const NO_VALUE: [u8; 3] = [24, 24, 28];

/// Colour of what is not the person in pictures of relative depth.
pub const DEPTH_BACKGROUND: [u8; 3] = [100; 3];

/// What a matte is composited on.
#[derive(Debug, Clone, Copy)]
pub enum Backdrop {
    /// One colour, see [`MATTE_GREEN`].
    Color([u8; 3]),
    /// Two light grays in squares of this side in pixels, the usual sign for transparency.
    Checkerboard {
        /// Side of a square, at least 1.
        cell: usize,
    },
}

impl Backdrop {
    fn at(self, x: usize, y: usize) -> [u8; 3] {
        match self {
            Self::Color(color) => color,
            Self::Checkerboard { cell } if (x / cell + y / cell).is_multiple_of(2) => [236; 3],
            Self::Checkerboard { .. } => [196; 3],
        }
    }
}

/// Half picture, half class colour, rounded half to even; the background class is blended like any other.
/// A label without a colour is an error.
pub fn segmentation_overlay(picture: Picture<'_>, labels: &[u8], palette: &[[u8; 3]]) -> Result<Vec<u8>> {
    let mut rgb = segmentation(picture.size(), labels, palette)?;
    for (out, &below) in rgb.iter_mut().zip(picture.rgb()) {
        let sum = u16::from(*out) + u16::from(below);
        let half = sum / 2;
        *out = (half + (sum & half & 1)) as u8; // x.5 goes to the even neighbour; at most 255
    }
    Ok(rgb)
}

/// The class colours alone.
pub fn segmentation(size: Size, labels: &[u8], palette: &[[u8; 3]]) -> Result<Vec<u8>> {
    check_len("labels", size, 1, labels.len())?;
    let color = |&label: &u8| {
        palette.get(usize::from(label)).copied().ok_or_else(|| {
            Error::invalid(format!("labels: class {label} has no colour; the palette has {}", palette.len()))
        })
    };
    Ok(labels.iter().map(color).collect::<Result<Vec<_>>>()?.into_flattened())
}

/// `trunc((n + 1) / 2 * 255)` of interleaved normals, clamped.
pub fn normals(size: Size, normals: &[f32]) -> Result<Vec<u8>> {
    check_len("normals", size, 3, normals.len())?;
    Ok(normals.iter().map(|n| ((n + 1.0) / 2.0 * 255.0) as u8).collect())
}

/// `trunc(a * 255)` of interleaved RGB, clamped to 0..1.
pub fn albedo(size: Size, albedo: &[f32]) -> Result<Vec<u8>> {
    check_len("albedo", size, 3, albedo.len())?;
    Ok(albedo.iter().map(|&a| unit_to_u8(a)).collect())
}

/// Depth in the Turbo colours (Mikhailov 2019), near red and far blue, stretched between the 2nd and 98th percentile
/// of the finite foreground. Pixels outside it are [`NO_VALUE`].
pub fn depth(size: Size, depth_m: &[f32], foreground: Option<Foreground<'_>>) -> Result<Vec<u8>> {
    // Without a range there is no pixel that would need one.
    let range_m = depth_range(size, depth_m, foreground)?.unwrap_or_default();
    depth_between(size, depth_m, foreground, range_m)
}

/// What [`depth`] stretches its colours over: near and far in metres, `None` without finite foreground.
pub fn depth_range(size: Size, depth_m: &[f32], foreground: Option<Foreground<'_>>) -> Result<Option<[f32; 2]>> {
    let shown = shown_depth(size, depth_m, foreground)?;
    let values: Vec<f32> = depth_m.iter().zip(shown).filter(|(_, shown)| *shown).map(|(depth, _)| *depth).collect();
    Ok(percentiles(values, [0.02, 0.98]))
}

/// [`depth`] stretched between `near` and `far`, in metres; what is nearer or farther has the colour of the end.
pub fn depth_between(
    size: Size,
    depth_m: &[f32],
    foreground: Option<Foreground<'_>>,
    [near, far]: [f32; 2],
) -> Result<Vec<u8>> {
    let shown = shown_depth(size, depth_m, foreground)?;
    // f64: the difference of two finite f32 may overflow f32.
    let (near, range) = (f64::from(near), f64::from(far) - f64::from(near));
    let color = |i: usize| {
        if !shown[i] {
            return NO_VALUE;
        }
        let nearness = if range > 0.0 { 1.0 - (f64::from(depth_m[i]) - near) / range } else { 0.5 };
        // Both ends of Turbo are almost black; stay off them so that near and far keep their hue.
        colorous::TURBO.eval_continuous(0.05 + 0.9 * nearness.clamp(0.0, 1.0)).as_array()
    };
    Ok((0..depth_m.len()).map(color).collect::<Vec<_>>().into_flattened())
}

/// Relative depth as the official code of Sapiens v1 shows it: `1 - (d - min) / (max - min)` over the finite foreground,
/// truncated to 256 levels, in the Inferno colours, so that near is bright; everything else is [`DEPTH_BACKGROUND`].
pub fn relative_depth(size: Size, depth: &[f32], foreground: Option<Foreground<'_>>) -> Result<Vec<u8>> {
    let levels = nearness_levels(size, depth, foreground)?;
    let color = |level: Option<u8>| {
        level.map_or(DEPTH_BACKGROUND, |level| colorous::INFERNO.eval_rational(level.into(), 256).as_array())
    };
    Ok(levels.into_iter().map(color).collect::<Vec<_>>().into_flattened())
}

/// The levels of [`relative_depth`]: 255 at the nearest pixel of the finite foreground, 0 at the farthest; `None` elsewhere.
/// Where all have the same depth they are at 255.
pub fn nearness_levels(size: Size, depth: &[f32], foreground: Option<Foreground<'_>>) -> Result<Vec<Option<u8>>> {
    let shown = shown_depth(size, depth, foreground)?;
    let values = depth.iter().zip(&shown).filter(|(_, shown)| **shown).map(|(depth, _)| *depth);
    let (min, max) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), d| (min.min(d), max.max(d)));
    // Halves, as the difference of two finite f32 may overflow.
    let range = max / 2.0 - min / 2.0;
    let farness = |d: f32| if range > 0.0 { (d / 2.0 - min / 2.0) / range } else { 0.0 };
    Ok(depth.iter().zip(shown).map(|(d, shown)| shown.then(|| unit_to_u8(1.0 - farness(*d)))).collect())
}

/// Which pixels have a depth to show.
fn shown_depth(size: Size, depth_m: &[f32], foreground: Option<Foreground<'_>>) -> Result<Vec<bool>> {
    check_len("depth", size, 1, depth_m.len())?;
    if let Some(mask) = &foreground {
        mask.check(size)?;
    }
    let shown = |(i, depth): (usize, &f32)| depth.is_finite() && foreground.is_none_or(|mask| mask.contains(i));
    Ok(depth_m.iter().enumerate().map(shown).collect())
}

/// `trunc(alpha * 255)`: `height * width` gray levels.
pub fn matte_gray(size: Size, alpha: &[f32]) -> Result<Vec<u8>> {
    check_len("alpha", size, 1, alpha.len())?;
    Ok(alpha.iter().map(|&a| unit_to_u8(a)).collect())
}

/// [`matte_gray`] as RGB8.
pub fn matte_rgb(size: Size, alpha: &[f32]) -> Result<Vec<u8>> {
    Ok(matte_gray(size, alpha)?.into_iter().flat_map(|level| [level; 3]).collect())
}

/// `trunc((foreground + (1 - alpha) * backdrop) * 255)` of interleaved premultiplied RGB.
pub fn composite(size: Size, premultiplied_rgb: &[f32], alpha: &[f32], backdrop: Backdrop) -> Result<Vec<u8>> {
    check_len("foreground", size, 3, premultiplied_rgb.len())?;
    check_len("alpha", size, 1, alpha.len())?;
    if matches!(backdrop, Backdrop::Checkerboard { cell: 0 }) {
        return Err(Error::invalid("checkerboard: the cell is 0 pixels; it must be at least 1"));
    }
    let mut rgb = Vec::with_capacity(premultiplied_rgb.len());
    for (i, (color, alpha)) in premultiplied_rgb.chunks_exact(3).zip(alpha).enumerate() {
        let behind = backdrop.at(i % size.width, i / size.width);
        rgb.extend((0..3).map(|c| unit_to_u8(color[c] + (1.0 - alpha) * (f32::from(behind[c]) / 255.0))));
    }
    Ok(rgb)
}

/// The cut-out person as straight RGBA8, `height * width * 4` bytes: the colour is divided by alpha again, rounded.
pub fn cutout_rgba(size: Size, premultiplied_rgb: &[f32], alpha: &[f32]) -> Result<Vec<u8>> {
    check_len("foreground", size, 3, premultiplied_rgb.len())?;
    check_len("alpha", size, 1, alpha.len())?;
    let mut rgba = Vec::with_capacity(alpha.len() * 4);
    for (color, &alpha) in premultiplied_rgb.chunks_exact(3).zip(alpha) {
        // Where alpha rounds to nothing the quotient is noise; black is what editors expect there.
        let gain = if alpha >= 1.0 / 255.0 { 255.0 / alpha } else { 0.0 };
        rgba.extend(color.iter().map(|c| (c * gain).round() as u8));
        rgba.push(unit_to_u8(alpha));
    }
    Ok(rgba)
}

/// Paints everything but the foreground of an RGB8 picture in one colour.
pub fn paint_background(size: Size, rgb: &mut [u8], foreground: Foreground<'_>, color: [u8; 3]) -> Result<()> {
    check_len("picture", size, 3, rgb.len())?;
    foreground.check(size)?;
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        if !foreground.contains(i) {
            pixel.copy_from_slice(&color);
        }
    }
    Ok(())
}

/// Clamped to 0..1 and truncated; NaN is 0.
fn unit_to_u8(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0) as u8
}

/// Nearest-rank percentiles, `None` of nothing.
fn percentiles(mut values: Vec<f32>, at: [f64; 2]) -> Option<[f32; 2]> {
    let last = values.len().checked_sub(1)?;
    Some(at.map(|p| {
        let rank = (p * last as f64).round() as usize;
        *values.select_nth_unstable_by(rank.min(last), f32::total_cmp).1
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_warm_far_is_cold_and_outliers_do_not_matter() {
        let size = Size::new(100, 3);
        let mut depth_m: Vec<f32> = (0..300).map(|i| 2.0 + (i % 100) as f32 / 100.0).collect();
        depth_m[7] = 1e30;
        depth_m[8] = f32::NAN;
        depth_m[9] = f32::INFINITY;
        let rgb = depth(size, &depth_m, None).unwrap();
        let pixel = |i: usize| [rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]];
        assert!(pixel(100)[0] > 150 && pixel(100)[2] < 60, "near {:?}", pixel(100));
        assert!(pixel(199)[2] > pixel(199)[0], "far {:?}", pixel(199));
        assert_eq!(pixel(7), pixel(299));
        assert_eq!((pixel(8), pixel(9)), (NO_VALUE, NO_VALUE));
        let labels = [0; 300];
        let none = depth(size, &depth_m, Some(Foreground::Labels { labels: &labels, background: 0 })).unwrap();
        assert!(none.chunks(3).all(|p| p == NO_VALUE));
        assert!(depth(size, &[1.0; 300], None).unwrap().chunks(3).all(|p| p != NO_VALUE));

        // Another picture in the colours of this one.
        let range = depth_range(size, &depth_m, None).unwrap().unwrap();
        assert!((2.0..2.1).contains(&range[0]) && (2.9..3.0).contains(&range[1]), "{range:?}");
        assert_eq!(depth_between(size, &depth_m, None, range).unwrap(), rgb);
        let farther: Vec<f32> = depth_m.iter().map(|d| d + 1.0).collect();
        let farther = depth_between(size, &farther, None, range).unwrap();
        assert_eq!([farther[300], farther[301], farther[302]], pixel(299));
        assert_eq!(depth_range(size, &[f32::NAN; 300], None).unwrap(), None);
    }

    #[test]
    fn unknown_labels_and_odd_numbers_are_refused_or_clamped() {
        let size = Size::new(2, 1);
        let error = segmentation(size, &[0, 255], &[[0; 3]; 29]).unwrap_err();
        assert_eq!(error.to_string(), "labels: class 255 has no colour; the palette has 29");
        assert_eq!(albedo(size, &[-1.0, 2.0, f32::NAN, 0.5, 1.0, 0.0]).unwrap(), [0, 255, 0, 127, 255, 0]);
        assert_eq!(normals(size, &[-1.5, 1.5, f32::NAN, -1.0, 0.0, 1.0]).unwrap(), [0, 255, 0, 0, 127, 255]);
        assert!(composite(size, &[0.0; 6], &[0.0; 2], Backdrop::Checkerboard { cell: 0 }).is_err());
    }

    #[test]
    fn cutouts_have_straight_alpha() {
        let rgba = cutout_rgba(Size::new(2, 1), &[0.25, 0.5, 0.1, 0.3, 0.3, 0.3], &[0.5, 0.0]).unwrap();
        assert_eq!(rgba, [128, 255, 51, 127, 0, 0, 0, 0]);
        let board = composite(Size::new(2, 1), &[0.0; 6], &[0.0; 2], Backdrop::Checkerboard { cell: 1 }).unwrap();
        assert_eq!(board, [236, 236, 236, 196, 196, 196]);
    }
}
