//! Who somebody is: everything that stays the same from frame to frame.

use super::face::FaceLook;
use super::shape::Shape;
use crate::random::Random;
use crate::wardrobe::{Material, Outfit, Pattern, linear};
use glam::Vec3;

/// sRGB, from light to dark.
const SKINS: [[f32; 3]; 6] = [
    [0.90, 0.70, 0.60],
    [0.84, 0.62, 0.50],
    [0.72, 0.50, 0.38],
    [0.55, 0.36, 0.25],
    [0.40, 0.25, 0.17],
    [0.28, 0.17, 0.12],
];

/// sRGB and how often.
const HAIR: [([f32; 3], f32); 8] = [
    ([0.03, 0.025, 0.02], 0.25),
    ([0.08, 0.05, 0.03], 0.2),
    ([0.2, 0.11, 0.06], 0.17),
    ([0.4, 0.22, 0.1], 0.1),
    ([0.65, 0.5, 0.28], 0.1),
    ([0.55, 0.55, 0.55], 0.07),
    ([0.85, 0.83, 0.8], 0.05),
    ([0.45, 0.12, 0.06], 0.06),
];

/// A person, without the pose.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Proportions.
    pub shape: Shape,
    /// Skin.
    pub skin: Material,
    /// Hair.
    pub hair: Material,
    /// Features and colours of the face.
    pub face: FaceLook,
    /// Clothes.
    pub outfit: Outfit,
}

impl Look {
    /// Somebody.
    pub fn random(random: &mut Random) -> Self {
        let shape = Shape::random(random);
        let tone = random.int(0, 5);
        let between = Vec3::from(SKINS[tone]).lerp(SKINS[tone + 1].into(), random.uniform(0.0, 1.0));
        let skin = between * random.uniform(0.92, 1.08) * (Vec3::ONE + random.normal_vector(0.0, 0.03));
        let skin = skin.clamp(Vec3::splat(0.05), Vec3::splat(0.97));
        let mut hair = Vec3::from(random.weighted(&HAIR)) * random.uniform(0.8, 1.2);
        if random.chance(0.03) {
            hair = random.vector(0.0, 1.0);
        }
        let strands = Material {
            pattern: Pattern::Strands,
            second: linear(hair * random.uniform(0.75, 0.95)),
            scale: random.uniform(60.0, 140.0),
            ..Material::plain(hair, 0.15, 0.12)
        };
        let outfit = Outfit::random(&shape, random);
        Self {
            face: FaceLook::random(&shape, skin, hair, outfit.hair.beard, random),
            skin: Material::plain(skin, 0.08, 0.03),
            hair: strands,
            outfit,
            shape,
        }
    }
}
