//! `--detector`: a person detector beside the models, run, converted, inspected, evaluated.

use crate::labelled;
use crate::support::{self, Sandbox};
use serde_json::{Value, json};
use testkit::Expected;

const SIZE: [&str; 2] = ["--detector-size", "192x192"];

/// The tiny RTMDet, and a picture in which the official demo finds twelve with it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let data = testkit::data_dir().join("detector");
    std::fs::copy(data.join("rtmdet.pth"), sandbox.path("rtmdet.pth")).unwrap();
    let expected = Expected::open(data.join("rtmdet.expected.safetensors"));
    let shape = expected.shape("img2.bgr_u8");
    let rgb: Vec<u8> = expected.u8("img2.bgr_u8").chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
    let (width, height) = (shape[1] as u32, shape[0] as u32);
    image::save_buffer(sandbox.path("p.png"), &rgb, width, height, image::ColorType::Rgb8).unwrap();
    sandbox
}

fn official() -> Vec<(f64, Vec<f64>)> {
    let expected = Expected::open(testkit::data_dir().join("detector/rtmdet.expected.safetensors"));
    let boxes = expected.f32("img2.demo.boxes");
    let [x0, y0, x1, y1] = [0, 1, 2, 3];
    let of = |b: &[f32]| [b[x0], b[y0], b[x1] - b[x0], b[y1] - b[y0]].map(f64::from).to_vec();
    expected.f32("img2.demo.scores").iter().map(|s| f64::from(*s)).zip(boxes.chunks(4).map(of)).collect()
}

fn people(sandbox: &Sandbox, out: &str) -> Vec<Value> {
    support::json(&sandbox.path(&format!("{out}/p.json")))["persons"].as_array().unwrap().clone()
}

#[test]
fn a_detector_beside_the_models_finds_the_boxes() {
    let sandbox = sandbox();
    let pose = sandbox.checkpoint("pose");
    let common = ["run", "p.png", "--model", &pose, "--input-size", "128x96", "--save", "json", "--detect"];
    let ran = sandbox.ok(&[&common[..], &["--detector", "rtmdet.pth", "--out", "o"], &SIZE].concat());
    assert!(ran.out.contains("p.png: 12 person(s)"), "{ran:?}");
    let found = people(&sandbox, "o");
    let official = official();
    assert_eq!(found.len(), official.len());
    for (score, bbox) in &official {
        let is_it = |person: &&Value| {
            let own: Vec<f64> = serde_json::from_value(person["box"].clone()).unwrap();
            let near = own.iter().zip(bbox).all(|(a, b)| (a - b).abs() < 0.1);
            near && (person["detection_score"].as_f64().unwrap() - score).abs() < 1e-3
        };
        let person = found.iter().find(is_it).unwrap_or_else(|| panic!("{bbox:?} is not in {found:?}"));
        assert_eq!(person["keypoints"].as_array().unwrap().len(), 308);
    }
    let document = support::json(&sandbox.path("o/p.json"));
    assert_eq!(
        (&document["models"][0]["name"], &document["models"][0]["task"]),
        (&"rtmdet.pth".into(), &"detection".into())
    );

    // Converted once, it finds the same; with other thresholds, others.
    let ran = sandbox.ok(&["convert", "rtmdet.pth", "--input-size", "192x192"]);
    assert!(ran.out.contains("person detector") && ran.out.contains("--detector rtmdet.onnx"), "{ran:?}");
    sandbox.ok(&[&common[..], &["--detector", "rtmdet.onnx", "--out", "g"]].concat());
    assert_eq!(people(&sandbox, "g"), found);
    let strict = ["--detector", "rtmdet.onnx", "--out", "s", "--detect-threshold", "0.9999"];
    sandbox.ok(&[&common[..], &strict].concat());
    assert!(people(&sandbox, "s").len() < found.len());
    let loose = ["--detector", "rtmdet.onnx", "--out", "l", "--detect-nms", "0.9"];
    sandbox.ok(&[&common[..], &loose].concat());
    assert!(people(&sandbox, "l").len() > found.len());
}

#[test]
fn inspect_says_what_it_is() {
    let sandbox = sandbox();
    let table = sandbox.ok(&["inspect", "rtmdet.pth"]).out;
    for fragment in ["person detector", "detection", "RTMDet: 3 levels of 24 channels", "640x640", "CSPNeXt", "320421"]
    {
        assert!(table.contains(fragment), "`{fragment}` in: {table}");
    }
    assert!(!table.contains("RoPE") && !table.contains("framing"), "{table}");
    std::fs::copy(testkit::data_dir().join("detector/detr_hf.safetensors"), sandbox.path("detr-dc5.safetensors"))
        .unwrap();
    let table = sandbox.ok(&["inspect", "detr-dc5.safetensors"]).out;
    for fragment in ["DETR: 2 + 2 layers", "12 queries", "92 classes", "detr-resnet-dc5", "shorter side 800"] {
        assert!(table.contains(fragment), "`{fragment}` in: {table}");
    }
    sandbox.ok(&["convert", "rtmdet.pth"]);
    let table = sandbox.ok(&["inspect", "rtmdet.onnx"]).out;
    for fragment in ["converted person detector", "scores [batch, 8400, 1]", "boxes [batch, 8400, 4]"] {
        assert!(table.contains(fragment), "`{fragment}` in: {table}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let sandbox = sandbox();
    let pose = sandbox.checkpoint("pose");
    let run = ["run", "p.png", "--out", "o", "--model", &pose];
    let cases: [(&[&str], &[&str]); 7] = [
        (&["--detector", "rtmdet.pth"], &["--detector", "--detect is required"]),
        (&["--detect", "--detector", "none.pth"], &["none.pth"]),
        (&["--detect", "--detector", &pose], &["no person detector", &pose]),
        (&["--detect", "--detector", "p.png"], &["p.png", "an image"]),
        (&["--detect", "--detector-size", "9x9"], &["required arguments"]),
        (&["--detect", "--detector", "rtmdet.pth", "--detector-size", "200x200"], &["multiple of 32", "rtmdet.pth"]),
        (&["--model", "rtmdet.pth"], &["--detector", "rtmdet.pth"]),
    ];
    for (options, fragments) in cases {
        println!("{options:?}");
        sandbox.refused(&[&run[..], options].concat(), fragments);
    }
    for option in [&["--task", "pose"][..], &["--rope", "fp32"], &["--rotation", "fused"], &["--precision", "fp16"]] {
        sandbox.refused(&[&["convert", "rtmdet.pth"], option].concat(), &[option[0].trim_start_matches('-')]);
    }
}

#[test]
fn eval_takes_it() {
    let sandbox = sandbox();
    labelled::folder(&sandbox);
    let mut label = labelled::label();
    label["people"] = json!([{"box": [0, 0, 576, 768]}]);
    labelled::write_label(&sandbox, "a", &label);
    let pose = sandbox.checkpoint("pose");
    let common = ["eval", "--data", "d", "--model", &pose, "--input-size", "128x96", "--detector", "rtmdet.pth"];
    let ran = sandbox.ok(&[&common[..], &SIZE, &["--boxes", "detect", "--json", "o.json"]].concat());
    assert!(ran.out.contains("detector of rtmdet.pth on cpu"), "{ran:?}");
    let report = support::json(&sandbox.path("o.json"));
    assert_eq!(
        (&report["detector"]["name"], &report["detector"]["max_overlap"]),
        (&"rtmdet.pth".into(), &0.3f32.into())
    );
    sandbox.refused(&common, &["--detector needs --boxes detect"]);
}
