//! Boxes from a centre map and the distances to the edges.

use super::{DetectOptions, Detection, MAX_CANDIDATES, MAX_FOUND, MIN_SIDE, suppress};
use crate::error::{Error, Result};
use crate::geometry::{Affine, Rect, Size};
use crate::preprocess::Placement;
use crate::spec::DETECTOR_CHANNELS;

/// A distance is this many input pixels times the exponential of what the network gives.
const DISTANCE_UNIT: f64 = 32.0;
/// Logarithms beyond this are taken for this: 13,000 pixels, more than any input has.
const MAX_LOG: f32 = 6.0;

/// The people in the maps of a detector, `5 x grid.height x grid.width`: sorted by score, boxes clipped to the image, at
/// most 100.
///
/// Cell `(i, j)` of the grid stands for the input pixel `stride * (i + 0.5) - 0.5`, and so for `j`; pixel centres are at
/// integers. Channel 0 is the logit of the score; a cell counts where none of its eight neighbours has a larger one. Channels
/// 1 to 4 are the logarithms of the distances from there to the left, upper, right and lower edge, in units of 32 input
/// pixels. A cell with a NaN says nothing.
///
/// # Errors
/// `InvalidArgument` for options out of range, and where the number of values, the grid and the input do not fit together.
pub fn decode(maps: &[f32], grid: Size, placement: &Placement, options: &DetectOptions) -> Result<Vec<Detection>> {
    options.check()?;
    let stride = stride(maps.len(), grid, placement.input)?;
    let image_from_input = placement.image_from_input();
    let Some((logits, logs)) = maps.split_at_checked(grid.area()) else { return Ok(Vec::new()) };
    let score = |cell: usize| 1.0 / (1.0 + (-logits[cell]).exp());
    let mut peaks: Vec<usize> =
        (0..grid.area()).filter(|&cell| score(cell) > options.threshold && is_peak(logits, grid, cell)).collect();
    peaks.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let found = peaks.iter().take(MAX_CANDIDATES).filter_map(|&cell| {
        let centre = |index: usize| stride as f64 * (index as f64 + 0.5) - 0.5;
        let [left, top, right, bottom] = distances(logs, grid.area(), cell)?;
        let (x, y) = (centre(cell % grid.width), centre(cell / grid.width));
        let bbox = clipped(&image_from_input, [x - left, y - top, x + right, y + bottom], placement.image)?;
        Some(Detection { bbox, score: score(cell) })
    });
    let mut kept = suppress(&found.collect::<Vec<_>>(), options.max_overlap);
    kept.truncate(MAX_FOUND);
    Ok(kept)
}

/// Input pixels per cell.
fn stride(values: usize, grid: Size, input: Size) -> Result<usize> {
    let stride = input.width.checked_div(grid.width).unwrap_or(0);
    let fits = stride > 0 && Size::new(grid.width * stride, grid.height * stride) == input;
    if fits && values == DETECTOR_CHANNELS * grid.area() {
        return Ok(stride);
    }
    Err(Error::invalid(format!(
        "detector maps: {values} values on a grid of {grid} for an input of {input}; {DETECTOR_CHANNELS} maps of that grid \
         are needed, and a grid that divides the input into squares"
    )))
}

/// Whether no neighbour has a larger value.
fn is_peak(values: &[f32], grid: Size, cell: usize) -> bool {
    let (x, y) = (cell % grid.width, cell / grid.width);
    let rows = y.saturating_sub(1)..(y + 2).min(grid.height);
    let columns = x.saturating_sub(1)..(x + 2).min(grid.width);
    rows.flat_map(|row| columns.clone().map(move |column| row * grid.width + column))
        .all(|other| values[other] <= values[cell] || values[other].is_nan())
}

/// Distances to the four edges in input pixels.
fn distances(logs: &[f32], area: usize, cell: usize) -> Option<[f64; 4]> {
    let logs = [0, 1, 2, 3].map(|edge| logs[edge * area + cell]);
    let is_number = logs.iter().all(|log| !log.is_nan());
    is_number.then(|| logs.map(|log| DISTANCE_UNIT * f64::from(log.min(MAX_LOG)).exp()))
}

/// A box of the input (left, upper, right, lower edge), in the image; `None` where nothing of it is left.
fn clipped(image_from_input: &Affine, [x0, y0, x1, y1]: [f64; 4], image: Size) -> Option<Rect> {
    let (x0, y0) = image_from_input.apply(x0, y0);
    let (x1, y1) = image_from_input.apply(x1, y1);
    // `min` and `max` would take a NaN for the border.
    if ![x0, y0, x1, y1].iter().all(|v| v.is_finite()) {
        return None;
    }
    let side = |from: f64, to: f64, limit: usize| {
        let (from, to) = (from.max(0.0) as f32, to.min(limit as f64) as f32);
        (to - from >= MIN_SIDE).then_some((from, to - from))
    };
    let ((x, width), (y, height)) = (side(x0, x1, image.width)?, side(y0, y1, image.height)?);
    Some(Rect { x, y, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Geometry;

    const GRID: Size = Size::new(8, 6);
    /// Cells of 8 pixels.
    const INPUT: Size = Size::new(64, 48);

    /// Maps that have seen nobody.
    struct Maps(Vec<f32>);

    impl Maps {
        fn new() -> Self {
            let mut maps = vec![0.0; 5 * GRID.area()];
            maps[..GRID.area()].fill(-9.0);
            Self(maps)
        }

        /// A peak at column and row with distances left, top, right, bottom in input pixels.
        fn with(mut self, (x, y): (usize, usize), logit: f32, distances: [f32; 4]) -> Self {
            let values = [logit].into_iter().chain(distances.map(|d| (d / 32.0).ln()));
            for (channel, value) in values.enumerate() {
                self.0[channel * GRID.area() + y * GRID.width + x] = value;
            }
            self
        }

        fn decode(&self, placement: &Placement) -> Vec<Detection> {
            decode(&self.0, GRID, placement, &DetectOptions::default()).unwrap()
        }
    }

    /// The image is the input.
    fn same() -> Placement {
        Placement { image: INPUT, input: INPUT, geometry: Geometry::Stretch }
    }

    #[track_caller]
    fn assert_box(found: &Detection, expected: [f32; 4]) {
        let bbox = found.bbox;
        let worst = [bbox.x, bbox.y, bbox.width, bbox.height].into_iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(worst.fold(0.0, f32::max) < 1e-4, "{bbox:?} is not {expected:?}");
    }

    #[test]
    fn a_box_lies_around_the_centre_of_its_cell() {
        assert!(Maps::new().decode(&same()).is_empty());
        // The centre of cell (3, 2) is 8 * 3.5 - 0.5 = 27.5 and 8 * 2.5 - 0.5 = 19.5.
        let found = Maps::new().with((3, 2), 0.0, [10.0, 15.0, 20.0, 25.0]).decode(&same());
        assert_eq!((found.len(), found[0].score), (1, 0.5));
        assert_box(&found[0], [17.5, 4.5, 30.0, 40.0]);
    }

    #[test]
    fn boxes_are_carried_through_the_letterbox_and_clipped_to_the_image() {
        // 96 x 36 pixels at 2/3 are 64 x 24, with 12 black rows above and below: image = 1.5 (input + 0.5) - 0.5.
        let geometry = Geometry::Letterbox { left: 0, right: 0, top: 12, bottom: 12 };
        let placement = Placement { image: Size::new(96, 36), input: INPUT, geometry };
        // Around (27.5, 19.5): 17.5 to 47.5 and 14.5 to 30.5, that is 26.5 to 71.5 and 1.5 * 3 - 0.5 = 4 to 28.
        let found = Maps::new().with((3, 2), 2.0, [10.0, 5.0, 20.0, 11.0]).decode(&placement);
        assert_box(&found[0], [26.5, 4.0, 45.0, 24.0]);
        let found = Maps::new().with((3, 2), 2.0, [100.0, 5.0, 200.0, 300.0]).decode(&placement);
        assert_box(&found[0], [0.0, 4.0, 96.0, 32.0]);
        // Wholly in the black rows above, and a sliver below.
        assert!(Maps::new().with((3, 0), 2.0, [9.0, 3.0, 9.0, 5.0]).decode(&placement).is_empty());
        assert!(Maps::new().with((3, 5), 2.0, [9.0, 8.1, 9.0, 8.0]).decode(&placement).is_empty());
    }

    #[test]
    fn only_peaks_above_the_threshold_count_surest_first() {
        let small = [4.0, 4.0, 4.0, 4.0];
        let maps = Maps::new()
            .with((1, 1), 1.0, small)
            .with((2, 2), 0.9, small) // beside a larger one
            .with((5, 1), 3.0, small)
            .with((5, 4), -0.8, small) // 0.31
            .with((1, 4), -0.9, small); // 0.29
        let found = maps.decode(&same());
        let at: Vec<(f32, f32)> = found.iter().map(|d| (d.bbox.x + 4.0, d.bbox.y + 4.0)).collect();
        assert_eq!(at, [(43.5, 11.5), (11.5, 11.5), (43.5, 35.5)]);
        assert!(found.is_sorted_by(|a, b| a.score > b.score));
        let all = DetectOptions { threshold: 0.0, ..Default::default() };
        assert!(decode(&maps.0, GRID, &same(), &all).unwrap().len() >= 4);
        let none = DetectOptions { threshold: 1.0, ..Default::default() };
        assert!(decode(&maps.0, GRID, &same(), &none).unwrap().is_empty());
    }

    #[test]
    fn a_person_seen_twice_is_one() {
        // 24 x 24 each, two cells apart: they share (24 - 16 + 1) / (24 + 16 + 1) = 0.22.
        let maps = Maps::new().with((2, 2), 2.0, [12.0; 4]).with((4, 2), 1.0, [12.0; 4]);
        assert_eq!(maps.decode(&same()).len(), 2);
        let strict = DetectOptions { max_overlap: 0.2, ..Default::default() };
        let found = decode(&maps.0, GRID, &same(), &strict).unwrap();
        assert_eq!(found.len(), 1);
        assert_box(&found[0], [7.5, 7.5, 24.0, 24.0]);
        // Equal neighbours are both peaks; their boxes settle it, the first in row order stays.
        let found = Maps::new().with((2, 2), 2.0, [20.0; 4]).with((3, 2), 2.0, [20.0; 4]).decode(&same());
        assert_eq!(found.len(), 1);
        assert_box(&found[0], [0.0, 0.0, 39.5, 39.5]);
    }

    #[test]
    fn nonsense_from_the_network_is_nobody() {
        let near = [9.0; 4];
        for wrong in [f32::NAN, f32::NEG_INFINITY] {
            assert!(Maps::new().with((3, 2), wrong, near).decode(&same()).is_empty());
        }
        // A NaN beside a peak does not hide it, one in its distances does.
        let found = Maps::new().with((2, 2), f32::NAN, near).with((3, 2), f32::INFINITY, near).decode(&same());
        assert_eq!((found.len(), found[0].score), (1, 1.0));
        let mut maps = Maps::new().with((3, 2), 2.0, near);
        let edge = 3 * GRID.area() + 2 * GRID.width + 3;
        for (log, width) in [(f32::INFINITY, 64.0 - 18.5), (1e30, 64.0 - 18.5), (f32::NEG_INFINITY, 9.0)] {
            maps.0[edge] = log;
            assert_box(&maps.decode(&same())[0], [18.5, 10.5, width, 18.0]);
        }
        maps.0[edge] = f32::NAN;
        assert!(maps.decode(&same()).is_empty());
        let nowhere = Geometry::Crop { center: [f32::NAN; 2], scale: [1.0; 2] };
        let placement = Placement { geometry: nowhere, ..same() };
        assert!(Maps::new().with((3, 2), 2.0, near).decode(&placement).is_empty());
        assert!(decode(&vec![f32::NAN; 240], GRID, &same(), &DetectOptions::default()).unwrap().is_empty());
    }

    #[test]
    fn at_most_a_hundred_people() {
        let grid = Size::new(64, 64);
        let input = Size::new(1024, 1024);
        let mut maps = vec![(1.0_f32 / 32.0).ln(); 5 * grid.area()];
        maps[..grid.area()].fill(1.0);
        let placement = Placement { image: input, input, geometry: Geometry::Stretch };
        let found = decode(&maps, grid, &placement, &DetectOptions::default()).unwrap();
        assert_eq!(found.len(), 100);
        assert_box(&found[99], [16.0 * 35.5 - 1.5, 16.0 * 1.5 - 1.5, 2.0, 2.0]);
    }

    #[test]
    fn maps_that_do_not_fit_are_refused() {
        let decode = |values: usize, grid: Size| {
            decode(&vec![0.0; values], grid, &same(), &DetectOptions::default()).unwrap_err().to_string()
        };
        let message = decode(6 * GRID.area(), GRID);
        assert!(message.contains("288 values") && message.contains("6x8") && message.contains("48x64"), "{message}");
        for grid in [Size::new(0, 0), Size::new(6, 8), Size::new(7, 6), Size::new(8, 5), Size::new(128, 96)] {
            decode(5 * grid.area(), grid);
        }
        let wrong = DetectOptions { threshold: f32::NAN, ..Default::default() };
        assert!(super::decode(&[0.0; 240], GRID, &same(), &wrong).is_err());
    }
}
