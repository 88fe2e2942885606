//! Decoding, models and writing at the same time.

use super::journal::Journal;
use super::journal::Lines;
use super::line::FrameLine;
use super::overlay::Overlay;
use super::people::{Follower, Look};
use super::source::{Item, Source};
use super::stages;
use super::state::State;
use crate::inputs::Input;
use crate::interrupt;
use crate::outputs::Writer;
use indicatif::ProgressBar;
use sapiens::Result;
use sapiens::engine::{Engine, FrameResult};
use sapiens::geometry::Size;
use sapiens::image::Image;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

/// What frames in a queue may take, in bytes.
const QUEUE_BYTES: usize = 128 << 20;
/// Results wait with their maps, which are much larger than frames.
const RESULTS: usize = 2;

/// Where the results of a clip go.
pub struct Sink<'a> {
    /// None where every frame has its line.
    pub journal: Option<Journal>,
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
    pub lines: Lines,
}

/// Works on all frames that are left. Whatever happens, what was written is complete.
pub fn run(
    source: &mut Source,
    engine: &Engine,
    look: &Look,
    follower: &mut Follower,
    mut earlier: Earlier,
    sink: &mut Sink,
) -> Result<()> {
    let (mut next, size) = (earlier.from, source.size);
    let decode = move || {
        interrupt::check()?;
        let item = source.next(next)?;
        next = item.as_ref().map_or(next, |item| item.index + 1);
        Ok(item)
    };
    let see = |item| see(engine, look, follower, &mut earlier, size, item);
    stages::run([frames_waiting(size), RESULTS], decode, see, |done| sink.write_all(done))
}

/// How many frames may wait for the models.
fn frames_waiting(size: Size) -> usize {
    (QUEUE_BYTES / (size.area() * 3).max(1)).clamp(1, 8)
}

fn see(
    engine: &Engine,
    look: &Look,
    follower: &mut Follower,
    earlier: &mut Earlier,
    size: Size,
    Item { index, timestamp_ns, frame }: Item,
) -> Result<Option<Done>> {
    interrupt::check()?;
    if index < earlier.next_frame {
        let Ok(frame) = frame else { return Ok(None) };
        let line = earlier.lines.of(index)?;
        return Ok(line.map(|line| Done { line, image: Some(frame.image), maps: None, is_old: true }));
    }
    let error = match frame {
        Ok(frame) if frame.image.size() == size => {
            let (line, maps) = follower.see(engine, look, &frame)?;
            return Ok(Some(Done { line, image: Some(frame.image), maps, is_old: false }));
        }
        Ok(frame) => format!("this frame is {}, the clip is {size}", frame.image.size()),
        Err(error) => error.to_string(),
    };
    let line = FrameLine { frame: index, timestamp_ns, error: Some(error), ..FrameLine::default() };
    Ok(Some(Done { line, image: None, maps: None, is_old: false }))
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
        if let Some(journal) = self.journal.as_mut().filter(|_| !is_old) {
            journal.append(&line)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_frames_wait_in_smaller_numbers() {
        let waiting = |width, height| frames_waiting(Size::new(width, height));
        assert_eq!(
            [waiting(1920, 1080), waiting(3840, 2160), waiting(7680, 4320), waiting(20_000, 20_000)],
            [8, 5, 1, 1]
        );
    }
}
