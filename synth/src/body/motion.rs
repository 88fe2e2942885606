//! Motion: a pose for every moment, smooth in time.

use super::gesture::{ArmAngles, ArmPose, HandPose, LegAngles, set_hand};
use super::pose::{Expression, Family, Pose, degrees};
use super::shape::Shape;
use super::skeleton::{Joint, Side};
use crate::random::Random;
use glam::Vec3;
use std::f32::consts::TAU;

/// What somebody does in a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Performance {
    /// Walks, straight ahead.
    Walk,
    /// Runs, straight ahead.
    Run,
    /// Stands and waves.
    Wave,
    /// Stands and gestures with arms, hands and face.
    Gesture,
    /// Turns on the spot.
    Turn,
    /// Sits, and gestures.
    SitAndTalk,
}

/// A performance with its random choices.
#[derive(Debug, Clone)]
pub struct Motion {
    performance: Performance,
    scale: f32,
    legs: f32,
    tempo: f32,
    phase: f32,
    /// Poses that gestures pass through, one every `beat` seconds.
    keys: Vec<Pose>,
    beat: f32,
}

/// Metres per second and steps per second of an average adult: free gait (Perry and Burnfield, Gait Analysis, 2010) and
/// easy running.
const WALK: (f32, f32) = (1.36, 1.9);
const RUN: (f32, f32) = (3.0, 2.7);

impl Motion {
    /// A motion of somebody with these proportions.
    pub fn new(performance: Performance, shape: &Shape, random: &mut Random) -> Self {
        let family = if performance == Performance::SitAndTalk { Family::Sitting } else { Family::Standing };
        let base = Pose::of(family, random);
        let keys = (0..12).map(|_| gesture(&base, random)).collect();
        Self {
            performance,
            scale: shape.scale,
            legs: shape.legs,
            tempo: random.uniform(0.9, 1.1),
            phase: random.uniform(0.0, TAU),
            keys,
            beat: random.uniform(0.7, 1.3),
        }
    }

    /// Metres per second straight ahead.
    pub fn speed(&self) -> f32 {
        let (speed, _) = match self.performance {
            Performance::Walk => WALK,
            Performance::Run => RUN,
            _ => return 0.0,
        };
        speed * self.tempo * (self.scale * self.legs).sqrt()
    }

    /// Heading in radians, turning left, on top of the direction the person stands in.
    pub fn heading(&self, seconds: f32) -> f32 {
        match self.performance {
            Performance::Turn => TAU * 0.2 * self.tempo * seconds,
            _ => 0.0,
        }
    }

    /// The pose at a time. `root` is where the pelvis is relative to the start: its way, its bob and its sway.
    pub fn at(&self, seconds: f32) -> Pose {
        match self.performance {
            Performance::Walk => self.gait(seconds, WALK.1, 28.0, 55.0, 22.0, 15.0),
            Performance::Run => self.gait(seconds, RUN.1, 42.0, 95.0, 40.0, 85.0),
            Performance::Wave => self.wave(seconds),
            Performance::Gesture | Performance::Turn | Performance::SitAndTalk => self.keyed(seconds),
        }
    }

    /// Keys joined by eased interpolation, with a little breathing and swaying.
    fn keyed(&self, seconds: f32) -> Pose {
        let at = seconds * self.tempo / self.beat;
        let index = at.floor();
        let t = at - index;
        let ease = t * t * t * (t * (6.0 * t - 15.0) + 10.0);
        let key = |i: f32| &self.keys[i as usize % self.keys.len()];
        let mut pose = key(index).blend(key(index + 1.0), ease);
        let breath = (TAU * 0.25 * seconds + self.phase).sin();
        let chest = pose.rotation(Joint::Chest) * degrees(0.8 * breath, 0.0, 0.6 * (TAU * 0.13 * seconds).sin());
        pose.turn(Joint::Chest, chest);
        // A blink every few seconds.
        if (seconds * 0.31 + self.phase).fract() < 0.04 {
            pose.expression.eyes_open = 0.05;
        }
        pose
    }

    fn wave(&self, seconds: f32) -> Pose {
        let mut pose = self.keyed(seconds * 0.3);
        let swing = (TAU * 1.4 * self.tempo * seconds + self.phase).sin();
        let arm =
            ArmAngles { abduction: 95.0, flexion: 15.0, rotation: -75.0, elbow: 75.0 + 25.0 * swing, pronation: 20.0 };
        arm.apply(&mut pose, Side::Right, 0.0, 10.0 * swing);
        set_hand(&mut pose, Side::Right, &HandPose { curl: [8.0; 5], spread: 1.5, thumb: 45.0 });
        pose
    }

    /// Walking and running: hips and arms swing against each other, the knee bends as the leg comes forward.
    fn gait(&self, seconds: f32, cadence: f32, hip: f32, knee: f32, arm: f32, elbow: f32) -> Pose {
        let cycle = TAU * 0.5 * cadence * self.tempo * seconds + self.phase;
        let mut pose = self.keys[0].clone();
        for side in Side::BOTH {
            let theta = cycle + if side == Side::Left { 0.0 } else { TAU / 2.0 };
            let swing = theta.sin();
            // The leg swings forward while its angle grows: that is when the knee bends.
            let lift = theta.cos().max(0.0);
            let flexion = 5.0 + hip * swing;
            let bend = 6.0 + knee * lift * lift + 8.0 * (-theta.cos()).max(0.0);
            let ankle = (bend - flexion) * -0.3 - 14.0 * (-swing).max(0.0);
            let leg = LegAngles { abduction: 2.0, flexion, rotation: 4.0, knee: bend, ankle };
            leg.limited().apply(&mut pose, side, 5.0);
            let arm_swing = ArmAngles {
                abduction: 8.0,
                flexion: 2.0 - arm * swing,
                rotation: 5.0,
                elbow: elbow + 8.0 * (-swing).max(0.0),
                pronation: 10.0,
            };
            arm_swing.limited().apply(&mut pose, side, 0.0, 0.0);
        }
        let twist = 5.0 * cycle.sin();
        pose.turn(Joint::Abdomen, degrees(2.0, twist, 1.5 * cycle.cos()));
        pose.turn(Joint::Chest, degrees(2.0, twist, -1.5 * cycle.cos()));
        let bob = 0.02 * (2.0 * cycle).cos() * self.scale;
        pose.root = Vec3::new(0.015 * cycle.cos() * self.scale, bob, self.speed() * seconds);
        pose
    }
}

/// A variation of a pose: other arms, hands, head and face; the legs stay.
fn gesture(base: &Pose, random: &mut Random) -> Pose {
    let mut pose = base.clone();
    for side in Side::BOTH {
        let kind =
            random.pick(&[ArmPose::Down, ArmPose::Forward, ArmPose::Lap, ArmPose::Face, ArmPose::Out, ArmPose::Hip]);
        ArmAngles::random(kind, random).apply(&mut pose, side, random.normal_in(0.0, 10.0, -25.0, 25.0), 0.0);
        set_hand(&mut pose, side, &HandPose::random(random));
    }
    pose.turn(
        Joint::Head,
        degrees(random.normal_in(-3.0, 8.0, -25.0, 20.0), random.normal_in(0.0, 20.0, -50.0, 50.0), 0.0),
    );
    pose.turn(Joint::Chest, degrees(random.normal(0.0, 4.0), random.normal(0.0, 8.0), random.normal(0.0, 3.0)));
    pose.expression = Expression { eyes_open: 1.0, ..Expression::random(random) };
    pose
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Posed;

    #[test]
    fn motion_is_smooth_and_goes_somewhere() {
        let mut random = Random::new(4);
        let shape = Shape::random(&mut random);
        for performance in [Performance::Walk, Performance::Run, Performance::Wave, Performance::Gesture] {
            let motion = Motion::new(performance, &shape, &mut random);
            let joints = |t: f32| {
                let posed = Posed::new(&shape, &motion.at(t));
                Joint::all().map(|j| posed.at(j)).collect::<Vec<_>>()
            };
            let dt = 1.0 / 60.0;
            for frame in 0..180 {
                let (before, after) = (joints(frame as f32 * dt), joints((frame + 1) as f32 * dt));
                let fastest = before.iter().zip(&after).map(|(a, b)| a.distance(*b) / dt).fold(0.0, f32::max);
                assert!(fastest < 16.0, "{performance:?}: a joint moves with {fastest} m/s");
            }
            let walked = motion.at(2.0).root.z - motion.at(0.0).root.z;
            assert!((walked - 2.0 * motion.speed()).abs() < 1e-3);
            assert_eq!(motion.speed() > 0.5, matches!(performance, Performance::Walk | Performance::Run));
        }
    }
}
