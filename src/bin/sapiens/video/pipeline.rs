//! Decoding, models and writing at the same time: three threads, two bounded queues.

use super::journal::Journal;
use super::line::FrameLine;
use super::overlay::Overlay;
use super::people::{Follower, Look};
use super::source::{Item, Source};
use super::state::State;
use crate::inputs::Input;
use crate::interrupt;
use crate::outputs::Writer;
use indicatif::ProgressBar;
use sapiens::engine::{Engine, FrameResult};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// What frames in a queue may take, in bytes.
const QUEUE_BYTES: usize = 128 << 20;
/// Results wait with their maps, which are much larger than frames.
const RESULTS: usize = 2;

/// Where the results of a clip go.
pub struct Sink<'a> {
    pub journal: Journal,
    pub state: State,
    pub state_path: PathBuf,
    pub overlay: Option<Overlay>,
    pub maps: Option<Writer<'a>>,
    /// Named after the clip; `{stem}_frames/000042_normal.npy`.
    pub stem: String,
    pub path: PathBuf,
    pub bar: ProgressBar,
    /// Frames written by this run.
    pub frames: u64,
}

/// A frame and what was seen.
struct Done {
    line: FrameLine,
    /// Not for a picture that could not be read.
    image: Option<Image>,
    maps: Option<FrameResult>,
    /// It stands in the lines already, and is only drawn.
    is_old: bool,
}

/// What an earlier run left.
#[derive(Default)]
pub struct Earlier {
    /// The first frame without a line.
    pub next_frame: u64,
    /// The first frame that must be decoded.
    pub from: u64,
    /// Lines of frames that have to be drawn.
    pub lines: HashMap<u64, FrameLine>,
}

/// Works on all frames that are left. Whatever happens, what was written is complete.
pub fn run(
    source: &mut Source,
    engine: &Engine,
    look: &Look,
    follower: &mut Follower,
    earlier: Earlier,
    sink: &mut Sink,
) -> Result<()> {
    let (from, size) = (earlier.from, source.size);
    let depth = (QUEUE_BYTES / (size.area() * 3).max(1)).clamp(1, 8);
    let (frames, decoded) = sync_channel(depth);
    let (results, done) = sync_channel(RESULTS);
    std::thread::scope(|scope| {
        let decoding = scope.spawn(move || decode(source, from, &frames));
        let writing = scope.spawn(move || sink.write_all(done));
        let seen = see(engine, look, follower, earlier, size, decoded, results);
        // Each ends when its neighbour does; the first cause is the one to tell.
        let joined = |thread: std::thread::ScopedJoinHandle<Result<()>>| {
            thread.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a thread of the clip has failed")))
        };
        let (decoded, written) = (joined(decoding), joined(writing));
        written.and(seen).and(decoded)
    })
}

fn decode(source: &mut Source, from: u64, frames: &SyncSender<Item>) -> Result<()> {
    let mut next = from;
    loop {
        interrupt::check()?;
        let Some(item) = source.next(next)? else { return Ok(()) };
        next = item.index + 1;
        if frames.send(item).is_err() {
            return Ok(()); // the cause is at the other end
        }
    }
}

fn see(
    engine: &Engine,
    look: &Look,
    follower: &mut Follower,
    mut earlier: Earlier,
    size: Size,
    decoded: Receiver<Item>,
    results: SyncSender<Done>,
) -> Result<()> {
    for Item { index, timestamp_ns, frame } in decoded {
        interrupt::check()?;
        let is_old = index < earlier.next_frame;
        let done = match (frame, is_old) {
            (Ok(frame), true) => match earlier.lines.remove(&index) {
                Some(line) => Done { line, image: Some(frame.image), maps: None, is_old },
                None => continue,
            },
            (Err(_), true) => continue,
            (Ok(frame), false) if frame.image.size() == size => {
                let (line, maps) = follower.see(engine, look, &frame)?;
                Done { line, image: Some(frame.image), maps, is_old }
            }
            (frame, false) => {
                let error = match frame {
                    Err(error) => error.to_string(),
                    Ok(frame) => format!("this frame is {}, the clip is {size}", frame.image.size()),
                };
                let line = FrameLine { frame: index, timestamp_ns, error: Some(error), ..FrameLine::default() };
                Done { line, image: None, maps: None, is_old }
            }
        };
        if results.send(done).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

impl Sink<'_> {
    fn write_all(&mut self, done: Receiver<Done>) -> Result<()> {
        let mut result = Ok(());
        for frame in done {
            result = self.write(frame);
            if result.is_err() {
                break;
            }
        }
        // A part that is not closed is lost.
        let closed = match &mut self.overlay {
            Some(overlay) => overlay.close().and_then(|part| self.note_part(part)),
            None => Ok(()),
        };
        result.and(closed)
    }

    /// The line comes last: what has one is complete.
    fn write(&mut self, done: Done) -> Result<()> {
        let Done { line, image, maps, is_old } = done;
        if let Some(image) = &image {
            if let (Some(writer), Some(result)) = (&mut self.maps, &maps) {
                let stem = format!("{}_frames/{:06}", self.stem, line.frame);
                writer.write(&Input { path: self.path.clone(), stem }, image, result)?;
            }
            if let Some(overlay) = &mut self.overlay {
                let part = overlay.add(image, &line)?;
                self.note_part(part)?;
            }
        }
        if !is_old {
            self.journal.append(&line)?;
            self.frames += 1;
        }
        let position = line.frame + 1;
        if self.bar.length().is_some_and(|length| length < position) {
            self.bar.set_length(position);
        }
        self.bar.set_position(position);
        Ok(())
    }

    fn note_part(&mut self, part: Option<super::state::PartState>) -> Result<()> {
        let Some(part) = part else { return Ok(()) };
        self.state.parts.push(part);
        self.state.write(&self.state_path)
    }
}
