//! A detector that frames on its device: streams give it frames as they come, and one upload serves it and the tasks.

use super::support::{LONG, ends, options, photo, poll};
use crate::common;
use sapiens::engine::{DeviceFraming, ModelSource};
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, YuvColor};
use sapiens::live::{
    Context, ContextOptions, DetectSetting, Frame, LiveResult, LoadRequest, Overlap, PeopleOptions, Pixels, Policy,
    Stream, StreamOptions,
};
use sapiens::spec::Task;
use std::sync::Arc;

/// What is found in a few frames of a format, and whether the detector frames on its device.
fn found(framing: DeviceFraming, overlap: Overlap, format: FrameFormat, bytes: &[u8]) -> (Vec<Arc<LiveResult>>, bool) {
    common::library();
    let context = Context::new(ContextOptions { threads: 1, ..ContextOptions::default() }).unwrap();
    let request = LoadRequest { device_framing: framing, ..LoadRequest::default() };
    let tasks = LoadRequest { tasks: Some(vec![Task::Pose]), ..request.clone() };
    context.load(&ModelSource::Demo, &tasks, &mut common::quiet).unwrap();
    context.load_detector(&ModelSource::Demo, &request, &mut common::quiet).unwrap();
    let people = PeopleOptions { detect: Some(DetectSetting::default()), ..PeopleOptions::default() };
    let stream = Stream::new(&context, StreamOptions { overlap, people, ..options(Policy::Block, 3) }).unwrap();
    for _ in 0..3 {
        let pixels = Pixels::Packed(bytes.to_vec(), format);
        let image = Image::from_rgb8(sapiens::geometry::Size::new(1, 1), vec![0; 3]).unwrap();
        stream.submit(Frame { pixels, ..Frame::of_image(image) }, LONG).unwrap();
    }
    let results = (0..3).map(|_| poll(&stream)).collect();
    (results, context.detector().unwrap().frames_on_device)
}

#[test]
fn it_finds_the_same_in_frames_as_they_come_and_nothing_crosses_twice() {
    ends(|| {
        let image = photo("standing");
        let bgra: Vec<u8> = image.pixels().chunks_exact(3).flat_map(|p| [p[2], p[1], p[0], 255]).collect();
        let size = image.size();
        let grey: Vec<u8> = image.pixels().chunks_exact(3).map(|p| p[1]).collect();
        let nv12 = [grey, vec![128; size.width.div_ceil(2) * 2 * size.height.div_ceil(2)]].concat();
        let format = |format, yuv| FrameFormat { size, format, yuv, orientation: Orientation::Normal };
        for (format, bytes) in
            [(format(PixelFormat::Bgra8, None), bgra), (format(PixelFormat::Nv12, Some(YuvColor::Bt709Full)), nv12)]
        {
            let (host, is_there) = found(DeviceFraming::Off, Overlap::Off, format, &bytes);
            assert!(!is_there);
            for overlap in [Overlap::Off, Overlap::On] {
                let (device, is_there) = found(DeviceFraming::On, overlap, format, &bytes);
                assert!(is_there);
                for (a, b) in host.iter().zip(&device) {
                    a.outcome.as_ref().unwrap();
                    b.outcome.as_ref().unwrap();
                    assert!(!a.people.is_empty() && a.people.len() == b.people.len(), "{format:?}");
                    for (a, b) in a.people.iter().zip(&b.people) {
                        let apart = |a: f32, b: f32| (a - b).abs();
                        let (p, q) = (a.bbox, b.bbox);
                        assert!(apart(p.x, q.x) < 0.05 && apart(p.y, q.y) < 0.05, "{p:?} {q:?}");
                        assert!(apart(p.width, q.width) < 0.05 && apart(p.height, q.height) < 0.05, "{p:?} {q:?}");
                        assert!(apart(a.score.unwrap(), b.score.unwrap()) < 1e-3 && b.pose.is_some());
                    }
                    // The frame once, and tables of the detector and of each person, which are small beside it.
                    let (frame, crossed) = (bytes.len() as u64, b.traffic.to_device);
                    let tables = 30_000 * (1 + b.people.len() as u64);
                    assert!(crossed < frame + tables, "{format:?}: {crossed} of a frame of {frame}");
                }
                let last = device.last().unwrap();
                assert!(last.traffic.to_device >= bytes.len() as u64 && last.detector_ran);
            }
        }
    });
}
