//! The models of a context: loaded once and for all, or under a memory budget, where they come and go.

use super::context::{Context, LoadRequest, ModelId, ModelReport};
use super::log::Hub;
use super::runner::Runner;
use super::shelf::{Came, Shelf};
use crate::convert::{Progress, Stage};
use crate::engine::{Engine, FrameResult, LoadOptions, Model, ModelSource, Origin, Request, Timing, refuse_double};
use crate::engine::{Footprint, Regions, USUAL_BATCH_MEMORY};
use crate::error::{Error, Result};
use crate::image::Image;
use crate::runtime::LogLevel;
use crate::spec::{ModelInfo, Task};
use std::sync::Arc;
use std::time::Instant;

/// What a context knows of its models.
#[derive(Default)]
pub(super) struct Models {
    pub loaded: Vec<Loaded>,
    pub runner: Option<Arc<dyn Runner>>,
    last: u32,
}

/// A model of a context.
pub(super) struct Loaded {
    id: ModelId,
    name: String,
    report: ModelReport,
    /// Held here where there is no budget.
    model: Option<Arc<Model>>,
}

impl Models {
    fn refuse_double(&self, name: &str, info: &ModelInfo) -> Result<()> {
        refuse_double(self.loaded.iter().map(|known| (known.name.as_str(), &known.report.info)), name, info)
    }

    fn next_id(&mut self) -> ModelId {
        self.last += 1;
        ModelId::from(self.last)
    }
}

impl Context {
    /// Loads a model; streams run its tasks from their next frame on. Blocks; any thread.
    ///
    /// With a memory budget others may be evicted for it, poses last; they come back when a frame wants their tasks, from their file, which
    /// must stay as it is.
    ///
    /// # Errors
    /// Those of [`Model::load`]; `InvalidArgument` if a loaded model already has one of its tasks, and for a model that is larger than the
    /// memory budget; `Cancelled`; `ShutDown`.
    pub fn load(&self, source: &ModelSource, request: &LoadRequest, progress: &mut Progress) -> Result<ModelId> {
        let mut options = LoadOptions {
            tasks: request.tasks.clone(),
            precision: request.precision,
            input: request.input,
            winograd: request.winograd,
            regions: request.regions,
            device_framing: request.device_framing,
            ..self.load.clone()
        };
        options.session.providers.recorded = request.recorded;
        let begun = self.begin_load()?;
        let mut watched = |stage: Stage, done: u64, total: u64| {
            self.go_on(begun)?;
            progress(stage, done, total)
        };
        let report = match self.shelf.budget() {
            None => {
                let model = Arc::new(Model::load(source, &options, &mut watched)?);
                let mut models = self.models_now();
                self.go_on(begun)?;
                let report = report(models.next_id(), &model);
                models.refuse_double(model.name(), model.info())?;
                models.loaded.push(Loaded {
                    id: report.id,
                    name: report.name.clone(),
                    report: report.clone(),
                    model: Some(model),
                });
                self.renew(&mut models)?;
                report
            }
            Some(_) => self.load_within(Origin::new(source.clone(), options)?, begun, &mut watched)?,
        };
        for (device, reason) in &report.refused {
            self.log(LogLevel::Warning, || format!("{}: device {device} cannot be used: {reason}", report.name));
        }
        self.log(LogLevel::Info, || {
            let tasks: Vec<_> = report.info.tasks.iter().map(|t| t.name()).collect();
            format!("{}: loaded for {} on {}", report.name, tasks.join(", "), report.device)
        });
        Ok(report.id)
    }

    /// Loads a model under the budget.
    fn load_within(&self, origin: Origin, begun: u64, progress: &mut Progress) -> Result<ModelReport> {
        let (name, bytes) = (origin.name(), origin.footprint().total(1));
        self.shelf.check(bytes).map_err(|e| Error::new(e.kind(), format!("{name}: {e}")))?;
        let id = {
            let mut models = self.models_now();
            models.refuse_double(&name, origin.info())?;
            models.next_id()
        };
        let is_urgent = origin.info().tasks.contains(&Task::Pose);
        self.shelf.add(id, bytes, is_urgent, Arc::new(move |progress: &mut Progress| origin.load(progress)));
        let mut put = || {
            let (held, came) = self.shelf.take(id, progress)?;
            let mut models = self.models_now();
            self.go_on(begun)?;
            let report = report(id, held.model());
            // Another load may have been faster.
            models.refuse_double(&name, &report.info)?;
            models.loaded.push(Loaded { id, name: name.clone(), report: report.clone(), model: None });
            self.renew(&mut models)?;
            drop(models);
            self.say_came(&name, came.as_ref(), false);
            Ok(report)
        };
        let put: Result<ModelReport> = put();
        put.inspect_err(|_| self.shelf.remove(id))
    }

    /// Makes what frames are run with from now on.
    fn renew(&self, models: &mut Models) -> Result<()> {
        if models.loaded.is_empty() {
            models.runner = None;
            return Ok(());
        }
        if self.shelf.budget().is_none() {
            let held = models.loaded.iter().filter_map(|known| known.model.clone());
            models.runner = Some(Arc::new(Engine::from_models(held)?));
            return Ok(());
        }
        let mut each: Vec<_> =
            models.loaded.iter().map(|known| (known.id, known.name.clone(), known.report.info.tasks.clone())).collect();
        // Keypoints are what a host waits for: their model comes first, so nobody evicts it within the frame.
        each.sort_by_key(|(_, _, tasks)| !tasks.contains(&Task::Pose));
        let (shelf, log) = (Arc::clone(&self.shelf), Arc::clone(&self.log));
        models.runner = Some(Arc::new(Turned { shelf, log, models: each }));
        Ok(())
    }

    fn say_came(&self, name: &str, came: Option<&Came>, is_again: bool) {
        let names: Vec<_> = self.models_now().loaded.iter().map(|known| (known.id, known.name.clone())).collect();
        say_came(&self.log, name, came, &names, is_again);
    }

    /// Takes a model away; frames in work finish with it.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no such model.
    pub fn unload(&self, id: ModelId) -> Result<()> {
        self.check_alive()?;
        let mut models = self.models_now();
        let Some(at) = models.loaded.iter().position(|known| known.id == id) else {
            let known: Vec<_> = models.loaded.iter().map(|known| known.id.number().to_string()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Error::invalid(format!("model_id {}: no model has it; loaded are {known}", id.number())));
        };
        let gone = models.loaded.remove(at);
        self.renew(&mut models)?;
        drop(models);
        self.shelf.remove(id);
        self.log(LogLevel::Info, || format!("{}: unloaded", gone.name));
        Ok(())
    }

    /// The loaded models, in the order of loading; those that are evicted at the moment too.
    pub fn models(&self) -> Vec<ModelReport> {
        let has_budget = self.shelf.budget().is_some();
        let now = |known: &Loaded| match has_budget {
            true => ModelReport { fate: self.shelf.fate(known.id), ..known.report.clone() },
            false => known.report.clone(),
        };
        self.models_now().loaded.iter().map(now).collect()
    }
}

fn report(id: ModelId, model: &Model) -> ModelReport {
    let fate = super::Fate { is_loaded: true, loads: 1, ..super::Fate::default() };
    let unrecorded = model.recording_refused().into_iter().map(|(task, error)| {
        let what = task.map_or("backbone", Task::name);
        (model.device(), format!("{what}: its runs are not recorded: {error}"))
    });
    ModelReport {
        id,
        name: model.name().to_owned(),
        info: model.info().clone(),
        device: model.device(),
        refused: model.refused().iter().map(|(device, error)| (*device, error.to_string())).chain(unrecorded).collect(),
        footprint: model.footprint(),
        frames_on_device: model.frames_on_device(),
        fate,
    }
}

fn say_came(log: &Hub, name: &str, came: Option<&Came>, names: &[(ModelId, String)], is_again: bool) {
    let Some(came) = came else { return };
    for id in &came.evicted {
        let gone = names.iter().find(|(known, _)| known == id).map_or("a model", |(_, gone)| gone.as_str());
        log.say(LogLevel::Info, || format!("{gone}: evicted for {name}"));
    }
    if is_again {
        log.say(LogLevel::Info, || format!("{name}: loaded again in {:.0} ms", came.ms));
    }
}

/// Runs the models of a context one after the other; each is there as long as it runs.
struct Turned {
    shelf: Arc<Shelf<Model>>,
    log: Arc<Hub>,
    /// In the order in which they are run.
    models: Vec<(ModelId, String, Vec<Task>)>,
}

impl Runner for Turned {
    fn groups(&self) -> Vec<Vec<Task>> {
        self.models.iter().map(|(_, _, tasks)| tasks.clone()).collect()
    }

    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult> {
        let wanted = |task: &Task| request.tasks.as_ref().is_none_or(|tasks| tasks.contains(task));
        // Whoever is looked at, without any task.
        let nothing = Request { tasks: Some(Vec::new()), regions: Regions::Whole, ..request.clone() };
        let mut result = Engine::default().run(image, &nothing)?;
        for (id, name, tasks) in &self.models {
            let tasks: Vec<Task> = tasks.iter().copied().filter(wanted).collect();
            if tasks.is_empty() {
                continue;
            }
            let begin = Instant::now();
            let (held, came) = self.shelf.take(*id, &mut |_, _, _| Ok(()))?;
            if came.is_some() {
                let names: Vec<_> = tasks.iter().map(|task| task.name()).collect();
                let ms = begin.elapsed().as_secs_f64() * 1e3;
                result.timings.push(Timing { stage: format!("load {}", names.join("+")), ms });
                let names: Vec<_> = self.models.iter().map(|(id, name, _)| (*id, name.clone())).collect();
                say_came(&self.log, name, came.as_ref(), &names, true);
            }
            let batch_memory = Some(self.batch_memory(held.model().footprint(), request.batch_memory));
            // Each model runs by itself, so that only tasks beside segmentation know what it finds.
            let regions = match &request.regions {
                Regions::Seg if !tasks.contains(&Task::Seg) => Regions::Boxes,
                regions => regions.clone(),
            };
            let own = Request { tasks: Some(tasks), batch_memory, regions, ..request.clone() };
            result.absorb(Engine::from_models([Arc::clone(held.model())])?.run(image, &own)?);
        }
        Ok(result)
    }
}

impl Turned {
    /// More people at once only from what is left when all models are loaded, an equal part for each.
    fn batch_memory(&self, footprint: Footprint, asked: Option<u64>) -> u64 {
        let part = self.shelf.slack() / self.models.len().max(1) as u64;
        asked.unwrap_or(USUAL_BATCH_MEMORY).min(footprint.work.saturating_add(part))
    }
}
