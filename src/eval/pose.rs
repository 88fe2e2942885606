//! Scores of keypoints.

use crate::dataset::LabelledPerson;
use crate::error::{Error, ErrorKind, Result};
use crate::measure::{
    self, AveragePrecision, ErrorReport, LabelPoint, Located, PckReport, PointError, PrecisionReport, Visibility,
};
use crate::skeleton::{KEYPOINT_COUNT, keypoints};
use crate::task::pose::Keypoint;
use serde::Serialize;

/// Area of a person as a share of that of its box, where no mask states it: what MMPose takes for data sets without one.
const AREA_OF_BOX: f64 = 0.53;

/// Scores of keypoints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoseReport {
    /// Average precision over all 308 keypoints.
    pub all_308: PrecisionReport,
    /// Average precision over the 17 of COCO's body.
    pub coco_17: PrecisionReport,
    /// PCK of those 17, hidden ones too.
    pub coco_17_labelled: PckReport,
    /// PCK of those of the 17 that are visible.
    pub coco_17_visible: PckReport,
    /// Mean distance of visible keypoints.
    pub error: GroupErrors,
}

/// Mean distance per part of the body.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupErrors {
    /// All 308.
    pub all: ErrorReport,
    /// The 17 of COCO's body.
    pub body: ErrorReport,
    /// Toes and heels.
    pub feet: ErrorReport,
    /// Both hands without their wrists.
    pub hands: ErrorReport,
    /// Elbow, shoulder and neck points beyond COCO's.
    pub extra: ErrorReport,
    /// The dense face.
    pub face: ErrorReport,
}

/// The accumulators behind a [`PoseReport`].
#[derive(Debug, Clone)]
pub(super) struct PoseScores {
    /// Each with the set it is over.
    precision: [(Vec<usize>, AveragePrecision); 2],
    /// In the order of [`GroupErrors`].
    errors: [PointError; 6],
}

impl PoseScores {
    pub fn new() -> Self {
        let known = keypoints();
        let groups = &known.groups;
        let all: Vec<usize> = (0..KEYPOINT_COUNT).collect();
        let hands = [groups.left_hand.as_slice(), &groups.right_hand].concat();
        let over = |set: &[usize]| (set.to_vec(), AveragePrecision::new(set, &known.sigmas));
        Self {
            precision: [over(&all), over(&groups.body)],
            errors: [&all, &groups.body, &groups.foot, &hands, &groups.extra, &groups.face]
                .map(|set| PointError::new(set)),
        }
    }

    /// Adds the people of a picture, and what was predicted for each of them.
    pub fn add(&mut self, people: &[&LabelledPerson], predicted: &[&[Keypoint]]) -> Result<()> {
        let mut pairs: Vec<(&LabelledPerson, &[LabelPoint], Vec<Located>)> = Vec::new();
        for (person, found) in people.iter().zip(predicted) {
            if found.len() != KEYPOINT_COUNT {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("the pose model has {} keypoints; the labels are for {KEYPOINT_COUNT}", found.len()),
                ));
            }
            let located =
                found.iter().map(|k| Located { x: k.x.into(), y: k.y.into(), score: k.score.into() }).collect();
            pairs.push((*person, person.keypoints.as_deref().unwrap_or_default(), located));
        }
        for (set, precision) in &mut self.precision {
            let is_labelled = |p: &[LabelPoint]| set.iter().any(|i| p[*i].visibility != Visibility::Unlabelled);
            let (people, found): (Vec<_>, Vec<&[Located]>) = pairs
                .iter()
                .filter(|(_, points, _)| is_labelled(points))
                .map(|(person, points, found)| {
                    let area = f64::from(person.bbox.width) * f64::from(person.bbox.height) * AREA_OF_BOX;
                    let area_px = person.area_px.unwrap_or(area);
                    (measure::LabelledPerson { points, area_px, bbox: person.bbox }, found.as_slice())
                })
                .unzip();
            precision.add(&people, &found)?;
        }
        for (person, points, found) in &pairs {
            for error in &mut self.errors {
                error.add(points, found, person.bbox.height.into())?;
            }
        }
        Ok(())
    }

    pub fn report(&self) -> PoseReport {
        let [all, body, feet, hands, extra, face] = &self.errors;
        PoseReport {
            all_308: self.precision[0].1.report(),
            coco_17: self.precision[1].1.report(),
            coco_17_labelled: body.pck_labelled(),
            coco_17_visible: body.pck_visible(),
            error: GroupErrors {
                all: all.error(),
                body: body.error(),
                feet: feet.error(),
                hands: hands.error(),
                extra: extra.error(),
                face: face.error(),
            },
        }
    }
}
