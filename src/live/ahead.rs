//! What can be done for a frame before its turn comes: its pixels are made ready and brought to the device.

use super::frame::{BorrowedCuda, Frame, Pixels};
use super::queue::Job;
use super::runner::Picture;
use super::stream::Core;
use crate::engine::{Carried, Timing};
use crate::error::Result;
use crate::geometry::{Affine, Rect, Size};
use crate::image::Orientation;
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
    /// Bytes that were brought from a device to the host for it.
    pub fetched: u64,
    pub timings: Vec<Timing>,
    /// What all of this has taken of the frame's budget.
    pub spent: Duration,
}

/// Makes a frame ready. `carries`: also brings it to the device.
pub(super) fn prepare(core: &Core, job: Job, carries: bool) -> Ready {
    let Job { number, frame, since, dropped_before } = job;
    let Frame { pixels, timestamp_ns, boxes, tasks, ignore_cadence, mut fetched } = frame;
    let wait_ms = since.elapsed().as_secs_f64() * 1e3;
    let format = *pixels.format();
    let begin = Instant::now();
    let mut timings = Vec::new();
    // What a panic leaves behind is dropped with the frame.
    let picture = catch_unwind(AssertUnwindSafe(|| {
        let picture = convert(core, pixels, &mut fetched)?;
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
        fetched,
        timings,
        spent: begin.elapsed(),
    }
}

fn note(timings: &mut Vec<Timing>, stage: &str, since: &mut Instant) {
    let now = Instant::now();
    let ms = now.duration_since(std::mem::replace(since, now)).as_secs_f64() * 1e3;
    timings.push(Timing { stage: stage.to_owned(), ms });
}

/// The pixels as whoever looks at them wants them. `fetched` grows by the bytes that have to come from a device.
fn convert(core: &Core, pixels: Pixels, fetched: &mut u64) -> Result<Picture> {
    let runner = core.runner().filter(|runner| !core.looks_at_images() && runner.takes_frames());
    match pixels {
        // What is borrowed on the host is given back before models run.
        Pixels::Packed(bytes, format) if runner.is_some() => Ok(Picture::Raw(bytes, format)),
        Pixels::Cuda(borrowed) if runner.as_ref().is_some_and(|runner| runner.takes_cuda(borrowed.frame())) => {
            Ok(Picture::Cuda(borrowed))
        }
        Pixels::Cuda(borrowed) => {
            let pixels = fetch(core, &*borrowed, fetched)?;
            // Its memory is free before models run.
            drop(borrowed);
            convert(core, pixels, fetched)
        }
        pixels => to_image(core, pixels),
    }
}

/// Brings a frame to the host.
fn fetch(core: &Core, borrowed: &dyn BorrowedCuda, fetched: &mut u64) -> Result<Pixels> {
    let mut bytes = core.spare.take();
    borrowed.frame().fetch(&mut bytes)?;
    *fetched += bytes.len() as u64;
    Ok(Pixels::Packed(bytes, *borrowed.frame().format()))
}

/// As [`Picture::Image`], whatever it was.
pub(super) fn on_host(core: &Core, picture: Picture, fetched: &mut u64) -> Result<Picture> {
    match picture {
        Picture::Image(_) => Ok(picture),
        Picture::Raw(bytes, format) => to_image(core, Pixels::Packed(bytes, format)),
        Picture::Cuda(borrowed) => to_image(core, fetch(core, &*borrowed, fetched)?),
    }
}

/// The converted picture; the memory of a packed copy is used again.
fn to_image(core: &Core, pixels: Pixels) -> Result<Picture> {
    let (image, packed) = pixels.into_image(core.pictures.take())?;
    if let Some(packed) = packed {
        core.spare.give(packed);
    }
    Ok(Picture::Image(image))
}
