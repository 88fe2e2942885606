//! `sapiens eval`: models on a labelled folder.

use crate::console::{note, say};
use crate::eval_table;
use crate::interrupt;
use crate::options::{DetectArgs, ModelArgs};
use crate::places;
use crate::progress::{ConvertBar, picture_bar};
use sapiens::dataset::{Folder, Label};
use sapiens::engine::{Engine, Regions};
use sapiens::eval::{Boxes, Compared, ComparisonSheet, Evaluation, Plan, Report, Survey};
use sapiens::file::write_atomic;
use sapiens::{Error, Result};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// The labelled folder: dataset.json, labels/*.json and what they name.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    /// Person boxes of pose: labels (each person's own), whole (the whole picture, for pictures of one person) or detect
    /// (those that a person detector finds, which is then scored too). Dense tasks always see the whole picture.
    #[arg(long, default_value = "labels")]
    boxes: Boxes,
    #[command(flatten)]
    detection: DetectArgs,
    /// Also write all numbers as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write a picture of the first pictures compared: labels beside predictions.
    #[arg(long, value_name = "PNG")]
    sheet: Option<PathBuf>,
    /// With --sheet: how many pictures it shows, 1 to 100.
    #[arg(long, value_name = "N", requires = "sheet", value_parser = parse_sheet_count, default_value_t = 8)]
    sheet_count: usize,
    /// Only the first so many pictures, in the order of the labels' names.
    #[arg(long, value_name = "N", value_parser = parse_limit)]
    limit: Option<usize>,
}

fn parse_limit(text: &str) -> Result<usize, String> {
    let count = text.parse::<usize>().ok().filter(|n| *n > 0);
    count.ok_or_else(|| format!("`{text}` is no number of pictures; give at least 1"))
}

/// All rows are held in memory until the end.
fn parse_sheet_count(text: &str) -> Result<usize, String> {
    let count = text.parse::<usize>().ok().filter(|n| (1..=100).contains(n));
    count.ok_or_else(|| format!("`{text}` is no number of pictures for a sheet; give 1 to 100"))
}

pub fn run(args: &Args) -> Result<ExitCode> {
    check_places(args)?;
    let boxes = boxes(args)?;
    let folder = Folder::open(&args.data)?;
    let survey = Survey::of(&folder, args.limit.unwrap_or(usize::MAX), boxes)?;
    survey.require(&args.model.graph.tasks)?;
    interrupt::install()?;
    let mut bar = ConvertBar::default();
    let options = args.model.load_options();
    let options = if boxes.are_detected() { args.detection.load_options(options) } else { options };
    let engine = Engine::load(&args.model.sources(), &options, &mut |stage, done, total| {
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
    let plan = survey.plan(&engine, &args.model.graph.tasks)?;
    let mut sheet = match &args.sheet {
        Some(path) => Some((path, new_sheet(&engine, &folder, &plan).map_err(|e| e.at(path))?)),
        None => None,
    };
    let since = Instant::now();
    let bar = picture_bar(survey.pictures);
    let report = evaluate(boxes, args.model.regions(), &engine, &folder, &survey, &plan, &mut |label, compared| {
        bar.inc(1);
        match (&mut sheet, compared) {
            (Some((_, sheet)), Some(compared)) if sheet.len() < args.sheet_count => {
                sheet.push(&folder, label, &compared)
            }
            _ => Ok(()),
        }
    });
    bar.finish_and_clear();
    let report = report?;
    let seconds = since.elapsed().as_secs_f64();
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", document(&engine, &folder, &plan, &report, seconds));
        write_atomic(path, |out| out.write_all(text.as_bytes()))?;
    }
    if let Some((path, sheet)) = &sheet {
        sheet.write(path)?;
    }
    for model in engine.models() {
        say!("{} on {}", model.name(), model.device());
    }
    if let Some(detector) = engine.detector() {
        say!("detector of {} on {}", detector.name(), detector.device());
    }
    say!("{}: {} pictures, {seconds:.1} s", folder.root().display(), report.pictures);
    eval_table::print(&report, &plan.left_out);
    if let Some((path, sheet)) = &sheet {
        say!("\ncontact sheet of {} pictures: {}", sheet.len(), path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Finds out before any work whether the results can be written.
fn check_places(args: &Args) -> Result<()> {
    if let Some(json) = &args.json {
        places::check_file("--json", "a file", json)?;
    }
    let Some(sheet) = &args.sheet else { return Ok(()) };
    if args.json.as_ref() == Some(sheet) {
        return Err(Error::invalid("--sheet and --json name the same file").at(sheet));
    }
    places::check_file("--sheet", "a PNG file", sheet)
}

/// An empty sheet with panels in the shape of the first picture.
fn new_sheet(engine: &Engine, folder: &Folder, plan: &Plan) -> Result<ComparisonSheet> {
    let models: Vec<&str> = engine.models().iter().map(|m| m.name()).collect();
    let title = format!("{} on {}", models.join(", "), folder.root().display());
    ComparisonSheet::new(&plan.tasks, folder.label(0)?.size, title)
}

/// The boxes with the options of the detector, which are refused where there is none.
fn boxes(args: &Args) -> Result<Boxes> {
    match (args.boxes, args.detection.given()) {
        (Boxes::Detect(_), _) => Ok(Boxes::Detect(args.detection.options()?)),
        (boxes, None) => Ok(boxes),
        (boxes, Some(option)) => {
            Err(Error::invalid(format!("{option} needs --boxes detect; the boxes are those of `{boxes}`")))
        }
    }
}

fn evaluate(
    boxes: Boxes,
    regions: Regions,
    engine: &Engine,
    folder: &Folder,
    survey: &Survey,
    plan: &Plan,
    after: &mut dyn FnMut(&Label, Option<Compared>) -> Result<()>,
) -> Result<Report> {
    let mut evaluation = Evaluation::new(&plan.tasks, boxes)?.within(regions);
    for index in 0..survey.pictures {
        interrupt::check()?;
        let label = folder.label(index)?;
        let compared = evaluation.add(engine, folder, &label)?;
        after(&label, compared)?;
    }
    Ok(evaluation.report())
}

/// Everything that is known about the run, in one document.
fn document(engine: &Engine, folder: &Folder, plan: &Plan, report: &Report, seconds: f64) -> Value {
    let of_model = |m: &std::sync::Arc<sapiens::engine::Model>| json!({"name": m.name(), "device": m.device().to_string(), "flip_test": m.flip_test(), "info": m.info()});
    let models: Vec<Value> = engine.models().iter().map(of_model).collect();
    let detector = match (engine.detector(), report.boxes) {
        (Some(detector), Boxes::Detect(options)) => json!({
            "name": detector.name(), "device": detector.device().to_string(), "info": detector.info(),
            "pose_threshold": options.threshold, "max_overlap": options.max_overlap,
        }),
        _ => Value::Null,
    };
    json!({
        "format": "sapiens-eval",
        "version": 1,
        "models": models,
        "detector": detector,
        "data": {"folder": folder.root().display().to_string(), "source": folder.source(), "labels": folder.len()},
        "seconds": seconds,
        "scores": report,
        "not_evaluated": plan.left_out,
    })
}
