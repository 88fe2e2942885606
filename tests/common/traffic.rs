//! The engine with framing on the device and without: the same results, and no byte crosses that need not; shared by the tests of
//! each device, of which each uses a part.
#![allow(dead_code)]

use sapiens::engine::{DeviceFraming, Engine, FrameResult, LoadOptions, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, Plane, YuvColor};
use sapiens::preprocess::Framing;
use sapiens::runtime::{Device, SessionOptions};
use sapiens::spec::Task;
use std::path::Path;

/// Tables of one crop, at the sizes used here, take less.
const TABLES: u64 = 16 << 10;
/// Small: software devices are slow.
const INPUT: Size = Size::new(96, 128);
const TASKS: [Task; 5] = [Task::Pose, Task::Seg, Task::Normal, Task::Albedo, Task::Matting];

fn load(library: &Path, device: Device, framing: DeviceFraming, flip_test: bool) -> Engine {
    let options = LoadOptions {
        session: SessionOptions { devices: vec![device], threads: 1, ..SessionOptions::default() },
        library: Some(library.to_path_buf()),
        tasks: Some(TASKS.to_vec()),
        input: Some(INPUT),
        decoded_seg: true,
        device_framing: framing,
        flip_test,
        ..LoadOptions::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut |_, _, _| Ok(())).unwrap()
}

/// Bytes of what a person's crop, or the scene, leaves: all that may come back.
fn results(task: Task) -> u64 {
    let area = INPUT.area() as u64;
    match task {
        Task::Pose => 308 * 3 * 4,
        Task::Seg => area * (1 + 4),
        Task::Matting => area * 4 * 4,
        _ => area * 3 * 4,
    }
}

/// Of keypoints in pixels, and of scores, unit normals and colours: the pixels are the same, but a graph without its cast may be
/// computed in another order.
const PIXELS: f32 = 5e-3;
const FLOATS: f32 = 5e-5;

/// The same numbers; what is undefined is so in both.
fn same(name: &str, a: &FrameResult, b: &FrameResult) {
    assert_eq!(a.people.len(), b.people.len(), "{name}");
    let all = |result: &FrameResult| -> Vec<_> {
        result.people.iter().map(|p| p.maps.clone()).chain([result.scene.clone()]).collect()
    };
    let mut worst = [0.0_f32; 3];
    for (a, b) in all(a).iter().zip(&all(b)) {
        assert_eq!(a.tasks(), b.tasks(), "{name}");
        if let (Some(a), Some(b)) = (&a.seg, &b.seg) {
            let others = a.labels.iter().zip(&b.labels).filter(|(a, b)| a != b).count();
            assert!(others * 10_000 <= a.labels.len(), "{name}: {others} of {} labels differ", a.labels.len());
        }
        for (a, b) in [(&a.normal, &b.normal), (&a.albedo, &b.albedo)] {
            let apart = |(a, b): (&f32, &f32)| if a.is_nan() && b.is_nan() { 0.0 } else { (a - b).abs() };
            let apart = a.iter().flatten().zip(b.iter().flatten()).map(apart);
            worst[0] = apart.fold(worst[0], |most, d| if d <= most { most } else { d });
        }
    }
    for (a, b) in a.people.iter().zip(&b.people) {
        assert_eq!(a.pose.as_ref().map(Vec::len), b.pose.as_ref().map(Vec::len), "{name}");
        for (a, b) in a.pose.iter().flatten().zip(b.pose.iter().flatten()) {
            // Of a keypoint that is nowhere any place of the heatmap can be the highest.
            let off = if a.score < 0.05 { 0.0 } else { (a.x - b.x).hypot(a.y - b.y) };
            worst = [worst[0], worst[1].max(off), worst[2].max((a.score - b.score).abs())];
        }
    }
    println!("{name}: maps {:.1e}, keypoints {:.1e} px, scores {:.1e} apart", worst[0], worst[1], worst[2]);
    assert!(worst[0] <= FLOATS && worst[1] <= PIXELS && worst[2] <= FLOATS, "{name}: {worst:?}");
}

fn boxes() -> Vec<Rect> {
    let rect = |x, y, width, height| Rect { x, y, width, height };
    vec![rect(120.0, 0.0, 350.0, 712.0), rect(-50.0, 100.0, 300.0, 500.0), rect(200.0, 200.0, 40.0, 90.0)]
}

/// `framing`: what makes this device frame.
pub fn check_engine(library: &Path, device: Device, framing: DeviceFraming) {
    let image = Image::open("assets/standing.jpg").unwrap();
    let frame = image.pixels().len() as u64;
    let (host, own) = (load(library, device, DeviceFraming::Off, false), load(library, device, framing, false));
    assert!(!host.models()[0].frames_on_device() && host.models()[0].framing_refused().is_none());
    assert!(own.models()[0].frames_on_device(), "{:?}", own.models()[0].framing_refused());
    let mut cases = vec![
        (vec![Task::Pose], vec![], false),
        (vec![Task::Normal, Task::Seg], boxes(), true),
        (TASKS.to_vec(), vec![], false),
        (TASKS.to_vec(), boxes(), false),
        (TASKS.to_vec(), boxes(), true),
    ];
    // Graphs are the same on each device; a software GPU takes minutes for all of them.
    if device != Device::Cpu {
        cases.truncate(2);
        cases[1].1.truncate(2);
    }
    for (tasks, boxes, crop) in cases {
        let name = format!("{device}: {tasks:?} of {} people, {crop}", boxes.len());
        let people = boxes.len().max(1) as u64;
        let framing = if crop { Framing::Crop } else { Framing::Official };
        let request = Request { boxes, tasks: Some(tasks.clone()), framing, ..Request::default() };
        let (a, b) = (host.run(&image, &request).unwrap(), own.run(&image, &request).unwrap());
        same(&name, &a, &b);
        // The demo model sees each person, or the whole picture, and all its tasks see the same.
        let expected: u64 = tasks.iter().map(|task| results(*task) * people).sum();
        println!("{name}: framed there {:?}, on the host {:?}; the frame has {frame} bytes", b.traffic, a.traffic);
        assert_eq!(b.traffic.to_host, expected, "{name}: results and nothing else");
        assert!(
            b.traffic.to_device >= frame && b.traffic.to_device <= frame + people * TABLES,
            "{name}: {:?}",
            b.traffic
        );
        // On the host every crop crosses; the feature map stays where it is in both.
        assert_eq!((a.traffic.to_host, a.traffic.to_device), (expected, people * INPUT.area() as u64 * 3), "{name}");
    }
}

/// Mirror images are made on the device too.
pub fn check_flip_test(library: &Path, device: Device, framing: DeviceFraming) {
    let image = Image::open("assets/standing.jpg").unwrap();
    let request = Request { boxes: boxes(), tasks: Some(vec![Task::Pose, Task::Normal]), ..Request::default() };
    let [a, b] = [DeviceFraming::Off, framing].map(|f| load(library, device, f, true).run(&image, &request).unwrap());
    same("flip test", &a, &b);
    assert!(b.traffic.to_device < image.pixels().len() as u64 + 8 * TABLES, "{:?}", b.traffic);
}

/// Raw frames give what the images made of them give.
pub fn check_frames(library: &Path, device: Device, framing: DeviceFraming) {
    let image = Image::open("assets/standing.jpg").unwrap();
    let engine = load(library, device, framing, false);
    let size = Size::new(image.size().width / 2 * 2, image.size().height / 2 * 2);
    for pixels in [PixelFormat::Bgra8, PixelFormat::Gray8, PixelFormat::Nv12] {
        let yuv = (pixels == PixelFormat::Nv12).then_some(YuvColor::Bt709Full);
        let format = FrameFormat { size, format: pixels, yuv, orientation: Orientation::FlipHorizontal };
        let bytes = [image.pixels(), image.pixels()].concat();
        let row = format.row_bytes(0);
        let plane = |first| Plane { bytes: &bytes, first, stride: row as isize };
        let planes: Vec<Plane> = (0..format.plane_count()).map(|i| plane(i * row * size.height)).collect();
        let request = Request { boxes: boxes(), tasks: Some(vec![Task::Pose, Task::Normal]), ..Request::default() };
        let found = engine.run_frame(&format, &planes, &request).unwrap();
        let expected = engine.run(&format.to_image(&planes, Vec::new()).unwrap(), &request).unwrap();
        same(&format!("{pixels:?}"), &expected, &found);
        let crosses = format.packed_bytes();
        assert!(
            (crosses as u64..crosses as u64 + 4 * TABLES).contains(&found.traffic.to_device),
            "{pixels:?}: {:?}",
            found.traffic
        );
        assert!(engine.run_frame(&format, &[], &request).is_err());
    }
}
