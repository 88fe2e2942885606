//! Those who are gone, and may come back.

use super::TrackState;
use super::clock::{nanoseconds, seconds};
use super::options::TrackOptions;
use super::person::{Person, Sighting, centre, cosine};
use crate::assign::best_pairs;

/// How far from where they vanished people are looked for without a descriptor: in lengths of the box, at once, and more
/// per second (an unhurried walk), at most.
const RADIUS: (f64, f64, f64) = (0.5, 0.5, 1.5);
/// Ratio of sizes within which somebody may be the same: without a descriptor, and with.
const SIZES: (f64, f64) = (1.5, 4.0);
/// More are not remembered; the oldest go.
const MAX_REMEMBERED: usize = 256;

#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    people: Vec<Person>,
}

impl Memory {
    /// Somebody whose track has ended. Of who was new nothing stays, of who seemed to come back what was known before.
    pub fn add(&mut self, mut person: Person) {
        if let Some(before) = person.remembered.take() {
            person = *before;
        } else if person.state == TrackState::Tentative {
            return;
        }
        person.state = TrackState::Lost;
        if self.people.len() == MAX_REMEMBERED {
            self.people.remove(0);
        }
        self.people.push(person);
    }

    /// Forgets whose time is up.
    pub fn forget(&mut self, now_ns: i64, options: &TrackOptions) {
        let limit = nanoseconds(options.max_occluded).saturating_add(nanoseconds(options.memory));
        self.people.retain(|p| p.unseen_ns(now_ns) <= limit);
    }

    pub fn clear(&mut self) {
        self.people.clear();
    }

    /// Who of those remembered, and of those `hidden` who are not where they were expected, is among the `new`: takes them
    /// out, each with the index of its sighting.
    pub fn recall(
        &mut self,
        hidden: &mut Vec<Person>,
        new: &[(usize, Sighting)],
        now_ns: i64,
        options: &TrackOptions,
    ) -> Vec<(Person, usize)> {
        let remembered = self.people.len();
        let person = |p: usize| self.people.get(p).unwrap_or_else(|| &hidden[p - remembered]);
        let likeness = |p: usize, n: usize| likeness(person(p), &new[n].1, now_ns, options).unwrap_or(0.0);
        let pairs = best_pairs(remembered + hidden.len(), new.len(), likeness);
        // From the back, so that the indices stay right.
        let mut take = |p: usize| if p < remembered { self.people.remove(p) } else { hidden.remove(p - remembered) };
        pairs.into_iter().rev().map(|(p, n)| (take(p), n)).collect()
    }
}

/// 0 to 1; `None` where they cannot be the same.
fn likeness(person: &Person, sighting: &Sighting, now_ns: i64, options: &TrackOptions) -> Option<f64> {
    let size = |bbox: crate::geometry::Rect| f64::from(bbox.width.max(bbox.height));
    let (was, is) = (size(person.last_box), size(sighting.bbox));
    let ratio = (was / is).max(is / was);
    let looks = person.appearance.as_deref().zip(sighting.appearance).and_then(|(a, b)| cosine(a, b));
    if let Some(looks) = looks {
        return (looks >= options.min_appearance.into() && ratio < SIZES.1).then_some((1.0 + looks) / 2.0);
    }
    let (start, per_second, most) = RADIUS;
    let radius = was.max(is) * (start + per_second * seconds(person.unseen_ns(now_ns))).min(most);
    let ([x0, y0], [x1, y1]) = (centre(person.last_box), centre(sighting.bbox));
    let distance = (x0 - x1).hypot(y0 - y1) / radius;
    (distance < 1.0 && ratio < SIZES.0).then_some(1.0 - 0.9 * distance)
}
