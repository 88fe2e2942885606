//! Contexts: the models that streams share, and the end of everything.

use super::detectors::Slot;
use super::gate;
use super::log::{Hub, Log};
use super::stream::Core;
use super::worker::Runner;
use crate::convert::{Progress, Stage};
use crate::engine::{Engine, LoadOptions, Model, ModelSource, try_device};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::runtime::{Device, Library, LogLevel, SessionOptions};
use crate::spec::{ModelInfo, Precision, Task};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How a context is made.
#[derive(Default)]
pub struct ContextOptions {
    /// The ONNX Runtime library; `None` to look for it ([`Library::load`]).
    pub library: Option<PathBuf>,
    /// Devices in order of preference; none stands for the processor.
    pub devices: Vec<Device>,
    /// Threads of the processor provider; 0: one per physical core.
    pub threads: usize,
    /// Keeps weights mapped from their files.
    pub low_memory: bool,
    /// Averages results with those of the mirrored picture.
    pub flip_test: bool,
    /// Who gets log messages.
    pub log: Option<Log>,
    /// A folder that keeps what loading costs ([`LoadOptions::cache`]).
    pub cache: Option<PathBuf>,
}

/// What is loaded of a model.
#[derive(Debug, Clone, Default)]
pub struct LoadRequest {
    /// Tasks of a model with several; `None`: all.
    pub tasks: Option<Vec<Task>>,
    /// Precision of a model built from a checkpoint.
    pub precision: Option<Precision>,
    /// Input size of a model built from a checkpoint.
    pub input: Option<Size>,
    /// Bytes of weights that may make the convolutions of a model built from a checkpoint faster ([`LoadOptions::winograd`]).
    pub winograd: u64,
    /// Heads of dense tasks can run for a part of the picture ([`LoadOptions::regions`]).
    pub regions: bool,
}

/// A model of a context. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelId(u32);

impl ModelId {
    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl From<u32> for ModelId {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// A loaded model and what really runs.
#[derive(Debug, Clone)]
pub struct ModelReport {
    /// For [`Context::unload`].
    pub id: ModelId,
    /// Path or name.
    pub name: String,
    /// What it is.
    pub info: ModelInfo,
    /// Where it runs.
    pub device: Device,
    /// Devices listed before it that could not be used, and why.
    pub refused: Vec<(Device, String)>,
}

#[derive(Default)]
struct Models {
    loaded: Vec<(ModelId, Arc<Model>)>,
    runner: Option<Arc<dyn Runner>>,
    last: u32,
}

/// The models, streams and log of one host. Usable from any thread.
pub struct Context {
    pub(super) load: LoadOptions,
    models: Mutex<Models>,
    pub(super) detector: Slot,
    streams: Mutex<Vec<Arc<Core>>>,
    log: Arc<Hub>,
    is_ended: AtomicBool,
    /// Workers of streams that could not wait for them, and that are about to end.
    orphans: Mutex<Vec<JoinHandle<()>>>,
    /// Counts the calls of `cancel_loads`.
    cancels: AtomicU64,
    log_sink: Option<crate::runtime::LogSinkId>,
}

impl Context {
    /// Makes a context without models.
    ///
    /// # Errors
    /// `Library` if a library is named and cannot be used.
    pub fn new(options: ContextOptions) -> Result<Arc<Self>> {
        if let Some(path) = &options.library {
            Library::load(Some(path))?;
        }
        let devices = if options.devices.is_empty() { vec![Device::Cpu] } else { options.devices };
        let log = Arc::new(Hub::new(options.log));
        let log_sink = log.wants(LogLevel::Error).then(|| {
            let log = Arc::clone(&log);
            crate::runtime::add_log_sink(Box::new(move |level, text| {
                log.say(level, || format!("ONNX Runtime: {text}"))
            }))
        });
        let (threads, low_memory) = (options.threads, options.low_memory);
        let session = SessionOptions { devices, threads, low_memory, ..SessionOptions::default() };
        Ok(Arc::new(Self {
            load: LoadOptions {
                session,
                library: options.library,
                flip_test: options.flip_test,
                decoded_seg: true,
                cache: options.cache,
                ..LoadOptions::default()
            },
            models: Mutex::default(),
            detector: Slot::default(),
            streams: Mutex::default(),
            orphans: Mutex::default(),
            log,
            is_ended: AtomicBool::new(false),
            cancels: AtomicU64::new(0),
            log_sink,
        }))
    }

    fn models_now(&self) -> MutexGuard<'_, Models> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn check_alive(&self) -> Result<()> {
        if !self.is_shut_down() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ShutDown, "context: it is being destroyed or has been shut down"))
    }

    /// What [`Context::go_on`] compares with.
    pub(super) fn begin_load(&self) -> Result<u64> {
        self.check_alive()?;
        Ok(self.cancels.load(Ordering::Acquire))
    }

    /// Refuses to go on with a load that was cancelled.
    pub(super) fn go_on(&self, begun: u64) -> Result<()> {
        self.check_alive()?;
        if self.cancels.load(Ordering::Acquire) == begun {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Cancelled, "the load was cancelled"))
    }

    /// Loads a model; streams run its tasks from their next frame on. Blocks; any thread.
    ///
    /// # Errors
    /// Those of [`Model::load`]; `InvalidArgument` if a loaded model already has one of its tasks; `Cancelled`; `ShutDown`.
    pub fn load(&self, source: &ModelSource, request: &LoadRequest, progress: &mut Progress) -> Result<ModelId> {
        let options = LoadOptions {
            tasks: request.tasks.clone(),
            precision: request.precision,
            input: request.input,
            winograd: request.winograd,
            regions: request.regions,
            ..self.load.clone()
        };
        let begun = self.begin_load()?;
        let mut watched = |stage: Stage, done: u64, total: u64| {
            self.go_on(begun)?;
            progress(stage, done, total)
        };
        let model = Arc::new(Model::load(source, &options, &mut watched)?);
        let report = report(ModelId(0), &model);
        let mut models = self.models_now();
        self.go_on(begun)?;
        let all = models.loaded.iter().map(|(_, model)| model).chain([&model]).cloned();
        models.runner = Some(Arc::new(Engine::from_models(all)?));
        models.last += 1;
        let id = ModelId(models.last);
        models.loaded.push((id, model));
        drop(models);
        for (device, reason) in &report.refused {
            self.log(LogLevel::Warning, || format!("{}: device {device} cannot be used: {reason}", report.name));
        }
        self.log(LogLevel::Info, || {
            let tasks: Vec<_> = report.info.tasks.iter().map(|t| t.name()).collect();
            format!("{}: loaded for {} on {}", report.name, tasks.join(", "), report.device)
        });
        Ok(id)
    }

    /// Stops the loads in progress.
    pub fn cancel_loads(&self) {
        self.cancels.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes a model away; frames in work finish with it.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no such model.
    pub fn unload(&self, id: ModelId) -> Result<()> {
        self.check_alive()?;
        let mut models = self.models_now();
        let Some(at) = models.loaded.iter().position(|(known, _)| *known == id) else {
            let known: Vec<_> = models.loaded.iter().map(|(id, _)| id.0.to_string()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Error::invalid(format!("model_id {}: no model has it; loaded are {known}", id.0)));
        };
        let left = models.loaded.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, (_, model))| Arc::clone(model));
        let engine = Engine::from_models(left)?;
        models.runner = if engine.models().is_empty() { None } else { Some(Arc::new(engine)) };
        let (_, model) = models.loaded.remove(at);
        drop(models);
        self.log(LogLevel::Info, || format!("{}: unloaded", model.name()));
        Ok(())
    }

    /// The loaded models, in the order of loading.
    pub fn models(&self) -> Vec<ModelReport> {
        self.models_now().loaded.iter().map(|(id, model)| report(*id, model)).collect()
    }

    /// The ONNX Runtime of this process.
    ///
    /// # Errors
    /// Those of [`Library::load`].
    pub fn library(&self) -> Result<&'static Library> {
        Library::load(self.load.library.as_deref())
    }

    /// Whether a device works.
    ///
    /// # Errors
    /// `Device` and the reason it does not.
    pub fn try_device(&self, device: Device) -> Result<()> {
        try_device(self.library()?, device)
    }

    /// Calls log and result callbacks that wait for it, on this thread. Never waits for work.
    ///
    /// # Errors
    /// `WrongThread` from inside such a callback, `ShutDown`.
    pub fn process_events(&self) -> Result<()> {
        self.check_alive()?;
        gate::deliver(|| {
            self.log.deliver();
            for stream in self.streams() {
                stream.deliver();
            }
        })
    }

    /// Ends all streams and drops all models and callbacks. Safe to call twice; also done on drop.
    ///
    /// # Errors
    /// `WrongThread` in an immediate callback, and where a callback waits for the one this is called from: then nothing new
    /// begins, and another call must bring it to its end.
    pub fn shutdown(&self) -> Result<()> {
        gate::refuse_on_worker("shutting a context down")?;
        self.is_ended.store(true, Ordering::Release);
        self.cancel_loads();
        for stream in self.streams() {
            stream.destroy()?;
            self.detach(&stream);
        }
        self.join_orphans();
        self.end_log()?;
        let models = std::mem::take(&mut *self.models_now());
        drop(models);
        self.detector.clear();
        Ok(())
    }

    /// Whether [`Context::shutdown`] has begun.
    pub fn is_shut_down(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    fn end_log(&self) -> Result<()> {
        if let Some(sink) = self.log_sink {
            crate::runtime::remove_log_sink(sink);
        }
        self.log.close()
    }

    fn join_orphans(&self) {
        // Under the lock: whoever comes second waits for the first. An orphan has had its turn here before it is joined.
        for thread in self.orphans.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It catches every panic of its work.
            let _ = thread.join();
        }
    }

    pub(super) fn log(&self, level: LogLevel, message: impl FnOnce() -> String) {
        self.log.say(level, message);
    }

    /// What frames are run with, as of now.
    pub(super) fn runner(&self) -> Option<Arc<dyn Runner>> {
        self.models_now().runner.clone()
    }

    #[cfg(test)]
    pub(super) fn set_runner(&self, runner: Arc<dyn Runner>) {
        self.models_now().runner = Some(runner);
    }

    fn streams(&self) -> Vec<Arc<Core>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a stream to those that end with the context.
    pub(super) fn attach(&self, stream: &Arc<Core>) -> Result<()> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: a shutdown sees either the stream or this refusal.
        self.check_alive()?;
        streams.push(Arc::clone(stream));
        Ok(())
    }

    /// Takes over a worker that is about to end.
    pub(super) fn adopt(&self, thread: Option<JoinHandle<()>>) {
        let mut orphans = self.orphans.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended need nobody any more.
        orphans.retain(|thread| !thread.is_finished());
        orphans.extend(thread);
    }

    pub(super) fn detach(&self, stream: &Arc<Core>) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|known| !Arc::ptr_eq(known, stream));
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // Streams hold the context: there are none left. The last one may have been an orphan, on its own thread.
        if gate::refuse_on_worker("").is_ok() {
            self.join_orphans();
        }
        // Nobody is left who could be in the callback and wait for this thread.
        let _ = self.end_log();
    }
}

fn report(id: ModelId, model: &Model) -> ModelReport {
    ModelReport {
        id,
        name: model.name().to_owned(),
        info: model.info().clone(),
        device: model.device(),
        refused: model.refused().iter().map(|(device, error)| (*device, error.to_string())).collect(),
    }
}
