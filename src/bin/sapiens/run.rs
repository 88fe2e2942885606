//! `sapiens run`.

use crate::console::{note, say};
use crate::inputs::{self, Input};
use crate::interrupt;
use crate::options::{DetectArgs, ModelArgs, parse_box};
use crate::outputs::{Save, Writer};
use crate::places;
use crate::progress::{ConvertBar, picture_bar};
use crate::video::{self, VideoArgs};
use sapiens::detect::DetectOptions;
use sapiens::engine::{Engine, FrameResult, Request};
use sapiens::geometry::Rect;
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Pictures, and folders of pictures; or clips (through ffmpeg), and numbered pictures as one clip: frames/%05d.png.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
    /// A person box in pixels, repeatable [default: the whole picture].
    #[arg(long = "box", value_name = "X,Y,W,H", value_parser = parse_box, allow_hyphen_values = true)]
    pub boxes: Vec<Rect>,
    /// Look for people and take each one's box; needs a model with a person detector, or --detector.
    #[arg(long, conflicts_with = "boxes")]
    detect: bool,
    #[command(flatten)]
    pub detection: DetectArgs,
    /// official: each task as the official code; crop: every task the same padded person crop, so that all align.
    #[arg(long, default_value = "official")]
    pub framing: Framing,
    /// Folder for the results.
    #[arg(long, default_value = "sapiens-out")]
    pub out: PathBuf,
    /// What to write, separated by commas: png, json, npy, ply [default: png,json; of clips json].
    #[arg(long, value_delimiter = ',')]
    pub save: Option<Vec<Save>>,
    /// Also write one picture of all inputs and results.
    #[arg(long, value_name = "PNG")]
    sheet: Option<PathBuf>,
    /// Keypoints below this score are not drawn.
    #[arg(long, default_value_t = 0.3)]
    pub threshold: f32,
    #[command(flatten)]
    pub video: VideoArgs,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let clips = args.inputs.iter().filter(|path| video::is_clip(path)).count();
    if clips > 0 {
        return run_clips(args, clips);
    }
    if let Some(option) = args.video.given() {
        return Err(Error::invalid(format!("{option}: only for clips, and this is none")).at(&args.inputs[0]));
    }
    if let Some(option) = args.detection.given().filter(|_| !args.detect) {
        return Err(Error::invalid(format!("{option}: --detect is required with it")));
    }
    let inputs = inputs::collect(&args.inputs)?;
    interrupt::install()?;
    inputs::refuse_overwriting(&inputs, &args.out, args.sheet.as_deref())?;
    into_folder(args, || run_on(args, &inputs))
}

/// Clips are worked on one after the other, and not with pictures: their options and results are others.
fn run_clips(args: &Args, clips: usize) -> Result<ExitCode> {
    if clips < args.inputs.len() {
        let other = args.inputs.iter().find(|path| !video::is_clip(path));
        let message = "clips and pictures are given together; run them one after the other";
        return Err(other.iter().fold(Error::invalid(message), |error, path| error.at(path)));
    }
    if args.sheet.is_some() {
        return Err(Error::invalid("--sheet: a clip has no contact sheet; --overlay writes one to look at"));
    }
    interrupt::install()?;
    into_folder(args, || video::run(args))
}

/// Does work whose results go into a folder.
fn into_folder(args: &Args, work: impl FnOnce() -> Result<ExitCode>) -> Result<ExitCode> {
    let is_new = !args.out.exists();
    prepare_outputs(args)?;
    let result = work();
    if is_new {
        // Goes only if it is still empty: a run that failed leaves no trace.
        let _ = std::fs::remove_dir(&args.out);
    }
    result
}

/// Loads what an option names, with a detector if people are to be looked for.
pub fn load_engine(
    model: &ModelArgs,
    detection: &DetectArgs,
    is_detecting: bool,
) -> Result<(Engine, Option<DetectOptions>)> {
    let mut bar = ConvertBar::default();
    let (mut options, mut detect) = (model.load_options(), None);
    if is_detecting {
        detect = Some(detection.options()?);
        options = detection.load_options(options);
    }
    let engine = Engine::load(&model.sources(), &options, &mut |stage, done, total| {
        bar.update(stage, done, total);
        interrupt::check()
    });
    bar.finish();
    let engine = engine?;
    for model in engine.models() {
        for (device, reason) in model.refused() {
            note!("note: {} runs on {}, because {device} does not work: {reason}", model.name(), model.device());
        }
    }
    Ok((engine, detect))
}

fn run_on(args: &Args, inputs: &[Input]) -> Result<ExitCode> {
    let (engine, detect) = load_engine(&args.model, &args.detection, args.detect)?;
    let save = args.save.as_deref().unwrap_or(&[Save::Png, Save::Json]);
    let mut writer = Writer::new(&args.out, save, args.threshold, &engine, args.sheet.is_some())?;
    let (boxes, regions) = (args.boxes.clone(), args.model.regions());
    let request = Request { boxes, detect, framing: args.framing, regions, ..Request::default() };

    // One bad picture does not cost the others: it is named, and the exit status tells.
    let bar = picture_bar(inputs.len());
    let mut failed = 0;
    for input in inputs {
        if let Err(stop) = interrupt::check() {
            bar.finish_and_clear();
            return Err(stop);
        }
        match one(&engine, input, &request, &mut writer) {
            Ok(line) => bar.suspend(|| say!("{line}")),
            Err(error) => {
                failed += 1;
                let error = error.at(&input.path);
                bar.suspend(|| note!("error: {error}"));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    interrupt::check()?;
    if let Some(sheet) = &args.sheet
        && failed < inputs.len()
    {
        writer.write_sheet(sheet)?;
        say!("contact sheet: {}", sheet.display());
    }
    if failed > 0 && inputs.len() > 1 {
        note!("{failed} of {} pictures failed", inputs.len());
    }
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Finds out before any work whether the results can be written.
fn prepare_outputs(args: &Args) -> Result<()> {
    if let Some(sheet) = &args.sheet {
        places::check_file("--sheet", "a PNG file", sheet)?;
    }
    if args.out.exists() && !args.out.is_dir() {
        return Err(Error::invalid("--out: this is a file; give a folder").at(&args.out));
    }
    std::fs::create_dir_all(&args.out).map_err(|e| Error::io("create the folder for results (--out)", &args.out, e))?;
    places::probe(&args.out).map_err(|e| Error::io("write into the folder for results (--out)", &args.out, e))
}

fn one(engine: &Engine, input: &Input, request: &Request, writer: &mut Writer) -> Result<String> {
    let image = Image::open(&input.path)?;
    let result = engine.run(&image, request)?;
    let files = writer.write(input, &image, &result)?;
    if let Some(warning) = normals_face_away(&result) {
        note!("warning: {}: {warning}", input.path.display());
    }
    let ms: f64 = result.timings.iter().map(|t| t.ms).sum();
    let people = match result.people.len() {
        0 => "no person found".to_owned(),
        count => format!("{count} person(s)"),
    };
    Ok(format!("{}: {people}, {ms:.0} ms, {files} files", input.path.display()))
}

/// Visible surfaces face the camera (z < 0); a model trained in other axes shows the opposite.
fn normals_face_away(result: &FrameResult) -> Option<String> {
    let maps = result.people.iter().map(|p| &p.maps).chain([&result.scene]);
    let (mut away, mut all) = (0usize, 0usize);
    for (normal, seg) in maps.filter_map(|m| Some((m.normal.as_ref()?, m.seg.as_ref()))) {
        for ((y, x), z) in normal.index_axis(ndarray::Axis(2), 2).indexed_iter() {
            if seg.is_none_or(|s| s.labels[[y, x]] != 0) {
                all += 1;
                away += usize::from(*z > 0.0);
            }
        }
    }
    (all > 0 && away * 10 > all * 9).then(|| {
        "the normals face away from the camera; if the model was trained with z towards the viewer, give \
         --normal-frame opengl"
            .to_owned()
    })
}
