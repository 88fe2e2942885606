//! What an engine accepts: several models, tasks, boxes, converted graphs both raw and decoding.

mod common;

use common::{quiet, session_options, worst};
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions};
use sapiens::engine::{Engine, FrameResult, LoadOptions, Model, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::{Framing, Interpolation, resize};
use sapiens::spec::{NormalFrame, Precision, Rope, Task};
use sapiens::{ErrorKind, Result};
use std::path::Path;
use testkit::golden_checkpoint;

const INPUT: Size = Size::new(96, 128);

fn options() -> LoadOptions {
    common::library();
    LoadOptions { session: session_options(), input: Some(INPUT), rope: Some(Rope::Fp32), ..Default::default() }
}

fn source(name: &str) -> ModelSource {
    ModelSource::Path(golden_checkpoint(name))
}

fn load(names: &[&str], options: &LoadOptions) -> Result<Engine> {
    Engine::load(&names.iter().map(|n| source(n)).collect::<Vec<_>>(), options, &mut quiet)
}

fn picture() -> Image {
    let image = Image::open("assets/frontal.jpg").unwrap();
    resize(&image, Size::new(150, 200), Interpolation::Area).unwrap()
}

const BOX: Rect = Rect { x: 30.0, y: 20.0, width: 80.0, height: 160.0 };

#[test]
fn several_models_look_at_one_image() {
    let mut engine = load(&["pose", "pretrain"], &options()).unwrap();
    let own_size = LoadOptions { input: None, ..options() };
    engine.add(Model::load(&source("pointmap"), &own_size, &mut quiet).unwrap()).unwrap();
    assert_eq!(engine.models().iter().map(|m| m.info().input.height).collect::<Vec<_>>(), [128, 128, 256]);
    let image = picture();
    let result = engine.run(&image, &Request::default()).unwrap();
    assert_eq!(result.people[0].pose.as_ref().unwrap().len(), 308);
    assert_eq!(result.scene.pointmap.as_ref().unwrap().dim(), (200, 150, 3));
    let features = result.scene.features.as_ref().unwrap();
    assert_eq!((features.tokens.dim(), features.featmap.dim()), ((57, 32), (32, 8, 6)));
    assert!(result.scene.seg.is_none() && result.scene.pointmap.unwrap().iter().all(|v| v.is_finite()));

    let request = Request { tasks: Some(vec![Task::Features]), ..Default::default() };
    let result = engine.run(&image, &request).unwrap();
    assert!(result.people[0].pose.is_none() && result.scene.pointmap.is_none() && result.scene.features.is_some());
}

#[test]
fn a_task_twice_or_nowhere_is_an_error() {
    let error = load(&["pose", "pose_fp16"], &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let text = error.to_string();
    assert!(text.contains("both predict `pose`") && text.contains("pose_fp16"), "{text}");

    let with = |tasks: &[Task]| LoadOptions { tasks: Some(tasks.to_vec()), ..options() };
    let text = load(&["pose"], &with(&[Task::Pose, Task::Seg])).unwrap_err().to_string();
    assert!(text.contains("`seg`: none of the models has it"), "{text}");
    let text = load(&["pose", "seg"], &with(&[Task::Seg])).unwrap_err().to_string();
    assert!(text.contains("none of the tasks asked for; it has pose"), "{text}");

    let engine = load(&["pose"], &options()).unwrap();
    let request = Request { tasks: Some(vec![Task::Pose, Task::Normal]), ..Default::default() };
    let error = engine.run(&picture(), &request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("`normal`: no loaded model has it; loaded are pose"), "{error}");
}

#[test]
fn a_box_that_cannot_be_is_an_error() {
    let engine = load(&["pose", "normal"], &options()).unwrap();
    for bad in [
        Rect { width: 0.0, ..BOX },
        Rect { height: -1.0, ..BOX },
        Rect { x: f32::NAN, ..BOX },
        Rect { width: f32::INFINITY, ..BOX },
        Rect { x: 1000.0, ..BOX },
    ] {
        for framing in [Framing::Official, Framing::Crop] {
            let request = Request { boxes: vec![BOX, bad], framing, ..Request::default() };
            let error = engine.run(&picture(), &request).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{bad:?}: {error}");
        }
    }
}

#[test]
fn images_of_any_shape_give_results_of_their_size() {
    let engine = load(&["pose", "seg", "albedo"], &options()).unwrap();
    for (width, height) in [(1, 1), (1, 300), (301, 2), (96, 128), (95, 129)] {
        let size = Size::new(width, height);
        let image = Image::from_rgb8(size, vec![90; 3 * size.area()]).unwrap();
        let result = engine.run(&image, &Request::default()).unwrap();
        assert_eq!(result.image, size);
        assert_eq!(result.scene.seg.as_ref().unwrap().labels.dim(), (height, width));
        assert_eq!(result.scene.albedo.as_ref().unwrap().dim(), (height, width, 3));
        assert!(result.scene.albedo.unwrap().iter().all(|v| (0.0..=1.0).contains(v)));
        let pose = result.people[0].pose.as_ref().unwrap();
        assert!(pose.iter().all(|k| k.x.is_finite() && k.y.is_finite() && k.score.is_finite()), "{size}");
    }
}

/// Converts a reference to a file, and loads it.
fn converted(name: &str, raw: bool, folder: &Path) -> Engine {
    let out = folder.join(format!("{name}.{raw}.onnx"));
    let source = Source::open(golden_checkpoint(name)).unwrap();
    let input = (name != "pointmap").then_some(INPUT);
    let plan = convert::plan(&source, &ConvertOptions { raw, input, rope: Some(Rope::Fp32), ..Default::default() });
    convert::write(plan.unwrap(), &source, &out, &mut quiet).unwrap();
    let options = LoadOptions { input: None, rope: None, ..options() };
    let engine = Engine::load(&[ModelSource::Path(out)], &options, &mut quiet).unwrap();
    assert_eq!(engine.models()[0].info().raw, raw);
    engine
}

/// All numbers of a result, in a fixed order.
fn numbers(result: &FrameResult) -> Vec<f32> {
    let scene = &result.scene;
    let pose = result.people[0].pose.iter().flatten().flat_map(|k| [k.x, k.y, k.score]);
    let maps = [&scene.normal, &scene.pointmap, &scene.albedo].into_iter().flatten().flatten().copied();
    let matte = scene.matting.iter().flat_map(|m| m.alpha.iter().chain(&m.foreground)).copied();
    let seg = scene.seg.iter().flat_map(|s| s.confidence.iter().copied().chain(s.labels.iter().map(|l| f32::from(*l))));
    let features = scene.features.iter().flat_map(|f| f.tokens.iter().chain(&f.featmap)).copied();
    pose.chain(maps).chain(matte).chain(seg).chain(features).collect()
}

#[test]
fn raw_and_decoding_graphs_give_the_same_in_image_space() {
    let (folder, image) = (tempfile::tempdir().unwrap(), picture());
    for name in ["pretrain", "pose", "seg", "normal", "pointmap", "albedo", "matting"] {
        let [raw, decoding] = [true, false].map(|raw| {
            let request = Request { boxes: vec![BOX], ..Default::default() };
            numbers(&converted(name, raw, folder.path()).run(&image, &request).unwrap())
        });
        assert!(raw.len() == decoding.len() && raw.len() > 900, "{name}");
        // Random weights: here and there two labels or peaks are equal within rounding.
        let far = raw.iter().zip(&decoding).filter(|(a, b)| (**a - **b).abs() > 2e-3 * b.abs().max(1.0)).count();
        println!("{name}: {far} of {} values differ", raw.len());
        assert!(far * 500 <= raw.len(), "{name}: {far} of {} values differ", raw.len());
        assert!(raw.iter().chain(&decoding).all(|v| v.is_finite()), "{name}");
    }
}

#[test]
fn a_graph_has_its_options_built_in() {
    let folder = tempfile::tempdir().unwrap();
    drop(converted("pose", false, folder.path()));
    let graph = ModelSource::Path(folder.path().join("pose.false.onnx"));
    let bare = LoadOptions { input: None, rope: None, ..options() };
    for (wrong, name) in [
        (LoadOptions { input: Some(INPUT), ..bare.clone() }, "input size"),
        (LoadOptions { rope: Some(Rope::Bf16), ..bare.clone() }, "rope"),
        (LoadOptions { precision: Some(Precision::Fp16), ..bare.clone() }, "precision"),
    ] {
        let text = Engine::load(std::slice::from_ref(&graph), &wrong, &mut quiet).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains("sapiens convert"), "{text}");
    }
}

#[test]
fn the_frame_of_normals_can_be_overridden() {
    let image = picture();
    let run = |normal_frame| {
        let engine = load(&["normal"], &LoadOptions { normal_frame, ..options() }).unwrap();
        engine.run(&image, &Request::default()).unwrap().scene.normal.unwrap()
    };
    let (camera, turned) = (run(None), run(Some(NormalFrame::OpenGl)));
    let expected: Vec<f32> = camera.iter().enumerate().map(|(i, v)| if i % 3 == 0 { *v } else { -v }).collect();
    assert!(worst(turned.as_slice().unwrap(), &expected) == 0.0);
    let lengths = camera.exact_chunks((1, 1, 3)).into_iter().map(|n| n.iter().map(|v| v * v).sum::<f32>().sqrt());
    assert!(lengths.into_iter().all(|l| (l - 1.0).abs() < 1e-4 || l == 0.0));
}
