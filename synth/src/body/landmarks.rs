//! Where the 308 keypoints of a figure are.
//!
//! Those of the body come from the skeleton. Those of the face are laid out in head coordinates by the curves that paint
//! it, then cast onto the skin along a ray.

use super::face::Face;
use super::flesh::Figure;
use super::hands::finger_points;
use super::skeleton::{FINGERS, Joint, Side};
use glam::{Vec2, Vec3};
use once::index;
use std::f32::consts::{FRAC_PI_4, PI};

/// How a keypoint is found on the figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reach {
    /// At the point itself, which lies at most so far below the surface (metres).
    Inside(f32),
    /// Where a ray from the point along this direction meets the skin of the head.
    Cast(Vec3),
}

/// A keypoint on a figure, in body space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmark {
    /// Its index among the 308.
    pub index: usize,
    /// The point, or where the ray starts.
    pub at: Vec3,
    /// How it is found.
    pub reach: Reach,
}

mod once {
    use std::collections::HashMap;
    use std::sync::LazyLock;

    static INDEX: LazyLock<HashMap<&'static str, usize>> =
        LazyLock::new(|| sapiens::skeleton::keypoints().names.iter().enumerate().map(|(i, n)| (*n, i)).collect());

    /// Index of a keypoint.
    pub fn index(name: &str) -> usize {
        INDEX.get(name).copied().unwrap_or_else(|| panic!("`{name}` is no keypoint of the official set"))
    }
}

/// All 308, in order.
pub fn place(f: &Figure) -> Vec<Landmark> {
    let mut list = Vec::with_capacity(308);
    body(f, &mut list);
    face(f, &mut list);
    ears(f, &mut list);
    list.sort_by_key(|l| l.index);
    list
}

fn body(f: &Figure, list: &mut Vec<Landmark>) {
    let s = f.scale();
    let mut put = |name: String, at: Vec3, depth: f32| {
        list.push(Landmark { index: index(&name), at, reach: Reach::Inside(depth * s) });
    };
    put("neck".into(), f.posed.at(Joint::Neck), 0.12);
    for side in Side::BOTH {
        let (name, g) = (side.name(), side.sign());
        let (shoulder, elbow) = (f.posed.at(Joint::UpperArm(side)), f.posed.at(Joint::LowerArm(side)));
        put(format!("{name}_shoulder"), shoulder, 0.11);
        put(format!("{name}_elbow"), elbow, 0.08);
        put(format!("{name}_wrist"), f.posed.at(Joint::Hand(side)), 0.06);
        let (upper, lower) = (f.axes(Joint::UpperArm(side)), f.axes(Joint::LowerArm(side)));
        let back = (upper.z_axis * 0.6 + lower.z_axis * 0.4) * -0.04 * s;
        let front = (upper.z_axis + lower.z_axis) * 0.018 * s;
        put(format!("{name}_olecranon"), elbow + back, 0.05);
        put(format!("{name}_cubital_fossa"), elbow + front, 0.05);
        let chest = f.axes(Joint::Chest);
        put(format!("{name}_acromion"), shoulder + chest * Vec3::new(-g * 0.01, 0.055, 0.0) * s, 0.05);
        put(format!("{name}_hip"), f.posed.at(Joint::UpperLeg(side)), 0.14);
        put(format!("{name}_knee"), f.posed.at(Joint::LowerLeg(side)), 0.10);
        put(format!("{name}_ankle"), f.posed.at(Joint::Foot(side)), 0.09);
        let size = f.look.shape.feet;
        let foot = |x: f32, y: f32, z: f32| f.posed.point(Joint::Foot(side), g * x * size, y * size, z * size);
        put(format!("{name}_big_toe"), foot(-0.022, -0.06, 0.18), 0.06);
        put(format!("{name}_small_toe"), foot(0.038, -0.06, 0.145), 0.06);
        put(format!("{name}_heel"), foot(0.0, -0.05, -0.075), 0.06);
        for (finger, finger_name) in (0..5u8).zip(FINGERS) {
            let points = finger_points(f, side, finger);
            for (point, part) in points.into_iter().zip(["_third_joint", "2", "3", "4"]) {
                put(format!("{name}_{finger_name}{part}"), point, 0.028);
            }
        }
    }
}

/// Letters of the keypoints' names, and the sign of x.
const LETTERS: [(&str, f32); 2] = [("l", 1.0), ("r", -1.0)];

fn face(f: &Figure, list: &mut Vec<Landmark>) {
    let model = Face::new(f.look.face, f.pose.expression);
    let into = -f.head_axes().z_axis;
    let mut put = |name: &str, x: f32, y: f32| {
        let at = f.on_head(x, y, 0.16);
        list.push(Landmark { index: index(name), at, reach: Reach::Cast(into) });
    };
    for (letter, g) in LETTERS {
        eye(&model, letter, g, &mut put);
        for (name, share) in [("startpoint", 0.0), ("midpoint_1", 0.33), ("midpoint_2", 0.55), ("midpoint_3", 0.78)] {
            let x = g * (0.014 + 0.04 * share);
            let (y, half) = (model.brow(x), model.brow_half());
            put(&format!("upper_{name}_of_{letter}_eyebrow"), x, y + half);
            put(&format!("lower_{name}_of_{letter}_eyebrow"), x, y - half);
        }
        put(&format!("end_of_{letter}_eyebrow"), g * 0.054, model.brow(0.054));
        put(&format!("{letter}_outer_corner_of_nose"), g * 0.015, -0.030);
        put(&format!("inner_corner_of_{letter}_nostril"), g * 0.004, -0.034);
        put(&format!("outer_corner_of_{letter}_nostril"), g * 0.011, -0.034);
        put(&format!("upper_corner_of_{letter}_nostril"), g * 0.008, -0.030);
        let half = model.mouth_half();
        put(&format!("{letter}_outer_corner_of_mouth"), g * half, model.mouth_corner());
        put(&format!("{letter}_inner_corner_of_mouth"), g * half * 0.93, model.mouth_corner());
    }
    mouth(&model, &mut put);
    for (name, y) in [
        ("center_of_glabella", 0.030),
        ("center_of_nose_root", 0.014),
        ("midpoint_1_of_nose_bridge", 0.006),
        ("midpoint_2_of_nose_bridge", -0.004),
        ("midpoint_3_of_nose_bridge", -0.014),
        ("tip_of_nose_bridge", -0.024),
        ("tip_of_nose", -0.028),
        ("nose", -0.028),
        ("bottom_center_of_nose", -0.038),
        ("center_of_labiomental_groove", -0.078),
        ("tip_of_chin", -0.102),
    ] {
        put(name, 0.0, y);
    }
    put("left_eye", 0.032, 0.010);
    put("right_eye", -0.032, 0.010);
}

fn eye(model: &Face, letter: &str, g: f32, put: &mut impl FnMut(&str, f32, f32)) {
    // Shares of the way from the inner to the outer end.
    let shares = [
        ("inner_end", 0.0),
        ("outer_end", 1.0),
        ("centerpoint", 0.5),
        ("midpoint_2", 0.75),
        ("midpoint_1", 0.25),
        ("midpoint_6", 0.875),
        ("midpoint_5", 0.625),
        ("midpoint_4", 0.375),
        ("midpoint_3", 0.125),
    ];
    for (name, share) in shares {
        let x = g * (0.0165 + 0.031 * share);
        let lash = model.lash(share);
        let fold = (PI * share.clamp(0.06, 1.0)).sin();
        put(&format!("{letter}_{name}_of_upper_lash_line"), x, 0.010 + lash);
        put(&format!("{letter}_{name}_of_lower_lash_line"), x, 0.010 - lash);
        // The lid and crease lines of the official set have no inner end, the crease no outer one.
        if name != "inner_end" {
            put(&format!("{letter}_{name}_of_upper_eyelid_line"), x, 0.010 + lash + 0.0022 * fold);
            put(&format!("{letter}_{name}_of_lower_eyelid_line"), x, 0.010 - lash - 0.0015 * fold);
            if name != "outer_end" {
                put(&format!("{letter}_{name}_of_upper_crease_line"), x, 0.010 + lash + 0.0055 * fold);
            }
        }
    }
    let center = model.iris(g);
    let (iris, pupil) = Face::iris_radii();
    for (name, radius) in [("iris", iris), ("pupil", pupil)] {
        put(&format!("{letter}_center_of_{name}"), center.x, center.y);
        let hours = ["3", "midpoint_1", "12", "midpoint_4", "9", "midpoint_3", "6", "midpoint_2"];
        for (step, hour) in hours.into_iter().enumerate() {
            let p = center + radius * Vec2::from_angle(FRAC_PI_4 * step as f32);
            put(&format!("{letter}_border_of_{name}_{hour}"), p.x, p.y);
        }
    }
}

fn mouth(model: &Face, put: &mut impl FnMut(&str, f32, f32)) {
    // From the person's right corner to the left one.
    let shares = [
        ("midpoint_1", 0.25),
        ("midpoint_2", 0.75),
        ("midpoint_3", 0.125),
        ("midpoint_4", 0.375),
        ("midpoint_5", 0.625),
        ("midpoint_6", 0.875),
    ];
    for (edge, outer) in [("outer", true), ("inner", false)] {
        for (lip, upper) in [("upper", true), ("lower", false)] {
            for (name, share) in shares {
                let u = 2.0 * share - 1.0;
                put(&format!("{name}_of_{lip}_{edge}_lip"), u * model.mouth_half(), model.lip(u, upper, outer));
            }
        }
    }
    put("center_of_cupid_bow", 0.0, model.lip(0.0, true, true));
    put("center_of_lower_outer_lip", 0.0, model.lip(0.0, false, true));
    put("center_of_upper_inner_lip", 0.0, model.lip(0.0, true, false));
    put("center_of_lower_inner_lip", 0.0, model.lip(0.0, false, false));
}

/// Points of an ear: forward and up from its middle, for a head of size 1.
const EAR: [(&str, f32, f32); 18] = [
    ("top_end_of_inferior_crus", 0.006, 0.008),
    ("top_end_of_superior_crus", 0.003, 0.016),
    ("start_of_antihelix", -0.003, 0.006),
    ("end_of_antihelix", -0.002, -0.014),
    ("midpoint_1_of_antihelix", -0.006, 0.001),
    ("midpoint_1_of_inferior_crus", 0.002, 0.007),
    ("midpoint_2_of_antihelix", -0.007, -0.004),
    ("midpoint_3_of_antihelix", -0.006, -0.010),
    ("highest_point_of_antitragus", 0.001, -0.014),
    ("bottom_point_of_tragus", 0.009, -0.011),
    ("protruding_point_of_tragus", 0.007, -0.006),
    ("top_point_of_tragus", 0.010, -0.001),
    ("start_point_of_crus_of_helix", 0.006, 0.001),
    ("deepest_point_of_concha", 0.001, -0.004),
    ("tip_of_ear_lobe", 0.004, -0.028),
    ("midpoint_between_22_15", 0.008, -0.020),
    ("bottom_connecting_point_of_ear_lobe", 0.011, -0.024),
    ("top_connecting_point_of_helix", 0.012, 0.014),
];

fn ears(f: &Figure, list: &mut Vec<Landmark>) {
    let across = f.head_axes().x_axis;
    for (letter, g) in LETTERS {
        let mut put = |name: &str, forward: f32, up: f32| {
            let at = f.on_head(g * 0.16, up - 0.002, forward - 0.008);
            list.push(Landmark { index: index(name), at, reach: Reach::Cast(-g * across) });
        };
        for (name, forward, up) in EAR {
            put(&format!("{letter}_{name}"), forward, up);
        }
        for i in 1..=8 {
            let angle = (35.0 + (i - 1) as f32 * 26.0).to_radians();
            put(&format!("{letter}_point_{i}_of_inner_helix"), 0.013 * angle.cos(), 0.004 + 0.022 * angle.sin());
        }
        put(if g > 0.0 { "left_ear" } else { "right_ear" }, 0.0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Look, Pose};
    use crate::random::Random;

    #[test]
    fn every_keypoint_is_placed_once() {
        let mut random = Random::new(1);
        let (look, pose) = (Look::random(&mut random), Pose::random(&mut random));
        let figure = Figure::new(&look, &pose);
        let indices: Vec<usize> = figure.landmarks.iter().map(|l| l.index).collect();
        assert_eq!(indices, (0..308).collect::<Vec<_>>());
    }
}
