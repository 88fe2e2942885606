//! `sapiens inspect`: the facts of checkpoints, bundles and converted graphs, for people and for programs.

use crate::support::{Ran, Sandbox, asset};
use serde_json::{Value, json};

/// The value behind a name in the table for people.
fn row<'a>(ran: &'a Ran, name: &str) -> &'a str {
    let line = ran.out.lines().find(|l| l.split_whitespace().next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name}: {ran:?}"))[name.len()..].trim()
}

#[test]
fn a_bundle_for_people() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok(&["inspect", &asset("demo/demo_bundle.safetensors")]);
    let facts = ["kind", "task", "size", "parameters", "input", "stored", "licence"].map(|name| row(&ran, name));
    assert_eq!(facts[..3], ["bundle", "pose, seg, normal, pointmap, albedo, matting", "custom"]);
    let tensors = testkit::Expected::open(asset("demo/demo_bundle.safetensors"));
    let trained = tensors.names().filter(|name| !name.ends_with("periods"));
    let parameters: usize = trained.map(|name| tensors.shape(name).iter().product::<usize>()).sum();
    assert!(facts[3].contains(&parameters.to_string()) && facts[4].starts_with("256x192"), "{ran:?}");
    assert_eq!(facts[5..], ["as   F16", "MIT OR Apache-2.0"]);
    // Six tasks and the person detector.
    assert_eq!(ran.out.lines().filter(|l| l.starts_with("head ")).count(), 7, "{ran:?}");
}

#[test]
fn a_checkpoint_and_its_graph_agree() {
    let sandbox = Sandbox::new();
    let describe = |file: &str| -> Value {
        let value: Value = serde_json::from_str(&sandbox.ok(&["inspect", "--json", file]).out).unwrap();
        let table = sandbox.ok(&["inspect", file]);
        for name in ["kind", "task", "size", "parameters", "input", "stored", "licence", "head"] {
            assert!(!row(&table, name).is_empty(), "{file}: {name}");
        }
        value
    };
    let pose = sandbox.checkpoint("pose_bf16");
    sandbox.ok(&["convert", &pose, "--precision", "fp16"]);
    let (checkpoint, graph) = (describe(&pose), describe("pose_bf16.onnx"));
    for field in ["tasks", "size", "parameters", "framing", "heatmap", "licence", "input"] {
        assert_eq!(checkpoint[field], graph[field], "{field}");
    }
    assert_eq!((&checkpoint["kind"], &graph["kind"]), (&"checkpoint".into(), &"converted graph".into()));
    assert_eq!((&checkpoint["dtype"], &graph["dtype"]), (&"BF16".into(), &"F16".into()));
    assert!(checkpoint["heads"][0].as_str().unwrap().contains("308 channels"));
    assert!(graph["heads"][0].as_str().unwrap().contains("keypoints [batch, 308"), "{graph}");
}

/// The official models, as files without data.
#[test]
fn the_official_models() {
    let sandbox = Sandbox::new();
    for manifest in testkit::manifests() {
        let name = format!("{}.safetensors", manifest.name);
        testkit::write_sparse(sandbox.path(&name), &manifest.tensors);
        let found: Value = serde_json::from_str(&sandbox.ok(&["inspect", "--json", &name]).out).unwrap();
        let (size, task) = manifest.name.rsplit_once('_').unwrap();
        let task = if task == "pretrain" { "features" } else { task };
        assert_eq!((&found["size"], &found["tasks"]), (&size.replace('_', "-").into(), &json!([task])), "{name}");
        assert_eq!(found["parameters"], manifest.summary["params"], "{name}");
        assert_eq!(json!([found["input"]["height"], found["input"]["width"]]), manifest.summary["image"], "{name}");
        assert_eq!(found["licence"], "Sapiens2 License", "{name}");
        std::fs::remove_file(sandbox.path(&name)).unwrap();
    }
}
