//! The embedded model, one backbone with six heads and a person detector, against the values of the program that trained
//! it.
//!
//! The reference is fp32 arithmetic on weights rounded to fp16; measured 2e-6 of each output's range.

mod common;

use common::{Converted, quiet, run_floats, run_pixels, session_options, stored_image, stored_picture, worst};
use sapiens::checkpoint::{Arch, Source, model_info};
use sapiens::convert::{self, ConvertOptions, DETECTOR_OUTPUT};
use sapiens::engine::{Engine, FrameResult, LoadOptions, ModelSource, Request};
use sapiens::image::Image;
use sapiens::preprocess::{letterbox, normalise};
use sapiens::spec::Task;
use sapiens::task::pose;
use testkit::Expected;

const CHECKPOINT: &str = "assets/demo/demo_bundle.safetensors";
const TASKS: [Task; 6] = [Task::Pose, Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting];
const TOLERANCE: f32 = 1e-4;

fn expected() -> Expected {
    Expected::open(testkit::data_dir().join("demo/demo_bundle.expected.safetensors"))
}

fn options(tasks: Option<&[Task]>) -> LoadOptions {
    common::library();
    LoadOptions { session: session_options(), tasks: tasks.map(<[Task]>::to_vec), ..Default::default() }
}

fn embedded(tasks: Option<&[Task]>) -> Engine {
    Engine::load(&[ModelSource::Demo], &options(tasks), &mut quiet).unwrap()
}

fn run(engine: &Engine, image: &Image) -> FrameResult {
    engine.run(image, &Request::default()).unwrap()
}

/// Prints and checks an error in parts of the range of the expected values.
fn check(what: &str, actual: &[f32], expected: &[f32]) {
    let (low, high) = expected.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let relative = worst(actual, expected) / (high - low).max(high.abs());
    println!("{what}: {relative:.1e} of the range {low:.2} to {high:.2}");
    assert!(relative <= TOLERANCE, "{what}: {relative}");
}

#[test]
fn raw_outputs() {
    let (expected, source) = (expected(), Source::open(CHECKPOINT).unwrap());
    let picture = stored_picture(&expected);
    let converted = Converted::new(&source, &ConvertOptions { raw: true, ..Default::default() });
    assert_eq!((converted.info.input, converted.info.tasks.as_slice()), (picture.size(), &TASKS[..]));
    let names: Vec<&str> = TASKS.iter().flat_map(|t| t.raw_outputs()).copied().collect();
    let input = normalise(picture.pixels(), picture.size()).unwrap();
    let outputs = run_floats(&converted.session(), &input, picture.size(), &names);
    for (name, tensor) in names.iter().zip(&outputs) {
        let (expected, actual) = expected.compare_slice(name, tensor.floats().unwrap(), &tensor.shape);
        check(name, &actual, &expected);
    }
}

#[test]
fn raw_maps_of_the_detector() {
    let (expected, source) = (expected(), Source::open(CHECKPOINT).unwrap());
    let picture = stored_image(&expected, "detector_input");
    let plan = convert::plan_detector(&source, &ConvertOptions::default()).unwrap();
    let converted = Converted::of(plan, &source);
    assert_eq!(converted.info.input, picture.size());
    let maps = run_pixels(&converted.session(), picture.pixels(), picture.size(), &[DETECTOR_OUTPUT]).remove(0);
    assert_eq!(maps.shape, expected.shape("detector"));
    // Channel by channel: scores have another range than distances.
    let area = maps.shape[2] * maps.shape[3];
    let expected = expected.f32("detector");
    let channels = maps.floats().unwrap().chunks(area).zip(expected.chunks(area));
    for (name, (actual, expected)) in ["centre", "left", "top", "right", "bottom"].iter().zip(channels) {
        check(name, actual, expected);
    }
}

#[test]
fn the_detector_was_shown_the_letterboxed_picture() {
    let (picture, image) = (stored_image(&expected(), "detector_input"), Image::open("assets/standing.jpg").unwrap());
    let framed = letterbox(&image, picture.size()).unwrap();
    let off = framed.pixels.iter().zip(picture.pixels()).map(|(a, b)| u32::from(a.abs_diff(*b)));
    let (sum, most) = off.fold((0, 0), |(sum, most), d| (sum + d, most.max(d)));
    println!("letterboxed: {:.1e} levels on average, {most} at most", f64::from(sum) / framed.pixels.len() as f64);
    // JPEG decoders round in their own ways.
    assert!(most <= 8 && (sum as usize) < framed.pixels.len() / 4, "{sum} {most}");
}

/// An image of exactly the input size: image space is input space, so the engine's results can be held against the raw
/// values of the reference.
fn check_result(result: &FrameResult, expected: &Expected) {
    let maps = &result.scene;
    let size = result.image;
    let sub = |planes: &[f32], y: usize, x: usize, c: usize| planes[(c * 86 + y / 3) * 64 + x / 3];
    // HxWxC at every third pixel, as CHW.
    let picked = |image: &ndarray::Array3<f32>, channels: usize| -> Vec<f32> {
        let mut out = Vec::new();
        for c in 0..channels {
            for y in (0..size.height).step_by(3) {
                out.extend((0..size.width).step_by(3).map(|x| image[[y, x, c]]));
            }
        }
        out
    };

    let heatmaps = expected.f32("heatmaps_sub");
    let map = sapiens::geometry::Size::new(48, 64);
    let source = Source::open(CHECKPOINT).unwrap();
    let codec = model_info(&source, &Arch::derive(&source).unwrap()).unwrap().heatmap;
    let plain = pose::decode(&heatmaps, 15, map, size, codec).unwrap();
    let pose = result.people[0].pose.as_ref().unwrap();
    assert_eq!(pose.len(), 308);
    let (mut moved, mut score) = (0f32, 0f32);
    for (ours, plain) in pose.iter().step_by(21).zip(&plain) {
        moved = moved.max((ours.x - plain.x).abs()).max((ours.y - plain.y).abs());
        score = score.max((ours.score - plain.score).abs());
    }
    println!("keypoints: {moved:.1e} px, score {score:.1e}");
    assert!(moved <= 0.05 && score <= TOLERANCE, "{moved} {score}");

    let labels = expected.u8("logits_argmax");
    let seg = maps.seg.as_ref().unwrap();
    let different = seg.labels.iter().zip(&labels).filter(|(a, b)| a != b).count();
    println!("labels: {different} of {} differ", labels.len());
    assert!(different * 1000 <= labels.len(), "{different}");

    let raw = expected.f32("normal_sub");
    let normal = picked(maps.normal.as_ref().unwrap(), 3);
    let area = raw.len() / 3;
    let length = |i: usize| (0..3).map(|c| raw[c * area + i].powi(2)).sum::<f32>().sqrt().max(1e-8);
    let unit: Vec<f32> = raw.iter().enumerate().map(|(i, v)| v / length(i % area)).collect();
    // A short vector turns far for a small error: weigh by its length.
    let weigh = |v: &[f32]| -> Vec<f32> { v.iter().enumerate().map(|(i, v)| v * length(i % area).min(1.0)).collect() };
    check("normals", &weigh(&normal), &weigh(&unit));

    let scale = expected.f32("scale")[0];
    let points: Vec<f32> = expected.f32("pointmap_sub").iter().map(|v| v / scale).collect();
    check("points", &picked(maps.pointmap.as_ref().unwrap(), 3), &points);
    let albedo: Vec<f32> = expected.f32("albedo_sub").iter().map(|v| v.clamp(0.0, 1.0)).collect();
    check("albedo", &picked(maps.albedo.as_ref().unwrap(), 3), &albedo);

    let (matte, raw) = (maps.matting.as_ref().unwrap(), expected.f32("matting_sub"));
    let (foreground, alpha) = raw.split_at(3 * area);
    check("foreground", &picked(&matte.foreground, 3), foreground);
    for ((y, x), value) in matte.alpha.indexed_iter().filter(|((y, x), _)| y % 3 == 0 && x % 3 == 0) {
        assert!((value - sub(alpha, y, x, 0)).abs() <= TOLERANCE, "alpha at {x} {y}");
    }
}

#[test]
fn through_the_engine() {
    let expected = expected();
    let result = run(&embedded(None), &stored_picture(&expected));
    check_result(&result, &expected);
    assert!(result.people.len() == 1 && result.people[0].maps.is_empty());
    let backbones: Vec<_> = result.timings.iter().filter(|t| t.stage.starts_with("backbone")).collect();
    assert_eq!(backbones.len(), 1, "{:?}", result.timings);
    assert_eq!(backbones[0].stage, "backbone pose+seg+normal+pointmap+albedo+matting");
    assert_eq!(result.timings.iter().filter(|t| t.stage.starts_with("model ")).count(), 6);
    assert!(result.timings.iter().all(|t| t.ms.is_finite() && t.ms >= 0.0));
}

#[test]
fn through_a_converted_file() {
    let (folder, expected) = (tempfile::tempdir().unwrap(), expected());
    let (source, out) = (Source::open(CHECKPOINT).unwrap(), folder.path().join("demo.onnx"));
    let plan = convert::plan(&source, &ConvertOptions::default()).unwrap();
    convert::write(plan, &source, &out, &mut quiet).unwrap();
    let engine = Engine::load(&[ModelSource::Path(out.clone())], &options(None), &mut quiet).unwrap();
    let picture = stored_picture(&expected);
    let result = run(&engine, &picture);
    check_result(&result, &expected);
    // And exactly what the embedded checkpoint gives.
    let other = run(&embedded(None), &picture);
    assert_eq!(result.people[0].pose, other.people[0].pose);
    assert_eq!((&result.scene.normal, &result.scene.matting), (&other.scene.normal, &other.scene.matting));

    let engine = Engine::load(&[ModelSource::Path(out)], &options(Some(&[Task::Normal])), &mut quiet).unwrap();
    assert_eq!(engine.models()[0].info().tasks, [Task::Normal]);
    assert_eq!(run(&engine, &picture).scene.normal, other.scene.normal);
}

#[test]
fn only_the_requested_heads_are_loaded() {
    let bytes_for = |tasks: Option<&[Task]>| {
        let mut last = 0;
        let engine = Engine::load(&[ModelSource::Demo], &options(tasks), &mut |_, _, total| {
            last = total;
            Ok(())
        });
        (engine.unwrap(), last)
    };
    let (_, all) = bytes_for(None);
    let (engine, some) = bytes_for(Some(&[Task::Seg, Task::Pose]));
    let (_, features) = bytes_for(Some(&[Task::Features]));
    println!("bytes of weights: all {all}, pose and seg {some}, backbone {features}");
    assert!(features < some && some < all);
    assert_eq!(engine.models()[0].info().tasks, [Task::Pose, Task::Seg]);

    let (expected, picture) = (expected(), stored_picture(&expected()));
    let result = run(&engine, &picture);
    let seg = result.scene.seg.as_ref().unwrap();
    let labels = expected.u8("logits_argmax");
    assert!(seg.labels.iter().zip(&labels).filter(|(a, b)| a != b).count() * 1000 <= labels.len());
    assert!(result.people[0].pose.is_some() && result.scene.normal.is_none() && result.scene.matting.is_none());
    assert_eq!(result.timings.iter().filter(|t| t.stage == "backbone pose+seg").count(), 1);

    let request = Request { tasks: Some(vec![Task::Normal]), ..Default::default() };
    let message = engine.run(&picture, &request).unwrap_err().to_string();
    assert!(message.contains("`normal`") && message.contains("pose, seg"), "{message}");
}

#[test]
fn heads_of_a_bundle_alone_are_those_of_the_whole() {
    let (all, picture) = (embedded(None), stored_picture(&expected()));
    let whole = run(&all, &picture);
    let arch = Arch::derive(&Source::open(CHECKPOINT).unwrap()).unwrap();
    let grid = arch.grid(picture.size());
    for task in [Task::Pose, Task::Albedo, Task::Features] {
        let alone = run(&embedded(Some(&[task])), &picture);
        match task {
            Task::Pose => assert_eq!(alone.people[0].pose, whole.people[0].pose),
            Task::Albedo => assert_eq!(alone.scene.albedo, whole.scene.albedo),
            _ => {
                let features = alone.scene.features.unwrap();
                assert_eq!(features.tokens.dim(), (arch.prefix_tokens() + grid.area(), arch.embed));
                assert_eq!(features.featmap.dim(), (arch.embed, grid.height, grid.width));
            }
        }
    }
}
