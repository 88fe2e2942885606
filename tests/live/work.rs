//! What a stream says is what the engine says.

use crate::support::{check_books, context, ends, engine, frame, load, options, photo, poll, submit};
use sapiens::engine::{Engine, FrameResult, MapSpace, Maps, Request};
use sapiens::error::ErrorKind;
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::live::{Frame, LiveMaps, Policy, Stream, StreamOptions, TaskSetting};
use sapiens::spec::Task;
use std::sync::Arc;

const TASKS: [Task; 6] = [Task::Pose, Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting];

fn ask(engine: &Engine, image: &Image, boxes: &[Rect], space: MapSpace) -> FrameResult {
    engine.run(image, &Request { boxes: boxes.to_vec(), space, ..Request::default() }).unwrap()
}

/// Bit by bit, NaN included.
fn check_maps(live: &LiveMaps, expected: &Maps) {
    let bits = |a: &ndarray::Array3<f32>| (a.dim(), a.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    let mut tasks: Vec<_> = live.tasks().collect();
    tasks.sort();
    let mut expected_tasks = expected.tasks();
    expected_tasks.sort();
    assert_eq!(tasks, expected_tasks);
    for task in tasks {
        let maps = &live.get(task).unwrap().value;
        assert_eq!(maps.tasks(), [task], "each by itself");
        assert_eq!(maps.image_from_map(task), expected.image_from_map(task));
        let same = match task {
            Task::Seg => {
                let (a, b) = (maps.seg.as_ref().unwrap(), expected.seg.as_ref().unwrap());
                a.labels == b.labels && a.confidence == b.confidence
            }
            Task::Normal => maps.normal.as_ref().map(bits) == expected.normal.as_ref().map(bits),
            Task::Pointmap => maps.pointmap.as_ref().map(bits) == expected.pointmap.as_ref().map(bits),
            Task::Albedo => maps.albedo.as_ref().map(bits) == expected.albedo.as_ref().map(bits),
            Task::Matting => {
                let (a, b) = (maps.matting.as_ref().unwrap(), expected.matting.as_ref().unwrap());
                a.alpha == b.alpha && bits(&a.foreground) == bits(&b.foreground)
            }
            other => unreachable!("{other}: not a map of the demo model"),
        };
        assert!(same, "{task}");
    }
}

#[test]
fn six_tasks_of_one_submit_are_those_of_the_engine_in_both_spaces() {
    ends(|| {
        let (context, engine, image) = (context(), engine(&TASKS), photo("standing"));
        load(&context, &TASKS);
        let box_of = |x, width| Rect { x, y: 5.5, width, height: 180.0 };
        for (space, boxes) in [
            (MapSpace::Model, vec![]),
            (MapSpace::Image, vec![]),
            (MapSpace::Model, vec![box_of(10.0, 60.0), box_of(-8.0, 120.25)]),
        ] {
            let stream = Stream::new(&context, StreamOptions { space, ..options(Policy::Block, 2) }).unwrap();
            submit(&stream, Frame { boxes: boxes.clone(), ..frame(&image, 77) });
            let (live, expected) = (poll(&stream), ask(&engine, &image, &boxes, space));
            live.outcome.as_ref().unwrap();
            assert_eq!((live.frame, live.timestamp_ns, live.image), (1, 77, image.size()));
            assert_eq!((live.tasks.as_slice(), live.people.len()), (&TASKS[..], boxes.len().max(1)));
            for (person, known) in live.people.iter().zip(&expected.people) {
                assert_eq!(person.bbox, known.bbox);
                let pose = person.pose.as_ref().unwrap();
                assert_eq!((Some(&*pose.value), pose.frame), (known.pose.as_ref(), 1));
                check_maps(&person.maps, &known.maps);
            }
            check_maps(&live.scene, &expected.scene);
        }
    });
}

#[test]
fn maps_between_their_turns_are_those_of_an_earlier_frame_and_not_copies() {
    ends(|| {
        let (context, engine) = (context(), engine(&[Task::Pose, Task::Normal]));
        load(&context, &[Task::Pose, Task::Normal]);
        let setting = |task, every_n| TaskSetting { task, every_n, priority: 0 };
        let tasks = vec![setting(Task::Pose, 1), setting(Task::Normal, 3)];
        let stream = Stream::new(&context, StreamOptions { tasks, ..options(Policy::Block, 8) }).unwrap();
        let images = [photo("standing"), photo("frontal")];
        let results: Vec<_> = (0..5)
            .map(|i| {
                submit(&stream, frame(&images[i % 2], 10 * i as i64));
                poll(&stream)
            })
            .collect();
        for (i, result) in results.iter().enumerate() {
            let from = if i < 3 { 0 } else { 3 };
            let normal = result.scene.get(Task::Normal).unwrap();
            assert_eq!((normal.frame, normal.timestamp_ns), (from as u64 + 1, 10 * from as i64));
            assert!(Arc::ptr_eq(&normal.value, &results[from].scene.get(Task::Normal).unwrap().value));
            let expected = ask(&engine, &images[i % 2], &[], MapSpace::Model);
            assert_eq!(Some(&*result.people[0].pose.as_ref().unwrap().value), expected.people[0].pose.as_ref());
            assert_eq!(result.tasks.contains(&Task::Normal), i == from);
        }
        // Another size: nothing that was known belongs to it.
        let small = Image::from_rgb8(Size::new(40, 30), vec![90; 40 * 30 * 3]).unwrap();
        submit(&stream, frame(&small, 50));
        assert_eq!(poll(&stream).tasks, [Task::Pose, Task::Normal]);
    });
}

#[test]
fn a_frame_that_cannot_be_is_refused_before_it_waits() {
    ends(|| {
        let context = context();
        let stream = Stream::new(&context, StreamOptions::default()).unwrap();
        let image = photo("standing");
        let good = Rect { x: 0.0, y: 0.0, width: 5.0, height: 5.0 };
        for (boxes, words) in [
            (vec![good, Rect { width: f32::NAN, ..good }], "boxes[1]"),
            (vec![Rect { height: -1.0, ..good }], "boxes[0]"),
            (vec![good; 257], "257"),
        ] {
            let error = stream.submit(Frame { boxes, ..frame(&image, 0) }, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(words), "{error}");
        }
        for depth in [0, 65] {
            let error = Stream::new(&context, options(Policy::Block, depth)).err().unwrap();
            assert!(error.to_string().contains("depth"), "{error}");
        }
        assert_eq!(stream.statistics().submitted, 0);
        check_books(&stream.statistics());
    });
}
