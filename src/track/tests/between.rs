//! Frames without a detection.

use super::*;

#[test]
fn boxes_between_detections_follow_the_keypoints() {
    let mut run = Run::new(|o| o.detect_every = 10);
    assert_eq!(run.plan(), Plan { detect: Some(DetectReason::Start), boxes: vec![] });
    let person = |i: i32| at(100.0 + 5.0 * i as f32, 300.0);
    let mut detections = 0;
    for i in 0..60 {
        let plan = run.plan();
        let pose = pose_in(person(i), 0.9);
        let frame = if plan.detect.is_some() {
            detections += 1;
            run.frame(true, &[Observation::detected(person(i), 0.9).with_keypoints(&pose)])
        } else {
            assert_eq!(plan.boxes.len(), 1);
            run.frame(false, &[Observation::planned(plan.boxes[0].id, plan.boxes[0].bbox, &pose)])
        };
        assert_eq!((ids(&frame), states(&frame)), (vec![1], vec![Confirmed]), "{i}");
        let overlap = frame.tracks[0].bbox.iou(person(i));
        assert!(overlap > 0.85, "{i}: {overlap} {:?}", frame.tracks[0].bbox);
    }
    assert_eq!(detections, 6);
}

#[test]
fn a_pose_that_shows_nobody_ends_the_calm() {
    let mut run = Run::new(|o| o.detect_every = 100);
    let box_1 = at(100.0, 300.0);
    run.frame(true, &[Observation::detected(box_1, 0.9).with_keypoints(&pose_in(box_1, 0.9))]);
    let plan = run.plan();
    assert_eq!((plan.detect, plan.boxes.len()), (None, 1));
    let id = plan.boxes[0].id;
    // Nobody there, then something of another size: neither is the person.
    for pose in [pose_in(box_1, 0.1), pose_in(Rect { height: 20.0, width: 8.0, ..box_1 }, 0.9)] {
        let frame = run.frame(false, &[Observation::planned(id, box_1, &pose)]);
        assert_eq!((frame.tracks[0].state, frame.tracks[0].observation), (Lost, None));
        assert_eq!((run.plan().detect, run.plan().boxes.len()), (Some(DetectReason::Unsure), 0));
        run.detect(&[box_1]);
    }
    assert_eq!(run.plan().detect, None);
    run.tracker.expect_entry();
    assert_eq!(run.plan().detect, Some(DetectReason::Entry));
}

#[test]
fn two_boxes_that_slid_onto_one_person_are_told_apart() {
    let mut run = Run::new(|o| o.detect_every = 100);
    let (front, behind) = (at(300.0, 300.0), at(340.0, 300.0));
    let poses = [pose_in(front, 0.9), pose_in(behind, 0.9)];
    run.frame(
        true,
        &[
            Observation::detected(behind, 0.9).with_keypoints(&poses[1]),
            Observation::detected(front, 0.9).with_keypoints(&poses[0]),
        ],
    );
    let boxes = run.plan().boxes;
    // The model sees the one in front in both boxes.
    let seen = pose_in(at(303.0, 300.0), 0.9);
    let observations: Vec<_> = boxes.iter().map(|b| Observation::planned(b.id, b.bbox, &seen)).collect();
    let frame = run.frame(false, &observations);
    assert_eq!(states(&frame), [Lost, Confirmed], "the one behind, who came first, is not seen");
}

#[test]
fn everybody_who_is_not_looked_at_stays_who_they_are() {
    let mut run = Run::new(|o| {
        o.policy = PersonPolicy::Largest { count: 1 };
        o.detect_every = 60;
    });
    let (large, small) = (Rect { width: 120.0, height: 300.0, ..at(100.0, 300.0) }, at(600.0, 300.0));
    let pose = pose_in(large, 0.9);
    assert_eq!(run.tracker.choose(FRAME, IMAGE, &[(small, 0.9), (large, 0.9)]), [1]);
    let found = [Observation::detected(small, 0.9), Observation::detected(large, 0.9).with_keypoints(&pose)];
    let frame = run.frame(true, &found);
    assert_eq!(frame.tracks.iter().map(|t| t.is_selected).collect::<Vec<_>>(), [false, true]);
    for i in 1..60 {
        let plan = run.plan();
        assert_eq!((plan.detect, plan.boxes.len()), (None, 1), "{i}");
        let frame = run.frame(false, &[Observation::planned(plan.boxes[0].id, plan.boxes[0].bbox, &pose)]);
        assert_eq!(states(&frame), [Confirmed, Confirmed], "{i}");
    }
    assert_eq!(run.plan().detect, Some(DetectReason::Cadence));
    assert_eq!(ids(&run.frame(true, &found)), [1, 2]);
}
