//! Average precision over object keypoint similarity: COCO's `keypoints` evaluation
//! (<https://cocodataset.org/#keypoints-eval>), at most 20 predictions of a picture.

use super::keypoints::{LabelPoint, Located, Visibility, check_index, oks, similarity};
use super::ranking::{Candidate, Ranking, summary};
use crate::error::Result;
use crate::geometry::Rect;
use serde::Serialize;

/// Predictions of a picture that count.
const MAX_PREDICTIONS: usize = 20;

/// A labelled person.
#[derive(Debug, Clone, Copy)]
pub struct LabelledPerson<'a> {
    /// Its keypoints.
    pub points: &'a [LabelPoint],
    /// Area of its mask in square pixels.
    pub area_px: f64,
    /// Its box in pixels; says which predictions are for it where no keypoint is labelled.
    pub bbox: Rect,
}

/// Average precision of the keypoints of people; holds a few bytes per prediction.
#[derive(Debug, Clone)]
pub struct AveragePrecision {
    indices: Vec<usize>,
    sigmas: Vec<f32>,
    ranking: Ranking,
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
        Self { indices: indices.to_vec(), sigmas: sigmas.to_vec(), ranking: Ranking::default() }
    }

    /// Adds a picture. The score of a prediction is the mean over its keypoints of the set. A person without a labelled
    /// keypoint of the set does not count, and neither does a prediction that lies in its box, doubled in size.
    ///
    /// # Errors
    /// `InvalidArgument` if a person has another number of keypoints than there are sigmas, or an index is outside.
    pub fn add(&mut self, people: &[LabelledPerson], predicted: &[&[Located]]) -> Result<()> {
        let counts = |person: &LabelledPerson| {
            let labelled = |i: &usize| person.points.get(*i).is_some_and(|p| p.visibility != Visibility::Unlabelled);
            self.indices.iter().any(labelled)
        };
        let counts: Vec<bool> = people.iter().map(counts).collect();
        let candidate = |points: &&[Located]| {
            let score = self.score(points)?;
            let similarities = people.iter().map(|person| self.similarity(person, points)).collect::<Result<_>>()?;
            Ok(Candidate { score, similarities })
        };
        let found = predicted.iter().map(candidate).collect::<Result<Vec<_>>>()?;
        self.ranking.add(&counts, found, MAX_PREDICTIONS);
        Ok(())
    }

    fn similarity(&self, person: &LabelledPerson, points: &[Located]) -> Result<f64> {
        let Self { indices, sigmas, .. } = self;
        let known = oks(person.points, points, indices, sigmas, person.area_px)?;
        Ok(known.unwrap_or_else(|| {
            // COCO's: how far the prediction leads out of the box, which may reach its own size further each way.
            let [x0, y0, x1, y1] = person.bbox.xyxy().map(f64::from);
            let (width, height) = (x1 - x0, y1 - y0);
            let outside =
                |v: f64, from: f64, to: f64, reach: f64| (from - reach - v).max(0.0) + (v - to - reach).max(0.0);
            let one = |i: &usize| {
                let Located { x, y, .. } = points[*i];
                let squared = outside(x, x0, x1, width).powi(2) + outside(y, y0, y1, height).powi(2);
                let squared = if x.is_nan() || y.is_nan() { f64::INFINITY } else { squared };
                similarity(squared, sigmas[*i], person.area_px)
            };
            indices.iter().map(one).sum::<f64>() / indices.len().max(1) as f64
        }))
    }

    fn score(&self, points: &[Located]) -> Result<f64> {
        let mut sum = 0.0;
        for &i in &self.indices {
            let score = check_index(points, i)?.score;
            sum += if score.is_finite() { score } else { 0.0 };
        }
        Ok(sum / self.indices.len().max(1) as f64)
    }

    /// The result so far.
    pub fn report(&self) -> PrecisionReport {
        let [oks_ap, oks_ap50, oks_ap75] = summary(self.ranking.precisions());
        PrecisionReport { people: self.ranking.people(), oks_ap, oks_ap50, oks_ap75 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Rect = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };

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
            let people: Vec<_> =
                points.iter().map(|p| LabelledPerson { points: p, area_px: 10_000.0, bbox: BOX }).collect();
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
        let people = [LabelledPerson { points: &points, area_px: 1.0, bbox: BOX }];
        assert!(precision.add(&people, &[&guess(0.0, 1.0)]).is_err());
        assert!(precision.add(&people, &[&[]]).unwrap_err().to_string().contains("keypoint 0 of 0"));
        assert_eq!(precision.report().people, 0);
    }
}
