//! One picture after the other: run, compared, forgotten.

use super::Boxes;
use super::person::PersonMaps;
use super::pose::PoseScores;
use super::report::{Report, Scored};
use super::survey::{compared, whole_and_many};
use crate::dataset::{Folder, Label};
use crate::detect::{DetectOptions, Detection};
use crate::engine::{Engine, FrameResult, Maps, Regions, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Rect;
use crate::image::Image;
use crate::measure::{Albedo, Alpha, BoxPrecision, Classes, Normals, Points};
use crate::skeleton::{CLASS_COUNT, class_counterpart, class_set, classes};
use crate::spec::Task;
use crate::task::pose::Keypoint;
use ndarray::{Array, Dimension};
use std::borrow::Cow;

/// People less sure than this do not count for the average precision of a detector: a larger one would cut off recall.
pub const PRECISION_THRESHOLD: f32 = 0.01;

/// Sums over the pictures so far. What it holds does not grow with them, but for a few bytes per person.
#[derive(Debug, Clone)]
pub struct Evaluation {
    tasks: Vec<Task>,
    boxes: Boxes,
    regions: Regions,
    pictures: u64,
    /// Pictures compared per task.
    compared: Vec<(Task, u64)>,
    detector: BoxPrecision,
    pose: PoseScores,
    seg: Classes,
    normal: Normals,
    points: Points,
    albedo: Albedo,
    alpha: Alpha,
}

/// A picture that was compared with its label.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The picture, upright.
    pub picture: Image,
    /// The tasks that were compared.
    pub tasks: Vec<Task>,
    /// What the models say: people in the boxes of pose, and maps of the scene, both in pixels of the picture.
    pub found: FrameResult,
}

impl Evaluation {
    /// Of these tasks.
    ///
    /// # Errors
    /// `InvalidArgument` for a task without a measure, without any task unless people are detected, and for options of the
    /// detector that are out of range.
    pub fn new(tasks: &[Task], boxes: Boxes) -> Result<Self> {
        if let Some(task) = tasks.iter().find(|t| matches!(t, Task::Features | Task::Depth)) {
            return Err(Error::invalid(format!("task `{task}`: there is no measure for it")));
        }
        if let Boxes::Detect(options) = &boxes {
            options.check()?;
        } else if tasks.is_empty() {
            return Err(Error::invalid("`tasks` is empty; at least one is needed"));
        }
        Ok(Self {
            tasks: tasks.to_vec(),
            boxes,
            regions: Regions::Whole,
            pictures: 0,
            compared: tasks.iter().map(|t| (*t, 0)).collect(),
            detector: BoxPrecision::default(),
            pose: PoseScores::new(),
            seg: Classes::new(CLASS_COUNT),
            normal: Normals::default(),
            points: Points::default(),
            albedo: Albedo::default(),
            alpha: Alpha::default(),
        })
    }

    /// Runs the heads of dense tasks only there; what is not there counts as wrong.
    #[must_use]
    pub fn within(self, regions: Regions) -> Self {
        Self { regions, ..self }
    }

    /// Runs the tasks that a picture has labels for, and adds what they are off by.
    ///
    /// Pose sees the box of each person with labelled keypoints, the boxes that the engine's detector finds, or the whole
    /// picture; dense tasks see the whole picture, as in the official evaluations, and are compared at its size. "On the person" means a class above 0, without a map
    /// of classes an alpha of at least 0.5, without both every pixel.
    ///
    /// What was predicted comes back, to be looked at; `None` if there was nothing to compare the picture with.
    ///
    /// # Errors
    /// Those of the picture, its maps, [`Engine::detect`] and [`Engine::run`]; `Unsupported` for a model of other keypoints or classes than
    /// the labels. All name the file. What was added for other tasks of the picture stays.
    pub fn add(&mut self, engine: &Engine, folder: &Folder, label: &Label) -> Result<Option<Compared>> {
        let labelled = label.tasks();
        // A person found where nobody is labelled is wrong, with all its keypoints.
        let counts = |t: &Task| labelled.contains(t) || *t == Task::Pose && self.boxes.are_detected();
        let tasks: Vec<Task> = self.tasks.iter().copied().filter(counts).collect();
        self.pictures += 1;
        if tasks.is_empty() && !self.boxes.are_detected() {
            return Ok(None);
        }
        let picture = label.picture(folder)?;
        let found = self.compare(engine, folder, label, &picture, &tasks).map_err(|e| e.at(&label.path))?;
        for (task, count) in &mut self.compared {
            *count += u64::from(tasks.contains(task));
        }
        Ok(Some(Compared { picture, tasks, found }))
    }

    fn compare(
        &mut self,
        engine: &Engine,
        folder: &Folder,
        label: &Label,
        picture: &Image,
        tasks: &[Task],
    ) -> Result<FrameResult> {
        let dense: Vec<Task> = tasks.iter().copied().filter(|t| *t != Task::Pose).collect();
        let dense_regions = self.regions.clone();
        let run = |tasks: &[Task], boxes: Vec<Rect>| {
            // Poses are not concerned.
            let regions = if boxes.is_empty() { dense_regions.clone() } else { Regions::Whole };
            engine.run(picture, &Request { boxes, tasks: Some(tasks.to_vec()), regions, ..Request::default() })
        };
        let has_pose = dense.len() < tasks.len();
        // The first model that has a task does it.
        let mut counts = engine.models().iter().map(|model| model.info().keypoints);
        if let Some(count) = counts.find(|count| *count > 0) {
            self.pose.look_at(count);
        }
        let people = compared(&label.people);
        let mut found = match self.boxes {
            Boxes::Whole if has_pose && people.len() > 1 => return Err(whole_and_many(people.len())),
            Boxes::Whole if has_pose => {
                let found = run(tasks, Vec::new())?;
                self.pose.add(&people, &poses(&found, people.len())?)?;
                found
            }
            Boxes::Labels if has_pose => {
                let found = run(&[Task::Pose], people.iter().map(|p| p.bbox).collect())?;
                self.pose.add(&people, &poses(&found, people.len())?)?;
                found
            }
            Boxes::Detect(options) => {
                let sure = self.detect(engine, label, picture, &options)?;
                // Without a box the whole picture would be one.
                let found = match sure.as_slice() {
                    [_, ..] if has_pose => run(&[Task::Pose], sure.iter().map(|d| d.bbox).collect())?,
                    _ => FrameResult::default(),
                };
                if has_pose {
                    let poses = poses(&found, sure.len())?;
                    self.pose.add_found(&label.people, &sure.into_iter().zip(poses).collect::<Vec<_>>())?;
                }
                found
            }
            Boxes::Whole | Boxes::Labels => FrameResult::default(),
        };
        // The whole picture as the one box has the maps already.
        if !dense.is_empty() && found.scene.is_empty() {
            found.scene = run(&dense, Vec::new())?.scene;
        }
        self.compare_maps(folder, label, &found.scene)?;
        Ok(found)
    }

    /// Adds the boxes that the detector finds, and returns those that it is sure enough of.
    fn detect(
        &mut self,
        engine: &Engine,
        label: &Label,
        picture: &Image,
        options: &DetectOptions,
    ) -> Result<Vec<Detection>> {
        // Suppression goes from the surest box down, so that the others do not depend on the threshold.
        let all = DetectOptions { threshold: options.threshold.min(PRECISION_THRESHOLD), ..*options };
        let mut found = engine.detect(picture, &all)?;
        let people: Vec<Rect> = label.people.iter().map(|p| p.bbox).collect();
        self.detector.add(&people, &found.iter().map(|d| (d.bbox, d.score.into())).collect::<Vec<_>>());
        found.retain(|d| d.score > options.threshold);
        Ok(found)
    }

    fn compare_maps(&mut self, folder: &Folder, label: &Label, maps: &Maps) -> Result<()> {
        let PersonMaps { classes, alpha, mask } = PersonMaps::read(folder, label, maps)?;
        if let (Some(seg), Some(labels)) = (&maps.seg, &classes) {
            let count = seg.classes.unwrap_or(CLASS_COUNT);
            let own = class_set(count)
                .map(|set| (0..).zip(set).map(|(class, _)| class_counterpart(count, class, CLASS_COUNT)));
            let Some(official) = own.and_then(|classes| classes.collect::<Option<Vec<u8>>>()) else {
                let message = format!(
                    "the seg model has {count} classes; the labels are for {CLASS_COUNT}, and for the 28 of Sapiens v1 among them"
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            };
            let mut predicted = flat(&seg.labels);
            if count != CLASS_COUNT {
                let translated = |class: &u8| official.get(usize::from(*class)).copied().unwrap_or(u8::MAX);
                predicted = predicted.iter().map(translated).collect::<Vec<_>>().into();
            }
            if let Some(other) = predicted.iter().find(|c| usize::from(**c) >= CLASS_COUNT) {
                let message = format!("the model predicts class {other}; the labels are for {CLASS_COUNT}, from 0");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            self.seg.add(labels, &predicted)?;
        }
        let mask = mask.as_deref();
        if let Some(normal) = &maps.normal
            && let Some(labels) = label.normals(folder)?
        {
            self.normal.add(&labels, &flat(normal), mask)?;
        }
        if let Some(points) = &maps.pointmap
            && let Some(labels) = label.points(folder)?
        {
            self.points.add(&labels, &flat(points), mask)?;
        }
        if let Some(albedo) = &maps.albedo
            && let Some(labels) = label.albedo(folder)?
        {
            self.albedo.add(&labels, &flat(albedo), mask)?;
        }
        if let (Some(matte), Some(labels)) = (&maps.matting, &alpha) {
            self.alpha.add(labels, &flat(&matte.alpha))?;
        }
        Ok(())
    }

    /// The scores so far.
    pub fn report(&self) -> Report {
        Report {
            pictures: self.pictures,
            boxes: self.boxes,
            detector: self
                .boxes
                .are_detected()
                .then(|| Scored { pictures: self.pictures, scores: self.detector.report() }),
            pose: self.scored(Task::Pose, || self.pose.report()),
            seg: self.scored(Task::Seg, || self.seg.report(classes().iter().map(|class| class.name))),
            normal: self.scored(Task::Normal, || self.normal.report()),
            pointmap: self.scored(Task::Pointmap, || self.points.report()),
            albedo: self.scored(Task::Albedo, || self.albedo.report()),
            matting: self.scored(Task::Matting, || self.alpha.report()),
        }
    }

    fn scored<T>(&self, task: Task, report: impl FnOnce() -> T) -> Option<Scored<T>> {
        let (_, pictures) = *self.compared.iter().find(|(known, _)| *known == task)?;
        Some(Scored { pictures, scores: report() })
    }
}

/// The poses of so many people.
fn poses(found: &FrameResult, count: usize) -> Result<Vec<&[Keypoint]>> {
    let poses: Vec<_> = found.people.iter().filter_map(|p| p.pose.as_deref()).collect();
    if poses.len() == count {
        return Ok(poses);
    }
    Err(Error::new(ErrorKind::Internal, "the engine gave another number of people than was asked for"))
}

/// The values row by row, borrowed where they lie so.
fn flat<T: Clone, D: Dimension>(array: &Array<T, D>) -> Cow<'_, [T]> {
    array.as_slice().map_or_else(|| Cow::Owned(array.iter().cloned().collect()), Cow::Borrowed)
}
