//! What less arithmetic in the heads saves on a processor. `cargo bench --bench regions` (behind `--` names of tasks, and the input
//! size, height x width).
//!
//! A random head of the official 0.4B shape over a backbone of two layers, batch 1: for the whole picture, for rectangles of 75, 50
//! and 25 % of it in its middle, and in Winograd's form. What is compared takes turns in one run. Times are processor time of the
//! process, which other load disturbs least, without that of the backbone, which is run alone too; the least of the rounds counts.

use sapiens::engine::{Engine, LoadOptions, ModelSource, Regions, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::runtime::SessionOptions;
use sapiens::spec::Task;
use std::hint::black_box;
use testkit::{Dtype, Spec, make_checkpoint, safetensors_bytes};

type Result<T> = sapiens::Result<T>;

/// The official input.
const USUAL: Size = Size::new(768, 1024);
/// Shares of the picture, in percent.
const SHARES: [f32; 4] = [100.0, 75.0, 50.0, 25.0];
const ROUNDS: usize = 2;
/// More than any of these heads can use.
const WINOGRAD: u64 = 4 << 30;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let size = |word: &String| {
        let (height, width) = word.split_once('x')?;
        Some(Size::new(width.parse().ok()?, height.parse().ok()?))
    };
    let input = words.iter().find_map(size).unwrap_or(USUAL);
    let names: Vec<&String> = words.iter().filter(|word| size(word).is_none()).collect();
    let picture = Image::from_rgb8(input, (0..3 * input.area()).map(|i| (i * 7919 % 251) as u8).collect())?;
    println!("input {input}\n{:10} {:>16} {:>8} {:>8}", "head", "case", "cpu s", "ratio");
    for task in ["normal", "albedo", "pointmap", "seg"] {
        if names.is_empty() || names.iter().any(|name| *name == task) {
            compare(task, &picture)?;
        }
    }
    Ok(())
}

/// One task: every case in turn, [`ROUNDS`] times.
fn compare(task: &str, picture: &Image) -> Result<()> {
    let input = picture.size();
    let up = if task == "pointmap" { vec![1536, 768, 512, 256] } else { vec![768, 512, 256, 128] };
    let spec = Spec {
        embed: 1024,
        heads: 16,
        layers: 2,
        image: (input.height, input.width),
        up,
        conv: if task == "seg" { vec![64, 64] } else { vec![64, 32, 16] },
        scale_conv: vec![1536, 512, 128],
        scale_hidden: vec![512, 128],
        ..Spec::tiny(task, 3)
    };
    let bytes: std::sync::Arc<[u8]> = safetensors_bytes(&make_checkpoint(&spec), Dtype::F32, &[]).into();
    let source = ModelSource::Bytes { name: task.to_owned(), bytes };
    let load = |options: LoadOptions| Engine::load(std::slice::from_ref(&source), &options, &mut |_, _, _| Ok(()));
    let session = SessionOptions { threads: 2, ..SessionOptions::default() };
    let common = LoadOptions { session, input: Some(input), decoded_seg: true, ..LoadOptions::default() };
    let backbone = load(LoadOptions { tasks: Some(vec![Task::Features]), ..common.clone() })?;
    let plain = load(common.clone())?;
    let regional = load(LoadOptions { regions: true, ..common.clone() })?;
    let winograd = load(LoadOptions { winograd: WINOGRAD, ..common })?;

    let mut cases: Vec<(String, &Engine, Regions)> =
        vec![("backbone".into(), &backbone, Regions::Whole), ("whole".into(), &plain, Regions::Whole)];
    for share in SHARES {
        let side = (share / 100.0).sqrt();
        let (width, height) = (side * input.width as f32, side * input.height as f32);
        let (x, y) = ((input.width as f32 - width) / 2.0, (input.height as f32 - height) / 2.0);
        let rect = Rect { x, y, width, height };
        cases.push((format!("region of {share} %"), &regional, Regions::Rects(vec![rect])));
    }
    cases.push(("Winograd".into(), &winograd, Regions::Whole));
    let mut least = vec![f64::INFINITY; cases.len()];
    // The first round warms up.
    for round in 0..=ROUNDS {
        for ((_, engine, regions), least) in cases.iter().zip(&mut least) {
            let request = Request { regions: regions.clone(), ..Request::default() };
            let begun = cpu_seconds();
            black_box(engine.run(picture, &request)?);
            let seconds = cpu_seconds() - begun;
            if round > 0 {
                *least = least.min(seconds);
            }
        }
    }
    let head = |seconds: f64| seconds - least[0];
    for ((name, ..), seconds) in cases.iter().zip(&least).skip(1) {
        println!("{task:10} {name:>16} {:8.2} {:8.2}", head(*seconds), head(*seconds) / head(least[1]));
    }
    Ok(())
}

/// Processor time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may contain anything: fields 14 and 15 of proc(5), in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|v| v.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}
