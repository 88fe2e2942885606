//! Average precision over object keypoint similarity, as the evaluation of COCO computes it.
//!
//! In a picture the predictions, the surest first and at most 20, each take the free person of greatest similarity at or
//! above the threshold. Over all pictures, sorted by score, precision is made monotone and read at 101 recalls; AP is its
//! mean over them and over the thresholds 0.50, 0.55 .. 0.95. Defined by <https://cocodataset.org/#keypoints-eval>.

use super::keypoints::{LabelPoint, Located, Visibility, oks};
use crate::error::{Error, Result};
use serde::Serialize;

/// Thresholds on the similarity.
const THRESHOLDS: usize = 10;
/// Predictions of a picture that count.
const MAX_PREDICTIONS: usize = 20;
/// Recalls at which precision is read.
const RECALLS: usize = 101;

/// A labelled person.
#[derive(Debug, Clone, Copy)]
pub struct LabelledPerson<'a> {
    /// Its keypoints.
    pub points: &'a [LabelPoint],
    /// Area of its mask in square pixels.
    pub area_px: f64,
}

/// Average precision of the keypoints of people; holds a few bytes per prediction.
#[derive(Debug, Clone)]
pub struct AveragePrecision {
    indices: Vec<usize>,
    sigmas: Vec<f32>,
    predictions: Vec<Prediction>,
    people: u64,
}

#[derive(Debug, Clone, Copy)]
struct Prediction {
    score: f64,
    /// Bit t: matched at threshold t.
    matched: u16,
}

/// Average precision, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrecisionReport {
    /// Labelled people with at least one labelled keypoint of the set.
    pub people: u64,
    /// Mean over the thresholds 0.50, 0.55 .. 0.95.
    pub oks_ap: Option<f64>,
    /// At the threshold 0.50.
    pub oks_ap50: Option<f64>,
    /// At the threshold 0.75.
    pub oks_ap75: Option<f64>,
}

impl AveragePrecision {
    /// Over the keypoints `indices`, with one sigma for each keypoint there is.
    pub fn new(indices: &[usize], sigmas: &[f32]) -> Self {
        Self { indices: indices.to_vec(), sigmas: sigmas.to_vec(), predictions: Vec::new(), people: 0 }
    }

    /// Adds a picture. The score of a prediction is the mean over its keypoints of the set. People without a labelled
    /// keypoint of the set are left out; predictions made for them must be too.
    ///
    /// # Errors
    /// `InvalidArgument` if a person has another number of keypoints than there are sigmas, or an index is outside.
    pub fn add(&mut self, people: &[LabelledPerson], predicted: &[&[Located]]) -> Result<()> {
        let counts = |person: &&LabelledPerson| {
            let labelled = |i: &usize| person.points.get(*i).is_some_and(|p| p.visibility != Visibility::Unlabelled);
            self.indices.iter().any(labelled)
        };
        let people: Vec<_> = people.iter().filter(counts).collect();
        let mut sorted = predicted.iter().map(|p| Ok((self.score(p)?, *p))).collect::<Result<Vec<_>>>()?;
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        sorted.truncate(MAX_PREDICTIONS);
        let mut free = vec![(1u16 << THRESHOLDS) - 1; people.len()];
        let mut found = Vec::new();
        for (score, points) in sorted {
            let similar = |p: &&LabelledPerson| oks(p.points, points, &self.indices, &self.sigmas, p.area_px);
            let similarities = people.iter().map(similar).collect::<Result<Vec<_>>>()?;
            let mut matched = 0;
            for t in 0..THRESHOLDS {
                let mut best = (threshold(t), None);
                for (i, similarity) in similarities.iter().enumerate() {
                    // Of several just as similar the last is taken, as in the reference.
                    if let Some(s) = similarity.filter(|s| free[i] & (1 << t) != 0 && *s >= best.0) {
                        best = (s, Some(i));
                    }
                }
                if let Some(i) = best.1 {
                    free[i] &= !(1 << t);
                    matched |= 1 << t;
                }
            }
            found.push(Prediction { score, matched });
        }
        self.people += people.len() as u64;
        self.predictions.extend(found);
        Ok(())
    }

    fn score(&self, points: &[Located]) -> Result<f64> {
        let mut sum = 0.0;
        for &i in &self.indices {
            let count = points.len();
            let point =
                points.get(i).ok_or_else(|| Error::invalid(format!("`indices` names keypoint {i} of {count}")))?;
            sum += if point.score.is_finite() { point.score } else { 0.0 };
        }
        Ok(sum / self.indices.len().max(1) as f64)
    }

    /// The result so far.
    pub fn report(&self) -> PrecisionReport {
        let mut order: Vec<&Prediction> = self.predictions.iter().collect();
        order.sort_by(|a, b| b.score.total_cmp(&a.score));
        let at = |t: usize| (self.people > 0).then(|| self.precision(&order, t));
        let all: Option<Vec<f64>> = (0..THRESHOLDS).map(at).collect();
        PrecisionReport {
            people: self.people,
            oks_ap: all.map(|values| values.iter().sum::<f64>() / THRESHOLDS as f64),
            oks_ap50: at(0),
            oks_ap75: at(5),
        }
    }

    /// Mean precision over the recalls at one threshold; `order` is sorted by falling score.
    fn precision(&self, order: &[&Prediction], t: usize) -> f64 {
        let mut hits = 0u64;
        let mut curve: Vec<(f64, f64)> = Vec::with_capacity(order.len()); // recall, precision
        for (i, prediction) in order.iter().enumerate() {
            hits += u64::from(prediction.matched >> t & 1);
            curve.push((hits as f64 / self.people as f64, hits as f64 / (i + 1) as f64));
        }
        for i in (1..curve.len()).rev() {
            curve[i - 1].1 = curve[i - 1].1.max(curve[i].1);
        }
        let at = |r: usize| {
            let recall = if r + 1 == RECALLS { 1.0 } else { r as f64 * 0.01 };
            let first = curve.partition_point(|(reached, _)| *reached < recall);
            curve.get(first).map_or(0.0, |(_, precision)| *precision)
        };
        (0..RECALLS).map(at).sum::<f64>() / RECALLS as f64
    }
}

/// Threshold `t`, a hair lower at the end of the scale where rounding would matter.
fn threshold(t: usize) -> f64 {
    (0.5 + t as f64 * ((0.95 - 0.5) / (THRESHOLDS - 1) as f64)).min(1.0 - 1e-10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(x: f64) -> [LabelPoint; 1] {
        [LabelPoint { x, y: 0.0, visibility: Visibility::Visible }]
    }

    fn guess(x: f64, score: f64) -> [Located; 1] {
        [Located { x, y: 0.0, score }]
    }

    /// Where people are, and where they were guessed with which score.
    type Picture<'a> = (&'a [f64], &'a [(f64, f64)]);

    fn precision(pictures: &[Picture]) -> PrecisionReport {
        let mut precision = AveragePrecision::new(&[0], &[0.05]);
        for (people, guesses) in pictures {
            let points: Vec<_> = people.iter().map(|x| person(*x)).collect();
            let people: Vec<_> = points.iter().map(|p| LabelledPerson { points: p, area_px: 10_000.0 }).collect();
            let guesses: Vec<_> = guesses.iter().map(|(x, score)| guess(*x, *score)).collect();
            precision.add(&people, &guesses.iter().map(|g| g.as_slice()).collect::<Vec<_>>()).unwrap();
        }
        precision.report()
    }

    #[test]
    fn precision_by_hand() {
        let close = |value: Option<f64>, expected: f64| {
            assert!((value.unwrap() - expected).abs() < 1e-9, "{value:?} instead of {expected}");
        };
        close(precision(&[(&[0.0, 900.0], &[(900.0, 0.1), (0.0, 0.2)])]).oks_ap, 1.0);
        // One of two found, the surer one: precision 1 at the recalls 0.00 to 0.50.
        close(precision(&[(&[0.0], &[(0.0, 0.9)]), (&[0.0], &[(900.0, 0.5)])]).oks_ap, 51.0 / 101.0);
        // The surer one is wrong: precision 1/2 there.
        close(precision(&[(&[0.0], &[(0.0, 0.5)]), (&[0.0], &[(900.0, 0.9)])]).oks_ap, 25.5 / 101.0);
        // Similarity exp(-d^2 / 200): 10 px give 0.607, so thresholds 0.50, 0.55 and 0.60 are met.
        let report = precision(&[(&[0.0], &[(10.0, 0.9)])]);
        close(report.oks_ap, 0.3);
        assert_eq!((report.oks_ap50, report.oks_ap75, report.people), (Some(1.0), Some(0.0), 1));
        // Two guesses at one person: the second is wrong.
        close(precision(&[(&[0.0, 900.0], &[(0.0, 0.9), (0.0, 0.8)])]).oks_ap, 51.0 / 101.0);
        assert_eq!(precision(&[(&[0.0], &[])]).oks_ap, Some(0.0));
        assert_eq!(precision(&[]).oks_ap, None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut precision = AveragePrecision::new(&[0], &[0.05, 0.05]);
        let points = person(0.0);
        let people = [LabelledPerson { points: &points, area_px: 1.0 }];
        assert!(precision.add(&people, &[&guess(0.0, 1.0)]).is_err());
        assert!(precision.add(&people, &[&[]]).unwrap_err().to_string().contains("keypoint 0 of 0"));
        assert_eq!(precision.report().people, 0);
    }
}
