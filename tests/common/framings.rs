//! Every framing on a device against the same framing on the host; shared by the tests of each device.

use sapiens::engine::{Framer, Surface};
use sapiens::geometry::{Rect, Size};
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, Plane, YuvColor};
use sapiens::preprocess::{Framing, Plan, letterbox_plan, mirror, plan, scaled_plan, upper_left_plan};
use sapiens::runtime::{Device, Library, Traffic};
use sapiens::spec::{ModelFraming, Task};

/// Pixels of a device may be a level off, in this share of them: where a sum lies on a rounding edge and the device adds in
/// another way.
const SHARE: f64 = 1e-4;

fn noise(count: usize) -> Vec<u8> {
    let mut state = 12345_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// Every kind of framing of a picture, by name: crops within, over the edge, enlarged; stretches that shrink, enlarge and do
/// both; letterboxes; those of Sapiens v1.
fn plans(size: Size, input: Size) -> Vec<(String, Plan)> {
    let (w, h) = (size.width as f32, size.height as f32);
    let rect = |x, y, width, height| Some(Rect { x, y, width, height });
    let boxes = [
        None,
        rect(w * 0.2, h * 0.1, w * 0.5, h * 0.8),
        rect(-0.3 * w, 0.4 * h, 0.6 * w, h),
        rect(w * 0.5, h * 0.5, 7.3, 9.0),
    ];
    let mut plans = Vec::new();
    for model in [ModelFraming::Official, ModelFraming::Sapiens1, ModelFraming::Stretch] {
        for task in Task::ALL {
            for framing in [Framing::Official, Framing::Crop] {
                for bbox in boxes {
                    let name = format!("{size} to {input}: {model:?} {task} {framing} {bbox:?}");
                    let plan = plan(size, bbox, input, task, framing, model).unwrap();
                    if !plans.iter().any(|(_, known)| *known == plan) {
                        plans.push((name, plan));
                    }
                }
            }
        }
    }
    let detectors = [letterbox_plan(size, input), upper_left_plan(size, input), scaled_plan(size, Size::new(90, 50))];
    for (i, plan) in detectors.into_iter().enumerate() {
        plans.push((format!("{size}: detector {i}"), plan.unwrap()));
    }
    plans
}

/// Number of bytes compared and of those that differ; none by more than a level.
fn compare(name: &str, expected: &[u8], found: &[u8]) -> (usize, usize) {
    assert_eq!(expected.len(), found.len(), "{name}");
    let apart = expected.iter().zip(found).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(apart <= 1, "{name}: {apart} levels apart");
    (expected.len(), expected.iter().zip(found).filter(|(a, b)| a != b).count())
}

/// All framings of pictures of several sizes, one by one, mirrored, and several in one run.
pub fn check_framings(library: &'static Library, device: Device) {
    let framer = Framer::of(library, device).unwrap();
    let (mut bytes, mut others, mut kinds) = (0, 0, 0);
    let sizes = [
        (Size::new(120, 90), Size::new(48, 64)),
        (Size::new(31, 77), Size::new(48, 64)),
        (Size::new(48, 64), Size::new(48, 64)),
        (Size::new(3, 1), Size::new(16, 16)),
        (Size::new(200, 40), Size::new(32, 32)),
    ];
    for (size, input) in sizes {
        let image = Image::from_rgb8(size, noise(size.area() * 3)).unwrap();
        let mut traffic = Traffic::default();
        let uploaded = framer.upload(&Surface::from(&image), &mut traffic).unwrap();
        assert_eq!(traffic, Traffic { to_device: size.area() as u64 * 3, to_host: 0 }, "the bytes, once");
        let plans = plans(size, input);
        kinds += plans.len();
        let mut count = |name: &str, expected: &[u8], found: &[u8]| {
            let (of, apart) = compare(name, expected, found);
            bytes += of;
            others += apart;
        };
        for (name, plan) in &plans {
            assert!(framer.can(&Surface::from(&image), std::slice::from_ref(plan)), "{name}");
            let expected = plan.apply(&image).unwrap().pixels;
            let both = [plan.clone(), plan.mirrored()];
            let found = framer.pixels(&uploaded, &both, &mut traffic).unwrap();
            assert_eq!(found[0].placement, plan.placement);
            count(name, &expected, &found[0].pixels);
            count(name, &mirror(&expected, plan.placement.input).unwrap(), &found[1].pixels);
        }
        // Each with every other: their tables have the same number of taps and rows then.
        for (name, plan) in &plans {
            let some: Vec<Plan> =
                [plan].into_iter().chain(plans.iter().map(|(_, plan)| plan)).take(6).cloned().collect();
            let some: Vec<Plan> =
                some.into_iter().filter(|other| other.placement.input == plan.placement.input).collect();
            let found = framer.pixels(&uploaded, &some, &mut traffic).unwrap();
            for (plan, found) in some.iter().zip(found) {
                count(name, &plan.apply(&image).unwrap().pixels, &found.pixels);
            }
        }
        let other = plan(
            Size::new(size.width + 1, size.height),
            None,
            input,
            Task::Seg,
            Framing::Official,
            ModelFraming::Official,
        );
        let error = framer.crops(&uploaded, &[other.unwrap()], None, &mut traffic).unwrap_err().to_string();
        assert!(error.contains(&size.to_string()), "{error}");
        assert!(framer.crops(&uploaded, &[], None, &mut traffic).is_err());
    }
    println!("{device}: {kinds} framings, {others} of {bytes} bytes differ, by one level");
    assert!(kinds > 40 && others as f64 <= SHARE * bytes as f64, "{others} of {bytes} bytes differ");
}

/// Raw frames of every layout that a device takes as it is.
pub fn check_layouts(library: &'static Library, device: Device) {
    let framer = Framer::of(library, device).unwrap();
    let (size, input) = (Size::new(50, 40), Size::new(32, 48));
    let bytes = noise(60 * 4 * 50);
    for pixels in [PixelFormat::Rgb8, PixelFormat::Bgr8, PixelFormat::Rgba8, PixelFormat::Bgra8, PixelFormat::Gray8] {
        for orientation in
            [Orientation::Normal, Orientation::Rotate90, Orientation::FlipHorizontal, Orientation::Transverse]
        {
            let format = FrameFormat { size, format: pixels, yuv: None, orientation };
            let row = format.row_bytes(0) as isize;
            let padded = row + 2 * row / 50;
            for (first, stride) in [(8, row), (0, padded), (padded as usize * 39, -padded)] {
                let planes = [Plane { bytes: &bytes, first, stride }];
                let surface = Surface::of_frame(&format, &planes).unwrap().unwrap();
                let image = format.to_image(&planes, Vec::new()).unwrap();
                let plan =
                    plan(image.size(), None, input, Task::Normal, Framing::Official, ModelFraming::Official).unwrap();
                let mut traffic = Traffic::default();
                let uploaded = framer.upload(&surface, &mut traffic).unwrap();
                let found = framer.pixels(&uploaded, std::slice::from_ref(&plan), &mut traffic).unwrap().remove(0);
                let name = format!("{pixels:?} {orientation:?} {stride}");
                compare(&name, &plan.apply(&image).unwrap().pixels, &found.pixels);
                assert!(
                    stride != row || traffic.to_device < format.packed_bytes() as u64 + 3000,
                    "{name}: {traffic:?}"
                );
            }
        }
    }
}

/// NV12 in all its colours, orientations, odd sizes and strides: the pixels of the host, as whole numbers.
pub fn check_nv12(library: &'static Library, device: Device) {
    let framer = Framer::of(library, device).unwrap();
    let colors = [YuvColor::Bt601Limited, YuvColor::Bt601Full, YuvColor::Bt709Limited, YuvColor::Bt709Full];
    let bytes = noise(64 * 90);
    for (i, orientation) in Orientation::ALL.into_iter().enumerate() {
        let size = Size::new(47 + i % 2, 30 + i / 2 % 3);
        let format = FrameFormat { size, format: PixelFormat::Nv12, yuv: Some(colors[i % 4]), orientation };
        let rows = [size.height, size.height.div_ceil(2)];
        for (strides, is_up) in [([size.width, 48], false), ([51, 50], false), ([60, 62], true)] {
            let mut start = 0;
            let plane = |index: usize| {
                let (stride, span) = (strides[index] as isize, strides[index] * (rows[index] - 1));
                let first = if is_up { start + span } else { start };
                start += span + strides[index];
                Plane { bytes: &bytes, first, stride: if is_up { -stride } else { stride } }
            };
            let planes: Vec<Plane> = [0, 1].map(plane).to_vec();
            let surface = Surface::of_frame(&format, &planes).unwrap().unwrap();
            let image = format.to_image(&planes, Vec::new()).unwrap();
            let (input, name) = (Size::new(32, 48), format!("{format:?} {strides:?}"));
            let plan =
                plan(image.size(), None, input, Task::Normal, Framing::Official, ModelFraming::Official).unwrap();
            let mut traffic = Traffic::default();
            let uploaded = framer.upload(&surface, &mut traffic).unwrap();
            let found = framer.pixels(&uploaded, std::slice::from_ref(&plan), &mut traffic).unwrap().remove(0);
            assert_eq!(surface.size(), image.size(), "{name}");
            let (of, apart) = compare(&name, &plan.apply(&image).unwrap().pixels, &found.pixels);
            assert!(apart as f64 <= SHARE * of as f64, "{name}: {apart} of {of}");
            let planes = format.packed_bytes() as u64;
            assert!(strides[0] != size.width || traffic.to_device < planes + 4000, "{name}: {traffic:?} of {planes}");
        }
        // U and V of the next row would change places.
        let odd = [Plane { bytes: &bytes, first: 0, stride: 48 }, Plane { bytes: &bytes, first: 2000, stride: 49 }];
        assert!(Surface::of_frame(&format, &odd).unwrap().is_none());
    }
}
