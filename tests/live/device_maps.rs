//! Maps that stay on the device, in streams: with cadence, filters, overlap, and models that come and go.

use super::support::{ends, frame, load, options, photo, poll, submit};
use crate::common;
use sapiens::engine::{Footprint, MapKind, Maps, ModelSource};
use sapiens::live::{
    Context, ContextOptions, LiveResult, Log, LogLevel, MapFilterOptions, Overlap, PeopleOptions, Policy, Stream,
    StreamOptions, TaskSetting,
};
use sapiens::spec::Task;
use sapiens::track::filter::NormalFilterOptions;
use std::sync::{Arc, Mutex};

const DENSE: [Task; 3] = [Task::Seg, Task::Normal, Task::Albedo];
const FRAMES: usize = 4;

/// The results of a few frames, normals on every other one and steadied.
fn results(context: &Arc<Context>, overlap: Overlap, device_maps: &[Task]) -> Vec<Arc<LiveResult>> {
    let people = PeopleOptions {
        maps: MapFilterOptions { normals: Some(NormalFilterOptions::default()), points: None },
        ..PeopleOptions::default()
    };
    let tasks = [(Task::Seg, 1), (Task::Normal, 1), (Task::Albedo, 2)];
    let tasks = tasks.map(|(task, every_n)| TaskSetting { task, every_n, priority: 0 }).to_vec();
    let device_maps = device_maps.to_vec();
    let stream =
        Stream::new(context, StreamOptions { overlap, people, tasks, device_maps, ..options(Policy::Block, FRAMES) })
            .unwrap();
    for (i, name) in ["standing", "tpose", "standing", "tpose"].into_iter().enumerate() {
        submit(&stream, frame(&photo(name), i as i64 * 33_000_000));
    }
    (0..FRAMES).map(|_| poll(&stream)).collect()
}

fn of(result: &LiveResult, task: Task) -> (u64, &Arc<Maps>) {
    let dated = result.scene.get(task).unwrap();
    (dated.frame, &dated.value)
}

fn check(context: &Arc<Context>, overlap: Overlap) {
    let (host, device) = (results(context, overlap, &[]), results(context, overlap, &DENSE));
    for (a, b) in host.iter().zip(&device) {
        for task in DENSE {
            let ((at, a), (found_at, b)) = (of(a, task), of(b, task));
            assert_eq!((at, a.tasks()), (found_at, b.tasks()));
            assert!(a.on_device.is_empty() && b.on_device.is_empty() == (task == Task::Normal), "{task}");
            let b = b.to_host().unwrap();
            let labels = |maps: &Maps| maps.seg.as_ref().map(|seg| (seg.labels.clone(), seg.classes));
            assert!(labels(a) == labels(&b), "{task}");
            let floats = |maps: &Maps| -> Vec<f32> {
                let maps = [&maps.normal, &maps.albedo].into_iter().flatten();
                maps.flat_map(|map| map.iter().copied()).collect()
            };
            let (a, b) = (floats(a), floats(&b));
            assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-4), "{task}");
        }
        assert!(b.filtered_scene.maps.get(Task::Normal).is_some());
    }
    // What did not run is the map of the frame before, not another copy of it.
    assert!(Arc::ptr_eq(of(&device[0], Task::Albedo).1, of(&device[1], Task::Albedo).1));
    assert!(of(&device[0], Task::Albedo).1.device_map(MapKind::Albedo).is_some());
    let crossed = |results: &[Arc<LiveResult>]| results.iter().map(|result| result.traffic.to_host).sum::<u64>();
    assert!(crossed(&device) < crossed(&host));
}

fn logged(memory_budget: Option<u64>) -> (Arc<Context>, Arc<Mutex<Vec<String>>>) {
    common::library();
    let said = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&said);
    let callback: sapiens::live::LogSink = Box::new(move |_, text| sink.lock().unwrap().push(text.to_owned()));
    let log = Some(Log { level: LogLevel::Warning, is_immediate: true, callback });
    (Context::new(ContextOptions { threads: 1, memory_budget, log, ..ContextOptions::default() }).unwrap(), said)
}

#[test]
fn they_are_what_streams_without_them_give_and_steadied_ones_come_to_the_host() {
    ends(|| {
        let (context, said) = logged(None);
        load(&context, &DENSE);
        check(&context, Overlap::Off);
        check(&context, Overlap::On);
        let said = said.lock().unwrap();
        let notes: Vec<_> = said.iter().filter(|text| text.contains("maps of normal come to the host")).collect();
        // Once for each stream.
        assert!(notes.len() == 2 && notes.iter().all(|text| text.contains("steadied")), "{said:?}");
    });
}

#[test]
fn they_stay_when_their_models_are_evicted() {
    ends(|| {
        let bytes = |task: Task| {
            let options = sapiens::engine::LoadOptions {
                tasks: Some(vec![task]),
                decoded_seg: true,
                ..sapiens::engine::LoadOptions::default()
            };
            Footprint::of(&ModelSource::Demo, &options).unwrap().1.total(1)
        };
        let (context, _) = logged(DENSE.map(bytes).into_iter().max());
        for task in DENSE {
            load(&context, &[task]);
        }
        check(&context, Overlap::Off);
    });
}
