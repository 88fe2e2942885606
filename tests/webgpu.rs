//! The WebGPU provider against the processor of the same ONNX Runtime.
//!
//! These tests need a build of ONNX Runtime with that provider, named in `SAPIENS_ORT_WEBGPU`, and a Vulkan driver
//! (`cargo xtask test` sees to both). Without them they fail: a GPU path that was not run is not a green one. A process
//! has one ONNX Runtime, so this file uses that build throughout, and every test has `webgpu` in its name.
//!
//! Tolerances are some ten times what SwiftShader showed: 5e-4 px, 2e-5 in the golden outputs, 4e-6 in the maps.

#[path = "common/framings.rs"]
mod framings;
#[path = "common/traffic.rs"]
mod traffic;
#[path = "common/webgpu_library.rs"]
mod webgpu_library;

use ndarray::{Array, Dimension};
use prost::Message;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions, InMemory};
use sapiens::engine::{DeviceFraming, Engine, FrameResult, LoadOptions, ModelSource, Request, try_device};
use sapiens::geometry::Size;
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat};
use sapiens::live::{Context, ContextOptions, Frame, LoadRequest, Pixels, Stream, StreamOptions};
use sapiens::onnx::{Attr, Builder, Dim, Element, unfuse_attention};
use sapiens::runtime::{Device, Library, ModelBytes, Session, SessionOptions, Tensor, View};
use sapiens::spec::{Rope, Rotation, Task};
use testkit::Expected;
use webgpu_library::library_path;

/// Of keypoints, in image pixels.
const PIXELS: f32 = 5e-3;
/// Of scores, unit normals, metres, and colours and coverage in 0..1.
const FLOATS: f32 = 5e-5;
/// Of raw outputs against the reference implementation, as on the processor.
const GOLDEN: f32 = 2e-4;
/// The same with the rotary embedding in bfloat16: a rounding may fall the other way.
const GOLDEN_BF16: f32 = 1e-2;
/// Share of pixels whose part is the same: a tie may fall either way.
const LABELS: f64 = 0.9999;

fn library() -> &'static Library {
    Library::load(Some(&library_path())).unwrap()
}

fn on(devices: &[Device]) -> SessionOptions {
    SessionOptions { devices: devices.to_vec(), ..Default::default() }
}

/// The demo model; `input` to shrink what the software GPU has to compute.
fn load(devices: &[Device], tasks: &[Task], input: Option<Size>) -> Engine {
    let options = LoadOptions {
        session: on(devices),
        library: Some(library_path()),
        tasks: Some(tasks.to_vec()),
        input,
        ..Default::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut |_, _, _| Ok(())).unwrap()
}

/// What both devices make of a picture.
fn on_both(tasks: &[Task], input: Option<Size>) -> [FrameResult; 2] {
    let image = Image::open("assets/standing.jpg").unwrap();
    [Device::Cpu, Device::WebGpu].map(|device| {
        let engine = load(&[device], tasks, input);
        assert_eq!(engine.models()[0].device(), device);
        engine.run(&image, &Request::default()).unwrap()
    })
}

/// Largest absolute difference; what is undefined must be so in both.
fn difference<'a>(a: impl IntoIterator<Item = &'a f32>, b: impl IntoIterator<Item = &'a f32>) -> f32 {
    let (a, b): (Vec<f32>, Vec<f32>) = (a.into_iter().copied().collect(), b.into_iter().copied().collect());
    assert!(!a.is_empty() && a.len() == b.len(), "{} against {} values", a.len(), b.len());
    let defined = a.iter().zip(&b).filter(|(a, b)| !(a.is_nan() && b.is_nan()));
    defined.map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() }).fold(0.0, |most, d| if d <= most { most } else { d })
}

/// Two maps agree, and hold more than one value.
fn assert_close<D: Dimension>(name: &str, a: &Option<Array<f32, D>>, b: &Option<Array<f32, D>>) {
    let (a, b) = (a.as_ref().unwrap(), b.as_ref().unwrap());
    assert_eq!(a.shape(), b.shape(), "{name}");
    let first = a.iter().find(|v| !v.is_nan()).unwrap();
    assert!(a.iter().any(|v| (v - first).abs() > 0.01), "{name} is flat");
    let worst = difference(a, b);
    println!("{name}: {worst:.1e}");
    assert!(worst <= FLOATS, "{name}: {worst}");
}

#[test]
fn webgpu_is_there_and_computes() {
    let library = library();
    assert!(library.providers().iter().any(|p| p == Device::WebGpu.provider()), "{:?}", library.providers());
    try_device(library, Device::WebGpu).unwrap();
    try_device(library, Device::Cpu).unwrap();
}

#[test]
fn webgpu_gives_the_demo_results_of_the_processor() {
    let tasks = [Task::Pose, Task::Seg, Task::Normal, Task::Albedo, Task::Matting];
    let [cpu, gpu] = on_both(&tasks, Some(Size::new(96, 128)));

    let [a, b] = [&cpu, &gpu].map(|r| r.people[0].pose.as_ref().unwrap());
    assert_eq!((a.len(), b.len()), (308, 308));
    let worst = a.iter().zip(b).map(|(a, b)| (a.x - b.x).hypot(a.y - b.y)).fold(0.0, f32::max);
    println!("keypoints: {worst:.1e} px");
    assert!(worst <= PIXELS, "keypoints: {worst} px");
    assert!(a.iter().any(|k| k.score > 0.3), "nobody was seen");
    let [a, b] = [a, b].map(|pose| pose.iter().map(|k| k.score).collect::<Vec<_>>());
    assert!(difference(&a, &b) <= FLOATS, "scores: {}", difference(&a, &b));

    let [a, b] = [&cpu, &gpu].map(|r| r.scene.seg.as_ref().unwrap());
    let same = a.labels.iter().zip(&b.labels).filter(|(a, b)| a == b).count();
    println!("labels: {} of {} differ", a.labels.len() - same, a.labels.len());
    assert!(a.labels.iter().any(|l| *l != a.labels[(0, 0)]), "one part everywhere");
    assert!(same as f64 >= LABELS * a.labels.len() as f64, "labels: {same} of {} agree", a.labels.len());
    assert!(difference(&a.confidence, &b.confidence) <= FLOATS);

    assert_close("normal", &cpu.scene.normal, &gpu.scene.normal);
    assert_close("albedo", &cpu.scene.albedo, &gpu.scene.albedo);
    let [a, b] = [cpu, gpu].map(|r| r.scene.matting.unwrap());
    assert_close("alpha", &Some(a.alpha), &Some(b.alpha));
    assert_close("foreground", &Some(a.foreground), &Some(b.foreground));
}

/// At the model's own size, which the scale branch fixes.
#[test]
fn webgpu_gives_the_demo_pointmap_of_the_processor() {
    let [cpu, gpu] = on_both(&[Task::Pointmap], None);
    assert_close("pointmap", &cpu.scene.pointmap, &gpu.scene.pointmap);
}

/// Raw outputs of a tiny reference checkpoint against the reference implementation.
fn check_golden(name: &str, output: &str, rope: Rope, rotation: Rotation) {
    let source = Source::open(testkit::golden_checkpoint(name)).unwrap();
    let expected = testkit::expected(name);
    let shape = expected.shape("input");
    let options = ConvertOptions {
        raw: true,
        rope: Some(rope),
        rotation,
        input: Some(Size::new(shape[3], shape[2])),
        ..ConvertOptions::default()
    };
    let (prefix, tolerance) = match rope {
        Rope::Fp32 => ("fp32rope.", GOLDEN),
        Rope::Bf16 => ("", GOLDEN_BF16),
    };
    check_output(name, &source, &expected, options, &format!("{prefix}{output}"), tolerance);
}

/// The raw output that is called like the stored one, without its prefix.
fn check_output(
    name: &str,
    source: &Source,
    expected: &Expected,
    options: ConvertOptions,
    stored: &str,
    tolerance: f32,
) {
    let shape = expected.shape("input");
    let output = stored.rsplit('.').next().unwrap();
    let plan = convert::plan(source, &options).unwrap();
    let InMemory { mut model, weights } = convert::in_memory(plan, source, &mut |_, _, _| Ok(())).unwrap();
    // What the engine does on a device whose fused attention is wrong, and right on any.
    unfuse_attention(&mut model);
    let graph = model.encode_to_vec();
    let bytes = ModelBytes { graph: &graph, folder: None, weights: Some((InMemory::WEIGHTS, &weights)) };
    let session = Session::open(library(), bytes, &on(&[Device::WebGpu])).unwrap();
    assert_eq!(session.device(), Device::WebGpu);
    let found = session.run(&[("input", View::F32(&shape, &expected.input("input")))], &[output]).unwrap().remove(0);
    let (a, b) = expected.compare_slice(stored, found.floats().unwrap(), &found.shape);
    let worst = difference(&a, &b);
    println!("{name}: {worst:.1e}");
    assert!(worst <= tolerance, "{name}: {worst}");
}

#[test]
fn webgpu_gives_the_golden_heatmaps() {
    check_golden("pose", "heatmaps", Rope::Fp32, Rotation::Fused);
}

#[test]
fn webgpu_gives_the_golden_normals() {
    check_golden("normal", "normal", Rope::Fp32, Rotation::Fused);
}

#[test]
fn webgpu_gives_the_golden_outputs_of_sapiens_v1() {
    for (name, output) in [("pretrain", "tokens"), ("pose17", "heatmaps"), ("seg", "logits")] {
        let tensors = testkit::golden_tensors1(name);
        let metadata = [("heads", "4")];
        let source = Source::from_bytes(testkit::safetensors_bytes(&tensors, testkit::Dtype::F32, &metadata)).unwrap();
        let options = ConvertOptions { raw: true, ..ConvertOptions::default() };
        check_output(name, &source, &testkit::expected1(name), options, output, GOLDEN);
    }
}

/// The arithmetic that stands for bfloat16 there survives the shader compiler; without it the error is 3e-2.
#[test]
fn webgpu_gives_the_golden_heatmaps_of_the_bfloat16_rotation() {
    check_golden("pose", "heatmaps", Rope::Bf16, Rotation::Veltkamp);
}

/// The engine uses the fused operator exactly where it computes what the processor does.
#[test]
fn webgpu_attention_is_fused_only_where_that_is_right() {
    let shape = [1, 57, 32];
    let dims = [Dim::Batch, Dim::Fixed(57), Dim::Fixed(32)];
    let mut b = Builder::new();
    let names = ["q", "k", "v"].map(|name| b.input(name, Element::F32, &dims));
    let [q, k, v] = names.each_ref().map(String::as_str);
    let y = b.ms_op("MultiHeadAttention", &[q, k, v], &[("num_heads", Attr::Int(4)), ("scale", Attr::Float(0.3))]);
    let y = b.rename(&y, "y");
    b.output(&y, Element::F32, &dims);
    let fused = b.finish("attention", &[]);
    let mut plain = fused.clone();
    unfuse_attention(&mut plain);

    let values = [1.7f32, 2.3, 2.9].map(|step| (0..57 * 32).map(|i| (i as f32 * step).sin()).collect::<Vec<_>>());
    let run = |model: &sapiens::onnx::proto::ModelProto, device| -> Tensor {
        let bytes = ModelBytes { graph: &model.encode_to_vec(), folder: None, weights: None };
        let inputs = [("q", &values[0]), ("k", &values[1]), ("v", &values[2])];
        let inputs = inputs.map(|(name, values)| (name, View::F32(&shape, values)));
        Session::open(library(), bytes, &on(&[device])).unwrap().run(&inputs, &["y"]).unwrap().remove(0)
    };
    let expected = run(&fused, Device::Cpu);
    let error = |found: Tensor| difference(expected.floats().unwrap(), found.floats().unwrap());
    assert!(error(run(&plain, Device::Cpu)) < 1e-5);
    assert!(error(run(&plain, Device::WebGpu)) < 1e-5);
    let fused_error = error(run(&fused, Device::WebGpu));
    println!("fused attention: {fused_error:.1e}");

    let engine = load(&[Device::WebGpu], &[Task::Normal], None);
    assert_eq!(engine.models()[0].fused_attention(), fused_error < 1e-2, "error {fused_error}");
    assert!(load(&[Device::Cpu], &[Task::Normal], None).models()[0].fused_attention());
}

#[test]
fn webgpu_first_in_a_list_is_the_device_that_is_used() {
    let engine = load(&[Device::WebGpu, Device::Cpu], &[Task::Normal], None);
    assert_eq!(engine.models()[0].device(), Device::WebGpu);
    assert!(engine.models()[0].refused().is_empty());
    // No CUDA in this build: refused, with the reason, and the next one used because it was listed.
    let engine = load(&[Device::Cuda(0), Device::WebGpu], &[Task::Normal], None);
    let model = &engine.models()[0];
    assert_eq!(model.device(), Device::WebGpu);
    assert_eq!(model.refused().len(), 1);
    assert_eq!(model.refused()[0].0, Device::Cuda(0));
}

#[test]
fn webgpu_frames_as_the_host_does() {
    framings::check_framings(library(), Device::WebGpu);
}

#[test]
fn webgpu_takes_raw_frames_as_they_lie() {
    framings::check_layouts(library(), Device::WebGpu);
    framings::check_nv12(library(), Device::WebGpu);
}

/// By itself, and the feature map stays on the device too.
#[test]
fn webgpu_is_given_the_frame_once_and_gives_results_only() {
    traffic::check_engine(&library_path(), Device::WebGpu, DeviceFraming::Auto);
}

/// Without a conversion on the host.
#[test]
fn webgpu_streams_take_frames_as_they_come() {
    let options = ContextOptions { devices: vec![Device::WebGpu], library: Some(library_path()), ..Default::default() };
    let context = Context::new(options).unwrap();
    let request = LoadRequest { tasks: Some(vec![Task::Pose]), input: Some(Size::new(96, 128)), ..Default::default() };
    context.load(&ModelSource::Demo, &request, &mut |_, _, _| Ok(())).unwrap();
    let image = Image::open("assets/standing.jpg").unwrap();
    let (size, rgb) = (image.size(), image.pixels());
    let format = FrameFormat { size, format: PixelFormat::Bgra8, yuv: None, orientation: Orientation::Normal };
    let bytes: Vec<u8> = rgb.chunks_exact(3).flat_map(|p| [p[2], p[1], p[0], 7]).collect();
    let mut seen = Vec::new();
    for keep_picture in [false, true] {
        let stream = Stream::new(&context, StreamOptions { keep_picture, ..StreamOptions::default() }).unwrap();
        let pixels = Pixels::Packed(bytes.clone(), format);
        stream.submit(Frame { pixels, ..Frame::of_image(image.clone()) }, None).unwrap();
        let result = stream.poll(None).unwrap().unwrap();
        result.outcome.as_ref().unwrap();
        // Where the host wants to see the picture it converts it, and that is brought over.
        let crosses = (size.area() * if keep_picture { 3 } else { 4 }) as u64;
        assert!((crosses..crosses + (16 << 10)).contains(&result.traffic.to_device), "{:?}", result.traffic);
        assert_eq!(result.traffic.to_host, 308 * 12);
        assert_eq!(result.picture.is_some(), keep_picture);
        seen.push(result.people[0].pose.as_ref().unwrap().value.clone());
        stream.destroy().unwrap();
    }
    assert!(seen[0] == seen[1] && seen[0].iter().any(|k| k.score > 0.3));
}
