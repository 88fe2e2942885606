//! CLEAR MOT: Bernardin and Stiefelhagen 2008, as TrackEval computes it.

use super::tracks::{EPSILON, FOUND, Frame, Id};
use crate::assign::best_pairs;
use std::collections::{BTreeMap, BTreeSet};

/// CLEAR MOT, frame by frame.
#[derive(Debug, Clone, Default)]
pub(super) struct Clear {
    /// The track that a person was last found as.
    last: BTreeMap<Id, Id>,
    /// Those found in the frame before.
    before: BTreeMap<Id, Id>,
    begun: BTreeSet<Id>,
    pub switches: u64,
    pub fragmentations: u64,
    /// Pairs of a person and a track.
    pub found: u64,
}

/// What going on with the same id is worth against any similarity.
const SAME_ID: f64 = 1000.0;

impl Clear {
    pub fn add(&mut self, frame: &Frame) {
        // As TrackEval: a frame in which one side is empty does not interrupt.
        if frame.people.is_empty() || frame.tracks.is_empty() {
            return;
        }
        let similarity = frame.similarity();
        let weight = |p: usize, t: usize| match similarity(p, t) {
            s if s < FOUND - EPSILON => 0.0,
            s if self.before.get(&frame.people[p]) == Some(&frame.tracks[t]) => SAME_ID + s,
            s => s,
        };
        let mut now = BTreeMap::new();
        for (p, t) in best_pairs(frame.people.len(), frame.tracks.len(), weight) {
            let (person, track) = (frame.people[p], frame.tracks[t]);
            self.found += 1;
            let last = self.last.insert(person, track);
            self.switches += u64::from(last.is_some_and(|last| last != track));
            let is_paused = !self.before.contains_key(&person);
            self.fragmentations += u64::from(is_paused && !self.begun.insert(person));
            now.insert(person, track);
        }
        self.before = now;
    }
}
