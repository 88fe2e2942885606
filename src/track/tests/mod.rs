//! The tracker on made-up boxes.

mod between;
mod input;
mod returns;

use super::*;
use crate::geometry::{Rect, Size};
use crate::skeleton::KEYPOINT_COUNT;
use crate::task::pose::Keypoint;
use std::time::Duration;

const IMAGE: Size = Size::new(1000, 800);
const FRAME: i64 = 33_333_333;

fn at(x: f32, y: f32) -> Rect {
    Rect { x, y, width: 80.0, height: 200.0 }
}

/// A person of 308 keypoints that fill a box but for some margin.
fn pose_in(b: Rect, score: f32) -> Vec<Keypoint> {
    let at = |i: usize| {
        let (u, v) = ((i * 7 % 11) as f32 / 10.0, (i * 5 % 13) as f32 / 12.0);
        Keypoint { x: b.x + b.width * (0.05 + 0.9 * u), y: b.y + b.height * (0.05 + 0.9 * v), score }
    };
    (0..KEYPOINT_COUNT).map(at).collect()
}

/// A tracker and the time it is at.
struct Run {
    tracker: Tracker,
    timestamp_ns: i64,
}

impl Run {
    fn new(change: impl FnOnce(&mut TrackOptions)) -> Self {
        let mut options = TrackOptions::default();
        change(&mut options);
        Self { tracker: Tracker::new(options).unwrap(), timestamp_ns: 0 }
    }

    fn frame(&mut self, detector_ran: bool, observations: &[Observation]) -> TrackedFrame {
        self.timestamp_ns += FRAME;
        self.tracker.update(&FrameInput { timestamp_ns: self.timestamp_ns, image: IMAGE, detector_ran, observations })
    }

    fn detect(&mut self, boxes: &[Rect]) -> TrackedFrame {
        self.frame(true, &boxes.iter().map(|b| Observation::detected(*b, 0.9)).collect::<Vec<_>>())
    }

    fn plan(&self) -> Plan {
        self.tracker.plan(self.timestamp_ns + FRAME, IMAGE)
    }
}

fn ids(frame: &TrackedFrame) -> Vec<u64> {
    frame.tracks.iter().map(|t| t.id.number()).collect()
}

fn states(frame: &TrackedFrame) -> Vec<TrackState> {
    frame.tracks.iter().map(|t| t.state).collect()
}

use TrackState::{Confirmed, Lost, Tentative};

#[test]
fn states_and_ages() {
    let mut run = Run::new(|o| o.confirm_hits = 3);
    assert_eq!(states(&run.detect(&[at(0.0, 0.0)])), [Confirmed], "who is there at the start");
    let mut newcomer = Vec::new();
    for _ in 0..4 {
        newcomer.push(states(&run.detect(&[at(0.0, 0.0), at(500.0, 0.0)]))[1]);
    }
    assert_eq!(newcomer, [Tentative, Tentative, Confirmed, Confirmed]);
    let frame = run.detect(&[at(0.0, 0.0)]);
    let hidden = frame.tracks[1];
    assert_eq!((hidden.state, hidden.missed_frames, hidden.unseen_ns, hidden.observation), (Lost, 1, FRAME, None));
    assert_eq!((hidden.age_frames, hidden.age_ns, hidden.hits), (5, 4 * FRAME, 4));
    assert_eq!(states(&run.detect(&[at(0.0, 0.0), at(502.0, 0.0)])), [Confirmed, Confirmed]);
}

#[test]
fn noise_does_not_become_somebody_and_ids_are_never_reused() {
    let mut run = Run::new(|_| ());
    run.detect(&[at(0.0, 0.0)]);
    run.detect(&[at(0.0, 0.0), at(600.0, 300.0)]);
    for _ in 0..3 {
        run.detect(&[at(0.0, 0.0)]);
    }
    let frame = run.detect(&[at(0.0, 0.0), at(600.0, 300.0)]);
    assert_eq!((ids(&frame), states(&frame)), (vec![1, 3], vec![Confirmed, Tentative]));
    run.tracker.reset();
    assert_eq!(ids(&run.detect(&[at(0.0, 0.0)])), [4]);
}

#[test]
fn unsure_boxes_keep_alive_but_begin_nothing() {
    let mut run = Run::new(|_| ());
    run.detect(&[at(0.0, 0.0)]);
    let unsure = |b| [Observation::detected(b, 0.2)];
    assert_eq!(states(&run.frame(true, &unsure(at(2.0, 0.0)))), [Confirmed]);
    assert_eq!(ids(&run.frame(true, &unsure(at(500.0, 0.0)))), [1]);
    assert_eq!(run.plan().detect, Some(DetectReason::Entry), "somebody may be coming");
}
