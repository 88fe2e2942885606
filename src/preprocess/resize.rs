//! Resizing as OpenCV does it, because the official models were trained on pictures resized by it.
//!
//! Measured against OpenCV 5 with golden files: never more than one level apart.

use super::separable::{Taps, resample};
use crate::error::Result;
use crate::geometry::Size;
use crate::image::Image;

/// How pixels between pixels are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// Mean over the covered source area (`INTER_AREA`). If either axis grows, OpenCV's linear variant on both: exact
    /// copies of source pixels with a short ramp between them.
    Area,
    /// Cubic convolution with a = -0.75 over 4x4 pixels (`INTER_CUBIC`), no antialiasing.
    Cubic,
    /// Bilinear over 2x2 pixels (`INTER_LINEAR`), no antialiasing.
    Linear,
    /// Bilinear where the picture grows; where it shrinks a tent over two pixels of the result, as Pillow has it.
    Antialiased,
    /// Cubic convolution with a = -0.5, stretched over four pixels of the result where the picture shrinks: Pillow's
    /// `BICUBIC`.
    AntialiasedCubic,
}

/// Resizes to `to`; half-pixel geometry, edge pixels repeated.
///
/// # Errors
/// `Image` if `to` is outside the size limits of a picture.
pub fn resize(image: &Image, to: Size, interpolation: Interpolation) -> Result<Image> {
    crate::image::check_size(to.width as u64, to.height as u64)?;
    let from = image.size();
    if from == to {
        return Ok(image.clone());
    }
    let (columns, rows) = axes(from, to, interpolation);
    Image::from_rgb8(to, resample(image.pixels(), from, &columns, &rows))
}

/// The weights of [`resize`]: those of the columns, then those of the rows.
pub(super) fn axes(from: Size, to: Size, interpolation: Interpolation) -> (Taps, Taps) {
    let shrinks = from.width >= to.width && from.height >= to.height;
    let taps = |from: usize, to: usize| match interpolation {
        Interpolation::Area if shrinks => area(from, to),
        Interpolation::Area => area_enlarging(from, to),
        Interpolation::Cubic => interpolating(from, to, &cubic_weights),
        Interpolation::Linear => interpolating(from, to, &linear_weights),
        Interpolation::Antialiased => antialiasing(from, to, 1.0, &|t| 1.0 - t),
        Interpolation::AntialiasedCubic => antialiasing(from, to, 2.0, &pillow_cubic),
    };
    (taps(from.width, to.width), taps(from.height, to.height))
}

/// Weights of the pixels at offsets 0 and 1 for a point at fraction `f` between them.
pub(super) fn linear_weights(f: f32) -> Vec<(isize, f32)> {
    vec![(0, 1.0 - f), (1, f)]
}

/// Weights of the pixels at offsets -1 to 2: Keys' cubic convolution (1981) with a = -0.75.
pub(super) fn cubic_weights(f: f32) -> Vec<(isize, f32)> {
    const A: f32 = -0.75;
    let near = |t: f32| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
    let far = |t: f32| ((A * t - 5.0 * A) * t + 8.0 * A) * t - 4.0 * A;
    vec![(-1, far(f + 1.0)), (0, near(f)), (1, near(1.0 - f)), (2, far(2.0 - f))]
}

fn interpolating(from: usize, to: usize, weights: &dyn Fn(f32) -> Vec<(isize, f32)>) -> Taps {
    let scale = from as f64 / to as f64;
    let last = from as isize - 1;
    let lists: Vec<_> = (0..to)
        .map(|d| {
            let position = ((d as f64 + 0.5) * scale - 0.5) as f32;
            let base = position.floor();
            let clamped = |(offset, w): (isize, f32)| ((base as isize + offset).clamp(0, last) as usize, w);
            weights(position - base).into_iter().map(clamped).collect()
        })
        .collect();
    Taps::new(from, &lists)
}

/// Mean over `d * scale .. (d + 1) * scale`, source pixels weighted by the part that is covered.
fn area(from: usize, to: usize) -> Taps {
    let scale = from as f64 / to as f64;
    let lists: Vec<_> = (0..to)
        .map(|d| {
            let start = d as f64 * scale;
            let end = (start + scale).min(from as f64);
            let last = (end.ceil() as usize).min(from);
            let covered = |s: usize| (end.min(s as f64 + 1.0) - start.max(s as f64)) / (end - start);
            // Slivers below a thousandth of a pixel come from rounding; OpenCV ignores them too.
            (start as usize..last).map(|s| (s, covered(s) as f32)).filter(|tap| tap.1 > 1e-6).collect()
        })
        .collect();
    Taps::new(from, &lists)
}

/// A kernel that reaches `support` result pixels (at least as many source pixels) to both sides of the centre of each; what
/// lies outside the picture does not count. `kernel` takes distances from 0 to `support`.
fn antialiasing(from: usize, to: usize, support: f64, kernel: &dyn Fn(f64) -> f64) -> Taps {
    let scale = from as f64 / to as f64;
    let step = scale.max(1.0);
    let reach = support * step;
    let lists: Vec<_> = (0..to)
        .map(|d| {
            let centre = (d as f64 + 0.5) * scale;
            let first = (centre - reach + 0.5).max(0.0) as usize;
            let last = ((centre + reach + 0.5) as usize).min(from);
            let weight = |s: usize| match ((s as f64 + 0.5 - centre) / step).abs() {
                t if t < support => kernel(t),
                _ => 0.0,
            };
            let sum: f64 = (first..last).map(weight).sum();
            (first..last).map(|s| (s, (weight(s) / sum) as f32)).collect()
        })
        .collect();
    Taps::new(from, &lists)
}

/// Keys' cubic convolution (1981) with a = -0.5, for distances below 2.
fn pillow_cubic(t: f64) -> f64 {
    const A: f64 = -0.5;
    if t < 1.0 { ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0 } else { ((A * t - 5.0 * A) * t + 8.0 * A) * t - 4.0 * A }
}

/// The linear variant: source pixel `floor(d * scale)`, blended into the next one over the last part of a step.
fn area_enlarging(from: usize, to: usize) -> Taps {
    let scale = from as f64 / to as f64;
    let inverse = to as f64 / from as f64;
    let lists: Vec<_> = (0..to)
        .map(|d| {
            let s = ((d as f64 * scale) as usize).min(from - 1);
            let f = ((d + 1) as f64 - (s + 1) as f64 * inverse) as f32;
            let f = if f <= 0.0 { 0.0 } else { f - f.floor() };
            if s + 1 < from { vec![(s, 1.0 - f), (s + 1, f)] } else { vec![(s, 1.0)] }
        })
        .collect();
    Taps::new(from, &lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(values: &[u8]) -> Image {
        let pixels = values.iter().flat_map(|&v| [v; 3]).collect();
        Image::from_rgb8(Size::new(values.len(), 1), pixels).unwrap()
    }

    fn row(image: &Image) -> Vec<u8> {
        image.pixels().chunks_exact(3).map(|p| p[0]).collect()
    }

    #[test]
    fn area_is_a_mean_and_one_pixel_fills_any_size() {
        let mean = resize(&gray(&[0, 10, 20, 30, 40, 50]), Size::new(2, 1), Interpolation::Area).unwrap();
        assert_eq!(row(&mean), [10, 40]);
        for interpolation in [Interpolation::Area, Interpolation::Cubic, Interpolation::Linear] {
            let filled = resize(&gray(&[77]), Size::new(5, 3), interpolation).unwrap();
            assert!(filled.pixels().iter().all(|&v| v == 77), "{interpolation:?}");
        }
    }

    #[test]
    fn linear_uses_half_pixel_geometry() {
        let out = resize(&gray(&[0, 100]), Size::new(4, 1), Interpolation::Linear).unwrap();
        assert_eq!(row(&out), [0, 25, 75, 100]);
    }

    #[test]
    fn weights_sum_to_one() {
        for f in [0.0, 0.25, 0.5, 0.99] {
            for weights in [linear_weights(f), cubic_weights(f)] {
                assert!((weights.iter().map(|w| w.1).sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn antialiasing_looks_at_all_pixels_that_shrink_into_one() {
        // A tent four pixels wide around the middle of each pair: weights 1 3 3 1, at the edges without what lies outside.
        let out = resize(&gray(&[0, 80, 0, 0, 160, 0]), Size::new(3, 1), Interpolation::Antialiased).unwrap();
        assert_eq!(row(&out), [34, 30, 69]);
        // Where the picture grows it is the plain one, but for the edges.
        let plain = resize(&gray(&[10, 50, 20]), Size::new(7, 1), Interpolation::Linear).unwrap();
        assert_eq!(resize(&gray(&[10, 50, 20]), Size::new(7, 1), Interpolation::Antialiased).unwrap(), plain);
    }

    #[test]
    fn pillows_cubic_looks_at_eight_pixels_that_shrink_by_two() {
        // Computed apart, after Pillow: a kernel over four pixels of the result, the weights within the picture brought to a sum of 1.
        let out =
            resize(&gray(&[0, 80, 0, 0, 160, 0, 90, 10]), Size::new(4, 1), Interpolation::AntialiasedCubic).unwrap();
        assert_eq!(row(&out), [35, 26, 77, 40]);
        let out = resize(&gray(&[10, 50, 20]), Size::new(7, 1), Interpolation::AntialiasedCubic).unwrap();
        assert_eq!(row(&out), [6, 14, 34, 50, 39, 23, 17]);
    }

    #[test]
    fn an_empty_target_is_refused() {
        assert!(resize(&gray(&[1]), Size::new(0, 4), Interpolation::Linear).is_err());
    }
}
