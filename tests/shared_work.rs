//! What tasks have in common is done once, and a task that is not asked for costs nothing: sessions are counted.

mod common;

use common::{quiet, session_options};
use sapiens::engine::{Engine, LoadOptions, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::live::{Context, ContextOptions, Frame, LoadRequest, Stream, StreamOptions, TaskSetting};
use sapiens::preprocess::Framing;
use sapiens::spec::Task;
use std::collections::BTreeMap;

const TASKS: [Task; 3] = [Task::Pose, Task::Seg, Task::Normal];

fn picture() -> Image {
    Image::from_rgb8(Size::new(96, 128), (0..3 * 96 * 128).map(|i| (i * 31 % 251) as u8).collect()).unwrap()
}

fn engine(flip_test: bool) -> Engine {
    let tasks = Some(TASKS.to_vec());
    let options = LoadOptions { session: session_options(), tasks, flip_test, ..LoadOptions::default() };
    Engine::load(&[ModelSource::Demo], &options, &mut quiet).unwrap()
}

/// Runs of the backbone and of the heads that `ask` adds.
fn counted(engine: &Engine, request: &Request) -> (u64, [u64; 3]) {
    let now = || {
        let (backbone, heads) = engine.models()[0].runs();
        let heads: BTreeMap<Task, u64> = heads.into_iter().collect();
        (backbone, TASKS.map(|task| heads[&task]))
    };
    let before = now();
    engine.run(&picture(), request).unwrap();
    let after = now();
    (after.0 - before.0, [0, 1, 2].map(|i| after.1[i] - before.1[i]))
}

#[test]
fn the_backbone_runs_once_and_only_the_heads_asked_for() {
    let engine = engine(false);
    let ask = |tasks: &[Task]| Request { tasks: Some(tasks.to_vec()), ..Request::default() };
    assert_eq!(counted(&engine, &ask(&[Task::Pose])), (1, [1, 0, 0]));
    assert_eq!(counted(&engine, &ask(&[Task::Normal, Task::Pose])), (1, [1, 0, 1]));
    assert_eq!(counted(&engine, &ask(&TASKS)), (1, [1, 1, 1]));
    assert_eq!(counted(&engine, &ask(&[])), (0, [0, 0, 0]));
}

#[test]
fn people_of_a_batch_share_a_run_and_a_mirrored_picture_takes_one_more() {
    let boxes = [4.0, 40.0].map(|x| Rect { x, y: 8.0, width: 48.0, height: 96.0 }).to_vec();
    let request = Request { boxes, framing: Framing::Crop, ..Request::default() };
    assert_eq!(counted(&engine(false), &request), (1, [1, 1, 1]));
    assert_eq!(counted(&engine(false), &Request { batch_memory: Some(0), ..request.clone() }), (2, [2, 2, 2]));
    assert_eq!(counted(&engine(true), &request), (2, [2, 2, 2]));
}

#[test]
fn a_task_that_rests_has_no_part_in_a_frame() {
    common::library();
    let context = Context::new(ContextOptions { threads: 1, ..ContextOptions::default() }).unwrap();
    let request = LoadRequest { tasks: Some(TASKS.to_vec()), ..LoadRequest::default() };
    context.load(&ModelSource::Demo, &request, &mut quiet).unwrap();
    let every = |task: Task, every_n: u32| TaskSetting { task, every_n, priority: 0 };
    let tasks = vec![every(Task::Pose, 1), every(Task::Seg, 0), every(Task::Normal, 3)];
    let stream = Stream::new(&context, StreamOptions { tasks, ..StreamOptions::default() }).unwrap();
    for i in 0..7 {
        stream.submit(Frame { timestamp_ns: i * 33_000_000, ..Frame::of_image(picture()) }, None).unwrap();
        let result = stream.poll(None).unwrap().unwrap();
        let stages: Vec<&str> = result.timings.iter().map(|t| t.stage.as_str()).collect();
        let models: Vec<&str> = stages.iter().copied().filter(|stage| stage.starts_with("model ")).collect();
        let backbones = stages.iter().filter(|stage| stage.starts_with("backbone ")).count();
        if i % 3 == 0 {
            assert_eq!((models.as_slice(), backbones), (["model pose", "model normal"].as_slice(), 1), "{stages:?}");
        } else {
            // Of a single task the backbone is part of its time.
            assert_eq!((models.as_slice(), backbones), (["model pose"].as_slice(), 0), "{stages:?}");
        }
    }
    context.shutdown().unwrap();
}
