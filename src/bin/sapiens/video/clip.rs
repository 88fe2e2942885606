//! One clip: taken up where an earlier run stopped, worked on, finished.

use super::journal::{Journal, Lines, Reader};
use super::line::{FORMAT, Header, ModelLine, VERSION};
use super::lock::Lock;
use super::overlay::Overlay;
use super::people::{Follower, Look};
use super::pipeline::{self, Earlier, Sink};
use super::source::Source;
use super::state::State;
use super::{made_of, saved, smooth, tracking};
use crate::console::{note, say};
use crate::interrupt;
use crate::outputs::{Save, Writer};
use crate::progress::clip_bar;
use crate::run::Args;
use sapiens::engine::Engine;
use sapiens::video::Faults;
use sapiens::{Error, ErrorKind, Result, skeleton};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A clip, what is done to it, and where its results are.
pub struct Clip<'a> {
    args: &'a Args,
    engine: &'a Engine,
    look: &'a Look,
    path: &'a Path,
    stem: &'a str,
    lines: PathBuf,
    smoothed: PathBuf,
    state: PathBuf,
    video: PathBuf,
}

impl<'a> Clip<'a> {
    pub fn new(args: &'a Args, engine: &'a Engine, look: &'a Look, path: &'a Path, stem: &'a str) -> Self {
        let place = |ending: &str| args.out.join(format!("{stem}{ending}"));
        let (lines, smoothed) = (place(".jsonl"), place("_smooth.jsonl"));
        let (state, video) = (place(".state.json"), place("_overlay.mp4"));
        Self { args, engine, look, path, stem, lines, smoothed, state, video }
    }

    pub fn run(&self, source: &mut Source) -> Result<()> {
        let _lock = Lock::take(&self.args.out.join(format!("{}.lock", self.stem)))?;
        let Some((state, is_new)) = self.take_up()? else {
            say!("{}: complete already; --restart begins anew", self.path.display());
            return Ok(());
        };
        for text in &source.notes {
            note!("note: {}: {text}", self.path.display());
        }
        let options = tracking(self.args, source.step_ns)?;
        let mut follower = Follower::new(options, source.size, self.args.video.filter)?;
        // What is smoothed is drawn when all of it is known.
        let video = &self.args.video;
        let (overlay, overlay_later) = (video.overlay && !video.smooth, video.overlay && video.smooth);
        let (mut state, frames) = self.first_pass(source, &mut follower, state, is_new, overlay)?;
        if video.smooth {
            smooth::write(&self.lines, &self.smoothed, source.step_ns)?;
        }
        if overlay_later {
            let mut again = Source::open(self.path, video.fps, video.start_number)?;
            state = self.draw(&mut again, state)?;
        }
        if video.overlay {
            let drawn = self.overlay(source, &state)?;
            drawn.join(&state.parts)?;
            state.complete = true;
            state.parts.clear();
            state.write(&self.state)?;
            drawn.clean();
        } else {
            state.complete = true;
            state.write(&self.state)?;
        }
        say!("{}: {} people{frames}", self.path.display(), follower.count);
        Ok(())
    }

    /// The state of an earlier run, or a new one, and whether it is new; `None` if all is done.
    fn take_up(&self) -> Result<Option<(State, bool)>> {
        let made_of = made_of(self.args, self.path);
        if self.args.video.restart {
            remove(&[&self.state, &self.lines, &self.smoothed, &self.video])?;
            let _ = std::fs::remove_dir_all(self.video.with_extension("parts"));
        }
        let found = State::read(&self.state)?.filter(|_| self.lines.exists());
        if found.is_none() && self.lines.exists() {
            let message = "lines of a clip without the state of their run are here; --restart replaces them";
            return Err(Error::invalid(message).at(&self.lines));
        }
        let Some(state) = found else { return Ok(Some((State::new(made_of), true))) };
        state.check(&made_of, &self.state)?;
        Ok((!state.complete).then_some((state, false)))
    }

    /// Detector, models and tracker on every frame that has no line. Returns what is to be said of it.
    fn first_pass(
        &self,
        source: &mut Source,
        follower: &mut Follower,
        state: State,
        is_new: bool,
        is_drawn: bool,
    ) -> Result<(State, String)> {
        let header = header(self.engine, self.path, source);
        let overlay = is_drawn.then(|| self.overlay(source, &state)).transpose()?;
        let drawn = if is_drawn { state.parts.last().map_or(0, |part| part.next_frame) } else { u64::MAX };
        let (mut next_frame, mut lines) = (0, HashMap::new());
        let journal = if is_new {
            state.write(&self.state)?;
            Journal::create(&self.lines, &header)?
        } else {
            Journal::resume(&self.lines, &header, |line| {
                interrupt::check()?;
                follower.replay(&line)?;
                next_frame = line.frame + 1;
                if line.frame >= drawn && line.error.is_none() {
                    lines.insert(line.frame, line);
                }
                Ok(())
            })?
        };
        if state.has_all_lines && !is_drawn {
            return Ok((state, String::new()));
        }
        let earlier = Earlier { next_frame, from: next_frame.min(drawn), lines: Lines::Kept(lines) };
        if next_frame > 0 {
            say!("{}: goes on at frame {next_frame}", self.path.display());
        }
        let begun = Instant::now();
        let (mut state, frames) = self.pass(source, follower, earlier, Some(journal), state, overlay)?;
        self.complain(&source.faults());
        if next_frame + frames == 0 {
            remove(&[&self.state, &self.lines])?;
            let _ = std::fs::remove_dir_all(self.video.with_extension("parts"));
            return Err(Error::new(ErrorKind::Image, "no frame of this clip can be decoded"));
        }
        state.has_all_lines = true;
        state.write(&self.state)?;
        let rate = frames as f64 / begun.elapsed().as_secs_f64().max(1e-3);
        Ok((state, format!(", {} frames, {rate:.1} frames/s", next_frame + frames)))
    }

    /// Draws the smoothed lines over the clip, from where an earlier run stopped.
    fn draw(&self, source: &mut Source, state: State) -> Result<State> {
        let overlay = self.overlay(source, &state)?;
        let from = state.parts.last().map_or(0, |part| part.next_frame);
        let lines = Lines::Stored(Box::new(Reader::open(&self.smoothed)?));
        let earlier = Earlier { next_frame: u64::MAX, from, lines };
        let mut nobody = Follower::new(tracking(self.args, source.step_ns)?, source.size, false)?;
        Ok(self.pass(source, &mut nobody, earlier, None, state, Some(overlay))?.0)
    }

    /// A pass over the frames that are left. Returns how many got lines.
    fn pass(
        &self,
        source: &mut Source,
        follower: &mut Follower,
        earlier: Earlier,
        journal: Option<Journal>,
        state: State,
        overlay: Option<Overlay>,
    ) -> Result<(State, u64)> {
        let kinds: Vec<Save> = saved(self.args).into_iter().filter(|kind| *kind != Save::Json).collect();
        let maps = if kinds.is_empty() || journal.is_none() {
            None
        } else {
            let folder = self.args.out.join(format!("{}_frames", self.stem));
            std::fs::create_dir_all(&folder).map_err(|e| Error::io("create the folder of maps", &folder, e))?;
            Some(Writer::new(&self.args.out, &kinds, self.args.threshold, self.engine, false)?)
        };
        let bar = clip_bar(source.frames, earlier.from);
        let (path, stem, state_path) = (self.path.to_path_buf(), self.stem.to_owned(), self.state.clone());
        let mut sink = Sink { journal, state, state_path, overlay, maps, stem, path, bar, frames: 0 };
        let result = pipeline::run(source, self.engine, self.look, follower, earlier, &mut sink);
        sink.bar.finish_and_clear();
        result?;
        interrupt::check()?;
        Ok((sink.state, sink.frames))
    }

    fn overlay(&self, source: &Source, state: &State) -> Result<Overlay> {
        Overlay::new(&self.video, source.size, source.step_ns, self.args.threshold, &state.parts)
    }

    fn complain(&self, faults: &Faults) {
        let path = self.path.display();
        for message in &faults.first {
            note!("warning: {path}: {message}");
        }
        if !faults.is_empty() {
            let end = if faults.is_cut_short { ", and it ended before its end" } else { "" };
            note!("warning: {path}: the decoder complained {} times{end}; damaged frames are left out", faults.count);
        }
    }
}

fn remove(paths: &[&PathBuf]) -> Result<()> {
    for path in paths {
        match std::fs::remove_file(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove what an earlier run left", path, e));
            }
            _ => {}
        }
    }
    Ok(())
}

fn header(engine: &Engine, path: &Path, source: &Source) -> Header {
    let mut models = Vec::new();
    if let Some(detector) = engine.detector() {
        models.push(("detection".to_owned(), detector.name(), detector.device(), detector.info()));
    }
    for model in engine.models() {
        let tasks = model.info().tasks.iter().map(|t| t.name()).collect::<Vec<_>>().join("+");
        models.push((tasks, model.name(), model.device(), model.info()));
    }
    let line = |(task, name, device, info): (String, &str, sapiens::runtime::Device, &sapiens::spec::ModelInfo)| {
        ModelLine { task, name: name.to_owned(), device: device.to_string(), license: info.licence.to_string() }
    };
    // The first model with a task is the one that does it. Without a pose model the usual names say nothing wrong.
    let found = engine.models().iter().map(|model| model.info().keypoints).find(|count| *count > 0);
    let keypoints = found.unwrap_or(skeleton::KEYPOINT_COUNT);
    Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        source: path.to_string_lossy().into_owned(),
        width: source.size.width,
        height: source.size.height,
        frame_rate: source.frame_rate,
        models: models.into_iter().map(line).collect(),
        keypoints: skeleton::keypoint_names(keypoints).into_iter().map(String::from).collect(),
    }
}
