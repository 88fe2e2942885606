//! Streams with a detector, a tracker and filters over a world that a test moves.

use super::finder::Finder;
use super::runner::Runner;
use super::*;
use crate::detect::{DetectOptions, Detection};
use crate::engine::{FrameResult, Maps, Person, Request, Timing};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Affine, Rect, Size};
use crate::image::Image;
use crate::spec::Task;
use crate::task::pose::Keypoint;
use crate::track::filter::KeypointFilterOptions;
use crate::track::{PersonPolicy, TrackOptions, TrackState};
use ndarray::Array3;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LONG: Option<Duration> = Some(Duration::from_secs(60));
const SIZE: Size = Size { width: 400, height: 200 };

/// Who is really there, and what was asked.
#[derive(Default)]
pub(super) struct World {
    people: Vec<Rect>,
    pub detections: usize,
    poses: usize,
    is_blind: bool,
    /// Of the detector.
    score: Option<f32>,
    /// How long the detector takes.
    pub nap: Duration,
    /// What everybody's maps are, on a grid over their box; that of the scene over the picture.
    pub normals: Option<Array3<f32>>,
    pub points: Option<Array3<f32>>,
    /// Whether dense tasks see the whole picture.
    pub has_scene: bool,
    /// What tasks say they take.
    pub timings: Vec<Timing>,
    pub batch_memory: Option<u64>,
}

/// A model and a detector that see the world as it is.
#[derive(Clone)]
pub(super) struct Seer(pub Arc<Mutex<World>>, Vec<Task>);

impl Finder for Seer {
    fn usual(&self) -> DetectOptions {
        DetectOptions::default()
    }

    fn find(&self, _: &Image, options: &DetectOptions) -> Result<Vec<Detection>> {
        let mut world = self.0.lock().unwrap();
        world.detections += 1;
        std::thread::sleep(world.nap);
        if world.is_blind {
            return Err(Error::new(ErrorKind::Runtime, "the detector failed"));
        }
        let score = world.score.unwrap_or(0.9);
        let people = world.people.iter().filter(|_| score > options.threshold);
        Ok(people.map(|&bbox| Detection { bbox, score }).collect())
    }
}

impl Runner for Seer {
    fn groups(&self) -> Vec<Vec<Task>> {
        vec![self.1.clone()]
    }

    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult> {
        let mut world = self.0.lock().unwrap();
        let tasks = request.tasks.clone().unwrap();
        let boxes = if request.boxes.is_empty() { vec![Rect::whole(image.size())] } else { request.boxes.clone() };
        world.poses += boxes.len();
        world.batch_memory = request.batch_memory;
        let maps = |bbox: Rect| {
            let of = |task: Task, map: &Option<Array3<f32>>| {
                tasks.contains(&task).then(|| map.clone().unwrap_or_else(|| Array3::zeros((1, 1, 3))))
            };
            let (normal, pointmap) = (of(Task::Normal, &world.normals), of(Task::Pointmap, &world.points));
            let placed =
                [(Task::Normal, &normal), (Task::Pointmap, &pointmap)].into_iter().filter_map(|(task, map)| {
                    let (height, width, _) = map.as_ref()?.dim();
                    let (sx, sy) = (bbox.width / width as f32, bbox.height / height as f32);
                    let over = Affine::scale_translate(sx.into(), sy.into(), bbox.x.into(), bbox.y.into());
                    Some((task, over))
                });
            let placed = placed.collect();
            Maps { normal, pointmap, placed, ..Maps::default() }
        };
        let person = |bbox: &Rect| Person {
            bbox: *bbox,
            score: None,
            pose: tasks.contains(&Task::Pose).then(|| pose(&world.people, *bbox)),
            maps: if world.has_scene { Maps::default() } else { maps(*bbox) },
        };
        let people = boxes.iter().map(person).collect();
        let scene = if world.has_scene { maps(Rect::whole(image.size())) } else { Maps::default() };
        Ok(FrameResult { image: image.size(), people, scene, timings: world.timings.clone(), ..FrameResult::default() })
    }
}

/// A grid of keypoints over whoever is most in the box; unsure ones where nobody is.
fn pose(people: &[Rect], bbox: Rect) -> Vec<Keypoint> {
    let best = people.iter().map(|p| (p.iou(bbox), *p)).max_by(|a, b| a.0.total_cmp(&b.0));
    let (score, at) = best.filter(|(overlap, _)| *overlap > 0.1).map_or((0.02, bbox), |(_, at)| (0.9, at));
    let point = |i: usize| Keypoint {
        x: at.x + at.width * (0.1 + 0.2 * (i % 5) as f32),
        y: at.y + at.height * (0.05 + 0.225 * (i / 5) as f32),
        score,
    };
    (0..25).map(point).collect()
}

pub(super) fn stage(tasks: &[Task], people: PeopleOptions) -> (Arc<Context>, Stream, Seer) {
    let seer = Seer(Arc::default(), tasks.to_vec());
    let context = Context::new(ContextOptions::default()).unwrap();
    context.set_finder(Arc::new(seer.clone()));
    if !tasks.is_empty() {
        context.set_runner(Arc::new(seer.clone()));
    }
    let stream = Stream::new(&context, StreamOptions { people, ..StreamOptions::default() }).unwrap();
    (context, stream, seer)
}

pub(super) fn detecting(track: Option<TrackOptions>) -> PeopleOptions {
    PeopleOptions { detect: Some(DetectSetting::default()), track, ..PeopleOptions::default() }
}

pub(super) fn every(detect_every: u32) -> Option<TrackOptions> {
    Some(TrackOptions { detect_every, detect_every_empty: detect_every, ..TrackOptions::default() })
}

pub(super) fn rect(x: f32) -> Rect {
    Rect { x, y: 20.0, width: 60.0, height: 150.0 }
}

/// One frame of a world, at 30 frames per second.
pub(super) fn look(stream: &Stream, seer: &Seer, i: i64, people: &[Rect], boxes: &[Rect]) -> Arc<LiveResult> {
    seer.0.lock().unwrap().people = people.to_vec();
    let image = Image::from_rgb8(SIZE, vec![0; 3 * SIZE.width * SIZE.height]).unwrap();
    let frame = Frame { timestamp_ns: i * 33_333_333, boxes: boxes.to_vec(), ..Frame::of_image(image) };
    stream.submit(frame, LONG).unwrap();
    stream.poll(LONG).unwrap().expect("a result in time")
}

pub(super) fn ids(result: &LiveResult) -> Vec<u64> {
    result.outcome.as_ref().unwrap();
    result.people.iter().map(|person| person.track.unwrap().id.number()).collect()
}

fn fault(result: &LiveResult) -> (ErrorKind, String) {
    let error = result.outcome.as_ref().unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn a_detector_finds_people_and_an_empty_picture_has_none() {
    let (_context, stream, seer) = stage(&[Task::Pose, Task::Normal], detecting(None));
    let found = look(&stream, &seer, 0, &[rect(10.0), rect(200.0)], &[]);
    let known: Vec<_> = found.people.iter().map(|p| (p.bbox, p.origin, p.score, p.track)).collect();
    let expected = |x| (rect(x), BoxOrigin::Detector, Some(0.9), None);
    assert_eq!(known, [expected(10.0), expected(200.0)]);
    assert!(found.detector_ran && found.people.iter().all(|p| p.pose.is_some() && p.filtered.is_none()));
    assert!(found.timings.iter().any(|t| t.stage == "detect"));
    let nobody = look(&stream, &seer, 1, &[], &[]);
    assert!(nobody.outcome.is_ok() && nobody.people.is_empty() && nobody.tasks.is_empty());
    let given = look(&stream, &seer, 2, &[rect(10.0)], &[rect(8.0)]);
    let person = &given.people[0];
    assert_eq!((person.bbox, person.origin, person.box_index), (rect(8.0), BoxOrigin::Host, Some(0)));
    assert!(!given.detector_ran && person.score.is_none());
    let statistics = stream.statistics();
    assert_eq!((statistics.detector_runs, statistics.tracks, statistics.completed), (2, 0, 3));
}

#[test]
fn ids_last_and_the_detector_rests_while_people_are_steady() {
    let (_context, stream, seer) = stage(&[Task::Pose], detecting(every(5)));
    let at = |i: i64| [rect(20.0 + 3.0 * i as f32), rect(300.0 - 2.0 * i as f32)];
    let results: Vec<_> = (0..10).map(|i| look(&stream, &seer, i, &at(i), &[])).collect();
    for (i, result) in results.iter().enumerate() {
        assert_eq!(ids(result), [1, 2], "frame {i}");
        assert_eq!(result.detector_ran, i % 5 == 0, "frame {i}");
        let origin = if i % 5 == 0 { BoxOrigin::Detector } else { BoxOrigin::Keypoints };
        for (person, real) in result.people.iter().zip(at(i as i64)) {
            let track = person.track.unwrap();
            assert_eq!((person.origin, track.state, track.age_frames), (origin, TrackState::Confirmed, i as u64 + 1));
            assert!(person.bbox.iou(real) > 0.8, "frame {i}: {:?} {real:?}", person.bbox);
            assert_eq!(*person.pose.as_ref().unwrap().value, pose(&[real], real));
        }
    }
    let statistics = stream.statistics();
    assert_eq!((statistics.detector_runs, statistics.tracks, seer.0.lock().unwrap().detections), (2, 2, 2));
}

#[test]
fn somebody_gone_is_lost_without_a_pose_and_keeps_the_id() {
    let (_context, stream, seer) = stage(&[Task::Pose], detecting(every(1)));
    for i in 0..3 {
        look(&stream, &seer, i, &[rect(100.0)], &[]);
    }
    let hidden = look(&stream, &seer, 3, &[], &[]);
    let person = &hidden.people[0];
    assert_eq!((ids(&hidden), person.track.unwrap().state), (vec![1], TrackState::Lost));
    assert!(person.pose.is_none() && person.origin == BoxOrigin::Prediction);
    let back = look(&stream, &seer, 4, &[rect(100.0)], &[]);
    assert_eq!((ids(&back), back.people[0].pose.is_some()), (vec![1], true));
}

#[test]
fn raw_keypoints_stand_beside_calm_ones() {
    let filter = Some(KeypointFilterOptions::default());
    let (_context, stream, seer) = stage(&[Task::Pose], PeopleOptions { filter, ..detecting(every(1)) });
    for i in 0..4 {
        let real = rect(if i % 2 == 0 { 100.0 } else { 102.0 });
        let result = look(&stream, &seer, i, &[real], &[]);
        let person = &result.people[0];
        let (raw, calm) = (person.pose.as_ref().unwrap(), person.filtered.as_ref().unwrap());
        assert_eq!((&*raw.value, calm.frame, calm.timestamp_ns), (&pose(&[real], real), raw.frame, raw.timestamp_ns));
        let moved = (calm.value[0].x - raw.value[0].x).abs();
        assert_eq!(i > 0, moved > 0.1, "frame {i}: {moved}");
    }
}

#[test]
fn what_did_not_run_is_carried_over_by_id() {
    let setting = |task, every_n| TaskSetting { task, every_n, priority: 0 };
    let tasks = vec![setting(Task::Pose, 2), setting(Task::Normal, 1)];
    let (context, _, seer) = stage(&[Task::Pose, Task::Normal], PeopleOptions::default());
    let people = PeopleOptions { filter: Some(KeypointFilterOptions::default()), ..detecting(every(1)) };
    let stream = Stream::new(&context, StreamOptions { tasks, people, ..StreamOptions::default() }).unwrap();
    // They change places between two frames as far as boxes can tell: both are where the other one is about to be.
    for i in 0..4_u64 {
        let result = look(&stream, &seer, i as i64, &[rect(100.0 + i as f32), rect(120.0 - i as f32)], &[]);
        for person in &result.people {
            let (raw, calm) = (person.pose.as_ref().unwrap(), person.filtered.as_ref().unwrap());
            assert_eq!((raw.frame, calm.frame), (i / 2 * 2 + 1, i / 2 * 2 + 1));
        }
    }
}

#[test]
fn boxes_of_the_host_are_tracked_and_looked_at_again() {
    let people = PeopleOptions { track: every(1), ..PeopleOptions::default() };
    let (_context, stream, seer) = stage(&[Task::Pose], people);
    let (kind, message) = fault(&look(&stream, &seer, 0, &[rect(10.0)], &[]));
    assert_eq!(kind, ErrorKind::InvalidArgument);
    assert!(message.contains("turn detection on"), "{message}");
    let both = [rect(200.0), rect(10.0)];
    let first = look(&stream, &seer, 1, &both, &both);
    assert_eq!(ids(&first), [1, 2]);
    let known: Vec<_> = first.people.iter().map(|p| (p.box_index, p.origin)).collect();
    assert_eq!(known, [(Some(0), BoxOrigin::Host), (Some(1), BoxOrigin::Host)]);
    let swapped = [both[1], both[0]];
    let second = look(&stream, &seer, 2, &swapped, &swapped);
    assert_eq!((ids(&second), second.people[0].box_index), (vec![1, 2], Some(1)));
    let third = look(&stream, &seer, 3, &swapped, &[]);
    assert_eq!(
        (ids(&third), third.people[0].origin, third.people[0].box_index),
        (vec![1, 2], BoxOrigin::Keypoints, None)
    );
    assert_eq!(seer.0.lock().unwrap().detections, 0);
}

#[test]
fn the_policy_chooses_whom_tasks_look_at() {
    let policy = PersonPolicy::Nearest { count: 1 };
    let track = Some(TrackOptions { policy, ..TrackOptions::default() });
    let (_context, stream, seer) = stage(&[Task::Pose], detecting(track));
    let far = Rect { x: 200.0, y: 50.0, width: 30.0, height: 70.0 };
    for i in 0..3 {
        let result = look(&stream, &seer, i, &[far, rect(20.0)], &[]);
        let near = |p: &&LivePerson| p.bbox.height > 100.0;
        assert_eq!(result.people.len(), 2);
        assert!(result.people.iter().all(|p| p.pose.is_some() == near(&p) && p.track.unwrap().is_selected == near(&p)));
    }
    assert_eq!(seer.0.lock().unwrap().poses, 3);
}

#[test]
fn a_detector_that_fails_is_a_fault_of_that_frame_alone() {
    let (context, stream, seer) = stage(&[Task::Pose], detecting(every(1)));
    look(&stream, &seer, 0, &[rect(50.0)], &[]);
    seer.0.lock().unwrap().is_blind = true;
    assert_eq!(fault(&look(&stream, &seer, 1, &[rect(52.0)], &[])), (ErrorKind::Runtime, "the detector failed".into()));
    seer.0.lock().unwrap().is_blind = false;
    assert_eq!(ids(&look(&stream, &seer, 2, &[rect(54.0)], &[])), [1]);
    assert!(context.unload_detector().unwrap() && !context.unload_detector().unwrap());
    let (kind, message) = fault(&look(&stream, &seer, 3, &[rect(54.0)], &[]));
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("no detector is loaded"), "{message}");
    let (statistics, seen) = (stream.statistics(), look(&stream, &seer, 4, &[rect(54.0)], &[rect(54.0)]));
    assert_eq!((statistics.failed, ids(&seen)), (2, vec![1]));
}

#[test]
fn without_a_pose_people_are_tracked_by_their_boxes_on_every_frame_or_not_at_all() {
    let (_context, stream, seer) = stage(&[], detecting(every(1)));
    for i in 0..3 {
        let result = look(&stream, &seer, i, &[rect(50.0 + i as f32)], &[]);
        assert_eq!((ids(&result), result.people[0].pose.is_none()), (vec![1], true));
    }
    for tasks in [&[][..], &[Task::Normal][..]] {
        let (_context, stream, seer) = stage(tasks, detecting(every(4)));
        let (kind, message) = fault(&look(&stream, &seer, 0, &[rect(50.0)], &[]));
        assert!(kind == ErrorKind::InvalidArgument && message.contains("every 4th frame"), "{message}");
    }
}

#[test]
fn what_counts_as_a_find_begins_a_track_unless_told_otherwise() {
    for (new_score, expected) in [(None, 1), (Some(0.6), 0)] {
        let detect = Some(DetectSetting { new_score, ..DetectSetting::default() });
        let (_context, stream, seer) = stage(&[Task::Pose], PeopleOptions { detect, ..detecting(every(1)) });
        seer.0.lock().unwrap().score = Some(0.4);
        for i in 0..3 {
            assert_eq!(ids(&look(&stream, &seer, i, &[rect(50.0)], &[])).len(), expected, "{new_score:?}");
        }
    }
}

#[test]
fn another_picture_size_forgets_everybody_but_no_id_is_given_twice() {
    let (_context, stream, seer) = stage(&[Task::Pose], detecting(every(1)));
    assert_eq!(ids(&look(&stream, &seer, 0, &[rect(50.0)], &[])), [1]);
    let image = Image::from_rgb8(Size::new(300, 200), vec![0; 300 * 200 * 3]).unwrap();
    stream.submit(Frame { timestamp_ns: 33_333_333, ..Frame::of_image(image) }, LONG).unwrap();
    assert_eq!(ids(&stream.poll(LONG).unwrap().unwrap()), [2]);
}

#[test]
fn options_that_do_not_fit_are_refused_when_the_stream_is_made() {
    let context = Context::new(ContextOptions::default()).unwrap();
    let refused = |people: PeopleOptions, says: &str| {
        let error = Stream::new(&context, StreamOptions { people, ..StreamOptions::default() }).err().unwrap();
        assert!(error.kind() == ErrorKind::InvalidArgument && error.to_string().contains(says), "{error}");
    };
    let filter = Some(KeypointFilterOptions::default());
    refused(PeopleOptions { filter, ..detecting(None) }, "filtering without tracking");
    let detect = Some(DetectSetting { threshold: Some(1.5), ..DetectSetting::default() });
    refused(PeopleOptions { detect, ..PeopleOptions::default() }, "threshold 1.5");
    refused(detecting(every(0)), "detect_every 0");
    let mut wrong = KeypointFilterOptions::default();
    wrong.groups.hands.beta = -1.0;
    refused(PeopleOptions { filter: Some(wrong), ..detecting(every(1)) }, "hands beta");
}
