//! Who is who: expected people against what was found, in stages.

use super::TrackState;
use super::options::TrackOptions;
use super::person::{Person, Sighting};
use super::pose;
use crate::assign::best_pairs;
use crate::geometry::Rect;
use crate::task::pose::Keypoint;

/// A person and a sighting, by their indices.
pub(super) type Pair = (usize, usize);

/// What somebody just seen is worth more than somebody hidden for as long as is allowed: of two who are expected in the same
/// place, the one in front is the one that was seen there.
const HIDDEN_PENALTY: (f64, f64) = (0.05, 0.1);
/// Boxes are enlarged by this share of their size on every side for the last attempt (C-BIoU, Yang et al. 2023).
const BUFFER: f32 = 0.3;
/// Least overlap of the enlarged boxes.
const MIN_BUFFERED: f64 = 0.3;
/// How long somebody may have been out of sight to be seen again in an unsure box: nanoseconds.
const BRIEFLY: i64 = 300_000_000;

/// One frame's association in progress.
pub(super) struct Association<'a> {
    people: &'a [Person],
    sightings: &'a [(usize, Sighting<'a>)],
    options: &'a TrackOptions,
    now_ns: i64,
    poses: Vec<Option<Vec<Keypoint>>>,
    /// Of each sighting.
    crowding: Vec<f64>,
    free_people: Vec<usize>,
    free_sightings: Vec<usize>,
    pairs: Vec<Pair>,
}

impl<'a> Association<'a> {
    /// `free_people` are those that have not been found by other means.
    pub fn new(
        people: &'a [Person],
        free_people: Vec<usize>,
        sightings: &'a [(usize, Sighting<'a>)],
        options: &'a TrackOptions,
        now_ns: i64,
    ) -> Self {
        let has_poses = sightings.iter().any(|(_, s)| s.keypoints.is_some()) && options.pose_weight > 0.0;
        let poses = people.iter().map(|p| if has_poses { p.expected_pose() } else { None }).collect();
        let free_sightings = (0..sightings.len()).collect();
        let crowding = (0..sightings.len()).map(|s| crowding(people, sightings, s)).collect();
        Self { people, sightings, options, now_ns, poses, crowding, free_people, free_sightings, pairs: Vec::new() }
    }

    /// The pairs, and the sightings that are nobody's.
    pub fn run(mut self) -> (Vec<Pair>, Vec<usize>) {
        let options = self.options;
        let is_sure = |s: &Sighting| s.score >= options.sure_score;
        // Sure boxes are anybody's.
        self.stage(|_, s| is_sure(s), |this, p, s| this.likeness(p, s, options.min_similarity.into()));
        // Unsure ones are of people seen just now: half hidden ones, mostly.
        let now_ns = self.now_ns;
        self.stage(
            |p, s| !is_sure(s) && p.state != TrackState::Tentative && p.unseen_ns(now_ns) <= BRIEFLY,
            |this, p, s| this.likeness(p, s, options.min_similarity_unsure.into()),
        );
        // Somebody may have stopped or turned where nobody saw it: the last observation instead of the expectation.
        self.stage(|_, s| is_sure(s), Self::recovery);
        (self.pairs, self.free_sightings)
    }

    fn stage(
        &mut self,
        takes_part: impl Fn(&Person, &Sighting) -> bool,
        weight: impl Fn(&Self, usize, usize) -> Option<f64>,
    ) {
        let of = |p: usize, s: usize| {
            let (p, s) = (self.free_people[p], self.free_sightings[s]);
            let is_in = takes_part(&self.people[p], &self.sightings[s].1);
            if is_in { weight(self, p, s).unwrap_or(0.0) } else { 0.0 }
        };
        let found = best_pairs(self.free_people.len(), self.free_sightings.len(), of);
        let found: Vec<Pair> = found.into_iter().map(|(p, s)| (self.free_people[p], self.free_sightings[s])).collect();
        self.free_people.retain(|p| !found.iter().any(|(taken, _)| taken == p));
        self.free_sightings.retain(|s| !found.iter().any(|(_, taken)| taken == s));
        self.pairs.extend(found);
    }

    /// Similarity of what is expected and what was found with what speaks for it; `None` below `least`.
    fn likeness(&self, p: usize, s: usize, least: f64) -> Option<f64> {
        let (person, sighting) = (&self.people[p], &self.sightings[s].1);
        let expected = person.motion.bbox();
        let overlap = overlap(expected, sighting.bbox);
        if overlap <= 0.0 {
            return None;
        }
        let weight = f64::from(self.options.pose_weight) * (1.0 - self.crowding[s]);
        let area = f64::from(expected.width) * f64::from(expected.height);
        let poses = self.poses[p].as_deref().zip(sighting.keypoints);
        let alike = poses.and_then(|(a, b)| pose::similarity(a, b, area, self.options.min_keypoint_score));
        let similarity = alike.map_or(overlap, |alike| (1.0 - weight) * overlap + weight * alike);
        if similarity < least {
            return None;
        }
        let straight = f64::from(self.options.direction_weight * sighting.score) * person.straightness(sighting.bbox);
        Some((similarity + straight - self.penalty(person)).max(1e-3))
    }

    fn recovery(&self, p: usize, s: usize) -> Option<f64> {
        let (person, sighting) = (&self.people[p], &self.sightings[s].1);
        let overlap = overlap(buffered(person.last_box), buffered(sighting.bbox));
        let sizes = f64::from(person.last_box.height / sighting.bbox.height);
        (overlap >= MIN_BUFFERED && (0.67..=1.5).contains(&sizes)).then(|| (overlap - self.penalty(person)).max(1e-3))
    }

    fn penalty(&self, person: &Person) -> f64 {
        let hidden = person.unseen_ns(self.now_ns) as f64 / (self.options.max_occluded.as_nanos() as f64).max(1.0);
        match person.state {
            TrackState::Confirmed => 0.0,
            TrackState::Tentative => HIDDEN_PENALTY.0,
            TrackState::Lost => HIDDEN_PENALTY.0 + HIDDEN_PENALTY.1 * hidden.min(1.0),
        }
    }
}

/// How much the box of a sighting shares with that of somebody else, found or expected, 0 to 1 (intersection over union): so
/// far its pose may be somebody else's.
fn crowding(people: &[Person], sightings: &[(usize, Sighting)], s: usize) -> f64 {
    let bbox = sightings[s].1.bbox;
    let others = sightings.iter().enumerate().filter(|(other, _)| *other != s).map(|(_, (_, o))| overlap(bbox, o.bbox));
    // Of those expected here the second most: the first is the person itself.
    let (mut first, mut second) = (0.0, 0.0);
    for here in people.iter().map(|person| overlap(bbox, person.motion.bbox())) {
        (first, second) = if here > first { (here, first) } else { (first, here.max(second)) };
    }
    others.fold(second, f64::max)
}

/// Detections whose poses are more alike than this show one person twice.
const SAME_POSE: f64 = 0.8;
/// A pose has to fill its box by this much (intersection over union of its own box and the detected one).
const LEAST_FILLED: f64 = 0.2;

/// Takes the pose away from boxes in which a top-down model has found somebody else: where two boxes show one pose, from the
/// one that it fills less.
pub(super) fn own_poses<'a>(mut sightings: Vec<(usize, Sighting<'a>)>, min_score: f32) -> Vec<(usize, Sighting<'a>)> {
    let fills = |s: &Sighting| {
        let hull = pose::Hull::of(s.keypoints?, min_score)?;
        Some(overlap(hull.padded(&pose::Margins::default()), s.bbox))
    };
    let filled: Vec<Option<f64>> = sightings.iter().map(|(_, s)| fills(s)).collect();
    let mut is_own: Vec<bool> = filled.iter().map(|filled| filled.is_some_and(|f| f >= LEAST_FILLED)).collect();
    for i in 0..sightings.len() {
        for j in i + 1..sightings.len() {
            let (a, b) = (&sightings[i].1, &sightings[j].1);
            let Some((pose_a, pose_b)) = a.keypoints.zip(b.keypoints).filter(|_| is_own[i] && is_own[j]) else {
                continue;
            };
            let area = f64::from(a.bbox.width * a.bbox.height).min(f64::from(b.bbox.width * b.bbox.height));
            let is_same = overlap(a.bbox, b.bbox) > 0.0
                && pose::similarity(pose_a, pose_b, area, min_score).is_some_and(|alike| alike > SAME_POSE);
            if is_same {
                is_own[if filled[i] < filled[j] { i } else { j }] = false;
            }
        }
    }
    for ((_, sighting), is_own) in sightings.iter_mut().zip(is_own) {
        sighting.keypoints = sighting.keypoints.filter(|_| is_own);
    }
    sightings
}

/// Intersection over union.
pub(super) fn overlap(a: Rect, b: Rect) -> f64 {
    let overlap = f64::from(a.iou(b));
    if overlap.is_finite() { overlap } else { 0.0 }
}

fn buffered(b: Rect) -> Rect {
    let (dx, dy) = (b.width * BUFFER, b.height * BUFFER);
    Rect { x: b.x - dx, y: b.y - dy, width: b.width + 2.0 * dx, height: b.height + 2.0 * dy }
}
