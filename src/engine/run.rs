//! The engine: several models, one image, one result.

use super::begun::Left;
use super::clock::Clock;
use super::describe::tasks_of;
use super::detector::Detector;
use super::framer::is_read_there;
use super::group::run_group;
use super::load::{LoadOptions, ModelSource};
use super::model::Model;
use super::picture::Picture;
use super::region::Regions;
use super::result::{FrameResult, Maps, Person};
use crate::convert::Progress;
use crate::detect::{DetectOptions, Detection};
use crate::error::{Error, Result};
use crate::geometry::Rect;
use crate::image::{FrameFormat, Image, Plane};
use crate::preprocess::Framing;
use crate::runtime::{CudaFrame, Traffic};
use crate::spec::{ModelFraming, ModelInfo, Task};
use std::sync::Arc;

/// What is asked about an image.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Person boxes in image pixels; none stands for the whole image.
    pub boxes: Vec<Rect>,
    /// Looks for people instead, with the detector: their boxes are those of the request. Where nobody is found, nothing
    /// else is run and the result has no people and no maps.
    pub detect: Option<DetectOptions>,
    /// Tasks to run; `None` for all that the models have.
    pub tasks: Option<Vec<Task>>,
    /// How the image is brought to the models.
    pub framing: Framing,
    /// Grid on which dense maps are wanted.
    pub space: MapSpace,
    /// Memory that people looked at in one run of a model may take together, in bytes, as far as it can be told beforehand;
    /// at least one is looked at. 0: one after the other; `None`: 1 GiB.
    pub batch_memory: Option<u64>,
    /// Where the heads of dense tasks run.
    pub regions: Regions,
    /// Dense tasks whose maps stay on the device of their model, finished there: [`Maps::on_device`]. What the host has to decode (flip
    /// tests, regions, graphs that are not decoded, Sapiens v1, operators that the device lacks) comes to the host as ever, and
    /// [`FrameResult::on_host`] says why.
    pub device_maps: Vec<Task>,
}

/// Grid on which dense maps are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MapSpace {
    /// That of the image: every map has its size.
    #[default]
    Image,
    /// That of the network input: nothing is resampled; [`Maps::image_from_map`] says where each pixel lies. Pixels that
    /// lie outside the image (the borders of a letterbox, a crop beyond the edge) hold what the network made of black.
    Model,
}

/// Loaded models that look at images together. A copy shares them.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    models: Vec<Arc<Model>>,
    detector: Option<Arc<Detector>>,
}

impl Engine {
    /// Loads models. `progress` is told how far the weights of each checkpoint are.
    ///
    /// With `tasks` in the options each model loads those of them that it has.
    ///
    /// # Errors
    /// Those of [`Model::load`] and [`Engine::add`]; `InvalidArgument` for a task that no model has, and for a model that
    /// has none of the tasks; `Unsupported` if a detector is wanted and no model has one.
    pub fn load(sources: &[ModelSource], options: &LoadOptions, progress: &mut Progress) -> Result<Self> {
        let mut plans = Vec::new();
        for source in sources {
            let mut own = options.clone();
            if let Some(tasks) = &options.tasks {
                let have = tasks_of(source)?;
                // Any backbone gives features, alone.
                let features = tasks.as_slice() == [Task::Features];
                let tasks: Vec<_> = tasks.iter().copied().filter(|t| features || have.contains(t)).collect();
                if tasks.is_empty() {
                    let names: Vec<_> = have.iter().map(|t| t.name()).collect();
                    return Err(Error::invalid(format!(
                        "model {source} has none of the tasks asked for; it has {}",
                        names.join(", ")
                    )));
                }
                own.tasks = Some(tasks);
            }
            plans.push((source, own));
        }
        if let Some(missing) = options
            .tasks
            .iter()
            .flatten()
            .find(|t| !plans.iter().any(|(_, o)| o.tasks.as_ref().is_some_and(|own| own.contains(t))))
        {
            return Err(Error::invalid(match missing {
                Task::Features => "task `features` stands alone; ask for the others in a second run".to_owned(),
                _ => format!("task `{missing}`: none of the models has it"),
            }));
        }
        // Known from the headers, before gigabytes are read.
        let detector = match &options.detector {
            Some(source) => {
                Detector::usual_options(source)?;
                Some(source)
            }
            None if options.detect => Some(Detector::among(sources)?),
            None => None,
        };
        let mut engine = Self::default();
        for (source, own) in plans {
            engine.add(Model::load(source, &own, progress)?)?;
        }
        if let Some(source) = detector {
            engine.set_detector(Detector::load(source, options, progress)?);
        }
        Ok(engine)
    }

    /// An engine of models that are already loaded.
    ///
    /// # Errors
    /// Those of [`Engine::add`].
    pub fn from_models(models: impl IntoIterator<Item = Arc<Model>>) -> Result<Self> {
        let mut engine = Self::default();
        models.into_iter().try_for_each(|model| engine.add(model))?;
        Ok(engine)
    }

    /// Adds a model.
    ///
    /// # Errors
    /// `InvalidArgument` if another model already has one of its tasks.
    pub fn add(&mut self, model: impl Into<Arc<Model>>) -> Result<()> {
        let model = model.into();
        refuse_double(self.models.iter().map(|m| (m.name(), m.info())), model.name(), model.info())?;
        self.models.push(model);
        Ok(())
    }

    /// The loaded models.
    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// Makes this detector that of the engine: it can come from another source than the models.
    pub fn set_detector(&mut self, detector: impl Into<Arc<Detector>>) {
        self.detector = Some(detector.into());
    }

    /// The detector.
    pub fn detector(&self) -> Option<&Detector> {
        self.detector.as_deref()
    }

    /// The people in an image, the surest first.
    ///
    /// # Errors
    /// `InvalidArgument` without a detector or for options out of range, `Runtime` when ONNX Runtime fails.
    pub fn detect(&self, image: &Image, options: &DetectOptions) -> Result<Vec<Detection>> {
        self.detect_in(&mut Picture::of_image(image), options, &mut Traffic::default())
    }

    fn detect_in(
        &self,
        picture: &mut Picture<'_>,
        options: &DetectOptions,
        traffic: &mut Traffic,
    ) -> Result<Vec<Detection>> {
        match &self.detector {
            Some(detector) => detector.detect_in(picture, options, traffic),
            None => Err(Error::invalid("detect: no detector is loaded; ask for it when models are loaded")),
        }
    }

    fn model_for(&self, task: Task) -> Option<&Model> {
        self.models.iter().map(Arc::as_ref).find(|m| m.info().tasks.contains(&task))
    }

    /// Runs the requested tasks on an image.
    ///
    /// Pose gives one [`Person`] per box. Dense tasks give one map per person where they saw a person crop, and one map
    /// of the scene where they saw the whole image.
    ///
    /// # Errors
    /// `InvalidArgument` for a box or task that cannot be, for boxes together with detection, and those of
    /// [`Engine::detect`]; `Runtime` when ONNX Runtime fails.
    pub fn run(&self, image: &Image, request: &Request) -> Result<FrameResult> {
        self.look(Picture::of_image(image), request, &mut None)
    }

    /// As [`Engine::run`], on a raw frame. Where models frame on their device (and nothing is detected) the bytes go there as they
    /// are, unless their rows have an odd padding: then, and elsewhere, the host makes an image of them.
    ///
    /// # Errors
    /// Those of [`Engine::run`] and [`FrameFormat::to_image`].
    pub fn run_frame(&self, format: &FrameFormat, planes: &[Plane<'_>], request: &Request) -> Result<FrameResult> {
        self.look(Picture::of_frame(format, planes)?, request, &mut None)
    }

    /// As [`Engine::run`], on a frame in the memory of a CUDA device, once its pixels are there. Models that frame on that device read it
    /// where it lies; for others, and for rows with an odd padding, it is brought to the host, once.
    ///
    /// # Errors
    /// Those of [`Engine::run`] and [`CudaFrame::fetch`].
    pub fn run_cuda(&self, frame: &CudaFrame, request: &Request) -> Result<FrameResult> {
        self.look(Picture::of_cuda(frame)?, request, &mut None)
    }

    /// Whether [`Engine::run_cuda`] with boxes reads this frame where it lies, whichever task runs.
    pub fn takes(&self, frame: &CudaFrame) -> bool {
        !self.models.is_empty() && self.models.iter().all(|model| is_read_there(frame, model.framer()))
    }

    /// `left`: takes the maps that are to be decoded later.
    pub(super) fn look(
        &self,
        mut picture: Picture<'_>,
        request: &Request,
        left: &mut Option<Vec<Left>>,
    ) -> Result<FrameResult> {
        let size = picture.size();
        if let Some(missing) = request.tasks.iter().flatten().find(|t| self.model_for(**t).is_none()) {
            let have: Vec<_> = self.models.iter().flat_map(|m| &m.info().tasks).map(|t| t.name()).collect();
            return Err(Error::invalid(format!(
                "task `{missing}`: no loaded model has it; loaded are {}",
                have.join(", ")
            )));
        }
        let wanted = |task: &Task| request.tasks.as_ref().is_none_or(|tasks| tasks.contains(task));
        let mut result = FrameResult { image: size, ..Default::default() };
        // Each with the score of the detector.
        let boxes: Vec<(Option<Rect>, Option<f32>)> = match (&request.detect, request.boxes.as_slice()) {
            (None, []) => vec![(None, None)],
            (None, boxes) => boxes.iter().map(|b| (Some(*b), None)).collect(),
            (Some(options), []) => {
                let mut clock = Clock::new(&mut result.timings);
                let found = self.detect_in(&mut picture, options, &mut result.traffic)?;
                clock.stop("detect".to_owned());
                found.into_iter().map(|d| (Some(d.bbox), Some(d.score))).collect()
            }
            (Some(_), _) => {
                return Err(Error::invalid("boxes: people are to be detected; give boxes or detect, not both"));
            }
        };
        let person = |&(bbox, score): &(Option<Rect>, Option<f32>)| Person {
            bbox: bbox.unwrap_or(Rect::whole(size)),
            score,
            pose: None,
            maps: Maps::default(),
        };
        result.people = boxes.iter().map(person).collect();
        let boxes: Vec<Option<Rect>> = boxes.into_iter().map(|(bbox, _)| bbox).collect();
        let segments = |model: &Model| model.info().tasks.contains(&Task::Seg) && wanted(&Task::Seg);
        request.regions.check(request.boxes.len(), self.models.iter().any(|model| segments(model)))?;
        let mut models: Vec<&Arc<Model>> = self.models.iter().collect();
        let seg_first = request.regions == Regions::Seg;
        // Keypoints are what a host waits for: they come first, whenever their model was loaded.
        let has_pose = |model: &Model| model.info().tasks.contains(&Task::Pose);
        models.sort_by_key(|model| (seg_first && !segments(model), !has_pose(model)));
        for model in models {
            let mut tasks: Vec<Task> = model.info().tasks.iter().copied().filter(wanted).collect();
            tasks.sort_by_key(|task| seg_first && *task != Task::Seg);
            // Where all tasks see the same picture, the backbone runs once for all of them.
            let shared = request.framing == Framing::Crop || model.info().framing == ModelFraming::Stretch;
            let groups: Vec<&[Task]> = if shared { vec![&tasks] } else { tasks.chunks(1).collect() };
            for group in groups.into_iter().filter(|g| !g.is_empty()) {
                run_group(model, group, &mut picture, &boxes, request, left, &mut result)?;
            }
        }
        Ok(result)
    }
}

/// Refuses a model with a task that another one has.
pub(crate) fn refuse_double<'m>(
    mut others: impl Iterator<Item = (&'m str, &'m ModelInfo)>,
    name: &str,
    info: &ModelInfo,
) -> Result<()> {
    let double = |(other, known): (&'m str, &'m ModelInfo)| {
        let task = info.tasks.iter().find(|task| known.tasks.contains(task))?;
        Some(Error::invalid(format!(
            "models {other} and {name} both predict `{task}`; load one of them, or choose tasks"
        )))
    };
    others.find_map(double).map_or(Ok(()), Err)
}
