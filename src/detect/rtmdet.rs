//! People among the boxes of RTMDet.

use super::{DetectOptions, Detection, MAX_CANDIDATES, MAX_FOUND, finish};
use crate::error::{Error, Result};
use crate::geometry::Rect;
use crate::preprocess::{Geometry, Placement};
use crate::spec::RTMDET_STRIDES;

/// The class of people.
const PERSON: usize = 0;

/// A box of the input that is sure enough.
struct Candidate {
    score: f32,
    cell: usize,
    class: usize,
}

/// The people in the answer of RTMDet: per cell of its levels, from fine to coarse, the scores of all classes (`scores`) and a
/// box in input pixels (`boxes`: left, upper, right, lower edge).
///
/// As the official code: the 1000 surest boxes of each level, clipped to the input with its border, in image pixels; the 100
/// surest of them; people among these; greedy suppression. Boxes are not clipped to the image, because those of the official
/// code are not; a box that lies wholly outside is left out.
///
/// # Errors
/// `InvalidArgument` for options out of range, and where the numbers of values do not fit the input.
pub fn decode_rtmdet(
    scores: &[f32],
    boxes: &[f32],
    placement: &Placement,
    options: &DetectOptions,
) -> Result<Vec<Detection>> {
    decode(scores, boxes, placement, options, MAX_CANDIDATES)
}

fn decode(
    scores: &[f32],
    boxes: &[f32],
    placement: &Placement,
    options: &DetectOptions,
    most_per_level: usize,
) -> Result<Vec<Detection>> {
    options.check()?;
    let input = placement.input;
    let counts = RTMDET_STRIDES.map(|stride| (input.width / stride) * (input.height / stride));
    let total: usize = counts.iter().sum();
    let classes = scores.len().checked_div(total).unwrap_or(0);
    if classes == 0 || scores.len() != classes * total || boxes.len() != 4 * total {
        return Err(Error::invalid(format!(
            "detector answer: {} scores and {} box edges for an input of {input}; it has {total} cells, each with 4 edges",
            scores.len(),
            boxes.len()
        )));
    }
    let mut candidates = Vec::new();
    let mut first = 0;
    for count in counts {
        let in_level = first * classes..(first + count) * classes;
        let candidate =
            |index: usize| Candidate { score: scores[index], cell: index / classes, class: index % classes };
        let mut level: Vec<Candidate> =
            in_level.filter(|&index| scores[index] > options.threshold).map(candidate).collect();
        level.sort_by(|a, b| b.score.total_cmp(&a.score));
        level.truncate(most_per_level);
        candidates.extend(level);
        first += count;
    }
    let mut found: Vec<(usize, Detection)> = candidates
        .iter()
        .filter_map(|Candidate { score, cell, class }| {
            let edges = [0, 1, 2, 3].map(|edge| boxes[4 * cell + edge]);
            Some((*class, Detection { bbox: in_image(edges, placement)?, score: *score }))
        })
        .collect();
    found.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
    found.truncate(MAX_FOUND);
    let people: Vec<Detection> =
        found.into_iter().filter(|(class, _)| *class == PERSON).map(|(_, found)| found).collect();
    Ok(finish(&people, placement.image, options))
}

/// A box of the input in image pixels; `None` where it has no extent.
fn in_image(edges: [f32; 4], placement: &Placement) -> Option<Rect> {
    let (input, image) = (placement.input, placement.image);
    let (right, bottom) = match placement.geometry {
        Geometry::Letterbox { right, bottom, .. } => (right, bottom),
        _ => (0, 0),
    };
    // The two differ where the size inside the border was rounded. Corners of pixels, not centres, are at integers here.
    let scale_x = (input.width - right) as f32 / image.width as f32;
    let scale_y = (input.height - bottom) as f32 / image.height as f32;
    // A NaN stays one.
    let clamp = |edge: f32, limit: usize| edge.clamp(0.0, limit as f32);
    let [x0, x1] = [0, 2].map(|edge| clamp(edges[edge], input.width) / scale_x);
    let [y0, y1] = [1, 3].map(|edge| clamp(edges[edge], input.height) / scale_y);
    (x1 > x0 && y1 > y0).then_some(Rect { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    /// 64 x 64 with cells of 8, 16 and 32 pixels: 64 + 16 + 4 of them.
    const CELLS: usize = 84;

    fn placement() -> Placement {
        let geometry = Geometry::Letterbox { left: 0, right: 0, top: 0, bottom: 32 };
        Placement { image: Size::new(128, 64), input: Size::new(64, 64), geometry }
    }

    fn people(found: &[(usize, f32, [f32; 4])], classes: usize, options: &DetectOptions) -> Vec<Detection> {
        let (mut scores, mut boxes) = (vec![0.0; CELLS * classes], vec![0.0; CELLS * 4]);
        for (cell, score, edges) in found {
            scores[cell * classes] = *score;
            boxes[cell * 4..][..4].copy_from_slice(edges);
        }
        decode_rtmdet(&scores, &boxes, &placement(), options).unwrap()
    }

    #[test]
    fn boxes_are_carried_to_the_image_and_may_reach_beyond_it() {
        let options = DetectOptions::default();
        let found = people(&[(3, 0.9, [-5.0, 4.0, 20.0, 60.0]), (80, 0.5, [40.0, 2.0, 50.0, 12.0])], 1, &options);
        let [one, two] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.bbox, one.score), (Rect { x: 0.0, y: 8.0, width: 40.0, height: 112.0 }, 0.9));
        assert_eq!(two.bbox, Rect { x: 80.0, y: 4.0, width: 20.0, height: 20.0 });
        // In the border, without extent, not a number, not sure enough, and what no threshold lets through.
        for (score, edges) in [
            (0.9, [4.0, 40.0, 20.0, 60.0]),
            (0.9, [20.0, 4.0, 20.0, 9.0]),
            (0.9, [f32::NAN, 4.0, 20.0, 9.0]),
            (0.3, [4.0, 4.0, 20.0, 20.0]),
            (f32::NAN, [4.0, 4.0, 20.0, 20.0]),
        ] {
            assert!(people(&[(3, score, edges)], 1, &options).is_empty(), "{score} {edges:?}");
        }
        let far = people(&[(3, 0.9, [f32::NEG_INFINITY, 4.0, f32::INFINITY, 30.0])], 1, &options);
        assert_eq!(far[0].bbox, Rect { x: 0.0, y: 8.0, width: 128.0, height: 52.0 });
    }

    #[test]
    fn other_classes_take_places_but_are_no_people() {
        let edges = [4.0, 4.0, 20.0, 20.0];
        assert_eq!(people(&[(3, 0.9, edges)], 3, &DetectOptions::default()).len(), 1);
        let mut scores = vec![0.0; CELLS * 2];
        scores[7] = 0.9; // the second class of the fourth cell
        let boxes = edges.repeat(CELLS);
        assert!(decode_rtmdet(&scores, &boxes, &placement(), &DetectOptions::default()).unwrap().is_empty());
    }

    #[test]
    fn each_level_gives_its_surest() {
        let (mut scores, boxes) = (vec![0.0; CELLS], [4.0, 4.0, 20.0, 20.0].repeat(CELLS));
        // Three in the first level, one in each other.
        for (cell, score) in [(0, 0.5), (9, 0.7), (63, 0.6), (64, 0.4), (83, 0.35)] {
            scores[cell] = score;
        }
        let all = DetectOptions { max_overlap: 1.0, ..DetectOptions::default() };
        let found = super::decode(&scores, &boxes, &placement(), &all, 2).unwrap();
        assert_eq!(found.iter().map(|d| d.score).collect::<Vec<_>>(), [0.7, 0.6, 0.4, 0.35]);
        assert_eq!(decode_rtmdet(&scores, &boxes, &placement(), &all).unwrap().len(), 5);
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for (scores, boxes) in [(0, 0), (CELLS + 1, CELLS * 4), (CELLS, CELLS * 4 + 4), (CELLS, 0)] {
            let found = decode_rtmdet(&vec![0.0; scores], &vec![0.0; boxes], &placement(), &DetectOptions::default());
            assert!(found.unwrap_err().to_string().contains("84 cells"));
        }
        let nowhere = Placement { input: Size::new(0, 0), ..placement() };
        assert!(decode_rtmdet(&[], &[], &nowhere, &DetectOptions::default()).is_err());
    }
}
