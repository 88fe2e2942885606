//! Segmentation: from class logits to a label and its confidence per image pixel.

use super::{flip, placed};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::image::planes::{Grid, Tap, check_len};
use crate::preprocess::Placement;
use ndarray::Array2;
use rayon::prelude::*;
use std::ops::Range;

/// A label per image pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct SegMap {
    /// HxW, 0 is the background.
    pub labels: Array2<u8>,
    /// HxW, softmax probability of the label, 0..1.
    pub confidence: Array2<f32>,
    /// How many classes the model tells apart, which names their set ([`crate::skeleton::class_set`]); `None` where nothing
    /// says.
    pub classes: Option<usize>,
}

/// Image pixels per tile: its logits of all classes stay in the cache of a core.
const TILE: usize = 256;

/// Interpolates the logits (CHW, `classes` planes of the input size) at every image pixel and takes the largest, the
/// lower label where two are equal; the confidence is its softmax probability over the interpolated logits.
///
/// A NaN counts as the lowest logit. Outside a crop, and where no logit is finite, label and confidence are 0.
pub fn labels_to_image(logits: &[f32], classes: usize, placement: &Placement) -> Result<SegMap> {
    if !(1..=256).contains(&classes) {
        return Err(Error::invalid(format!("`classes` is {classes}; labels of 8 bits allow 1 to 256")));
    }
    check_len("logits", logits.len(), classes, placement.input)?;
    let grid = placed::grid(placement)?;
    let Size { width, height } = grid.target();
    let mut labels = Array2::<u8>::zeros((height, width));
    let mut confidence = Array2::<f32>::zeros((height, width));
    let (Some(label_pixels), Some(confidence_pixels)) = (labels.as_slice_mut(), confidence.as_slice_mut()) else {
        return Err(Error::invalid("the image is too large for an array"));
    };
    label_pixels.par_chunks_mut(width).zip(confidence_pixels.par_chunks_mut(width)).enumerate().for_each_init(
        || Tile::new(classes),
        |tile, (y, (labels, confidence))| {
            let Some(row) = grid.row(y) else { return };
            let inside = grid.columns_inside();
            for start in inside.clone().step_by(TILE) {
                let columns = start..(start + TILE).min(inside.end);
                tile.fill(&grid, logits, row, columns.clone());
                tile.decide(&mut labels[columns.clone()], &mut confidence[columns]);
            }
        },
    );
    Ok(SegMap { labels, confidence, classes: Some(classes) })
}

/// For graphs that deliver only labels and their confidence (HxW, the input size): the nearest input pixel at every
/// image pixel. Outside a crop both are 0.
pub fn resize_labels(labels: &[u8], confidence: &[f32], placement: &Placement) -> Result<SegMap> {
    check_len("labels", labels.len(), 1, placement.input)?;
    check_len("confidence", confidence.len(), 1, placement.input)?;
    let grid = placed::grid(placement)?;
    Ok(SegMap { labels: grid.nearest(labels, 0)?, confidence: grid.nearest(confidence, 0.0)?, classes: None })
}

/// Averages the logits with those of the mirrored input, in place: mirrored back, and the plane of each class taken from
/// the class it became, `class_flip[label]` (left and right swapped).
pub fn average_flipped(logits: &mut [f32], flipped: &[f32], map: Size, class_flip: &[u8]) -> Result<()> {
    if let Some(label) = class_flip.iter().find(|label| usize::from(**label) >= class_flip.len()) {
        return Err(Error::invalid(format!("`class_flip` names class {label} of {}", class_flip.len())));
    }
    flip::average(logits, flipped, class_flip.len(), map, |c| usize::from(class_flip[c]), |_| 1.0)
}

/// The interpolated logits of a run of pixels, and the largest so far.
struct Tile {
    classes: usize,
    between: Vec<f32>,
    logits: Vec<f32>,
    best: [f32; TILE],
    label: [u32; TILE],
}

impl Tile {
    fn new(classes: usize) -> Self {
        let logits = vec![0.0; classes * TILE];
        Self { classes, between: Vec::new(), logits, best: [0.0; TILE], label: [0; TILE] }
    }

    /// Interpolates all classes at one run of columns of one row.
    fn fill(&mut self, grid: &Grid, logits: &[f32], row: Tap, columns: Range<usize>) {
        let (area, taps) = (grid.map().area(), &grid.columns()[columns]);
        // Positions are monotonic, so the outer taps bound the map columns that are needed.
        let (Some(a), Some(b)) = (taps.first(), taps.last()) else { return };
        let first = a.lo.min(b.lo);
        let needed = first..a.hi.max(b.hi) + 1;
        self.best = [f32::NEG_INFINITY; TILE];
        self.label = [0; TILE];
        for c in 0..self.classes {
            let (plane, out) = (&logits[c * area..][..area], &mut self.logits[c * TILE..][..TILE]);
            if grid.is_identity() {
                out[..taps.len()].copy_from_slice(&plane[row.lo * grid.map().width + first..][..taps.len()]);
            } else {
                grid.lerp_rows(plane, row, needed.clone(), &mut self.between);
                for (out, tap) in out.iter_mut().zip(taps) {
                    let (lo, hi) = (self.between[tap.lo - first], self.between[tap.hi - first]);
                    *out = lo * (1.0 - tap.weight) + hi * tap.weight;
                }
            }
            for i in 0..TILE {
                let is_better = out[i] > self.best[i];
                self.best[i] = if is_better { out[i] } else { self.best[i] };
                self.label[i] = if is_better { c as u32 } else { self.label[i] };
            }
        }
    }

    /// Writes the winners and their softmax probabilities.
    fn decide(&self, labels: &mut [u8], confidence: &mut [f32]) {
        let mut sum = [0.0f32; TILE];
        for logits in self.logits.chunks_exact(TILE) {
            for i in 0..TILE {
                sum[i] += exp_not_positive(logits[i] - self.best[i]);
            }
        }
        for i in 0..labels.len() {
            labels[i] = self.label[i] as u8;
            confidence[i] = if self.best[i].is_finite() { 1.0 / sum[i] } else { 0.0 };
        }
    }
}

/// `exp(x)` for `x <= 0` to 2e-7, in operations every processor has as vectors; NaN counts as minus infinity.
#[inline]
fn exp_not_positive(x: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the float.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > -87.0 { x } else { -87.0 };
    let t = x * std::f32::consts::LOG2_E;
    let rounded = t + ROUND;
    // 2^f = exp(f ln 2), its series to the sixth power; |f| <= 1/2.
    let f = (t - (rounded - ROUND)) * std::f32::consts::LN_2;
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f / 720.0)))));
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    series * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Geometry;

    fn stretch(input: Size, image: Size) -> Placement {
        Placement { image, input, geometry: Geometry::Stretch }
    }

    #[test]
    fn the_fast_exponential_is_close_enough() {
        for i in 0..870_000 {
            let x = -1e-4 * i as f32;
            let (fast, exact) = (f64::from(exp_not_positive(x)), f64::from(x).exp());
            assert!((fast - exact).abs() < 2e-7 + 1e-5 * exact && fast >= 0.0, "{x}: {fast} {exact}");
        }
        assert!(exp_not_positive(f32::NAN) < 1e-30 && exp_not_positive(f32::NEG_INFINITY) < 1e-30);
    }

    #[test]
    fn confidence_is_the_softmax_of_the_winner_across_tiles() {
        let (input, image, classes) = (Size::new(300, 3), Size::new(700, 5), 4);
        let logits: Vec<f32> = (0..classes * input.area()).map(|i| ((i * 7919) % 1000) as f32 / 100.0 - 5.0).collect();
        let placement = stretch(input, image);
        let map = labels_to_image(&logits, classes, &placement).unwrap();
        let up = placed::grid(&placement).unwrap().bilinear(&logits, classes, 0.0).unwrap();
        for ((y, x), label) in map.labels.indexed_iter() {
            let values: Vec<f64> = (0..classes).map(|c| f64::from(up[[y, x, c]])).collect();
            let best = values.iter().copied().fold(f64::MIN, f64::max);
            assert_eq!(values[usize::from(*label)], best);
            let softmax = 1.0 / values.iter().map(|v| (v - best).exp()).sum::<f64>();
            assert!((f64::from(map.confidence[[y, x]]) - softmax).abs() < 1e-6);
        }
    }

    #[test]
    fn values_that_are_not_finite_do_not_spread() {
        let input = Size::new(2, 1);
        let placement = stretch(input, input);
        let map = labels_to_image(&[f32::NAN, f32::NAN, f32::NAN, 1.0], 2, &placement).unwrap();
        assert_eq!(map.labels.into_raw_vec_and_offset().0, [0, 1]);
        assert_eq!(map.confidence.into_raw_vec_and_offset().0, [0.0, 1.0]);
    }

    #[test]
    fn outside_a_crop_is_background() {
        let geometry = Geometry::Crop { center: [5.0, 5.0], scale: [3.0, 3.0] };
        let placement = Placement { image: Size::new(12, 10), input: Size::new(4, 4), geometry };
        let logits = [[0.0; 16], [9.0; 16]].concat();
        let map = labels_to_image(&logits, 2, &placement).unwrap();
        let near = resize_labels(&[1; 16], &[0.9; 16], &placement).unwrap();
        for ((y, x), label) in map.labels.indexed_iter() {
            // The box spans 3.5 to 6.5, and the outer pixels reach half a pixel (here of the same size) further.
            let inside = (3..=7).contains(&x) && (3..=7).contains(&y);
            assert_eq!((*label == 1, map.confidence[[y, x]] > 0.9), (inside, inside), "{x} {y}");
            assert_eq!(near.labels[[y, x]], *label);
        }
    }

    #[test]
    fn flipping_swaps_the_sides() {
        let mut logits = vec![1.0, 2.0, 3.0, 4.0];
        average_flipped(&mut logits, &[4.0, 3.0, 2.0, 1.0], Size::new(2, 1), &[1, 0]).unwrap();
        assert_eq!(logits, [1.0, 2.0, 3.0, 4.0]);
        assert!(average_flipped(&mut logits, &[0.0; 4], Size::new(2, 1), &[1, 2]).is_err());
        assert!(labels_to_image(&logits, 300, &stretch(Size::new(2, 1), Size::new(2, 1))).is_err());
    }
}
