//! Scores of keypoints.

use super::found::taken_by;
use crate::dataset::LabelledPerson;
use crate::detect::Detection;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Rect;
use crate::measure::{
    self, AveragePrecision, ErrorReport, LabelPoint, Located, PckReport, PointError, PrecisionReport, Visibility,
};
use crate::skeleton::{KEYPOINT_COUNT, keypoint_counterpart, keypoint_set, keypoints};
use crate::task::pose::Keypoint;
use serde::Serialize;

/// Area of a person as a share of that of its box, where no mask states it: what MMPose takes for data sets without one.
const AREA_OF_BOX: f64 = 0.53;

/// Scores of keypoints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoseReport {
    /// How many of the 308 labelled keypoints the model has: what else is said is about these. Models of Sapiens v1 may have 83 or
    /// 17 of them ([`keypoint_counterpart`]).
    pub keypoints: usize,
    /// Average precision over all 308 keypoints, as far as the model has them.
    pub all_308: PrecisionReport,
    /// Average precision over the 17 of COCO's body.
    pub coco_17: PrecisionReport,
    /// PCK of those 17, hidden ones too.
    pub coco_17_labelled: PckReport,
    /// PCK of those of the 17 that are visible.
    pub coco_17_visible: PckReport,
    /// Mean distance of visible keypoints.
    pub error: GroupErrors,
    /// People with labelled keypoints for whom no box was found: misses in PCK, no part of the mean distances.
    pub people_not_found: u64,
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
    people_not_found: u64,
    /// Which keypoint of the model each of the 308 is; `None` before anything is known about the model.
    places: Option<Vec<Option<usize>>>,
}

impl PoseScores {
    pub fn new() -> Self {
        Self::over(&(0..KEYPOINT_COUNT).map(Some).collect::<Vec<_>>())
    }

    /// Restricts the scores to what a model with this many keypoints has, where that is an official set; from the first time on.
    pub fn look_at(&mut self, count: usize) {
        if self.places.is_none() && keypoint_set(count).is_some() {
            let places: Vec<_> = (0..KEYPOINT_COUNT).map(|i| keypoint_counterpart(KEYPOINT_COUNT, i, count)).collect();
            *self = Self { places: Some(places.clone()), ..Self::over(&places) };
        }
    }

    fn over(places: &[Option<usize>]) -> Self {
        let known = keypoints();
        let groups = &known.groups;
        let has = |set: &[usize]| set.iter().copied().filter(|i| places[*i].is_some()).collect::<Vec<_>>();
        let all: Vec<usize> = has(&(0..KEYPOINT_COUNT).collect::<Vec<_>>());
        let hands = [groups.left_hand.as_slice(), &groups.right_hand].concat();
        let over = |set: &[usize]| (set.to_vec(), AveragePrecision::new(set, &known.sigmas));
        Self {
            places: None,
            precision: [over(&all), over(&groups.body)],
            errors: [&all, &groups.body, &groups.foot, &hands, &groups.extra, &groups.face]
                .map(|set| PointError::new(&has(set))),
            people_not_found: 0,
        }
    }

    /// Adds people of a picture whose boxes were given, and what was predicted for each of them.
    pub fn add(&mut self, people: &[&LabelledPerson], predicted: &[&[Keypoint]]) -> Result<()> {
        let predicted = predicted.iter().map(|found| self.located(found, 1.0)).collect::<Result<Vec<_>>>()?;
        for (set, precision) in &mut self.precision {
            let is_labelled =
                |p: &LabelledPerson| set.iter().any(|i| points(p)[*i].visibility != Visibility::Unlabelled);
            let counted = people.iter().zip(&predicted).filter(|(person, _)| is_labelled(person));
            let (people, found): (Vec<_>, Vec<_>) = counted.map(|(p, found)| (measured(p), found.as_slice())).unzip();
            precision.add(&people, &found)?;
        }
        people.iter().zip(&predicted).try_for_each(|(person, found)| self.add_distances(person, Some(found)))
    }

    /// Adds everybody in a picture, and what was predicted in the boxes that were found there, which are sorted by score.
    pub fn add_found(&mut self, people: &[LabelledPerson], found: &[(Detection, &[Keypoint])]) -> Result<()> {
        // As MMPose scores a person: sure that it is one, and sure of its keypoints.
        let located = |(d, points): &(Detection, &[Keypoint])| self.located(points, d.score.into());
        let predicted = found.iter().map(located).collect::<Result<Vec<_>>>()?;
        for (_, precision) in &mut self.precision {
            let people: Vec<_> = people.iter().map(measured).collect();
            precision.add(&people, &predicted.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        let boxes: Vec<Rect> = found.iter().map(|(d, _)| d.bbox).collect();
        for (person, taken) in people.iter().zip(taken_by(people, &boxes)).filter(|(p, _)| p.has_keypoints()) {
            self.people_not_found += u64::from(taken.is_none());
            self.add_distances(person, taken.map(|i| predicted[i].as_slice()))?;
        }
        Ok(())
    }

    /// Predictions as the measures want them: by keypoint of the 308, their scores times `weight`.
    fn located(&self, found: &[Keypoint], weight: f64) -> Result<Vec<Located>> {
        let one = |k: &Keypoint| Located { x: k.x.into(), y: k.y.into(), score: f64::from(k.score) * weight };
        let has_set = |places: &&Vec<Option<usize>>| places.iter().flatten().all(|place| *place < found.len());
        match self.places.as_ref().filter(has_set) {
            Some(places) => Ok(places.iter().map(|place| place.map(|i| one(&found[i])).unwrap_or_default()).collect()),
            None if found.len() == KEYPOINT_COUNT => Ok(found.iter().map(one).collect()),
            None => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the pose model has {} keypoints; the labels are for {KEYPOINT_COUNT}, of which models with 133 and 17 have \
                     some",
                    found.len()
                ),
            )),
        }
    }

    fn add_distances(&mut self, person: &LabelledPerson, found: Option<&[Located]>) -> Result<()> {
        let points = points(person);
        self.errors.iter_mut().try_for_each(|error| match found {
            Some(found) => error.add(points, found, person.bbox.height.into()),
            None => error.add_missed(points),
        })
    }

    pub fn report(&self) -> PoseReport {
        let [all, body, feet, hands, extra, face] = &self.errors;
        PoseReport {
            keypoints: self.precision[0].0.len(),
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
            people_not_found: self.people_not_found,
        }
    }
}

/// The keypoints of a person, all of them unlabelled where the label names none.
fn points(person: &LabelledPerson) -> &[LabelPoint] {
    const NONE: [LabelPoint; KEYPOINT_COUNT] =
        [LabelPoint { x: 0.0, y: 0.0, visibility: Visibility::Unlabelled }; KEYPOINT_COUNT];
    person.keypoints.as_deref().unwrap_or(&NONE)
}

/// A person as the measures want it.
fn measured(person: &LabelledPerson) -> measure::LabelledPerson<'_> {
    let area = f64::from(person.bbox.width) * f64::from(person.bbox.height) * AREA_OF_BOX;
    let area_px = person.area_px.unwrap_or(area);
    measure::LabelledPerson { points: points(person), area_px, bbox: person.bbox }
}
