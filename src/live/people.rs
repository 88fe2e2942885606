//! The people of a stream: whom the tasks of a frame look at, and who is who afterwards.

use super::calm::MapFilterOptions;
use super::finder::Finder;
use super::options::{PeopleOptions, Wishes};
use super::result::{BoxOrigin, CalmMaps, Dated, LiveMaps, LivePerson};
use super::runner::Picture;
use crate::detect::Detection;
use crate::engine::{Carried, FrameResult, Maps, Person, Timing};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Rect, Size};
use crate::task::pose::Keypoint;
use crate::track::filter::{KeypointFilter, KeypointFilterOptions};
use crate::track::{FrameInput, Observation, Track, TrackId, TrackOptions, TrackState, Tracker};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// What a frame is looked at with.
pub(super) struct Scene<'a> {
    /// Size of the upright picture.
    pub size: Size,
    /// The picture, as the finder takes it where people are looked for.
    pub picture: &'a Picture,
    pub number: u64,
    pub timestamp_ns: i64,
    /// Whether the stream has a pose task, on this frame or others.
    pub has_pose: bool,
}

/// A box that the tasks look at.
#[derive(Debug, Clone, Copy)]
struct Sight {
    bbox: Rect,
    whose: Whose,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Whose {
    /// That of the box found with this index.
    Found(usize),
    /// Of a track, where it is expected.
    Planned(TrackId),
}

/// Whom the tasks look at.
pub(super) struct Look {
    sights: Vec<Sight>,
    /// Every box of the host or the detector, with its score.
    found: Vec<(Rect, f32)>,
    origin: BoxOrigin,
    /// What the detector took, if it ran.
    pub timing: Option<Timing>,
}

impl Look {
    /// Whether there is nobody to look at.
    pub fn is_empty(&self) -> bool {
        self.sights.is_empty() && self.origin != BoxOrigin::Image
    }

    /// The boxes for the engine; none stands for the whole image.
    pub fn boxes(&self) -> Vec<Rect> {
        self.sights.iter().map(|sight| sight.bbox).collect()
    }

    /// What is known without any task.
    pub fn without_tasks(&self, image: Size) -> FrameResult {
        let person = |sight: &Sight| Person { bbox: sight.bbox, score: None, pose: None, maps: Maps::default() };
        FrameResult { image, people: self.sights.iter().map(person).collect(), ..FrameResult::default() }
    }
}

/// The people of a stream, from frame to frame.
pub(super) struct People {
    options: PeopleOptions,
    tracker: Option<Tracker>,
    /// That of before tracking was switched off: it knows which ids have been given.
    resting: Option<Tracker>,
    filters: BTreeMap<TrackId, KeypointFilter>,
    /// How often the filters of maps had to forget.
    forgets: u64,
    has_had_boxes: bool,
}

impl People {
    /// Nobody yet.
    ///
    /// # Errors
    /// Those of [`PeopleOptions::check`].
    pub fn new(options: PeopleOptions) -> Result<Self> {
        options.check()?;
        let tracker = options.track.clone().map(Tracker::new).transpose()?;
        Ok(Self { options, tracker, resting: None, filters: BTreeMap::new(), forgets: 0, has_had_boxes: false })
    }

    /// Does what the host has asked for.
    ///
    /// # Errors
    /// Those of [`PeopleOptions::check`]: nothing has changed.
    pub fn grant(&mut self, wishes: Wishes) -> Result<()> {
        if let Some(options) = wishes.options {
            self.change(options)?;
        }
        if let Some(tracker) = self.tracker.as_mut().filter(|_| wishes.expects_entry) {
            tracker.expect_entry();
        }
        Ok(())
    }

    fn change(&mut self, options: PeopleOptions) -> Result<()> {
        options.check()?;
        match (&options.track, &mut self.tracker) {
            (Some(wanted), Some(tracker)) => tracker.set_options(wanted.clone())?,
            (Some(wanted), None) => {
                let mut tracker = match self.resting.take() {
                    Some(known) => known,
                    None => Tracker::new(wanted.clone())?,
                };
                tracker.set_options(wanted.clone())?;
                self.tracker = Some(tracker);
            }
            (None, tracker) => {
                if let Some(mut tracker) = tracker.take() {
                    tracker.reset();
                    self.resting = Some(tracker);
                }
            }
        }
        if options.filter != self.options.filter {
            self.filters.clear();
        }
        if options.maps != self.options.maps {
            self.forgets += 1;
        }
        self.options = options;
        Ok(())
    }

    /// Whether frames are worth looking at without any model but the detector.
    pub fn detects(&self) -> bool {
        self.options.detect.is_some()
    }

    /// Forgets everybody; ids go on.
    pub fn reset(&mut self) {
        self.filters.clear();
        self.forgets += 1;
        if let Some(tracker) = &mut self.tracker {
            tracker.reset();
        }
    }

    /// Decides whom to look at, and runs the detector if that takes one. `carried`: where the picture is on devices.
    ///
    /// # Errors
    /// `Unsupported` where a detector is needed and none is loaded, `InvalidArgument` where nobody says where people are
    /// between detections, and those of the detector.
    pub fn look(
        &mut self,
        scene: &Scene,
        boxes: Vec<Rect>,
        finder: Option<&dyn Finder>,
        carried: &mut Carried,
    ) -> Result<Look> {
        if !boxes.is_empty() {
            self.has_had_boxes = true;
            let found: Vec<_> = boxes.into_iter().map(|bbox| (bbox, 1.0)).collect();
            return Ok(self.look_at(scene, found, BoxOrigin::Host, None));
        }
        let Some(setting) = self.options.detect else { return self.look_again(scene) };
        if let Some(tracker) = &self.tracker {
            let every = tracker.options().detect_every;
            if every > 1 && !scene.has_pose {
                return Err(Error::invalid(format!(
                    "tracking: the detector is to run on every {every}th frame, and boxes in between come from keypoints, but \
                     this stream has no pose task; load a model with one, or detect on every frame"
                )));
            }
            let plan = tracker.plan(scene.timestamp_ns, scene.size);
            if plan.detect.is_none() {
                return self.look_again(scene);
            }
        }
        let finder = finder.ok_or_else(|| {
            let message = "detection: no detector is loaded; load one into the context, or give boxes with the frame";
            Error::new(ErrorKind::Unsupported, message)
        })?;
        let options = setting.over(finder.usual());
        self.begin_tracks_at(setting.new_score.unwrap_or(TrackOptions::new_score_above(options.threshold)))?;
        let begin = Instant::now();
        let found = finder.find_in(scene.picture, carried, &options)?;
        let timing = Timing { stage: "detect".into(), ms: begin.elapsed().as_secs_f64() * 1e3 };
        let found = found.into_iter().map(|Detection { bbox, score }| (bbox, score)).collect();
        Ok(self.look_at(scene, found, BoxOrigin::Detector, Some(timing)))
    }

    /// Detectors differ in what a score means: what counts as a find of this one may begin a track.
    fn begin_tracks_at(&mut self, new_score: f32) -> Result<()> {
        let Some((tracker, asked)) = self.tracker.as_mut().zip(self.options.track.as_ref()) else { return Ok(()) };
        if tracker.options().new_score == new_score {
            return Ok(());
        }
        let sure_score = asked.sure_score.min(new_score);
        let unsure_score = asked.unsure_score.min(sure_score);
        tracker.set_options(TrackOptions { new_score, sure_score, unsure_score, ..asked.clone() })
    }

    /// Looks at what was found: all of it, or what the tracker chooses.
    fn look_at(&self, scene: &Scene, found: Vec<(Rect, f32)>, origin: BoxOrigin, timing: Option<Timing>) -> Look {
        let chosen = match &self.tracker {
            Some(tracker) => tracker.choose(scene.timestamp_ns, scene.size, &found),
            None => (0..found.len()).collect(),
        };
        let sights = chosen.into_iter().map(|i| Sight { bbox: found[i].0, whose: Whose::Found(i) }).collect();
        Look { sights, found, origin, timing }
    }

    /// Looks where people are expected; without a tracker at everything.
    fn look_again(&self, scene: &Scene) -> Result<Look> {
        let nothing = Look { sights: Vec::new(), found: Vec::new(), origin: BoxOrigin::Image, timing: None };
        let Some(tracker) = &self.tracker else { return Ok(nothing) };
        if !self.detects() && !self.has_had_boxes {
            return Err(Error::invalid(
                "tracking: nobody says where people are; turn detection on, or give boxes with this frame or an earlier one",
            ));
        }
        let plan = tracker.plan(scene.timestamp_ns, scene.size);
        let sight =
            |planned: &crate::track::PlannedBox| Sight { bbox: planned.bbox, whose: Whose::Planned(planned.id) };
        let sights = plan.boxes.iter().map(sight).collect();
        Ok(Look { sights, origin: BoxOrigin::Keypoints, ..nothing })
    }

    /// Takes what the tasks found, one person per sight, and tells who is who.
    pub fn tell(&mut self, look: &Look, scene: &Scene, seen: Vec<LivePerson>) -> Vec<LivePerson> {
        if self.tracker.is_some() {
            return self.follow(look, scene, seen);
        }
        let mut seen = seen;
        for (i, person) in seen.iter_mut().enumerate() {
            person.origin = look.origin;
            match look.origin {
                BoxOrigin::Detector => person.score = look.found.get(i).map(|(_, score)| *score),
                BoxOrigin::Host => person.box_index = Some(i),
                _ => {}
            }
        }
        seen
    }

    /// How maps are steadied.
    pub fn map_filters(&self) -> MapFilterOptions {
        self.options.maps
    }

    /// Counts how often the filters of maps had to forget what they knew.
    pub fn forgets(&self) -> u64 {
        self.forgets
    }

    fn follow(&mut self, look: &Look, scene: &Scene, seen: Vec<LivePerson>) -> Vec<LivePerson> {
        let Some(tracker) = &mut self.tracker else { return seen };
        let pose_of = |whose: Whose| -> Option<&[Keypoint]> {
            let sight = look.sights.iter().position(|sight| sight.whose == whose)?;
            seen.get(sight)?.pose.as_ref().map(|pose| pose.value.as_slice())
        };
        let is_everybody = look.origin != BoxOrigin::Keypoints;
        let observations: Vec<Observation> = if is_everybody {
            let of = |(i, (bbox, score)): (usize, &(Rect, f32))| Observation {
                keypoints: pose_of(Whose::Found(i)),
                ..Observation::detected(*bbox, *score)
            };
            look.found.iter().enumerate().map(of).collect()
        } else {
            let of = |sight: &Sight| Observation {
                planned_for: match sight.whose {
                    Whose::Planned(id) => Some(id),
                    Whose::Found(_) => None,
                },
                keypoints: pose_of(sight.whose),
                ..Observation::detected(sight.bbox, 1.0)
            };
            look.sights.iter().map(of).collect()
        };
        let (timestamp_ns, image) = (scene.timestamp_ns, scene.size);
        let tracked = tracker.update(&FrameInput {
            timestamp_ns,
            image,
            detector_ran: is_everybody,
            observations: &observations,
        });
        drop(observations);
        let mut seen: Vec<Option<LivePerson>> = seen.into_iter().map(Some).collect();
        let mut people = Vec::with_capacity(tracked.tracks.len());
        for track in &tracked.tracks {
            let sight = look.sights.iter().position(|sight| match sight.whose {
                Whose::Found(i) => track.observation == Some(i),
                Whose::Planned(id) => track.id == id,
            });
            let found = sight.and_then(|sight| seen.get_mut(sight)?.take());
            // A pose that is not of the person it was looked for: nothing that was seen there is.
            let found = found.filter(|found| track.observation.is_some() || found.pose.is_none());
            people.push(person(track, found, look));
        }
        self.filters.retain(|id, _| tracked.tracks.iter().any(|track| track.id == *id));
        if let Some(options) = self.options.filter {
            people.iter_mut().for_each(|person| calm(&mut self.filters, options, scene, person));
        }
        people
    }
}

/// A track, with what was seen of it.
fn person(track: &Track, found: Option<LivePerson>, look: &Look) -> LivePerson {
    let origin = if track.observation.is_some() { look.origin } else { BoxOrigin::Prediction };
    let (pose, seen) = found.map_or_else(Default::default, |found| (found.pose, found.seen));
    LivePerson {
        bbox: track.bbox,
        origin,
        box_index: track.observation.filter(|_| origin == BoxOrigin::Host),
        score: Some(track.score),
        track: Some(*track),
        pose,
        filtered: None,
        maps: LiveMaps::default(),
        filtered_maps: CalmMaps::default(),
        seen,
    }
}

/// Adds the steadied keypoints to a person that was found in this frame.
fn calm(
    filters: &mut BTreeMap<TrackId, KeypointFilter>,
    options: KeypointFilterOptions,
    scene: &Scene,
    person: &mut LivePerson,
) {
    let Some((track, pose)) = person.track.zip(person.pose.as_ref()) else { return };
    if track.state == TrackState::Lost {
        return;
    }
    let filter = match filters.entry(track.id) {
        std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::btree_map::Entry::Vacant(free) => match KeypointFilter::new(options) {
            Ok(filter) => free.insert(filter),
            // Checked when the stream was made.
            Err(_) => return,
        },
    };
    // Heights of estimates are more than 0; without one there is nothing to be quick or slow against.
    let calm = filter.filter(scene.timestamp_ns, track.estimate.height, &pose.value);
    let dated = |value| Dated { value: Arc::new(value), frame: scene.number, timestamp_ns: scene.timestamp_ns };
    person.filtered = calm.ok().map(dated);
}
