//! Contexts: the models that streams share, and the end of everything.

use super::detectors::Slot;
use super::gate;
use super::log::{Hub, Log};
use super::models::Models;
use super::runner::Runner;
use super::shelf::{Fate, Shelf};
use super::stream::Core;
use crate::engine::{DeviceFraming, Engine, Footprint, LoadOptions, Model, Turns, try_device};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::runtime::{Device, Library, LogLevel, SessionOptions};
use crate::spec::{ModelInfo, Precision, Task};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Models of a context that run at the same time: one keeps a device busy (`docs/scheduling.md`), and only where others wait can poses
/// go first.
const MODELS_AT_ONCE: usize = 1;

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
    /// Bytes that models may take together on their device ([`Footprint`], the detector included); `None`: no limit. Those over it
    /// are evicted, the one asked for longest ago first and poses last, and come back when a frame wants their tasks.
    pub memory_budget: Option<u64>,
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
    /// Where pictures are framed ([`LoadOptions::device_framing`]).
    pub device_framing: DeviceFraming,
    /// Runs are recorded and replayed ([`ProviderOptions::recorded`](crate::runtime::ProviderOptions::recorded)).
    pub recorded: bool,
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
    /// What it takes on its device, as far as it can be told.
    pub footprint: Footprint,
    /// Whether pictures are framed on its device.
    pub frames_on_device: bool,
    /// Whether it is there now, and how often it came and went: under a memory budget.
    pub fate: Fate,
}

/// The models, streams and log of one host. Usable from any thread.
pub struct Context {
    pub(super) load: LoadOptions,
    models: Mutex<Models>,
    pub(super) shelf: Arc<Shelf<Model>>,
    pub(super) detector: Slot,
    streams: Mutex<Vec<Arc<Core>>>,
    pub(super) log: Arc<Hub>,
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
                turns: Some(Arc::new(Turns::new(MODELS_AT_ONCE))),
                ..LoadOptions::default()
            },
            models: Mutex::default(),
            shelf: Arc::new(Shelf::new(options.memory_budget)),
            detector: Slot::default(),
            streams: Mutex::default(),
            orphans: Mutex::default(),
            log,
            is_ended: AtomicBool::new(false),
            cancels: AtomicU64::new(0),
            log_sink,
        }))
    }

    pub(super) fn models_now(&self) -> MutexGuard<'_, Models> {
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

    /// Stops the loads in progress.
    pub fn cancel_loads(&self) {
        self.cancels.fetch_add(1, Ordering::AcqRel);
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
        self.shelf.clear();
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

    /// Whether the device that models are meant for is the one that does everything else too.
    pub(super) fn is_on_processor(&self) -> bool {
        self.load.session.devices.first().is_none_or(|device| *device == Device::Cpu)
    }

    pub(super) fn log(&self, level: LogLevel, message: impl FnOnce() -> String) {
        self.log.say(level, message);
    }

    /// What frames are run with, as of now.
    pub(super) fn runner(&self) -> Option<Arc<dyn Runner>> {
        self.models_now().runner.clone()
    }

    /// Runs frames with models that were loaded elsewhere, as long as it loads and unloads none itself: options of loading that contexts
    /// do not have can be tried so.
    ///
    /// # Errors
    /// `ShutDown`.
    pub fn use_engine(&self, engine: Engine) -> Result<()> {
        self.check_alive()?;
        self.models_now().runner = Some(Arc::new(engine));
        Ok(())
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
