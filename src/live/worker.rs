//! The threads of a stream: frame by frame, from pixels to a result.
//!
//! One thread does all of it; where frames overlap, three do a part each, and frames keep their order. Whoever is where is known
//! before the next frame is looked at, so that what is found does not depend on the number of threads.

use super::ahead::{Ready, on_host, prepare};
use super::cadence::Cadence;
use super::finish::{self, Told, Work, finish};
use super::gate;
use super::keep::Kept;
use super::people::{People, Scene};
use super::result::{CalmMaps, LiveMaps, LiveResult};
use super::runner::{Picture, Runner};
use super::stream::Core;
use crate::engine::{Begun, Carried, MapSpace, Regions, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Rect, Size};
use crate::image::Orientation;
use crate::preprocess::Framing;
use crate::runtime::{LogLevel, Traffic};
use crate::spec::Task;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Instant;

/// How a worker treats every frame.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub space: MapSpace,
    pub framing: Framing,
    pub batch_memory: Option<u64>,
    pub regions: Regions,
    pub keeps_picture: bool,
    /// Tasks whose maps stay on the device.
    pub device_maps: Vec<Task>,
    /// Whether the next frame is made ready, and the maps of the last one are decoded, while one runs.
    pub overlaps: bool,
    /// Whether what a frame takes decides about the next: then nothing of it is put off.
    pub has_budget: bool,
}

/// What is carried from frame to frame, but for what [`finish`] keeps.
struct Memory {
    people: People,
    /// Tasks of which the log knows that their maps come to the host.
    noted: Vec<Task>,
    /// Size of the last picture that gave a result.
    size: Size,
    orientation: Orientation,
}

/// Whatever ends the worker: nobody waits for it any longer.
struct Ending<'a>(&'a Arc<Core>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.queue.close();
        self.0.end_of_worker();
    }
}

/// Nobody waits for frames any longer.
struct Closing<'a>(&'a Core);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.queue.close();
    }
}

/// Works until the stream ends.
pub(super) fn work(core: &Arc<Core>, people: People) {
    gate::become_worker();
    let _ending = Ending(core);
    let mut memory = Memory { people, noted: Vec::new(), size: Size::default(), orientation: Orientation::default() };
    if !core.manner.overlaps || !overlapped(core, &mut memory) {
        let mut kept = finish::Memory::default();
        while let Some(job) = core.queue.next() {
            if let Some(told) = turn(core, &mut memory, prepare(core, job, false)) {
                finish(core, &mut kept, told);
            }
        }
    }
}

/// Three threads: this one has the models run. `false`, and nothing was done, where there are no more threads.
fn overlapped(core: &Arc<Core>, memory: &mut Memory) -> bool {
    // Nobody may be more than one frame ahead of the next: each gives a frame away only to one who waits for it.
    let ((give, ready), (tell, told)) = (sync_channel::<Ready>(0), sync_channel::<Told>(0));
    thread::scope(|scope| {
        let last = thread::Builder::new().name(format!("sapiens-{}-maps", core.number)).spawn_scoped(scope, || {
            gate::become_worker();
            let mut kept = finish::Memory::default();
            told.into_iter().for_each(|told| finish(core, &mut kept, told));
        });
        let first = last.and_then(|_| {
            thread::Builder::new().name(format!("sapiens-{}-ahead", core.number)).spawn_scoped(scope, || {
                gate::become_worker();
                while let Some(job) = core.queue.next() {
                    if give.send(prepare(core, job, true)).is_err() {
                        break;
                    }
                }
                drop(give);
            })
        });
        if let Err(error) = first {
            core.log(LogLevel::Warning, || format!("frames do not overlap: the system gives no more threads: {error}"));
            return false;
        }
        let _closing = Closing(core);
        for ready in ready {
            if let Some(frame) = turn(core, memory, ready)
                && tell.send(frame).is_err()
            {
                break;
            }
        }
        drop(tell);
        true
    })
}

/// The turn of a frame: what is known of it when its models have run, whatever happens. `None` if it was cancelled in the meantime.
fn turn(core: &Core, memory: &mut Memory, mut ready: Ready) -> Option<Told> {
    if !core.queue.begin(ready.number) {
        if let Ok(Ok((picture, _))) = ready.picture {
            give_back(core, picture);
        }
        return None;
    }
    let mut result = LiveResult {
        frame: ready.number,
        timestamp_ns: ready.timestamp_ns,
        image: ready.size,
        buffer_from_image: ready.buffer_from_image,
        outcome: Ok(()),
        tasks: Vec::new(),
        people: Vec::new(),
        detector_ran: false,
        scene: LiveMaps::default(),
        filtered_scene: CalmMaps::default(),
        timings: std::mem::take(&mut ready.timings),
        traffic: Traffic::default(),
        wait_ms: ready.wait_ms,
        total_ms: 0.0,
        picture: None,
        dropped_before: ready.dropped_before,
    };
    let (since, mut is_new) = (ready.since, false);
    if core.must_forget_people() {
        memory.people.reset();
    }
    // What a panic leaves behind is only the memory of older frames, which are complete, and the people, who are forgotten.
    let outcome = catch_unwind(AssertUnwindSafe(|| fill(core, memory, ready, &mut result, &mut is_new)));
    let outcome = outcome.unwrap_or_else(|panic| {
        core.learn(Cadence::forget);
        memory.people.reset();
        Err(Error::of_panic(panic.as_ref()))
    });
    let (work, outcome) = match outcome {
        Ok(work) => (Some(work), Ok(())),
        Err(error) => (None, Err(error)),
    };
    result.outcome = outcome;
    Some(Told { result, since, is_new, forgets: memory.people.forgets(), work })
}

fn fill(core: &Core, memory: &mut Memory, ready: Ready, result: &mut LiveResult, is_new: &mut bool) -> Result<Work> {
    let Ready { boxes, tasks: wanted, ignore_cadence, orientation, size, timestamp_ns, spent, mut fetched, .. } = ready;
    let begin = Instant::now();
    memory.people.grant(core.take_wishes())?;
    let finder = core.finder();
    let detects = memory.people.detects();
    let sees_frames = finder.as_ref().is_some_and(|finder| finder.takes_frames());
    core.look_at_images(core.manner.keeps_picture || (detects && !sees_frames));
    let (mut picture, mut carried) = ready.picture.unwrap_or_else(|panic| resume_unwind(panic))?;
    let is_seen = !detects || finder.as_ref().is_some_and(|finder| finder.takes(&picture));
    if core.looks_at_images() || !is_seen {
        // That was not known when it was made ready.
        picture = on_host(core, picture, &mut fetched)?;
    }
    let runner = core.runner();
    if runner.is_none() && !memory.people.detects() {
        let message = "no model is loaded; load one into the context before frames are worked on";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let groups = runner.as_ref().map(|runner| runner.groups()).unwrap_or_default();
    let available: Vec<Task> = groups.iter().flatten().copied().collect();
    let enabled = {
        let mut cadence = core.cadence.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.size != size || memory.orientation != orientation {
            (memory.size, memory.orientation, *is_new) = (Size::default(), orientation, true);
            memory.people.reset();
            cadence.forget();
        }
        cadence.enabled(&available)
    };
    let has_pose = enabled.contains(&Task::Pose);
    let scene = Scene { size, picture: &picture, number: result.frame, timestamp_ns, has_pose };
    let look = memory.people.look(&scene, boxes, finder.as_deref(), &mut carried)?;
    result.detector_ran = look.timing.is_some();
    result.timings.extend(look.timing.clone());

    result.traffic = carried.traffic;
    result.traffic.to_host += fetched;
    // Tasks that have nobody to look at do not lose their turn.
    let mut begun = match runner.filter(|_| !look.is_empty()) {
        Some(runner) => {
            // What conversion and detector have taken is not there for the tasks.
            let spent = spent + begin.elapsed();
            let tasks = &mut result.tasks;
            core.learn(|cadence| *tasks = cadence.choose(&groups, wanted.as_deref(), ignore_cadence, spent));
            let device_maps = on_device(core, memory);
            run(core, &*runner, (&picture, carried), look.boxes(), tasks, device_maps)?
        }
        None => look.without_tasks(size).into(),
    };
    for (task, reason) in std::mem::take(&mut begun.result.on_host) {
        note(core, memory, task, &reason);
    }
    core.learn(|cadence| cadence.learn(&begun.result.timings, &groups));
    result.traffic += begun.result.traffic;

    let mut newest = Kept::of(&mut begun.result, result.frame, timestamp_ns);
    newest.people = memory.people.tell(&look, &scene, newest.people);
    let mut others = enabled;
    others.retain(|task| !result.tasks.contains(task));
    if newest.people.is_empty() {
        // Whoever comes is looked at by all tasks at once.
        core.learn(Cadence::forget);
    }
    memory.size = newest.image;
    match picture {
        Picture::Image(image) if core.manner.keeps_picture => result.picture = Some(Arc::new(image)),
        picture => give_back(core, picture),
    }
    Ok(Work { begun, newest, others, wanted, filters: memory.people.map_filters() })
}

/// Tasks whose maps stay where they are. Filters are on the host.
fn on_device(core: &Core, memory: &mut Memory) -> Vec<Task> {
    let mut tasks = core.manner.device_maps.clone();
    let filters = memory.people.map_filters();
    for (task, is_steadied) in [(Task::Normal, filters.normals.is_some()), (Task::Pointmap, filters.points.is_some())] {
        if is_steadied && tasks.contains(&task) {
            tasks.retain(|kept| *kept != task);
            note(core, memory, task, "they are steadied there");
        }
    }
    tasks
}

/// Said once.
fn note(core: &Core, memory: &mut Memory, task: Task, reason: &str) {
    if !memory.noted.contains(&task) {
        memory.noted.push(task);
        core.log(LogLevel::Warning, || format!("maps of {task} come to the host: {reason}"));
    }
}

/// Runs the tasks that were chosen.
fn run(
    core: &Core,
    runner: &dyn Runner,
    (picture, carried): (&Picture, Carried),
    boxes: Vec<Rect>,
    tasks: &[Task],
    device_maps: Vec<Task>,
) -> Result<Begun> {
    let Manner { space, framing, batch_memory, .. } = core.manner;
    let regions = match &core.manner.regions {
        Regions::Seg if !tasks.contains(&Task::Seg) => Regions::Boxes,
        regions => regions.clone(),
    };
    let tasks = Some(tasks.to_vec());
    let request = Request { boxes, tasks, framing, space, batch_memory, regions, device_maps, ..Request::default() };
    let in_parts = core.manner.overlaps && !core.manner.has_budget;
    runner.begin(picture, carried, &request, in_parts).inspect_err(|_| core.learn(Cadence::forget))
}

/// Its memory is for later frames.
fn give_back(core: &Core, picture: Picture) {
    match picture {
        Picture::Image(image) => core.pictures.give(image.into_pixels()),
        Picture::Raw(bytes, _) => core.spare.give(bytes),
        Picture::Cuda(borrowed) => drop(borrowed),
    }
}
