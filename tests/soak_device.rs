//! Frames through the device path, again and again: uploads, crops made there, outputs kept there and brought back leave nothing
//! behind.
//!
//! `SAPIENS_SOAK_FRAMES=10000 SAPIENS_TEST_DEVICE=cuda:0 SAPIENS_ORT=... cargo test --release --test soak_device -- --nocapture
//! frames_through_a` is the long one on that device. The test with `webgpu` in its name takes its library from
//! `SAPIENS_ORT_WEBGPU`, as those of `webgpu.rs`, and a model of three operators: a software GPU takes its time for each.

#[path = "common/brightness.rs"]
mod brightness;
mod common;
#[path = "common/webgpu_library.rs"]
mod webgpu_library;

use common::usage::{Usage, frames};
use sapiens::engine::{DeviceFraming, DeviceMap, Engine, LoadOptions, MapKind, ModelSource, Person, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::runtime::{Device, SessionOptions};
use sapiens::spec::Task;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Of a tiny model: what is tested is what lies around them.
const INPUT: Size = Size::new(48, 64);

fn engine(model: ModelSource, device: Device, library: Option<PathBuf>) -> Engine {
    // OpenVINO is given what the host has framed.
    let frames_there = !matches!(device, Device::OpenVino(_));
    let options = LoadOptions {
        session: SessionOptions { devices: vec![device], threads: 1, ..SessionOptions::default() },
        library,
        device_framing: if frames_there { DeviceFraming::On } else { DeviceFraming::Off },
        // A graph has its own.
        input: matches!(model, ModelSource::Bytes { .. }).then_some(INPUT),
        ..LoadOptions::default()
    };
    Engine::load(&[model], &options, &mut common::quiet).unwrap()
}

/// Pictures of two sizes, so that buffers of one are not those of the next.
fn pictures() -> Vec<Image> {
    let texture = |i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8;
    let sizes = [Size::new(144, 96), Size::new(90, 120)];
    sizes.map(|size| Image::from_rgb8(size, (0..size.area() * 3).map(texture).collect()).unwrap()).to_vec()
}

fn soak(engine: &Engine, frames: usize) {
    assert!(frames >= 100, "a soak of {frames} frames shows nothing; at least 100");
    let (device, pictures) = (engine.models()[0].device(), pictures());
    let step = |i: usize| {
        let boxes = (0..1 + i / 2 % 2).map(|k| Rect { x: 8.0 * k as f32, y: 4.0, width: 40.0, height: 80.0 }).collect();
        // Every other map stays on the device; of these every other one is brought to the host after all.
        let device_maps = if i.is_multiple_of(2) { Vec::new() } else { vec![Task::Albedo] };
        let request = Request { boxes, framing: Framing::Crop, device_maps, ..Request::default() };
        let result = engine.run(&pictures[i / 3 % 2], &request).unwrap();
        let is_seen = |p: &Person| {
            let left = p.maps.device_map(MapKind::Albedo);
            let is_there = |map: &Arc<DeviceMap>| i % 4 == 1 || map.to_host().is_ok();
            p.pose.is_some() || p.maps.depth.is_some() || p.maps.albedo.is_some() || left.is_some_and(is_there)
        };
        assert!(result.traffic.to_device > 0 && result.people.iter().all(is_seen), "{:?}", result.traffic);
    };
    let (begin, warm_up) = (Instant::now(), (frames / 5).min(2_000));
    (0..warm_up).for_each(step);
    let Some(before) = Usage::now() else { return println!("this system does not tell what a process takes") };
    (warm_up..frames).for_each(step);
    let (after, rate) = (Usage::now().unwrap(), frames as f64 / begin.elapsed().as_secs_f64());
    println!("{device}: {frames} frames, {rate:.1} per second, {before:?} after {warm_up}, {after:?} at the end");
    after.check(before).unwrap();
}

#[test]
fn frames_through_a_device_leave_nothing_behind() {
    let tensors = testkit::golden_tensors1("pose17");
    let bytes = testkit::safetensors_bytes(&tensors, testkit::Dtype::F32, &[("heads", "4")]);
    let model = ModelSource::Bytes { name: "pose17".to_owned(), bytes: bytes.into() };
    soak(&engine(model, common::session_options().devices[0], None), frames(500));
}

#[test]
fn maps_left_on_a_device_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let model = ModelSource::Path(brightness::mirror(folder.path()));
    soak(&engine(model, common::session_options().devices[0], None), frames(500));
}

#[test]
fn frames_and_maps_on_webgpu_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let model = ModelSource::Path(brightness::mirror(folder.path()));
    soak(&engine(model, Device::WebGpu, Some(webgpu_library::library_path())), frames(500));
}
