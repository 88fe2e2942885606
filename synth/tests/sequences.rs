//! Sequences: the same people in every frame, moving smoothly.

use synth::body::Performance;
use synth::render::render;
use synth::scene::Scene;
use synth::sequence::{Sequence, Story};
use synth::write::camera_noise;

const FPS: f32 = 30.0;

fn wrists(scene: &Scene) -> Vec<[f32; 3]> {
    let r = render(scene, &mut camera_noise(1));
    r.people.iter().map(|p| p.keypoints_3d[62]).collect()
}

#[test]
fn motion_is_smooth_in_the_labels() {
    let sequence = Sequence::new(3, Story::One(Performance::Gesture), 96, 96, 1.0);
    let frames: Vec<_> = (0..20).map(|i| wrists(&sequence.at(i as f32 / FPS))).collect();
    for pair in frames.windows(2) {
        let moved: f32 = (0..3).map(|k| (pair[1][0][k] - pair[0][0][k]).powi(2)).sum::<f32>().sqrt();
        assert!(moved * FPS < 8.0, "the wrist moves with {} m/s", moved * FPS);
    }
    assert_ne!(frames[0], frames[19], "somebody who gestures moves");
}

#[test]
fn two_people_cross_with_their_ids() {
    let sequence = Sequence::new(5, Story::Crossing, 320, 240, 3.0);
    let middle = |seconds: f32| -> Vec<(usize, f32)> {
        let scene = sequence.at(seconds);
        let r = render(&scene, &mut camera_noise(1));
        r.people.iter().map(|p| (p.id, p.keypoints[69][0])).collect()
    };
    let (first, last) = (middle(0.0), middle(3.0));
    assert_eq!(first.iter().map(|p| p.0).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(last.iter().map(|p| p.0).collect::<Vec<_>>(), [0, 1]);
    let (before, after) = (first[0].1 - first[1].1, last[0].1 - last[1].1);
    assert!(before * after < 0.0 && before.abs() > 60.0 && after.abs() > 60.0, "{before} {after}");
    let look = |scene: &Scene| scene.people.iter().map(|p| p.look.clone()).collect::<Vec<_>>();
    assert!(look(&sequence.at(0.0)) == look(&sequence.at(2.0)), "they keep their looks");
}
