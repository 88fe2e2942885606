//! How well tracks go with labelled people: HOTA, IDF1 and the identity switches of CLEAR MOT.

use super::clear::Clear;
use super::tally::share;
use crate::assign::best_pairs;
use crate::error::{Error, Result};
use crate::geometry::Rect;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Scores of the tracks of one or several sequences.
///
/// HOTA: Luiten et al., IJCV 2021 (<https://arxiv.org/abs/2009.07736>), the mean over similarities 0.05, 0.10 .. 0.95. IDF1:
/// Ristani et al. 2016. Switches, MOTA: CLEAR MOT, Bernardin and Stiefelhagen 2008. All as TrackEval computes them, with the
/// intersection over union of boxes as similarity and 0.5 as the threshold of IDF1 and CLEAR; a test compares.
///
/// Unlike the other measures it keeps every pair of overlapping boxes, some 20 bytes each: HOTA is defined over whole
/// sequences.
#[derive(Debug, Clone, Default)]
pub struct Tracking {
    frames: Vec<Frame>,
    people: Counts,
    tracks: Counts,
    /// Ids belong to the sequence they come from.
    sequence: u32,
    clear: Clear,
}

/// An id within all sequences.
pub(super) type Id = (u32, u64);
type Counts = BTreeMap<Id, u64>;

/// A frame of a sequence.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub people: Vec<Id>,
    pub tracks: Vec<Id>,
    /// Person, track and similarity above 0, by index.
    similarities: Vec<(usize, usize, f64)>,
}

impl Frame {
    /// Of a person and a track, by index.
    pub fn similarity(&self) -> impl Fn(usize, usize) -> f64 {
        let mut table = vec![0.0; self.people.len() * self.tracks.len()];
        let columns = self.tracks.len();
        self.similarities.iter().for_each(|(p, t, s)| table[p * columns + t] = *s);
        move |p, t| table[p * columns + t]
    }
}

/// Scores from 0 to 1; `None` where there was nothing to measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackingReport {
    /// Frames.
    pub frames: u64,
    /// Labelled boxes.
    pub labelled_boxes: u64,
    /// Boxes of tracks.
    pub track_boxes: u64,
    /// Labelled people, and tracks.
    pub people: u64,
    /// Different ids among the tracks.
    pub tracks: u64,
    /// Higher order tracking accuracy: the geometric mean of detection and association, mean over similarities.
    pub hota: Option<f64>,
    /// Its part that looks at boxes alone.
    pub det_a: Option<f64>,
    /// Its part that looks at ids.
    pub ass_a: Option<f64>,
    /// Share of boxes that have the id they should have, with the best one-to-one assignment of ids over all frames.
    pub idf1: Option<f64>,
    /// How often a person's id changed.
    pub id_switches: u64,
    /// How often a person who had been found was found again after a pause.
    pub fragmentations: u64,
    /// Multiple object tracking accuracy: 1 minus misses, false boxes and switches per labelled box; can be negative.
    pub mota: Option<f64>,
}

/// Rounding of the similarity is no miss.
pub(super) const EPSILON: f64 = f64::EPSILON;
/// Similarity from which a box counts as found in IDF1 and CLEAR.
pub(super) const FOUND: f64 = 0.5;

impl Tracking {
    /// Adds the next frame of the sequence: everybody in it with their id, and the tracks.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that comes twice; the frame is not added then.
    pub fn add(&mut self, people: &[(u64, Rect)], tracks: &[(u64, Rect)]) -> Result<()> {
        for (name, boxes) in [("people", people), ("tracks", tracks)] {
            let mut ids = BTreeSet::new();
            if let Some((id, _)) = boxes.iter().find(|(id, _)| !ids.insert(*id)) {
                return Err(Error::invalid(format!("`{name}` holds id {id} twice; an id is one box of a frame")));
            }
        }
        let own = |(id, _): &(u64, Rect)| (self.sequence, *id);
        let mut frame = Frame {
            people: people.iter().map(own).collect(),
            tracks: tracks.iter().map(own).collect(),
            similarities: Vec::new(),
        };
        for (p, (_, a)) in people.iter().enumerate() {
            for (t, (_, b)) in tracks.iter().enumerate() {
                let similarity = overlap(*a, *b);
                if similarity > 0.0 {
                    frame.similarities.push((p, t, similarity));
                }
            }
        }
        frame.people.iter().for_each(|id| *self.people.entry(*id).or_default() += 1);
        frame.tracks.iter().for_each(|id| *self.tracks.entry(*id).or_default() += 1);
        self.clear.add(&frame);
        self.frames.push(frame);
        Ok(())
    }

    /// The next frame belongs to another sequence: ids begin anew.
    pub fn next_sequence(&mut self) {
        self.sequence += 1;
    }

    /// The scores so far.
    pub fn report(&self) -> TrackingReport {
        let [labelled_boxes, track_boxes] = [&self.people, &self.tracks].map(|c| c.values().sum::<u64>());
        let hota = (labelled_boxes + track_boxes > 0).then(|| self.hota());
        let Clear { switches, fragmentations, found, .. } = self.clear;
        let wrong = (labelled_boxes - found) + (track_boxes - found) + switches;
        TrackingReport {
            frames: self.frames.len() as u64,
            labelled_boxes,
            track_boxes,
            people: self.people.len() as u64,
            tracks: self.tracks.len() as u64,
            hota: hota.map(|h| h[0]),
            det_a: hota.map(|h| h[1]),
            ass_a: hota.map(|h| h[2]),
            idf1: share(2 * self.identity(), labelled_boxes + track_boxes),
            id_switches: switches,
            fragmentations,
            mota: (labelled_boxes > 0).then(|| 1.0 - wrong as f64 / labelled_boxes as f64),
        }
    }

    /// HOTA, DetA, AssA.
    fn hota(&self) -> [f64; 3] {
        // How well ids go together over all frames, before anybody is assigned.
        let mut potential: BTreeMap<(Id, Id), f64> = BTreeMap::new();
        for frame in &self.frames {
            let (mut of_person, mut of_track) = (vec![0.0; frame.people.len()], vec![0.0; frame.tracks.len()]);
            for (p, t, s) in &frame.similarities {
                of_person[*p] += s;
                of_track[*t] += s;
            }
            for &(p, t, s) in &frame.similarities {
                let sum = of_person[p] + of_track[t] - s;
                *potential.entry((frame.people[p], frame.tracks[t])).or_default() += s / sum;
            }
        }
        let alignment: BTreeMap<(Id, Id), f64> = (potential.into_iter())
            .map(|((p, t), common)| ((p, t), common / ((self.people[&p] + self.tracks[&t]) as f64 - common)))
            .collect();
        let mut levels: [Level; LEVELS] = std::array::from_fn(|_| Level::default());
        for frame in &self.frames {
            let similarity = frame.similarity();
            let weight = |p: usize, t: usize| match similarity(p, t) {
                s if s > 0.0 => s * alignment[&(frame.people[p], frame.tracks[t])],
                _ => 0.0,
            };
            for (p, t) in best_pairs(frame.people.len(), frame.tracks.len(), weight) {
                for (i, level) in levels.iter_mut().enumerate() {
                    if similarity(p, t) >= threshold(i) - EPSILON {
                        *level.matches.entry((frame.people[p], frame.tracks[t])).or_default() += 1;
                    }
                }
            }
        }
        let mut sums = [0.0; 3];
        for level in &levels {
            let [det_a, ass_a] = level.scores(&self.people, &self.tracks);
            sums = [sums[0] + (det_a * ass_a).sqrt(), sums[1] + det_a, sums[2] + ass_a];
        }
        sums.map(|sum| sum / LEVELS as f64)
    }

    /// Boxes with the right id under the best assignment of ids.
    fn identity(&self) -> u64 {
        let mut common: BTreeMap<(Id, Id), u64> = BTreeMap::new();
        for frame in &self.frames {
            for &(p, t, s) in frame.similarities.iter().filter(|(.., s)| *s >= FOUND) {
                debug_assert!(s > 0.0);
                *common.entry((frame.people[p], frame.tracks[t])).or_default() += 1;
            }
        }
        // Sequences share no ids, so each is a problem of its own.
        let of = |counts: &Counts, sequence: u32| -> Vec<Id> {
            counts.range((sequence, 0)..=(sequence, u64::MAX)).map(|(id, _)| *id).collect()
        };
        let best = |sequence| -> u64 {
            let (people, tracks) = (of(&self.people, sequence), of(&self.tracks, sequence));
            let longest = common.values().max().copied().unwrap_or(1) as f64;
            let count = |p: usize, t: usize| common.get(&(people[p], tracks[t])).copied().unwrap_or(0);
            let pairs = best_pairs(people.len(), tracks.len(), |p, t| count(p, t) as f64 / longest);
            pairs.into_iter().map(|(p, t)| count(p, t)).sum()
        };
        (0..=self.sequence).map(best).sum()
    }
}

/// Similarities at which HOTA is taken.
const LEVELS: usize = 19;

fn threshold(level: usize) -> f64 {
    0.05 * (level + 1) as f64
}

fn overlap(a: Rect, b: Rect) -> f64 {
    let [ax0, ay0, ax1, ay1] = a.xyxy().map(f64::from);
    let [bx0, by0, bx1, by1] = b.xyxy().map(f64::from);
    let shared = (ax1.min(bx1) - ax0.max(bx0)).max(0.0) * (ay1.min(by1) - ay0.max(by0)).max(0.0);
    let overlap = shared / ((ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - shared);
    if overlap.is_finite() { overlap } else { 0.0 }
}

/// Matches at one similarity.
#[derive(Default)]
struct Level {
    matches: BTreeMap<(Id, Id), u64>,
}

impl Level {
    /// DetA, AssA.
    fn scores(&self, people: &Counts, tracks: &Counts) -> [f64; 2] {
        let hits: u64 = self.matches.values().sum();
        let all = people.values().sum::<u64>() + tracks.values().sum::<u64>() - hits;
        let associated: f64 = (self.matches.iter())
            .map(|((p, t), &both)| both as f64 * both as f64 / (people[p] + tracks[t] - both).max(1) as f64)
            .sum();
        [hits as f64 / all.max(1) as f64, associated / hits.max(1) as f64]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> Rect {
        Rect { x, y: 0.0, width: 10.0, height: 20.0 }
    }

    #[test]
    fn a_switch_in_the_middle_by_hand() {
        // One person for ten frames, track 1 for the first four, track 2 for the rest, boxes exact.
        let mut tracking = Tracking::default();
        for i in 0..10 {
            tracking.add(&[(7, at(0.0))], &[(if i < 4 { 1 } else { 2 }, at(0.0))]).unwrap();
        }
        let report = tracking.report();
        // AssA: 4 boxes of 4 / 10 and 6 of 6 / 10.
        let ass_a = (4.0 * 0.4 + 6.0 * 0.6) / 10.0;
        assert!((report.det_a.unwrap() - 1.0).abs() < 1e-12 && (report.ass_a.unwrap() - ass_a).abs() < 1e-12);
        assert!((report.hota.unwrap() - ass_a.sqrt()).abs() < 1e-12);
        assert_eq!((report.idf1, report.id_switches, report.fragmentations), (Some(0.6), 1, 0));
        assert_eq!((report.mota, report.people, report.tracks), (Some(0.9), 1, 2));
        // The same ids in another sequence are other people.
        tracking.next_sequence();
        tracking.add(&[(7, at(0.0))], &[(1, at(0.0))]).unwrap();
        let report = tracking.report();
        assert_eq!((report.people, report.tracks, report.id_switches), (2, 3, 1));
    }

    #[test]
    fn nothing_and_nonsense() {
        let report = Tracking::default().report();
        assert_eq!((report.hota, report.idf1, report.mota), (None, None, None));
        let mut tracking = Tracking::default();
        let error = tracking.add(&[(1, at(0.0)), (1, at(9.0))], &[]).unwrap_err().to_string();
        assert!(error.contains("`people` holds id 1 twice"), "{error}");
        let nan = Rect { x: f32::NAN, ..at(0.0) };
        tracking.add(&[(1, at(0.0))], &[(1, nan), (2, Rect { width: 0.0, ..at(0.0) })]).unwrap();
        let report = tracking.report();
        assert_eq!((report.hota, report.idf1, report.mota), (Some(0.0), Some(0.0), Some(-2.0)));
    }
}
