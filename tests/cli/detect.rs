//! `sapiens run --detect`: people found by a bundle's detector.

use crate::support::{Sandbox, asset, json};
use sapiens::geometry::Rect;
use serde_json::json;
use testkit::Bundle;

/// A bundle whose detector sees one person of score 0.8808 who fills the picture, whatever it shows.
fn bundle(sandbox: &Sandbox) -> &'static str {
    let bundle = Bundle::tiny().with_constant_detector([2.0, 4.0, 4.0, 4.0, 4.0]);
    sandbox.write("bundle.safetensors", &bundle.bytes());
    "bundle.safetensors"
}

#[test]
fn a_person_is_found_and_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let model = bundle(&sandbox);
    let ran = sandbox.ok(&["run", "p.jpg", "--model", model, "--detect", "--out", "found"]);
    assert!(ran.out.contains("p.jpg: 1 person(s)"), "{ran:?}");
    let found = json(&sandbox.path("found/p.json"));
    let [person] = &found["persons"].as_array().unwrap()[..] else { panic!("{found}") };
    assert_eq!(person["box"], json!([0.0, 0.0, 576.0, 768.0]));
    assert_eq!(person["detection_score"], 0.8808);
    assert_eq!(person["keypoints"].as_array().unwrap().len(), 308);
    assert_eq!((&found["models"][0]["task"], &found["models"][1]["task"]), (&"detection".into(), &"pose".into()));
    assert_eq!((&found["models"][0]["name"], found["models"].as_array().unwrap().len()), (&model.into(), 2));
    assert!(found["timings_ms"]["detect"].as_f64().is_some_and(|ms| ms >= 0.0));
    assert!(sandbox.path("found/p_pose.png").is_file());

    // The same box by hand; it has no score, and nothing was detected.
    sandbox.ok(&["run", "p.jpg", "--model", model, "--box", "0,0,576,768", "--out", "given"]);
    let given = json(&sandbox.path("given/p.json"));
    assert_eq!(given["persons"][0]["keypoints"], person["keypoints"]);
    assert!(given["persons"][0].get("detection_score").is_none() && given["models"][0]["task"] == "pose");
}

/// Without `--model`: the embedded model has a detector. The boxes are the renderer's labels of the sample pictures.
#[test]
fn the_embedded_model_finds_the_person() {
    let sandbox = Sandbox::new();
    for (name, [x, y, width, height]) in
        [("standing", [88.0, 16.0, 386.0, 752.0]), ("frontal", [156.0, 79.0, 291.0, 678.0])]
    {
        let picture = asset(&format!("{name}.jpg"));
        sandbox.ok(&["run", &picture, "--detect", "--task", "pose", "--save", "json", "--out", "o"]);
        let found = json(&sandbox.path(&format!("o/{name}.json")));
        let person = found["persons"].get(0).unwrap_or_else(|| panic!("{name}: nobody: {found}"));
        let bbox: [f32; 4] = serde_json::from_value(person["box"].clone()).unwrap();
        let [left, top, across, down] = bbox;
        let found = Rect { x: left, y: top, width: across, height: down };
        let overlap = found.iou(Rect { x, y, width, height });
        println!("{name}: {found:?}, score {}, overlap {overlap:.2}", person["detection_score"]);
        assert!(overlap > 0.5, "{name}: {found:?} is not where the person is ({overlap:.2})");
    }
}

#[test]
fn nobody_is_a_result() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let model = bundle(&sandbox);
    let common = ["run", "p.jpg", "--model", model, "--out", "o", "--save", "png,json,npy,ply", "--sheet", "s.png"];
    let ran = sandbox.ok(&[&common[..], &["--detect", "--detect-threshold", "0.9"]].concat());
    assert!(ran.out.contains("p.jpg: no person found") && ran.err.is_empty(), "{ran:?}");
    assert_eq!(json(&sandbox.path("o/p.json"))["persons"], json!([]));
    assert!(sandbox.files().iter().filter(|f| f.starts_with("o/")).all(|f| ["o/", "o/p.json"].contains(&f.as_str())));
    assert!(sandbox.path("s.png").is_file());
}

#[test]
fn detection_that_cannot_be_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let (model, pose) = (bundle(&sandbox), sandbox.checkpoint("pose"));
    let ran = sandbox.ok(&["convert", model]);
    assert!(ran.out.contains("person detector is not in the graph"), "{ran:?}");
    let cases: [(&[&str], &[&str]); 8] = [
        (
            &["--detect", "--model", &pose],
            &["no person detector", &pose, "decode_heads.detector", "official checkpoints"],
        ),
        (&["--detect", "--model", "bundle.onnx"], &["no person detector", "bundle.onnx", "converted graphs"]),
        (&["--detect", "--box", "0,0,9,9", "--model", model], &["--detect", "--box"]),
        (&["--detect-threshold", "0.5", "--model", model], &["required"]),
        (&["--detect-nms", "0.5", "--model", model], &["required"]),
        (&["--detect", "--detect-threshold", "1.5", "--model", model], &["--detect-threshold", "0 to 1"]),
        (&["--detect", "--detect-threshold", "nan", "--model", model], &["--detect-threshold", "0 to 1"]),
        (&["--detect", "--detect-nms", "-1", "--model", model], &["--detect-nms", "0 to 1"]),
    ];
    for (options, fragments) in cases {
        println!("{options:?}");
        sandbox.refused(&[&["run", "p.jpg", "--out", "o"], options].concat(), fragments);
    }
}

#[test]
fn inspect_shows_it_beside_the_tasks() {
    let sandbox = Sandbox::new();
    let model = bundle(&sandbox);
    let found: serde_json::Value = serde_json::from_str(&sandbox.ok(&["inspect", "--json", model]).out).unwrap();
    assert_eq!((&found["tasks"], &found["kind"]), (&json!(["pose"]), &"bundle".into()));
    assert_eq!(found["detector"], json!({"family": "bundle", "input": {"width": 256, "height": 256}, "stride": 8}));
    let table = sandbox.ok(&["inspect", model]).out;
    let line = table.lines().find(|l| l.contains("person detector")).unwrap();
    for fragment in ["head ", "deconv [8]", "conv [8]", "5 channels", "input 256x256", "stride 8"] {
        assert!(line.contains(fragment), "`{fragment}` in: {line}");
    }
}
