//! `sapiens inspect` and `convert` on checkpoints of Sapiens v1.

use crate::support::{Ran, Sandbox};
use serde_json::{Value, json};
use testkit::{Dtype, golden_tensors1, pth_bytes, safetensors_bytes};

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

/// The official models, as files without data.
#[test]
fn the_official_models_are_told_apart() {
    let sandbox = Sandbox::new();
    let manifests = testkit::manifests1();
    for manifest in manifests.iter().filter(|m| m.name.starts_with("0.3b") || m.name.starts_with("1b_seg")) {
        testkit::write_sparse(sandbox.path("m.safetensors"), &manifest.tensors);
        let found = json_of(&sandbox.ok(&["inspect", "--json", "m.safetensors"]));
        let (name, expected) = (&manifest.name, &manifest.summary);
        let task = match expected["task"].as_str().unwrap() {
            "pretrain" => "features",
            task => task,
        };
        assert_eq!(found["family"], "Sapiens v1", "{name}");
        assert_eq!((&found["size"], &found["task"]), (&expected["size"], &task.into()), "{name}");
        assert_eq!(found["parameters"], expected["params"], "{name}");
        assert_eq!(json!([found["input"]["height"], found["input"]["width"]]), expected["image_hw"], "{name}");
        let padding = format!("patch padding {}", expected["patch_padding"]);
        assert!(found["backbone"].as_str().unwrap().ends_with(&padding), "{name}: {found}");
        assert!(found["licence"].as_str().unwrap().contains("v1"), "{name}");
        let table = sandbox.ok(&["inspect", "m.safetensors"]).out;
        assert!(table.contains("Sapiens v1") && !table.contains("RoPE"), "{name}: {table}");
    }
}

#[test]
fn what_the_tensors_do_not_say_is_an_option() {
    let sandbox = Sandbox::new();
    sandbox.write("pose.pth", &pth_bytes(&golden_tensors1("pose17")));
    sandbox.refused(&["inspect", "pose.pth"], &["heads", "width 32", "--heads"]);
    sandbox.refused(&["convert", "pose.pth"], &["heads", "width 32", "--heads"]);
    sandbox.refused(&["convert", "pose.pth", "--heads", "5"], &["heads: 5", "divisor", "32"]);
    sandbox.refused(&["convert", "pose.pth", "--heads", "4", "--patch-padding", "8"], &["patch padding: 8", "7"]);
    for option in [["--rope", "fp32"], ["--rotation", "fused"]] {
        sandbox.refused(&[&["convert", "pose.pth", "--heads", "4"], &option[..]].concat(), &["Sapiens v1", "rotary"]);
    }
    let found = json_of(&sandbox.ok(&["inspect", "pose.pth", "--heads", "4", "--json"]));
    assert_eq!((&found["size"], &found["keypoints"]), (&"custom".into(), &17.into()));
    let ran = sandbox.ok(&["convert", "pose.pth", "--heads", "4", "--patch-padding", "0", "--precision", "fp16"]);
    assert!(ran.out.contains("Sapiens v1 custom pose, input 128x96, fp16"), "{ran:?}");
    let graph = json_of(&sandbox.ok(&["inspect", "--json", "pose.onnx"]));
    assert_eq!((&graph["family"], &graph["framing"]), (&"Sapiens v1".into(), &"sapiens1".into()));
    assert_eq!((&graph["keypoints"], &graph["licence"]), (&17.into(), &found["licence"]));
    sandbox.refused(&["inspect", "pose.onnx", "--heads", "4"], &["heads", "converted graph"]);
    let sapiens2 = sandbox.checkpoint("seg");
    sandbox.refused(&["convert", &sapiens2, "--heads", "4"], &["heads", "Sapiens2"]);

    sandbox.write("depth.safetensors", &safetensors_bytes(&golden_tensors1("depth"), Dtype::F32, &[("heads", "4")]));
    sandbox.ok(&["convert", "depth.safetensors", "--raw", "--input-size", "64x48"]);
    let depth = json_of(&sandbox.ok(&["inspect", "--json", "depth.onnx"]));
    assert_eq!(depth["heads"], json!(["depth: outputs depth [batch, 1, 64, 48]"]));
}
