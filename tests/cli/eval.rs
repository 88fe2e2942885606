//! `sapiens eval`: the demo model against its own predictions, as they are and changed in known ways.

use crate::labelled::{BOX, MapWriter, Predictions, SIZE, bytes, folder, keypoints};
use crate::support::{Sandbox, json};
use sapiens::skeleton;
use serde_json::Value;

const EVAL: [&str; 7] = ["eval", "--data", "d", "--threads", "1", "--json", "o.json"];

fn scores(sandbox: &Sandbox, options: &[&str]) -> Value {
    let ran = sandbox.ok(&[&EVAL[..], options].concat());
    assert!(ran.out.contains("demo on cpu"), "{ran:?}");
    json(&sandbox.path("o.json"))
}

#[track_caller]
fn near(document: &Value, place: &str, expected: f64, tolerance: f64) {
    let found = document.pointer(&format!("/scores/{place}")).unwrap_or_else(|| panic!("{place}: {document:#}"));
    let value = found.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() <= tolerance, "{place}: {found} instead of {expected}");
}

#[test]
fn its_own_predictions_are_perfect() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let found = Predictions::new();
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.all(&found);
    writer.person(keypoints(&found.pose));
    writer.write();
    // Not labelled at all: counted, not run.
    MapWriter::new(&sandbox, "b").write();
    let document = scores(&sandbox, &[]);
    assert_eq!(document["format"], "sapiens-eval");
    assert_eq!((&document["scores"]["pictures"], &document["scores"]["pose"]["pictures"]), (&2.into(), &1.into()));
    assert_eq!(document["data"]["source"], "the model itself");
    assert_eq!(document["models"][0]["name"], "demo");
    assert_eq!(document["not_evaluated"], serde_json::json!([]));
    for set in ["all_308", "coco_17"] {
        for key in ["oks_ap", "oks_ap50", "oks_ap75"] {
            near(&document, &format!("pose/{set}/{key}"), 1.0, 1e-9);
        }
    }
    near(&document, "pose/all_308/people", 1.0, 0.0);
    near(&document, "pose/coco_17_labelled/pck_0_05_share", 1.0, 0.0);
    near(&document, "pose/coco_17_labelled/keypoints", 17.0, 0.0);
    near(&document, "pose/error/all/mean_error_box_heights", 0.0, 1e-5);
    near(&document, "pose/error/all/visible_keypoints", 247.0, 0.0);
    near(&document, "seg/mean_iou", 1.0, 1e-4);
    near(&document, "seg/pixel_accuracy_share", 1.0, 1e-5);
    near(&document, "seg/pixels", SIZE.area() as f64, 0.0);
    near(&document, "normal/mean_error_degrees", 0.0, 0.01);
    near(&document, "normal/within_11_25_degrees_share", 1.0, 0.0);
    near(&document, "pointmap/raw/mean_relative_error_ratio", 0.0, 1e-4);
    near(&document, "pointmap/raw/delta_1_share", 1.0, 0.0);
    near(&document, "pointmap/mean_scale_ratio", 1.0, 1e-4);
    near(&document, "albedo/mean_absolute_error", 0.0, 0.5 / 255.0);
    assert!(document["scores"]["albedo"]["psnr_db"].as_f64().unwrap() > 50.0);
    near(&document, "matting/mean_absolute_error", 0.0, 0.5 / 255.0);
    let person = found.classes().iter().filter(|c| **c > 0).count() as f64;
    near(&document, "normal/pixels", person, 0.0);

    // Only what is asked for, and only so many pictures.
    let ran = sandbox.ok(&["eval", "--data", "d", "--tasks", "seg", "--limit", "1"]);
    assert!(
        ran.out.contains("seg: 1 pictures") && !ran.out.contains("pose") && !ran.out.contains("not evaluated"),
        "{ran:?}"
    );
}

#[test]
fn known_changes_have_known_scores() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let found = Predictions::new();
    let mut writer = MapWriter::new(&sandbox, "a");

    // Keypoints 0.07 of the box height to the right.
    let shift = 0.07 * BOX.height;
    let moved: Vec<_> = found.pose.iter().map(|k| sapiens::task::pose::Keypoint { x: k.x + shift, ..*k }).collect();
    writer.person(keypoints(&moved));

    // A row that the model takes for background is labelled as class 5.
    let predicted = found.classes();
    assert!(predicted[..SIZE.width].iter().all(|c| *c == 0), "the upper row is background");
    let mut classes = predicted.clone();
    classes[..SIZE.width].fill(5);
    writer.classes(&classes);

    // Normals 20 degrees off, in whatever direction; written with 16 bits.
    let (sin, cos) = 20f32.to_radians().sin_cos();
    let turned = |n: &[f32]| {
        let side = (n[1] * n[1] + n[2] * n[2]).sqrt().max(1e-6); // length of n x (1, 0, 0)
        [n[0] * cos, n[1] * cos + n[2] / side * sin, n[2] * cos - n[1] / side * sin]
    };
    writer.normals_png(&found.normals().chunks(3).flat_map(turned).collect::<Vec<_>>());

    // Twice as far away.
    writer.points(&found.points().iter().map(|v| v * 2.0).collect::<Vec<_>>());

    // 0.2 brighter or darker.
    let albedo = bytes(&found.albedo()).into_iter().map(|v| if v < 128 { v + 51 } else { v - 51 });
    writer.albedo(&albedo.collect::<Vec<_>>());

    // Turned inside out.
    let alpha = bytes(&found.alpha());
    writer.alpha(&alpha.iter().map(|v| 255 - v).collect::<Vec<_>>());
    writer.write();
    let document = scores(&sandbox, &[]);

    near(&document, "pose/error/all/mean_error_box_heights", 0.07, 1e-5);
    near(&document, "pose/error/face/mean_error_box_heights", 0.07, 1e-5);
    near(&document, "pose/coco_17_visible/pck_0_05_share", 0.0, 0.0);
    near(&document, "pose/coco_17_visible/pck_0_10_share", 1.0, 0.0);
    let known = skeleton::keypoints();
    let area = f64::from(BOX.width * BOX.height) * 0.53;
    let similarity = |i: &usize| (-f64::from(shift).powi(2) / (8.0 * f64::from(known.sigmas[*i]).powi(2) * area)).exp();
    let oks = known.groups.body.iter().map(similarity).sum::<f64>() / 17.0;
    let met = (0..10).filter(|t| oks >= 0.5 + 0.05 * f64::from(*t)).count();
    near(&document, "pose/coco_17/oks_ap", met as f64 / 10.0, 1e-9);
    near(&document, "pose/coco_17/oks_ap50", f64::from(u8::from(oks >= 0.5)), 1e-9);

    let count = |class: u8| predicted.iter().filter(|c| **c == class).count() as f64;
    let width = SIZE.width as f64;
    near(&document, "seg/pixel_accuracy_share", 1.0 - 1.0 / SIZE.height as f64, 1e-5);
    near(&document, "seg/classes/0/iou", (count(0) - width) / count(0), 1e-5);
    near(&document, "seg/classes/5/iou", count(5) / (count(5) + width), 1e-5);

    near(&document, "normal/mean_error_degrees", 20.0, 0.02);
    near(&document, "normal/median_error_degrees", 20.0, 0.02);
    near(&document, "normal/within_11_25_degrees_share", 0.0, 1e-3);
    near(&document, "normal/within_22_5_degrees_share", 1.0, 1e-3);

    near(&document, "pointmap/raw/mean_relative_error_ratio", 0.5, 1e-4);
    near(&document, "pointmap/raw/delta_3_share", 0.0, 1e-4);
    near(&document, "pointmap/mean_scale_ratio", 2.0, 1e-4);
    near(&document, "pointmap/scaled/mean_relative_error_ratio", 0.0, 1e-4);
    near(&document, "pointmap/scaled/delta_1_share", 1.0, 1e-4);

    near(&document, "albedo/mean_absolute_error", 0.2, 0.5 / 255.0);
    near(&document, "albedo/psnr_db", -20.0 * 0.2f64.log10(), 0.1);
    let off = |v: &u8| (2.0 * f64::from(*v) / 255.0 - 1.0).abs();
    let sum: f64 = alpha.iter().map(off).sum();
    near(&document, "matting/mean_absolute_error", sum / SIZE.area() as f64, 1.0 / 255.0);
    near(&document, "matting/mean_sad_thousands_per_picture", sum / 1000.0, SIZE.area() as f64 / 255e3);
}

#[test]
fn the_whole_picture_as_the_one_box() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let found = Predictions::new();
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.person(keypoints(&found.whole_pose));
    writer.write();
    let document = scores(&sandbox, &["--boxes", "whole"]);
    near(&document, "pose/error/all/mean_error_box_heights", 0.0, 1e-5);
    assert_eq!(document["scores"]["boxes"], "whole");
    // What the model has and nobody labelled is named.
    let left_out: Vec<_> =
        document["not_evaluated"].as_array().unwrap().iter().map(|t| t["task"].as_str().unwrap()).collect();
    assert_eq!(left_out, ["seg", "normal", "pointmap", "albedo", "matting"]);
    writer.person(keypoints(&found.whole_pose));
    writer.write();
    sandbox.refused(&["eval", "--data", "d", "--boxes", "whole"], &["2 people", "a.json"]);
    let document = scores(&sandbox, &[]);
    near(&document, "pose/all_308/people", 2.0, 0.0);
}
