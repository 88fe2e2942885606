//! Average precision and tracking scores against the numbers of other programs.

use sapiens::geometry::Rect;
use sapiens::measure::{AveragePrecision, BoxPrecision, LabelPoint, LabelledPerson, Located, Tracking, Visibility};
use sapiens::skeleton;
use serde::Deserialize;

#[track_caller]
fn near(found: Option<f64>, expected: f64) {
    assert!((found.unwrap() - expected).abs() < 1e-9, "{found:?} instead of {expected}");
}

fn rect([x, y, width, height]: [f32; 4]) -> Rect {
    Rect { x, y, width, height }
}

/// Pictures of made-up people, each predicted once or twice, and what pycocotools says about them.
#[derive(Deserialize)]
struct Keypoints {
    oks_ap: f64,
    oks_ap50: f64,
    oks_ap75: f64,
    pictures: Vec<KeypointPicture>,
}

#[derive(Deserialize)]
struct KeypointPicture {
    people: Vec<Person>,
    predictions: Vec<Vec<[f64; 3]>>,
}

#[derive(Deserialize)]
struct Person {
    area: f64,
    #[serde(rename = "box", default)]
    bbox: [f32; 4],
    keypoints: Vec<[f64; 3]>,
}

fn check_keypoints(case: &str) {
    let case: Keypoints = serde_json::from_str(case).unwrap();
    let known = skeleton::keypoints();
    // The body group is COCO's 17 in their order, with COCO's sigmas.
    let sigmas: Vec<f32> = known.groups.body.iter().map(|i| known.sigmas[*i]).collect();
    let set: Vec<usize> = (0..17).collect();
    let mut precision = AveragePrecision::new(&set, &sigmas);
    for picture in &case.pictures {
        let point = |&[x, y, v]: &[f64; 3]| {
            let visibility = [Visibility::Unlabelled, Visibility::Hidden, Visibility::Visible][v as usize];
            LabelPoint { x, y, visibility }
        };
        let labels: Vec<Vec<_>> = picture.people.iter().map(|p| p.keypoints.iter().map(point).collect()).collect();
        let people: Vec<_> = labels
            .iter()
            .zip(&picture.people)
            .map(|(points, person)| LabelledPerson { points, area_px: person.area, bbox: rect(person.bbox) })
            .collect();
        let located = |&[x, y, score]: &[f64; 3]| Located { x, y, score };
        let found: Vec<Vec<_>> = picture.predictions.iter().map(|p| p.iter().map(located).collect()).collect();
        precision.add(&people, &found.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    }
    let report = precision.report();
    near(report.oks_ap, case.oks_ap);
    near(report.oks_ap50, case.oks_ap50);
    near(report.oks_ap75, case.oks_ap75);
}

#[test]
fn keypoint_precision_is_that_of_pycocotools() {
    check_keypoints(include_str!("data/oks_ap.json"));
}

/// Half of the people there have no labelled keypoint.
#[test]
fn people_without_keypoints_are_ignored_as_pycocotools_does() {
    check_keypoints(include_str!("data/oks_ap_unlabelled.json"));
}

/// Boxes of people, boxes found and their scores; one picture has more than the 100 that count.
#[derive(Deserialize)]
struct Boxes {
    ap: f64,
    ap50: f64,
    ap75: f64,
    recall_100: f64,
    recall_100_iou50: f64,
    pictures: Vec<BoxPicture>,
}

#[derive(Deserialize)]
struct BoxPicture {
    people: Vec<[f32; 4]>,
    found: Vec<[f32; 5]>,
}

#[test]
fn box_precision_is_that_of_pycocotools() {
    let case: Boxes = serde_json::from_str(include_str!("data/box_ap.json")).unwrap();
    let mut precision = BoxPrecision::default();
    for picture in &case.pictures {
        let people: Vec<Rect> = picture.people.iter().copied().map(rect).collect();
        let found = picture.found.iter().map(|&[x, y, w, h, score]| (rect([x, y, w, h]), f64::from(score)));
        precision.add(&people, &found.collect::<Vec<_>>());
    }
    let report = precision.report();
    near(report.ap, case.ap);
    near(report.ap50, case.ap50);
    near(report.ap75, case.ap75);
    near(report.recall_100_share, case.recall_100);
    near(report.recall_100_iou50_share, case.recall_100_iou50);
}

/// Made-up sequences with switches, drops and false boxes, and what TrackEval says about each and about all together.
#[derive(Deserialize)]
struct TrackingCases {
    together: TrackingScores,
    sequences: Vec<TrackingCase>,
}

#[derive(Deserialize)]
struct TrackingCase {
    frames: Vec<TrackingFrame>,
    #[serde(flatten)]
    scores: TrackingScores,
}

/// Boxes: id, x, y, width, height.
#[derive(Deserialize)]
struct TrackingFrame {
    people: Vec<[f32; 5]>,
    tracks: Vec<[f32; 5]>,
}

#[derive(Deserialize)]
struct TrackingScores {
    hota: f64,
    det_a: f64,
    ass_a: f64,
    idf1: f64,
    mota: f64,
    id_switches: u64,
    fragmentations: u64,
}

impl TrackingScores {
    #[track_caller]
    fn check(&self, tracking: &Tracking) {
        let report = tracking.report();
        near(report.hota, self.hota);
        near(report.det_a, self.det_a);
        near(report.ass_a, self.ass_a);
        near(report.idf1, self.idf1);
        near(report.mota, self.mota);
        assert_eq!((report.id_switches, report.fragmentations), (self.id_switches, self.fragmentations));
    }
}

#[test]
fn tracking_scores_are_those_of_trackeval() {
    let cases: TrackingCases = serde_json::from_str(include_str!("data/tracking.json")).unwrap();
    let boxes = |boxes: &[[f32; 5]]| -> Vec<(u64, Rect)> {
        boxes.iter().map(|&[id, x, y, width, height]| (id as u64, rect([x, y, width, height]))).collect()
    };
    let mut together = Tracking::default();
    for case in &cases.sequences {
        let mut alone = Tracking::default();
        for frame in &case.frames {
            for tracking in [&mut alone, &mut together] {
                tracking.add(&boxes(&frame.people), &boxes(&frame.tracks)).unwrap();
            }
        }
        case.scores.check(&alone);
        together.next_sequence();
    }
    assert_eq!(cases.sequences.len(), 5);
    cases.together.check(&together);
}
