//! What can be done for a frame before its turn comes: its pixels are made ready and brought to the device.

use super::frame::{Frame, Pixels};
use super::queue::Job;
use super::runner::Picture;
use super::stream::Core;
use crate::engine::{Carried, Timing};
use crate::error::Result;
use crate::geometry::{Affine, Rect, Size};
use crate::image::{Orientation, PixelFormat};
use crate::spec::Task;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A frame whose turn has come.
pub(super) struct Ready {
    pub number: u64,
    pub since: Instant,
    pub wait_ms: f64,
    pub dropped_before: u64,
    pub timestamp_ns: i64,
    pub boxes: Vec<Rect>,
    pub tasks: Option<Vec<Task>>,
    pub ignore_cadence: bool,
    pub orientation: Orientation,
    pub size: Size,
    pub buffer_from_image: Affine,
    /// What came of the pixels: a picture, a fault, or a panic to be gone on with.
    pub picture: Result<Result<(Picture, Carried)>, Box<dyn Any + Send>>,
    pub timings: Vec<Timing>,
    /// What all of this has taken of the frame's budget.
    pub spent: Duration,
}

/// Makes a frame ready. `carries`: also brings it to the device.
pub(super) fn prepare(core: &Core, job: Job, carries: bool) -> Ready {
    let Job { number, frame, since, dropped_before } = job;
    let Frame { pixels, timestamp_ns, boxes, tasks, ignore_cadence } = frame;
    let wait_ms = since.elapsed().as_secs_f64() * 1e3;
    let format = *pixels.format();
    let begin = Instant::now();
    let mut timings = Vec::new();
    // What a panic leaves behind is dropped with the frame.
    let picture = catch_unwind(AssertUnwindSafe(|| {
        let picture = convert(core, pixels)?;
        let mut clock = begin;
        note(&mut timings, "convert", &mut clock);
        let mut carried = Carried::default();
        if let Some(runner) = core.runner().filter(|_| carries) {
            carried = runner.carry(&picture)?;
            if carried.traffic.to_device > 0 {
                note(&mut timings, "upload", &mut clock);
            }
        }
        Ok((picture, carried))
    }));
    Ready {
        number,
        since,
        wait_ms,
        dropped_before,
        timestamp_ns,
        boxes,
        tasks,
        ignore_cadence,
        orientation: format.orientation,
        size: format.upright_size(),
        buffer_from_image: format.buffer_from_image(),
        picture,
        timings,
        spent: begin.elapsed(),
    }
}

fn note(timings: &mut Vec<Timing>, stage: &str, since: &mut Instant) {
    let now = Instant::now();
    let ms = now.duration_since(std::mem::replace(since, now)).as_secs_f64() * 1e3;
    timings.push(Timing { stage: stage.to_owned(), ms });
}

/// The pixels as whoever looks at them wants them.
fn convert(core: &Core, pixels: Pixels) -> Result<Picture> {
    let on_device = || core.runner().is_some_and(|runner| runner.takes_frames());
    match pixels {
        // NV12 has to be converted, and what is borrowed is given back before models run.
        Pixels::Packed(bytes, format)
            if format.format != PixelFormat::Nv12 && !core.looks_at_images() && on_device() =>
        {
            Ok(Picture::Raw(bytes, format))
        }
        pixels => to_image(core, pixels),
    }
}

/// The converted picture; the memory of a packed copy is used again.
pub(super) fn to_image(core: &Core, pixels: Pixels) -> Result<Picture> {
    let (image, packed) = pixels.into_image(core.pictures.take())?;
    if let Some(packed) = packed {
        core.spare.give(packed);
    }
    Ok(Picture::Image(image))
}
