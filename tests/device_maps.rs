//! Dense maps that stay on the device: what they hold is what the host would have made, and nothing of it crosses before somebody asks.
//!
//! Tests with `webgpu` in their name take their library from `SAPIENS_ORT_WEBGPU`, as those of `webgpu.rs`.

mod common;
#[path = "common/webgpu_library.rs"]
mod webgpu_library;

use sapiens::engine::{
    DeviceFraming, DeviceMap, Engine, Finisher, FrameResult, LoadOptions, MapKind, MapSpace, Maps, ModelSource,
    Regions, Request,
};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::runtime::{Device, Library, ProviderOptions, SessionOptions, TensorData};
use sapiens::spec::Task;
use std::path::{Path, PathBuf};

/// The smallest that the head of pointmaps takes.
const INPUT: Size = Size::new(192, 256);
const DENSE: [Task; 5] = [Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting];
/// Arithmetic in another order.
const NEAR: f32 = 2e-5;

fn options(path: PathBuf, device: Device, dense: &[Task], input: Size) -> LoadOptions {
    LoadOptions {
        session: SessionOptions { devices: vec![device], threads: 1, ..SessionOptions::default() },
        library: Some(path),
        tasks: Some(std::iter::once(&Task::Pose).chain(dense).copied().collect()),
        input: Some(input),
        decoded_seg: true,
        device_framing: DeviceFraming::On,
        ..LoadOptions::default()
    }
}

fn usual() -> LoadOptions {
    options(common::library().path().to_path_buf(), Device::Cpu, &DENSE, INPUT)
}

fn load(options: &LoadOptions) -> Engine {
    Engine::load(&[ModelSource::Demo], options, &mut common::quiet).unwrap()
}

fn picture() -> Image {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/standing.jpg");
    // Larger than the input, so that pointmaps are smoothed.
    let size = Size::new(230, 300);
    sapiens::preprocess::resize(&Image::open(path).unwrap(), size, sapiens::preprocess::Interpolation::Area).unwrap()
}

fn boxes() -> Vec<Rect> {
    // The second reaches beyond the picture.
    [[40.0, 20.0, 110.0, 250.0], [150.0, 60.0, 100.0, 260.0]]
        .map(|[x, y, width, height]| Rect { x, y, width, height })
        .to_vec()
}

/// Height, width and channels of a map of the host, and its elements as floats.
fn of_host(maps: &Maps, kind: MapKind) -> (Vec<usize>, Vec<f32>) {
    let floats = |shape: &[usize], values: Vec<f32>| (shape.to_vec(), values);
    match kind {
        MapKind::Labels => {
            let labels = &maps.seg.as_ref().unwrap().labels;
            floats(labels.shape(), labels.iter().map(|label| f32::from(*label)).collect())
        }
        MapKind::Confidence => {
            let confidence = &maps.seg.as_ref().unwrap().confidence;
            floats(confidence.shape(), confidence.iter().copied().collect())
        }
        MapKind::Alpha => {
            let alpha = &maps.matting.as_ref().unwrap().alpha;
            floats(alpha.shape(), alpha.iter().copied().collect())
        }
        MapKind::Normals | MapKind::Points | MapKind::Albedo | MapKind::Foreground => {
            let map = match kind {
                MapKind::Normals => maps.normal.as_ref(),
                MapKind::Points => maps.pointmap.as_ref(),
                MapKind::Albedo => maps.albedo.as_ref(),
                _ => maps.matting.as_ref().map(|matte| &matte.foreground),
            };
            let map = map.unwrap();
            floats(map.shape(), map.iter().copied().collect())
        }
    }
}

fn of_device(map: &DeviceMap) -> (Vec<usize>, Vec<f32>) {
    let tensor = map.to_host().unwrap();
    assert_eq!((tensor.shape[1], tensor.shape[0]), (map.size().width, map.size().height));
    let values = match &tensor.data {
        TensorData::F32(values) => values.clone(),
        TensorData::U8(values) => values.iter().map(|value| f32::from(*value)).collect(),
    };
    (tensor.shape.clone(), values)
}

const KINDS: [MapKind; 7] = [
    MapKind::Labels,
    MapKind::Confidence,
    MapKind::Normals,
    MapKind::Points,
    MapKind::Albedo,
    MapKind::Alpha,
    MapKind::Foreground,
];

/// Compares the maps of two results; how many were compared.
fn compare(name: &str, host: &FrameResult, device: &FrameResult, kept: &[Task]) -> usize {
    let each = |result: &FrameResult| -> Vec<Maps> {
        result.people.iter().map(|person| person.maps.clone()).chain([result.scene.clone()]).collect()
    };
    let mut compared = 0;
    for (a, b) in each(host).iter().zip(&each(device)) {
        let sorted = |maps: &Maps| {
            let mut tasks = maps.tasks();
            tasks.sort();
            tasks
        };
        assert_eq!(sorted(a), sorted(b), "{name}");
        for kind in KINDS.into_iter().filter(|kind| a.tasks().contains(&kind.task())) {
            assert_eq!(a.image_from_map(kind.task()), b.image_from_map(kind.task()), "{name} {kind:?}");
            let found = b.device_map(kind);
            assert_eq!(found.is_some(), kept.contains(&kind.task()), "{name} {kind:?}");
            let Some(found) = found else { continue };
            let ((shape, a), (found_shape, b)) = (of_host(a, kind), of_device(found));
            assert_eq!(shape, found_shape, "{name} {kind:?}");
            let apart = a.iter().zip(&b).filter(|(a, b)| (**a - **b).abs() > NEAR || a.is_nan() != b.is_nan()).count();
            assert_eq!(apart, 0, "{name} {kind:?}: of {}", a.len());
            assert!(a.iter().any(|value| *value != a[0]), "{name} {kind:?}: all the same");
            compared += 1;
        }
    }
    compared
}

fn check(options: &LoadOptions, dense: &[Task], kept: &[Task], spaces: &[MapSpace]) {
    let engine = load(options);
    let picture = picture();
    let person = boxes();
    for &space in spaces {
        for (framing, boxes) in [(Framing::Official, vec![]), (Framing::Crop, person.clone())] {
            let name = format!("{space:?} {framing:?}");
            let request = Request { boxes, framing, space, ..Request::default() };
            let host = engine.run(&picture, &request).unwrap();
            let request = Request { device_maps: dense.to_vec(), ..request };
            let found = engine.run(&picture, &request).unwrap();
            let noted: Vec<_> = found.on_host.iter().map(|(task, _)| *task).collect();
            let expected: Vec<_> = dense.iter().copied().filter(|task| !kept.contains(task)).collect();
            assert_eq!(noted, expected, "{name}: {:?}", found.on_host);
            let maps: usize = kept.iter().map(|task| KINDS.iter().filter(|kind| kind.task() == *task).count()).sum();
            assert_eq!(compare(&name, &host, &found, kept), maps * found.people.len(), "{name}");
            let poses = |result: &FrameResult| result.people.iter().map(|p| p.pose.clone()).collect::<Vec<_>>();
            assert_eq!(poses(&host), poses(&found), "{name}");
            if expected.is_empty() {
                let keypoints = found.people.len() as u64 * 308 * 3 * 4;
                assert_eq!(found.traffic.to_host, keypoints, "{name}: only keypoints come back");
            }
            assert!(found.traffic.to_host < host.traffic.to_host, "{name}");
        }
    }
}

#[test]
fn maps_of_the_device_are_those_of_the_host() {
    let path = common::library().path().to_path_buf();
    let options = options(path, Device::Cpu, &DENSE, INPUT);
    check(&options, &DENSE, &DENSE, &[MapSpace::Model, MapSpace::Image]);
}

#[test]
fn webgpu_maps_are_those_of_the_host() {
    let library = Library::load(Some(&webgpu_library::library_path())).unwrap();
    let finisher = Finisher::of(library, Device::WebGpu).unwrap();
    for task in DENSE {
        // It has no bytes, which labels are.
        assert_eq!(finisher.check(task, INPUT).is_ok(), task != Task::Seg, "{task}: {:?}", finisher.check(task, INPUT));
    }
    let huge = finisher.check(Task::Normal, Size::new(4096, 4096)).unwrap_err();
    assert!(huge.to_string().contains("4096x4096"), "{huge}");
    // Small: software devices are slow.
    let dense = [Task::Seg, Task::Normal];
    let options = options(library.path().to_path_buf(), Device::WebGpu, &dense, Size::new(48, 64));
    check(&options, &dense, &[Task::Normal], &[MapSpace::Image]);
}

#[test]
fn on_the_processor_they_have_an_address() {
    let engine = load(&usual());
    let request = Request { device_maps: vec![Task::Normal], ..Request::default() };
    let result = engine.run(&picture(), &request).unwrap();
    let map = result.scene.device_map(MapKind::Normals).unwrap();
    assert!(map.address().is_some_and(|address| address != 0) && map.device() == Device::Cpu);
    assert!(result.scene.normal.is_none() && result.scene.albedo.is_some());
    // Each task on its own.
    assert_eq!(result.scene.on_device.len(), 1);
}

#[test]
fn they_outlive_the_runs_that_follow_and_their_engine() {
    let mut options = usual();
    options.session.providers = ProviderOptions { recorded: true, ..ProviderOptions::default() };
    let engine = load(&options);
    let request = Request { device_maps: DENSE.to_vec(), ..Request::default() };
    let (first, second) = (picture(), Image::from_rgb8(Size::new(60, 80), vec![90; 60 * 80 * 3]).unwrap());
    let kept = engine.run(&first, &request).unwrap();
    let runs = engine.models()[0].fixed_runs();
    engine.run(&second, &request).unwrap();
    assert!(engine.models()[0].fixed_runs() > runs, "the tensors of the model are free for the next run");
    let expected = engine.run(&first, &Request::default()).unwrap();
    drop(engine);
    assert_eq!(compare("outlive", &expected, &kept, &DENSE), KINDS.len());
}

#[test]
fn what_the_host_has_to_decode_comes_to_the_host_with_the_reason() {
    let reason = |options: &LoadOptions, request: Request| {
        let request = Request { device_maps: vec![Task::Normal], tasks: Some(vec![Task::Normal]), ..request };
        let result = load(options).run(&picture(), &request).unwrap();
        assert!(result.scene.normal.is_some() && result.scene.on_device.is_empty());
        let [(Task::Normal, reason)] = result.on_host.as_slice() else { panic!("{:?}", result.on_host) };
        reason.clone()
    };
    let usual = usual();
    let flipped = LoadOptions { flip_test: true, ..usual.clone() };
    assert!(reason(&flipped, Request::default()).contains("flip"));
    let regional = LoadOptions { regions: true, ..usual.clone() };
    assert!(reason(&regional, Request::default()).contains("regions"));
    let rect = Rect { x: 10.0, y: 10.0, width: 50.0, height: 90.0 };
    assert!(
        reason(&regional, Request { regions: Regions::Rects(vec![rect]), ..Request::default() }).contains("regions")
    );
    let result =
        load(&usual).run(&picture(), &Request { device_maps: vec![Task::Pose], ..Request::default() }).unwrap();
    assert!(result.on_host[0].1.contains("pose"), "{:?}", result.on_host);
}
