//! `sapiens prebuild`, `--cache` and what `sapiens doctor` says of it; `sapiens convert --certify`.

use crate::support::{Npy, Sandbox};
use serde_json::Value;
use testkit::Bundle;

#[test]
fn what_is_built_is_used_and_the_doctor_knows_it() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let seg = sandbox.checkpoint("seg");
    let options = ["--input-size", "128x96", "--cache", "cache"];
    let ran = sandbox.ok(&[&["prebuild", &seg], &options[..]].concat());
    assert!(ran.out.contains("seg.safetensors for cpu"), "{ran:?}");
    let entries = || sandbox.files().iter().filter(|f| f.ends_with("graph.onnx")).count();
    assert_eq!(entries(), 1);
    let run = ["run", "p.jpg", "--model", &seg, "--save", "npy", "--out"];
    sandbox.ok(&[&run[..], &["with"], &options].concat());
    assert_eq!(entries(), 1, "the run made no second one");
    sandbox.ok(&[&run[..], &["without"], &options[..2]].concat());
    let labels = |folder: &str| Npy::open(&sandbox.path(&format!("{folder}/p_seg.npy"))).values;
    assert_eq!(labels("with"), labels("without"));

    let ran = sandbox.ok(&["doctor", "--cache", "cache"]);
    let rows: Vec<_> = ran.out.lines().filter(|l| l.contains("for cpu: ")).collect();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.ends_with("fits")), "{ran:?}");
    sandbox.checkpoint("pose");
    std::fs::rename(sandbox.path("pose.safetensors"), sandbox.path("seg.safetensors")).unwrap();
    let ran = sandbox.ok(&["doctor", "--cache", "cache"]);
    assert!(ran.out.contains("has changed since"), "{ran:?}");
    sandbox.refused(&["doctor", "--cache", "none"], &["none"]);
    sandbox.refused(&["run", "p.jpg", "--model", "seg.safetensors", "--device", "tensorrt:0"], &["sapiens prebuild"]);
    sandbox.refused(&["prebuild", "none.safetensors", "--cache", "other"], &["none.safetensors"]);
}

/// A bundle has a graph of tasks and one of the detector; a detector may come alone.
#[test]
fn detectors_are_built_too() {
    let sandbox = Sandbox::new();
    let bundle = Bundle::tiny().with_constant_detector([2.0, 4.0, 4.0, 4.0, 4.0]);
    sandbox.write("bundle.safetensors", &bundle.bytes());
    sandbox.ok(&["prebuild", "bundle.safetensors", "--cache", "cache"]);
    let entries = || sandbox.files().iter().filter(|f| f.ends_with("graph.onnx")).count();
    assert_eq!(entries(), 2);
    sandbox.picture("p.jpg");
    sandbox.ok(&["run", "p.jpg", "--detect", "--model", "bundle.safetensors", "--cache", "cache", "--out", "o"]);
    assert_eq!(entries(), 2, "the run made no third one");
}

#[test]
fn a_conversion_says_what_it_costs() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let seg = sandbox.checkpoint("seg");
    let options = ["--precision", "fp16", "--input-size", "128x96", "--certify", "--certify-with", "p.jpg"];
    let ran = sandbox.ok(&[&["convert", &seg, "half.onnx"], &options[..]].concat());
    assert!(ran.out.contains("seg: relative L2") && ran.out.contains("1 pictures"), "{ran:?}");
    let described =
        |file: &str| -> Value { serde_json::from_str(&sandbox.ok(&["inspect", "--json", file]).out).unwrap() };
    let found = &described("half.onnx")["certificate"];
    assert_eq!((&found["pictures"], &found["source"], &found["device"]), (&1.into(), &"given".into(), &"cpu".into()));
    let error = found["tasks"][0]["relative_l2"].as_f64().unwrap();
    assert!(error > 0.0 && error < 0.05, "{found}");
    assert!(found["tasks"][0]["measures"]["differing_share"].is_number(), "{found}");
    let ran = sandbox.ok(&["inspect", "half.onnx"]);
    assert!(ran.out.contains("measured") && ran.out.contains("differing"), "{ran:?}");
    // Converted again without, nobody has measured.
    sandbox.ok(&[&["convert", &seg, "half.onnx"], &options[..4]].concat());
    assert!(described("half.onnx").get("certificate").is_none());
    sandbox.refused(&["convert", &seg, "o.onnx", "--certify", "--certify-with", "none.jpg"], &["none.jpg"]);
}
