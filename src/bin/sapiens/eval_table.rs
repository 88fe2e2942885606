//! The scores of an evaluation as lines to read.

use crate::console::say;
use sapiens::eval::{NotEvaluated, PoseReport, Report};
use sapiens::measure::{AlbedoReport, AlphaReport, BoxReport, ClassesReport, DepthReport, NormalsReport, PointsReport};

/// Prints every task that was compared, and those that were not.
pub fn print(report: &Report, left_out: &[NotEvaluated]) {
    if let Some(detector) = &report.detector {
        let BoxReport { people, boxes, .. } = &detector.scores;
        say!("\ndetector: {} pictures, {people} people, {boxes} boxes found", detector.pictures);
        print_boxes(&detector.scores);
    }
    if let Some(pose) = &report.pose {
        say!("\npose: {} pictures, {} people, boxes: {}", pose.pictures, pose.scores.all_308.people, report.boxes);
        print_pose(&pose.scores);
    }
    if let Some(seg) = &report.seg {
        say!("\nseg: {} pictures, {} pixels", seg.pictures, seg.scores.pixels);
        print_classes(&seg.scores);
    }
    if let Some(normal) = &report.normal {
        say!("\nnormal: {} pictures, {} pixels", normal.pictures, normal.scores.pixels);
        print_normals(&normal.scores);
    }
    if let Some(points) = &report.pointmap {
        say!("\npointmap: {} pictures, {} pixels", points.pictures, points.scores.pixels);
        print_points(&points.scores);
    }
    if let Some(albedo) = &report.albedo {
        say!("\nalbedo: {} pictures, {} pixels", albedo.pictures, albedo.scores.pixels);
        print_albedo(&albedo.scores);
    }
    if let Some(matting) = &report.matting {
        say!("\nmatting: {} pictures, {} pixels", matting.pictures, matting.scores.pixels);
        print_alpha(&matting.scores);
    }
    if !left_out.is_empty() {
        say!("");
    }
    for NotEvaluated { task, reason } in left_out {
        say!("{task}: not evaluated, {reason}");
    }
}

/// A number, its unit behind it; a dash where there was nothing to measure.
fn line(name: &str, value: Option<f64>, unit: &str) {
    match value {
        Some(value) if unit.is_empty() => say!("  {name:<46} {value:>10.4}"),
        Some(value) => say!("  {name:<46} {value:>10.4} {unit}"),
        None => say!("  {name:<46} {:>10}", "-"),
    }
}

fn broken(count: u64) {
    if count > 0 {
        say!("  {:<46} {count:>10}", "predictions that are not finite");
    }
}

fn print_boxes(scores: &BoxReport) {
    line("AP", scores.ap, "");
    line("AP50", scores.ap50, "");
    line("AP75", scores.ap75, "");
    line("recall at 100 boxes", scores.recall_100_share, "of people");
    line("recall at 100 boxes, IoU 0.50", scores.recall_100_iou50_share, "of people");
}

fn print_pose(scores: &PoseReport) {
    // Of a model with fewer keypoints the COCO ones may be all.
    let all = scores.keypoints.to_string();
    for (set, precision) in [(all.as_str(), &scores.all_308), ("COCO 17", &scores.coco_17)] {
        line(&format!("OKS AP, {set}"), precision.oks_ap, "");
        line(&format!("OKS AP50, {set}"), precision.oks_ap50, "");
        line(&format!("OKS AP75, {set}"), precision.oks_ap75, "");
    }
    for (set, pck) in [("labelled", &scores.coco_17_labelled), ("visible", &scores.coco_17_visible)] {
        line(&format!("PCK@0.05, COCO 17, {set}"), pck.pck_0_05_share, "of keypoints");
        line(&format!("PCK@0.1, COCO 17, {set}"), pck.pck_0_10_share, "of keypoints");
    }
    let error = &scores.error;
    let groups = [
        ("all", &error.all),
        ("body", &error.body),
        ("feet", &error.feet),
        ("hands", &error.hands),
        ("extra", &error.extra),
        ("face", &error.face),
    ];
    for (name, group) in groups {
        line(&format!("mean error of visible keypoints, {name}"), group.mean_error_box_heights, "of the box height");
    }
    if scores.people_not_found > 0 {
        say!("  {:<46} {:>10}", "people with keypoints, not found", scores.people_not_found);
    }
    broken(error.all.not_finite);
}

fn print_classes(scores: &ClassesReport) {
    line(&format!("mean IoU, {} classes in the labels", scores.classes_in_labels), scores.mean_iou, "");
    line("mean class accuracy", scores.mean_class_accuracy, "");
    line("pixel accuracy", scores.pixel_accuracy_share, "of pixels");
    for class in scores.classes.iter().filter(|class| class.label_pixels > 0) {
        line(&format!("IoU, {}", class.name), class.iou, "");
    }
}

fn print_normals(scores: &NormalsReport) {
    line("mean angle", scores.mean_error_degrees, "degrees");
    line("median angle", scores.median_error_degrees, "degrees");
    line("within 11.25 degrees", scores.within_11_25_degrees_share, "of pixels");
    line("within 22.5 degrees", scores.within_22_5_degrees_share, "of pixels");
    line("within 30 degrees", scores.within_30_degrees_share, "of pixels");
    broken(scores.not_finite);
}

fn print_points(scores: &PointsReport) {
    let depth = |what: &str, scores: &DepthReport| {
        line(&format!("relative error, {what}"), scores.mean_relative_error_ratio, "");
        line(&format!("depth within 1.25, {what}"), scores.delta_1_share, "of pixels");
        line(&format!("depth within 1.25^2, {what}"), scores.delta_2_share, "of pixels");
        line(&format!("depth within 1.25^3, {what}"), scores.delta_3_share, "of pixels");
    };
    depth("as predicted", &scores.raw);
    depth("after one scale per picture", &scores.scaled);
    line("mean of that scale", scores.mean_scale_ratio, "");
    broken(scores.not_finite);
}

fn print_albedo(scores: &AlbedoReport) {
    line("mean absolute error, of 0..1", scores.mean_absolute_error, "");
    line("PSNR", scores.psnr_db, "dB");
    broken(scores.not_finite);
}

fn print_alpha(scores: &AlphaReport) {
    line("mean absolute error, of 0..1", scores.mean_absolute_error, "");
    line("mean squared error", scores.mean_squared_error, "");
    line("SAD / 1000, mean over pictures", scores.mean_sad_thousands_per_picture, "");
    broken(scores.not_finite);
}
