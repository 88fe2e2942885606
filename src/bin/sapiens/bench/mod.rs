//! `sapiens bench`: time per stage, throughput, cold start and memory of a model on this machine.

mod process;
mod report;
mod served;
mod streamed;

use crate::console::say;
use crate::interrupt;
use crate::options::{ModelArgs, parse_box};
use report::Series;
use sapiens::engine::{Engine, FrameResult, LoadOptions, MapSpace, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::runtime::Traffic;
use sapiens::{Error, Result};
use serde_json::{Map, Value, json};
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
    /// A person in it: x,y,width,height in pixels; repeatable [default: one, the whole picture].
    #[arg(long = "box", value_name = "X,Y,W,H", value_parser = parse_box, allow_hyphen_values = true)]
    boxes: Vec<Rect>,
    /// official or crop.
    #[arg(long, default_value = "official")]
    framing: Framing,
    /// Maps as streams deliver them: on the grid of the network input, labels of parts decoded on the device. Also sends as many frames
    /// through a stream, one after the other and overlapped.
    #[arg(long)]
    live: bool,
    /// Runs before the measured ones.
    #[arg(long, default_value_t = 1)]
    warm_up: usize,
    /// Measured runs.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Run once for every line of standard input and answer with a line of JSON: to be measured in turn with other programs.
    #[arg(long, conflicts_with_all = ["runs", "json"])]
    on_request: bool,
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
    let before = process::peak_memory_mb();
    let since = Instant::now();
    let options = LoadOptions { decoded_seg: args.live, ..args.model.load_options() };
    let engine = Engine::load(&args.model.sources(), &options, &mut |_, _, _| interrupt::check())?;
    let load_ms = milliseconds(since);
    let loaded = process::peak_memory_mb();
    let space = if args.live { MapSpace::Model } else { MapSpace::Image };
    let (boxes, regions) = (args.boxes.clone(), args.model.regions());
    let request = Request { framing: args.framing, boxes, regions, space, ..Request::default() };
    let once = || -> Result<(FrameResult, f64)> {
        let since = Instant::now();
        let result = engine.run(&image, &request)?;
        let ms = milliseconds(since);
        interrupt::check()?;
        Ok((result, ms))
    };
    if args.on_request {
        return served::serve(load_ms, once);
    }
    let mut first_ms = None;
    for _ in 0..args.warm_up {
        let (_, ms) = once()?;
        first_ms.get_or_insert(ms);
    }
    let mut stages: Vec<(String, Series)> = Vec::new();
    let mut totals = Series::default();
    let mut traffic = Traffic::default();
    let processor = process::processor_ms();
    for _ in 0..args.runs {
        let (result, ms) = once()?;
        first_ms.get_or_insert(ms);
        totals.push(ms);
        traffic += result.traffic;
        for timing in result.timings {
            match stages.iter_mut().find(|(name, _)| *name == timing.stage) {
                Some((_, series)) => series.push(timing.ms),
                None => stages.push((timing.stage, Series::from(timing.ms))),
            }
        }
    }
    let processor = process::processor_ms().zip(processor).map(|(end, start)| (end - start) / args.runs as f64);
    let models: Vec<Value> = engine
        .models()
        .iter()
        .map(|m| {
            let framing = if m.frames_on_device() { "device" } else { "host" };
            json!({"name": m.name(), "device": m.device().to_string(), "framing": framing, "info": m.info()})
        })
        .collect();
    let streamed = if args.live { streamed::measure(&engine, &image, &request, args.runs)? } else { Value::Null };
    let report = json!({
        "models": models,
        "image": {"width": image.size().width, "height": image.size().height},
        "people": args.boxes.len().max(1),
        "live": args.live,
        "runs": args.runs,
        "load_ms": load_ms,
        "first_run_ms": first_ms,
        "stages_ms": stages.iter().map(|(name, ms)| (name.clone(), ms.summary())).collect::<Map<_, _>>(),
        "total_ms": totals.summary(),
        "processor_ms_per_run": processor,
        "frames_per_second": 1e3 / totals.mean(),
        "streamed_frames_per_second": streamed,
        "bytes_per_run": {
            "to_device": traffic.to_device / args.runs as u64,
            "to_host": traffic.to_host / args.runs as u64,
        },
        "memory_mb": {
            "before_load_peak": before,
            "after_load_peak": loaded,
            "peak": process::peak_memory_mb(),
            "anonymous": process::anonymous_memory_mb(),
        },
    });
    if args.json {
        say!("{report:#}");
    } else {
        report::print(&report);
    }
    Ok(ExitCode::SUCCESS)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
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
