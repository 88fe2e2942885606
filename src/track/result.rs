//! What a tracker says.

use super::input::Ignored;
use super::person::Person;
use crate::geometry::Rect;

/// The name of somebody in a stream: from 1, never given twice by the same tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId(u64);

impl TrackId {
    pub(super) fn of(number: u64) -> Self {
        Self(number)
    }

    /// As a number, 1 or more.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// How sure the tracker is that somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrackState {
    /// New: a sighting or two, which may have been none.
    Tentative,
    /// Seen often enough, and now (or not looked for now).
    Confirmed,
    /// Looked for and not found: hidden, or gone. Expected where the motion leads.
    Lost,
}

/// Somebody in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Track {
    /// Who.
    pub id: TrackId,
    /// How sure.
    pub state: TrackState,
    /// The observed box in image pixels: that of the detector, or around the keypoints. Without an observation the estimate.
    pub bbox: Rect,
    /// The estimate of the motion model, in image pixels; calmer than the observation. May reach beyond the image.
    pub estimate: Rect,
    /// Of the centre, in pixels per second.
    pub velocity: [f32; 2],
    /// How sure the last observation was, 0 to 1: the detector's score, or the mean score of the keypoints.
    pub score: f32,
    /// Index of this frame's observation.
    pub observation: Option<usize>,
    /// Whether the policy chooses this person.
    pub is_selected: bool,
    /// Frames since the first sighting, this one included.
    pub age_frames: u64,
    /// Since the first sighting, in nanoseconds.
    pub age_ns: i64,
    /// Sightings in all.
    pub hits: u32,
    /// Frames in a row in which it was looked for and not seen.
    pub missed_frames: u32,
    /// Since the last sighting, in nanoseconds; 0 if seen now.
    pub unseen_ns: i64,
}

/// What a tracker says about a frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackedFrame {
    /// Everybody, by id.
    pub tracks: Vec<Track>,
    /// Observations that were not used, by index, and why.
    pub ignored: Vec<(usize, Ignored)>,
    /// Who was given up in this frame. Somebody remembered may come back.
    pub ended: Vec<TrackId>,
    /// Since the frame before, in nanoseconds.
    pub step_ns: i64,
    /// Whether the timestamp was not later than the one before, and the nominal step was taken.
    pub time_was_repaired: bool,
}

impl Track {
    pub(super) fn of(person: &Person, now_ns: i64) -> Self {
        let estimate = person.motion.bbox();
        Self {
            id: person.id,
            state: person.state,
            bbox: if person.observation.is_some() { person.last_box } else { estimate },
            estimate,
            velocity: person.motion.velocity().map(|v| v as f32),
            score: person.score,
            observation: person.observation,
            is_selected: person.is_selected,
            age_frames: person.frames + 1,
            age_ns: now_ns.saturating_sub(person.first_seen_ns),
            hits: person.hits,
            missed_frames: person.misses,
            unseen_ns: person.unseen_ns(now_ns),
        }
    }
}
