//! Streams that steady maps, and streams that are told something else while they are at work.

use super::people_tests::{Seer, detecting, every, ids, look, rect, stage};
use super::*;
use crate::engine::Timing;
use crate::geometry::Rect;
use crate::spec::Task;
use crate::track::TrackState;
use crate::track::filter::{Agreement, NormalFilterOptions, PointmapFilterOptions};
use ndarray::Array3;
use std::sync::Arc;
use std::time::Duration;

const DENSE: [Task; 3] = [Task::Pose, Task::Normal, Task::Pointmap];

fn both() -> MapFilterOptions {
    MapFilterOptions { normals: Some(NormalFilterOptions::default()), points: Some(PointmapFilterOptions::default()) }
}

/// Normals that lean to the right by these degrees.
fn leaning(degrees: f32) -> Array3<f32> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    Array3::from_shape_fn((20, 30, 3), |(_, _, c)| [sin, 0.0, -cos][c])
}

/// A body at that depth with half a metre of relief; `bend` turns the right third of it.
fn body(depth: f32, bend: f32) -> Array3<f32> {
    Array3::from_shape_fn((20, 30, 3), |(y, x, c)| {
        let relief = 0.5 * (x as f32 / 29.0 - 0.5) * if x >= 18 { bend } else { 1.0 };
        let z = depth * (1.0 + relief / 3.0);
        [z * (x as f32 - 15.0) / 40.0, z * (y as f32 - 10.0) / 40.0, z][c]
    })
}

fn set(seer: &Seer, normals: Array3<f32>, points: Array3<f32>) {
    let mut world = seer.0.lock().unwrap();
    (world.normals, world.points) = (Some(normals), Some(points));
}

fn angle(maps: &LiveMaps) -> f32 {
    let map = maps.get(Task::Normal).unwrap().value.normal.as_ref().unwrap();
    map[[10, 15, 0]].atan2(-map[[10, 15, 2]]).to_degrees()
}

fn depth(maps: &LiveMaps) -> f32 {
    maps.get(Task::Pointmap).unwrap().value.pointmap.as_ref().unwrap()[[10, 15, 2]]
}

#[test]
fn maps_of_the_scene_are_steadied_beside_the_raw_ones() {
    let (_context, stream, seer) = stage(&DENSE, PeopleOptions { maps: both(), ..PeopleOptions::default() });
    seer.0.lock().unwrap().has_scene = true;
    let go = |i: i64, degrees: f32, points: Array3<f32>| {
        set(&seer, leaning(degrees), points);
        look(&stream, &seer, i, &[rect(50.0)], &[])
    };
    let first = go(0, 0.0, body(3.0, 1.0));
    assert_eq!(first.filtered_scene.points.as_ref().unwrap().value.agreement, Agreement::First);
    let second = go(1, 6.0, body(3.3, 1.0));
    let (raw, calm) = (&second.scene, &second.filtered_scene);
    assert!((angle(raw) - 6.0).abs() < 1e-3 && (1.0..3.0).contains(&angle(&calm.maps)), "{}", angle(&calm.maps));
    let (raw_depth, calm_depth) = (depth(raw), depth(&calm.maps));
    let check = calm.points.as_ref().unwrap();
    assert_eq!((check.frame, check.timestamp_ns), (2, second.timestamp_ns));
    assert_eq!(check.value.agreement, Agreement::Agrees);
    assert!((raw_depth - 3.3).abs() < 0.02 && calm_depth < 3.1, "{raw_depth} {calm_depth}");
    assert!((calm_depth / raw_depth - check.value.factor).abs() < 1e-5 && check.value.compared > 100);
    for task in [Task::Normal, Task::Pointmap] {
        let (a, b) = (&raw.get(task).unwrap().value, &calm.maps.get(task).unwrap().value);
        assert_eq!((a.image_from_map(task), a.tasks()), (b.image_from_map(task), b.tasks()));
    }
    let third = go(2, 6.0, body(3.3, -1.0));
    let check = third.filtered_scene.points.as_ref().unwrap().value;
    assert!(check.agreement == Agreement::Disagrees && !check.agreement.is_valid() && check.misfits > 0.25);
}

#[test]
fn nothing_is_steadied_that_nobody_asked_for() {
    let (_context, stream, seer) = stage(&DENSE, detecting(every(1)));
    for i in 0..2 {
        set(&seer, leaning(5.0 * i as f32), body(3.0, 1.0));
        let result = look(&stream, &seer, i, &[rect(50.0)], &[]);
        let person = &result.people[0];
        assert_eq!((person.maps.tasks().count(), person.filtered_maps.maps.tasks().count()), (2, 0));
        assert!(person.filtered_maps.points.is_none() && result.filtered_scene.points.is_none());
    }
}

#[test]
fn the_motion_of_a_person_is_taken_out() {
    let (_context, stream, seer) = stage(&DENSE, PeopleOptions { maps: both(), ..detecting(every(1)) });
    let mut worst = 0.0_f32;
    for i in 0..12 {
        // Somebody comes nearer by a seventh in all, and the crop follows.
        let size = 1.012_f32.powi(i);
        let near = Rect { x: 100.0 - 30.0 * size, y: 100.0 - 75.0 * size, width: 60.0 * size, height: 150.0 * size };
        set(&seer, leaning(0.0), body(5.0 / size, 1.0));
        let result = look(&stream, &seer, i.into(), &[near], &[]);
        let check = result.people[0].filtered_maps.points.as_ref().unwrap().value;
        assert_eq!(check.agreement, if i == 0 { Agreement::First } else { Agreement::Agrees });
        worst = worst.max((check.factor - 1.0).abs());
    }
    // Held back against the motion it would lag by several steps of 1.2 %.
    assert!(worst < 0.02, "{worst}");
}

#[test]
fn steadied_maps_age_with_the_raw_ones_and_go_with_the_person() {
    let (context, _, seer) = stage(&DENSE, PeopleOptions::default());
    let setting = |task, every_n| TaskSetting { task, every_n, priority: 0 };
    let tasks = vec![setting(Task::Pose, 1), setting(Task::Normal, 2), setting(Task::Pointmap, 3)];
    let people = PeopleOptions { maps: both(), ..detecting(every(1)) };
    let stream = Stream::new(&context, StreamOptions { tasks, people, ..StreamOptions::default() }).unwrap();
    set(&seer, leaning(0.0), body(3.0, 1.0));
    for i in 0..6_u64 {
        let result = look(&stream, &seer, i as i64, &[rect(100.0)], &[]);
        let person = &result.people[0];
        for (task, every_n) in [(Task::Normal, 2), (Task::Pointmap, 3)] {
            let (raw, calm) = (person.maps.get(task).unwrap(), person.filtered_maps.maps.get(task).unwrap());
            assert_eq!((raw.frame, calm.frame), (i / every_n * every_n + 1, i / every_n * every_n + 1));
        }
        assert_eq!(person.filtered_maps.points.as_ref().unwrap().frame, i / 3 * 3 + 1);
    }
    let hidden = look(&stream, &seer, 6, &[], &[]);
    let person = &hidden.people[0];
    assert_eq!(person.track.unwrap().state, TrackState::Lost);
    assert_eq!((person.maps.tasks().count(), person.filtered_maps.maps.tasks().count()), (0, 0));
}

#[test]
fn the_detector_looks_again_when_somebody_may_have_come_in() {
    let (_context, stream, seer) = stage(&[Task::Pose], detecting(every(50)));
    let ran = |i: i64, people: &[Rect]| {
        let result = look(&stream, &seer, i, people, &[]);
        (result.detector_ran, ids(&result))
    };
    assert_eq!(ran(0, &[rect(20.0)]), (true, vec![1]));
    assert_eq!(ran(1, &[rect(20.0), rect(300.0)]), (false, vec![1]));
    stream.expect_entry().unwrap();
    assert_eq!(ran(2, &[rect(20.0), rect(300.0)]), (true, vec![1, 2]));
    stream.destroy().unwrap();
    assert_eq!(stream.expect_entry().unwrap_err().kind(), crate::ErrorKind::ShutDown);
}

#[test]
fn options_about_people_change_while_the_stream_is_at_work() {
    let (_context, stream, seer) = stage(&[Task::Pose], PeopleOptions::default());
    let go = |i: i64| look(&stream, &seer, i, &[rect(100.0)], &[]);
    assert_eq!(go(0).people[0].origin, BoxOrigin::Image);
    stream.set_people(detecting(every(4))).unwrap();
    assert_eq!((ids(&go(1)), ids(&go(2)), go(3).detector_ran), (vec![1], vec![1], false));
    // Every frame from now on; who is there keeps the id.
    let filter = Some(Default::default());
    stream.set_people(PeopleOptions { filter, ..detecting(every(1)) }).unwrap();
    let result = go(4);
    assert!(result.detector_ran && ids(&result) == [1] && result.people[0].filtered.is_some());
    let refused = stream.set_people(detecting(every(0))).unwrap_err();
    assert!(refused.to_string().contains("detect_every 0"), "{refused}");
    assert_eq!(ids(&go(5)), [1], "nothing has changed");
    stream.set_people(detecting(None)).unwrap();
    assert!(go(6).people[0].track.is_none());
    stream.set_people(detecting(every(1))).unwrap();
    assert_eq!(ids(&go(7)), [2], "no id is given twice");
}

#[test]
fn what_the_detector_takes_is_not_there_for_tasks() {
    let (context, _, seer) = stage(&[Task::Pose, Task::Normal], PeopleOptions::default());
    let timing = |stage: &str, ms| Timing { stage: stage.into(), ms };
    {
        let mut world = seer.0.lock().unwrap();
        world.timings = vec![timing("model pose", 1.0), timing("model normal", 9_000.0)];
        world.nap = Duration::from_millis(1_200);
    }
    let setting = |task, priority| TaskSetting { task, every_n: 1, priority };
    let tasks = vec![setting(Task::Pose, 1), setting(Task::Normal, 0)];
    let budget = Some(Duration::from_secs(10));
    let (people, batch_memory) = (detecting(every(2)), Some(77));
    let options = StreamOptions { tasks, budget, people, batch_memory, ..StreamOptions::default() };
    let stream = Stream::new(&context, options).unwrap();
    let ran = |i: i64| -> (bool, Arc<LiveResult>) {
        let result = look(&stream, &seer, i, &[rect(100.0)], &[]);
        (result.detector_ran, result)
    };
    // Times are not known yet; then there is room for both, and none for normals beside the detector.
    let known: Vec<_> = (0..3).map(ran).map(|(ran, result)| (ran, result.tasks.len())).collect();
    assert_eq!(known, [(true, 2), (false, 2), (true, 1)]);
    assert_eq!(seer.0.lock().unwrap().batch_memory, Some(77));
}
