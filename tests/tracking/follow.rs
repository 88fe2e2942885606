//! Ids: the tracker against the plain matcher.

use super::baseline::IouMatcher;
use super::scene::{LEAST_SEEN, Random, Scene, find, scenes};
use sapiens::geometry::Rect;
use sapiens::measure::{Tracking, TrackingReport};
use sapiens::track::{FrameInput, Observation, TrackOptions, TrackState, TrackedFrame, Tracker};

const SEEDS: u64 = 5;
/// Share of the frames that a stream drops.
const DROPPED: f32 = 0.1;

/// How the tracker is used.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    Boxes,
    Poses,
    /// The detector on every n-th frame, poses in between.
    Every(u32),
}

struct Outcome {
    tracker: TrackingReport,
    matcher: TrackingReport,
    detections: u64,
}

fn follow(scenes: &[Scene], use_: Use) -> Outcome {
    let (mut of_tracker, mut of_matcher) = (Tracking::default(), Tracking::default());
    let mut detections = 0;
    for scene in scenes {
        for seed in 0..SEEDS {
            let detect_every = if let Use::Every(n) = use_ { n } else { 1 };
            let options = TrackOptions { detect_every, detect_every_empty: 2, ..TrackOptions::default() };
            let mut tracker = Tracker::new(options).unwrap();
            let mut matcher = IouMatcher::default();
            let mut random = Random(seed * 977 + 5);
            let mut dice = Random(seed);
            for (i, frame) in scene.frames.iter().enumerate() {
                let found = find(scene, frame, &mut random);
                if dice.uniform() < DROPPED {
                    continue;
                }
                let timestamp_ns = (i as f64 / scene.fps * 1e9) as i64;
                let truth: Vec<(u64, Rect)> =
                    frame.iter().filter(|a| a.seen >= LEAST_SEEN).map(|a| (a.id, a.bbox)).collect();
                let boxes: Vec<Rect> =
                    found.iter().filter(|f| f.is_detected && f.score >= 0.3).map(|f| f.bbox).collect();
                of_matcher.add(&truth, &matcher.update(timestamp_ns, &boxes)).unwrap();

                let plan = tracker.plan(timestamp_ns, scene.size);
                let mut observations = Vec::new();
                detections += u64::from(plan.detect.is_some());
                if plan.detect.is_some() {
                    let observed = found.iter().filter(|f| f.is_detected).map(|f| {
                        let box_alone = Observation::detected(f.bbox, f.score);
                        if use_ == Use::Boxes { box_alone } else { box_alone.with_keypoints(&f.keypoints) }
                    });
                    observations.extend(observed);
                } else {
                    // A pose model in a planned box finds whoever is there.
                    for planned in &plan.boxes {
                        let overlap = |f: &&super::scene::Found| f.bbox.iou(planned.bbox);
                        let there = found.iter().max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
                        if let Some(there) = there.filter(|f| overlap(f) > 0.2) {
                            observations.push(Observation::planned(planned.id, planned.bbox, &there.keypoints));
                        }
                    }
                }
                let input = FrameInput {
                    timestamp_ns,
                    image: scene.size,
                    detector_ran: plan.detect.is_some(),
                    observations: &observations,
                };
                of_tracker.add(&truth, &seen(&tracker.update(&input))).unwrap();
            }
            of_tracker.next_sequence();
            of_matcher.next_sequence();
        }
    }
    Outcome { tracker: of_tracker.report(), matcher: of_matcher.report(), detections }
}

/// Confirmed people who are seen.
pub fn seen(frame: &TrackedFrame) -> Vec<(u64, Rect)> {
    let is_seen = |t: &&sapiens::track::Track| t.state == TrackState::Confirmed && t.observation.is_some();
    frame.tracks.iter().filter(is_seen).map(|t| (t.id.number(), t.bbox)).collect()
}

pub fn line(name: &str, who: &str, report: &TrackingReport) {
    let percent = |v: Option<f64>| 100.0 * v.unwrap();
    println!(
        "{name:26} {who:14} HOTA {:5.1} DetA {:5.1} AssA {:5.1} IDF1 {:5.1} switches {:4} ids {:4} of {:4}",
        percent(report.hota),
        percent(report.det_a),
        percent(report.ass_a),
        percent(report.idf1),
        report.id_switches,
        report.tracks,
        report.people
    );
}

#[test]
fn ids_survive_crossing_occlusion_exits_and_dropped_frames() {
    for (scenes, name) in scenes().iter().zip(["all", "all held-out"]) {
        for scene in scenes {
            let poses = follow(std::slice::from_ref(scene), Use::Poses);
            line(&scene.name, "plain matcher", &poses.matcher);
            line(&scene.name, "tracker", &poses.tracker);
        }
        let boxes = follow(scenes, Use::Boxes);
        let poses = follow(scenes, Use::Poses);
        line(name, "plain matcher", &poses.matcher);
        line(name, "boxes alone", &boxes.tracker);
        line(name, "with poses", &poses.tracker);
        for found in [&boxes.tracker, &poses.tracker] {
            let better = |of: fn(&TrackingReport) -> Option<f64>| of(found).unwrap() - of(&poses.matcher).unwrap();
            assert!(better(|r| r.hota) > 0.05, "{name}: HOTA");
            assert!(better(|r| r.idf1) > 0.05, "{name}: IDF1");
            assert!(better(|r| r.ass_a) > 0.05, "{name}: AssA");
            assert!(found.id_switches * 3 < poses.matcher.id_switches * 2, "{name}: switches");
        }
    }
}

#[test]
fn fewer_detections_cost_little() {
    let [made_with, _] = scenes();
    let scenes: Vec<Scene> = made_with.into_iter().filter(|s| s.fps > 20.0).collect();
    let always = follow(&scenes, Use::Poses);
    line("every frame", "tracker", &always.tracker);
    for n in [2, 5, 10] {
        let sometimes = follow(&scenes, Use::Every(n));
        let share = sometimes.detections as f64 / always.detections as f64;
        line(&format!("every {n}, {:.0} % of frames", 100.0 * share), "tracker", &sometimes.tracker);
        assert!(sometimes.tracker.idf1.unwrap() > always.tracker.idf1.unwrap() - 0.1);
        assert!(share < 0.9);
    }
}
