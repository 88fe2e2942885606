//! Framing against golden values of the official pipeline (see tests/data/preprocess/README.md).
//!
//! Tolerances: pixels within 1 level of 255 (resampling in f32 here, partly in fixed point in OpenCV), normalised
//! inputs within 1e-5 plus that one level, normalisation alone within 1e-5 on equal pixels; boxes, matrices and
//! borders exact.

use safetensors::SafeTensors;
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::{self, Enlarge, Framed, Framing, Geometry};
use sapiens::spec::{ModelFraming, STD_RGB, Task};
use std::path::PathBuf;

struct Golden {
    bytes: Vec<u8>,
    cases: serde_json::Map<String, serde_json::Value>,
}

impl Golden {
    fn load() -> Self {
        let cases = std::fs::read_to_string(path("cases.json")).unwrap();
        Self {
            bytes: testkit::gzipped("preprocess/preprocess.safetensors.gz"),
            cases: serde_json::from_str(&cases).unwrap(),
        }
    }

    fn f32(&self, name: &str) -> Vec<f32> {
        self.words(name, f32::from_le_bytes)
    }

    fn i32(&self, name: &str) -> Vec<i32> {
        self.words(name, i32::from_le_bytes)
    }

    fn words<T>(&self, name: &str, convert: fn([u8; 4]) -> T) -> Vec<T> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        tensor.data().as_chunks::<4>().0.iter().map(|&word| convert(word)).collect()
    }

    fn has(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.bytes).unwrap().tensor(name).is_ok()
    }

    /// The cases of a kind: name, image, input size.
    fn of_kind(&self, kind: &str) -> Vec<(&str, Image, Size)> {
        let of_kind = self.cases.iter().filter(|(name, _)| name.starts_with(kind));
        of_kind
            .map(|(name, case)| {
                let image = Image::open(path(&format!("{}.png", case["image"].as_str().unwrap()))).unwrap();
                let side = |i: usize| case["target_wh"][i].as_u64().unwrap() as usize;
                (name.as_str(), image, Size::new(side(0), side(1)))
            })
            .collect()
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/preprocess").join(name)
}

/// Compares pixels (and the normalised input, where stored); returns the largest difference and the share of values
/// that differ at all.
fn compare(golden: &Golden, name: &str, framed: &Framed) -> (u8, f64) {
    let expected = Image::open(path(&format!("{name}.u8.png"))).unwrap();
    assert_eq!(expected.size(), framed.placement.input, "{name}");
    assert_eq!(expected.pixels().len(), framed.pixels.len(), "{name}");
    let differences = || expected.pixels().iter().zip(&framed.pixels).map(|(a, b)| a.abs_diff(*b));
    let max = differences().max().unwrap();
    let share = differences().filter(|&d| d > 0).count() as f64 / framed.pixels.len() as f64;
    println!("{name}: max {max}, {:.3} % of values differ", 100.0 * share);
    assert!(max <= 1, "{name}: {max} levels apart");
    let input = format!("{name}.input");
    if golden.has(&input) {
        let input = golden.f32(&input);
        let max_difference = |rgb: &[u8]| {
            let ours = preprocess::normalise(rgb, framed.placement.input).unwrap();
            assert_eq!(ours.len(), input.len());
            ours.iter().zip(&input).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        let (equal, framed) = (max_difference(expected.pixels()), max_difference(&framed.pixels));
        println!("{name}: normalised, on equal pixels {equal:e}, on our pixels {framed:e}");
        assert!(equal <= 1e-5, "{name}: {equal}");
        assert!(framed <= 1.0 / STD_RGB[1] + 1e-5, "{name}: {framed}");
    }
    (max, share)
}

fn official(image: &Image, bbox: Option<Rect>, input: Size, task: Task) -> Framed {
    preprocess::frame(image, bbox, input, task, Framing::Official, ModelFraming::Official).unwrap()
}

#[test]
fn person_crops() {
    let golden = Golden::load();
    let cases = golden.of_kind("pose.");
    assert_eq!(cases.len(), 13);
    let mut worst = (0, 0.0);
    for (name, image, input) in cases {
        let bbox = golden.f32(&format!("{name}.bbox_xyxy"));
        let bbox = Rect { x: bbox[0], y: bbox[1], width: bbox[2] - bbox[0], height: bbox[3] - bbox[1] };
        let framed = official(&image, Some(bbox), input, Task::Pose);
        let Geometry::Crop { center, scale } = framed.placement.geometry else { panic!("{name}: not a crop") };
        assert_eq!(center[..], golden.f32(&format!("{name}.bbox_center")), "{name}");
        assert_eq!(scale[..], golden.f32(&format!("{name}.bbox_scale")), "{name}");
        let matrix = preprocess::crop_matrix(center, scale, input);
        assert_eq!(matrix.concat(), golden.f32(&format!("{name}.warp_matrix")), "{name}");
        let seen = compare(&golden, name, &framed);
        worst = (worst.0.max(seen.0), f64::max(worst.1, seen.1));
    }
    println!("largest difference and largest share: {worst:?}");
}

#[test]
fn stretched_images_of_segmentation() {
    let golden = Golden::load();
    let cases = golden.of_kind("seg.");
    assert_eq!(cases.len(), 6);
    for (name, image, input) in cases {
        let framed = official(&image, None, input, Task::Seg);
        assert_eq!(framed.placement.geometry, Geometry::Stretch);
        compare(&golden, name, &framed);
        assert_eq!(official(&image, None, input, Task::Features), framed, "features see what segmentation sees");
    }
}

#[test]
fn stretched_images_of_matting() {
    let golden = Golden::load();
    let cases = golden.of_kind("matting.");
    assert_eq!(cases.len(), 1);
    for (name, image, input) in cases {
        let framed = official(&image, None, input, Task::Matting);
        compare(&golden, name, &framed);
        assert_ne!(framed, preprocess::stretch(&image, input, Enlarge::Cubic).unwrap(), "{name}: linear, not cubic");
    }
}

#[test]
fn letterboxed_images() {
    let golden = Golden::load();
    let cases = golden.of_kind("pad.");
    assert_eq!(cases.len(), 6);
    for (name, image, input) in cases {
        let framed = official(&image, None, input, Task::Normal);
        let Geometry::Letterbox { left, right, top, bottom } = framed.placement.geometry else { panic!("{name}") };
        let padding = [left, right, top, bottom].map(|n| n as i32);
        assert_eq!(padding[..], golden.i32(&format!("{name}.padding_lrtb")), "{name}");
        compare(&golden, name, &framed);
    }
}

#[test]
fn letterbox_sizes_are_truncated_as_python_does() {
    let rows = Golden::load().i32("pad_truncation_cases");
    assert_eq!(rows.len(), 160);
    for row in rows.as_chunks::<4>().0 {
        let [width, height, inner_width, inner_height] = row.map(|n| n as usize);
        let inner = preprocess::letterbox_size(Size::new(width, height), Size::new(768, 1024));
        assert_eq!(inner, Size::new(inner_width, inner_height), "{width} x {height}");
    }
}

/// The map back carries a pixel of the input to where its colour came from.
#[test]
fn the_placement_points_at_the_pixels_that_were_sampled() {
    let size = Size::new(200, 160);
    let ramp = (0..size.area()).flat_map(|i| [(i % 200) as u8, (i / 200) as u8, 0]).collect();
    let image = Image::from_rgb8(size, ramp).unwrap();
    let input = Size::new(96, 128);
    let bbox = Rect { x: 60.0, y: 40.0, width: 50.0, height: 70.0 };
    for (task, framing) in [
        (Task::Pose, Framing::Official),
        (Task::Seg, Framing::Official),
        (Task::Normal, Framing::Official),
        (Task::Seg, Framing::Crop),
    ] {
        let framed = preprocess::frame(&image, Some(bbox), input, task, framing, ModelFraming::Official).unwrap();
        let map = framed.placement.image_from_input();
        for (x, y) in [(20, 40), (48, 64), (70, 80)] {
            let (ix, iy) = map.apply(x as f64, y as f64);
            let pixel = &framed.pixels[(y * input.width + x) * 3..][..2];
            let off = (f64::from(pixel[0]) - ix).abs().max((f64::from(pixel[1]) - iy).abs());
            assert!(off <= 0.75, "{task} {framing}: input {x},{y} shows {pixel:?}, the map says {ix:.2},{iy:.2}");
        }
    }
}
