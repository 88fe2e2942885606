//! Average precision as the evaluation of COCO computes it, over whatever similarity.
//!
//! In a picture the predictions, the surest first, each take the free person of greatest similarity at or above the
//! threshold. Over all pictures, sorted by score, precision is made monotone and read at 101 recalls; AP is its mean over
//! them and over the thresholds 0.50, 0.55 .. 0.95. Defined by <https://cocodataset.org/#detection-eval>.

/// Thresholds on the similarity.
const THRESHOLDS: usize = 10;
/// Recalls at which precision is read.
const RECALLS: usize = 101;

/// Predictions of all pictures and what they matched; a few bytes per prediction.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    predictions: Vec<Prediction>,
    people: u64,
}

#[derive(Debug, Clone, Copy)]
struct Prediction {
    score: f64,
    /// Bit t: matched a person that counts at threshold t.
    matched: u16,
    /// Bit t: matched one that does not, and so is no wrong find either.
    ignored: u16,
}

/// A prediction of a picture.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub score: f64,
    /// With each person of the picture.
    pub similarities: Vec<f64>,
}

impl Ranking {
    /// Adds a picture: which of its people count, and its predictions, of which the `limit` surest are looked at.
    pub fn add(&mut self, counts: &[bool], mut found: Vec<Candidate>, limit: usize) {
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(limit);
        // Those that do not count are only for predictions that nobody else takes.
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|i| !counts[*i]);
        let mut free = vec![(1u16 << THRESHOLDS) - 1; counts.len()];
        for Candidate { score, similarities } in found {
            let (mut matched, mut ignored) = (0, 0);
            for t in 0..THRESHOLDS {
                let mut best = (threshold(t), None);
                for &i in &order {
                    if !counts[i] && best.1.is_some_and(|taken: usize| counts[taken]) {
                        break;
                    }
                    // Of several just as similar the last is taken, as in the reference.
                    if let Some(s) = similarities.get(i).filter(|s| free[i] & (1 << t) != 0 && **s >= best.0) {
                        best = (*s, Some(i));
                    }
                }
                if let Some(i) = best.1 {
                    free[i] &= !(1 << t);
                    *(if counts[i] { &mut matched } else { &mut ignored }) |= 1 << t;
                }
            }
            self.predictions.push(Prediction { score, matched, ignored });
        }
        self.people += counts.iter().filter(|counts| **counts).count() as u64;
    }

    /// People that count.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// Mean precision per threshold, 0.50, 0.55 .. 0.95; `None` without people.
    pub fn precisions(&self) -> Option<[f64; THRESHOLDS]> {
        let mut order: Vec<&Prediction> = self.predictions.iter().collect();
        order.sort_by(|a, b| b.score.total_cmp(&a.score));
        (self.people > 0).then(|| std::array::from_fn(|t| self.precision(&order, t)))
    }

    /// Share of the people that were found, per threshold; `None` without people.
    pub fn recalls(&self) -> Option<[f64; THRESHOLDS]> {
        let hits = |t: usize| self.predictions.iter().filter(|p| p.matched >> t & 1 == 1).count();
        (self.people > 0).then(|| std::array::from_fn(|t| hits(t) as f64 / self.people as f64))
    }

    /// Mean precision over the recalls at one threshold; `order` is sorted by falling score.
    fn precision(&self, order: &[&Prediction], t: usize) -> f64 {
        let mut hits = 0u64;
        let mut curve: Vec<(f64, f64)> = Vec::with_capacity(order.len()); // recall, precision
        for prediction in order.iter().filter(|p| p.ignored >> t & 1 == 0) {
            hits += u64::from(prediction.matched >> t & 1);
            curve.push((hits as f64 / self.people as f64, hits as f64 / (curve.len() + 1) as f64));
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

/// Mean over the thresholds, and the values at 0.50 and 0.75.
pub(super) fn summary(values: Option<[f64; THRESHOLDS]>) -> [Option<f64>; 3] {
    let Some(values) = values else { return [None; 3] };
    [Some(values.iter().sum::<f64>() / THRESHOLDS as f64), Some(values[0]), Some(values[5])]
}

/// Threshold `t`, a hair lower at the end of the scale where rounding would matter.
fn threshold(t: usize) -> f64 {
    (0.5 + t as f64 * ((0.95 - 0.5) / (THRESHOLDS - 1) as f64)).min(1.0 - 1e-10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who counts, and scores of predictions with their similarities.
    type Picture<'a> = (&'a [bool], &'a [(f64, &'a [f64])]);

    fn ranking(pictures: &[Picture]) -> Ranking {
        let mut ranking = Ranking::default();
        for (counts, found) in pictures {
            let found = found.iter().map(|(score, s)| Candidate { score: *score, similarities: s.to_vec() });
            ranking.add(counts, found.collect(), 3);
        }
        ranking
    }

    fn ap(pictures: &[Picture]) -> f64 {
        summary(ranking(pictures).precisions())[0].unwrap()
    }

    #[test]
    fn who_does_not_count_takes_no_prediction_that_counts_and_makes_none_wrong() {
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value}, not {expected}");
        // Alone with somebody who does not count: neither right nor wrong.
        close(ap(&[(&[false], &[(0.9, &[1.0])]), (&[true], &[(0.5, &[1.0])])]), 1.0);
        // More like the one who does not count, but good enough for the other at six thresholds (0.50 to 0.75).
        close(ap(&[(&[false, true], &[(0.9, &[1.0, 0.76])])]), 0.6);
        // Who does not count takes one only; the second is wrong, and surer than the right one.
        close(ap(&[(&[false, true], &[(0.9, &[1.0, 0.0]), (0.8, &[1.0, 0.0]), (0.7, &[0.0, 1.0])])]), 0.5);
    }

    #[test]
    fn only_the_surest_of_a_picture_are_looked_at() {
        let wrong = (0.9, &[0.0][..]);
        let found = ranking(&[(&[true], &[(0.1, &[1.0]), wrong, wrong, wrong])]);
        assert_eq!(summary(found.recalls()), [Some(0.0); 3]);
        let found = ranking(&[(&[true], &[(0.1, &[0.6]), wrong, wrong]), (&[true], &[])]);
        assert_eq!(summary(found.recalls()), [Some(0.15), Some(0.5), Some(0.0)]);
        assert_eq!((found.people(), summary(Ranking::default().recalls())), (2, [None; 3]));
    }
}
