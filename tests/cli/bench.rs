//! `sapiens bench`.

use crate::support::{Sandbox, asset};
use serde_json::Value;

#[test]
fn json_has_every_stage() {
    let sandbox = Sandbox::new();
    let args = ["bench", "--image", &asset("standing.jpg"), "--task", "pose,normal", "--runs", "3", "--warm-up", "0"];
    let report: Value = serde_json::from_str(&sandbox.ok(&[&args[..], &["--json"]].concat()).out).unwrap();
    assert_eq!((&report["runs"], &report["image"]["width"]), (&3.into(), &576.into()));
    assert_eq!((&report["models"][0]["name"], &report["models"][0]["device"]), (&"demo".into(), &"cpu".into()));
    let stages = report["stages_ms"].as_object().unwrap();
    let expected =
        ["preprocess pose+normal", "backbone pose+normal", "model pose", "model normal", "postprocess normal"];
    for stage in expected {
        assert!(stages.contains_key(stage), "{stage}: {stages:?}");
    }
    let number = |v: &Value, key: &str| v[key].as_f64().unwrap();
    for v in stages.values().chain([&report["total_ms"]]) {
        let (min, median, max) = (number(v, "min"), number(v, "median"), number(v, "max"));
        assert!(0.0 <= min && min <= median && median <= max, "{v}");
    }
    let sum: f64 = stages.values().map(|v| number(v, "min")).sum();
    assert!(sum > 0.0 && sum <= number(&report["total_ms"], "max"), "{report}");
    #[cfg(target_os = "linux")]
    {
        let memory = &report["memory_mb"];
        assert!(number(memory, "before_load_peak") <= number(memory, "after_load_peak"), "{memory}");
        assert!(number(memory, "after_load_peak") <= number(memory, "peak"), "{memory}");
    }
    let table = sandbox.ok(&args).out;
    for text in ["demo on cpu", "median", "model pose", "total", "load", "peak memory"] {
        assert!(table.contains(text), "{text}: {table}");
    }
}
