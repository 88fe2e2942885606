//! What to do with a frame before anything is known about it: detect or not, and whom to look at.

use super::associate::overlap;
use super::options::{PersonPolicy, TrackOptions};
use super::person::{Person, centre};
use super::{TrackId, TrackState};
use crate::geometry::{Rect, Size};

/// Why the detector should run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DetectReason {
    /// It never has.
    Start,
    /// It is its turn.
    Cadence,
    /// Nobody is there, and it is its turn for that.
    Nobody,
    /// Somebody is hidden, new, or not surely found any more.
    Unsure,
    /// Somebody may have entered: a box too unsure to begin a track, or [`Tracker::expect_entry`](super::Tracker::expect_entry).
    Entry,
}

/// A box to look at without a detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedBox {
    /// Whose.
    pub id: TrackId,
    /// Where the person is expected, in image pixels; may reach beyond the image.
    pub bbox: Rect,
}

/// What to do with a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Why the detector should run; `None` if the boxes are enough.
    pub detect: Option<DetectReason>,
    /// Boxes of the people that the policy chooses and that are not hidden, oldest first. With a detection they are those of
    /// the detector's frame that it may miss.
    pub boxes: Vec<PlannedBox>,
}

/// What has been going on since the last detection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Watch {
    /// Frames since then; `None`: it has never run.
    pub since: Option<u32>,
    pub expects_entry: bool,
}

impl Watch {
    pub fn reason(&self, people: &[Person], options: &TrackOptions) -> Option<DetectReason> {
        let Some(since) = self.since else { return Some(DetectReason::Start) };
        let is_due = |every: u32| since.saturating_add(1) >= every;
        if self.expects_entry {
            return Some(DetectReason::Entry);
        }
        if people.is_empty() {
            return is_due(options.detect_every_empty).then_some(DetectReason::Nobody);
        }
        if is_due(options.detect_every) {
            return Some(DetectReason::Cadence);
        }
        let is_unsure = |p: &Person| match p.state {
            TrackState::Confirmed => p.is_selected && (p.misses > 0 || p.score < options.sure_score),
            TrackState::Tentative | TrackState::Lost => true,
        };
        people.iter().any(is_unsure).then_some(DetectReason::Unsure)
    }
}

/// What a box that is already looked at is worth more, so that two people of the same size do not take turns.
const STAY: f64 = 1.2;

/// The indices of the boxes that a policy chooses, the first choice first. Boxes come with whether they were chosen before.
pub(super) fn choose(policy: PersonPolicy, boxes: &[(Rect, bool)]) -> Vec<usize> {
    let size = |b: Rect| [f64::from(b.width), f64::from(b.height)];
    let (count, value): (usize, Box<dyn Fn(Rect) -> f64>) = match policy {
        PersonPolicy::All => return (0..boxes.len()).collect(),
        PersonPolicy::Largest { count } => (count, Box::new(|b| size(b)[0] * size(b)[1])),
        PersonPolicy::Nearest { count } => (count, Box::new(|b| size(b)[1])),
        PersonPolicy::NearestTo { count, x, y } => (
            count,
            Box::new(move |b| {
                let [cx, cy] = centre(b);
                1.0 / (1.0 + (cx - f64::from(x)).hypot(cy - f64::from(y)))
            }),
        ),
    };
    let value = |&i: &usize| value(boxes[i].0) * if boxes[i].1 { STAY } else { 1.0 };
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|a, b| value(b).total_cmp(&value(a)));
    order.truncate(count);
    order
}

/// Boxes of a detector that deserve a pose: those that can begin a track, those of somebody who is expected there; of them
/// the ones that the policy chooses.
pub(super) fn choose_detections(
    found: &[(Rect, f32)],
    usable: impl Fn(usize) -> bool,
    expected: &[Person],
    options: &TrackOptions,
) -> Vec<usize> {
    let mut taken = vec![false; expected.len()];
    let mut order: Vec<usize> = (0..found.len()).filter(|i| usable(*i)).collect();
    order.sort_by(|a, b| found[*b].1.total_cmp(&found[*a].1));
    let mut kept: Vec<(usize, Rect, bool)> = Vec::new();
    for i in order {
        let (bbox, score) = found[i];
        let free = (0..expected.len()).filter(|p| !taken[*p]);
        let best = free.map(|p| (p, overlap(expected[p].motion.bbox(), bbox))).max_by(|a, b| a.1.total_cmp(&b.1));
        let person = best.filter(|(_, overlap)| *overlap >= 0.3).map(|(p, _)| p);
        if let Some(p) = person {
            taken[p] = true;
        }
        let is_worth = if person.is_some() { score >= options.unsure_score } else { score >= options.new_score };
        if is_worth {
            kept.push((i, bbox, person.is_some_and(|p| expected[p].is_selected)));
        }
    }
    kept.sort_by_key(|(i, ..)| *i);
    let boxes: Vec<_> = kept.iter().map(|(_, bbox, chosen)| (*bbox, *chosen)).collect();
    choose(options.policy, &boxes).into_iter().map(|k| kept[k].0).collect()
}

/// The boxes to look at.
pub(super) fn planned(people: &[Person], image: Size) -> Vec<PlannedBox> {
    let whole = Rect::whole(image);
    let is_due = |p: &&Person| p.is_selected && p.state != TrackState::Lost;
    let boxes = people.iter().filter(is_due).map(|p| PlannedBox { id: p.id, bbox: p.motion.bbox() });
    boxes.filter(|planned| overlap(planned.bbox, whole) > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, height: f32) -> Rect {
        Rect { x, y: 0.0, width: 40.0, height }
    }

    #[test]
    fn policies_choose_and_stay() {
        let boxes = [(at(0.0, 100.0), false), (at(100.0, 110.0), false), (at(200.0, 90.0), true)];
        assert_eq!(choose(PersonPolicy::All, &boxes), [0, 1, 2]);
        assert_eq!(choose(PersonPolicy::Largest { count: 1 }, &boxes[..2]), [1]);
        assert_eq!(choose(PersonPolicy::Nearest { count: 2 }, &boxes[..2]), [1, 0]);
        // 90 of somebody who is looked at already are not given up for 100, but for 110.
        assert_eq!(choose(PersonPolicy::Nearest { count: 2 }, &boxes), [1, 2]);
        assert_eq!(choose(PersonPolicy::NearestTo { count: 1, x: 15.0, y: 50.0 }, &boxes), [0]);
        assert_eq!(choose(PersonPolicy::Largest { count: 9 }, &boxes).len(), 3);
        assert!(choose(PersonPolicy::Largest { count: 1 }, &[]).is_empty());
    }
}
