//! What the library costs a host beyond the model itself. `cargo bench --bench live`.
//!
//! 1. `submit`: time on the caller's thread, copied and borrowed, beside a plain copy of the same bytes.
//! 2. `overhead`: submit to result through a stream, beside a bare ONNX Runtime run of the same graph.
//! 3. `end to end`: frames per second with the demo model.
//! 4. `memory`: resident memory over many frames (`SAPIENS_SOAK` frames, 100,000 as a rule).
//!
//! Rounds of what is compared take turns in one run: machines differ and are shared.

use sapiens::convert::{ConvertOptions, InMemory};
use sapiens::engine::{Engine, LoadOptions, MapSpace, ModelSource, Request};
use sapiens::geometry::Size;
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, Plane, YuvColor};
use sapiens::live::{
    BorrowedPixels, Context, ContextOptions, Frame, LoadRequest, Pixels, Policy, Stream, StreamOptions, TaskSetting,
};
use sapiens::spec::Task;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Result<T> = sapiens::Result<T>;

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn time_of(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    work()?;
    Ok(ms(begin))
}

fn at(sorted: &[f64], quantile: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * quantile).round() as usize]
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn picture(size: Size) -> Result<Image> {
    let texture = |i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8;
    Image::from_rgb8(size, (0..size.area() * 3).map(texture).collect())
}

fn context(tasks: Option<Vec<Task>>) -> Result<Arc<Context>> {
    let context = Context::new(ContextOptions::default())?;
    context.load(&ModelSource::Demo, &LoadRequest { tasks, ..LoadRequest::default() }, &mut |_, _, _| Ok(()))?;
    Ok(context)
}

fn off() -> Vec<TaskSetting> {
    Task::ALL.into_iter().map(|task| TaskSetting { task, every_n: 0, priority: 0 }).collect()
}

/// A host's memory, borrowed.
struct Host(FrameFormat, Arc<Vec<u8>>);

impl BorrowedPixels for Host {
    fn format(&self) -> &FrameFormat {
        &self.0
    }

    fn planes(&self) -> Vec<Plane<'_>> {
        self.0.packed_planes(&self.1).unwrap_or_default()
    }
}

fn submit() -> Result<()> {
    println!("submit: time on the caller's thread, 300 frames; the worker converts meanwhile");
    let context = context(Some(vec![Task::Pose]))?;
    for (name, size) in [("1080p", Size::new(1920, 1080)), ("4K", Size::new(3840, 2160))] {
        for (kind, format) in [("RGBA8", PixelFormat::Rgba8), ("NV12", PixelFormat::Nv12)] {
            let yuv = (format == PixelFormat::Nv12).then_some(YuvColor::Bt709Limited);
            let format = FrameFormat { size, format, yuv, orientation: Orientation::Normal };
            let bytes = Arc::new(vec![90; format.packed_bytes()]);
            // No task is on: what is measured is the hand-over.
            let options = StreamOptions { tasks: off(), policy: Policy::Block, depth: 1, ..StreamOptions::default() };
            let stream = Stream::new(&context, options)?;
            let frame = |pixels| Frame {
                pixels,
                timestamp_ns: 0,
                boxes: vec![],
                tasks: None,
                ignore_cadence: false,
                fetched: 0,
            };
            let mut times = [Vec::new(), Vec::new(), Vec::new()];
            let mut copy = vec![0; bytes.len()];
            for _ in 0..300 {
                let begin = Instant::now();
                copy.copy_from_slice(&bytes);
                black_box(&copy);
                times[0].push(ms(begin));
                let begin = Instant::now();
                let mut packed = stream.buffer();
                format.pack(&format.packed_planes(&bytes)?, &mut packed)?;
                stream.submit(frame(Pixels::Packed(packed, format)), Some(Duration::ZERO))?;
                times[1].push(ms(begin));
                stream.poll(None)?;
                let begin = Instant::now();
                let host = Host(format, Arc::clone(&bytes));
                stream.submit(frame(Pixels::Borrowed(Box::new(host))), Some(Duration::ZERO))?;
                times[2].push(ms(begin));
                stream.poll(None)?;
            }
            let [plain, copied, borrowed] = times.map(sorted);
            let line = |values: &[f64]| format!("{:.3} ms (p99 {:.3})", at(values, 0.5), at(values, 0.99));
            println!(
                "  {name:5} {kind:5} plain copy {}   submit, copied {}   borrowed {}",
                line(&plain),
                line(&copied),
                line(&borrowed)
            );
        }
    }
    Ok(())
}

/// The whole demo graph of one task in one bare session, as any program would run it: normalised u8 in, decoded out.
fn bare(task: Task) -> Result<impl Fn(&[u8]) -> Result<()>> {
    use prost::Message;
    use sapiens::runtime::{Library, ModelBytes, Session, SessionOptions, View};
    let source = sapiens::checkpoint::Source::open(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/demo_bundle.safetensors"),
    )?;
    let options = ConvertOptions {
        tasks: Some(vec![task]),
        rotation: sapiens::spec::Rotation::Veltkamp,
        ..ConvertOptions::default()
    };
    let plan = sapiens::convert::plan(&source, &options)?;
    let input = plan.info.input;
    let InMemory { model, weights } = sapiens::convert::in_memory(plan, &source, &mut |_, _, _| Ok(()))?;
    let model = sapiens::onnx::cut(&model, &["image"], task.decoded_outputs())?;
    let graph = model.encode_to_vec();
    let bytes = ModelBytes { graph: &graph, folder: None, weights: Some((InMemory::WEIGHTS, &weights)) };
    let session = Session::open(Library::load(None)?, bytes, &SessionOptions::default())?;
    let name = session.inputs()[0].clone();
    Ok(move |pixels: &[u8]| {
        let view = View::U8(&[1, input.height, input.width, 3], pixels);
        black_box(session.run(&[(&name, view)], task.decoded_outputs())?);
        Ok(())
    })
}

fn overhead() -> Result<()> {
    println!(
        "overhead: submit to result through a stream - bare ONNX Runtime run of the same task, 100 rounds in turn"
    );
    for (name, size) in [("192x256", Size::new(192, 256)), ("1080p", Size::new(1920, 1080))] {
        let image = picture(size)?;
        for task in [Task::Pose, Task::Seg, Task::Normal] {
            let context = context(Some(vec![task]))?;
            let stream = Stream::new(&context, StreamOptions { depth: 1, ..StreamOptions::default() })?;
            let bare = bare(task)?;
            let input = vec![100; 192 * 256 * 3];
            let (mut with, mut without, mut parts) = (Vec::new(), Vec::new(), [0.0; 4]);
            for round in 0..110 {
                // Who comes first takes turns too.
                let frame = Frame::of_image(image.clone());
                let bare_first = round % 2 == 0;
                let mut alone = if bare_first { time_of(|| bare(&input))? } else { 0.0 };
                let begin = Instant::now();
                stream.submit(frame, None)?;
                let result = stream.poll(None)?.expect("waits for ever");
                let through = ms(begin);
                if !bare_first {
                    alone = time_of(|| bare(&input))?;
                }
                result.outcome.as_ref().expect("the demo model runs");
                if round >= 10 {
                    with.push(through);
                    without.push(alone);
                    for timing in &result.timings {
                        let kinds = ["convert", "preprocess", "model", "postprocess"];
                        if let Some(kind) = kinds.iter().position(|kind| timing.stage.starts_with(kind)) {
                            parts[kind] += timing.ms / 100.0;
                        }
                    }
                }
            }
            // The model stage is the same bare run, in the session of the stream: the difference is the library's.
            let added = with.iter().sum::<f64>() / 100.0 - parts[2];
            let (with, without) = (sorted(with), sorted(without));
            println!(
                "  {name:8} {task:7} added {added:.2} ms, {:.1} % of its run of {:.2} ms: convert {:.2}, preprocess {:.2}, \
                 postprocess {:.2}, hand-over {:.2}; medians: stream {:.2}, bare session {:.2}",
                100.0 * added / parts[2],
                parts[2],
                parts[0],
                parts[1],
                parts[3],
                added - parts[0] - parts[1] - parts[3],
                at(&with, 0.5),
                at(&without, 0.5),
            );
        }
    }
    Ok(())
}

fn end_to_end() -> Result<()> {
    println!("end to end: demo model, 1080p, 60 frames through a stream; the engine called frame by frame as the peer");
    let image = picture(Size::new(1920, 1080))?;
    for (name, tasks) in [("pose", Some(vec![Task::Pose])), ("all six tasks", None)] {
        let context = context(tasks.clone())?;
        let stream = Stream::new(&context, StreamOptions::default())?;
        let begin = Instant::now();
        let (mut sent, mut seen) = (0, 0);
        while seen < 60 {
            while sent < 60 {
                let frame = Frame::of_image(image.clone());
                match stream.submit(frame, Some(Duration::ZERO))? {
                    sapiens::live::Submitted::Taken(_) => sent += 1,
                    sapiens::live::Submitted::Timeout => break,
                }
            }
            seen += usize::from(stream.poll(None)?.is_some());
        }
        let through = 60.0 / begin.elapsed().as_secs_f64();
        let options = LoadOptions { tasks, decoded_seg: true, ..LoadOptions::default() };
        let engine = Engine::load(&[ModelSource::Demo], &options, &mut |_, _, _| Ok(()))?;
        let request = Request { space: MapSpace::Model, ..Request::default() };
        let begin = Instant::now();
        for _ in 0..60 {
            black_box(engine.run(&image, &request)?);
        }
        let direct = 60.0 / begin.elapsed().as_secs_f64();
        println!("  {name:14} stream {through:.1} frames/s, engine {direct:.1}: {:.2}x", through / direct);
    }
    Ok(())
}

fn resident() -> f64 {
    testkit::process::resident_mb().unwrap_or(f64::NAN)
}

fn memory() -> Result<()> {
    let frames: u64 = std::env::var("SAPIENS_SOAK").map_or(100_000, |n| n.parse().expect("SAPIENS_SOAK is a number"));
    println!("memory: {frames} frames 640x480 RGBA8, copied; pose every 100th, carried over in between");
    let context = context(Some(vec![Task::Pose]))?;
    let tasks = vec![TaskSetting { task: Task::Pose, every_n: 100, priority: 0 }];
    let stream = Stream::new(&context, StreamOptions { tasks, ..StreamOptions::default() })?;
    let format = FrameFormat {
        size: Size::new(640, 480),
        format: PixelFormat::Rgba8,
        yuv: None,
        orientation: Orientation::Normal,
    };
    let bytes = vec![90; format.packed_bytes()];
    let begin = Instant::now();
    let mut first = f64::NAN;
    for n in 1..=frames {
        let mut packed = stream.buffer();
        format.pack(&format.packed_planes(&bytes)?, &mut packed)?;
        let pixels = Pixels::Packed(packed, format);
        stream.submit(
            Frame { pixels, timestamp_ns: 0, boxes: vec![], tasks: None, ignore_cadence: false, fetched: 0 },
            None,
        )?;
        stream.poll(None)?;
        if n == frames / 100 {
            first = resident();
        }
        if [frames / 100, frames / 10, frames / 2, frames].contains(&n) {
            println!(
                "  after {n:7} frames: {:.1} MB resident, {:.0} frames/s",
                resident(),
                n as f64 / begin.elapsed().as_secs_f64()
            );
        }
    }
    println!("  growth since {}: {:+.1} MB", frames / 100, resident() - first);
    Ok(())
}

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    if is_wanted("submit") {
        submit()?;
    }
    if is_wanted("overhead") {
        overhead()?;
    }
    if is_wanted("end") {
        end_to_end()?;
    }
    if is_wanted("memory") {
        memory()?;
    }
    Ok(())
}
