//! `sapiens eval`: models on a labelled folder.

use crate::console::{note, say};
use crate::eval_table;
use crate::interrupt;
use crate::options::ModelArgs;
use crate::progress::{ConvertBar, picture_bar};
use sapiens::dataset::Folder;
use sapiens::engine::Engine;
use sapiens::eval::{Boxes, Evaluation, Plan, Report, Survey};
use sapiens::file::write_atomic;
use sapiens::{Error, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// The labelled folder: dataset.json, labels/*.json and what they name.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    /// Person boxes of pose: labels (each person's own) or whole (the whole picture, for pictures of one person). Dense
    /// tasks always see the whole picture.
    #[arg(long, default_value = "labels")]
    boxes: Boxes,
    /// Also write all numbers as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only the first so many pictures, in the order of the labels' names.
    #[arg(long, value_name = "N", value_parser = parse_limit)]
    limit: Option<usize>,
}

fn parse_limit(text: &str) -> Result<usize, String> {
    let count = text.parse::<usize>().ok().filter(|n| *n > 0);
    count.ok_or_else(|| format!("`{text}` is no number of pictures; give at least 1"))
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if let Some(json) = &args.json {
        check_place(json)?;
    }
    let folder = Folder::open(&args.data)?;
    let survey = Survey::of(&folder, args.limit.unwrap_or(usize::MAX), args.boxes)?;
    survey.require(&args.model.tasks)?;
    interrupt::install()?;
    let mut bar = ConvertBar::default();
    let engine = Engine::load(&args.model.sources(), &args.model.load_options(), &mut |stage, done, total| {
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
    let plan = survey.plan(&engine, &args.model.tasks)?;
    let since = Instant::now();
    let bar = picture_bar(survey.pictures);
    let report = evaluate(args.boxes, &engine, &folder, &survey, &plan, &|| bar.inc(1));
    bar.finish_and_clear();
    let report = report?;
    let seconds = since.elapsed().as_secs_f64();
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", document(&engine, &folder, &plan, &report, seconds));
        write_atomic(path, |out| out.write_all(text.as_bytes()))?;
    }
    for model in engine.models() {
        say!("{} on {}", model.name(), model.device());
    }
    say!("{}: {} pictures, {seconds:.1} s", folder.root().display(), report.pictures);
    eval_table::print(&report, &plan.left_out);
    Ok(ExitCode::SUCCESS)
}

fn evaluate(
    boxes: Boxes,
    engine: &Engine,
    folder: &Folder,
    survey: &Survey,
    plan: &Plan,
    step: &dyn Fn(),
) -> Result<Report> {
    let mut evaluation = Evaluation::new(&plan.tasks, boxes)?;
    for index in 0..survey.pictures {
        interrupt::check()?;
        evaluation.add(engine, folder, &folder.label(index)?)?;
        step();
    }
    Ok(evaluation.report())
}

/// Everything that is known about the run, in one document.
fn document(engine: &Engine, folder: &Folder, plan: &Plan, report: &Report, seconds: f64) -> Value {
    let of_model = |m: &std::sync::Arc<sapiens::engine::Model>| json!({"name": m.name(), "device": m.device().to_string(), "flip_test": m.flip_test(), "info": m.info()});
    let models: Vec<Value> = engine.models().iter().map(of_model).collect();
    json!({
        "format": "sapiens-eval",
        "version": 1,
        "models": models,
        "data": {"folder": folder.root().display().to_string(), "source": folder.source(), "labels": folder.len()},
        "seconds": seconds,
        "scores": report,
        "not_evaluated": plan.left_out,
    })
}

/// Finds out before any work whether the document can be written.
fn check_place(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    if path.is_dir() || path.file_name().is_none() {
        return Err(Error::invalid("--json: this is a folder; give the name of a file").at(path));
    }
    if folder.is_some_and(|f| !f.is_dir()) {
        return Err(Error::invalid("--json: the folder of this file does not exist").at(path));
    }
    Ok(())
}
