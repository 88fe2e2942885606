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

/// A whole-image map, its affine map and the region of map pixels that shows the image.
fn assert_covers(map: &Affine, left: f64, top: f64, size: Size, image: Size) {
    let corners = [(left - 0.5, top - 0.5), (left + size.width as f64 - 0.5, top + size.height as f64 - 0.5)];
    let expected = [(-0.5, -0.5), (image.width as f64 - 0.5, image.height as f64 - 0.5)];
    for ((x, y), (u, v)) in corners.into_iter().zip(expected) {
        let (found_u, found_v) = map.apply(x, y);
        assert!((found_u - u).abs() < 1e-9 && (found_v - v).abs() < 1e-9, "{x} {y} lies at {found_u} {found_v}");
    }
}

fn reference(name: &str, options: LoadOptions) -> Engine {
    let source = ModelSource::Path(testkit::golden_checkpoint(name));
    Engine::load(&[source], &LoadOptions { input: Some(Size::new(96, 128)), ..options }, &mut quiet).unwrap()
}

#[test]
fn a_letterbox_lies_around_the_image() {
    let engine = reference("normal", LoadOptions::default());
    // 200 x 100 on 96 x 128: 96 x 48, and 40 rows of black above and below.
    let image = Image::from_rgb8(Size::new(200, 100), (0..60_000u32).map(|i| (i * 7 % 251) as u8).collect()).unwrap();
    let scene = engine.run(&image, &in_model_space(Framing::Official)).unwrap().scene;
    let normal = scene.normal.as_ref().unwrap();
    assert_eq!(normal.dim(), (128, 96, 3));
    assert_covers(&scene.image_from_map(Task::Normal), 0.0, 40.0, Size::new(96, 48), image.size());
    // The same numbers: in image space each pixel is interpolated between the ones around it.
    let whole = engine.run(&image, &Request::default()).unwrap().scene.normal.unwrap();
    let back = scene.image_from_map(Task::Normal).inverse().unwrap();
    for (y, x) in [(10, 20), (50, 100), (90, 180)] {
        let (column, row) = back.apply(f64::from(x), f64::from(y));
        let (x0, y0) = (column.floor() as usize, row.floor() as usize);
        for c in 0..3 {
            let around = [(y0, x0), (y0, x0 + 1), (y0 + 1, x0), (y0 + 1, x0 + 1)].map(|(y, x)| normal[[y, x, c]]);
            let (fx, fy) = ((column - x0 as f64) as f32, (row - y0 as f64) as f32);
            let upper = around[0] * (1.0 - fx) + around[1] * fx;
            let lower = around[2] * (1.0 - fx) + around[3] * fx;
            let value = upper * (1.0 - fy) + lower * fy;
            // Brought back to unit length, so at least as long and of the same sign.
            let found = whole[[y as usize, x as usize, c]];
            assert!(found * value >= 0.0 && found.abs() >= value.abs() - 1e-4, "{found} {value}");
        }
    }
}

#[test]
fn cells_of_features_cover_the_image_in_both_spaces() {
    let engine = demo(&[Task::Features], false);
    let image = picture();
    for space in [MapSpace::Image, MapSpace::Model] {
        let scene = engine.run(&image, &Request { space, ..Request::default() }).unwrap().scene;
        let (_, height, width) = scene.features.as_ref().unwrap().featmap.dim();
        assert_eq!((width, height), (INPUT.width / 16, INPUT.height / 16));
        let map = scene.image_from_map(Task::Features);
        assert_covers(&map, 0.0, 0.0, Size::new(width, height), image.size());
    }
}

#[test]
fn labels_come_from_logits_where_a_graph_decodes_none() {
    let folder = tempfile::tempdir().unwrap();
    let source = sapiens::checkpoint::Source::open(testkit::golden_checkpoint("seg")).unwrap();
    let input = Some(Size::new(96, 128));
    let [raw, decoding] = [true, false].map(|raw| {
        let out = folder.path().join(format!("{raw}.onnx"));
        let options = sapiens::convert::ConvertOptions { raw, input, ..Default::default() };
        let plan = sapiens::convert::plan(&source, &options).unwrap();
        sapiens::convert::write(plan, &source, &out, &mut quiet).unwrap();
        let options = LoadOptions { decoded_seg: true, ..LoadOptions::default() };
        let engine = Engine::load(&[ModelSource::Path(out)], &options, &mut quiet).unwrap();
        engine.run(&picture(), &in_model_space(Framing::Official)).unwrap().scene.seg.unwrap()
    });
    let differ = raw.labels.iter().zip(&decoding.labels).filter(|(a, b)| a != b).count();
    assert!(differ * 1000 < raw.labels.len(), "{differ}");
}

#[test]
fn engines_share_models_and_refuse_a_task_twice() {
    let engine = demo(&[Task::Pose], false);
    let model = &engine.models()[0];
    let other = Engine::from_models([Arc::clone(model)]).unwrap();
    assert!(Arc::ptr_eq(&other.clone().models()[0], model));
    let pose = |engine: &Engine| engine.run(&small(), &Request::default()).unwrap().people[0].pose.clone().unwrap();
    assert_eq!(pose(&engine), pose(&other));
    let error = Engine::from_models([Arc::clone(model), Arc::clone(model)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("both predict `pose`"), "{error}");
}

#[test]
fn maps_on_grids_of_their_own_are_not_merged() {
    let engine = demo(&[Task::Seg, Task::Matting], true);
    let boxes = vec![
        Rect { x: 130.0, y: 100.0, width: 250.0, height: 600.0 },
        Rect { x: 100.0, y: 50.0, width: 300.0, height: 500.0 },
    ];
    for image in [picture(), small()] {
        let bbox = |b: &Rect| Rect { x: b.x / 4.0, y: b.y / 4.0, width: b.width / 4.0, height: b.height / 4.0 };
        let boxes = if image.size() == INPUT { boxes.iter().map(bbox).collect() } else { boxes.clone() };
        let request = Request { boxes, framing: Framing::Crop, ..Request::default() };
        let result = engine.run(&image, &request).unwrap();
        assert!(sapiens::render::merge(&result).unwrap().seg.is_some());
        let result = engine.run(&image, &Request { space: MapSpace::Model, ..request }).unwrap();
        let error = sapiens::render::merge(&result).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidArgument && error.to_string().contains("image space"), "{error}");
    }
}

#[test]
fn a_model_in_memory_is_shown_by_its_name_not_its_bytes() {
    let source = ModelSource::Bytes { name: "asset".into(), bytes: vec![7; 1000].into() };
    assert_eq!((source.to_string().as_str(), format!("{source:?}").len() < 60), ("asset", true));
    assert!(format!("{source:?}").contains("1000 bytes"));
}
