//! `sapiens run` on clips: people with ids, frame by frame, in a run that can be stopped and goes on.

mod args;
mod journal;
mod line;
mod overlay;
mod people;
mod pipeline;
mod source;
mod state;

pub use args::VideoArgs;
pub use source::is_clip;

use crate::console::{note, say};
use crate::interrupt;
use crate::outputs::{Save, Writer};
use crate::progress::clip_bar;
use crate::run::{Args, load_engine};
use journal::Journal;
use line::{FORMAT, Header, ModelLine, VERSION};
use overlay::Overlay;
use people::{Follower, Look};
use pipeline::{Earlier, Sink};
use sapiens::detect::DetectOptions;
use sapiens::engine::Engine;
use sapiens::spec::Task;
use sapiens::track::TrackOptions;
use sapiens::{Error, ErrorKind, Result, skeleton};
use source::Source;
use state::State;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Runs models on clips.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut sources = Vec::new();
    for path in &args.inputs {
        let stem = source::stem(path);
        if sources.iter().any(|(_, other, _)| *other == stem) {
            let message =
                format!("two clips would write results named `{stem}`; run them into different --out folders");
            return Err(Error::invalid(message).at(path));
        }
        sources.push((path, stem, Source::open(path, args.video.fps, args.video.start_number)?));
    }
    let saves_maps = saved(args).iter().any(|kind| *kind != Save::Json);
    let mut model = args.model.clone();
    if !saves_maps && model.tasks.is_empty() {
        model.tasks = vec![Task::Pose]; // nothing else would be kept
    }
    let (engine, detect) = load_engine(&model, &args.detection, args.boxes.is_empty())?;
    let has_pose = engine.models().iter().any(|m| m.info().tasks.contains(&Task::Pose));
    if !has_pose && args.video.detect_every.is_some_and(|n| n > 1) {
        return Err(Error::invalid(
            "--detect-every: people are followed by their keypoints; a model with pose is needed",
        ));
    }
    let tasks = engine.models().iter().flat_map(|m| m.info().tasks.clone());
    let look = Look {
        boxes: args.boxes.clone(),
        detect: unsure_too(detect.unwrap_or_default()),
        framing: args.framing,
        has_pose,
        map_tasks: if saves_maps { tasks.collect() } else { Vec::new() },
        maps_every: args.video.maps_every.unwrap_or(1),
    };
    for (path, stem, mut source) in sources {
        clip(args, &engine, &look, path, &stem, &mut source).map_err(|e| e.at(path))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Boxes that are too unsure to begin a track keep alive who was there: the tracker wants them too.
fn unsure_too(detect: DetectOptions) -> DetectOptions {
    DetectOptions { threshold: detect.threshold.min(TrackOptions::default().unsure_score), ..detect }
}

/// Kinds of files besides the lines, which are always written.
fn saved(args: &Args) -> Vec<Save> {
    args.save.clone().unwrap_or_else(|| vec![Save::Json])
}

fn clip(args: &Args, engine: &Engine, look: &Look, path: &Path, stem: &str, source: &mut Source) -> Result<()> {
    let place = |ending: &str| args.out.join(format!("{stem}{ending}"));
    let (lines, state_path, video) = (place(".jsonl"), place(".state.json"), place("_overlay.mp4"));
    let made_of = made_of(args, path);
    if args.video.restart {
        remove(&[&state_path, &lines, &video])?;
        let _ = std::fs::remove_dir_all(video.with_extension("parts"));
    }
    let found = State::read(&state_path)?.filter(|_| lines.exists());
    if found.is_none() && lines.exists() {
        return Err(Error::invalid("lines of a clip without the state of their run are here; --restart replaces them")
            .at(lines));
    }
    if let Some(state) = &found {
        state.check(&made_of, &state_path)?;
        if state.complete {
            say!("{}: complete already; --restart begins anew", path.display());
            return Ok(());
        }
    }
    let step = Duration::from_nanos(u64::try_from(source.step_ns).unwrap_or(1).max(1));
    let begins = args.detection.options()?.threshold;
    let tracking = TrackOptions::default();
    let options = TrackOptions {
        unsure_score: tracking.unsure_score.min(begins),
        sure_score: tracking.sure_score.min(begins),
        new_score: begins,
        detect_every: args.video.detect_every.unwrap_or(1),
        policy: args.video.policy(),
        nominal_step: step,
        ..tracking
    };
    let mut follower = Follower::new(options, source.size, args.video.filter)?;
    let header = header(engine, path, source);
    let is_new = found.is_none();
    let state = found.unwrap_or_else(|| State::new(made_of));
    let overlay =
        args.video.overlay.then(|| Overlay::new(&video, source.size, source.step_ns, args.threshold, &state.parts));
    let overlay = overlay.transpose()?;
    let mut earlier = Earlier::default();
    let drawn = if overlay.is_some() { state.parts.last().map_or(0, |part| part.next_frame) } else { u64::MAX };
    let journal = if is_new {
        state.write(&state_path)?;
        Journal::create(&lines, &header)?
    } else {
        Journal::resume(&lines, &header, |line| {
            interrupt::check()?;
            follower.replay(&line)?;
            earlier.next_frame = line.frame + 1;
            if line.frame >= drawn && line.error.is_none() {
                earlier.lines.insert(line.frame, line);
            }
            Ok(())
        })?
    };
    earlier.from = earlier.next_frame.min(drawn);
    let kinds: Vec<Save> = saved(args).into_iter().filter(|kind| *kind != Save::Json).collect();
    let maps = if kinds.is_empty() {
        None
    } else {
        let folder = place("_frames");
        std::fs::create_dir_all(&folder).map_err(|e| Error::io("create the folder of maps", &folder, e))?;
        Some(Writer::new(&args.out, &kinds, args.threshold, engine, false)?)
    };
    for text in &source.notes {
        note!("note: {}: {text}", path.display());
    }
    if earlier.next_frame > 0 {
        say!("{}: goes on at frame {}", path.display(), earlier.next_frame);
    }
    let (bar, begun) = (clip_bar(source.frames, earlier.from), Instant::now());
    let before = earlier.next_frame;
    let path_buf = path.to_path_buf();
    let stem = stem.to_owned();
    let mut sink =
        Sink { journal, state, state_path: state_path.clone(), overlay, maps, stem, path: path_buf, bar, frames: 0 };
    let result = pipeline::run(source, engine, look, &mut follower, earlier, &mut sink);
    sink.bar.finish_and_clear();
    result?;
    interrupt::check()?;
    let Sink { mut state, overlay, frames, .. } = sink;
    let faults = source.faults();
    for message in &faults.first {
        note!("warning: {}: {message}", path.display());
    }
    if before + frames == 0 {
        remove(&[&state_path, &lines])?;
        let _ = std::fs::remove_dir_all(video.with_extension("parts"));
        return Err(Error::new(ErrorKind::Image, "no frame of this clip can be decoded"));
    }
    if let Some(overlay) = &overlay {
        overlay.join(&state.parts)?;
    }
    state.complete = true;
    state.parts.clear();
    state.write(&state_path)?;
    if let Some(overlay) = &overlay {
        overlay.clean();
    }
    if !faults.is_empty() {
        let end = if faults.is_cut_short { ", and it ended before its end" } else { "" };
        note!(
            "warning: {}: the decoder complained {} times{end}; damaged frames are left out",
            path.display(),
            faults.count
        );
    }
    let rate = frames as f64 / begun.elapsed().as_secs_f64().max(1e-3);
    say!("{}: {} frames, {} people, {rate:.1} frames/s", path.display(), before + frames, follower.count);
    Ok(())
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

/// What the results depend on, by the names that a message uses.
fn made_of(args: &Args, path: &Path) -> BTreeMap<String, String> {
    let video = &args.video;
    let model = &args.model;
    let mut made_of: BTreeMap<String, String> = [
        ("clip", path.display().to_string()),
        ("--model", model.models.join(" ")),
        ("--task", format!("{:?}", model.tasks)),
        ("--flip-test", model.flip_test.to_string()),
        ("--precision", format!("{:?}", model.precision)),
        ("--input-size", format!("{:?}", model.input_size)),
        ("--rope", format!("{:?}", model.rope)),
        ("--normal-frame", format!("{:?}", model.normal_frame)),
        ("detection", format!("{:?}", args.detection)),
        ("--box", format!("{:?}", args.boxes)),
        ("--framing", format!("{:?}", args.framing)),
        ("--save", format!("{:?}", saved(args))),
        ("--threshold", args.threshold.to_string()),
        ("--fps", format!("{:?}", video.fps)),
        ("--start-number", format!("{:?}", video.start_number)),
        ("--detect-every", format!("{:?}", video.detect_every)),
        ("--largest", format!("{:?}", video.largest)),
        ("--filter", video.filter.to_string()),
        ("--overlay", video.overlay.to_string()),
        ("--maps-every", format!("{:?}", video.maps_every)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Ok(meta) = std::fs::metadata(path) {
        made_of.insert("size in bytes".to_owned(), meta.len().to_string());
        let modified = meta.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        made_of.insert("time of change".to_owned(), format!("{:?}", modified.unwrap_or_default()));
    }
    made_of
}
