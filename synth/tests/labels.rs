//! Labels are what the picture shows: held against each other and against geometry.

use glam::{Quat, Vec3};
use std::collections::HashMap;
use synth::render::{Rendered, render};
use synth::scene::{Camera, Layout, Scene, compose};
use synth::write::{camera_noise, is_useful};

const W: usize = 192;
const H: usize = 256;

fn rendered(seed: u64) -> (Scene, Rendered) {
    let scene = compose(seed, Layout::Person, W, H);
    let picture = render(&scene, &mut camera_noise(seed));
    (scene, picture)
}

fn seeds() -> impl Iterator<Item = (Scene, Rendered)> {
    (500..524).map(rendered).filter(|(_, r)| is_useful(r))
}

fn point(camera: &Camera, r: &Rendered, x: usize, y: usize) -> Vec3 {
    camera.ray(x as f32, y as f32) * r.depth[y * r.width + x]
}

#[test]
fn a_seed_gives_the_same_picture_on_any_number_of_threads() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| rendered(7).1);
    let many = rayon::ThreadPoolBuilder::new().num_threads(5).build().unwrap().install(|| rendered(7).1);
    assert!(alone.rgb == many.rgb && alone.classes == many.classes && alone.depth == many.depth);
    assert!(alone.rgb != rendered(8).1.rgb, "another seed is another picture");
}

#[test]
fn normals_are_those_of_the_depth_and_face_the_camera() {
    let (mut angles, mut facing, mut count) = (Vec::new(), 0usize, 0usize);
    for (scene, r) in seeds() {
        for y in 1..H - 1 {
            for x in 1..W - 1 {
                let i = y * W + x;
                if r.classes[i] == 0 {
                    continue;
                }
                count += 1;
                let p = point(&scene.camera, &r, x, y);
                facing += usize::from(r.normals[i].dot(p) <= 1e-3 * p.length());
                assert!((r.normals[i].length() - 1.0).abs() < 1e-3);
                let near = [i - 1, i + 1, i - W, i + W];
                // Inside one surface: no step of the depth around the pixel.
                let step = 2.5 * r.depth[i] / scene.camera.focal;
                if near.iter().any(|&j| r.classes[j] != r.classes[i] || (r.depth[j] - r.depth[i]).abs() > step) {
                    continue;
                }
                let along = point(&scene.camera, &r, x + 1, y) - point(&scene.camera, &r, x - 1, y);
                let down = point(&scene.camera, &r, x, y + 1) - point(&scene.camera, &r, x, y - 1);
                let numeric = down.cross(along).normalize();
                angles.push(numeric.dot(r.normals[i]).clamp(-1.0, 1.0).acos().to_degrees());
            }
        }
    }
    angles.sort_by(f32::total_cmp);
    let median = angles[angles.len() / 2];
    assert!(angles.len() > 50_000 && median < 4.0, "median {median} degrees over {}", angles.len());
    assert!(facing as f32 > 0.999 * count as f32, "{facing} of {count} face the camera");
}

#[test]
fn keypoints_lie_where_their_points_in_space_are_seen() {
    for (scene, r) in seeds() {
        for person in &r.people {
            assert_eq!((person.keypoints.len(), person.keypoints_3d.len()), (308, 308));
            for (k, p) in person.keypoints.iter().zip(&person.keypoints_3d) {
                let at = scene.camera.project(Vec3::from(*p));
                if k[2] > 0.0 {
                    assert!((at.x - k[0]).abs() < 0.05 && (at.y - k[1]).abs() < 0.05);
                    assert!((0.0..W as f32).contains(&k[0].round()) && (0.0..H as f32).contains(&k[1].round()));
                }
            }
        }
    }
}

#[test]
fn visible_keypoints_lie_on_their_part_of_the_body() {
    let index: HashMap<_, _> = sapiens::skeleton::keypoints().names.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    // Keypoint, and the classes in which it may lie: its own part and what can cover it.
    let expected: [(&str, &[u8]); 6] = [
        ("left_forefinger3", &[6]),
        ("right_forefinger3", &[15]),
        ("tip_of_nose", &[3]),
        ("left_eye", &[3, 2]),
        ("left_big_toe", &[5, 9, 10]),
        ("right_big_toe", &[14, 18, 19]),
    ];
    let (mut right, mut total) = (0, 0);
    for (_, r) in seeds() {
        for (name, classes) in expected {
            let [x, y, v] = r.people[0].keypoints[index[name]];
            if v == 2.0 {
                total += 1;
                right += usize::from(classes.contains(&r.classes[y.round() as usize * W + x.round() as usize]));
            }
        }
    }
    assert!(total > 40 && right as f32 > 0.85 * total as f32, "{right} of {total}");
}

#[test]
fn boxes_are_those_of_the_pixels_and_alpha_those_of_the_classes() {
    for (_, r) in seeds() {
        for (a, c) in r.alpha.iter().zip(&r.classes) {
            assert!((0.0..=1.0).contains(a) && (*a >= 0.5) == (*c > 0), "alpha {a} class {c}");
        }
        let area: f32 = r.people.iter().map(|p| p.area).sum();
        assert_eq!(area as usize, r.classes.iter().filter(|c| **c > 0).count());
        let [x, y, w, h] = r.people[0].bbox;
        assert!(x >= 0.0 && y >= 0.0 && x + w <= W as f32 && y + h <= H as f32);
        assert!(r.people[0].area <= w * h && r.people[0].area > 0.1 * w * h);
    }
}

#[test]
fn joint_rotations_lead_from_the_rest_pose_to_the_positions() {
    for (scene, r) in seeds() {
        for (label, person) in r.people.iter().zip(&scene.people) {
            let index: HashMap<&str, usize> =
                label.joints.iter().enumerate().map(|(i, j)| (j.name.as_str(), i)).collect();
            let mut frames: Vec<(Vec3, Quat)> = Vec::new();
            for (joint, label) in synth::body::Joint::all().zip(&label.joints) {
                let own = Quat::from_array(label.rotation);
                let frame = match &label.parent {
                    None => (Vec3::from(label.position), own),
                    Some(parent) => {
                        let (at, turn) = frames[index[parent.as_str()]];
                        (at + turn * joint.offset(&person.look.shape), turn * own)
                    }
                };
                assert!(frame.0.distance(label.position.into()) < 2e-3, "{}", label.name);
                frames.push(frame);
            }
        }
    }
}
