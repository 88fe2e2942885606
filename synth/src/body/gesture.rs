//! What arms, legs and hands do, in anatomical angles held within the limits of the joints.

use super::pose::{Pose, degrees};
use super::skeleton::{Joint, Side};
use crate::random::Random;
use glam::Quat;

/// What an arm does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmPose {
    /// Hanging.
    Down,
    /// Swinging along with a step.
    Swing,
    /// Bent, as runners do.
    Pumping,
    /// Raised sideways.
    Up,
    /// Raised forwards, up to overhead.
    Overhead,
    /// The hand on the hip.
    Hip,
    /// Folded over the chest.
    Crossed,
    /// Out to the side.
    Out,
    /// The hand at the face.
    Face,
    /// Reaching forward.
    Forward,
    /// The hand in the lap.
    Lap,
    /// Behind the back.
    Behind,
    /// Anything.
    Any,
}

/// Angles of an arm in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmAngles {
    /// Away from the trunk, sideways: 0 to 170.
    pub abduction: f32,
    /// Forward: -50 to 170.
    pub flexion: f32,
    /// About its own axis, inwards: -90 to 90.
    pub rotation: f32,
    /// Elbow: 0 to 148.
    pub elbow: f32,
    /// Turn of the lower arm, palm backwards: -90 to 90.
    pub pronation: f32,
}

impl ArmAngles {
    /// Angles for a kind.
    pub fn random(kind: ArmPose, random: &mut Random) -> Self {
        let ranges = match kind {
            ArmPose::Down => {
                let elbow = random.normal(0.0, 22.0).abs() + 4.0;
                return Self {
                    elbow,
                    ..Self::between(random, [(4., 25.), (-20., 25.), (-20., 30.), (0., 1.), (-40., 70.)])
                }
                .limited();
            }
            ArmPose::Swing => [(4., 18.), (-45., 50.), (-10., 25.), (5., 70.), (-20., 60.)],
            ArmPose::Pumping => [(5., 25.), (-55., 55.), (0., 30.), (65., 115.), (-20., 40.)],
            ArmPose::Up => [(95., 165.), (-10., 45.), (-90., 60.), (0., 100.), (-90., 90.)],
            ArmPose::Overhead => [(0., 25.), (95., 170.), (-30., 50.), (0., 80.), (-90., 90.)],
            ArmPose::Hip => [(32., 52.), (-25., 0.), (55., 80.), (75., 105.), (0., 60.)],
            ArmPose::Crossed => [(0., 14.), (20., 45.), (55., 80.), (80., 110.), (0., 70.)],
            ArmPose::Out => [(70., 105.), (-15., 25.), (-90., 20.), (0., 25.), (-90., 90.)],
            ArmPose::Face => [(10., 50.), (35., 85.), (0., 55.), (118., 146.), (-30., 80.)],
            ArmPose::Forward => [(0., 30.), (30., 95.), (-20., 60.), (0., 90.), (-60., 90.)],
            ArmPose::Lap => [(0., 20.), (15., 45.), (0., 40.), (30., 80.), (0., 90.)],
            ArmPose::Behind => [(5., 25.), (-45., -15.), (40., 85.), (40., 95.), (-30., 60.)],
            ArmPose::Any => [(0., 120.), (-30., 110.), (-60., 80.), (0., 130.), (-90., 90.)],
        };
        Self::between(random, ranges).limited()
    }

    fn between(random: &mut Random, ranges: [(f32, f32); 5]) -> Self {
        let [abduction, flexion, rotation, elbow, pronation] = ranges.map(|(low, high)| random.uniform(low, high));
        Self { abduction, flexion, rotation, elbow, pronation }
    }

    /// Held within what shoulders and elbows can do.
    pub fn limited(self) -> Self {
        Self {
            abduction: self.abduction.clamp(-10.0, 175.0),
            flexion: self.flexion.clamp(-55.0, 175.0),
            rotation: self.rotation.clamp(-90.0, 90.0),
            elbow: self.elbow.clamp(0.0, 148.0),
            pronation: self.pronation.clamp(-90.0, 90.0),
        }
    }

    /// Sets the joints of an arm. Raised arms lift the shoulder.
    pub fn apply(&self, pose: &mut Pose, side: Side, wrist_bend: f32, wrist_tilt: f32) {
        let g = side.sign();
        let lift = ((self.abduction - 50.0).max(0.0) * 0.18 + (self.flexion - 70.0).max(0.0) * 0.14).min(24.0);
        pose.turn(Joint::Clavicle(side), degrees(0.0, 0.0, g * lift));
        let upper = degrees(-self.flexion, -g * self.rotation, g * (self.abduction - lift));
        pose.turn(Joint::UpperArm(side), upper);
        pose.turn(Joint::LowerArm(side), degrees(-self.elbow, 0.0, 0.0));
        let turn = Quat::from_rotation_y(-g * self.pronation.to_radians());
        let hand =
            turn * Quat::from_rotation_x(wrist_bend.to_radians()) * Quat::from_rotation_z(wrist_tilt.to_radians());
        pose.turn(Joint::Hand(side), hand);
    }
}

/// Sets an arm.
pub fn set_arm(pose: &mut Pose, side: Side, kind: ArmPose, random: &mut Random) {
    let angles = ArmAngles::random(kind, random);
    let (bend, tilt) = (random.normal_in(0.0, 12.0, -25.0, 25.0), random.normal_in(0.0, 14.0, -60.0, 60.0));
    angles.apply(pose, side, bend, tilt);
}

/// What a leg does. The number of a step says where in it the leg is: -1 back, 1 front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LegPose {
    /// Straight.
    Stand,
    /// A walking step.
    Step(f32),
    /// A running stride.
    Stride(f32),
    /// On a chair.
    Sit,
    /// Squatting.
    Squat,
    /// The kneeling leg.
    Kneel,
    /// The other one.
    HalfKneel,
    /// Drawn up in the air.
    Tucked,
    /// Anything.
    Any,
}

/// Angles of a leg in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LegAngles {
    /// Sideways: -10 to 60.
    pub abduction: f32,
    /// Forward: -30 to 125.
    pub flexion: f32,
    /// Outwards: -30 to 45.
    pub rotation: f32,
    /// Knee: 0 to 145.
    pub knee: f32,
    /// Toes up: -45 to 25.
    pub ankle: f32,
}

impl LegAngles {
    /// Angles for a kind.
    pub fn random(kind: LegPose, random: &mut Random) -> Self {
        let r = random;
        let (abduction, flexion, rotation, knee) = match kind {
            LegPose::Stand => (
                r.normal(0.0, 7.0).abs() + 1.0,
                r.normal(2.0, 6.0),
                r.uniform(-5., 20.),
                r.normal(0.0, 7.0).abs() + 1.0,
            ),
            LegPose::Step(swing) => {
                let flexion = swing * 32.0 + r.normal(0.0, 4.0);
                let knee = if flexion < 0.0 { 25.0 } else { 8.0 } + r.normal(0.0, 14.0).abs();
                (r.uniform(0., 5.), flexion, r.uniform(-5., 10.), knee)
            }
            LegPose::Stride(swing) => {
                let flexion = 15.0 + swing * 55.0 + r.normal(0.0, 6.0);
                let knee = if swing < 0.0 { r.uniform(30., 100.) } else { r.uniform(35., 90.) };
                (r.uniform(0., 6.), flexion, r.uniform(-5., 8.), knee)
            }
            LegPose::Sit => (r.uniform(0., 22.), r.uniform(70., 98.), r.uniform(-10., 15.), r.uniform(70., 110.)),
            LegPose::Squat => (r.uniform(10., 35.), r.uniform(70., 115.), r.uniform(0., 25.), r.uniform(80., 130.)),
            LegPose::Kneel => (r.uniform(0., 12.), r.uniform(-5., 10.), r.uniform(-5., 10.), r.uniform(85., 110.)),
            LegPose::HalfKneel => (r.uniform(0., 15.), r.uniform(75., 95.), r.uniform(-5., 10.), r.uniform(80., 100.)),
            LegPose::Tucked => (r.uniform(0., 30.), r.uniform(10., 80.), r.uniform(-10., 20.), r.uniform(30., 110.)),
            LegPose::Any => (r.uniform(0., 40.), r.uniform(-20., 80.), r.uniform(-15., 25.), r.normal(0., 40.).abs()),
        };
        let free_foot = matches!(kind, LegPose::Kneel | LegPose::Tucked | LegPose::Stride(_));
        let ankle = match free_foot {
            true => r.uniform(-40.0, 0.0),
            // The sole stays roughly level.
            false => (knee - flexion) * -0.35 + r.normal(2.0, 7.0),
        };
        Self { abduction, flexion, rotation, knee, ankle }.limited()
    }

    /// Held within what hips, knees and ankles can do.
    pub fn limited(self) -> Self {
        Self {
            abduction: self.abduction.clamp(-10.0, 60.0),
            flexion: self.flexion.clamp(-35.0, 125.0),
            rotation: self.rotation.clamp(-30.0, 45.0),
            knee: self.knee.clamp(0.0, 145.0),
            ankle: self.ankle.clamp(-45.0, 28.0),
        }
    }

    /// Sets the joints of a leg.
    pub fn apply(&self, pose: &mut Pose, side: Side, toes_out: f32) {
        let g = side.sign();
        pose.turn(Joint::UpperLeg(side), degrees(-self.flexion, g * self.rotation, g * self.abduction));
        pose.turn(Joint::LowerLeg(side), degrees(self.knee, 0.0, 0.0));
        pose.turn(Joint::Foot(side), degrees(-self.ankle, g * toes_out, 0.0));
    }
}

/// Sets a leg.
pub fn set_leg(pose: &mut Pose, side: Side, kind: LegPose, random: &mut Random) {
    let angles = LegAngles::random(kind, random);
    angles.apply(pose, side, random.uniform(-3.0, 12.0));
}

/// Bends of the fingers in degrees, thumb first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HandPose {
    /// How far each finger is curled: 0 straight, 90 a fist.
    pub curl: [f32; 5],
    /// Fan of the fingers; 1 relaxed.
    pub spread: f32,
    /// How far the thumb stands off: 20 to 60.
    pub thumb: f32,
}

impl HandPose {
    /// Relaxed, flat, a fist, pointing, a victory sign, a thumb up, a pinch.
    pub fn random(random: &mut Random) -> Self {
        let curl = match random.int(0, 10) {
            0 => [80.0, 5.0, 85.0, 88.0, 88.0],
            1 => [70.0, 4.0, 4.0, 85.0, 85.0],
            2 => [0.0, 85.0, 85.0, 85.0, 85.0],
            3 => [60.0, 80.0, 82.0, 84.0, 84.0],
            4 => [45.0, 50.0, 25.0, 18.0, 14.0],
            5 => [5.0, 3.0, 2.0, 3.0, 5.0],
            _ => [random.normal(15.0, 20.0).abs(); 5],
        };
        let curl = curl.map(|c| (c + random.normal(0.0, 7.0)).clamp(0.0, 95.0));
        Self { curl, spread: random.uniform(0.5, 1.8), thumb: random.uniform(20.0, 60.0) }
    }
}

/// How far each finger fans out per unit of spread, in degrees, towards the thumb.
const FAN: [f32; 5] = [0.0, 9.0, 3.0, -3.0, -9.0];

/// Sets the fingers of a hand.
pub fn set_hand(pose: &mut Pose, side: Side, hand: &HandPose) {
    let g = side.sign();
    // Towards the palm is a turn about z, towards the thumb one about x.
    let toward_palm = |degrees: f32| Quat::from_rotation_z(-g * degrees.to_radians());
    let toward_thumb = |degrees: f32| Quat::from_rotation_x(-degrees.to_radians());
    for finger in 1..5u8 {
        let curl = hand.curl[usize::from(finger)];
        let fan = toward_thumb(FAN[usize::from(finger)] * hand.spread);
        pose.turn(Joint::Finger(side, finger, 0), fan * toward_palm(curl * 0.85));
        pose.turn(Joint::Finger(side, finger, 1), toward_palm(curl * 1.1 + 2.0));
        pose.turn(Joint::Finger(side, finger, 2), toward_palm(curl * 0.75 + 2.0));
    }
    let curl = hand.curl[0];
    pose.turn(Joint::Finger(side, 0, 0), toward_thumb(hand.thumb) * toward_palm(19.0 + curl * 0.2));
    pose.turn(Joint::Finger(side, 0, 1), toward_thumb(-6.0 - curl * 0.35) * toward_palm(curl * 0.1));
    pose.turn(Joint::Finger(side, 0, 2), toward_thumb(-6.0 - curl * 0.45));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Posed, Shape};

    #[test]
    fn fingers_curl_into_the_palm_and_the_thumb_points_forward() {
        let shape = Shape::random(&mut Random::new(2));
        for side in Side::BOTH {
            let tip = |curl: f32| {
                let mut pose = Pose::default();
                set_hand(&mut pose, side, &HandPose { curl: [curl; 5], spread: 1.0, thumb: 40.0 });
                let posed = Posed::new(&shape, &pose);
                (
                    posed.at(Joint::Finger(side, 2, 2)) - posed.at(Joint::Hand(side)),
                    posed.at(Joint::Finger(side, 0, 2)).z,
                )
            };
            let (straight, thumb) = tip(0.0);
            let (fist, _) = tip(90.0);
            assert!(straight.y < -0.12 && fist.y > straight.y + 0.05, "{straight} {fist}");
            // Palms face inwards in the rest pose.
            assert!(fist.x * side.sign() < straight.x * side.sign() - 0.02, "{straight} {fist}");
            assert!(thumb > 0.03);
        }
    }

    #[test]
    fn angles_stay_within_the_limits() {
        let mut random = Random::new(9);
        for _ in 0..500 {
            let arm = ArmAngles::random(ArmPose::Any, &mut random);
            assert_eq!(arm, arm.limited());
            let leg = LegAngles::random(LegPose::Any, &mut random);
            assert_eq!(leg, leg.limited());
        }
    }
}
