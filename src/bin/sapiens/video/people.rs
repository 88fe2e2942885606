//! Who is in a frame: detector, models, tracker and filters of a clip.

use super::line::{FrameLine, ObservationLine, PersonLine, array, points, pose, rect, round, rounded, rounded_box};
use sapiens::Result;
use sapiens::detect::DetectOptions;
use sapiens::engine::{Engine, FrameResult, Regions, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::preprocess::Framing;
use sapiens::spec::Task;
use sapiens::task::pose::Keypoint;
use sapiens::track::filter::{KeypointFilter, KeypointFilterOptions};
use sapiens::track::{FrameInput, Observation, TrackId, TrackOptions, TrackState, Tracker};
use sapiens::video::VideoFrame;
use std::collections::HashMap;

/// What stays the same over a clip.
pub struct Look {
    /// Boxes that were given; none: people are looked for.
    pub boxes: Vec<Rect>,
    pub detect: DetectOptions,
    pub framing: Framing,
    pub regions: Regions,
    /// Whether there is a model for keypoints.
    pub has_pose: bool,
    /// Tasks of frames whose maps are written: none if nothing of that kind is.
    pub map_tasks: Vec<Task>,
    pub maps_every: u64,
}

/// The people of a clip.
pub struct Follower {
    tracker: Tracker,
    size: Size,
    filters: Option<HashMap<u64, KeypointFilter>>,
    filter_options: KeypointFilterOptions,
    /// How many there were.
    pub count: u64,
}

/// Somebody who was found.
struct Found {
    bbox: Rect,
    score: f32,
    planned_for: Option<TrackId>,
    keypoints: Option<Vec<Keypoint>>,
}

impl Follower {
    pub fn new(options: TrackOptions, size: Size, is_filtered: bool) -> Result<Self> {
        let filter_options = KeypointFilterOptions { nominal_step: options.nominal_step, ..Default::default() };
        let tracker = Tracker::new(options)?;
        Ok(Self { tracker, size, filters: is_filtered.then(HashMap::new), filter_options, count: 0 })
    }

    /// Works on a frame. The result has the maps, if it is the turn of this frame to have some.
    pub fn see(
        &mut self,
        engine: &Engine,
        look: &Look,
        frame: &VideoFrame,
    ) -> Result<(FrameLine, Option<FrameResult>)> {
        let VideoFrame { index, timestamp_ns, time_was_assumed, ref image } = *frame;
        let plan = self.tracker.plan(timestamp_ns, self.size);
        let is_detected = !look.boxes.is_empty() || plan.detect.is_some() || !look.has_pose;
        let of = |bbox: Rect, score: f32, planned_for| {
            let (bbox, score) = (rounded_box(bbox), round(score, 10_000.0));
            Found { bbox, score, planned_for, keypoints: None }
        };
        let mut found: Vec<Found> = if !look.boxes.is_empty() {
            look.boxes.iter().map(|bbox| of(*bbox, 1.0, None)).collect()
        } else if is_detected {
            engine.detect(image, &look.detect)?.into_iter().map(|d| of(d.bbox, d.score, None)).collect()
        } else {
            plan.boxes.iter().map(|planned| of(planned.bbox, 1.0, Some(planned.id))).collect()
        };
        let mut chosen: Vec<usize> = if look.boxes.is_empty() && is_detected {
            let boxes: Vec<(Rect, f32)> = found.iter().map(|f| (f.bbox, f.score)).collect();
            self.tracker.choose(timestamp_ns, self.size, &boxes)
        } else {
            (0..found.len()).collect()
        };
        chosen.retain(|i| is_inside(found[*i].bbox, self.size));
        let has_maps = !look.map_tasks.is_empty() && index % look.maps_every == 0;
        let pose_tasks: &[Task] = if look.has_pose { &[Task::Pose] } else { &[] };
        let tasks = if has_maps { look.map_tasks.clone() } else { pose_tasks.to_vec() };
        let mut result = None;
        if !chosen.is_empty() && !tasks.is_empty() {
            let boxes = chosen.iter().map(|i| found[*i].bbox).collect();
            let (framing, regions) = (look.framing, look.regions.clone());
            let request = Request { boxes, tasks: Some(tasks), framing, regions, ..Request::default() };
            let run = result.insert(engine.run(image, &request)?);
            for (i, person) in chosen.iter().zip(&mut run.people) {
                found[*i].keypoints = person.pose.as_deref().map(rounded);
                person.pose.clone_from(&found[*i].keypoints);
                person.score = Some(found[*i].score);
            }
        }
        let people = self.follow(timestamp_ns, is_detected, &found)?;
        let is_shown = |i: usize| people.iter().any(|p| p.observation == Some(i) && p.keypoints.is_some());
        let observation = |(i, f): (usize, &Found)| ObservationLine {
            bbox: array(f.bbox),
            score: f.score,
            planned_for: f.planned_for.map(TrackId::number),
            keypoints: f.keypoints.as_deref().filter(|_| !is_shown(i)).map(points),
        };
        let observations = found.iter().enumerate().map(observation).collect();
        let line = FrameLine {
            frame: index,
            timestamp_ns,
            timestamp_assumed: time_was_assumed,
            detected: is_detected,
            maps: has_maps && result.is_some(),
            error: None,
            people,
            observations,
        };
        Ok((line, result.filter(|_| has_maps)))
    }

    /// Learns from a frame of an earlier run what it taught that one.
    pub fn replay(&mut self, line: &FrameLine) -> Result<()> {
        if line.error.is_some() {
            return Ok(());
        }
        let plan = self.tracker.plan(line.timestamp_ns, self.size);
        let id = |number: u64| plan.boxes.iter().find(|planned| planned.id.number() == number).map(|p| p.id);
        let found = |(i, o): (usize, &ObservationLine)| {
            let person = line.people.iter().find(|p| p.observation == Some(i));
            let keypoints = o.keypoints.as_ref().or(person.and_then(|p| p.keypoints.as_ref()));
            let planned_for = o.planned_for.and_then(id);
            Found { bbox: rect(o.bbox), score: o.score, planned_for, keypoints: keypoints.map(|k| pose(k)) }
        };
        let found: Vec<Found> = line.observations.iter().enumerate().map(found).collect();
        let people = self.follow(line.timestamp_ns, line.detected, &found)?;
        let ids = |people: &[PersonLine]| people.iter().map(|p| p.id).collect::<Vec<_>>();
        if ids(&people) != ids(&line.people) {
            return Err(sapiens::Error::invalid(format!(
                "frame {} of the earlier run was made by another version of this program; --restart begins anew",
                line.frame
            )));
        }
        Ok(())
    }

    fn follow(&mut self, timestamp_ns: i64, detector_ran: bool, found: &[Found]) -> Result<Vec<PersonLine>> {
        fn observation(f: &Found) -> Observation<'_> {
            let (planned_for, keypoints) = (f.planned_for, f.keypoints.as_deref());
            Observation { planned_for, keypoints, ..Observation::detected(f.bbox, f.score) }
        }
        let observations: Vec<Observation> = found.iter().map(observation).collect();
        let input = FrameInput { timestamp_ns, image: self.size, detector_ran, observations: &observations };
        let now = self.tracker.update(&input);
        let mut people = Vec::with_capacity(now.tracks.len());
        for track in &now.tracks {
            let id = track.id.number();
            self.count = self.count.max(id);
            let keypoints = track.observation.and_then(|i| found[i].keypoints.as_deref());
            let mut filtered = None;
            if let (Some(filters), Some(pose)) = (&mut self.filters, keypoints) {
                let filter = match filters.entry(id) {
                    std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::hash_map::Entry::Vacant(new) => {
                        new.insert(KeypointFilter::new(self.filter_options)?)
                    }
                };
                let height = track.estimate.height.max(1.0);
                filtered = Some(points(&rounded(&filter.filter(timestamp_ns, height, pose)?)));
            }
            let state = match track.state {
                TrackState::Tentative => "tentative",
                TrackState::Confirmed => "confirmed",
                TrackState::Lost => "lost",
            };
            people.push(PersonLine {
                id,
                state: state.to_owned(),
                bbox: array(rounded_box(track.bbox)),
                score: round(track.score, 10_000.0),
                selected: track.is_selected,
                age_frames: track.age_frames,
                unseen_ns: track.unseen_ns,
                observation: track.observation,
                keypoints: keypoints.map(points),
                filtered,
                smoothed: None,
            });
        }
        if let Some(filters) = &mut self.filters {
            filters.retain(|id, _| people.iter().any(|p| p.id == *id));
        }
        Ok(people)
    }
}

/// Whether at least a pixel of a box is in the image.
fn is_inside(bbox: Rect, size: Size) -> bool {
    let [x0, y0, x1, y1] = bbox.xyxy();
    let is_there = |from: f32, to: f32, limit: usize| to.min(limit as f32) - from.max(0.0) >= 1.0;
    bbox.is_valid() && is_there(x0, x1, size.width) && is_there(y0, y1, size.height)
}
