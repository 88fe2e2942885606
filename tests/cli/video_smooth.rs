//! `sapiens run clip --smooth`: a second pass over the lines, and over the overlay.

use crate::support::Sandbox;
use crate::video::{clip, lines};
use serde_json::Value;

const RUN: [&str; 6] = ["run", "c.mp4", "--smooth", "--overlay", "--detect-every", "3"];

fn run(sandbox: &Sandbox, out: &str) -> String {
    sandbox.ok(&[&RUN[..], &["--out", out]].concat()).out
}

/// The sum of squared second differences of sure keypoints of somebody, raw or smoothed.
fn roughness(frames: &[Value], kind: &str) -> f64 {
    let pose = |frame: &Value| -> Option<Vec<[f64; 3]>> {
        let person = frame["people"].as_array()?.iter().find(|p| p["id"] == 1)?;
        person["keypoints"].as_array()?;
        let number = |v: &Value| [0, 1, 2].map(|i| v[i].as_f64().unwrap_or(f64::NAN));
        Some(person[kind].as_array()?.iter().map(number).collect())
    };
    let poses: Vec<_> = frames.iter().map(pose).collect();
    let mut sum = 0.0;
    for three in poses.windows(3) {
        let [Some(a), Some(b), Some(c)] = three else { continue };
        for k in (0..a.len()).filter(|&k| [a, b, c].iter().all(|pose| pose[k][2] >= 0.3)) {
            sum += (0..2).map(|i| (a[k][i] - 2.0 * b[k][i] + c[k][i]).powi(2)).sum::<f64>();
        }
    }
    sum
}

#[test]
fn smoothed_keypoints_stand_beside_those_found() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 10, "c.mp4", "-pix_fmt yuv420p");
    run(&sandbox, "o");
    let (header, found) = lines(&sandbox.path("o/c.jsonl"));
    let (same_header, smoothed) = lines(&sandbox.path("o/c_smooth.jsonl"));
    assert_eq!((header, found.len()), (same_header, smoothed.len()));
    for (found, smoothed) in found.iter().zip(&smoothed) {
        let mut without = smoothed.clone();
        for person in without["people"].as_array_mut().unwrap() {
            let points = person.as_object_mut().unwrap().shift_remove("smoothed");
            // Whoever was seen has as many as were found.
            if let Some(keypoints) = person["keypoints"].as_array() {
                let points = points.unwrap_or_else(|| panic!("nothing smoothed: {person}"));
                assert_eq!(points.as_array().unwrap().len(), keypoints.len());
            }
        }
        assert_eq!(&without, found, "everything else is as it was");
    }
    let (rough, calm) = (roughness(&smoothed, "keypoints"), roughness(&smoothed, "smoothed"));
    assert!(rough > 0.0 && calm < 0.5 * rough, "{calm} of {rough}");
    let files = sandbox.files().into_iter().filter(|f| f.starts_with("o/")).collect::<Vec<_>>();
    assert_eq!(files, ["o/", "o/c.jsonl", "o/c.state.json", "o/c_overlay.mp4", "o/c_smooth.jsonl"]);
}

/// Wherever it was stopped, the same command goes on and gives the same files.
#[test]
fn a_run_that_smooths_goes_on_where_it_stopped() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 8, "c.mp4", "-pix_fmt yuv420p");
    run(&sandbox, "o");
    let read = |name: &str| std::fs::read(sandbox.path(name)).unwrap();
    let [lines, smoothed, shown] = ["o/c.jsonl", "o/c_smooth.jsonl", "o/c_overlay.mp4"].map(read);
    let state = String::from_utf8(read("o/c.state.json")).unwrap();
    assert!(run(&sandbox, "o").contains("complete already"));
    // In the first pass; between the passes; while the overlay was drawn.
    for (has_all_lines, keep, has_smoothed) in
        [(false, lines.len() / 2, false), (true, lines.len(), false), (true, lines.len(), true)]
    {
        let stopped = state.replace("\"complete\": true", "\"complete\": false");
        let all = format!("\"has_all_lines\": {has_all_lines}");
        sandbox.write("o/c.state.json", stopped.replace("\"has_all_lines\": true", &all).as_bytes());
        sandbox.write("o/c.jsonl", &lines[..keep]);
        std::fs::remove_file(sandbox.path("o/c_overlay.mp4")).unwrap();
        std::fs::create_dir_all(sandbox.path("o/c_overlay.parts")).unwrap();
        sandbox.write("o/c_overlay.parts/00000000-1.mp4", b"half a clip");
        if !has_smoothed {
            std::fs::remove_file(sandbox.path("o/c_smooth.jsonl")).unwrap();
        }
        run(&sandbox, "o");
        for (name, whole) in [("o/c.jsonl", &lines), ("o/c_smooth.jsonl", &smoothed), ("o/c_overlay.mp4", &shown)] {
            assert!(read(name) == *whole, "{name}, stopped with {keep} bytes of lines, {has_all_lines}");
        }
        assert!(!sandbox.path("o/c_overlay.parts").exists());
    }
    // What is drawn is what was smoothed.
    sandbox.ok(&["run", "c.mp4", "--overlay", "--detect-every", "3", "--out", "raw"]);
    assert!(read("raw/c_overlay.mp4") != shown && read("raw/c.jsonl") == lines);
}
