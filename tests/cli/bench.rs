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
    // One picture for both, framed on the host; 308 keypoints and a map of normals come back.
    let input = &report["models"][0]["info"]["input"];
    let area = number(input, "width") * number(input, "height");
    assert_eq!(report["models"][0]["framing"], "host");
    let bytes = (number(&report["bytes_per_run"], "to_device"), number(&report["bytes_per_run"], "to_host"));
    assert_eq!(bytes, (3.0 * area, 308.0 * 12.0 + 12.0 * area));
    for v in stages.values().chain([&report["total_ms"]]) {
        let (min, median, max) = (number(v, "min"), number(v, "median"), number(v, "max"));
        let p99 = number(v, "p99");
        assert!(0.0 <= min && min <= median && median <= p99 && p99 <= max, "{v}");
    }
    assert!(number(&report, "first_run_ms") > 0.0 && number(&report, "frames_per_second") > 0.0, "{report}");
    let sum: f64 = stages.values().map(|v| number(v, "min")).sum();
    assert!(sum > 0.0 && sum <= number(&report["total_ms"], "max"), "{report}");
    #[cfg(target_os = "linux")]
    {
        let memory = &report["memory_mb"];
        assert!(number(memory, "before_load_peak") <= number(memory, "after_load_peak"), "{memory}");
        assert!(number(memory, "after_load_peak") <= number(memory, "peak"), "{memory}");
        assert!(number(memory, "anonymous") > 0.0 && number(&report, "processor_ms_per_run") > 0.0, "{report}");
    }
    let table = sandbox.ok(&args).out;
    for text in
        ["demo on cpu", "median", "model pose", "total", "load", "first run", "frames per second", "peak memory"]
    {
        assert!(table.contains(text), "{text}: {table}");
    }
}

#[test]
fn on_request_every_line_is_a_run() {
    let sandbox = Sandbox::new();
    let args = ["bench", "--image", &asset("standing.jpg"), "--task", "pose", "--on-request"];
    let answers = sandbox.told(&args, "go\n\n");
    let answers: Vec<Value> = answers.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert!(answers[0]["ready"] == true && answers[0]["load_ms"].as_f64().unwrap() > 0.0);
    assert!(answers[1..].iter().all(|a| a["ms"].as_f64().unwrap() > 0.0), "{answers:?}");
    let boxes = ["bench", "--box", "0,0,40,80", "--box", "9,9,40,80", "--runs", "1", "--task", "pose", "--json"];
    let report: Value = serde_json::from_str(&sandbox.ok(&boxes).out).unwrap();
    assert_eq!(report["people"], 2);
    sandbox.refused(&["bench", "--box", "0,0,0,80"], &["--box", "above 0"]);
}
