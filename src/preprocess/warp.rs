//! Cutting a crop out of an image through an axis-aligned affine map, as OpenCV 5's `warpAffine` with a black border.
//!
//! Sampling positions are exact. (OpenCV 4 rounds them to 1/32 pixel, up to 9 levels off at hard edges.)

use super::resize::{cubic_weights, linear_weights};
use super::separable::{Taps, resample};
use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
use crate::image::Image;

/// How pixels between pixels are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Bilinear over 2x2 pixels. Also what `warpAffine` does when asked for `INTER_AREA`: no antialiasing.
    Linear,
    /// Cubic convolution with a = -0.75 over 4x4 pixels, the result clamped to 0..255.
    Cubic,
}

/// Samples `image` at every pixel of an output of size `to`; outside the image is black.
///
/// `output_from_image` scales and moves: without rotation both axes are independent, which is what makes it fast.
///
/// # Errors
/// `InvalidArgument` if the map rotates, shears, is not finite or has a scale of 0, `Image` if `to` is outside the
/// size limits of a picture.
pub fn warp(image: &Image, output_from_image: &Affine, to: Size, kernel: Kernel) -> Result<Image> {
    let (columns, rows) = axes(image.size(), output_from_image, to, kernel)?;
    Image::from_rgb8(to, resample(image.pixels(), image.size(), &columns, &rows))
}

/// The weights of [`warp`]: those of the columns, then those of the rows.
pub(super) fn axes(from: Size, output_from_image: &Affine, to: Size, kernel: Kernel) -> Result<(Taps, Taps)> {
    crate::image::check_size(to.width as u64, to.height as u64)?;
    let [[sx, xy, tx], [yx, sy, ty]] = output_from_image.0;
    let usable = |scale: f64, shift: f64| scale.is_finite() && scale != 0.0 && shift.is_finite();
    if xy != 0.0 || yx != 0.0 || !usable(sx, tx) || !usable(sy, ty) {
        return Err(Error::invalid(format!(
            "output_from_image: {:?} must be finite, scale by something else than 0, and not rotate or shear",
            output_from_image.0
        )));
    }
    Ok((axis(from.width, to.width, sx, tx, kernel), axis(from.height, to.height, sy, ty, kernel)))
}

/// Taps of one axis: output `d` lies at `(d - shift) / scale` in the image; taps outside the image weigh nothing.
fn axis(from: usize, to: usize, scale: f64, shift: f64, kernel: Kernel) -> Taps {
    let lists: Vec<_> = (0..to)
        .map(|d| {
            let position = (d as f64 - shift) / scale;
            if !(-4.0..from as f64 + 4.0).contains(&position) {
                return Vec::new(); // also keeps far-away positions out of integer arithmetic
            }
            let base = position.floor();
            let fraction = (position - base) as f32;
            let weights = match kernel {
                Kernel::Linear => linear_weights(fraction),
                Kernel::Cubic => cubic_weights(fraction),
            };
            let inside = |(offset, w): (isize, f32)| {
                usize::try_from(base as isize + offset).ok().filter(|&s| s < from).map(|s| (s, w))
            };
            weights.into_iter().filter_map(inside).collect()
        })
        .collect();
    Taps::new(from, &lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        Image::from_rgb8(Size::new(3, 2), (10..28).collect()).unwrap()
    }

    #[test]
    fn a_shift_by_whole_pixels_copies_and_leaves_black_outside() {
        for kernel in [Kernel::Linear, Kernel::Cubic] {
            let out = warp(&image(), &Affine::scale_translate(1.0, 1.0, 1.0, -1.0), Size::new(4, 2), kernel).unwrap();
            assert_eq!(out.pixels()[..12], [0, 0, 0, 19, 20, 21, 22, 23, 24, 25, 26, 27], "{kernel:?}");
            assert!(out.pixels()[12..].iter().all(|&v| v == 0), "{kernel:?}");
        }
    }

    #[test]
    fn far_away_is_black_and_unusable_maps_are_refused() {
        let far = warp(&image(), &Affine::scale_translate(1e-20, 1e-20, 1e18, -1e18), Size::new(5, 5), Kernel::Cubic);
        assert!(far.unwrap().pixels().iter().all(|&v| v == 0));
        for map in [
            Affine([[1.0, 0.1, 0.0], [0.0, 1.0, 0.0]]),
            Affine::scale_translate(0.0, 1.0, 0.0, 0.0),
            Affine::scale_translate(1.0, f64::NAN, 0.0, 0.0),
        ] {
            assert!(warp(&image(), &map, Size::new(2, 2), Kernel::Linear).is_err(), "{map:?}");
        }
    }
}
