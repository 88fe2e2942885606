//! The tracker of one stream.

use super::associate::{self, Association, overlap};
use super::clock::{Clock, nanoseconds};
use super::input::{FrameInput, Ignored};
use super::memory::Memory;
use super::options::TrackOptions;
use super::person::{Person, Sighting};
use super::plan::{self, Plan, Watch};
use super::pose;
use super::result::{Track, TrackId, TrackState, TrackedFrame};
use crate::error::Result;
use crate::geometry::{Rect, Size};

/// The tracker of one stream.
#[derive(Debug, Clone)]
pub struct Tracker {
    options: TrackOptions,
    clock: Clock,
    people: Vec<Person>,
    memory: Memory,
    watch: Watch,
    last_id: u64,
}

/// Poses more alike than this are of one person.
const SAME_POSE: f64 = 0.8;
/// A new box that overlaps somebody seen in the same frame by more is the same person twice.
const SAME_BOX: f64 = 0.85;
/// Frames in a row somebody tentative may be missed.
const TENTATIVE_MISSES: u32 = 1;

/// An observation that is about to be somebody's.
struct Claim<'a> {
    person: usize,
    observation: usize,
    sighting: Sighting<'a>,
    /// How like the expected pose it is.
    loyalty: f64,
    is_planned: bool,
}

impl Tracker {
    /// A tracker that knows nobody.
    ///
    /// # Errors
    /// `InvalidArgument` for options out of their range.
    pub fn new(options: TrackOptions) -> Result<Self> {
        options.check()?;
        let clock = Clock::new(options.nominal_step);
        Ok(Self { options, clock, people: Vec::new(), memory: Memory::default(), watch: Watch::default(), last_id: 0 })
    }

    /// What it was made with.
    pub fn options(&self) -> &TrackOptions {
        &self.options
    }

    /// Changes options from the next frame on.
    ///
    /// # Errors
    /// `InvalidArgument` for options out of their range; nothing changes then.
    pub fn set_options(&mut self, options: TrackOptions) -> Result<()> {
        options.check()?;
        self.clock.set_nominal(options.nominal_step);
        self.options = options;
        Ok(())
    }

    /// Forgets everybody, as after a cut. Ids go on.
    pub fn reset(&mut self) {
        self.people.clear();
        self.memory.clear();
        self.watch = Watch::default();
    }

    /// Tells that somebody may have entered (a host that watches doors or motion): the next plan asks for a detection.
    pub fn expect_entry(&mut self) {
        self.watch.expects_entry = true;
    }

    /// What to do with the frame of that time: nothing changes by asking.
    pub fn plan(&self, timestamp_ns: i64, image: Size) -> Plan {
        let detect = self.watch.reason(&self.people, &self.options);
        Plan { detect, boxes: plan::planned(&self.expected(timestamp_ns), image) }
    }

    /// Which boxes of a detector (box and score) deserve a pose, the first choice first; nothing changes by asking. All of
    /// them belong into [`Tracker::update`] either way.
    pub fn choose(&self, timestamp_ns: i64, image: Size, found: &[(Rect, f32)]) -> Vec<usize> {
        let usable = |i: usize| super::Observation::detected(found[i].0, found[i].1).fault(image).is_none();
        plan::choose_detections(found, usable, &self.expected(timestamp_ns), &self.options)
    }

    fn expected(&self, timestamp_ns: i64) -> Vec<Person> {
        let step_ns = self.clock.look(timestamp_ns).step_ns;
        let mut people = self.people.clone();
        people.iter_mut().for_each(|p| p.predict(step_ns));
        people
    }

    /// Takes in a frame and tells who is who. Observations that make no sense are ignored, and named.
    pub fn update(&mut self, frame: &FrameInput) -> TrackedFrame {
        let step = self.clock.advance(frame.timestamp_ns);
        let now_ns = self.clock.now_ns();
        let mut result =
            TrackedFrame { step_ns: step.step_ns, time_was_repaired: step.is_repaired, ..TrackedFrame::default() };
        for person in &mut self.people {
            person.predict(step.step_ns);
            person.is_looked_for = frame.detector_ran;
        }
        if step.step_ns > nanoseconds(self.options.max_occluded) {
            self.retire_all(&mut result.ended);
        }
        self.memory.forget(now_ns, &self.options);

        let mut claims = self.planned_claims(frame, &mut result.ignored);
        let sightings: Vec<(usize, Sighting)> = (frame.observations.iter().enumerate())
            .filter(|(i, o)| o.planned_for.is_none() && !result.ignored.iter().any(|(ignored, _)| ignored == i))
            .filter(|(_, o)| o.score >= self.options.unsure_score)
            .map(|(i, o)| (i, o.sighting()))
            .collect();
        let sightings = associate::own_poses(sightings, self.options.min_keypoint_score);
        // A detection of somebody goes before the pose that was looked for in the planned box.
        let free = (0..self.people.len()).collect();
        let (pairs, left) = Association::new(&self.people, free, &sightings, &self.options, now_ns).run();
        claims.retain(|claim| !pairs.iter().any(|(person, _)| *person == claim.person));
        for (person, s) in pairs {
            let (observation, sighting) = sightings[s];
            let loyalty = self.loyalty(person, &sighting);
            claims.push(Claim { person, observation, sighting, loyalty, is_planned: false });
        }
        self.part_twins(&mut claims);
        for Claim { person, observation, sighting, .. } in &claims {
            self.people[*person].see(sighting, *observation, now_ns, step.step_ns, &self.options);
        }
        let left: Vec<(usize, Sighting)> = left.into_iter().map(|s| sightings[s]).collect();
        let has_unsure = self.welcome(left, now_ns);
        self.miss(frame.image, now_ns, &mut result.ended);

        if frame.detector_ran {
            self.watch = Watch { since: Some(0), expects_entry: has_unsure };
        } else if let Some(since) = &mut self.watch.since {
            *since = since.saturating_add(1);
        }
        self.select();
        result.ignored.sort_by_key(|(i, _)| *i);
        result.tracks = self.people.iter().map(|p| Track::of(p, now_ns)).collect();
        result
    }

    /// After a gap in which nobody looked everybody may be anywhere: they are remembered, not expected.
    fn retire_all(&mut self, ended: &mut Vec<TrackId>) {
        for person in std::mem::take(&mut self.people) {
            ended.push(person.id);
            self.memory.add(person);
        }
    }

    /// Poses found where people were expected; names observations that cannot be used.
    fn planned_claims<'a>(&mut self, frame: &FrameInput<'a>, ignored: &mut Vec<(usize, Ignored)>) -> Vec<Claim<'a>> {
        let mut claims: Vec<Claim> = Vec::new();
        let mut served = vec![false; self.people.len()];
        for (observation, o) in frame.observations.iter().enumerate() {
            // A planned box may well be outside by now; that is for the pose to say.
            if let Some(fault) =
                o.fault(frame.image).filter(|fault| o.planned_for.is_none() || *fault != Ignored::Outside)
            {
                ignored.push((observation, fault));
                continue;
            }
            let Some(id) = o.planned_for else { continue };
            let person = self.people.iter().position(|p| p.id == id).filter(|p| !served[*p]);
            let Some(person) = person else {
                ignored.push((observation, Ignored::Nobody));
                continue;
            };
            let Some(keypoints) = o.keypoints else { continue };
            (served[person], self.people[person].is_looked_for) = (true, true);
            let found = self.people[person].box_of(keypoints, self.options.min_keypoint_score);
            let Some((bbox, score)) = found else { continue };
            let sighting = Sighting { bbox, score, is_detected: false, ..o.sighting() };
            let loyalty = self.loyalty(person, &sighting);
            claims.push(Claim { person, observation, sighting, loyalty, is_planned: true });
        }
        claims
    }

    fn loyalty(&self, person: usize, sighting: &Sighting) -> f64 {
        let area = f64::from(sighting.bbox.width) * f64::from(sighting.bbox.height);
        let expected = self.people[person].expected_pose();
        let poses = expected.as_deref().zip(sighting.keypoints);
        poses.and_then(|(a, b)| pose::similarity(a, b, area, self.options.min_keypoint_score)).unwrap_or(0.5)
    }

    /// Where two people were found in one pose, it is that of one of them: a box slid from the hidden one to the one in
    /// front. Who is less like what was expected has not been seen; of two detected boxes only the pose is not believed.
    fn part_twins(&mut self, claims: &mut Vec<Claim>) {
        claims.sort_by_key(|claim| claim.person);
        let mut impostors = Vec::new();
        for (i, a) in claims.iter().enumerate() {
            for (j, b) in claims.iter().enumerate().skip(i + 1) {
                let Some((pose_a, pose_b)) = a.sighting.keypoints.zip(b.sighting.keypoints) else { continue };
                let area = f64::from(a.sighting.bbox.width) * f64::from(a.sighting.bbox.height);
                let alike = pose::similarity(pose_a, pose_b, area, self.options.min_keypoint_score);
                if alike.is_some_and(|alike| alike > SAME_POSE) {
                    // A detected box is the better evidence; of two alike the older track stays.
                    let is_b = (a.is_planned, b.loyalty) <= (b.is_planned, a.loyalty);
                    impostors.push(if is_b { j } else { i });
                }
            }
        }
        for &i in &impostors {
            claims[i].sighting.keypoints = None;
            self.people[claims[i].person].forget_pose();
        }
        let mut index = 0;
        claims.retain(|claim| {
            index += 1;
            !(claim.is_planned && impostors.contains(&(index - 1)))
        });
    }

    /// Boxes that are nobody's: of somebody remembered, or of somebody new. Whether some were too unsure for either.
    fn welcome(&mut self, left: Vec<(usize, Sighting)>, now_ns: i64) -> bool {
        let count = left.len();
        let seen: Vec<Rect> = self.people.iter().filter(|p| p.observation.is_some()).map(|p| p.last_box).collect();
        let is_twin = |s: &Sighting| seen.iter().any(|bbox| overlap(*bbox, s.bbox) > SAME_BOX);
        let twins = left.iter().filter(|(_, s)| is_twin(s)).count();
        let is_new = |(_, s): &(usize, Sighting)| s.score >= self.options.new_score && !is_twin(s);
        let mut new: Vec<(usize, Sighting)> = left.into_iter().filter(is_new).collect();
        let has_unsure = new.len() + twins < count;
        let mut known = vec![false; new.len()];
        let is_hidden = |p: &mut Person| p.state == TrackState::Lost && p.observation.is_none();
        let mut hidden: Vec<Person> = self.people.extract_if(.., is_hidden).collect();
        let recalled = self.memory.recall(&mut hidden, &new, now_ns, &self.options);
        self.people.append(&mut hidden);
        for (mut person, n) in recalled {
            let (observation, sighting) = &new[n];
            person.come_back(sighting, *observation, now_ns, &self.options);
            self.people.push(person);
            known[n] = true;
        }
        let mut index = 0;
        new.retain(|_| {
            index += 1;
            !known[index - 1]
        });
        new.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
        let is_start = self.last_id == 0;
        let mut begun: Vec<Rect> = Vec::new();
        for (observation, sighting) in &new {
            let is_twin = begun.iter().any(|bbox| overlap(*bbox, sighting.bbox) > SAME_BOX);
            if is_twin || self.people.len() >= self.options.max_people {
                continue;
            }
            begun.push(sighting.bbox);
            self.last_id += 1;
            let min_score = self.options.min_keypoint_score;
            let mut person = Person::new(TrackId::of(self.last_id), sighting, *observation, now_ns, min_score);
            if is_start || self.options.confirm_hits <= 1 {
                person.state = TrackState::Confirmed;
            }
            self.people.push(person);
        }
        self.people.sort_by_key(|p| p.id);
        has_unsure
    }

    /// Those who were looked for and not seen.
    fn miss(&mut self, image: Size, now_ns: i64, ended: &mut Vec<TrackId>) {
        let limit = nanoseconds(self.options.max_occluded);
        let whole = Rect::whole(image);
        let mut kept = Vec::with_capacity(self.people.len());
        for mut person in std::mem::take(&mut self.people) {
            if person.observation.is_none() && person.is_looked_for {
                person.miss(now_ns);
                if person.state == TrackState::Confirmed {
                    person.state = TrackState::Lost;
                }
            }
            let is_hidden_too_long = person.misses > 0 && person.unseen_ns(now_ns) > limit;
            let has_left = person.state == TrackState::Lost && overlap(person.motion.bbox(), whole) <= 0.0;
            let is_over = match person.state {
                TrackState::Tentative => person.misses > TENTATIVE_MISSES || is_hidden_too_long,
                _ => is_hidden_too_long || has_left,
            };
            if !is_over {
                kept.push(person);
                continue;
            }
            ended.push(person.id);
            self.memory.add(person);
        }
        self.people = kept;
    }

    fn select(&mut self) {
        let there: Vec<usize> = (0..self.people.len()).filter(|i| self.people[*i].state != TrackState::Lost).collect();
        let of = |&i: &usize| (self.people[i].motion.bbox(), self.people[i].is_selected);
        let boxes: Vec<_> = there.iter().map(of).collect();
        let chosen = plan::choose(self.options.policy, &boxes);
        self.people.iter_mut().for_each(|p| p.is_selected = false);
        chosen.into_iter().for_each(|c| self.people[there[c]].is_selected = true);
    }
}
