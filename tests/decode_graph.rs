//! The graph that decodes, against the plain decode of `sapiens::task` on its own raw outputs; bytes in, against floats in.

mod common;

use common::{Converted, Golden, run_floats, run_pixels, stored_picture, worst};
use sapiens::convert::ConvertOptions;
use sapiens::geometry::Size;
use sapiens::preprocess::normalise;
use sapiens::runtime::{Tensor, View};
use sapiens::spec::{HeatmapCodec, Rope, Rotation, Task};
use sapiens::task::pose::{self, Keypoint};

/// Raw and decoded outputs of the same run of a decoding graph, by name.
struct Both {
    info: sapiens::spec::ModelInfo,
    names: Vec<&'static str>,
    tensors: Vec<Tensor>,
}

impl Both {
    fn run(name: &'static str) -> Self {
        let golden = Golden::open(name);
        // What is compared comes from one run, and the fused rotation opens faster; but the labels are also held
        // against the official ones.
        let rotation = if name == "seg" { Rotation::Rounded } else { Rotation::Fused };
        let options = ConvertOptions { input: Some(golden.size), rotation, ..Default::default() };
        let converted = Converted::new(&golden.source, &options);
        let task = converted.info.tasks[0];
        let names = [task.raw_outputs(), task.decoded_outputs()].concat();
        let session = converted.part(&["image"], &names);
        let tensors = run_pixels(&session, stored_picture(&golden.expected).pixels(), golden.size, &names);
        Self { info: converted.info, names, tensors }
    }

    fn tensor(&self, name: &str) -> &Tensor {
        &self.tensors[self.names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("no output {name}"))]
    }

    fn floats(&self, name: &str) -> &[f32] {
        self.tensor(name).floats().unwrap()
    }
}

fn keypoints_of(values: &[f32]) -> Vec<Keypoint> {
    values.chunks_exact(3).map(|k| Keypoint { x: k[0], y: k[1], score: k[2] }).collect()
}

/// Distance in input pixels and difference of scores, the largest of each.
fn apart(ours: &[Keypoint], other: &[Keypoint]) -> (f32, f32) {
    assert_eq!(ours.len(), other.len());
    let axis = |f: fn(&Keypoint) -> f32| {
        worst(&ours.iter().map(f).collect::<Vec<_>>(), &other.iter().map(f).collect::<Vec<_>>())
    };
    (axis(|k| k.x).max(axis(|k| k.y)), axis(|k| k.score))
}

#[test]
fn keypoints_of_every_pose_reference() {
    for name in ["pose", "pose_bf16", "pose_fp16"] {
        let both = Both::run(name);
        assert_eq!(both.tensor("keypoints").shape, [1, 308, 3]);
        let shape = &both.tensor("heatmaps").shape;
        let map = Size::new(shape[3], shape[2]);
        let plain = pose::decode(both.floats("heatmaps"), 308, map, both.info.input, both.info.heatmap).unwrap();
        let (pixels, score) = apart(&keypoints_of(both.floats("keypoints")), &plain);
        println!("{name}: {pixels:.1e} px, score {score:.1e}");
        assert!(pixels <= 1e-2 && score <= 1e-5, "{name}: {pixels} px, score {score}");
    }
}

const MAP: Size = Size::new(48, 64);
const INPUT: Size = Size::new(192, 256);

/// The decoding part of a pose graph alone, fed with any 308 heatmaps.
fn decode_in_graph(heatmaps: &[f32]) -> Vec<Keypoint> {
    let golden = Golden::open("pose");
    let converted = Converted::new(&golden.source, &ConvertOptions { input: Some(INPUT), ..Default::default() });
    assert_eq!(converted.info.heatmap, HeatmapCodec::Udp);
    let session = converted.part(&["heatmaps"], &["keypoints"]);
    let shape = [1, 308, MAP.height, MAP.width];
    keypoints_of(
        session.run(&[("heatmaps", View::F32(&shape, heatmaps))], &["keypoints"]).unwrap()[0].floats().unwrap(),
    )
}

/// 308 maps: those given, then zeros.
fn padded(mut heatmaps: Vec<f32>) -> Vec<f32> {
    assert!(heatmaps.len() <= 308 * MAP.area());
    heatmaps.resize(308 * MAP.area(), 0.0);
    heatmaps
}

#[test]
fn the_official_heatmap_cases() {
    let golden = testkit::Expected::open(testkit::data_dir().join("postprocess/golden.safetensors"));
    let heatmaps = padded(golden.f32("udp.heatmaps"));
    let ours = decode_in_graph(&heatmaps);
    let plain = pose::decode(&heatmaps, 308, MAP, INPUT, HeatmapCodec::Udp).unwrap();
    let (pixels, score) = apart(&ours, &plain);
    println!("16 official cases: {pixels:.1e} px, score {score:.1e}");
    assert!(pixels <= 1e-2 && score <= 1e-5, "{pixels} px, score {score}");
    let cases = std::fs::read_to_string(testkit::data_dir().join("postprocess/cases.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&cases).unwrap();
    let scores = golden.f32("udp.scores");
    for (i, name) in cases["udp"]["names"].as_array().unwrap().iter().enumerate() {
        let flat = ["all_negative_after_corner", "flat"].contains(&name.as_str().unwrap());
        assert_eq!(ours[i].score, if flat { 0.0 } else { scores[i] }, "{name}");
    }
    assert!(ours[16..].iter().all(|k| k.score == 0.0 && k.x.is_finite() && k.y.is_finite()));
}

#[test]
fn heatmaps_that_show_nothing_or_are_broken() {
    let area = MAP.area();
    let bump = |cx: f32, cy: f32, s: f32, height: f32| -> Vec<f32> {
        let value = |i: usize| {
            let (dx, dy) = ((i % MAP.width) as f32 - cx, (i / MAP.width) as f32 - cy);
            height * (-(dx * dx + dy * dy) / (2.0 * s * s)).exp()
        };
        (0..area).map(value).collect()
    };
    let with = |mut map: Vec<f32>, index: usize, value: f32| {
        map[index] = value;
        map
    };
    // Nothing was seen: score 0.
    let unseen = [
        vec![0.0; area],
        vec![0.25; area],
        vec![-3.0; area],
        bump(20.0, 30.0, 3.0, -1.0),
        vec![f32::NAN; area],
        with(bump(20.0, 30.0, 3.0, 1.0), 0, f32::NAN),
        with(bump(20.0, 30.0, 3.0, 1.0), area - 1, f32::NAN),
        with(bump(20.0, 30.0, 3.0, 1.0), 30 * MAP.width + 20, f32::NAN),
        vec![f32::INFINITY; area],
        vec![f32::NEG_INFINITY; area],
        with(bump(20.0, 30.0, 3.0, 1.0), 77, f32::INFINITY),
        with(bump(20.0, 30.0, 3.0, 1.0), 77, f32::NEG_INFINITY),
        with(vec![f32::NAN; area], 100, 1.0),
    ];
    // Something was: the same position and score as the plain decode.
    let seen = [
        with(vec![0.0; area], 0, 1.0),
        with(vec![0.0; area], area - 1, 1.0),
        with(vec![0.0; area], MAP.width - 1, 1e-30),
        with(vec![-9.0; area], 700, 0.5),
        bump(23.5, 31.5, 2.0, 1.0),
        bump(-4.0, 66.0, 5.0, 0.7),
        bump(10.3, 50.6, 6.0, 1e4),
        bump(40.1, 3.2, 0.3, 1e-4),
        // The first of equal peaks: in another row, in the same one, and where a later column comes first.
        with(with(vec![0.0; area], 500, 1.0), 2900, 1.0),
        with(with(vec![0.0; area], 20 * MAP.width + 3, 1.0), 20 * MAP.width + 44, 1.0),
        with(with(vec![0.0; area], 9 * MAP.width + 40, 1.0), 33 * MAP.width + 2, 1.0),
    ];
    let heatmaps = padded(unseen.iter().chain(&seen).flatten().copied().collect());
    let ours = decode_in_graph(&heatmaps);
    let plain = pose::decode(&heatmaps, 308, MAP, INPUT, HeatmapCodec::Udp).unwrap();
    for (i, k) in ours.iter().enumerate() {
        let inside = (-10.0..202.0).contains(&k.x) && (-10.0..266.0).contains(&k.y);
        assert!(inside && k.score.is_finite(), "map {i}: {k:?}");
        if i < unseen.len() {
            assert_eq!((k.score, plain[i].score), (0.0, 0.0), "map {i}");
        }
    }
    let seen = unseen.len()..unseen.len() + seen.len();
    assert!(plain[seen.clone()].iter().all(|k| k.score > 0.0));
    for i in seen {
        let (pixels, score) = apart(&ours[i..=i], &plain[i..=i]);
        assert!(pixels <= 1e-2 && score <= 1e-5 * plain[i].score.max(1.0), "map {i}: {:?} {:?}", ours[i], plain[i]);
    }
}

/// WebGPU has no arithmetic of 64-bit integers and runs it on the processor: here integers so large say only which axes, shapes and
/// parts are meant.
#[test]
fn keypoints_are_decoded_without_64_bit_values() {
    let golden = Golden::open("pose");
    let converted = Converted::new(&golden.source, &ConvertOptions { input: Some(INPUT), ..Default::default() });
    let graph = sapiens::onnx::cut(&converted.model, &["heatmaps"], &["keypoints"]).unwrap().graph.unwrap();
    let wide: Vec<&str> = graph.initializer.iter().filter(|t| t.data_type == 7).map(|t| t.name.as_str()).collect();
    assert!(!wide.is_empty() && graph.node.len() > 50);
    for node in &graph.node {
        let op = node.op_type.as_str();
        let makes = ["TopK", "ArgMax", "ArgMin", "Shape", "NonZero"].contains(&op);
        assert!(!makes && node.integer("to") != Some(7), "{} makes some", node.name);
        let takes = node.input.iter().any(|name| wide.contains(&name.as_str()));
        assert!(!takes || ["Reshape", "Slice", "Split"].contains(&op) || op.starts_with("Reduce"), "{}", node.name);
        // WebGPU lacks it.
        assert_ne!(op, "Sum", "{}", node.name);
    }
}

#[test]
fn labels_and_confidence() {
    let both = Both::run("seg");
    let logits = both.floats("logits");
    let (labels, confidence) = (both.tensor("labels"), both.tensor("confidence"));
    assert_eq!((&labels.shape, &confidence.shape), (&vec![1, 128, 96], &vec![1, 128, 96]));
    let area = 128 * 96;
    let mut expected = Vec::with_capacity(area);
    for (i, &label) in labels.bytes().unwrap().iter().enumerate() {
        let pixel: Vec<f32> = (0..29).map(|c| logits[c * area + i]).collect();
        let best = (0..29).fold(0, |best, c| if pixel[c] > pixel[best] { c } else { best });
        assert_eq!(usize::from(label), best, "pixel {i}");
        expected.push(1.0 / pixel.iter().map(|v| (v - pixel[best]).exp()).sum::<f32>());
    }
    let error = worst(confidence.floats().unwrap(), &expected);
    println!("confidence: {error:.1e}");
    assert!(error <= 1e-5, "{error}");
    // The picture of the golden values: the same labels but where two classes are equal within the tolerance.
    let official = testkit::expected("seg").u8("logits_argmax");
    let different = labels.bytes().unwrap().iter().zip(&official).filter(|(a, b)| a != b).count();
    println!("labels: {different} of {area} differ from the official ones");
    assert!(different * 1000 <= area, "{different}");
}

#[test]
fn normals_points_colours_and_mattes() {
    let normal = Both::run("normal");
    let (raw, unit) = (normal.floats("normal"), normal.floats("normals"));
    let area = raw.len() / 3;
    let lengths = |v: &[f32]| -> Vec<f32> {
        (0..area).map(|i| (0..3).map(|c| v[c * area + i].powi(2)).sum::<f32>().sqrt()).collect()
    };
    assert!(worst(&lengths(unit), &vec![1.0; area]) <= 1e-5);
    let length = lengths(raw);
    let expected: Vec<f32> = raw.iter().enumerate().map(|(i, v)| v / length[i % area]).collect();
    assert!(worst(unit, &expected) <= 1e-5);

    let points = Both::run("pointmap");
    let mut expected = points.floats("pointmap").to_vec();
    sapiens::task::pointmap::metric(&mut expected, points.floats("scale")[0]).unwrap();
    assert!(worst(points.floats("points"), &expected) <= 1e-5);

    let albedo = Both::run("albedo");
    let raw = albedo.floats("albedo");
    assert!(raw.iter().any(|v| *v < 0.0) && raw.iter().any(|v| *v > 1.0), "nothing to clamp");
    let expected: Vec<f32> = raw.iter().map(|v| v.clamp(0.0, 1.0)).collect();
    assert_eq!(albedo.floats("albedo_rgb"), expected);

    let matting = Both::run("matting");
    let (foreground, alpha) = matting.floats("matting").split_at(3 * 128 * 96);
    assert_eq!((matting.floats("foreground"), matting.floats("alpha")), (foreground, alpha));
    assert_eq!((matting.tensor("alpha").shape.len(), matting.tensor("foreground").shape.len()), (3, 4));
    assert!(alpha.iter().all(|v| (0.0..=1.0).contains(v)));
}

#[test]
fn bytes_with_folded_normalisation_are_normalised_floats() {
    for name in ["pretrain", "pose", "seg", "normal", "pointmap", "albedo", "matting"] {
        let golden = Golden::open(name);
        let picture = stored_picture(&golden.expected);
        // Without bfloat16 roundings that may fall to the other side.
        let options =
            |raw| ConvertOptions { raw, rope: Some(Rope::Fp32), input: Some(golden.size), ..Default::default() };
        let decoding = Converted::new(&golden.source, &options(false));
        let names = decoding.info.tasks[0].raw_outputs();
        let bytes = run_pixels(&decoding.part(&["image"], names), picture.pixels(), golden.size, names);
        let floats = normalise(picture.pixels(), golden.size).unwrap();
        let session = Converted::new(&golden.source, &options(true)).session();
        for (i, tensor) in run_floats(&session, &floats, golden.size, names).iter().enumerate() {
            let error = worst(bytes[i].floats().unwrap(), tensor.floats().unwrap());
            println!("{name} {}: {error:.1e}", names[i]);
            assert!(error <= 2e-4, "{name} {}: {error}", names[i]);
        }
    }
}

#[test]
fn a_batch_of_two_pictures() {
    for name in ["pose", "seg", "pointmap", "matting"] {
        let golden = Golden::open(name);
        let options = ConvertOptions { rope: Some(Rope::Fp32), input: Some(golden.size), ..Default::default() };
        let converted = Converted::new(&golden.source, &options);
        let task: Task = converted.info.tasks[0];
        let (session, names) = (converted.session(), task.decoded_outputs());
        let one = stored_picture(&golden.expected).into_pixels();
        let other: Vec<u8> = one.iter().map(|v| 255 - v).collect();
        let both = run_pixels(&session, &[one.clone(), other.clone()].concat(), golden.size, names);
        for (i, pixels) in [one, other].iter().enumerate() {
            for (single, both) in run_pixels(&session, pixels, golden.size, names).iter().zip(&both) {
                assert_eq!((both.shape[0], &both.shape[1..]), (2, &single.shape[1..]), "{name}");
                match (single.bytes(), both.bytes()) {
                    (Ok(single), Ok(both)) => {
                        let half = &both[i * single.len()..][..single.len()];
                        let different = single.iter().zip(half).filter(|(a, b)| a != b).count();
                        assert!(different * 1000 <= single.len(), "{name}: {different} labels differ");
                    }
                    _ => {
                        let (single, both) = (single.floats().unwrap(), both.floats().unwrap());
                        let error = worst(&both[i * single.len()..][..single.len()], single);
                        assert!(error <= 1e-2, "{name} picture {i}: {error}");
                    }
                }
            }
        }
    }
}
