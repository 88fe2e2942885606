//! How Sapiens v1 sees images and what becomes of its outputs, against numbers made with the official code ("full" pipelines):
//! `tests/data/v1/pictures.safetensors`, and the network outputs in `<task>.expected.safetensors` beside it.
//!
//! Tolerances: pixels 1 level, depth and normals 1e-4 (their pictures 1 level), labels a tenth of a percent of the pixels (ties).

use safetensors::{Dtype, SafeTensors};
use sapiens::export::maps;
use sapiens::export::picture::Foreground;
use sapiens::geometry::{Rect, Size};
use sapiens::image::{Image, planes};
use sapiens::preprocess::{self, Framed, Framing, Geometry, Placement};
use sapiens::spec::{ModelFraming, NormalFrame, Task};
use sapiens::task::{depth, normal, seg};

const INPUT: Size = Size::new(96, 128);
const CASES: [(&str, Size); 2] = [("a", Size::new(90, 130)), ("b", Size::new(150, 60))];

struct Golden(Vec<u8>);

impl Golden {
    fn open(name: &str) -> Self {
        Self(std::fs::read(format!("tests/data/v1/{name}.safetensors")).unwrap())
    }

    fn get(&self, name: &str, dtype: Dtype) -> (Vec<u8>, Vec<usize>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap_or_else(|_| panic!("no tensor {name}"));
        assert_eq!(tensor.dtype(), dtype, "{name}");
        (tensor.data().to_vec(), tensor.shape().to_vec())
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        self.get(name, Dtype::U8).0
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        self.get(name, Dtype::F32).0.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    /// A picture of the golden, which has blue first.
    fn picture(&self, name: &str) -> Image {
        let (bgr, shape) = self.get(name, Dtype::U8);
        let rgb = bgr.as_chunks::<3>().0.iter().flat_map(|[b, g, r]| [*r, *g, *b]).collect();
        Image::from_rgb8(Size::new(shape[1], shape[0]), rgb).unwrap()
    }
}

fn seen(image: &Image, bbox: Option<Rect>, task: Task) -> Framed {
    preprocess::frame(image, bbox, INPUT, task, Framing::Official, ModelFraming::Sapiens1).unwrap()
}

/// The largest difference of levels, and how many differ at all.
#[track_caller]
fn assert_levels(what: &str, ours: &[u8], expected: &[u8]) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let worst = ours.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    let share = ours.iter().zip(expected).filter(|(a, b)| a != b).count() as f64 / ours.len() as f64;
    println!("{what}: {worst} levels at most, {:.3} % differ", 100.0 * share);
    assert!(worst <= 1, "{what}: {worst} levels");
}

#[track_caller]
fn assert_close(what: &str, ours: &[f32], expected: &[f32]) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let worst = ours.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{what}: {worst:.1e}");
    assert!(worst <= 1e-4 && ours.iter().all(|v| v.is_finite()), "{what}: {worst:e}");
}

#[test]
fn person_crops_are_bilinear() {
    let golden = Golden::open("pictures");
    let cases: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string("tests/data/v1/pictures.json").unwrap()).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f32> {
        value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap() as f32).collect()
    };
    let mut sampled = [0; 2];
    for (name, case) in cases["cases"].as_object().unwrap() {
        let image = golden.picture(&format!("{name}.bgr_u8"));
        let b = numbers(&case["bbox_xyxy"]);
        let bbox = Rect { x: b[0], y: b[1], width: b[2] - b[0], height: b[3] - b[1] };
        let framed = seen(&image, Some(bbox), Task::Pose);
        let Geometry::Crop { center, scale } = framed.placement.geometry else { panic!("{name}: no crop") };
        assert_eq!((center[..].to_vec(), scale[..].to_vec()), (numbers(&case["center"]), numbers(&case["scale"])));
        let matrix: Vec<f32> = case["warp_matrix"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_eq!(preprocess::crop_matrix(center, scale, INPUT).concat(), matrix, "{name}");
        let expected = golden.picture(&format!("{name}.pose_full_u8"));
        assert_levels(name, &framed.pixels, expected.pixels());
        sampled[usize::from(matrix[0] > 1.0)] += 1;
        if matrix[0] > 1.0 {
            // Sapiens2 would sample this crop otherwise: the golden tells them apart.
            let other = preprocess::person_crop(&image, bbox, INPUT).unwrap();
            let worst = other.pixels.iter().zip(expected.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst > Some(5), "{name}: {worst:?}");
        }
    }
    assert!(sampled[0] > 0 && sampled[1] > 0, "crops that shrink and that grow: {sampled:?}");
}

#[test]
fn dense_tasks_see_the_stretched_image() {
    let golden = Golden::open("pictures");
    for name in ["img0", "img1"] {
        let image = golden.picture(&format!("{name}.bgr_u8"));
        let expected = golden.picture(&format!("{name}.dense_u8"));
        for task in [Task::Seg, Task::Depth, Task::Normal] {
            // A box changes nothing.
            let framed = seen(&image, Some(Rect { x: 2.0, y: 2.0, width: 9.0, height: 9.0 }), task);
            assert_eq!(framed.placement.geometry, Geometry::Stretch);
            assert_levels(&format!("{name} {task}"), &framed.pixels, expected.pixels());
        }
    }
}

/// The output of the network at the size of its input, and where that lies.
fn output(task: Task, name: &str, channels: usize, map: Size, image: Size) -> (Vec<f32>, Placement) {
    let raw = Golden::open(&format!("{task}.expected")).floats(name);
    let planes = planes::resize(raw, channels, map, INPUT).unwrap();
    (planes, Placement { image, input: INPUT, geometry: Geometry::Stretch })
}

const HALF: Size = Size::new(48, 64);

#[test]
fn labels_are_decided_last() {
    let golden = Golden::open("pictures");
    for (case, image) in CASES {
        let (logits, placement) = output(Task::Seg, "logits", 28, HALF, image);
        let found = seg::labels_to_image(&logits, 28, &placement).unwrap();
        let expected = golden.bytes(&format!("{case}.seg_full"));
        let labels = found.labels.as_slice().unwrap();
        let wrong = labels.iter().zip(&expected).filter(|(a, b)| a != b).count();
        println!("{case}: {wrong} of {} labels differ", labels.len());
        assert!(wrong * 1000 <= expected.len(), "{case}: {wrong} of {}", expected.len());
        assert_eq!(found.classes, Some(28));
        // Straight to the image is another result: the step between is seen.
        let raw = Golden::open("seg.expected").floats("logits");
        let straight = Placement { input: HALF, ..placement };
        let other = seg::labels_to_image(&raw, 28, &straight).unwrap();
        let other = other.labels.iter().zip(&expected).filter(|(a, b)| a != b).count();
        assert!(other * 50 > expected.len(), "{case}: {other}");
    }
}

#[test]
fn normals_become_unit_vectors_last() {
    let golden = Golden::open("pictures");
    for (case, image) in CASES {
        let (planes, placement) = output(Task::Normal, "normal", 3, HALF, image);
        let normals = normal::to_image_late(&planes, &placement, NormalFrame::Camera).unwrap();
        let values = normals.as_slice().unwrap();
        if case == "a" {
            let expected = golden.floats("a.normal_full_rows_60_to_70");
            assert_close("normals", &values[60 * 90 * 3..70 * 90 * 3], &expected);
        }
        let expected = golden.bytes(&format!("{case}.normal_full_rgb_u8"));
        assert_levels(case, &maps::normals(image, values).unwrap(), &expected);
    }
}

#[test]
fn depth_stays_raw_and_its_picture_is_bright_where_it_is_near() {
    let golden = Golden::open("pictures");
    for (case, image) in CASES {
        let (plane, placement) = output(Task::Depth, "depth", 1, INPUT, image);
        let found = depth::to_image(&plane, &placement).unwrap();
        let values = found.as_slice().unwrap();
        if case == "a" {
            assert_close("depth", values, &golden.floats("a.depth"));
        }
        let mask = golden.bytes(&format!("{case}.mask"));
        let person = Foreground::Labels { labels: &mask, background: 0 };
        let levels = maps::nearness_levels(image, values, Some(person)).unwrap();
        let expected = golden.bytes(&format!("{case}.depth_vis_u8"));
        let shown: Vec<(u8, u8)> = levels.iter().zip(&expected).filter_map(|(l, e)| Some(((*l)?, *e))).collect();
        assert_eq!(shown.len(), mask.iter().filter(|m| **m > 0).count());
        let (ours, theirs): (Vec<u8>, Vec<u8>) = shown.into_iter().unzip();
        assert_levels(case, &ours, &theirs);
        assert!(ours.contains(&255) && ours.contains(&0));
        let picture = maps::relative_depth(image, values, Some(person)).unwrap();
        let outside = mask.iter().position(|m| *m == 0).unwrap();
        assert_eq!(picture[3 * outside..][..3], maps::DEPTH_BACKGROUND);
        // Inferno: almost black to pale yellow.
        let at = |level: u8| levels.iter().position(|l| *l == Some(level)).map(|i| &picture[3 * i..][..3]);
        assert_eq!((at(0).unwrap(), at(255).unwrap()), (&[0, 0, 4][..], &[252, 255, 164][..]));
    }
}
