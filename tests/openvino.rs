//! OpenVINO's provider against the processor's own, in the same ONNX Runtime.
//!
//! These tests need a build with that provider, named in `SAPIENS_ORT_OPENVINO` (docs/providers.md says how to get one). Without it
//! they fail: a device that was not run is not a green one. A process has one ONNX Runtime, so this file uses that build
//! throughout, and every test has `openvino` in its name.

use ndarray::{Array, Dimension};
use prost::Message;
use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{ConvertOptions, InMemory, Plan, in_memory, plan, plan_detector};
use sapiens::engine::{Engine, FrameResult, LoadOptions, ModelSource, Request, try_device, write_for};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::onnx::cut;
use sapiens::runtime::{Device, Library, ModelBytes, OpenVinoTarget, Session, SessionOptions};
use sapiens::spec::{Rotation, Task};
use std::path::{Path, PathBuf};

const FLOAT: Device = Device::OpenVino(OpenVinoTarget::Cpu);
const NARROW: Device = Device::OpenVino(OpenVinoTarget::CpuBf16);

/// How far from the processor's results: keypoints in image pixels (mean of those seen), share of labels that differ, mean
/// difference of the maps.
struct Limits {
    pixels: f32,
    labels: f64,
    maps: f64,
}

fn library_path() -> PathBuf {
    let path = std::env::var_os("SAPIENS_ORT_OPENVINO").filter(|p| !p.is_empty());
    path.expect("SAPIENS_ORT_OPENVINO names an ONNX Runtime with the OpenVINO provider: docs/providers.md").into()
}

fn library() -> &'static Library {
    Library::load(Some(&library_path())).unwrap()
}

fn load(devices: &[Device], tasks: &[Task], cache: Option<&Path>) -> sapiens::Result<Engine> {
    let options = LoadOptions {
        session: SessionOptions { devices: devices.to_vec(), threads: 1, ..Default::default() },
        library: Some(library_path()),
        tasks: Some(tasks.to_vec()),
        cache: cache.map(Path::to_path_buf),
        ..Default::default()
    };
    let source = ModelSource::Path("assets/demo/demo_bundle.safetensors".into());
    Engine::load(&[source], &options, &mut |_, _, _| Ok(()))
}

fn run(engine: &Engine, device: Device) -> FrameResult {
    assert_eq!(engine.models()[0].device(), device);
    engine.run(&Image::open("assets/standing.jpg").unwrap(), &Request::default()).unwrap()
}

fn mean_difference<D: Dimension>(name: &str, a: &Array<f32, D>, b: &Array<f32, D>) -> f64 {
    assert_eq!(a.shape(), b.shape(), "{name}");
    let both = a.iter().zip(b).filter(|(a, b)| !(a.is_nan() && b.is_nan()));
    let (count, sum) = both.fold((0, 0.0), |(n, sum), (a, b)| (n + 1, sum + f64::from((a - b).abs())));
    println!("{name}: {:.1e}", sum / f64::from(count));
    sum / f64::from(count)
}

fn check(device: Device, limits: &Limits) {
    let tasks = [Task::Pose, Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting];
    let [cpu, other] = [Device::Cpu, device].map(|device| run(&load(&[device], &tasks, None).unwrap(), device));
    let [a, b] = [&cpu, &other].map(|r| r.people[0].pose.as_ref().unwrap());
    let seen: Vec<f32> =
        a.iter().zip(b).filter(|(a, _)| a.score > 0.3).map(|(a, b)| (a.x - b.x).hypot(a.y - b.y)).collect();
    let mean = seen.iter().sum::<f32>() / seen.len() as f32;
    println!("{device}, {} keypoints: {mean:.1e} px", seen.len());
    assert!(seen.len() > 100 && mean <= limits.pixels, "{mean} px");
    let [a, b] = [&cpu, &other].map(|r| &r.scene.seg.as_ref().unwrap().labels);
    let differ = a.iter().zip(b).filter(|(a, b)| a != b).count() as f64 / a.len() as f64;
    println!("labels: {differ:.1e} differ");
    assert!(differ <= limits.labels, "labels: {differ}");
    let mean = [
        mean_difference("normal", cpu.scene.normal.as_ref().unwrap(), other.scene.normal.as_ref().unwrap()),
        mean_difference("pointmap", cpu.scene.pointmap.as_ref().unwrap(), other.scene.pointmap.as_ref().unwrap()),
        mean_difference("albedo", cpu.scene.albedo.as_ref().unwrap(), other.scene.albedo.as_ref().unwrap()),
        mean_difference(
            "alpha",
            &cpu.scene.matting.as_ref().unwrap().alpha,
            &other.scene.matting.as_ref().unwrap().alpha,
        ),
    ];
    assert!(mean.iter().all(|mean| *mean <= limits.maps), "{mean:?}");
}

#[test]
fn openvino_is_there_and_computes() {
    let library = library();
    assert!(library.providers().iter().any(|p| p == FLOAT.provider()), "{:?}", library.providers());
    for device in [FLOAT, NARROW, Device::Cpu] {
        try_device(library, device).unwrap();
    }
}

/// A graph, or the part of it from a value to others, in OpenVINO, none of it on the processor's own provider.
fn assert_taken_whole(device: Device, what: &str, source: &Source, plan: Plan, part: Option<(&str, &[&str])>) {
    let InMemory { mut model, weights } = in_memory(plan, source, &mut |_, _, _| Ok(())).unwrap();
    if let Some((input, outputs)) = part {
        model = cut(&model, &[input], outputs).unwrap();
    }
    write_for(device, &mut model);
    let graph = model.encode_to_vec();
    let bytes = ModelBytes { graph: &graph, folder: None, weights: Some((InMemory::WEIGHTS, &weights)) };
    if let Err(error) = Session::open_strict(library(), bytes, device) {
        panic!("{what} on {device}: {error}");
    }
}

/// The parts of a bundle as the engine opens them, each compiled once: that is what takes time.
#[test]
fn openvino_takes_every_task_whole() {
    let source = Source::open("assets/demo/demo_bundle.safetensors").unwrap();
    let check = |what: &str, part| {
        let options = ConvertOptions { rotation: Rotation::Rounded, ..ConvertOptions::default() };
        assert_taken_whole(NARROW, what, &source, plan(&source, &options).unwrap(), Some(part));
    };
    check("backbone", ("image", &["featmap"]));
    for task in [Task::Pose, Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting] {
        check(task.name(), ("featmap", task.decoded_outputs()));
    }
    check("seg", ("featmap", Task::Seg.raw_outputs()));
}

#[test]
fn openvino_takes_every_architecture_whole() {
    let options = |input| ConvertOptions { input, rotation: Rotation::Rounded, ..ConvertOptions::default() };
    // Grouped heads and the rounded rotation; the tokenizer of 4K.
    for name in ["pose", "pretrain_4k"] {
        let source = Source::open(testkit::golden_checkpoint(name)).unwrap();
        let shape = testkit::expected(name).shape("input");
        let plan = plan(&source, &options(Some(Size::new(shape[3], shape[2])))).unwrap();
        assert_taken_whole(FLOAT, name, &source, plan, None);
    }
    let v1 = testkit::safetensors_bytes(&testkit::golden_tensors1("seg"), testkit::Dtype::F32, &[("heads", "4")]);
    let v1 = Source::from_bytes(v1).unwrap();
    assert_taken_whole(FLOAT, "v1", &v1, plan(&v1, &options(None)).unwrap(), None);
}

#[test]
fn openvino_takes_every_detector_whole() {
    let folder = tempfile::tempdir().unwrap();
    let rtmdet = testkit::data_dir().join("detector/rtmdet.pth");
    let detr = testkit::golden_detr(folder.path());
    let demo = PathBuf::from("assets/demo/demo_bundle.safetensors");
    for (path, size) in [(detr, Some(Size::new(160, 96))), (rtmdet, Some(Size::new(192, 192))), (demo, None)] {
        let source = Source::open(&path).unwrap();
        let options = ConvertOptions { input: size, ..ConvertOptions::default() };
        let plan = plan_detector(&source, &options).unwrap();
        assert_taken_whole(FLOAT, &path.display().to_string(), &source, plan, None);
    }
}

#[test]
fn openvino_gives_the_demo_results_of_the_processor() {
    check(FLOAT, &Limits { pixels: 5e-3, labels: 1e-4, maps: 1e-4 });
}

/// Measured: see docs/providers.md.
#[test]
fn openvino_in_bfloat16_is_near_the_results_of_the_processor() {
    check(NARROW, &Limits { pixels: 1.0, labels: 0.02, maps: 0.02 });
}

#[test]
fn openvino_keeps_what_it_compiled_in_the_cache() {
    let cache = tempfile::tempdir().unwrap();
    let first = run(&load(&[FLOAT], &[Task::Normal], Some(cache.path())).unwrap(), FLOAT);
    let providers = cache.path().join("providers").join(library().version());
    let model = std::fs::read_dir(&providers).unwrap().next().unwrap().unwrap().path();
    let compiled: Vec<_> = std::fs::read_dir(model.join("openvino-cpu")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!compiled.is_empty(), "OpenVINO kept nothing");
    let again = load(&[FLOAT], &[Task::Normal], Some(cache.path())).unwrap();
    assert!(again.models()[0].is_cached());
    assert_eq!(run(&again, FLOAT).scene.normal, first.scene.normal);
}

#[test]
fn openvino_without_its_gpu_is_an_error_and_the_next_device_is_used_if_listed() {
    let gpu = Device::OpenVino(OpenVinoTarget::Gpu);
    match load(&[gpu], &[Task::Normal], None) {
        // A machine with an Intel GPU.
        Ok(engine) => assert_eq!(engine.models()[0].device(), gpu),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Device, "{error}");
            let engine = load(&[gpu, FLOAT], &[Task::Normal], None).unwrap();
            assert_eq!(engine.models()[0].device(), FLOAT);
            assert_eq!(engine.models()[0].refused().len(), 1);
        }
    }
}
