//! `sapiens eval --boxes detect`: a detector that finds one person who fills the picture, with a score of 0.8808, against
//! labels that say so and others that do not.

use crate::labelled::{SIZE, folder, label, write_label};
use crate::support::{Sandbox, json};
use serde_json::{Value, json};
use testkit::Bundle;

const EVAL: [&str; 7] = ["eval", "--data", "d", "--json", "o.json", "--boxes", "detect"];
const MODEL: [&str; 2] = ["--model", "bundle.safetensors"];

/// The bundle, an empty labelled folder, and what the bundle says about the picture's one person, as a label.
fn sandbox() -> (Sandbox, Value) {
    let sandbox = Sandbox::new();
    let bundle = Bundle::tiny().with_constant_detector([2.0, 4.0, 4.0, 4.0, 4.0]);
    sandbox.write("bundle.safetensors", &bundle.bytes());
    folder(&sandbox);
    sandbox.ok(&[&["run", "d/images/a.jpg", "--detect", "--out", "o", "--save", "json"], &MODEL[..]].concat());
    let found = json(&sandbox.path("o/a.json"))["persons"][0]["keypoints"].clone();
    let keypoints: Value = found.as_array().unwrap().iter().map(|k| json!([k["x"], k["y"], 2])).collect();
    (sandbox, keypoints)
}

fn person(bbox: [usize; 4], keypoints: &Value) -> Value {
    let mut person = json!({"box": bbox});
    if !keypoints.is_null() {
        person["keypoints"] = keypoints.clone();
    }
    person
}

fn write(sandbox: &Sandbox, name: &str, people: &[Value]) {
    let mut label = label();
    label["people"] = people.into();
    write_label(sandbox, name, &label);
}

fn scores(sandbox: &Sandbox, options: &[&str]) -> Value {
    let ran = sandbox.ok(&[&EVAL[..], &MODEL, options].concat());
    for says in ["detector of bundle.safetensors on cpu", "AP50", "recall at 100 boxes"] {
        assert!(ran.out.contains(says), "`{says}`: {ran:?}");
    }
    json(&sandbox.path("o.json"))
}

#[track_caller]
fn near(scores: &Value, place: &str, expected: f64) {
    let found = scores.pointer(&format!("/scores/{place}")).unwrap_or_else(|| panic!("{place}: {scores:#}"));
    assert!((found.as_f64().unwrap_or(f64::NAN) - expected).abs() < 1e-4, "{place}: {found} instead of {expected}");
}

const WHOLE: [usize; 4] = [0, 0, SIZE.width, SIZE.height];
const CORNER: [usize; 4] = [0, 0, 60, 90];

#[test]
fn found_people_are_matched_with_labelled_ones() {
    let (sandbox, keypoints) = sandbox();
    write(&sandbox, "a", &[person(WHOLE, &keypoints)]);
    let document = scores(&sandbox, &[]);
    assert_eq!((&document["scores"]["boxes"], &document["detector"]["name"]), (&"detect".into(), &MODEL[1].into()));
    for key in ["ap", "ap50", "ap75", "recall_100_share", "recall_100_iou50_share"] {
        near(&document, &format!("detector/{key}"), 1.0);
    }
    near(&document, "pose/all_308/oks_ap", 1.0);
    near(&document, "pose/error/all/mean_error_box_heights", 0.0);
    near(&document, "pose/coco_17_labelled/pck_0_05_share", 1.0);
    near(&document, "pose/people_not_found", 0.0);

    // Somebody else, in a corner of the second picture, whom nobody finds; what is found there is wrong.
    write(&sandbox, "b", &[person(CORNER, &keypoints)]);
    let document = scores(&sandbox, &[]);
    near(&document, "detector/people", 2.0);
    near(&document, "detector/boxes", 2.0);
    // The first of two as sure is right: precision 1 at the recalls 0.00 to 0.50.
    near(&document, "detector/ap50", 51.0 / 101.0);
    near(&document, "detector/recall_100_share", 0.5);
    // Where it is seen has no part in whether the pose is right.
    near(&document, "pose/coco_17/oks_ap50", 1.0);
    near(&document, "pose/people_not_found", 1.0);
    near(&document, "pose/coco_17_visible/keypoints", 34.0);
    near(&document, "pose/coco_17_visible/pck_0_10_share", 0.5);
    near(&document, "pose/error/body/visible_keypoints", 34.0);
    near(&document, "pose/error/body/not_found", 17.0);
    near(&document, "pose/error/body/mean_error_box_heights", 0.0);
}

#[test]
fn pictures_of_nobody_and_people_without_keypoints_count() {
    let (sandbox, keypoints) = sandbox();
    // As sure as the right one and earlier: precision 1/2 at every recall, of boxes and of keypoints.
    write(&sandbox, "a", &[]);
    write(&sandbox, "b", &[person(WHOLE, &keypoints)]);
    let document = scores(&sandbox, &["--sheet", "s.png"]);
    assert!(sandbox.path("s.png").is_file());
    near(&document, "detector/ap", 0.5);
    near(&document, "detector/recall_100_share", 1.0);
    near(&document, "pose/pictures", 2.0);
    near(&document, "pose/coco_17/oks_ap", 0.5);

    // Somebody whose keypoints are not labelled: the box is right, the keypoints neither right nor wrong.
    write(&sandbox, "a", &[person(WHOLE, &Value::Null)]);
    let document = scores(&sandbox, &[]);
    near(&document, "detector/ap", 1.0);
    near(&document, "pose/coco_17/oks_ap", 1.0);
    near(&document, "pose/coco_17/people", 1.0);
    near(&document, "pose/people_not_found", 0.0);

    // Nobody's keypoints at all: the detector alone.
    write(&sandbox, "b", &[person(CORNER, &Value::Null)]);
    let document = scores(&sandbox, &[]);
    near(&document, "detector/ap50", 51.0 / 101.0);
    assert!(document["scores"].get("pose").is_none(), "{document:#}");
    assert_eq!(document["not_evaluated"], json!([{"task": "pose", "reason": "no label is for it"}]));
    let boxes_alone = [&EVAL[..], &MODEL, &["--sheet", "t.png"]].concat();
    sandbox.refused(&boxes_alone, &["boxes are not drawn", "t.png"]);
}

#[test]
fn the_threshold_is_that_of_pose() {
    let (sandbox, keypoints) = sandbox();
    write(&sandbox, "a", &[person(WHOLE, &keypoints)]);
    let document = scores(&sandbox, &["--detect-threshold", "0.9", "--detect-nms", "0.7"]);
    near(&document, "detector/ap", 1.0);
    near(&document, "pose/all_308/oks_ap", 0.0);
    near(&document, "pose/people_not_found", 1.0);
    assert_eq!(document["scores"]["pose"]["error"]["all"]["mean_error_box_heights"], Value::Null);
    let detector = &document["detector"];
    let about = ["pose_threshold", "max_overlap"].map(|key| detector[key].as_f64().unwrap());
    assert!((about[0] - 0.9).abs() < 1e-6 && (about[1] - 0.7).abs() < 1e-6, "{detector:#}");
}

#[test]
fn detection_that_cannot_be_scored_is_refused() {
    let (sandbox, keypoints) = sandbox();
    write(&sandbox, "a", &[]);
    let with = |options: &[&str], says: &[&str]| sandbox.refused(&[&EVAL[..], &MODEL, options].concat(), says);
    with(&[], &["1 labels holds a person", "(d)"]);
    write(&sandbox, "a", &[person(WHOLE, &Value::Null)]);
    with(&["--tasks", "pose"], &["`pose`", "no task"]);
    write(&sandbox, "a", &[person(WHOLE, &keypoints)]);
    with(&["--detect-threshold", "1.5"], &["--detect-threshold", "0 to 1"]);
    let pose = sandbox.checkpoint("pose");
    let model = ["--model", pose.as_str(), "--input-size", "128x96"];
    sandbox.refused(&[&EVAL[..], &model].concat(), &["no person detector", &pose]);
    let labels = ["eval", "--data", "d", "--detect-nms", "0.4"];
    sandbox.refused(&labels, &["--detect-nms needs --boxes detect", "`labels`"]);
}
