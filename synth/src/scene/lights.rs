//! Light: one to three lamps of some size, and light from above and below.

use crate::random::Random;
use glam::{Mat3, Vec3};

/// A distant lamp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Unit vector towards it.
    pub toward: Vec3,
    /// Linear RGB.
    pub color: Vec3,
    /// Sharpness of its shadows: large for the sun, small for a window; 0 casts none.
    pub sharpness: f32,
}

/// All light of a scene, in the space of the vectors' makers (world, then camera).
#[derive(Debug, Clone, PartialEq)]
pub struct Lights {
    /// Lamps; the first is the strongest.
    pub lamps: Vec<Light>,
    /// Light from above.
    pub sky: Vec3,
    /// Light from below.
    pub ground: Vec3,
    /// Unit vector upwards.
    pub up: Vec3,
}

impl Lights {
    /// Some light. `facing` is the direction from the scene to the camera: most main lights come from that side.
    pub fn random(facing: Vec3, random: &mut Random) -> Self {
        let r = random;
        let count = r.weighted(&[(1, 0.45), (2, 0.4), (3, 0.15)]);
        let lamps = (0..count).map(|i| {
            let mut toward = r.normal_vector(0.0, 1.0);
            let front = toward.dot(facing);
            if front < 0.0 && r.chance(0.8) {
                toward -= 2.0 * front * facing;
            }
            toward = (toward + Vec3::Y * r.uniform(0.0, 1.8)).normalize_or(Vec3::Y);
            let strength = if i == 0 { r.uniform(0.5, 1.8) } else { r.uniform(0.1, 0.7) };
            let color = (strength * (Vec3::ONE + r.normal_vector(0.0, 0.1))).max(Vec3::ZERO);
            let sharpness = if i == 0 && r.chance(0.8) { r.pick(&[4.0, 8.0, 14.0, 30.0]) } else { 0.0 };
            Light { toward, color, sharpness }
        });
        let lamps = lamps.collect();
        let sky = (r.uniform(0.2, 0.9) * (Vec3::ONE + r.normal_vector(0.0, 0.08))).max(Vec3::ZERO);
        Self { lamps, sky, ground: sky * r.uniform(0.25, 0.9), up: Vec3::Y }
    }

    /// In turned axes.
    pub fn turned(&self, axes: Mat3) -> Self {
        let mut turned = self.clone();
        turned.lamps.iter_mut().for_each(|l| l.toward = axes * l.toward);
        turned.up = axes * self.up;
        turned
    }

    /// Brightness of a white surface that faces the main light, about.
    pub fn level(&self) -> f32 {
        let main = self.lamps.first().map_or(0.0, |l| l.color.element_sum() / 3.0);
        self.sky.element_sum() / 3.0 + 0.5 * main
    }
}
