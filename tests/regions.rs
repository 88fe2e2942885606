//! Heads that run where a person is give what they give for the whole picture, and nothing elsewhere.

mod common;

use common::{Converted, library, quiet, session_options, worst};
use prost::Message;
use sapiens::ErrorKind;
use sapiens::checkpoint::{Hints, Source};
use sapiens::convert::{ConvertOptions, InMemory};
use sapiens::engine::{Engine, FrameResult, LoadOptions, MapSpace, Maps, ModelSource, Regions, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::onnx::{Cells, WINDOWS, cut, proto::ModelProto, windowed};
use sapiens::preprocess::Framing;
use sapiens::runtime::{ModelBytes, Session, Tensor, View};
use sapiens::spec::Task;
use std::path::Path;
use testkit::{Dtype, Spec, Spec1, make_checkpoint, safetensors_bytes};

const INPUT: Size = Size::new(192, 256);
/// Width of all tiny backbones.
const EMBED: usize = 32;
const GRID: Size = Size::new(12, 16);
/// A corner, an edge, the middle, a single cell, all.
const PARTS: [[usize; 4]; 5] = [[0, 0, 5, 4], [4, 3, 16, 9], [6, 4, 9, 8], [15, 11, 16, 12], [0, 0, 16, 12]];

fn open(converted: &Converted, graph: &ModelProto) -> Session {
    let weights = Some((InMemory::WEIGHTS, &converted.weights));
    let bytes = ModelBytes { graph: &graph.encode_to_vec(), folder: None, weights };
    Session::open(library(), bytes, &session_options()).unwrap()
}

/// Without the norms that take in the whole map, every head is exact.
fn without_norms(mut model: ModelProto) -> ModelProto {
    for node in model.graph.iter_mut().flat_map(|graph| &mut graph.node) {
        if node.op_type == "InstanceNormalization" {
            "Identity".clone_into(&mut node.op_type);
            node.input.truncate(1);
            node.attribute.clear();
        }
    }
    model
}

/// The part `at` of each plane of a map.
fn part(tensor: &Tensor, at: &Cells) -> Vec<f32> {
    let &[.., height, width] = tensor.shape.as_slice() else { panic!("{:?}", tensor.shape) };
    let values: Vec<f32> = match tensor.bytes() {
        Ok(bytes) => bytes.iter().map(|b| f32::from(*b)).collect(),
        Err(_) => tensor.floats().unwrap().to_vec(),
    };
    let rows = values.chunks_exact(width).enumerate().filter(|(i, _)| at.rows.contains(&(i % height)));
    rows.flat_map(|(_, row)| row[at.columns.clone()].to_vec()).collect()
}

fn heads() -> Vec<(Source, Task)> {
    let mut heads = Vec::new();
    for task in [Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting] {
        let tensors = make_checkpoint(&Spec { layers: 1, ..Spec::tiny(task.name(), 5) });
        heads.push((Source::from_bytes(safetensors_bytes(&tensors, Dtype::F32, &[])).unwrap(), task));
    }
    for task in [Task::Seg, Task::Normal, Task::Depth] {
        let tensors = Spec1 { layers: 1, grid: [16, 12], ..Spec1::tiny(task.name(), 5) }.tensors();
        let source = Source::from_bytes(safetensors_bytes(&tensors, Dtype::F32, &[])).unwrap();
        heads.push((source.with_hints(Hints { heads: Some(4), patch_padding: None }), task));
    }
    heads
}

#[test]
fn a_part_is_what_it_is_in_the_whole() {
    for (source, task) in heads() {
        let converted = Converted::new(&source, &ConvertOptions { input: Some(INPUT), ..Default::default() });
        let is_exact = task == Task::Albedo;
        for outputs in [task.raw_outputs(), task.decoded_outputs()] {
            let head = without_norms(cut(&converted.model, &["featmap"], outputs).unwrap());
            let told = windowed(cut(&converted.model, &["featmap"], outputs).unwrap(), "featmap", &["scale"]).unwrap();
            assert_eq!(told.1.is_exact(), is_exact, "{task}");
            let (graph, windows) = windowed(head.clone(), "featmap", &["scale"]).unwrap();
            let (plain, session) = (open(&converted, &head), open(&converted, &graph));
            let shape = [1, EMBED, GRID.height, GRID.width];
            let map: Vec<f32> =
                (0..shape.iter().product::<usize>()).map(|i| ((i * 7919) % 1000) as f32 / 250.0 - 2.0).collect();
            let featmap = ("featmap", View::F32(&shape, &map));
            let whole = plain.run(&[featmap], outputs).unwrap();
            for [y0, x0, y1, x1] in PARTS {
                let cells = Cells { rows: y0..y1, columns: x0..x1 };
                let (values, at) = windows.values(&cells, GRID);
                assert_eq!(values.len(), windows.count());
                let told = (WINDOWS, View::F32(&[values.len()], &values));
                let found = session.run(&[featmap, told], outputs).unwrap();
                let s = windows.scale();
                let there = Cells { rows: y0 * s..y1 * s, columns: x0 * s..x1 * s };
                for (found, whole) in found.iter().zip(&whole) {
                    if whole.shape.len() < 3 {
                        assert_eq!(found, whole, "{task}: a value of the whole picture");
                        continue;
                    }
                    let range = whole.floats().map_or(255.0, |v| v.iter().fold(0.0_f32, |most, v| most.max(v.abs())));
                    let error = worst(&part(found, &at), &part(whole, &there));
                    assert!(error <= 1e-4 * range, "{task} {cells:?}: {error} of {range}");
                    let [.., rows, columns] = found.shape[..] else { panic!() };
                    assert!(rows * columns <= whole.shape.iter().rev().take(2).product(), "{task}");
                    if cells == (Cells { rows: 6..9, columns: 4..8 }) {
                        // Less than three cells around, on the side of the outputs.
                        assert!(rows <= 9 * s && columns <= 10 * s, "{task}: {rows}x{columns}");
                    }
                }
            }
        }
    }
}

fn random(task: &str, options: &LoadOptions) -> sapiens::Result<Engine> {
    let tensors = make_checkpoint(&Spec { layers: 1, ..Spec::tiny(task, 5) });
    let bytes = safetensors_bytes(&tensors, Dtype::F32, &[]).into();
    let source = ModelSource::Bytes { name: "random".into(), bytes };
    Engine::load(&[source], &LoadOptions { input: Some(INPUT), ..options.clone() }, &mut quiet)
}

fn regional() -> LoadOptions {
    LoadOptions { regions: true, ..LoadOptions::default() }
}

fn picture() -> Image {
    Image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/standing.jpg")).unwrap()
}

fn run(engine: &Engine, request: Request) -> FrameResult {
    engine.run(&picture(), &request).unwrap()
}

#[test]
fn a_head_without_norms_of_the_whole_map_is_exact_in_its_region() {
    let image = picture().size();
    let (w, h) = (image.width as f32, image.height as f32);
    let rect =
        Rect { x: (0.3 * w).round(), y: (0.2 * h).round(), width: (0.35 * w).round(), height: (0.4 * h).round() };
    for flip_test in [false, true] {
        let engine = random("albedo", &LoadOptions { flip_test, ..regional() }).unwrap();
        let part = run(&engine, Request { regions: Regions::Rects(vec![rect]), ..Request::default() });
        let whole = run(&engine, Request::default());
        let without =
            run(&random("albedo", &LoadOptions { flip_test, ..Default::default() }).unwrap(), Request::default());
        let [part, whole, without] = [part, whole, without].map(|r| r.scene.albedo.unwrap());
        assert!(worst(whole.as_slice().unwrap(), without.as_slice().unwrap()) < 1e-6);
        let mut differs = 0;
        for ((y, x, c), value) in part.indexed_iter() {
            let (x, y) = (x as f32, y as f32);
            let inside = x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
            let expected = whole[[y as usize, x as usize, c]];
            assert!((value - if inside { expected } else { 0.0 }).abs() < 1e-4, "{x} {y}: {value} {expected}");
            differs += usize::from(!inside && expected > 1e-3);
        }
        assert!(differs > 0, "there was something to leave out");
    }
}

#[test]
fn the_grid_of_the_network_is_blanked_too_and_points_are_no_numbers() {
    let engine = random("pointmap", &regional()).unwrap();
    let image = picture().size();
    let rect = Rect { x: 0.0, y: 0.0, width: image.width as f32, height: (0.5 * image.height as f32).round() };
    for space in [MapSpace::Image, MapSpace::Model] {
        let scene = run(&engine, Request { space, regions: Regions::Rects(vec![rect]), ..Request::default() }).scene;
        let map = scene.image_from_map(Task::Pointmap);
        for ((y, x, _), value) in scene.pointmap.unwrap().indexed_iter() {
            let (_, v) = map.apply(x as f64, y as f64);
            let below = v - f64::from(rect.height) + 0.5;
            // The border of the region is somewhere in the pixel of the network in which it lies.
            assert!(below.abs() <= 0.5 * map.0[1][1] || value.is_nan() == (below > 0.0), "{x} {y}: {value}");
        }
    }
}

fn taken(maps: &Maps) -> (f64, f64) {
    let labels = &maps.seg.as_ref().unwrap().labels;
    let normals = maps.normal.as_ref().unwrap();
    let is_empty = |y: usize, x: usize| (0..3).all(|c| normals[[y, x, c]] == 0.0);
    let people = labels.iter().filter(|l| **l != 0).count();
    let lost = labels.indexed_iter().filter(|((y, x), l)| **l != 0 && is_empty(*y, *x)).count();
    let empty = labels.indexed_iter().filter(|((y, x), _)| is_empty(*y, *x)).count();
    (lost as f64 / people as f64, empty as f64 / labels.len() as f64)
}

#[test]
fn segmentation_says_where_the_others_run() {
    let tasks = Some(vec![Task::Normal, Task::Seg]);
    let engine = Engine::load(&[ModelSource::Demo], &LoadOptions { tasks, ..regional() }, &mut quiet).unwrap();
    let all = Rect::whole(picture().size());
    for boxes in [Vec::new(), vec![all]] {
        let request = Request { regions: Regions::Seg, boxes: boxes.clone(), ..Request::default() };
        let of = |result: FrameResult| match boxes.is_empty() {
            true => result.scene,
            false => result.people[0].maps.clone(),
        };
        let part = of(run(&engine, request.clone()));
        let (lost, empty) = taken(&part);
        assert!(lost == 0.0 && empty > 0.1, "{boxes:?}: {lost} {empty}");
        let whole = of(run(&engine, Request { regions: Regions::Whole, ..request }));
        assert_eq!(whole.seg.as_ref().unwrap().labels, part.seg.as_ref().unwrap().labels);
        assert!(taken(&whole).1 < empty);
    }
}

#[test]
fn boxes_are_regions_of_each_person() {
    let engine = Engine::load(
        &[ModelSource::Demo],
        &LoadOptions { tasks: Some(vec![Task::Pose, Task::Albedo]), ..regional() },
        &mut quiet,
    )
    .unwrap();
    let boxes: Vec<Rect> = [40.0, 120.0].map(|x| Rect { x, y: 60.0, width: 50.0, height: 120.0 }).to_vec();
    let request = Request { boxes: boxes.clone(), framing: Framing::Official, ..Request::default() };
    let crops = |result: &FrameResult| result.people.iter().filter(|p| p.maps.albedo.is_some()).count();
    let whole = run(&engine, request.clone());
    let part = run(&engine, Request { regions: Regions::Boxes, ..request.clone() });
    assert_eq!(part.people.len(), 2);
    assert_eq!(crops(&whole), crops(&part));
    for (a, b) in whole.people.iter().zip(&part.people) {
        assert_eq!(a.pose.as_ref().map(Vec::len), b.pose.as_ref().map(Vec::len));
    }
    // Rectangles: one for each box.
    let one = Request { regions: Regions::Rects(boxes[..1].to_vec()), ..request };
    let error = engine.run(&picture(), &one).unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidArgument && error.to_string().contains("1 rectangles for 2 boxes"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let plain = random("normal", &LoadOptions::default()).unwrap();
    let whole = Rect::whole(picture().size());
    let ask = |engine: &Engine, regions: Regions| {
        let error = engine.run(&picture(), &Request { regions, ..Request::default() }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.to_string()
    };
    assert!(ask(&plain, Regions::Rects(vec![whole])).contains("was not loaded for them"));
    assert!(ask(&plain, Regions::Seg).contains("add `seg`"));
    assert!(ask(&plain, Regions::Rects(Vec::new())).contains("at least one"));
    assert!(ask(&plain, Regions::Rects(vec![Rect { width: f32::NAN, ..whole }])).contains("no rectangle"));

    let wide = Spec { layers: 1, up: vec![256, 256, 12, 8], ..Spec::tiny("normal", 5) };
    let bytes = safetensors_bytes(&make_checkpoint(&wide), Dtype::F32, &[]).into();
    let source = ModelSource::Bytes { name: "wide".into(), bytes };
    let options = LoadOptions { winograd: 1 << 30, input: Some(INPUT), ..regional() };
    let error = Engine::load(&[source], &options, &mut quiet).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("Winograd"), "{error}");
}
