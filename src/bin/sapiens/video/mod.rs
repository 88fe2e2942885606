//! `sapiens run` on clips: people with ids, frame by frame, in a run that can be stopped and goes on.

mod args;
mod clip;
mod journal;
mod line;
mod lock;
mod overlay;
mod people;
mod pipeline;
mod smooth;
mod source;
mod stages;
mod state;

pub use args::VideoArgs;
pub use source::is_clip;

use crate::outputs::Save;
use crate::run::{Args, load_engine};
use people::Look;
use sapiens::detect::DetectOptions;
use sapiens::spec::Task;
use sapiens::track::TrackOptions;
use sapiens::{Error, Result};
use source::Source;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

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
    if !saves_maps && model.graph.tasks.is_empty() {
        model.graph.tasks = vec![Task::Pose]; // nothing else would be kept
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
        detect: for_tracks(detect.unwrap_or_default()),
        framing: args.framing,
        regions: args.model.regions(),
        has_pose,
        map_tasks: if saves_maps { tasks.collect() } else { Vec::new() },
        maps_every: args.video.maps_every.unwrap_or(1),
    };
    for (path, stem, mut source) in sources {
        let clip = clip::Clip::new(args, &engine, &look, path, &stem);
        clip.run(&mut source).map_err(|e| e.at(path))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the tracker wants of a detector: boxes too, that are too unsure to begin a track, since they keep alive who was there.
fn for_tracks(detect: DetectOptions) -> DetectOptions {
    DetectOptions { threshold: detect.threshold.min(TrackOptions::default().unsure_score), ..detect }
}

/// Kinds of files besides the lines, which are always written.
fn saved(args: &Args) -> Vec<Save> {
    args.save.clone().unwrap_or_else(|| vec![Save::Json])
}

/// How people are followed.
fn tracking(args: &Args, step_ns: i64) -> Result<TrackOptions> {
    let counts = args.detection.options()?.threshold;
    let tracking = TrackOptions::default();
    Ok(TrackOptions {
        unsure_score: tracking.unsure_score.min(counts),
        sure_score: tracking.sure_score.min(counts),
        new_score: TrackOptions::new_score_above(counts),
        detect_every: args.video.detect_every.unwrap_or(1),
        policy: args.video.policy(),
        nominal_step: Duration::from_nanos(u64::try_from(step_ns).unwrap_or(1).max(1)),
        ..tracking
    })
}

/// What the results depend on, by the names that a message uses.
fn made_of(args: &Args, path: &Path) -> BTreeMap<String, String> {
    let video = &args.video;
    let model = &args.model;
    let mut made_of: BTreeMap<String, String> = [
        ("clip", path.display().to_string()),
        ("--model", model.models.join(" ")),
        ("--task", format!("{:?}", model.graph.tasks)),
        ("--flip-test", model.graph.flip_test.to_string()),
        ("--precision", format!("{:?}", model.graph.precision)),
        ("--input-size", format!("{:?}", model.graph.input_size)),
        ("--rope", format!("{:?}", model.graph.rope)),
        ("--normal-frame", format!("{:?}", model.normal_frame)),
        ("detection", format!("{:?}", args.detection)),
        ("--box", format!("{:?}", args.boxes)),
        ("--framing", format!("{:?}", args.framing)),
        ("--regions", format!("{:?}", args.model.graph.regions)),
        ("--save", format!("{:?}", saved(args))),
        ("--threshold", args.threshold.to_string()),
        ("--fps", format!("{:?}", video.fps)),
        ("--start-number", format!("{:?}", video.start_number)),
        ("--detect-every", format!("{:?}", video.detect_every)),
        ("--largest", format!("{:?}", video.largest)),
        ("--filter", video.filter.to_string()),
        ("--smooth", video.smooth.to_string()),
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
