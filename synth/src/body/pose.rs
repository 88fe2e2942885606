//! Poses: a rotation per joint, and the families they are drawn from.

use super::gesture::{ArmPose, HandPose, LegPose, set_arm, set_hand, set_leg};
use super::skeleton::{JOINT_COUNT, Joint, Side};
use crate::random::Random;
use glam::{Quat, Vec3};

/// What the face does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expression {
    /// Height of the open mouth in metres for a head of size 1; 0 closed.
    pub mouth_open: f32,
    /// How far the tongue shows, 0 to 1.
    pub tongue: f32,
    /// 1 wide awake, below 0.1 closed.
    pub eyes_open: f32,
    /// -1 to 1.
    pub brows_up: f32,
    /// -0.5 to 1.
    pub smile: f32,
    /// -1 to 1: where the eyes look, towards the person's left.
    pub gaze: f32,
}

impl Default for Expression {
    fn default() -> Self {
        Self { mouth_open: 0.0, tongue: 0.0, eyes_open: 1.0, brows_up: 0.0, smile: 0.0, gaze: 0.0 }
    }
}

impl Expression {
    /// Some expression.
    pub fn random(random: &mut Random) -> Self {
        let open = random.chance(0.4);
        Self {
            mouth_open: if open { random.uniform(0.004, 0.032) } else { 0.0 },
            tongue: if open && random.chance(0.35) { random.uniform(0.2, 1.0) } else { 0.0 },
            eyes_open: if random.chance(0.06) { 0.05 } else { random.uniform(0.6, 1.25) },
            brows_up: random.uniform(-0.7, 1.0),
            smile: random.uniform(-0.4, 1.0),
            gaze: random.uniform(-0.8, 0.8),
        }
    }
}

/// A kind of pose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Upright, arms down.
    Standing,
    /// A step.
    Walking,
    /// A long step, arms bent.
    Running,
    /// One or both arms above the shoulders.
    ArmsUp,
    /// Hands on the hips.
    HandsOnHips,
    /// On a chair.
    Sitting,
    /// Knees and hips bent.
    Crouching,
    /// On one or both knees.
    Kneeling,
    /// In the air.
    Jumping,
    /// Arms folded.
    ArmsCrossed,
    /// Arms out to the sides.
    TPose,
    /// A hand at the face or at the ear.
    HandsNearFace,
    /// Bent forward.
    Bending,
    /// Anything the joints allow.
    Free,
}

impl Family {
    /// Every family and how often it is drawn.
    pub const WEIGHTS: [(Self, f32); 14] = [
        (Self::Standing, 0.22),
        (Self::Walking, 0.13),
        (Self::Running, 0.05),
        (Self::ArmsUp, 0.09),
        (Self::HandsOnHips, 0.07),
        (Self::Sitting, 0.10),
        (Self::Crouching, 0.03),
        (Self::Kneeling, 0.02),
        (Self::Jumping, 0.02),
        (Self::ArmsCrossed, 0.05),
        (Self::TPose, 0.03),
        (Self::HandsNearFace, 0.07),
        (Self::Bending, 0.03),
        (Self::Free, 0.09),
    ];
}

/// A pose.
#[derive(Debug, Clone, PartialEq)]
pub struct Pose {
    /// Position of the pelvis in body space; moves with the person in a sequence.
    pub root: Vec3,
    rotations: Vec<Quat>,
    /// The face.
    pub expression: Expression,
}

impl Default for Pose {
    fn default() -> Self {
        Self { root: Vec3::ZERO, rotations: vec![Quat::IDENTITY; JOINT_COUNT], expression: Expression::default() }
    }
}

impl Pose {
    /// Rotation of a joint against its parent.
    pub fn rotation(&self, joint: Joint) -> Quat {
        self.rotations[joint.index()]
    }

    /// Sets it.
    pub fn turn(&mut self, joint: Joint, rotation: Quat) {
        self.rotations[joint.index()] = rotation;
    }

    /// Between two poses, 0 to 1.
    pub fn blend(&self, other: &Self, t: f32) -> Self {
        let mut rotations = self.rotations.clone();
        for (a, b) in rotations.iter_mut().zip(&other.rotations) {
            *a = a.slerp(*b, t);
        }
        let (a, b) = (self.expression, other.expression);
        let mix = |x: f32, y: f32| x + (y - x) * t;
        let expression = Expression {
            mouth_open: mix(a.mouth_open, b.mouth_open),
            tongue: mix(a.tongue, b.tongue),
            eyes_open: mix(a.eyes_open, b.eyes_open),
            brows_up: mix(a.brows_up, b.brows_up),
            smile: mix(a.smile, b.smile),
            gaze: mix(a.gaze, b.gaze),
        };
        Self { root: self.root.lerp(other.root, t), rotations, expression }
    }

    /// A pose of a random family.
    pub fn random(random: &mut Random) -> Self {
        let family = random.weighted(&Family::WEIGHTS);
        Self::of(family, random)
    }

    /// A pose of a family.
    pub fn of(family: Family, random: &mut Random) -> Self {
        let mut pose = Self { expression: Expression::random(random), ..Self::default() };
        trunk(&mut pose, family, random);
        arms(&mut pose, family, random);
        legs(&mut pose, family, random);
        for side in Side::BOTH {
            let hand = HandPose::random(random);
            set_hand(&mut pose, side, &hand);
        }
        pose
    }
}

fn trunk(pose: &mut Pose, family: Family, random: &mut Random) {
    let mut bend = random.normal(0.0, 6.0);
    bend += match family {
        Family::Crouching => 30.0,
        Family::Running => 12.0,
        Family::Bending => random.uniform(25.0, 75.0),
        Family::Free if random.chance(0.3) => random.uniform(0.0, 50.0),
        _ => 0.0,
    };
    let (side, twist) = (random.normal_in(0.0, 5.0, -20.0, 20.0), random.normal_in(0.0, 8.0, -30.0, 30.0));
    let half = |twist: f32| degrees(bend * 0.5, twist, side * 0.5);
    pose.turn(Joint::Abdomen, half(twist * 0.4));
    pose.turn(Joint::Chest, half(twist * 0.6));
    let yaw = random.normal_in(0.0, 22.0, -65.0, 65.0);
    pose.turn(Joint::Neck, degrees(random.normal_in(8.0, 5.0, -10.0, 25.0), yaw * 0.4, 0.0));
    let pitch = random.normal_in(-4.0, 12.0, -35.0, 30.0) - (bend * 0.5).min(35.0);
    pose.turn(Joint::Head, degrees(pitch, yaw * 0.6, random.normal_in(0.0, 6.0, -20.0, 20.0)));
}

fn arms(pose: &mut Pose, family: Family, random: &mut Random) {
    use ArmPose::{Any, Behind, Crossed, Down, Face, Forward, Hip, Lap, Out, Overhead, Swing, Up};
    let mut kinds = match family {
        Family::Standing => [Down, Down],
        Family::Walking => [Swing, Swing],
        Family::Running => [ArmPose::Pumping, ArmPose::Pumping],
        Family::ArmsUp if random.chance(0.5) => [Up, Down],
        Family::ArmsUp => [Up, Up],
        Family::HandsOnHips => [Hip, Hip],
        Family::Sitting => [Lap, Lap],
        Family::Crouching | Family::Kneeling | Family::Bending => [Forward, Forward],
        Family::Jumping => [Up, Out],
        Family::ArmsCrossed => [Crossed, Crossed],
        Family::TPose => [Out, Out],
        Family::HandsNearFace if random.chance(0.5) => [Face, Face],
        Family::HandsNearFace => [Face, Down],
        Family::Free => [Any, Any],
    };
    if random.chance(0.3) {
        kinds[random.int(0, 2)] = random.pick(&[Down, Any, Forward, Hip, Up, Overhead, Behind]);
    }
    if random.chance(0.5) {
        kinds.swap(0, 1);
    }
    for (side, kind) in Side::BOTH.into_iter().zip(kinds) {
        set_arm(pose, side, kind, random);
    }
}

fn legs(pose: &mut Pose, family: Family, random: &mut Random) {
    // Where in the step the left leg is; the right is half a step on.
    let phase = random.uniform(-1.0, 1.0);
    let front = random.chance(0.5);
    for side in Side::BOTH {
        let swing = phase * side.sign();
        let leads = (side == Side::Left) == front;
        let kind = match family {
            Family::Sitting => LegPose::Sit,
            Family::Crouching => LegPose::Squat,
            Family::Kneeling if leads => LegPose::HalfKneel,
            Family::Kneeling => LegPose::Kneel,
            Family::Walking => LegPose::Step(swing),
            Family::Running => LegPose::Stride(swing),
            Family::Jumping => LegPose::Tucked,
            Family::Free => LegPose::Any,
            _ => LegPose::Stand,
        };
        set_leg(pose, side, kind, random);
    }
}

/// Rotation about z, then x, then y of the turning frame, in degrees, as one speaks of joints: `bend` forward about x,
/// `twist` about y, `tilt` about z.
pub fn degrees(bend: f32, twist: f32, tilt: f32) -> Quat {
    Quat::from_rotation_z(tilt.to_radians())
        * Quat::from_rotation_x(bend.to_radians())
        * Quat::from_rotation_y(twist.to_radians())
}
