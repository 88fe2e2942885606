//! The engine on the tiny reference checkpoints: framings, boxes, flip test, several models, raw graphs.
//!
//! Every expected value is made by hand from its parts: frame, run the raw graph, decode, carry to the image.

mod common;

use common::{Converted, Golden, quiet, run_floats, session_options, worst};
use sapiens::convert::ConvertOptions;
use sapiens::engine::{Engine, FrameResult, LoadOptions, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::{Framed, Framing, Interpolation, frame, mirror, normalise, resize};
use sapiens::runtime::{Session, Tensor};
use sapiens::skeleton;
use sapiens::spec::{HeatmapCodec, ModelFraming, NormalFrame, Rope, Task};
use sapiens::task::pose::Keypoint;
use sapiens::task::{albedo, matting, normal, pose, seg};
use testkit::golden_checkpoint;

const INPUT: Size = Size::new(96, 128);

/// fp32 rotary embedding: nothing is rounded to the other side between two ways of computing the same.
fn options() -> LoadOptions {
    common::library();
    LoadOptions { session: session_options(), input: Some(INPUT), rope: Some(Rope::Fp32), ..Default::default() }
}

fn source(name: &str) -> ModelSource {
    ModelSource::Path(golden_checkpoint(name))
}

fn engine(names: &[&str]) -> Engine {
    let sources: Vec<_> = names.iter().map(|n| source(n)).collect();
    Engine::load(&sources, &options(), &mut quiet).unwrap()
}

/// A person, in an image of another aspect ratio than the input.
fn picture() -> Image {
    let image = Image::open("assets/standing.jpg").unwrap();
    resize(&image, Size::new(200, 180), Interpolation::Area).unwrap()
}

const BOXES: [Rect; 3] = [
    Rect { x: 60.0, y: 10.0, width: 70.0, height: 160.0 },
    Rect { x: -20.0, y: 40.5, width: 90.0, height: 60.0 },
    Rect { x: 150.0, y: 100.0, width: 80.0, height: 100.0 },
];

/// The raw graph of a reference, and what the engine should make of it.
struct ByHand {
    session: Session,
    task: Task,
}

impl ByHand {
    fn new(name: &'static str) -> Self {
        let golden = Golden::open(name);
        let options = ConvertOptions { raw: true, rope: Some(Rope::Fp32), input: Some(INPUT), ..Default::default() };
        let converted = Converted::new(&golden.source, &options);
        Self { session: converted.session(), task: converted.info.tasks[0] }
    }

    fn framed(&self, image: &Image, bbox: Option<Rect>, framing: Framing) -> Framed {
        frame(image, bbox, INPUT, self.task, framing, ModelFraming::Official).unwrap()
    }

    fn raw(&self, pixels: &[u8]) -> Vec<Tensor> {
        run_floats(&self.session, &normalise(pixels, INPUT).unwrap(), INPUT, self.task.raw_outputs())
    }

    fn keypoints(&self, framed: &Framed) -> Vec<Keypoint> {
        let raw = self.raw(&framed.pixels);
        self.keypoints_from(raw[0].floats().unwrap(), framed)
    }

    fn keypoints_from(&self, heatmaps: &[f32], framed: &Framed) -> Vec<Keypoint> {
        let points = pose::decode(heatmaps, 308, Size::new(24, 32), INPUT, HeatmapCodec::Udp).unwrap();
        pose::to_image(&points, &framed.placement).unwrap()
    }

    /// A dense task's values in image space.
    fn dense(&self, framed: &Framed) -> Vec<f32> {
        let raw = self.raw(&framed.pixels);
        let (planes, placement) = (raw[0].floats().unwrap(), &framed.placement);
        match self.task {
            Task::Normal => flat(&normal::to_image(planes, placement, NormalFrame::Camera).unwrap()),
            Task::Albedo => flat(&albedo::to_image(planes, placement).unwrap()),
            Task::Matting => {
                let (foreground, alpha) = planes.split_at(3 * INPUT.area());
                flat_matte(&matting::to_image(alpha, foreground, placement).unwrap())
            }
            other => panic!("{other} is compared elsewhere"),
        }
    }
}

fn flat(image: &ndarray::Array3<f32>) -> Vec<f32> {
    image.iter().copied().collect()
}

fn flat_matte(matte: &matting::Matte) -> Vec<f32> {
    matte.alpha.iter().chain(&matte.foreground).copied().collect()
}

#[track_caller]
fn assert_same_pose(ours: &[Keypoint], other: &[Keypoint]) {
    assert_eq!((ours.len(), other.len()), (308, 308));
    // Random weights: now and then two peaks are equal within rounding, and the larger one changes.
    let moved = |(a, b): &(&Keypoint, &Keypoint)| (a.x - b.x).abs().max((a.y - b.y).abs()) > 0.05;
    let far = ours.iter().zip(other).filter(moved).count();
    assert!(far <= 3, "{far} of 308 keypoints differ");
    let scores = |k: &[Keypoint]| k.iter().map(|k| k.score).collect::<Vec<_>>();
    assert!(worst(&scores(ours), &scores(other)) <= 2e-4);
}

#[track_caller]
fn assert_near(ours: &[f32], other: &[f32], tolerance: f32) {
    let error = worst(ours, other);
    assert!(error <= tolerance, "{error}");
}

/// Normals of almost no length turn far for a small error: count those.
#[track_caller]
fn assert_same_normals(ours: &[f32], other: &[f32]) {
    assert_eq!(ours.len(), other.len());
    let far = ours.iter().zip(other).filter(|(a, b)| (**a - **b).abs() > 1e-3).count();
    assert!(far * 1000 <= ours.len(), "{far} of {} components differ", ours.len());
}

#[track_caller]
fn assert_same_labels(ours: &seg::SegMap, other: &seg::SegMap) {
    assert_eq!(ours.labels.dim(), other.labels.dim());
    let different = ours.labels.iter().zip(&other.labels).filter(|(a, b)| a != b).count();
    assert!(different * 1000 <= ours.labels.len(), "{different} labels differ");
    let values = |m: &seg::SegMap| m.confidence.iter().copied().collect::<Vec<_>>();
    assert_near(&values(ours), &values(other), 1e-3);
}

const ALL: [&str; 5] = ["pose", "seg", "normal", "albedo", "matting"];

#[test]
fn each_task_as_in_the_official_pipeline() {
    let (engine, image) = (engine(&ALL), picture());
    assert_eq!(engine.models().len(), 5);
    for boxes in [&BOXES[..0], &BOXES[..1], &BOXES[..]] {
        let result = engine.run(&image, &Request { boxes: boxes.to_vec(), ..Default::default() }).unwrap();
        assert_eq!((result.image, result.people.len()), (image.size(), boxes.len().max(1)));
        let by_hand = ByHand::new("pose");
        for (i, person) in result.people.iter().enumerate() {
            let bbox = boxes.get(i).copied();
            assert_eq!(person.bbox, bbox.unwrap_or(Rect::whole(image.size())));
            let framed = by_hand.framed(&image, bbox, Framing::Official);
            assert_same_pose(person.pose.as_ref().unwrap(), &by_hand.keypoints(&framed));
            assert!(person.maps.is_empty(), "whole-image tasks belong to the scene");
        }
        let (width, height) = (image.size().width, image.size().height);
        assert_eq!(result.scene.normal.as_ref().unwrap().dim(), (height, width, 3));
        assert_eq!(result.scene.seg.as_ref().unwrap().confidence.dim(), (height, width));
        assert!(result.scene.pointmap.is_none() && result.scene.features.is_none());
        check_dense(&result, &image);
    }
}

/// Labels are the argmax of the logits brought to image space, and every other map its own task's decode.
fn check_dense(result: &FrameResult, image: &Image) {
    let scene = &result.scene;
    let dense = |name| {
        let by_hand = ByHand::new(name);
        by_hand.dense(&by_hand.framed(image, None, Framing::Official))
    };
    assert_same_normals(&flat(scene.normal.as_ref().unwrap()), &dense("normal"));
    assert_near(&flat(scene.albedo.as_ref().unwrap()), &dense("albedo"), 1e-3);
    assert_near(&flat_matte(scene.matting.as_ref().unwrap()), &dense("matting"), 1e-3);
    let by_hand = ByHand::new("seg");
    let framed = by_hand.framed(image, None, Framing::Official);
    let raw = by_hand.raw(&framed.pixels);
    let labels = seg::labels_to_image(raw[0].floats().unwrap(), 29, &framed.placement).unwrap();
    assert_same_labels(scene.seg.as_ref().unwrap(), &labels);
}

#[test]
fn crop_framing_gives_every_task_the_same_crop() {
    let (engine, image) = (engine(&["pose", "seg", "normal"]), picture());
    let request = Request { boxes: BOXES.to_vec(), framing: Framing::Crop, ..Default::default() };
    let result = engine.run(&image, &request).unwrap();
    assert!(result.scene.is_empty() && result.people.len() == 3);
    let (pose, seg, normal) = (ByHand::new("pose"), ByHand::new("seg"), ByHand::new("normal"));
    for (person, bbox) in result.people.iter().zip(BOXES) {
        let framed = seg.framed(&image, Some(bbox), Framing::Crop);
        assert_eq!(framed, pose.framed(&image, Some(bbox), Framing::Official));
        assert_same_pose(person.pose.as_ref().unwrap(), &pose.keypoints(&framed));
        let raw = seg.raw(&framed.pixels);
        let labels = seg::labels_to_image(raw[0].floats().unwrap(), 29, &framed.placement).unwrap();
        assert_same_labels(person.maps.seg.as_ref().unwrap(), &labels);
        assert_same_normals(&flat(person.maps.normal.as_ref().unwrap()), &normal.dense(&framed));
    }
    // Without a box the crop of the whole image.
    let request = Request { framing: Framing::Crop, ..Default::default() };
    let result = engine.run(&image, &request).unwrap();
    assert!(result.scene.is_empty() && result.people.len() == 1 && result.people[0].maps.seg.is_some());
}

#[test]
fn the_flip_test_averages_with_the_mirrored_picture() {
    let image = picture();
    let options = LoadOptions { flip_test: true, ..options() };
    let engine = Engine::load(&[source("pose"), source("albedo")], &options, &mut quiet).unwrap();
    assert!(engine.models().iter().all(|model| model.flip_test()));
    let result = engine.run(&image, &Request { boxes: BOXES[..1].to_vec(), ..Default::default() }).unwrap();

    let by_hand = ByHand::new("pose");
    let framed = by_hand.framed(&image, Some(BOXES[0]), Framing::Official);
    let plain = by_hand.raw(&framed.pixels)[0].floats().unwrap().to_vec();
    let mirrored = by_hand.raw(&mirror(&framed.pixels, INPUT).unwrap())[0].floats().unwrap().to_vec();
    let (width, area) = (24, 24 * 32);
    let flip = &skeleton::keypoints().flip;
    let average = |i: usize| {
        let (k, y, x) = (i / area, i % area / width, i % width);
        0.5 * (plain[i] + mirrored[flip[k] * area + y * width + width - 1 - x])
    };
    let averaged: Vec<f32> = (0..plain.len()).map(average).collect();
    let ours = result.people[0].pose.as_ref().unwrap();
    assert_same_pose(ours, &by_hand.keypoints_from(&averaged, &framed));
    let without = by_hand.keypoints_from(&plain, &framed);
    assert!(ours.iter().zip(&without).filter(|(a, b)| (a.score - b.score).abs() > 1e-3).count() > 100);

    let by_hand = ByHand::new("albedo");
    let framed = by_hand.framed(&image, None, Framing::Official);
    let mut planes = by_hand.raw(&framed.pixels)[0].floats().unwrap().to_vec();
    let other = by_hand.raw(&mirror(&framed.pixels, INPUT).unwrap());
    albedo::average_flipped(&mut planes, other[0].floats().unwrap(), INPUT).unwrap();
    let expected = albedo::to_image(&planes, &framed.placement).unwrap();
    assert_near(&flat(result.scene.albedo.as_ref().unwrap()), &flat(&expected), 1e-3);
}
