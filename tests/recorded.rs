//! Runs on tensors that stay where they are, recorded where the device can: whatever comes in between, they give what plain runs
//! give.
//!
//! Tests with `webgpu` in their name take their library from `SAPIENS_ORT_WEBGPU`, as those of `webgpu.rs`.

mod common;
#[path = "common/webgpu_library.rs"]
mod webgpu_library;

use prost::Message;
use sapiens::engine::{DeviceFraming, Engine, FrameResult, LoadOptions, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::onnx::{Attr, Builder, Dim, Element};
use sapiens::runtime::{
    Device, DeviceTensor, Input, Library, ModelBytes, ProviderOptions, Session, SessionOptions, Tensor, Traffic, View,
};
use sapiens::spec::Task;
use std::path::PathBuf;

const INPUT: Size = Size::new(48, 64);
const LENGTH: usize = 6;

fn options(device: Device, recorded: bool) -> SessionOptions {
    let providers = ProviderOptions { recorded, ..ProviderOptions::default() };
    SessionOptions { devices: vec![device], threads: 1, providers, ..SessionOptions::default() }
}

/// `y = softmax(x * 3 + 1)` over the second axis, and half of the sum.
fn session(library: &'static Library, device: Device, recorded: bool, outputs: usize) -> Session {
    let mut b = Builder::new();
    let dims = [Dim::Batch, Dim::Fixed(LENGTH)];
    let x = b.input("x", Element::F32, &dims);
    let (three, one, half) = (b.floats(&[3.0], &[]), b.floats(&[1.0], &[1]), b.floats(&[0.5], &[]));
    let scaled = b.op("Mul", &[&x, &three], &[]);
    let moved = b.op("Add", &[&scaled, &one], &[]);
    let y = b.op("Softmax", &[&moved], &[("axis", Attr::Int(1))]);
    let z = b.op("Mul", &[&moved, &half], &[]);
    let (y, z) = (b.rename(&y, "y"), b.rename(&z, "z"));
    for name in [y, z].iter().take(outputs) {
        b.output(name, Element::F32, &dims);
    }
    let graph = b.finish("small", &[]).encode_to_vec();
    let model = ModelBytes { graph: &graph, folder: None, weights: None };
    let session = Session::open(library, model, &options(device, recorded)).unwrap();
    assert!(session.recording_refused().is_none(), "{:?}", session.recording_refused());
    assert_eq!(session.is_single(), recorded);
    session
}

fn numbers(step: f32) -> Vec<f32> {
    (0..LENGTH).map(|i| (i as f32 * step).sin()).collect()
}

fn host(values: &[f32]) -> Input<'_> {
    Input::Host(View::F32(&[1, LENGTH], values))
}

fn check_sessions(library: &'static Library, device: Device) {
    let [plain, fixed] = [false, true].map(|recorded| session(library, device, recorded, 2));
    let mut traffic = Traffic::default();
    let names = ["y", "z"];
    let mut fetch = |session: &Session, input: Input| -> Vec<Tensor> {
        session.fetch(&[("x", input)], &names, &mut traffic).unwrap()
    };
    for step in [0.3, 1.7, 0.3, 2.9] {
        let values = numbers(step);
        let (a, b) = (fetch(&plain, host(&values)), fetch(&fixed, host(&values)));
        assert_eq!(a, b, "{step}");
        assert!(a[0].floats().unwrap()[0] != a[0].floats().unwrap()[1]);
    }
    assert_eq!((plain.fixed_runs(), fixed.fixed_runs(), fixed.runs()), (0, 4, 4));
    assert_eq!(traffic.to_device, 2 * 4 * 4 * LENGTH as u64);
    assert_eq!(traffic.to_host, 2 * 4 * 8 * LENGTH as u64);
    // Other outputs than before: a plain run.
    let values = numbers(0.7);
    let only = |session: &Session| session.run(&[("x", View::F32(&[1, LENGTH], &values))], &["z"]).unwrap();
    assert_eq!(only(&plain), only(&fixed));
    assert_eq!((fixed.fixed_runs(), fixed.runs()), (4, 5));
    // The shape is fixed, so another is an error, and nothing is broken by it.
    let two = [numbers(0.1), numbers(0.2)].concat();
    let error = fixed.run(&[("x", View::F32(&[2, LENGTH], &two))], &names).unwrap_err();
    assert!(error.to_string().contains('x'), "{error}");
    assert_eq!(only(&plain), only(&fixed));
}

/// What a run leaves is not overwritten as long as somebody has it; and what one session writes another one reads.
fn check_loans(library: &'static Library, device: Device) {
    let open = |recorded| session(library, device, recorded, 1);
    let ([plain, plain_next], [fixed, next]) = ([false; 2].map(open), [true; 2].map(open));
    let mut traffic = Traffic::default();
    let mut keep = |session: &Session, values: &[f32]| -> DeviceTensor {
        session.keep(&[("x", host(values))], &["y"], &mut traffic).unwrap().swap_remove(0)
    };
    let all: Vec<Vec<f32>> = [0.3, 1.1, 2.3].into_iter().map(numbers).collect();
    let of = |session: &Session, tensor: &DeviceTensor| -> Tensor {
        let input = [("x", Input::Device(tensor))];
        session.fetch(&input, &["y"], &mut Traffic::default()).unwrap().swap_remove(0)
    };
    let expected: Vec<Tensor> = all.iter().map(|values| of(&plain_next, &keep(&plain, values))).collect();

    let first = keep(&fixed, &all[0]);
    assert_eq!(of(&next, &first), expected[0]);
    let second = keep(&fixed, &all[1]);
    assert_eq!((fixed.fixed_runs(), fixed.runs()), (1, 2), "the first is still needed");
    // The second lies elsewhere, and its place in the next session is taken.
    assert_eq!(of(&next, &second), expected[1]);
    assert_eq!(of(&next, &first), expected[0], "untouched");
    assert_eq!((next.fixed_runs(), next.runs()), (2, 3));
    drop(first);
    assert_eq!(of(&next, &second), expected[1], "now it is brought there");
    assert_eq!((next.fixed_runs(), next.runs()), (3, 4));
    let third = keep(&fixed, &all[2]);
    assert_eq!(fixed.fixed_runs(), 2);
    assert_eq!(of(&next, &third), expected[2]);
    // Somebody else fills the input.
    drop((second, third));
    let place = fixed.lend_input("x").unwrap().unwrap();
    assert!(fixed.lend_input("x").unwrap().is_none(), "one at a time");
    assert!(plain.lend_input("x").unwrap().is_none());
    let source = keep(&plain, &all[0]);
    plain.keep_in(&[("x", Input::Device(&source))], "y", &place, &mut Traffic::default()).unwrap();
    let again = plain.keep(&[("x", Input::Device(&source))], &["y"], &mut Traffic::default()).unwrap();
    assert_eq!(of(&fixed, &place), of(&plain, &again[0]));
    assert_eq!(fixed.fixed_runs(), 3);
    let no_place = plain.keep_in(&[("x", Input::Device(&again[0]))], "y", &source, &mut Traffic::default());
    assert!(no_place.unwrap_err().to_string().contains("lent"));
}

fn engine(device: Device, library: PathBuf, recorded: bool, framing: DeviceFraming, flip_test: bool) -> Engine {
    let options = LoadOptions {
        session: options(device, recorded),
        library: Some(library),
        tasks: Some(vec![Task::Pose, Task::Normal]),
        input: Some(INPUT),
        device_framing: framing,
        decoded_seg: true,
        flip_test,
        ..LoadOptions::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut common::quiet).unwrap()
}

fn picture(seed: usize, size: Size) -> Image {
    let texture = |i: usize| ((i + seed).wrapping_mul(2_654_435_761) >> 13) as u8;
    Image::from_rgb8(size, (0..size.area() * 3).map(texture).collect()).unwrap()
}

/// Of keypoints in pixels, of scores and normals: a graph of which the batch is known may be computed in another order.
const PIXELS: f32 = 5e-3;
const FLOATS: f32 = 5e-5;

fn close(a: &FrameResult, b: &FrameResult) {
    assert_eq!((a.people.len(), a.traffic), (b.people.len(), b.traffic));
    let mut worst = [0.0_f32; 3];
    for (a, b) in a.people.iter().zip(&b.people) {
        let (a, b) = (a.pose.as_ref().unwrap(), b.pose.as_ref().unwrap());
        assert!(a.len() == b.len() && !a.is_empty());
        for (a, b) in a.iter().zip(b) {
            // Of a keypoint that is nowhere any place of the heatmap can be the highest.
            let off = if a.score < 0.05 { 0.0 } else { (a.x - b.x).hypot(a.y - b.y) };
            worst = [worst[0].max(off), worst[1].max((a.score - b.score).abs()), worst[2]];
        }
    }
    let normals = |result: &FrameResult| -> Vec<f32> {
        let maps = result.people.iter().map(|person| &person.maps).chain([&result.scene]);
        maps.filter_map(|maps| maps.normal.as_ref()).flatten().copied().collect()
    };
    let (a, b) = (normals(a), normals(b));
    assert!(a.len() == b.len() && !a.is_empty());
    worst[2] = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, |most, d| if d <= most { most } else { d });
    println!("{:.1e} px, scores {:.1e}, normals {:.1e} apart", worst[0], worst[1], worst[2]);
    assert!(worst[0] <= PIXELS && worst[1] <= FLOATS && worst[2] <= FLOATS, "{worst:?}");
}

/// The very same numbers.
fn same(a: &FrameResult, b: &FrameResult) {
    assert_eq!(a.people.len(), b.people.len());
    assert!(a.people.iter().zip(&b.people).all(|(a, b)| a.pose == b.pose && a.maps.normal == b.maps.normal));
    assert!(a.scene.normal == b.scene.normal && a.traffic == b.traffic);
}

/// Frames of two sizes, one or two people; the share of runs on fixed tensors.
fn check_engine(device: Device, library: &std::path::Path, framing: DeviceFraming, flip_test: bool) -> f64 {
    let load = |recorded| engine(device, library.to_path_buf(), recorded, framing, flip_test);
    let (plain, fixed) = (load(false), load(true));
    let refused = fixed.models()[0].recording_refused();
    assert!(refused.is_empty(), "{device} runs something elsewhere: {refused:?}");
    let mut found = Vec::new();
    for (i, size) in [Size::new(144, 96), Size::new(90, 120), Size::new(144, 96)].into_iter().enumerate() {
        let boxes = |count: usize| {
            (0..count).map(|k| Rect { x: 8.0 * k as f32, y: 4.0, width: 40.0, height: 80.0 }).collect::<Vec<_>>()
        };
        let image = picture(i * 1_000, size);
        // One after the other, as recorded runs do it.
        let request = Request { boxes: boxes(1 + i % 2), batch_memory: Some(0), ..Request::default() };
        let result = fixed.run(&image, &request).unwrap();
        close(&plain.run(&image, &request).unwrap(), &result);
        found.push((image, request, result));
    }
    // Nothing of another picture is left in what a picture gives.
    for (image, request, result) in found.iter().take(2) {
        same(&fixed.run(image, request).unwrap(), result);
    }
    assert!(found[0].2.people[0].pose != found[2].2.people[0].pose);
    let model = &fixed.models()[0];
    let (first, heads) = model.runs();
    let all = first + heads.iter().map(|(_, runs)| runs).sum::<u64>();
    assert_eq!(plain.models()[0].fixed_runs(), 0);
    println!("{device}: {} of {all} runs on fixed tensors", model.fixed_runs());
    model.fixed_runs() as f64 / all as f64
}

#[test]
fn sessions_keep_their_tensors() {
    check_sessions(common::library(), Device::Cpu);
}

#[test]
fn what_was_left_there_stays_until_nobody_needs_it() {
    check_loans(common::library(), Device::Cpu);
}

#[test]
fn engines_find_the_same_on_fixed_tensors() {
    let path = common::library().path();
    for framing in [DeviceFraming::Off, DeviceFraming::On] {
        assert_eq!(check_engine(Device::Cpu, path, framing, false), 1.0, "every run");
    }
    // The mirrored picture is looked at while the first is still needed.
    assert_eq!(check_engine(Device::Cpu, path, DeviceFraming::On, true), 0.5);
}

fn webgpu() -> (&'static Library, PathBuf) {
    let path = webgpu_library::library_path();
    (Library::load(Some(&path)).unwrap(), path)
}

#[test]
fn webgpu_records_and_replays() {
    check_sessions(webgpu().0, Device::WebGpu);
    check_loans(webgpu().0, Device::WebGpu);
}

/// Everything, the decoding of keypoints too.
#[test]
fn webgpu_engines_find_the_same_when_runs_are_recorded() {
    assert_eq!(check_engine(Device::WebGpu, &webgpu().1, DeviceFraming::Auto, false), 1.0, "every run");
}
