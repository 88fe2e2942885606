//! `sapiens run`: names, shapes, types and ranges of all results.

use crate::support::{Npy, Sandbox, asset, json, ply_vertices};
use sapiens::skeleton;

const TASKS: [&str; 6] = ["pose", "seg", "normal", "pointmap", "albedo", "matting"];

fn png_size(path: &std::path::Path) -> (u32, u32) {
    image::image_dimensions(path).unwrap()
}

/// Height and width of the sample picture.
const SIZE: [usize; 2] = [768, 576];

#[test]
fn everything_about_a_picture() {
    let sandbox = Sandbox::new();
    sandbox.picture("anna.v2.jpg");
    let ran = sandbox.ok(&["run", "anna.v2.jpg", "--save", "png,json,npy,ply", "--out", "new/out", "--sheet", "s.png"]);
    assert!(ran.out.contains("anna.v2.jpg") && ran.out.contains("s.png"), "{ran:?}");
    let mut expected: Vec<String> = TASKS.iter().map(|t| format!("new/out/anna.v2_{t}.png")).collect();
    expected.extend(TASKS[1..].iter().map(|t| format!("new/out/anna.v2_{t}.npy")));
    expected.extend(["json", "ply"].map(|e| format!("new/out/anna.v2.{e}")));
    expected.extend(["anna.v2.jpg", "new/", "new/out/", "new/out/anna.v2_cutout.png", "s.png"].map(String::from));
    expected.sort();
    assert_eq!(sandbox.files(), expected);

    let npy = |task: &str| Npy::open(&sandbox.path(&format!("new/out/anna.v2_{task}.npy")));
    let [h, w] = SIZE;
    let seg = npy("seg");
    assert!(seg.is("|u1", &[h, w]) && seg.all_in(0.0, 28.0));
    let person = seg.values.iter().filter(|v| **v > 0.0).count();
    assert!(person > h * w / 20 && person < h * w, "{person} pixels of a person");
    let normal = npy("normal");
    assert!(normal.is("<f4", &[h, w, 3]));
    assert!(normal.norms().all(|n| (n - 1.0).abs() < 1e-5));
    let points = npy("pointmap");
    assert!(points.is("<f4", &[h, w, 3]) && points.all_in(-100.0, 100.0));
    let depths = points.values.chunks(3).map(|p| p[2]);
    assert!(depths.zip(&seg.values).all(|(z, part)| *part == 0.0 || z > 0.0), "the person is before the camera");
    let albedo = npy("albedo");
    assert!(albedo.is("<f4", &[h, w, 3]) && albedo.all_in(0.0, 1.0));
    let alpha = npy("matting");
    assert!(alpha.is("<f4", &[h, w]) && alpha.all_in(0.0, 1.0));
    let opaque = alpha.values.iter().filter(|a| **a > 0.5).count();
    assert!(opaque > h * w / 20 && opaque < h * w, "{opaque} opaque pixels");

    for task in TASKS.iter().chain(&["cutout"]) {
        let path = sandbox.path(&format!("new/out/anna.v2_{task}.png"));
        assert_eq!(png_size(&path), (w as u32, h as u32), "{task}");
        assert_eq!(image::open(&path).unwrap().color().has_alpha(), *task == "cutout", "{task}");
    }
    let (sheet_width, sheet_height) = png_size(&sandbox.path("s.png"));
    assert!(sheet_width > 3 * sheet_height, "seven panels side by side: {sheet_width}x{sheet_height}");
    let vertices = ply_vertices(&sandbox.path("new/out/anna.v2.ply"));
    assert!(vertices > h * w / 20 && vertices < h * w, "the points of the person: {vertices}");
}

#[test]
fn the_document_names_every_keypoint() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    sandbox.ok(&["run", "p.jpg", "--task", "pose", "--save", "json", "--out", "o"]);
    let document = json(&sandbox.path("o/p.json"));
    assert_eq!(document["image"], serde_json::json!({"path": "p.jpg", "width": SIZE[1], "height": SIZE[0]}));
    let model = &document["models"][0];
    assert_eq!((&model["task"], &model["name"]), (&"pose".into(), &"demo".into()));
    assert_eq!((&model["precision"], &model["provider"]), (&"fp32".into(), &"CPUExecutionProvider".into()));
    assert_eq!(model["license"], "MIT OR Apache-2.0");
    let stages = document["timings_ms"].as_object().unwrap();
    for stage in ["preprocess pose", "model pose", "postprocess pose"] {
        assert!(stages[stage].as_f64().is_some_and(|ms| ms >= 0.0), "{stages:?}");
    }
    let [person] = &document["persons"].as_array().unwrap()[..] else { panic!("{document}") };
    assert_eq!(person["box"], serde_json::json!([0.0, 0.0, 576.0, 768.0]));
    let keypoints = person["keypoints"].as_array().unwrap();
    let names: Vec<&str> = keypoints.iter().map(|k| k["name"].as_str().unwrap()).collect();
    assert_eq!(names, skeleton::keypoints().names);
    let number = |k: &serde_json::Value, field: &str| k[field].as_f64().unwrap();
    for k in keypoints {
        assert!((-200.0..800.0).contains(&number(k, "x")) && (-200.0..1000.0).contains(&number(k, "y")), "{k}");
        assert!((0.0..=1.1).contains(&number(k, "score")), "{k}");
    }
    // A standing person: the nose is above both ankles.
    let y = |name: &str| number(&keypoints[names.iter().position(|n| *n == name).unwrap()], "y");
    assert!(y("nose") + 200.0 < y("left_ankle").min(y("right_ankle")));
}

#[test]
fn several_boxes_give_a_file_per_person() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let boxes = ["--box", "-20,-30.5,300,500", "--box", "200,100,350,600"];
    let common = ["run", "p.jpg", "--framing", "crop", "--save", "npy,json,png", "--out", "o"];
    sandbox.ok(&[&common[..], &boxes].concat());
    let arrays: Vec<String> = sandbox.files().into_iter().filter(|f| f.ends_with(".npy")).collect();
    let mut expected: Vec<String> =
        (0..2).flat_map(|i| TASKS[1..].iter().map(move |t| format!("o/p_person{i}_{t}.npy"))).collect();
    expected.sort();
    assert_eq!(arrays, expected);
    let [h, w] = SIZE;
    for i in 0..2 {
        let open = |task: &str| Npy::open(&sandbox.path(&format!("o/p_person{i}_{task}.npy")));
        // Beyond the crop there is nothing: no label, no direction, no point, no opacity.
        let (seg, normal, points) = (open("seg"), open("normal"), open("pointmap"));
        assert!(seg.is("|u1", &[h, w]) && normal.is("<f4", &[h, w, 3]) && points.is("<f4", &[h, w, 3]));
        assert!(normal.norms().all(|n| n == 0.0 || (n - 1.0).abs() < 1e-5));
        let outside: Vec<usize> = normal.norms().enumerate().filter(|(_, n)| *n == 0.0).map(|(i, _)| i).collect();
        assert!(!outside.is_empty() && outside.len() < h * w, "{}", outside.len());
        assert!(outside.iter().all(|&i| seg.values[i] == 0.0 && points.values[3 * i].is_nan()));
        assert!(open("matting").all_in(0.0, 1.0) && open("albedo").all_in(0.0, 1.0));
    }
    let document = json(&sandbox.path("o/p.json"));
    assert_eq!(document["persons"][0]["box"], serde_json::json!([-20.0, -30.5, 300.0, 500.0]));
    assert_eq!(document["persons"][1]["box"], serde_json::json!([200.0, 100.0, 350.0, 600.0]));
    // One box needs no number.
    sandbox.ok(&[&common[..4], &["--save", "npy", "--out", "one", "--task", "seg"], &boxes[..2]].concat());
    assert!(sandbox.path("one/p_seg.npy").is_file());
}

#[test]
fn several_models_share_a_picture() {
    let sandbox = Sandbox::new();
    let (pose, seg) = (sandbox.checkpoint("pose"), sandbox.checkpoint("seg"));
    sandbox.picture("p.jpg");
    sandbox.ok(&["convert", &seg]);
    sandbox.ok(&["run", "p.jpg", "--model", &pose, "--model", "seg.onnx", "--save", "npy,json", "--out", "o"]);
    assert!(Npy::open(&sandbox.path("o/p_seg.npy")).is("|u1", &SIZE));
    let models = &json(&sandbox.path("o/p.json"))["models"];
    assert_eq!((&models[0]["task"], &models[1]["task"]), (&"pose".into(), &"seg".into()));
    assert_eq!((&models[0]["name"], &models[1]["name"]), (&pose.as_str().into(), &"seg.onnx".into()));
    // The converted graph and the checkpoint it came from see the same.
    sandbox.ok(&["run", "p.jpg", "--model", &seg, "--save", "npy", "--out", "direct"]);
    let labels = |folder: &str| Npy::open(&sandbox.path(&format!("{folder}/p_seg.npy"))).values;
    assert!(labels("o") == labels("direct"));
}

#[test]
fn the_flip_test_averages() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    sandbox.ok(&["run", "p.jpg", "--task", "matting,normal", "--save", "npy", "--out", "plain"]);
    sandbox.ok(&["run", "p.jpg", "--task", "matting,normal", "--save", "npy", "--out", "flip", "--flip-test"]);
    let open = |folder: &str, task: &str| Npy::open(&sandbox.path(&format!("{folder}/p_{task}.npy")));
    let (plain, flip) = (open("plain", "matting").values, open("flip", "matting").values);
    let mean = plain.iter().zip(&flip).map(|(a, b)| (a - b).abs()).sum::<f64>() / plain.len() as f64;
    assert!(mean > 0.0 && mean < 0.1, "{mean}");
    assert!(open("flip", "normal").norms().all(|n| (n - 1.0).abs() < 1e-5));
}

#[test]
fn features_are_an_array() {
    let sandbox = Sandbox::new();
    let model = sandbox.checkpoint("pretrain");
    sandbox.ok(&[
        "run",
        &asset("standing.jpg"),
        "--model",
        &model,
        "--input-size",
        "128x96",
        "--save",
        "npy",
        "--out",
        "o",
    ]);
    assert!(Npy::open(&sandbox.path("o/standing_features.npy")).is("<f4", &[32, 8, 6]));
}
