//! The skeleton: 51 joints, and forward kinematics.
//!
//! Body space: x to the person's left, y up, z forward, metres, the pelvis at the origin. In the rest pose the arms and
//! legs hang straight down, palms inwards, and every joint's axes are those of the body; a joint's rotation turns
//! everything below it.

use super::pose::Pose;
use super::shape::Shape;
use glam::{Affine3A, Mat3, Quat, Vec3};

/// Left or right of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Towards +x.
    Left,
    /// Towards -x.
    Right,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// +1 for left, -1 for right: the sign of x.
    pub fn sign(self) -> f32 {
        match self {
            Self::Left => 1.0,
            Self::Right => -1.0,
        }
    }

    /// `left` or `right`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }

    /// 0 for left, 1 for right.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Thumb to little finger, by the names of the keypoints.
pub const FINGERS: [&str; 5] = ["thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger"];

/// A joint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Joint {
    /// The root.
    Pelvis,
    /// Between pelvis and chest.
    Abdomen,
    /// Carries neck and clavicles.
    Chest,
    /// Base of the neck.
    Neck,
    /// Top of the neck.
    Head,
    /// At the breastbone.
    Clavicle(Side),
    /// Shoulder.
    UpperArm(Side),
    /// Elbow.
    LowerArm(Side),
    /// Wrist.
    Hand(Side),
    /// Finger 0 (thumb) to 4, bone 0 (at the palm) to 2.
    Finger(Side, u8, u8),
    /// Hip.
    UpperLeg(Side),
    /// Knee.
    LowerLeg(Side),
    /// Ankle.
    Foot(Side),
    /// Ball of the foot.
    Toes(Side),
}

const SIDE_JOINTS: usize = 4 + 15 + 4;
/// How many there are.
pub const JOINT_COUNT: usize = 5 + 2 * SIDE_JOINTS;

impl Joint {
    /// All of them, parents first.
    pub fn all() -> impl Iterator<Item = Self> {
        let side =
            |s: Side| {
                let fingers = (0..5).flat_map(move |f| (0..3).map(move |b| Self::Finger(s, f, b)));
                [Self::Clavicle(s), Self::UpperArm(s), Self::LowerArm(s), Self::Hand(s)]
                    .into_iter()
                    .chain(fingers)
                    .chain([Self::UpperLeg(s), Self::LowerLeg(s), Self::Foot(s), Self::Toes(s)])
            };
        [Self::Pelvis, Self::Abdomen, Self::Chest, Self::Neck, Self::Head]
            .into_iter()
            .chain(side(Side::Left))
            .chain(side(Side::Right))
    }

    /// Position in [`Joint::all`].
    pub fn index(self) -> usize {
        let at = |side: Side, i: usize| 5 + side.index() * SIDE_JOINTS + i;
        match self {
            Self::Pelvis => 0,
            Self::Abdomen => 1,
            Self::Chest => 2,
            Self::Neck => 3,
            Self::Head => 4,
            Self::Clavicle(s) => at(s, 0),
            Self::UpperArm(s) => at(s, 1),
            Self::LowerArm(s) => at(s, 2),
            Self::Hand(s) => at(s, 3),
            Self::Finger(s, finger, bone) => at(s, 4 + usize::from(finger) * 3 + usize::from(bone)),
            Self::UpperLeg(s) => at(s, 19),
            Self::LowerLeg(s) => at(s, 20),
            Self::Foot(s) => at(s, 21),
            Self::Toes(s) => at(s, 22),
        }
    }

    /// The joint it hangs on.
    pub fn parent(self) -> Option<Self> {
        Some(match self {
            Self::Pelvis => return None,
            Self::Abdomen | Self::UpperLeg(_) => Self::Pelvis,
            Self::Chest => Self::Abdomen,
            Self::Neck | Self::Clavicle(_) => Self::Chest,
            Self::Head => Self::Neck,
            Self::UpperArm(s) => Self::Clavicle(s),
            Self::LowerArm(s) => Self::UpperArm(s),
            Self::Hand(s) => Self::LowerArm(s),
            Self::Finger(s, _, 0) => Self::Hand(s),
            Self::Finger(s, finger, bone) => Self::Finger(s, finger, bone - 1),
            Self::LowerLeg(s) => Self::UpperLeg(s),
            Self::Foot(s) => Self::LowerLeg(s),
            Self::Toes(s) => Self::Foot(s),
        })
    }

    /// A name such as `left_lower_arm`.
    pub fn name(self) -> String {
        let plain = |name: &str| name.to_string();
        let sided = |side: Side, name: &str| format!("{}_{name}", side.name());
        match self {
            Self::Pelvis => plain("pelvis"),
            Self::Abdomen => plain("abdomen"),
            Self::Chest => plain("chest"),
            Self::Neck => plain("neck"),
            Self::Head => plain("head"),
            Self::Clavicle(s) => sided(s, "clavicle"),
            Self::UpperArm(s) => sided(s, "upper_arm"),
            Self::LowerArm(s) => sided(s, "lower_arm"),
            Self::Hand(s) => sided(s, "hand"),
            Self::Finger(s, f, bone) => format!("{}_{}_{}", s.name(), FINGERS[usize::from(f)], bone + 1),
            Self::UpperLeg(s) => sided(s, "upper_leg"),
            Self::LowerLeg(s) => sided(s, "lower_leg"),
            Self::Foot(s) => sided(s, "foot"),
            Self::Toes(s) => sided(s, "toes"),
        }
    }

    /// Where it lies in its parent's frame, in metres.
    pub fn offset(self, shape: &Shape) -> Vec3 {
        let (s, hand, foot) = (shape.scale, shape.hands, shape.feet);
        match self {
            Self::Pelvis => Vec3::ZERO,
            Self::Abdomen => Vec3::new(0.0, 0.10, 0.0) * s,
            Self::Chest => Vec3::new(0.0, 0.12, 0.0) * s,
            Self::Neck => Vec3::new(0.0, 0.275, -0.012) * s,
            Self::Head => Vec3::new(0.0, 0.075, 0.008) * s,
            Self::Clavicle(side) => Vec3::new(side.sign() * 0.02, 0.225, 0.0) * s,
            Self::UpperArm(side) => Vec3::new(side.sign() * (0.175 * shape.shoulders - 0.02), -0.010, -0.012) * s,
            Self::LowerArm(_) => Vec3::new(0.0, -0.285 * shape.arms, 0.0) * s,
            Self::Hand(_) => Vec3::new(0.0, -0.25 * shape.arms, 0.0) * s,
            Self::Finger(side, finger, bone) => finger_offset(side, finger, bone) * hand,
            Self::UpperLeg(side) => Vec3::new(side.sign() * 0.09 * shape.hips, -0.03, 0.0) * s,
            Self::LowerLeg(_) => Vec3::new(0.0, -0.42 * shape.legs, 0.0) * s,
            Self::Foot(_) => Vec3::new(0.0, -0.41 * shape.legs, 0.0) * s,
            Self::Toes(_) => Vec3::new(0.0, -0.060, 0.125) * foot,
        }
    }
}

/// Along the hand, across it towards the thumb, out of the palm: where the fingers begin.
const FINGER_ROOTS: [[f32; 3]; 5] =
    [[0.022, 0.022, 0.006], [0.088, 0.030, 0.0], [0.092, 0.010, 0.0], [0.088, -0.010, 0.0], [0.080, -0.029, 0.0]];
/// Lengths of the first two bones.
const FINGER_BONES: [[f32; 2]; 5] =
    [[0.046, 0.035], [0.0385, 0.0246], [0.0423, 0.027], [0.039, 0.0249], [0.031, 0.0198]];
/// Length of the last bone.
const FINGER_TIPS: [f32; 5] = [0.029, 0.0189, 0.0207, 0.0191, 0.0152];

fn finger_offset(side: Side, finger: u8, bone: u8) -> Vec3 {
    let finger = usize::from(finger);
    match bone {
        0 => {
            let [along, across, out] = FINGER_ROOTS[finger];
            // Palms face inwards, thumbs forward.
            Vec3::new(-side.sign() * out, -along, across)
        }
        _ => Vec3::new(0.0, -FINGER_BONES[finger][usize::from(bone) - 1], 0.0),
    }
}

/// Tip of a finger in the frame of its last bone, for a hand of size 1.
pub fn finger_tip(finger: u8) -> Vec3 {
    Vec3::new(0.0, -FINGER_TIPS[usize::from(finger)], 0.0)
}

/// Where all joints are.
#[derive(Debug, Clone)]
pub struct Posed {
    frames: Vec<Affine3A>,
}

impl Posed {
    /// Forward kinematics.
    pub fn new(shape: &Shape, pose: &Pose) -> Self {
        let mut frames: Vec<Affine3A> = Vec::with_capacity(JOINT_COUNT);
        for joint in Joint::all() {
            let local = Affine3A::from_rotation_translation(pose.rotation(joint), joint.offset(shape));
            let frame = match joint.parent() {
                Some(parent) => frames[parent.index()] * local,
                None => Affine3A::from_rotation_translation(pose.rotation(joint), pose.root),
            };
            frames.push(frame);
        }
        Self { frames }
    }

    /// Position of a joint.
    pub fn at(&self, joint: Joint) -> Vec3 {
        self.frames[joint.index()].translation.into()
    }

    /// Axes of a joint, as columns.
    pub fn axes(&self, joint: Joint) -> Mat3 {
        self.frames[joint.index()].matrix3.into()
    }

    /// A point given in a joint's frame.
    pub fn point(&self, joint: Joint, x: f32, y: f32, z: f32) -> Vec3 {
        self.frames[joint.index()].transform_point3(Vec3::new(x, y, z))
    }

    /// Rotation of a joint from its rest pose, in body space.
    pub fn rotation(&self, joint: Joint) -> Quat {
        Quat::from_mat3(&self.axes(joint)).normalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn joints_are_numbered_in_order_and_parents_come_first() {
        let joints: Vec<Joint> = Joint::all().collect();
        assert_eq!(joints.len(), JOINT_COUNT);
        for (i, joint) in joints.iter().enumerate() {
            assert_eq!(joint.index(), i, "{}", joint.name());
            assert!(joint.parent().is_none_or(|p| p.index() < i), "{}", joint.name());
        }
        let mut names: Vec<String> = joints.iter().map(|j| j.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), JOINT_COUNT);
    }

    #[test]
    fn bones_keep_their_length_in_every_pose() {
        let mut random = Random::new(5);
        for _ in 0..50 {
            let shape = Shape::random(&mut random);
            let pose = Pose::random(&mut random);
            let posed = Posed::new(&shape, &pose);
            for joint in Joint::all() {
                if let Some(parent) = joint.parent() {
                    let length = posed.at(joint).distance(posed.at(parent));
                    assert!((length - joint.offset(&shape).length()).abs() < 1e-4, "{}", joint.name());
                }
            }
        }
    }

    #[test]
    fn a_bent_elbow_brings_the_hand_forward() {
        let mut pose = Pose::default();
        pose.turn(Joint::LowerArm(Side::Left), Quat::from_rotation_x(-1.57));
        let shape = Shape::random(&mut Random::new(1));
        let posed = Posed::new(&shape, &pose);
        let (elbow, wrist) = (posed.at(Joint::LowerArm(Side::Left)), posed.at(Joint::Hand(Side::Left)));
        assert!(wrist.z - elbow.z > 0.15 && (wrist.y - elbow.y).abs() < 0.01 && elbow.x > 0.1);
    }
}
