//! Pose: from heatmaps to keypoints.
//!
//! The sub-pixel step is that of distribution-aware coordinates (DARK, Zhang et al. 2020) with unbiased data processing
//! (UDP, Huang et al. 2020): the logarithm of a Gaussian peak is a parabola, so one Newton step on the logarithm of the
//! smoothed heatmap leads from its largest cell to the centre of the Gaussian.

use super::flip;
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::image::planes::check_len;
use crate::preprocess::Placement;
use crate::spec::HeatmapCodec;
use rayon::prelude::*;

/// A located keypoint. All three numbers are finite. In the layout of C: hosts read it in place.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Keypoint {
    /// Column in pixels, centres at integers.
    pub x: f32,
    /// Row in pixels, centres at integers.
    pub y: f32,
    /// Height of the peak of the heatmap: about 1 for a sure find, 0 for none. Not a probability.
    pub score: f32,
}

/// Side of the smoothing kernel, in cells.
const BLUR_SIZE: usize = 11;
/// Standard deviation of the smoothing kernel, in cells.
const BLUR_SIGMA: f64 = 2.0;
/// Range the smoothed heatmap is held in before the logarithm is taken.
const LOG_RANGE: (f64, f64) = (1e-3, 50.0);
/// Added to the diagonal of the Hessian, so that a plateau gives a zero step.
const HESSIAN_EPSILON: f64 = f32::EPSILON as f64;
/// Longest step that is believed, in cells per axis.
///
/// The kernel has sigma 2, so a peak further away than this is not the one that was found; such steps come from saddles
/// and from noise, where the parabola has no maximum. The official code takes them at any length.
const MAX_STEP: f64 = 2.0;

/// Finds the peak of each of `count` heatmaps (CHW, size `map`) and returns it in pixels of the network input.
///
/// The peak is the largest cell, the first in row order where several are equal, moved by one Newton step on
/// the log of the heatmap smoothed with an 11x11 Gaussian. The score is the largest value before smoothing.
///
/// Differences from the official code, which yields NaN or positions read from a neighbouring heatmap for these:
/// - A map whose maximum is not positive, that is constant, or that holds a value that is not finite has seen nothing:
///   its largest finite cell, unmoved, score 0.
/// - A map whose smoothed maximum is not positive keeps its largest cell and its score.
/// - A step of more than two cells along an axis, or one that is not finite, is not taken.
pub fn decode(heatmaps: &[f32], count: usize, map: Size, input: Size, codec: HeatmapCodec) -> Result<Vec<Keypoint>> {
    check_len("heatmaps", heatmaps.len(), count, map)?;
    let blur = Blur::new();
    let decoded = heatmaps.par_chunks_exact(map.area()).map_init(Vec::new, |scratch, heatmap| {
        let peak = Peak::find(heatmap);
        let (column, row) = (peak.index % map.width, peak.index / map.width);
        let (mut x, mut y) = (column as f64, row as f64);
        if peak.is_seen {
            let (dx, dy) = newton_step(heatmap, map, (column, row), peak.max, &blur, scratch).unwrap_or_default();
            (x, y) = (x + dx, y + dy);
        }
        Keypoint {
            x: input_from_heatmap(x, map.width, input.width, codec) as f32,
            y: input_from_heatmap(y, map.height, input.height, codec) as f32,
            score: if peak.is_seen { peak.max } else { 0.0 },
        }
    });
    Ok(decoded.collect())
}

/// Averages the heatmaps with those of the mirrored input, in place: mirrored back, and each keypoint's map taken from
/// the keypoint it became, `flip[keypoint]`.
pub fn average_flipped(heatmaps: &mut [f32], flipped: &[f32], map: Size, flip: &[usize]) -> Result<()> {
    if let Some(index) = flip.iter().find(|index| **index >= flip.len()) {
        return Err(Error::invalid(format!("`flip` names keypoint {index} of {}", flip.len())));
    }
    flip::average(heatmaps, flipped, flip.len(), map, |c| flip[c], |_| 1.0)
}

/// Carries keypoints from pixels of the network input to pixels of the image.
pub fn to_image(keypoints: &[Keypoint], placement: &Placement) -> Result<Vec<Keypoint>> {
    super::placed::picture(placement)?;
    let image_from_input = placement.image_from_input();
    if !image_from_input.0.as_flattened().iter().all(|v| v.is_finite()) {
        return Err(Error::invalid(format!(
            "the placement {:?} holds numbers that are not finite",
            placement.geometry
        )));
    }
    Ok(keypoints
        .iter()
        .map(|keypoint| {
            let (x, y) = image_from_input.apply(f64::from(keypoint.x), f64::from(keypoint.y));
            Keypoint { x: x as f32, y: y as f32, score: keypoint.score }
        })
        .collect())
}

/// The largest cell of a heatmap.
struct Peak {
    index: usize,
    max: f32,
    /// Whether it stands for a find: positive, above the rest, all cells finite.
    is_seen: bool,
}

impl Peak {
    fn find(heatmap: &[f32]) -> Self {
        let (mut index, mut max, mut min, mut is_finite) = (0, f32::NEG_INFINITY, f32::INFINITY, true);
        for (i, &value) in heatmap.iter().enumerate() {
            is_finite &= value.is_finite();
            if value.is_finite() && value > max {
                (index, max) = (i, value);
            }
            min = min.min(value);
        }
        Self { index, max, is_seen: is_finite && max > 0.0 && max > min }
    }
}

/// One Newton step from the peak at `at`, in cells; `None` where it cannot be trusted.
fn newton_step(
    heatmap: &[f32],
    map: Size,
    at: (usize, usize),
    max: f32,
    blur: &Blur,
    scratch: &mut Vec<f32>,
) -> Option<(f64, f64)> {
    let smooth_max = blur.apply(heatmap, map, scratch);
    if smooth_max <= 0.0 {
        return None;
    }
    let gain = f64::from(max) / f64::from(smooth_max);
    let smooth = &scratch[map.area()..];
    // The logarithm at an offset from the peak; beyond the border the edge is repeated.
    let log = |dx: isize, dy: isize| {
        let x = at.0.saturating_add_signed(dx).min(map.width - 1);
        let y = at.1.saturating_add_signed(dy).min(map.height - 1);
        (f64::from(smooth[y * map.width + x]) * gain).clamp(LOG_RANGE.0, LOG_RANGE.1).ln()
    };
    let (centre, left, right, up, down) = (log(0, 0), log(-1, 0), log(1, 0), log(0, -1), log(0, 1));
    let (gx, gy) = (0.5 * (right - left), 0.5 * (down - up));
    let hxx = right - 2.0 * centre + left + HESSIAN_EPSILON;
    let hyy = down - 2.0 * centre + up + HESSIAN_EPSILON;
    let hxy = 0.5 * (log(1, 1) - right - down + 2.0 * centre - left - up + log(-1, -1));
    let det = hxx * hyy - hxy * hxy;
    let step = (-(hyy * gx - hxy * gy) / det, -(hxx * gy - hxy * gx) / det);
    // Written so that NaN fails.
    (step.0.abs() <= MAX_STEP && step.1.abs() <= MAX_STEP).then_some(step)
}

/// The position in input pixels that a heatmap coordinate stands for, along one axis.
fn input_from_heatmap(at: f64, cells: usize, pixels: usize, codec: HeatmapCodec) -> f64 {
    match codec {
        HeatmapCodec::Udp => at / (cells.max(2) - 1) as f64 * (pixels.max(1) - 1) as f64,
        HeatmapCodec::HalfPixel => (at + 0.5) * pixels as f64 / cells as f64 - 0.5,
    }
}

/// The Gaussian smoothing of heatmaps; beyond the border lie zeros.
struct Blur {
    kernel: [f32; BLUR_SIZE],
}

impl Blur {
    fn new() -> Self {
        let weight = |i: usize| {
            let d = i as f64 - (BLUR_SIZE / 2) as f64;
            (-d * d / (2.0 * BLUR_SIGMA * BLUR_SIGMA)).exp()
        };
        let sum: f64 = (0..BLUR_SIZE).map(weight).sum();
        Self { kernel: std::array::from_fn(|i| (weight(i) / sum) as f32) }
    }

    /// Leaves the smoothed heatmap in the second half of `scratch` and returns its maximum.
    fn apply(&self, heatmap: &[f32], map: Size, scratch: &mut Vec<f32>) -> f32 {
        scratch.clear();
        scratch.resize(2 * map.area(), 0.0);
        let (along_x, out) = scratch.split_at_mut(map.area());
        let half = BLUR_SIZE / 2;
        // The part of the kernel that lies on the map, and the first cell under it.
        let reach = |i: usize, n: usize| (half.saturating_sub(i)..BLUR_SIZE.min(n + half - i), i.saturating_sub(half));
        for (target, row) in along_x.chunks_exact_mut(map.width).zip(heatmap.chunks_exact(map.width)) {
            for x in 0..map.width {
                let (taps, first) = reach(x, map.width);
                target[x] = self.kernel[taps].iter().zip(&row[first..]).map(|(k, v)| k * v).sum();
            }
        }
        for (y, target) in out.chunks_exact_mut(map.width).enumerate() {
            let (taps, first) = reach(y, map.height);
            for (k, row) in self.kernel[taps].iter().zip(along_x[first * map.width..].chunks_exact(map.width)) {
                for (sum, value) in target.iter_mut().zip(row) {
                    *sum += k * value;
                }
            }
        }
        out.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: Size = Size::new(24, 32);

    fn gaussian(cx: f64, cy: f64) -> Vec<f32> {
        let value = |i: usize| {
            let (dx, dy) = ((i % MAP.width) as f64 - cx, (i / MAP.width) as f64 - cy);
            (-(dx * dx + dy * dy) / 8.0).exp() as f32
        };
        (0..MAP.area()).map(value).collect()
    }

    fn decode_one(heatmap: &[f32], codec: HeatmapCodec) -> Keypoint {
        decode(heatmap, 1, MAP, Size::new(96, 128), codec).unwrap()[0]
    }

    #[test]
    fn both_codecs_find_the_centre_of_a_gaussian() {
        let heatmap = gaussian(10.3, 15.6);
        let udp = decode_one(&heatmap, HeatmapCodec::Udp);
        assert!((udp.x - 10.3 / 23.0 * 95.0).abs() < 0.05 && (udp.y - 15.6 / 31.0 * 127.0).abs() < 0.05, "{udp:?}");
        let half = decode_one(&heatmap, HeatmapCodec::HalfPixel);
        assert!((half.x - (10.8 * 4.0 - 0.5)).abs() < 0.05 && (half.y - (16.1 * 4.0 - 0.5)).abs() < 0.05, "{half:?}");
    }

    #[test]
    fn maps_that_show_nothing_score_zero_and_stay_finite() {
        let mut with_nan = gaussian(3.0, 3.0);
        with_nan[700] = f32::NAN;
        let mut with_infinity = gaussian(3.0, 3.0);
        with_infinity[0] = f32::INFINITY;
        for heatmap in [vec![0.0; 768], vec![0.7; 768], vec![-1.0; 768], vec![f32::NAN; 768], with_nan, with_infinity] {
            for codec in [HeatmapCodec::Udp, HeatmapCodec::HalfPixel] {
                let found = decode_one(&heatmap, codec);
                assert_eq!(found.score, 0.0);
                assert!(found.x.is_finite() && found.y.is_finite());
            }
        }
    }

    #[test]
    fn a_single_cell_is_not_refined_away() {
        let one = decode(&[0.5], 1, Size::new(1, 1), Size::new(4, 4), HeatmapCodec::Udp).unwrap();
        assert_eq!(one, [Keypoint { x: 0.0, y: 0.0, score: 0.0 }]);
        let mut spike = vec![-0.5; 768];
        spike[24 * 8 + 5] = 0.3;
        assert_eq!(
            decode_one(&spike, HeatmapCodec::Udp),
            Keypoint { x: (5.0 / 23.0 * 95.0) as f32, y: (8.0 / 31.0 * 127.0) as f32, score: 0.3 }
        );
    }

    #[test]
    fn no_step_is_longer_than_the_limit() {
        // Deterministic noise around a low level: saddles and plateaus of all kinds.
        let mut state = 1u32;
        for _ in 0..200 {
            let noise: Vec<f32> = (0..MAP.area())
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1u32 << 24) as f32 * 0.01
                })
                .collect();
            let found = decode_one(&noise, HeatmapCodec::Udp);
            let peak = Peak::find(&noise);
            let (x, y) = (found.x * 23.0 / 95.0, found.y * 31.0 / 127.0);
            assert!((x - (peak.index % 24) as f32).abs() < 2.001 && (y - (peak.index / 24) as f32).abs() < 2.001);
        }
    }

    #[test]
    fn wrong_lengths_are_named() {
        let error = decode(&[0.0; 10], 2, MAP, MAP, HeatmapCodec::Udp).unwrap_err().to_string();
        assert!(error.contains("`heatmaps` holds 10"), "{error}");
        assert!(average_flipped(&mut [0.0; 2], &[0.0; 2], Size::new(1, 1), &[0, 2]).is_err());
        let geometry = crate::preprocess::Geometry::Crop { center: [f32::NAN, 0.0], scale: [1.0, 1.0] };
        assert!(to_image(&[], &Placement { image: MAP, input: MAP, geometry }).is_err());
    }
}
