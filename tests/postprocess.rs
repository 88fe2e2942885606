//! Post-processing against numbers made with the official code (`tests/data/postprocess/golden.safetensors`; which image
//! and padding each case has stands in `cases.json`).
//!
//! Tolerances: 1e-3 px for positions, 1e-5 for floats, 1 level for 8-bit images, labels exact.

use ndarray::{Array2, Array3};
use safetensors::{Dtype, SafeTensors};
use sapiens::geometry::Size;
use sapiens::image::planes::{Grid, Region};
use sapiens::preprocess::{Geometry, Placement};
use sapiens::skeleton;
use sapiens::spec::{HeatmapCodec, NormalFrame};
use sapiens::task::{albedo, matting, normal, pointmap, pose, seg};

const FLOAT: f64 = 1e-5;
const PIXEL: f64 = 1e-3;
const CASES: [&str; 4] = ["up", "down", "mixed", "nopad"];

struct Golden(Vec<u8>);

impl Golden {
    fn load() -> Self {
        Self(std::fs::read("tests/data/postprocess/golden.safetensors").unwrap())
    }

    /// Values and shape without leading ones.
    fn get(&self, name: &str) -> (Vec<f64>, Vec<usize>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap_or_else(|_| panic!("no tensor {name}"));
        let data = tensor.data();
        let values = match tensor.dtype() {
            Dtype::F32 => data.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect(),
            Dtype::F64 => data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
            Dtype::U8 => data.iter().map(|b| f64::from(*b)).collect(),
            other => panic!("{name} is {other:?}"),
        };
        (values, tensor.shape().iter().copied().skip_while(|n| *n == 1).collect())
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        self.get(name).0.into_iter().map(|v| v as f32).collect()
    }

    fn pairs(&self, name: &str) -> Vec<[f64; 2]> {
        self.get(name).0.chunks_exact(2).map(|p| [p[0], p[1]]).collect()
    }

    /// A CHW tensor as HWC.
    fn hwc(&self, name: &str) -> Array3<f64> {
        let (values, shape) = self.get(name);
        let image = Array3::from_shape_vec((shape[0], shape[1], shape[2]), values).unwrap();
        image.permuted_axes([1, 2, 0]).as_standard_layout().into_owned()
    }

    fn bytes(&self, name: &str) -> Array3<f64> {
        let (values, shape) = self.get(name);
        Array3::from_shape_vec((shape[0], shape[1], shape.get(2).copied().unwrap_or(1)), values).unwrap()
    }
}

fn cases() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string("tests/data/postprocess/cases.json").unwrap()).unwrap()
}

fn numbers(value: &serde_json::Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn letterbox(case: &str) -> Placement {
    let cases = cases();
    let (pad, image) = (numbers(&cases[case]["padding_lrtb"]), numbers(&cases[case]["image_hw"]));
    let geometry = Geometry::Letterbox { left: pad[0], right: pad[1], top: pad[2], bottom: pad[3] };
    Placement { image: Size::new(image[1], image[0]), input: Size::new(48, 64), geometry }
}

fn stretch(input: Size, image: Size) -> Placement {
    Placement { image, input, geometry: Geometry::Stretch }
}

/// Asserts that the largest difference is within the tolerance and prints it (`--nocapture`).
fn assert_close(what: &str, ours: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64) {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), expected.len(), "{what}");
    let worst = ours
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |m: f64, d| if d > m || d.is_nan() { d } else { m });
    println!("{what}: max difference {worst:.2e} (tolerance {tolerance:.0e})");
    assert!(worst <= tolerance, "{what}: {worst:e} > {tolerance:e}");
}

fn wide(image: &Array3<f32>) -> impl Iterator<Item = f64> + '_ {
    image.iter().map(|v| f64::from(*v))
}

fn reversed_channels(image: Array3<f64>) -> Vec<f64> {
    image.slice(ndarray::s![.., .., ..;-1]).iter().copied().collect()
}

const HEATMAP: Size = Size::new(48, 64);
const POSE_INPUT: Size = Size::new(192, 256);

/// What the official code makes of these is left out: positions read from a neighbouring heatmap or from the slope of the
/// zero border (our rules for them are tested next to the decoder).
const WITHOUT_POSITION: [&str; 3] = ["all_negative_after_corner", "flat", "delta_on_negative"];

fn decoded(golden: &Golden) -> Vec<pose::Keypoint> {
    pose::decode(&golden.floats("udp.heatmaps"), 16, HEATMAP, POSE_INPUT, HeatmapCodec::Udp).unwrap()
}

fn has_position() -> Vec<bool> {
    let cases = cases();
    let names: Vec<_> =
        cases["udp"]["names"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 16);
    names.iter().map(|name| !WITHOUT_POSITION.contains(&name.as_str())).collect()
}

#[test]
fn udp_positions_in_heatmap_and_input_pixels() {
    let golden = Golden::load();
    let (ours, keep) = (decoded(&golden), has_position());
    let (refined, official) = (golden.pairs("udp.refined_heatmap_xy"), golden.pairs("udp.keypoints_input_px"));
    let peaks = golden.pairs("udp.argmax_xy");
    for (i, point) in ours.iter().enumerate() {
        // From input pixels back to the units of the two references.
        let (u, v) = (f64::from(point.x) / 191.0, f64::from(point.y) / 255.0);
        if keep[i] {
            assert_close(&format!("udp.{i} heatmap"), [u * 47.0, v * 63.0], &refined[i], PIXEL);
            assert_close(&format!("udp.{i} input"), [u * 192.0, v * 256.0], &official[i], PIXEL);
        } else if peaks[i][0] >= 0.0 {
            assert_close(&format!("udp.{i} unrefined"), [u * 47.0, v * 63.0], &peaks[i], PIXEL);
        }
    }
}

#[test]
fn udp_scores() {
    let golden = Golden::load();
    let names = cases()["udp"]["names"].clone();
    for ((point, official), name) in
        decoded(&golden).iter().zip(golden.get("udp.scores").0).zip(names.as_array().unwrap())
    {
        let shows_nothing = ["all_negative_after_corner", "flat"].contains(&name.as_str().unwrap());
        assert_eq!(f64::from(point.score), if shows_nothing { 0.0 } else { official }, "{name}");
    }
}

#[test]
fn keypoints_in_the_image() {
    let golden = Golden::load();
    let (points, keep) = (decoded(&golden), has_position());
    for i in 0..3 {
        let pair = |name: &str| <[f32; 2]>::try_from(golden.floats(&format!("map{i}.{name}"))).unwrap();
        let geometry = Geometry::Crop { center: pair("bbox_center"), scale: pair("bbox_scale") };
        let placement = Placement { image: Size::new(640, 480), input: POSE_INPUT, geometry };
        let ours = pose::to_image(&points, &placement).unwrap();
        let official = golden.pairs(&format!("map{i}.keypoints_image_px"));
        let kept = |k: &usize| keep[*k];
        let flat = (0..16).filter(kept).flat_map(|k| [f64::from(ours[k].x), f64::from(ours[k].y)]);
        let expected: Vec<f64> = (0..16).filter(kept).flat_map(|k| official[k]).collect();
        assert_close(&format!("map{i}"), flat, &expected, PIXEL);
    }
}

#[test]
fn flipped_heatmaps() {
    let golden = Golden::load();
    let map = Size::new(8, 12);
    let mut heatmaps = golden.floats("flip.pred");
    let flip = &skeleton::keypoints().flip;
    pose::average_flipped(&mut heatmaps, &golden.floats("flip.pred_of_flipped_input"), map, flip).unwrap();
    let sub = heatmaps.chunks_exact(map.area()).step_by(7).flatten().map(|v| f64::from(*v));
    assert_close("flip.avg_sub", sub, &golden.get("flip.avg_sub").0, FLOAT);

    // The input of this case is four times the heatmap.
    let points = pose::decode(&heatmaps, 308, map, Size::new(32, 48), HeatmapCodec::Udp).unwrap();
    assert_close("flip.scores", points.iter().map(|p| f64::from(p.score)), &golden.get("flip.scores").0, FLOAT);
    let xy = points.iter().flat_map(|p| [f64::from(p.x) / 31.0 * 32.0, f64::from(p.y) / 47.0 * 48.0]);
    assert_close("flip.keypoints_input_px", xy, &golden.get("flip.keypoints_input_px").0, PIXEL);
}

const SEG_INPUT: Size = Size::new(24, 32);

#[test]
fn seg_labels() {
    let golden = Golden::load();
    let logits = golden.floats("seg.logits");
    for (height, width) in [(45, 37), (100, 75), (20, 16)] {
        let ours = seg::labels_to_image(&logits, 29, &stretch(SEG_INPUT, Size::new(width, height))).unwrap();
        let name = format!("seg.labels.{height}x{width}");
        let expected = golden.bytes(&name);
        let different = ours.labels.iter().zip(&expected).filter(|(a, b)| f64::from(**a) != **b).count();
        println!("{name}: {different} labels differ");
        assert_eq!(different, 0, "{name}");
    }
}

#[test]
fn seg_logits_and_confidence() {
    let golden = Golden::load();
    let (logits, target) = (golden.floats("seg.logits"), Size::new(16, 20));
    let grid = Grid::resize(SEG_INPUT, Region::whole(SEG_INPUT), target).unwrap();
    let expected = golden.hwc("seg.upsampled.20x16");
    let up = grid.bilinear(&logits, 29, 0.0).unwrap();
    assert_close("seg.upsampled", wide(&up), expected.as_slice().unwrap(), FLOAT);
    let ours = seg::labels_to_image(&logits, 29, &stretch(SEG_INPUT, target)).unwrap();
    let softmax = expected.lanes(ndarray::Axis(2)).into_iter().map(|pixel| {
        let best = pixel.fold(f64::MIN, |a, b| a.max(*b));
        1.0 / pixel.iter().map(|v| (v - best).exp()).sum::<f64>()
    });
    let softmax: Vec<f64> = softmax.collect();
    assert_close("seg confidence", ours.confidence.iter().map(|v| f64::from(*v)), &softmax, FLOAT);
}

#[test]
fn seg_palette_over_the_image() {
    let golden = Golden::load();
    let map = seg::labels_to_image(&golden.floats("seg.logits"), 29, &stretch(SEG_INPUT, Size::new(37, 45))).unwrap();
    let image = golden.bytes("seg.vis.image_bgr");
    let blend = image.indexed_iter().map(|((y, x, c), level)| {
        let color = skeleton::classes()[usize::from(map.labels[[y, x]])].color;
        0.5 * level + 0.5 * f64::from(color[2 - c])
    });
    assert_close("seg.vis", blend.map(f64::floor), golden.bytes("seg.vis.bgr").as_slice().unwrap(), 1.0);
}

#[test]
fn normals() {
    let golden = Golden::load();
    let raw = golden.floats("normal.raw");
    for case in CASES {
        let expected = golden.hwc(&format!("normal.{case}"));
        let short = normal::interpolate(&raw, &letterbox(case)).unwrap();
        assert_close(&format!("normal.{case}"), wide(&short), expected.as_slice().unwrap(), FLOAT);

        // Ours are unit vectors along the official ones, y and z turned round where the model was trained in OpenGL axes.
        let unit = normal::to_image(&raw, &letterbox(case), NormalFrame::Camera).unwrap();
        let opengl = normal::to_image(&raw, &letterbox(case), NormalFrame::OpenGl).unwrap();
        let length = |v: &[f64]| v.iter().map(|c| c * c).sum::<f64>().sqrt();
        let expected: Vec<f64> = expected
            .as_slice()
            .unwrap()
            .chunks_exact(3)
            .flat_map(|n| [n[0], n[1], n[2]].map(|c| c / length(n)))
            .collect();
        assert_close(&format!("normal.{case} unit"), wide(&unit), &expected, FLOAT);
        let turned: Vec<f64> = expected.chunks_exact(3).flat_map(|n| [n[0], -n[1], -n[2]]).collect();
        assert_close(&format!("normal.{case} opengl"), wide(&opengl), &turned, FLOAT);
    }
}

#[test]
fn normals_as_colours() {
    let golden = Golden::load();
    let short = normal::interpolate(&golden.floats("normal.raw"), &letterbox("up")).unwrap();
    let levels = wide(&short).map(|v| ((v + 1.0) / 2.0 * 255.0).trunc());
    assert_close("normal.up.vis", levels, &reversed_channels(golden.bytes("normal.up.vis_bgr")), 1.0);
}

#[test]
fn points() {
    let golden = Golden::load();
    let mut metres = golden.floats("pointmap.raw");
    pointmap::metric(&mut metres, golden.floats("pointmap.scale")[0]).unwrap();
    for case in CASES {
        let ours = pointmap::to_image(&metres, &letterbox(case)).unwrap();
        let expected = golden.hwc(&format!("pointmap.{case}"));
        assert_close(&format!("pointmap.{case}"), wide(&ours), expected.as_slice().unwrap(), FLOAT);
    }
}

#[test]
fn albedos() {
    let golden = Golden::load();
    let raw = golden.floats("albedo.raw");
    for case in CASES {
        let ours = albedo::to_image(&raw, &letterbox(case)).unwrap();
        if ["down", "mixed"].contains(&case) {
            let expected = golden.hwc(&format!("albedo.{case}"));
            assert_close(&format!("albedo.{case}"), wide(&ours), expected.as_slice().unwrap(), FLOAT);
        }
        let levels = wide(&ours).map(|v| (v * 255.0).trunc());
        let expected = golden.bytes(&format!("albedo.{case}.u8_rgb"));
        assert_close(&format!("albedo.{case}.u8"), levels, expected.as_slice().unwrap(), 1.0);
    }
}

#[test]
fn mattes() {
    let golden = Golden::load();
    let raw = golden.floats("matting.fgr_alpha");
    let input = Size::new(24, 32);
    let (foreground, alpha) = raw.split_at(3 * input.area());
    for (height, width) in [(70, 50), (20, 15)] {
        let case = format!("matting.{height}x{width}");
        let ours = matting::to_image(alpha, foreground, &stretch(input, Size::new(width, height))).unwrap();
        let expected = |part: &str| golden.get(&format!("{case}.{part}")).0;
        let alpha = |alpha: &Array2<f32>| alpha.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        assert_close(&format!("{case}.alpha"), alpha(&ours.alpha), &expected("alpha"), FLOAT);
        let levels = alpha(&ours.alpha).into_iter().map(|v| (v * 255.0).trunc());
        assert_close(&format!("{case}.alpha_u8"), levels, &expected("alpha_u8"), 1.0);
        assert_close(&format!("{case}.fgr"), wide(&ours.foreground), &expected("fgr_rgb"), FLOAT);
        let composite = ours.composite(matting::Background::Color([0, 177, 64])).unwrap();
        let expected = reversed_channels(golden.bytes(&format!("{case}.composite_green_bgr")));
        assert_close(&format!("{case}.composite"), composite.iter().map(|v| f64::from(*v)), &expected, 1.0);
    }
}

/// Not an assertion about speed: prints how long a full-size segmentation takes (`--nocapture`).
#[test]
fn a_full_size_segmentation_covers_the_image() {
    let (input, image) = (Size::new(768, 1024), Size::new(1920, 1080));
    let mut logits = vec![0.0f32; 29 * input.area()];
    for (i, value) in logits.iter_mut().enumerate() {
        *value = ((i * 2_654_435_761) >> 7 & 1023) as f32 / 100.0;
    }
    for geometry in [Geometry::Stretch, Geometry::Crop { center: [960.0, 540.0], scale: [810.0, 1080.0] }] {
        let start = std::time::Instant::now();
        let map = seg::labels_to_image(&logits, 29, &Placement { image, input, geometry }).unwrap();
        println!("{geometry:?}: {:?}", start.elapsed());
        let share = map.confidence.iter().filter(|v| **v > 0.0).count() as f64 / image.area() as f64;
        let expected = if geometry == Geometry::Stretch { 1.0 } else { 811.0 / 1920.0 };
        assert!((share - expected).abs() < 2e-3, "{share}");
    }
}
