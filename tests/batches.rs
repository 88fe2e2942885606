//! Several people in one run of a model: the same results as one by one.

mod common;

use sapiens::engine::{Engine, FrameResult, LoadOptions, ModelSource, Request};
use sapiens::geometry::Rect;
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::spec::Task;

const TASKS: [Task; 6] = [Task::Pose, Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting];

fn engine(tasks: &[Task], flip_test: bool) -> Engine {
    common::library();
    let options = LoadOptions {
        session: common::session_options(),
        tasks: Some(tasks.to_vec()),
        flip_test,
        decoded_seg: !flip_test,
        ..LoadOptions::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut common::quiet).unwrap()
}

fn boxes() -> Vec<Rect> {
    let rect = |x, y, width, height| Rect { x, y, width, height };
    vec![
        rect(120.0, 0.0, 350.0, 712.0),
        rect(0.0, 20.0, 200.5, 300.0),
        rect(-50.0, 100.0, 300.0, 500.0),
        rect(200.0, 200.0, 40.0, 90.0),
        rect(122.0, 3.0, 351.0, 712.0),
    ]
}

fn ask(engine: &Engine, image: &Image, boxes: &[Rect], framing: Framing, batch_memory: Option<u64>) -> FrameResult {
    engine.run(image, &Request { boxes: boxes.to_vec(), framing, batch_memory, ..Request::default() }).unwrap()
}

/// Largest difference of two maps; where one is nothing the other must be.
fn apart(a: &ndarray::Array3<f32>, b: &ndarray::Array3<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    let difference = |(a, b): (&f32, &f32)| if a.is_nan() && b.is_nan() { 0.0 } else { (a - b).abs() };
    a.iter().zip(b).map(difference).fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
}

fn check_same(alone: &FrameResult, together: &FrameResult) {
    assert_eq!(alone.people.len(), together.people.len());
    for (i, (a, b)) in alone.people.iter().zip(&together.people).enumerate() {
        assert_eq!((a.bbox, a.maps.tasks()), (b.bbox, b.maps.tasks()));
        let (poses, maps) = (a.pose.as_ref().zip(b.pose.as_ref()).unwrap(), (&a.maps, &b.maps));
        assert_eq!(poses.0.len(), 308);
        for (k, (a, b)) in poses.0.iter().zip(poses.1).enumerate() {
            assert!((a.score - b.score).abs() < 1e-3, "person {i} keypoint {k}: {a:?} {b:?}");
            // Of a keypoint that is nowhere any place of the heatmap can be the highest.
            assert!(a.score < 0.05 || (a.x - b.x).hypot(a.y - b.y) < 0.05, "person {i} keypoint {k}: {a:?} {b:?}");
        }
        for task in maps.0.tasks() {
            assert_eq!(maps.0.image_from_map(task), maps.1.image_from_map(task));
        }
        for (name, a, b) in [
            ("normal", &maps.0.normal, &maps.1.normal),
            ("pointmap", &maps.0.pointmap, &maps.1.pointmap),
            ("albedo", &maps.0.albedo, &maps.1.albedo),
        ] {
            if let Some((a, b)) = a.as_ref().zip(b.as_ref()) {
                let most = apart(a, b);
                assert!(most < 2e-3, "person {i}: {name} differs by {most}");
            }
        }
        if let Some((a, b)) = maps.0.seg.as_ref().zip(maps.1.seg.as_ref()) {
            let other = a.labels.iter().zip(&b.labels).filter(|(a, b)| a != b).count();
            assert!(other * 1000 <= a.labels.len(), "person {i}: {other} labels of {}", a.labels.len());
        }
    }
}

#[test]
fn five_people_at_once_are_five_people_one_by_one() {
    let image = Image::open("assets/standing.jpg").unwrap();
    let engine = engine(&TASKS, false);
    let alone = ask(&engine, &image, &boxes(), Framing::Crop, Some(0));
    assert!(alone.people.iter().all(|p| p.maps.tasks().len() == 5), "every task looks at crops");
    check_same(&alone, &ask(&engine, &image, &boxes(), Framing::Crop, None));
    for framing in [Framing::Official, Framing::Crop] {
        let whole = ask(&engine, &image, &[], framing, None);
        let one_by_one = ask(&engine, &image, &[], framing, Some(0));
        check_same(&one_by_one, &whole);
        assert_eq!(one_by_one.scene.tasks(), whole.scene.tasks());
    }
    let official = ask(&engine, &image, &boxes(), Framing::Official, None);
    check_same(&ask(&engine, &image, &boxes(), Framing::Official, Some(0)), &official);
}

#[test]
fn mirrored_pictures_are_batched_too() {
    let image = Image::open("assets/standing.jpg").unwrap();
    let engine = engine(&[Task::Pose], true);
    let alone = ask(&engine, &image, &boxes(), Framing::Official, Some(0));
    check_same(&alone, &ask(&engine, &image, &boxes(), Framing::Official, None));
}
