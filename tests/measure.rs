//! Average precision against the numbers of another program.

use sapiens::measure::{AveragePrecision, LabelPoint, LabelledPerson, Located, Visibility};
use sapiens::skeleton;
use serde::Deserialize;

/// Twelve pictures of made-up people, each predicted once or twice, and what pycocotools says about them.
#[derive(Deserialize)]
struct Case {
    oks_ap: f64,
    oks_ap50: f64,
    oks_ap75: f64,
    pictures: Vec<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    people: Vec<Person>,
    predictions: Vec<Vec<[f64; 3]>>,
}

#[derive(Deserialize)]
struct Person {
    area: f64,
    keypoints: Vec<[f64; 3]>,
}

#[test]
fn average_precision_is_that_of_pycocotools() {
    let case: Case = serde_json::from_str(include_str!("data/oks_ap.json")).unwrap();
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
            .map(|(points, person)| LabelledPerson { points, area_px: person.area })
            .collect();
        let located = |&[x, y, score]: &[f64; 3]| Located { x, y, score };
        let found: Vec<Vec<_>> = picture.predictions.iter().map(|p| p.iter().map(located).collect()).collect();
        precision.add(&people, &found.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    }
    let report = precision.report();
    for (found, expected) in
        [(report.oks_ap, case.oks_ap), (report.oks_ap50, case.oks_ap50), (report.oks_ap75, case.oks_ap75)]
    {
        assert!((found.unwrap() - expected).abs() < 1e-9, "{found:?} instead of {expected}");
    }
}
