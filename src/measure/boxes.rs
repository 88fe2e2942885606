//! Average precision and recall of boxes: COCO's `bbox` evaluation of one class.

use super::ranking::{Candidate, Ranking, summary};
use crate::geometry::Rect;
use serde::Serialize;

/// Boxes of a picture that count.
const MAX_BOXES: usize = 100;

/// Average precision of boxes by intersection over union; holds a few bytes per box found.
#[derive(Debug, Clone, Default)]
pub struct BoxPrecision {
    ranking: Ranking,
    boxes: u64,
}

/// Average precision and recall, 0 to 1, as [COCO](https://cocodataset.org/#detection-eval) defines them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoxReport {
    /// Labelled people.
    pub people: u64,
    /// Boxes found.
    pub boxes: u64,
    /// Precision, mean over 101 recalls and over IoU of 0.50, 0.55 .. 0.95.
    pub ap: Option<f64>,
    /// At an IoU of 0.50.
    pub ap50: Option<f64>,
    /// At an IoU of 0.75.
    pub ap75: Option<f64>,
    /// Share of the people found among the 100 surest boxes of their picture, mean over the same IoU: COCO's AR.
    pub recall_100_share: Option<f64>,
    /// That share at an IoU of 0.50.
    pub recall_100_iou50_share: Option<f64>,
}

impl BoxPrecision {
    /// Adds a picture: the boxes of everybody in it, and the boxes found with their scores.
    pub fn add(&mut self, people: &[Rect], found: &[(Rect, f64)]) {
        let candidate = |&(bbox, score): &(Rect, f64)| Candidate {
            score,
            similarities: people.iter().map(|person| bbox.iou(*person).into()).collect(),
        };
        self.ranking.add(&vec![true; people.len()], found.iter().map(candidate).collect(), MAX_BOXES);
        self.boxes += found.len() as u64;
    }

    /// The result so far.
    pub fn report(&self) -> BoxReport {
        let [ap, ap50, ap75] = summary(self.ranking.precisions());
        let [recall_100_share, recall_100_iou50_share, _] = summary(self.ranking.recalls());
        let people = self.ranking.people();
        BoxReport { people, boxes: self.boxes, ap, ap50, ap75, recall_100_share, recall_100_iou50_share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Rect = Rect { x: 10.0, y: 20.0, width: 100.0, height: 200.0 };

    #[test]
    fn boxes_by_hand() {
        let mut precision = BoxPrecision::default();
        assert_eq!(precision.report().ap, None);
        // Three quarters of it: right at the six thresholds up to 0.75.
        precision.add(&[BOX], &[(Rect { width: 75.0, ..BOX }, 0.9)]);
        let report = precision.report();
        assert!((report.ap.unwrap() - 0.6).abs() < 1e-9, "{report:?}");
        assert_eq!((report.ap50, report.ap75, report.recall_100_iou50_share), (Some(1.0), Some(1.0), Some(1.0)));
        assert!((report.recall_100_share.unwrap() - 0.6).abs() < 1e-9);
        // A picture with nobody: what is found there is wrong.
        precision.add(&[], &[(BOX, 0.95)]);
        let report = precision.report();
        assert_eq!((report.people, report.boxes, report.ap50), (1, 2, Some(0.5)));
        assert_eq!(report.recall_100_iou50_share, Some(1.0));
    }
}
