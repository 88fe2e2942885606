//! Models under a memory budget: they come and go, and nobody sees it in the results.

use crate::common::{self, quiet};
use crate::support::{NOW, check_books, context, ends, frame, load, options, photo, poll, submit};
use sapiens::engine::{Footprint, LoadOptions, ModelSource};
use sapiens::error::ErrorKind;
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::live::{
    Context, ContextOptions, Fate, LiveResult, LoadRequest, Log, LogLevel, Policy, Stream, TaskSetting,
};
use sapiens::spec::Task;
use std::sync::{Arc, Mutex};
use std::thread;

const THREE: [Task; 3] = [Task::Pose, Task::Seg, Task::Normal];

/// Bytes that the demo model takes for one task.
fn bytes(task: Task) -> u64 {
    let options = LoadOptions { tasks: Some(vec![task]), decoded_seg: true, ..LoadOptions::default() };
    Footprint::of(&ModelSource::Demo, &options).unwrap().1.total(1)
}

fn within(memory_budget: u64) -> Arc<Context> {
    common::library();
    Context::new(ContextOptions { threads: 1, memory_budget: Some(memory_budget), ..ContextOptions::default() })
        .unwrap()
}

/// Room for the pose and one other.
fn two_of_three() -> u64 {
    bytes(Task::Pose) + bytes(Task::Seg).max(bytes(Task::Normal))
}

/// A stream with one task at a time, so that each frame says which.
fn ask(stream: &Stream, image: &Image, tasks: &[Task]) -> Arc<LiveResult> {
    let mut asked = frame(image, 0);
    (asked.tasks, asked.ignore_cadence) = (Some(tasks.to_vec()), true);
    submit(stream, asked);
    poll(stream)
}

fn fates(context: &Context) -> Vec<(u32, u32, bool)> {
    context
        .models()
        .iter()
        .map(|m| m.fate)
        .map(|Fate { loads, evictions, is_loaded, .. }| (loads, evictions, is_loaded))
        .collect()
}

fn check_same(a: &LiveResult, b: &LiveResult) {
    a.outcome.as_ref().unwrap();
    b.outcome.as_ref().unwrap();
    assert_eq!(a.tasks.len(), b.tasks.len());
    let pose = |r: &LiveResult| r.people[0].pose.as_ref().map(|pose| pose.value.as_ref().clone());
    assert_eq!(pose(a), pose(b));
    let maps = |r: &LiveResult| {
        let seg = r.scene.get(Task::Seg).map(|m| m.value.seg.as_ref().unwrap().labels.clone());
        (seg, r.scene.get(Task::Normal).map(|m| m.value.normal.clone().unwrap()))
    };
    assert!(maps(a) == maps(b), "the maps differ");
}

#[test]
fn two_of_three_models_give_what_three_give() {
    ends(|| {
        let (free, tight) = (context(), within(two_of_three()));
        for context in [&free, &tight] {
            load_each(context, &THREE);
        }
        // The pose stays when the third one comes.
        assert_eq!(fates(&tight), [(1, 0, true), (1, 1, false), (1, 0, true)]);
        assert_eq!(fates(&free), [(1, 0, true); 3]);
        let image = photo("standing");
        let (one, other) = (stream(&free), stream(&tight));
        for tasks in [&[Task::Seg][..], &[Task::Normal], &[Task::Pose], &THREE, &[Task::Normal, Task::Pose]] {
            check_same(&ask(&other, &image, tasks), &ask(&one, &image, tasks));
        }
        // Seg, normal, seg and normal came back, each for the other.
        assert_eq!(fates(&tight), [(1, 0, true), (3, 3, false), (3, 2, true)]);
        let statistics = other.statistics();
        assert_eq!((statistics.model_loads, one.statistics().model_loads), (4, 0));
        assert!(statistics.load_ms > 0.0 && one.statistics().load_ms == 0.0, "{statistics:?}");
        assert!(tight.models().iter().all(|model| model.fate.load_ms > 0.0 && model.footprint.weights > 0));
    });
}

fn load_each(context: &Context, tasks: &[Task]) {
    for task in tasks {
        load(context, &[*task]);
    }
}

fn stream(context: &Arc<Context>) -> Stream {
    Stream::new(context, options(Policy::Block, 4)).unwrap()
}

#[test]
fn a_frame_says_what_it_waited_for_and_the_log_who_went() {
    ends(|| {
        common::library();
        let said = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&said);
        let callback: sapiens::live::LogSink = Box::new(move |_, text| sink.lock().unwrap().push(text.to_owned()));
        let log = Some(Log { level: LogLevel::Info, is_immediate: true, callback });
        let memory_budget = Some(bytes(Task::Seg).max(bytes(Task::Normal)));
        let context =
            Context::new(ContextOptions { threads: 1, memory_budget, log, ..ContextOptions::default() }).unwrap();
        load_each(&context, &[Task::Seg, Task::Normal]);
        let stream = stream(&context);
        let result = ask(&stream, &photo("standing"), &[Task::Seg]);
        assert!(result.timings.iter().any(|t| t.stage == "load seg" && t.ms > 0.0), "{:?}", result.timings);
        let said = said.lock().unwrap().join("\n");
        assert!(said.contains("demo: evicted for demo") && said.contains("demo: loaded again in "), "{said}");
    });
}

#[test]
fn a_model_larger_than_the_budget_is_refused_with_both_numbers() {
    ends(|| {
        let context = within(1_000_000);
        let error = context.load(&ModelSource::Demo, &LoadRequest::default(), &mut quiet).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let text = error.to_string();
        assert!(text.contains("demo") && text.contains(" MB, more than the budget of 1 MB"), "{text}");
        assert!(context.models().is_empty());
        // As without a budget: one model for each task.
        let context = within(u64::MAX);
        load(&context, &[Task::Pose]);
        let error = context.load(&ModelSource::Demo, &LoadRequest::default(), &mut quiet).unwrap_err();
        assert!(error.to_string().contains("both predict `pose`"), "{error}");
    });
}

#[test]
fn the_detector_counts_and_stays() {
    ends(|| {
        let request = LoadRequest::default();
        let context = within(bytes(Task::Pose) + 1);
        load(&context, &[Task::Pose]);
        let error = context.load_detector(&ModelSource::Demo, &request, &mut quiet).unwrap_err();
        assert!(error.to_string().contains("of the detector, more than the budget"), "{error}");
        let context = within(1 << 40);
        context.load_detector(&ModelSource::Demo, &request, &mut quiet).unwrap();
        assert!(context.detector().unwrap().footprint.weights > 0);
    });
}

#[test]
fn a_file_that_changed_does_not_come_back_as_another_model() {
    ends(|| {
        let folder = tempfile::tempdir().unwrap();
        let copy = |name: &str| {
            let path = folder.path().join(format!("{name}.safetensors"));
            std::fs::copy(testkit::golden_checkpoint(name), &path).unwrap();
            path
        };
        let (seg, normal) = (copy("seg"), copy("normal"));
        let request = LoadRequest { input: Some(Size::new(96, 128)), ..LoadRequest::default() };
        let of = |path: &std::path::Path| {
            let options = LoadOptions { input: request.input, decoded_seg: true, ..LoadOptions::default() };
            Footprint::of(&ModelSource::Path(path.into()), &options).unwrap().1.total(1)
        };
        let context = within(of(&seg).max(of(&normal)));
        for path in [&seg, &normal] {
            context.load(&ModelSource::Path(path.clone()), &request, &mut quiet).unwrap();
        }
        let (stream, image) = (stream(&context), photo("standing"));
        ask(&stream, &image, &[Task::Seg]).outcome.as_ref().unwrap();
        let mut longer = std::fs::read(&normal).unwrap();
        longer.push(0);
        std::fs::write(&normal, longer).unwrap();
        let result = ask(&stream, &image, &[Task::Normal]);
        let error = result.outcome.as_ref().unwrap_err();
        assert!(error.kind() == ErrorKind::CorruptModel && error.to_string().contains("changed"), "{error}");
        // The others go on.
        ask(&stream, &image, &[Task::Seg]).outcome.as_ref().unwrap();
    });
}

#[test]
fn streams_that_want_different_models_all_come_to_an_end() {
    ends(|| {
        const FRAMES: u64 = 6;
        let context = within(two_of_three());
        load_each(&context, &THREE);
        let image = photo("frontal");
        thread::scope(|scope| {
            for task in THREE.into_iter().chain([Task::Normal]) {
                let (context, image) = (&context, &image);
                scope.spawn(move || {
                    let tasks = vec![TaskSetting { task, every_n: 1, priority: 0 }];
                    let stream =
                        Stream::new(context, sapiens::live::StreamOptions { tasks, ..options(Policy::Block, 2) });
                    let stream = stream.unwrap();
                    for _ in 0..FRAMES {
                        submit(&stream, frame(image, 0));
                        let result = poll(&stream);
                        result.outcome.as_ref().unwrap();
                        assert_eq!(result.tasks, [task]);
                    }
                    check_books(&stream.statistics());
                    assert!(stream.poll(NOW).unwrap().is_none());
                });
            }
        });
        let all: Vec<_> = context.models().into_iter().map(|model| model.fate).collect();
        assert!(all.iter().filter(|fate| fate.is_loaded).count() <= 2, "{all:?}");
        assert!(all.iter().all(|fate| fate.loads == fate.evictions + u32::from(fate.is_loaded)), "{all:?}");
        context.shutdown().unwrap();
    });
}

#[test]
fn keypoints_come_first_whenever_their_model_was_loaded() {
    ends(|| {
        for context in [context(), within(u64::MAX)] {
            load_each(&context, &[Task::Normal, Task::Pose]);
            let result = ask(&stream(&context), &photo("standing"), &[Task::Normal, Task::Pose]);
            let at = |stage: &str| result.timings.iter().position(|t| t.stage == stage).unwrap();
            assert!(at("postprocess pose") < at("model normal"), "{:?}", result.timings);
        }
    });
}
