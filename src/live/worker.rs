//! The thread of a stream: frame by frame, from pixels to a result.

use super::cadence::Cadence;
use super::frame::{BorrowedCuda, Frame, Pixels};
use super::gate;
use super::keep::Kept;
use super::people::{People, Scene};
use super::queue::Job;
use super::result::LiveResult;
use super::stream::Core;
use crate::engine::{Engine, FrameResult, MapSpace, Regions, Request, Timing};
use crate::error::{Error, ErrorKind, Result};
use crate::image::{FrameFormat, Image, Orientation, PixelFormat, Plane};
use crate::preprocess::Framing;
use crate::runtime::{CudaFrame, LogLevel, Traffic};
use crate::spec::Task;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// What a worker needs of the engine.
pub(super) trait Runner: Send + Sync {
    /// The tasks of each model.
    fn groups(&self) -> Vec<Vec<Task>>;
    /// Runs tasks on an image.
    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult>;
    /// Whether frames go to a device as they come; else the host makes images of them.
    fn takes_frames(&self) -> bool {
        false
    }
    /// Runs tasks on a frame.
    fn run_frame(&self, format: &FrameFormat, planes: &[Plane<'_>], request: &Request) -> Result<FrameResult> {
        self.run(&format.to_image(planes, Vec::new())?, request)
    }
    /// Whether this frame is read where it lies.
    fn takes_cuda(&self, _frame: &CudaFrame) -> bool {
        false
    }
    /// Runs tasks on a frame that is read where it lies.
    fn run_cuda(&self, frame: &CudaFrame, request: &Request) -> Result<FrameResult> {
        self.run(&frame.to_image()?, request)
    }
}

impl Runner for Engine {
    fn groups(&self) -> Vec<Vec<Task>> {
        self.models().iter().map(|model| model.info().tasks.clone()).collect()
    }

    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult> {
        Engine::run(self, image, request)
    }

    fn takes_frames(&self) -> bool {
        let models = self.models();
        !models.is_empty() && models.iter().all(|model| model.frames_on_device())
    }

    fn run_frame(&self, format: &FrameFormat, planes: &[Plane<'_>], request: &Request) -> Result<FrameResult> {
        Engine::run_frame(self, format, planes, request)
    }

    fn takes_cuda(&self, frame: &CudaFrame) -> bool {
        self.takes(frame)
    }

    fn run_cuda(&self, frame: &CudaFrame, request: &Request) -> Result<FrameResult> {
        Engine::run_cuda(self, frame, request)
    }
}

/// Pixels that models are given as they came.
enum Raw {
    Packed(Vec<u8>, FrameFormat),
    Cuda(Box<dyn BorrowedCuda>),
}

/// How a worker treats every frame.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub space: MapSpace,
    pub framing: Framing,
    pub batch_memory: Option<u64>,
    pub regions: Regions,
    pub keeps_picture: bool,
}

/// What a worker carries from frame to frame.
struct Memory {
    people: People,
    kept: Kept,
    orientation: Orientation,
    /// The memory of the last picture.
    pixels: Vec<u8>,
}

/// Whatever ends the worker: nobody waits for it any longer.
struct Ending<'a>(&'a Arc<Core>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.queue.close();
        self.0.end_of_worker();
    }
}

/// Works until the stream ends.
pub(super) fn work(core: &Arc<Core>, people: People) {
    gate::become_worker();
    let _ending = Ending(core);
    let mut memory = Memory { people, kept: Kept::default(), orientation: Orientation::default(), pixels: Vec::new() };
    while let Some(job) = core.queue.next() {
        let result = frame(core, &mut memory, job);
        if let Err(error) = &result.outcome {
            core.log(LogLevel::Error, || format!("frame {} failed: {error}", result.frame));
        } else {
            core.log(LogLevel::Debug, || format!("frame {}: {:.1} ms", result.frame, result.total_ms));
        }
        if let Some(result) = core.queue.finish(result) {
            core.call_back(Arc::clone(&result));
            core.queue.rest(&result);
        }
    }
}

/// A result for every frame, whatever happens.
fn frame(core: &Core, memory: &mut Memory, job: Job) -> LiveResult {
    let Job { number, frame, since, dropped_before } = job;
    let wait_ms = since.elapsed().as_secs_f64() * 1e3;
    let format = *frame.pixels.format();
    let mut result = LiveResult {
        frame: number,
        timestamp_ns: frame.timestamp_ns,
        image: format.upright_size(),
        buffer_from_image: format.buffer_from_image(),
        outcome: Ok(()),
        tasks: Vec::new(),
        detector_ran: false,
        people: Vec::new(),
        scene: super::LiveMaps::default(),
        filtered_scene: super::CalmMaps::default(),
        timings: Vec::new(),
        traffic: Traffic::default(),
        wait_ms,
        total_ms: 0.0,
        picture: None,
        dropped_before,
    };
    // What a panic leaves behind is only the memory of older frames, which are complete, and the people, who are forgotten.
    let outcome = catch_unwind(AssertUnwindSafe(|| fill(core, memory, frame, &mut result)));
    result.outcome = outcome.unwrap_or_else(|panic| {
        core.learn(Cadence::forget);
        memory.people.reset();
        Err(Error::of_panic(panic.as_ref()))
    });
    if result.outcome.is_err() {
        (result.people, result.scene, result.filtered_scene, result.tasks) = Default::default();
    }
    result.total_ms = since.elapsed().as_secs_f64() * 1e3;
    result
}

fn fill(core: &Core, memory: &mut Memory, frame: Frame, result: &mut LiveResult) -> Result<()> {
    let Frame { pixels, timestamp_ns, boxes, tasks: wanted, ignore_cadence, fetched } = frame;
    result.traffic.to_host = fetched;
    let begin = Instant::now();
    let (orientation, size) = (pixels.format().orientation, pixels.format().upright_size());
    memory.people.grant(core.take_wishes())?;
    let runner = core.runner();
    let is_looked_at = core.manner.keeps_picture || memory.people.detects();
    let on_device = !is_looked_at && runner.as_ref().is_some_and(|runner| runner.takes_frames());
    let is_read_there = |frame: &CudaFrame| on_device && runner.as_ref().is_some_and(|runner| runner.takes_cuda(frame));
    let pixels = match pixels {
        Pixels::Cuda(borrowed) if !is_read_there(borrowed.frame()) => {
            let (format, mut bytes) = (*borrowed.frame().format(), core.buffer());
            borrowed.frame().fetch(&mut bytes)?;
            result.traffic.to_host += bytes.len() as u64;
            Pixels::Packed(bytes, format)
        }
        pixels => pixels,
    };
    let (image, raw) = match pixels {
        // NV12 has to be converted, and what is borrowed on the host is given back before models run.
        Pixels::Packed(bytes, format) if on_device && format.format != PixelFormat::Nv12 => {
            (None, Some(Raw::Packed(bytes, format)))
        }
        Pixels::Cuda(borrowed) => (None, Some(Raw::Cuda(borrowed))),
        pixels => {
            let (image, packed) = pixels.into_image(std::mem::take(&mut memory.pixels))?;
            if let Some(packed) = packed {
                core.give_back(packed);
            }
            (Some(image), None)
        }
    };
    result.timings.push(Timing { stage: "convert".into(), ms: begin.elapsed().as_secs_f64() * 1e3 });

    if runner.is_none() && !memory.people.detects() {
        let message = "no model is loaded; load one into the context before frames are worked on";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let groups = runner.as_ref().map(|runner| runner.groups()).unwrap_or_default();
    let available: Vec<Task> = groups.iter().flatten().copied().collect();
    let enabled = {
        let mut cadence = core.cadence.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.kept.image != size || memory.orientation != orientation {
            (memory.kept, memory.orientation) = (Kept::default(), orientation);
            memory.people.reset();
            cadence.forget();
        }
        cadence.enabled(&available)
    };
    let has_pose = enabled.contains(&Task::Pose);
    let scene = Scene { size, image: image.as_ref(), number: result.frame, timestamp_ns, has_pose };
    let look = memory.people.look(&scene, boxes, core.finder().as_deref())?;
    result.detector_ran = look.timing.is_some();
    result.timings.extend(look.timing.clone());

    // Tasks that have nobody to look at do not lose their turn.
    let work = runner.filter(|_| !look.is_empty());
    let mut chosen = Vec::new();
    let mut found = match &work {
        Some(runner) => {
            // What conversion and detector have taken is not there for the tasks.
            let spent = begin.elapsed();
            core.learn(|cadence| chosen = cadence.choose(&groups, wanted.as_deref(), ignore_cadence, spent));
            let Manner { space, framing, batch_memory, .. } = core.manner;
            let regions = match &core.manner.regions {
                Regions::Seg if !chosen.contains(&Task::Seg) => Regions::Boxes,
                regions => regions.clone(),
            };
            let (boxes, tasks) = (look.boxes(), Some(chosen.clone()));
            let request = Request { boxes, tasks, framing, space, batch_memory, regions, ..Request::default() };
            let found = match (&image, &raw) {
                (Some(image), _) => runner.run(image, &request),
                (None, Some(Raw::Packed(bytes, format))) => {
                    format.packed_planes(bytes).and_then(|planes| runner.run_frame(format, &planes, &request))
                }
                (None, Some(Raw::Cuda(borrowed))) => runner.run_cuda(borrowed.frame(), &request),
                (None, None) => Err(Error::new(ErrorKind::Internal, "the frame has no pixels")),
            };
            found.inspect_err(|_| core.learn(Cadence::forget))?
        }
        None => look.without_tasks(size),
    };
    match raw {
        Some(Raw::Packed(packed, _)) => core.give_back(packed),
        Some(Raw::Cuda(borrowed)) => drop(borrowed),
        None => {}
    }
    core.learn(|cadence| cadence.learn(&found.timings, &groups));
    result.timings.append(&mut found.timings);
    result.traffic += found.traffic;

    let mut newest = Kept::of(found, result.frame, timestamp_ns);
    newest.people = memory.people.tell(&look, &scene, newest.people);
    memory.people.steady(&mut newest);
    if newest.people.is_empty() {
        // Whoever comes is looked at by all tasks at once.
        core.learn(Cadence::forget);
    } else {
        let others: Vec<Task> = enabled.into_iter().filter(|task| !chosen.contains(task)).collect();
        newest.fill(&memory.kept, &others);
    }
    memory.kept = newest.clone();
    if let Some(wanted) = &wanted {
        newest = newest.only(wanted);
    }
    (result.people, result.scene, result.tasks) = (newest.people, newest.scene, chosen);
    result.filtered_scene = newest.filtered_scene;
    match image {
        Some(image) if core.manner.keeps_picture => result.picture = Some(Arc::new(image)),
        Some(image) => memory.pixels = image.into_pixels(),
        None => {}
    }
    Ok(())
}
