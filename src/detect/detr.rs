//! People among the objects of DETR.

use super::{DetectOptions, Detection, finish};
use crate::error::{Error, Result};
use crate::geometry::{Rect, Size};

/// The class of people.
const PERSON: usize = 1;

/// The people in the answer of DETR: per query the logits of all classes, of which the last stands for nothing, and a box in
/// shares of the image (centre x, centre y, width, height).
///
/// As the official code: an object is a person where that is the most probable class, and counts with the probability of it
/// (softmax over all classes). There is no suppression unless the options ask for it; boxes are not clipped to the image, and
/// one that lies wholly outside is left out.
///
/// # Errors
/// `InvalidArgument` for options out of range, and where the numbers of values do not fit together.
pub fn decode_detr(
    logits: &[f32],
    boxes: &[f32],
    classes: usize,
    image: Size,
    options: &DetectOptions,
) -> Result<Vec<Detection>> {
    options.check()?;
    let queries = boxes.len() / 4;
    if classes <= PERSON + 1 || boxes.len() != 4 * queries || logits.len() != classes * queries {
        return Err(Error::invalid(format!(
            "detector answer: {} logits and {} box values; each query has 4 and one logit for each of {classes} classes",
            logits.len(),
            boxes.len()
        )));
    }
    let people = logits.chunks_exact(classes).zip(boxes.as_chunks::<4>().0).filter_map(|(logits, bbox)| {
        let score = person(logits).filter(|score| *score > options.threshold)?;
        let [x, y, width, height] = *bbox;
        let (across, down) = (image.width as f32, image.height as f32);
        let bbox = Rect {
            x: (x - 0.5 * width) * across,
            y: (y - 0.5 * height) * down,
            width: width * across,
            height: height * down,
        };
        (bbox.width > 0.0 && bbox.height > 0.0).then_some(Detection { bbox, score })
    });
    Ok(finish(&people.collect::<Vec<_>>(), image, options))
}

/// How sure it is that this is a person; `None` where something else is more probable, be it not nothing.
fn person(logits: &[f32]) -> Option<f32> {
    let objects = &logits[..logits.len() - 1];
    // Of equal ones the first.
    let is_first_best =
        |(class, logit): (usize, &f32)| *logit < logits[PERSON] || class >= PERSON && *logit <= logits[PERSON];
    if !objects.iter().enumerate().all(is_first_best) {
        return None;
    }
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    let score = (logits[PERSON] - largest).exp() / sum;
    score.is_finite().then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Size = Size::new(200, 100);

    fn decode(logits: &[f32], boxes: &[f32]) -> Vec<Detection> {
        decode_detr(logits, boxes, 4, IMAGE, &DetectOptions { threshold: 0.5, max_overlap: 1.0 }).unwrap()
    }

    #[test]
    fn a_person_is_the_most_probable_object() {
        let bbox = [0.5, 0.5, 0.2, 0.6];
        let found = decode(&[0.0, 3.0, 0.0, 0.0], &bbox);
        let expected = 3f32.exp() / (3f32.exp() + 3.0);
        assert!((found[0].score - expected).abs() < 1e-6);
        assert_eq!(found[0].bbox.xyxy().map(f32::round), [80.0, 20.0, 120.0, 80.0]);
        // Another object, nothing, not sure enough, not a number.
        for logits in [[3.0, 2.9, 0.0, 0.0], [0.0, 3.0, 0.0, 4.0], [0.0, 0.1, 0.0, 0.0], [0.0, f32::NAN, 0.0, 0.0]] {
            assert!(decode(&logits, &bbox).is_empty(), "{logits:?}");
        }
        for bbox in [[2.0, 0.5, 0.2, 0.2], [0.5, 0.5, 0.0, 0.2], [f32::NAN, 0.5, 0.2, 0.2]] {
            assert!(decode(&[0.0, 9.0, 0.0, 0.0], &bbox).is_empty(), "{bbox:?}");
        }
    }

    #[test]
    fn the_surest_comes_first_and_all_stay() {
        let found = decode(&[0.0, 5.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0], &[0.5, 0.5, 0.2, 0.6, 0.5, 0.5, 0.2, 0.6]);
        assert!(found.len() == 2 && found[0].score > found[1].score);
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let options = DetectOptions::default();
        for (logits, boxes, classes) in [(8, 4, 4), (4, 5, 4), (2, 4, 2), (0, 4, 0)] {
            let found = decode_detr(&vec![0.0; logits], &vec![0.0; boxes], classes, IMAGE, &options);
            assert!(found.unwrap_err().to_string().contains("logits"));
        }
        assert!(decode_detr(&[], &[], 92, IMAGE, &options).unwrap().is_empty());
    }
}
