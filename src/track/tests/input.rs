//! Input that makes no sense, and much of it.

use super::*;

#[test]
fn nonsense_is_named_and_harms_nobody() {
    let mut run = Run::new(|_| ());
    run.detect(&[at(100.0, 100.0)]);
    let pose = pose_in(at(0.0, 0.0), 0.9);
    let unknown = Run::new(|_| ()).detect(&[at(0.0, 0.0), at(500.0, 0.0)]).tracks[1].id;
    let bad = [
        Observation::detected(Rect { x: f32::NAN, ..at(0.0, 0.0) }, 0.9),
        Observation::detected(Rect { width: f32::INFINITY, ..at(0.0, 0.0) }, 0.9),
        Observation::detected(Rect { height: -5.0, ..at(0.0, 0.0) }, 0.9),
        Observation::detected(Rect { x: 1e30, ..at(0.0, 0.0) }, 0.9),
        Observation::detected(at(0.0, 0.0), f32::NAN),
        Observation::detected(at(5000.0, 0.0), 0.9),
        Observation::detected(at(-80.5, 0.0), 0.9),
        Observation::planned(unknown, at(0.0, 0.0), &pose),
        Observation::detected(at(102.0, 100.0), 0.9),
    ];
    let frame = run.frame(true, &bad);
    use Ignored::{Box, Nobody, Outside, Score};
    let reasons: Vec<_> = frame.ignored.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, [Box, Box, Box, Box, Score, Outside, Outside, Nobody]);
    assert_eq!((ids(&frame), frame.tracks[0].observation), (vec![1], Some(8)));
    // Partly outside is fine; a score above 1 counts as 1.
    let frame = run.frame(true, &[Observation::detected(at(-40.0, -100.0), 7.0)]);
    assert_eq!((frame.ignored.len(), frame.tracks[1].score), (0, 1.0));
    let nothing: [(Rect, f32); 2] = [(at(f32::NAN, 0.0), 0.9), (at(0.0, 0.0), f32::NAN)];
    assert!(run.tracker.choose(0, IMAGE, &nothing).is_empty());
    // An image without pixels: everybody is outside.
    let frame = run.tracker.update(&FrameInput {
        timestamp_ns: 0,
        image: Size::new(0, 0),
        detector_ran: true,
        observations: &[Observation::detected(at(0.0, 0.0), 0.9)],
    });
    assert_eq!(frame.ignored, [(0, Outside)]);
}

#[test]
fn time_that_stands_still_or_runs_backwards_is_repaired_and_told() {
    let mut tracker = Tracker::new(TrackOptions::default()).unwrap();
    let mut go = |timestamp_ns, x| {
        let observations = [Observation::detected(at(x, 300.0), 0.9)];
        tracker.update(&FrameInput { timestamp_ns, image: IMAGE, detector_ran: true, observations: &observations })
    };
    for i in 0..20 {
        let frame = go(0, 100.0 + 8.0 * i as f32);
        assert_eq!((ids(&frame), frame.time_was_repaired), (vec![1], i > 0));
    }
    let frame = go(-500, 260.0);
    assert!(frame.time_was_repaired && frame.step_ns == 33_333_333);
    assert!((frame.tracks[0].velocity[0] - 240.0).abs() < 15.0, "{:?}", frame.tracks[0]);
    assert_eq!(ids(&go(i64::MAX, 268.0)), [1], "a step that cannot be counted is a nominal one");
    assert_eq!(ids(&go(i64::MIN, 276.0)), [1]);
    // A day later the same place is somebody new's.
    let mut tracker = Tracker::new(TrackOptions::default()).unwrap();
    let mut ids_at = |timestamp_ns| {
        let observations = [Observation::detected(at(100.0, 300.0), 0.9)];
        ids(&tracker.update(&FrameInput {
            timestamp_ns,
            image: IMAGE,
            detector_ran: true,
            observations: &observations,
        }))
    };
    assert_eq!(ids_at(0), [1]);
    assert_eq!(ids_at(86_400_000_000_000), [2]);
}

#[test]
fn two_hundred_boxes_keep_their_ids_and_a_limit_holds() {
    let grid = |shift: f32| -> Vec<Rect> {
        let at =
            |i: usize| Rect { x: (i % 20) as f32 * 48.0 + shift, y: (i / 20) as f32 * 78.0, width: 40.0, height: 70.0 };
        (0..200).map(at).collect()
    };
    let mut run = Run::new(|_| ());
    let begin = std::time::Instant::now();
    for i in 0..10 {
        let frame = run.detect(&grid(2.0 * i as f32));
        assert_eq!(ids(&frame), (1..=200).collect::<Vec<_>>());
        assert!(frame.tracks.iter().enumerate().all(|(k, t)| t.observation == Some(k)));
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let mut run = Run::new(|o| o.max_people = 3);
    let boxes: Vec<_> =
        grid(0.0).iter().enumerate().map(|(i, b)| Observation::detected(*b, 0.6 + 0.001 * i as f32)).collect();
    let frame = run.frame(true, &boxes);
    assert_eq!(frame.tracks.iter().map(|t| t.observation).collect::<Vec<_>>(), [Some(199), Some(198), Some(197)]);
}

#[test]
fn the_same_person_found_twice_is_one() {
    let mut run = Run::new(|_| ());
    for _ in 0..5 {
        assert_eq!(ids(&run.detect(&[at(100.0, 300.0), at(102.0, 301.0)])).last(), Some(&1));
    }
}

#[test]
fn the_same_calls_give_the_same_ids() {
    let run = || {
        let mut run = Run::new(|_| ());
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1u32 << 24) as f32
        };
        let mut last = TrackedFrame::default();
        for _ in 0..40 {
            let boxes: Vec<_> = (0..12).map(|_| at(900.0 * random(), 600.0 * random())).collect();
            last = run.detect(&boxes);
        }
        last
    };
    assert_eq!(run(), run());
}
