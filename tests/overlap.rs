//! Frames of a stream that overlap, with real models: what comes out is what one thread finds.
//!
//! The test with `webgpu` in its name takes its library from `SAPIENS_ORT_WEBGPU`, as those of `webgpu.rs`.

mod common;
#[path = "common/webgpu_library.rs"]
mod webgpu_library;

use sapiens::engine::{DeviceFraming, Engine, LoadOptions, ModelSource};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::live::{
    Context, ContextOptions, Frame, LiveResult, MapFilterOptions, Overlap, PeopleOptions, Stream, StreamOptions,
    TaskSetting,
};
use sapiens::runtime::{Device, ProviderOptions, SessionOptions};
use sapiens::spec::Task;
use sapiens::track::TrackOptions;
use sapiens::track::filter::NormalFilterOptions;
use std::path::Path;
use std::sync::Arc;

const FRAMES: usize = 5;

fn engine(device: Device, library: &Path, recorded: bool) -> Engine {
    let providers = ProviderOptions { recorded, ..ProviderOptions::default() };
    let options = LoadOptions {
        session: SessionOptions { devices: vec![device], threads: 1, providers, ..SessionOptions::default() },
        library: Some(library.to_path_buf()),
        tasks: Some(vec![Task::Pose, Task::Seg, Task::Normal]),
        input: Some(Size::new(48, 64)),
        device_framing: DeviceFraming::On,
        decoded_seg: true,
        ..LoadOptions::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut common::quiet).unwrap()
}

/// People who are tracked through frames that are not alike; parts on every other one.
fn through(engine: &Engine, overlap: Overlap) -> Vec<Arc<LiveResult>> {
    let context = Context::new(ContextOptions::default()).unwrap();
    context.use_engine(engine.clone()).unwrap();
    let people = PeopleOptions {
        track: Some(TrackOptions::default()),
        maps: MapFilterOptions { normals: Some(NormalFilterOptions::default()), points: None },
        ..PeopleOptions::default()
    };
    let tasks = [(Task::Pose, 1), (Task::Normal, 1), (Task::Seg, 2)];
    let tasks = tasks.map(|(task, every_n)| TaskSetting { task, every_n, priority: 0 }).to_vec();
    let options = StreamOptions { overlap, people, tasks, depth: FRAMES, ..StreamOptions::default() };
    let stream = Stream::new(&context, options).unwrap();
    let picture = Image::open("assets/standing.jpg").unwrap();
    for i in 0..FRAMES {
        let brighter = |value: &u8| value.saturating_add(i as u8 * 9);
        let image = Image::from_rgb8(picture.size(), picture.pixels().iter().map(brighter).collect()).unwrap();
        let near = |x: f32| Rect { x: x + i as f32, y: 0.0, width: 350.0, height: 712.0 };
        // In between, people are looked for where they are expected.
        let boxes = if i == 2 { Vec::new() } else { vec![near(120.0), near(40.0)] };
        let timestamp_ns = i as i64 * 33_000_000;
        stream.submit(Frame { boxes, timestamp_ns, ..Frame::of_image(image) }, None).unwrap();
    }
    (0..FRAMES).map(|_| stream.poll(None).unwrap().unwrap()).collect()
}

fn told(result: &LiveResult) -> String {
    result.outcome.as_ref().unwrap();
    let maps = |maps: &sapiens::live::LiveMaps| -> Vec<_> {
        let of = |task| maps.get(task).map(|dated| (task, dated.frame, format!("{:?}", dated.value)));
        [Task::Seg, Task::Normal].into_iter().filter_map(of).collect()
    };
    let people: Vec<_> = result
        .people
        .iter()
        .map(|p| (p.bbox, p.origin, p.track, p.pose.clone(), maps(&p.maps), maps(&p.filtered_maps.maps)))
        .collect();
    let scene = (maps(&result.scene), maps(&result.filtered_scene.maps));
    format!("{} {:?} {people:?} {scene:?} {:?}", result.frame, result.tasks, result.traffic)
}

fn check(engine: &Engine) {
    let [serial, overlapped] = [Overlap::Off, Overlap::On].map(|overlap| through(engine, overlap));
    for (a, b) in serial.iter().zip(&overlapped) {
        assert!(told(a) == told(b), "frame {} differs", a.frame);
    }
    assert!(told(&serial[0]) != told(&serial[1]));
    let posed = serial.iter().filter(|result| result.people.iter().any(|person| person.pose.is_some()));
    assert!(posed.count() >= 2, "people were seen");
    let uploads = |results: &[Arc<LiveResult>]| {
        results.iter().all(|result| result.timings.iter().any(|timing| timing.stage == "upload"))
    };
    assert!(uploads(&overlapped) && !uploads(&serial), "brought to the device ahead");
}

#[test]
fn overlapped_frames_give_what_one_thread_gives() {
    let path = common::library().path();
    [false, true].into_iter().for_each(|recorded| check(&engine(Device::Cpu, path, recorded)));
}

#[test]
#[ignore = "many minutes on a software GPU"]
fn webgpu_frames_overlap_and_give_what_one_thread_gives() {
    check(&engine(Device::WebGpu, &webgpu_library::library_path(), true));
}
