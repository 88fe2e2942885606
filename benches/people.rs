//! What people in video cost. `cargo bench --bench people` (or one of `cadence`, `persons` behind `--`).
//!
//! 1. `cadence`: frames per second against how often the detector runs.
//! 2. `persons`: 1, 2, 4 and 8 people of a frame against time and peak memory; in batches, and one after the other.
//!
//! Both with the embedded model, whose detector takes longer than its keypoints, and with a random checkpoint of keypoints
//! beside which that detector is small, as it is beside official models. Rounds of what is compared take turns in one run.

use sapiens::detect::DetectOptions;
use sapiens::engine::{Engine, LoadOptions, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::live::{Context, ContextOptions, DetectSetting, Frame, LoadRequest, PeopleOptions, Stream, StreamOptions};
use sapiens::preprocess::{Interpolation, resize};
use sapiens::spec::Task;
use sapiens::track::{TrackOptions, TrackState};
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use testkit::{Spec, make_checkpoint, safetensors_bytes};

type Result<T> = sapiens::Result<T>;

const CADENCES: [u32; 4] = [1, 2, 5, 10];
const COUNTS: [usize; 4] = [1, 2, 4, 8];
/// Names and budgets of a batch.
const BUDGETS: [(&str, Option<u64>); 3] =
    [("one by one", Some(0)), ("64 MiB", Some(64 << 20)), ("1 GiB (default)", None)];
const THREADS: usize = 2;
const SIZE: Size = Size::new(640, 480);
/// Asks a process of this program for the peak memory of one case.
const CASE: &str = "SAPIENS_BENCH_CASE";

/// The models that are compared.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Demo,
    Random,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Demo, Self::Random];

    fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo model",
            Self::Random => "random 256 x 12",
        }
    }

    fn source(self) -> ModelSource {
        if self == Self::Demo {
            return ModelSource::Demo;
        }
        let spec = Spec {
            embed: 256,
            heads: 4,
            layers: 12,
            image: (256, 192),
            up: vec![192, 128],
            conv: vec![128, 128, 128],
            ..Spec::tiny("pose", 7)
        };
        let bytes: Arc<[u8]> = safetensors_bytes(&make_checkpoint(&spec), testkit::Dtype::F32, &[]).into();
        ModelSource::Bytes { name: "random.safetensors".to_owned(), bytes }
    }

    fn engine(self) -> Result<Engine> {
        let session = sapiens::runtime::SessionOptions { threads: THREADS, ..Default::default() };
        let options = LoadOptions {
            session,
            tasks: Some(vec![Task::Pose]),
            detect: true,
            detector: Some(ModelSource::Demo),
            input: (self == Self::Random).then_some(Size::new(192, 256)),
            ..LoadOptions::default()
        };
        Engine::load(&[self.source()], &options, &mut |_, _, _| Ok(()))
    }
}

fn seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed().as_secs_f64())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Two people, one of whom walks to the right.
fn picture(step: usize) -> Result<Image> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/standing.jpg");
    let (width, height) = (SIZE.width / 2, SIZE.height * 8 / 9);
    let person = resize(&Image::open(path)?, Size::new(width, height), Interpolation::Area)?;
    let mut pixels = vec![90; SIZE.area() * 3];
    for left in [width, step] {
        for y in 0..height {
            let at = ((y + SIZE.height - height) * SIZE.width + left) * 3;
            pixels[at..at + width * 3].copy_from_slice(&person.pixels()[y * width * 3..(y + 1) * width * 3]);
        }
    }
    Image::from_rgb8(SIZE, pixels)
}

fn boxes(count: usize) -> Vec<Rect> {
    let at = |i: usize| Rect { x: 320.0 - 40.0 * i as f32, y: 60.0, width: 300.0, height: 410.0 };
    (0..count).map(at).collect()
}

/// A stream as hosts use it: the tracker decides when the detector runs. Its rounds take turns.
fn cadence_of_streams() -> Result<()> {
    const FRAMES: usize = 40;
    const ROUNDS: usize = 5;
    let context = Context::new(ContextOptions { threads: THREADS, ..ContextOptions::default() })?;
    let request = LoadRequest { tasks: Some(vec![Task::Pose]), ..LoadRequest::default() };
    context.load(&ModelSource::Demo, &request, &mut |_, _, _| Ok(()))?;
    context.load_detector(&ModelSource::Demo, &LoadRequest::default(), &mut |_, _, _| Ok(()))?;
    let pictures = (0..FRAMES).map(|i| picture(2 * i)).collect::<Result<Vec<_>>>()?;
    let mut lanes = Vec::new();
    for every in CADENCES {
        let people = PeopleOptions {
            detect: Some(DetectSetting::default()),
            track: Some(TrackOptions { detect_every: every, ..TrackOptions::default() }),
            filter: None,
            ..PeopleOptions::default()
        };
        let stream = Stream::new(&context, StreamOptions { people, ..StreamOptions::default() })?;
        lanes.push((every, stream, Vec::new(), 0usize, 0usize, 0i64));
    }
    for _ in 0..ROUNDS {
        for (_, stream, rates, detected, people, clock) in &mut lanes {
            let taken = seconds(|| {
                // There and back, so that rounds go on where the one before stopped.
                for image in pictures.iter().chain(pictures.iter().rev()) {
                    *clock += 33_333_333;
                    stream.submit(Frame { timestamp_ns: *clock, ..Frame::of_image(image.clone()) }, None)?;
                    let result = stream.poll(None)?.expect("waits for ever");
                    result.outcome.as_ref().expect("the demo model runs");
                    *detected += usize::from(result.detector_ran);
                    let seen = |track: &sapiens::track::Track| track.state == TrackState::Confirmed;
                    *people += result.people.iter().filter(|p| p.track.as_ref().is_some_and(seen)).count();
                }
                Ok(())
            })?;
            rates.push(2.0 * FRAMES as f64 / taken);
        }
    }
    let all = (2 * FRAMES * ROUNDS) as f64;
    let mut base = f64::NAN;
    for (every, _, mut rates, detected, people, _) in lanes {
        let rate = median(&mut rates);
        base = if every == 1 { rate } else { base };
        println!(
            "  {:16} stream, every {every:2}: {rate:6.1} frames/s, {:.2}x; the detector ran on {:3.0} % of frames, {:.2} people",
            Kind::Demo.name(),
            rate / base,
            100.0 * detected as f64 / all,
            people as f64 / all
        );
    }
    Ok(())
}

/// What the models alone take: two people, the detector on every n-th frame and no other.
fn cadence_of_models(kind: Kind) -> Result<()> {
    const ROUNDS: usize = 5;
    let (engine, image, detect) = (kind.engine()?, picture(0)?, DetectOptions::default());
    let request = Request { boxes: boxes(2), ..Request::default() };
    let (mut finding, mut looking) = (Vec::new(), Vec::new());
    let mut rates = CADENCES.map(|_| Vec::new());
    for round in 0..=ROUNDS {
        for (every, rates) in CADENCES.iter().zip(&mut rates) {
            let taken = seconds(|| {
                for i in 0..10 {
                    if i % every == 0 {
                        finding.push(seconds(|| engine.detect(&image, &detect).map(|found| drop(black_box(found))))?);
                    }
                    looking.push(seconds(|| engine.run(&image, &request).map(|seen| drop(black_box(seen))))?);
                }
                Ok(())
            })?;
            if round > 0 {
                rates.push(10.0 / taken);
            }
        }
    }
    let (finding, looking) = (median(&mut finding), median(&mut looking));
    println!(
        "  {:16} detector {:.1} ms, keypoints of two people {:.1} ms: ratio 1 to {:.2}",
        kind.name(),
        finding * 1e3,
        looking * 1e3,
        looking / finding
    );
    let mut base = f64::NAN;
    for (every, mut rates) in CADENCES.into_iter().zip(rates) {
        let rate = median(&mut rates);
        base = if every == 1 { rate } else { base };
        println!("  {:16} models, every {every:2}: {rate:6.1} frames/s, {:.2}x", kind.name(), rate / base);
    }
    Ok(())
}

fn persons(kind: Kind) -> Result<()> {
    const ROUNDS: usize = 7;
    let (engine, image) = (kind.engine()?, picture(0)?);
    for count in COUNTS {
        let mut times = BUDGETS.map(|_| Vec::new());
        for round in 0..=ROUNDS {
            for ((_, budget), times) in BUDGETS.iter().zip(&mut times) {
                let request = Request { boxes: boxes(count), batch_memory: *budget, ..Request::default() };
                let taken = seconds(|| engine.run(&image, &request).map(|seen| drop(black_box(seen))))?;
                if round > 0 {
                    times.push(taken * 1e3);
                }
            }
        }
        let times = times.map(|mut times| median(&mut times));
        for (((name, _), ms), i) in BUDGETS.iter().zip(times).zip(0..) {
            let memory = ask(kind, count, i);
            println!(
                "  {:16} {count} people, {name:16} {ms:8.2} ms, {:.2}x of one by one; memory of its own process: {memory}",
                kind.name(),
                ms / times[0]
            );
        }
    }
    Ok(())
}

/// Peak memory is that of a process: each case has its own.
fn ask(kind: Kind, count: usize, budget: usize) -> String {
    let index = Kind::ALL.iter().position(|k| *k == kind).unwrap_or(0);
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program).env(CASE, format!("{index} {count} {budget}")).output();
    let output = output.expect("this program starts again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn answer(case: &str) -> Result<()> {
    let numbers: Vec<usize> = case.split(' ').map(|n| n.parse().expect("a number")).collect();
    let (engine, image) = (Kind::ALL[numbers[0]].engine()?, picture(0)?);
    let loaded = testkit::process::peak_mb();
    let request = Request { boxes: boxes(numbers[1]), batch_memory: BUDGETS[numbers[2]].1, ..Request::default() };
    for _ in 0..3 {
        black_box(engine.run(&image, &request)?);
    }
    match loaded.zip(testkit::process::peak_mb()) {
        Some((loaded, peak)) => println!("{peak:.0} MB at most, {:.0} above the loaded model", peak - loaded),
        None => println!("not known on this system"),
    }
    Ok(())
}

fn main() -> Result<()> {
    if let Ok(case) = std::env::var(CASE) {
        return answer(&case);
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    if is_wanted("cadence") {
        println!("cadence: 640x480, two people, {THREADS} threads; medians of rounds that take turns");
        cadence_of_streams()?;
        Kind::ALL.into_iter().try_for_each(cadence_of_models)?;
    }
    if is_wanted("persons") {
        println!(
            "persons: keypoints of 1, 2, 4, 8 people of a 640x480 frame, {THREADS} threads; medians of 7 rounds in turn"
        );
        Kind::ALL.into_iter().try_for_each(persons)?;
    }
    Ok(())
}
