//! Frames through a stream, one after the other and overlapped.

use crate::interrupt;
use sapiens::engine::{Engine, Request};
use sapiens::geometry::Rect;
use sapiens::image::Image;
use sapiens::live::{Context, ContextOptions, Frame, Overlap, Policy, Stream, StreamOptions};
use sapiens::{Error, Result};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Rounds in which both take turns, so that a machine that warms up favours neither.
const ROUNDS: usize = 2;

/// Frames per second of both.
pub fn measure(engine: &Engine, image: &Image, request: &Request, frames: usize) -> Result<Value> {
    let context = Context::new(ContextOptions::default())?;
    context.use_engine(engine.clone())?;
    let ways = [Overlap::Off, Overlap::On];
    let mut taken = [Duration::ZERO; 2];
    for round in 0..ROUNDS {
        for i in 0..ways.len() {
            let at = (i + round) % ways.len();
            let options = StreamOptions {
                depth: 3,
                policy: Policy::Block,
                space: request.space,
                framing: request.framing,
                regions: request.regions.clone(),
                overlap: ways[at],
                ..StreamOptions::default()
            };
            taken[at] += through(&Stream::new(&context, options)?, image, &request.boxes, frames)?;
        }
    }
    context.shutdown()?;
    let [apart, overlapped] = taken.map(|taken| (ROUNDS * frames) as f64 / taken.as_secs_f64());
    Ok(json!({"one_after_the_other": apart, "overlapped": overlapped}))
}

/// The time of so many frames, after one that is not counted.
fn through(stream: &Stream, image: &Image, boxes: &[Rect], frames: usize) -> Result<Duration> {
    let frame = || Frame { boxes: boxes.to_vec(), ..Frame::of_image(image.clone()) };
    let take = || -> Result<()> {
        let result = stream.poll(None)?.ok_or_else(|| Error::invalid("stream: no result came"))?;
        interrupt::check()?;
        match &result.outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::new(error.kind(), error.to_string())),
        }
    };
    stream.submit(frame(), None)?;
    take()?;
    let (since, mut waiting) = (Instant::now(), 0);
    for _ in 0..frames {
        stream.submit(frame(), None)?;
        waiting += 1;
        // As many as the stream has room for.
        if waiting == 3 {
            take()?;
            waiting -= 1;
        }
    }
    (0..waiting).try_for_each(|_| take())?;
    Ok(since.elapsed())
}
