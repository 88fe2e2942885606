//! Streams: what the host sees of a queue and its worker.

use super::cadence::{Cadence, TaskSetting};
use super::context::Context;
use super::finder::Finder;
use super::frame::{Frame, Pixels};
use super::gate::{self, Gate};
use super::options::{Delivery, Overlap, PeopleOptions, StreamOptions, Wishes};
use super::people::People;
use super::queue::{Policy, Queue, Submitted};
use super::result::LiveResult;
use super::runner::Runner;
use super::spare::Spare;
use super::statistics::Statistics;
use super::worker::{self, Manner};
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::LogLevel;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// Gets finished results.
pub type ResultCallback = Box<dyn Fn(Arc<LiveResult>) + Send + Sync>;

/// What a stream, its worker and its context share.
pub(super) struct Core {
    pub number: u64,
    pub context: Arc<Context>,
    pub queue: Queue,
    pub cadence: Mutex<Cadence>,
    pub manner: Manner,
    wishes: Mutex<Wishes>,
    pub delivery: Delivery,
    callback: RwLock<Option<Arc<ResultCallback>>>,
    gate: Gate,
    /// Held while results are delivered, so that two threads do not change their order.
    turn: Mutex<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
    life: Mutex<Life>,
    /// Memory of frames that have been worked on.
    pub spare: Spare,
    /// Memory of pictures that have been looked at.
    pub pictures: Spare,
    /// Whether somebody on the host looks at pictures: the detector, or who keeps them.
    looks_at_images: AtomicBool,
    /// Whether people are to be forgotten before the next frame.
    forgets_people: AtomicBool,
}

/// A stream whose owner cannot wait for its worker is left to the context, by whichever of them is the last.
#[derive(Default)]
struct Life {
    has_no_owner: bool,
    has_no_worker: bool,
}

/// Buffers kept for later frames; more are in the queue.
const MAX_SPARE: usize = 4;
/// The same of pictures: one that is looked at, one that is made ready.
const MAX_PICTURES: usize = 2;

impl Core {
    pub fn log(&self, level: LogLevel, message: impl FnOnce() -> String) {
        self.context.log(level, || format!("stream {}: {}", self.number, message()));
    }

    pub fn runner(&self) -> Option<Arc<dyn Runner>> {
        self.context.runner()
    }

    pub fn finder(&self) -> Option<Arc<dyn Finder>> {
        self.context.finder()
    }

    pub fn learn(&self, change: impl FnOnce(&mut Cadence)) {
        change(&mut self.cadence.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What the host has asked for since the last frame.
    pub fn take_wishes(&self) -> Wishes {
        std::mem::take(&mut *self.wishes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wish(&self, change: impl FnOnce(&mut Wishes)) -> Result<()> {
        if self.is_closed() {
            return Err(Error::new(ErrorKind::ShutDown, "stream: it has been shut down"));
        }
        change(&mut self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    /// Says whether frames must be converted on the host: known for sure when their turn comes.
    pub fn look_at_images(&self, looks: bool) {
        self.looks_at_images.store(looks, Ordering::Release);
    }

    pub fn looks_at_images(&self) -> bool {
        self.looks_at_images.load(Ordering::Acquire)
    }

    pub fn forget_people(&self) {
        self.forgets_people.store(true, Ordering::Release);
    }

    /// Whether they are to be forgotten; once.
    pub fn must_forget_people(&self) -> bool {
        self.forgets_people.swap(false, Ordering::AcqRel)
    }

    pub fn call_back(&self, result: Arc<LiveResult>) {
        self.gate.call(|| {
            // Not under the lock: it may set another. Inside the gate: once closed, nothing of the host's is dropped here.
            let callback = self.callback.read().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(callback) = callback {
                callback(result);
            }
        });
    }

    /// Gives the results that are finished by now to the callback.
    pub fn deliver(&self) {
        if self.delivery != Delivery::Events {
            return;
        }
        // Another thread is at it.
        let Ok(_turn) = self.turn.try_lock() else { return };
        for _ in 0..self.queue.finished() {
            // Gone in the meantime: dropped, or the stream was destroyed by a callback.
            let Ok(Some(result)) = self.queue.poll(Some(Duration::ZERO)) else { return };
            self.call_back(result);
        }
    }

    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Ends the stream and waits for its worker. Any thread but a worker.
    pub fn destroy(&self) -> Result<()> {
        gate::refuse_on_worker("destroying a stream")?;
        self.queue.close();
        self.gate.close()?;
        // Whoever comes second waits for the first here.
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // It catches every panic of its work.
            let _ = thread.join();
            self.spare.clear();
            self.pictures.clear();
        }
        drop(thread);
        self.drop_callback();
        Ok(())
    }

    /// It may hold the stream itself.
    fn drop_callback(&self) {
        let callback = self.callback.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(callback);
    }

    /// The owner goes without waiting.
    fn abandon(self: &Arc<Self>) {
        self.queue.close();
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.has_no_owner = true;
        let is_last = life.has_no_worker;
        drop(life);
        if is_last {
            self.leave();
        }
    }

    /// The last thing a worker does.
    pub fn end_of_worker(self: &Arc<Self>) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.has_no_worker = true;
        let is_last = life.has_no_owner;
        drop(life);
        if is_last {
            self.leave();
        }
    }

    fn leave(self: &Arc<Self>) {
        self.drop_callback();
        // Held until the context has it: its end misses nothing. If it is held already, that end is joining the worker.
        if let Ok(mut thread) = self.thread.try_lock() {
            self.context.adopt(thread.take());
        }
        self.context.detach(self);
    }
}

/// One camera or clip: its frames in order. Every function may be called from any thread; see each for exceptions.
pub struct Stream {
    core: Arc<Core>,
}

impl Stream {
    /// Makes a stream and starts its worker.
    ///
    /// # Errors
    /// `InvalidArgument` for a depth outside 1..=64 and for options about people that are out of range or do not fit
    /// together, `ShutDown` if the context is.
    pub fn new(context: &Arc<Context>, options: StreamOptions) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        if !(1..=64).contains(&options.depth) {
            return Err(Error::invalid(format!("depth is {}; it must be 1..64", options.depth)));
        }
        let people = People::new(options.people)?;
        let overlaps = match options.overlap {
            Overlap::On => true,
            Overlap::Off => false,
            Overlap::Auto => options.policy == Policy::Block && !context.is_on_processor(),
        };
        let sees_frames = context.finder().is_some_and(|finder| finder.takes_frames());
        let core = Arc::new(Core {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            context: Arc::clone(context),
            queue: Queue::new(options.depth, options.policy, options.delivery != Delivery::Immediate),
            cadence: Mutex::new(Cadence::new(options.tasks, options.budget)),
            manner: Manner {
                space: options.space,
                framing: options.framing,
                batch_memory: options.batch_memory,
                regions: options.regions,
                keeps_picture: options.keep_picture,
                overlaps,
                device_maps: options.device_maps,
                has_budget: options.budget.is_some(),
            },
            wishes: Mutex::default(),
            delivery: options.delivery,
            callback: RwLock::new(None),
            gate: Gate::default(),
            turn: Mutex::new(()),
            thread: Mutex::new(None),
            life: Mutex::default(),
            spare: Spare::new(MAX_SPARE),
            pictures: Spare::new(MAX_PICTURES),
            looks_at_images: AtomicBool::new(options.keep_picture || (people.detects() && !sees_frames)),
            forgets_people: AtomicBool::new(false),
        });
        // Whoever ends the context from here on waits for the worker to be there.
        let mut thread = core.thread.lock().unwrap_or_else(PoisonError::into_inner);
        context.attach(&core)?;
        let worker = Arc::clone(&core);
        let builder = std::thread::Builder::new().name(format!("sapiens-{}", core.number));
        let spawned = builder.spawn(move || worker::work(&worker, people)).map_err(|e| {
            context.detach(&core);
            Error::new(ErrorKind::Internal, format!("the system gives no more threads: {e}")).caused_by(e)
        })?;
        *thread = Some(spawned);
        drop(thread);
        Ok(Self { core })
    }

    /// Sets who gets results with delivery `Events` or `Immediate`. Frames submitted before may be lost without one. One that
    /// was set before may still be running. Dropped when the stream ends.
    pub fn set_callback(&self, callback: ResultCallback) {
        let mut slot = self.core.callback.write().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: the end drops it, or has come before.
        let old = if self.core.is_closed() { None } else { slot.replace(Arc::new(callback)) };
        drop(slot);
        drop(old);
    }

    /// Changes how often a task runs and how important it is, from the next frame on.
    pub fn set_task(&self, setting: TaskSetting) -> Result<()> {
        if self.core.is_closed() {
            return Err(Error::new(ErrorKind::ShutDown, "stream: it has been shut down"));
        }
        self.core.learn(|cadence| cadence.set(setting));
        Ok(())
    }

    /// Changes what is done about people, from the next frame that is worked on. Ids go on: who is there keeps theirs as long
    /// as people are tracked, and none is given twice.
    ///
    /// # Errors
    /// Those of [`PeopleOptions::check`], and `ShutDown`: nothing has changed.
    pub fn set_people(&self, options: PeopleOptions) -> Result<()> {
        options.check()?;
        self.core.wish(|wishes| wishes.options = Some(options))
    }

    /// Says that somebody may have come in: where the detector rests between its turns, it looks at the next frame.
    ///
    /// # Errors
    /// `ShutDown`.
    pub fn expect_entry(&self) -> Result<()> {
        self.core.wish(|wishes| wishes.expects_entry = true)
    }

    /// Memory for the pixels of a frame, used before if there is some.
    pub fn buffer(&self) -> Vec<u8> {
        self.core.spare.take()
    }

    /// Takes a frame. With policy `Block` it waits for room up to `timeout` (`None`: for ever).
    ///
    /// # Errors
    /// `InvalidArgument` and `Image` about the frame, `ShutDown`, `WrongThread` for waiting in an immediate callback.
    pub fn submit(&self, frame: Frame, timeout: Option<Duration>) -> Result<Submitted> {
        self.submit_with(frame, timeout, &|_| {})
    }

    /// As [`Stream::submit`]; `on_taken` is told the number of the frame before any work begins on it.
    ///
    /// # Errors
    /// As [`Stream::submit`].
    pub fn submit_with(&self, frame: Frame, timeout: Option<Duration>, on_taken: &dyn Fn(u64)) -> Result<Submitted> {
        if timeout != Some(Duration::ZERO) {
            gate::refuse_on_worker("submitting with a timeout")?;
        }
        frame.check()?;
        let (submitted, dropped) = self.core.queue.submit(frame, timeout, on_taken)?;
        for job in dropped {
            if let Pixels::Packed(bytes, _) = job.frame.pixels {
                self.core.spare.give(bytes);
            }
        }
        Ok(submitted)
    }

    /// Fetches the oldest result, waiting for one up to `timeout` (`None`: for ever). `Ok(None)` if there is none.
    ///
    /// # Errors
    /// `ShutDown`; `WrongThread` for waiting in an immediate callback; `InvalidArgument` with delivery `Immediate`, which
    /// keeps no results.
    pub fn poll(&self, timeout: Option<Duration>) -> Result<Option<Arc<LiveResult>>> {
        if timeout != Some(Duration::ZERO) {
            gate::refuse_on_worker("waiting for a result")?;
        }
        if self.core.delivery == Delivery::Immediate {
            return Err(Error::invalid("stream: its results go to the callback at once, there is nothing to fetch"));
        }
        self.core.queue.poll(timeout)
    }

    /// Takes a frame back, or all with `None`: waiting ones go, the one in work gives no result.
    pub fn cancel(&self, frame: Option<u64>) {
        self.core.queue.cancel(frame);
    }

    /// Waits until nothing waits or is in work, up to `timeout` (`None`: for ever): whether that was reached.
    ///
    /// # Errors
    /// `ShutDown`, `WrongThread` in an immediate callback.
    pub fn flush(&self, timeout: Option<Duration>) -> Result<bool> {
        gate::refuse_on_worker("flushing a stream")?;
        self.core.queue.flush(timeout)
    }

    /// Counts and times.
    pub fn statistics(&self) -> Statistics {
        self.core.queue.statistics()
    }

    /// Ends the stream: discards what waits and what is finished, waits for the frame in work and for a callback that runs.
    /// None runs after it, and the callback is dropped. Safe to call twice; also done on drop.
    ///
    /// # Errors
    /// `WrongThread` in an immediate callback, and where a callback waits for the one this is called from.
    pub fn destroy(&self) -> Result<()> {
        self.core.destroy()?;
        self.core.context.detach(&self.core);
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // On a worker it cannot be waited for: the worker ends by itself, and the end of the context waits for it.
        if self.destroy().is_err() {
            self.core.abandon();
        }
    }
}
