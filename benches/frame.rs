//! Time of the work around a model: camera frames, framing a picture, carrying results to image space. `cargo bench --bench frame`.
//!
//! Prints median and best of 21 runs per step, after one warm-up. Machines differ: compare lines of one run.

use sapiens::geometry::{Rect, Size};
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, YuvColor};
use sapiens::preprocess::{self, Enlarge, Geometry, Placement};
use sapiens::spec::{HeatmapCodec, NormalFrame};
use sapiens::task::{normal, pointmap, pose, seg};
use std::hint::black_box;
use std::time::Instant;

const INPUT: Size = Size::new(768, 1024);
const RUNS: usize = 21;

fn time<T>(name: &str, mut work: impl FnMut() -> sapiens::Result<T>) -> sapiens::Result<()> {
    black_box(work()?);
    let mut ms = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(work()?);
        ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    ms.sort_by(f64::total_cmp);
    println!("{name:44} median {:8.2} ms   best {:8.2} ms", ms[RUNS / 2], ms[0]);
    Ok(())
}

/// Texture everywhere, so that no step is spared anything.
fn picture(size: Size) -> sapiens::Result<Image> {
    let texture = |i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8;
    Image::from_rgb8(size, (0..size.area() * 3).map(texture).collect())
}

/// What a submit does on the caller's thread, and a worker with the copy; memory is used again, as in a stream.
fn camera_frames() -> sapiens::Result<()> {
    for (name, size) in [("1080p", Size::new(1920, 1080)), ("4K", Size::new(3840, 2160))] {
        let formats = [
            ("RGBA8", PixelFormat::Rgba8),
            ("BGR8", PixelFormat::Bgr8),
            ("RGB8", PixelFormat::Rgb8),
            ("NV12", PixelFormat::Nv12),
        ];
        for (what, format) in formats {
            let yuv = (format == PixelFormat::Nv12).then_some(YuvColor::Bt709Limited);
            let mut frame = FrameFormat { size, format, yuv, orientation: Orientation::Normal };
            let bytes: Vec<u8> =
                (0..frame.packed_bytes()).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
            let planes = frame.packed_planes(&bytes)?;
            let (mut copy, mut pixels) = (Vec::new(), Vec::new());
            time(&format!("{name} {what} copied"), || frame.pack(&planes, &mut copy))?;
            for (turn, orientation) in [("", Orientation::Normal), (", turned", Orientation::Rotate90)] {
                frame.orientation = orientation;
                time(&format!("{name} {what} to RGB{turn}"), || {
                    pixels = frame.to_image(&planes, std::mem::take(&mut pixels))?.into_pixels();
                    Ok(())
                })?;
            }
        }
    }
    Ok(())
}

fn main() -> sapiens::Result<()> {
    camera_frames()?;
    let (hd, vga) = (picture(Size::new(1920, 1080))?, picture(Size::new(640, 480))?);
    let bbox = Rect { x: 812.3, y: 145.7, width: 311.6, height: 865.5 };
    let vga_bbox = Rect { x: 200.5, y: 60.25, width: 180.25, height: 360.25 };
    time("stretch 1920x1080, area rule", || preprocess::stretch(&hd, INPUT, Enlarge::Cubic))?;
    time("stretch 640x480, cubic", || preprocess::stretch(&vga, INPUT, Enlarge::Cubic))?;
    time("letterbox 1920x1080, linear", || preprocess::letterbox(&hd, INPUT))?;
    time("person crop 1920x1080, linear", || preprocess::person_crop(&hd, bbox, INPUT))?;
    time("person crop 640x480, cubic", || preprocess::person_crop(&vga, vga_bbox, INPUT))?;
    let pixels = vec![100; INPUT.area() * 3];
    time("normalise 1024x768", || preprocess::normalise(&pixels, INPUT))?;

    let wave = |count: usize| -> Vec<f32> { (0..count).map(|i| (i as f32 * 0.37).sin()).collect() };
    let placement = Placement { image: hd.size(), input: INPUT, geometry: Geometry::Stretch };
    let map = Size::new(INPUT.width / 4, INPUT.height / 4);
    let heatmaps = wave(308 * map.area());
    time("308 heatmaps 256x192 to keypoints", || pose::decode(&heatmaps, 308, map, INPUT, HeatmapCodec::Udp))?;
    let logits = wave(29 * INPUT.area());
    time("29 logits 1024x768 to labels 1920x1080", || seg::labels_to_image(&logits, 29, &placement))?;
    let planes = wave(3 * INPUT.area());
    time("normals 1024x768 to 1920x1080", || normal::to_image(&planes, &placement, NormalFrame::Camera))?;
    time("points 1024x768 to 1920x1080, smoothed", || pointmap::to_image(&planes, &placement))?;

    let same = Placement { image: INPUT, input: INPUT, geometry: Geometry::Stretch };
    time("29 logits 1024x768 to labels, same size", || seg::labels_to_image(&logits, 29, &same))?;
    time("normals 1024x768, same size", || normal::to_image(&planes, &same, NormalFrame::Camera))?;
    time("points 1024x768, same size", || pointmap::to_image(&planes, &same))
}
