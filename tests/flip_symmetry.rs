//! With the flip test on, the result for a mirrored picture is the mirrored result: every task, through one backbone.

mod common;

use common::{quiet, session_options, stored_picture};
use ndarray::{Array2, Array3, ArrayBase, Axis, Dimension, OwnedRepr};
use sapiens::engine::{Engine, FrameResult, LoadOptions, ModelSource, Request};
use sapiens::image::Image;
use sapiens::preprocess::mirror;
use sapiens::skeleton;
use testkit::Expected;

fn run(image: &Image, flip_test: bool) -> FrameResult {
    common::library();
    let options = LoadOptions { session: session_options(), flip_test, ..Default::default() };
    let engine = Engine::load(&[ModelSource::Demo], &options, &mut quiet).unwrap();
    let result = engine.run(image, &Request::default()).unwrap();
    assert_eq!(result.timings.iter().filter(|t| t.stage.starts_with("backbone")).count(), 1);
    result
}

/// Mirrored along x.
fn mirrored<T: Clone, D: Dimension>(map: &ArrayBase<OwnedRepr<T>, D>) -> ArrayBase<OwnedRepr<T>, D> {
    let mut map = map.clone();
    map.invert_axis(Axis(1));
    map
}

fn difference<D: Dimension>(a: &ArrayBase<OwnedRepr<f32>, D>, b: &ArrayBase<OwnedRepr<f32>, D>) -> f32 {
    assert_eq!(a.shape(), b.shape());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |m, d| if d <= m { m } else { d })
}

/// Vectors of a mirrored world: x changes its sign.
fn negated_x(map: &Array3<f32>) -> Array3<f32> {
    let mut map = mirrored(map);
    map.index_axis_mut(Axis(2), 0).mapv_inplace(|v| -v);
    map
}

/// Largest differences between a result and what mirroring the result of the mirrored picture gives.
fn asymmetry(result: &FrameResult, other: &FrameResult) -> Vec<(&'static str, f32)> {
    let (scene, other_scene) = (&result.scene, &other.scene);
    let (pose, other_pose) = (result.people[0].pose.as_ref().unwrap(), other.people[0].pose.as_ref().unwrap());
    let flip = &skeleton::keypoints().flip;
    let last = result.image.width as f32 - 1.0;
    let pairs: Vec<_> = pose.iter().enumerate().map(|(i, k)| (k, &other_pose[flip[i]])).collect();
    // The mixed derivative of the official refinement looks along one diagonal only, so positions agree but for that.
    let moved = pairs.iter().filter(|(k, m)| (k.x - (last - m.x)).abs().max((k.y - m.y).abs()) > 2.0).count();
    let scores = pairs.iter().map(|(k, m)| (k.score - m.score).abs()).fold(0.0, f32::max);
    let classes = skeleton::class_flip();
    let (seg, other_seg) = (scene.seg.as_ref().unwrap(), other_scene.seg.as_ref().unwrap());
    let swapped: Array2<u8> = mirrored(&other_seg.labels).mapv(|label| classes[usize::from(label)]);
    let labels = seg.labels.iter().zip(&swapped).filter(|(a, b)| a != b).count() as f32;
    let (normal, points) = (scene.normal.as_ref().unwrap(), scene.pointmap.as_ref().unwrap());
    let (matte, other_matte) = (scene.matting.as_ref().unwrap(), other_scene.matting.as_ref().unwrap());
    vec![
        ("keypoints that moved", moved as f32 / 308.0),
        ("scores", scores),
        ("labels that differ", labels / seg.labels.len() as f32),
        ("normal", difference(normal, &negated_x(other_scene.normal.as_ref().unwrap()))),
        ("points", difference(points, &negated_x(other_scene.pointmap.as_ref().unwrap()))),
        ("albedo", difference(scene.albedo.as_ref().unwrap(), &mirrored(other_scene.albedo.as_ref().unwrap()))),
        ("alpha", difference(&matte.alpha, &mirrored(&other_matte.alpha))),
        ("foreground", difference(&matte.foreground, &mirrored(&other_matte.foreground))),
    ]
}

#[test]
fn a_mirrored_picture_gives_the_mirrored_result() {
    let picture = stored_picture(&Expected::open(testkit::data_dir().join("demo/demo_bundle.expected.safetensors")));
    let size = picture.size();
    let other = Image::from_rgb8(size, mirror(picture.pixels(), size).unwrap()).unwrap();
    let with = asymmetry(&run(&picture, true), &run(&other, true));
    let without = asymmetry(&run(&picture, false), &run(&other, false));
    for ((name, with), (_, without)) in with.iter().zip(&without) {
        println!("{name}: {with:.1e} with the flip test, {without:.1e} without");
        assert!(*with <= 1e-4, "{name}: {with}");
        // The model itself is not symmetric: the flip test has something to do.
        assert!(without > with, "{name}: {without}");
    }
}
