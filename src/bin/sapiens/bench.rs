//! `sapiens bench`: time per stage and peak memory of a model on this machine.

use crate::console::say;
use crate::interrupt;
use crate::options::ModelArgs;
use sapiens::engine::{Engine, Request};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::{Error, Result};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// The picture to run on [default: a synthetic one of 1920x1080].
    #[arg(long)]
    image: Option<PathBuf>,
    /// official or crop.
    #[arg(long, default_value = "official")]
    framing: Framing,
    /// Runs before the measured ones.
    #[arg(long, default_value_t = 1)]
    warm_up: usize,
    /// Measured runs.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if args.runs == 0 {
        return Err(Error::invalid("--runs: 0 measures nothing; give at least 1"));
    }
    let image = match &args.image {
        Some(path) => Image::open(path)?,
        None => synthetic(Size::new(1920, 1080))?,
    };
    interrupt::install()?;
    let before = peak_memory_mb();
    let since = Instant::now();
    let engine = Engine::load(&args.model.sources(), &args.model.load_options(), &mut |_, _, _| interrupt::check())?;
    let load_ms = since.elapsed().as_secs_f64() * 1e3;
    let loaded = peak_memory_mb();
    let request = Request { framing: args.framing, ..Request::default() };
    for _ in 0..args.warm_up {
        engine.run(&image, &request)?;
        interrupt::check()?;
    }
    let mut stages: Vec<(String, Vec<f64>)> = Vec::new();
    let mut totals = Vec::new();
    for _ in 0..args.runs {
        let since = Instant::now();
        let result = engine.run(&image, &request)?;
        totals.push(since.elapsed().as_secs_f64() * 1e3);
        interrupt::check()?;
        for timing in result.timings {
            match stages.iter_mut().find(|(name, _)| *name == timing.stage) {
                Some((_, ms)) => ms.push(timing.ms),
                None => stages.push((timing.stage, vec![timing.ms])),
            }
        }
    }
    let models: Vec<Value> = engine
        .models()
        .iter()
        .map(|m| json!({"name": m.name(), "device": m.device().to_string(), "info": m.info()}))
        .collect();
    let report = json!({
        "models": models,
        "image": {"width": image.size().width, "height": image.size().height},
        "runs": args.runs,
        "load_ms": load_ms,
        "stages_ms": stages.iter_mut().map(|(name, ms)| (name.clone(), summary(ms))).collect::<serde_json::Map<_, _>>(),
        "total_ms": summary(&mut totals),
        "memory_mb": {"before_load_peak": before, "after_load_peak": loaded, "peak": peak_memory_mb()},
    });
    if args.json {
        say!("{report:#}");
    } else {
        print(&report);
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(ms: &mut [f64]) -> Value {
    ms.sort_by(f64::total_cmp);
    let median = (ms[(ms.len() - 1) / 2] + ms[ms.len() / 2]) / 2.0;
    json!({"median": median, "min": ms[0], "max": ms[ms.len() - 1]})
}

fn print(report: &Value) {
    for model in report["models"].as_array().into_iter().flatten() {
        let (name, device) = (&model["name"], &model["device"]);
        say!("{} on {}", name.as_str().unwrap_or_default(), device.as_str().unwrap_or_default());
    }
    say!("{:28} {:>10} {:>10} {:>10}", "milliseconds", "median", "min", "max");
    let line = |name: &str, v: &Value| {
        let ms = |key: &str| v[key].as_f64().unwrap_or(f64::NAN);
        say!("{name:28} {:10.2} {:10.2} {:10.2}", ms("median"), ms("min"), ms("max"));
    };
    for (name, v) in report["stages_ms"].as_object().into_iter().flatten() {
        line(name, v);
    }
    line("total", &report["total_ms"]);
    say!("{:28} {:10.2}", "load", report["load_ms"].as_f64().unwrap_or(f64::NAN));
    match report["memory_mb"]["peak"].as_f64() {
        Some(mb) => say!("peak memory {mb:.0} MB"),
        None => say!("peak memory: not known on this system"),
    }
}

/// A gradient with texture: every stage has something to do.
fn synthetic(size: Size) -> Result<Image> {
    let mut pixels = Vec::with_capacity(size.area() * 3);
    for y in 0..size.height {
        for x in 0..size.width {
            pixels.extend([(x * 255 / size.width) as u8, (y * 255 / size.height) as u8, ((x * 7) ^ (y * 13)) as u8]);
        }
    }
    Image::from_rgb8(size, pixels)
}

/// Highest resident memory of this process so far.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
