//! Hands.

use super::flesh::{Figure, class, group};
use super::skeleton::{Joint, Side, finger_tip};
use crate::sdf::Primitive;

/// Radius of each finger at its root, for a hand of size 1.
const RADII: [f32; 5] = [0.0115, 0.0092, 0.0095, 0.009, 0.008];
/// Radii of the thumb's three bones at both ends.
const THUMB: [[f32; 2]; 3] = [[0.0155, 0.0115], [0.0115, 0.0105], [0.0105, 0.0095]];

/// Root, two knuckles and tip of a finger.
pub fn finger_points(f: &Figure, side: Side, finger: u8) -> [glam::Vec3; 4] {
    let size = f.look.shape.hands;
    let joint = |bone| f.posed.at(Joint::Finger(side, finger, bone));
    let tip = finger_tip(finger) * size;
    [joint(0), joint(1), joint(2), f.posed.point(Joint::Finger(side, finger, 2), tip.x, tip.y, tip.z)]
}

/// Adds a hand.
pub fn hand(f: &mut Figure, side: Side) {
    let (g, size, skin) = (side.sign(), f.look.shape.hands, f.parts.skin);
    let joint = Joint::Hand(side);
    let axes = f.axes(joint);
    let group_hand = group::HAND + side.index() as u16;
    let class_hand = class::hand(side);
    // Along the hand, towards the thumb, out of the palm.
    let at = |f: &Figure, along: f32, across: f32, out: f32| {
        f.posed.point(joint, -g * out * size, -along * size, across * size)
    };
    let palm = Primitive::cone(at(f, 0.008, 0., 0.), at(f, 0.062, 0., 0.), 0.028 * size, 0.038 * size, axes);
    let wrist = Primitive::cone(at(f, 0., 0., 0.), at(f, 0.02, 0., 0.), 0.0265 * size, 0.026 * size, axes);
    f.add(group_hand, class_hand, skin, palm.flattened(axes.x_axis, 2.3));
    f.add(group_hand, class_hand, skin, wrist.flattened(axes.x_axis, 1.3));
    for finger in 0..5u8 {
        let points = finger_points(f, side, finger);
        for bone in 0..3 {
            let [ra, rb] = match finger {
                0 => THUMB[bone],
                _ => {
                    let r = RADII[usize::from(finger)];
                    [r * (1.0 - 0.08 * bone as f32), r * (0.92 - 0.1 * bone as f32)]
                }
            };
            let bone_axes = f.axes(Joint::Finger(side, finger, bone as u8));
            let cone = Primitive::cone(points[bone], points[bone + 1], ra * size, rb * size, bone_axes);
            f.add(group_hand, class_hand, skin, cone);
        }
    }
}
