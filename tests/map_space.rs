//! Dense maps on the grid of the network, and where it lies; labels decoded in the graph; models from memory.

use sapiens::engine::{Engine, LoadOptions, MapSpace, ModelSource, Request};
use sapiens::geometry::{Affine, Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::spec::Task;
use sapiens::{ErrorKind, Result};
use std::path::Path;
use std::sync::Arc;

const INPUT: Size = Size::new(192, 256);

fn quiet(_: sapiens::convert::Stage, _: u64, _: u64) -> Result<()> {
    Ok(())
}

fn demo(tasks: &[Task], decoded_seg: bool) -> Engine {
    let options = LoadOptions { tasks: Some(tasks.to_vec()), decoded_seg, ..LoadOptions::default() };
    Engine::load(&[ModelSource::Demo], &options, &mut quiet).unwrap()
}

fn picture() -> Image {
    Image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/standing.jpg")).unwrap()
}

/// Of exactly the size of the network input.
fn small() -> Image {
    sapiens::preprocess::resize(&picture(), INPUT, sapiens::preprocess::Interpolation::Area).unwrap()
}

fn in_model_space(framing: Framing) -> Request {
    Request { space: MapSpace::Model, framing, ..Request::default() }
}

#[test]
fn an_image_of_the_input_size_has_the_same_maps_in_both_spaces() {
    let engine = demo(&[Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting], false);
    let image = engine.run(&small(), &Request::default()).unwrap().scene;
    let model = engine.run(&small(), &in_model_space(Framing::Official)).unwrap().scene;
    assert_eq!(image.seg.as_ref().unwrap().labels, model.seg.as_ref().unwrap().labels);
    let near = |a: &ndarray::Array3<f32>, b: &ndarray::Array3<f32>| {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5 || (a.is_nan() && b.is_nan()))
    };
    assert!(near(image.normal.as_ref().unwrap(), model.normal.as_ref().unwrap()));
    assert!(near(image.albedo.as_ref().unwrap(), model.albedo.as_ref().unwrap()));
    assert!(near(&image.matting.as_ref().unwrap().foreground, &model.matting.as_ref().unwrap().foreground));
    assert_eq!(model.image_from_map(Task::Normal), Affine::IDENTITY);
    assert_eq!(image.image_from_map(Task::Normal), Affine::IDENTITY);
}

#[test]
fn maps_of_the_whole_image_cover_it() {
    let engine = demo(&[Task::Seg, Task::Normal], true);
    let image = picture();
    let scene = engine.run(&image, &in_model_space(Framing::Official)).unwrap().scene;
    let labels = &scene.seg.as_ref().unwrap().labels;
    assert_eq!(labels.dim(), (INPUT.height, INPUT.width));
    let map = scene.image_from_map(Task::Seg);
    let (left, top) = map.apply(-0.5, -0.5);
    let (right, bottom) = map.apply(INPUT.width as f64 - 0.5, INPUT.height as f64 - 0.5);
    let size = image.size();
    for (found, expected) in
        [(left, -0.5), (top, -0.5), (right, size.width as f64 - 0.5), (bottom, size.height as f64 - 0.5)]
    {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
    // What is seen at a map pixel is what the image-space map says there.
    let whole = engine.run(&image, &Request::default()).unwrap().scene.seg.unwrap().labels;
    let differ = labels.indexed_iter().filter(|((y, x), label)| {
        let (column, row) = map.apply(*x as f64, *y as f64);
        whole[[row.round() as usize, column.round() as usize]] != **label
    });
    assert!(differ.count() * 50 < INPUT.area());
}

#[test]
fn maps_of_a_crop_lie_at_its_person() {
    let engine = demo(&[Task::Pose, Task::Normal], true);
    let bbox = Rect { x: 130.0, y: 100.0, width: 250.0, height: 600.0 };
    let request = Request { boxes: vec![bbox], ..in_model_space(Framing::Crop) };
    let result = engine.run(&picture(), &request).unwrap();
    let maps = &result.people[0].maps;
    assert_eq!(maps.normal.as_ref().unwrap().dim(), (INPUT.height, INPUT.width, 3));
    let (x, y) =
        maps.image_from_map(Task::Normal).apply((INPUT.width - 1) as f64 / 2.0, (INPUT.height - 1) as f64 / 2.0);
    assert!((x - 255.0).abs() < 1.0 && (y - 400.0).abs() < 1.0, "{x} {y}");
    assert!(result.scene.is_empty() && maps.tasks() == [Task::Normal]);
}

#[test]
fn labels_decoded_in_the_graph_are_those_of_the_logits() {
    let (decoded, logits) = (demo(&[Task::Seg], true), demo(&[Task::Seg], false));
    let run = |engine: &Engine| engine.run(&small(), &in_model_space(Framing::Official)).unwrap().scene.seg.unwrap();
    let (a, b) = (run(&decoded), run(&logits));
    let differ = a.labels.iter().zip(&b.labels).filter(|(a, b)| a != b).count();
    assert!(differ * 1000 < INPUT.area(), "{differ}");
    let worst = a.confidence.iter().zip(&b.confidence).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-3, "{worst}");
    // A flip test averages logits: it needs them whatever was asked for.
    let options =
        LoadOptions { tasks: Some(vec![Task::Seg]), decoded_seg: true, flip_test: true, ..LoadOptions::default() };
    let flipped = Engine::load(&[ModelSource::Demo], &options, &mut quiet).unwrap();
    assert_eq!(run(&flipped).labels.dim(), (INPUT.height, INPUT.width));
}

#[test]
fn a_checkpoint_in_memory_is_a_model_like_any_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/demo_bundle.safetensors");
    let bytes: Arc<[u8]> = std::fs::read(&path).unwrap().into();
    let source = |bytes: &Arc<[u8]>| ModelSource::Bytes { name: "asset".into(), bytes: Arc::clone(bytes) };
    let options = LoadOptions { tasks: Some(vec![Task::Pose]), ..LoadOptions::default() };
    let engine = Engine::load(&[source(&bytes)], &options, &mut quiet).unwrap();
    assert_eq!(engine.models()[0].name(), "asset");
    let pose = |engine: &Engine| engine.run(&small(), &Request::default()).unwrap().people[0].pose.clone().unwrap();
    assert_eq!(pose(&engine), pose(&demo(&[Task::Pose], false)));
    for (bytes, kind) in [
        (bytes[..bytes.len() / 2].into(), ErrorKind::CorruptModel),
        (Arc::from(&b"no model"[..]), ErrorKind::UnknownModel),
        (Arc::from(&b""[..]), ErrorKind::CorruptModel),
    ] {
        let error = Engine::load(&[source(&bytes)], &options, &mut quiet).unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains("asset"), "{kind:?}: {error:?}");
    }
}
