//! Proportions of a person.

use crate::random::Random;

/// Lengths and widths relative to an average adult; metres follow from `scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Height divided by 1.75 m.
    pub scale: f32,
    /// Size of the head; children have larger ones for their height.
    pub head: f32,
    /// 0 to 1: from a male to a female build.
    pub feminine: f32,
    /// Girth.
    pub weight: f32,
    /// Width of the shoulders.
    pub shoulders: f32,
    /// Width of the hips.
    pub hips: f32,
    /// Length of the arms.
    pub arms: f32,
    /// Length of the legs.
    pub legs: f32,
    /// Size of the hands.
    pub hands: f32,
    /// Size of the feet.
    pub feet: f32,
    /// Size of the breasts, 0 for none.
    pub bust: f32,
    /// Width of the skull and of the jaw.
    pub face_width: f32,
    /// See `face_width`.
    pub jaw_width: f32,
    /// Length of the nose.
    pub nose: f32,
    /// Roundness of the belly.
    pub belly: f32,
}

impl Shape {
    /// Somebody.
    pub fn random(random: &mut Random) -> Self {
        let child = random.chance(0.1);
        let height = if child { random.uniform(1.0, 1.5) } else { random.uniform(1.5, 1.97) };
        let scale = height / 1.75;
        let feminine = random.uniform(0.0, 1.0);
        let weight = random.normal_in(1.0, 0.13, 0.8, 1.4);
        Self {
            scale,
            head: scale.sqrt() * random.uniform(0.95, 1.08),
            feminine,
            weight,
            shoulders: random.uniform(0.9, 1.1) * (1.06 - 0.12 * feminine),
            hips: random.uniform(0.92, 1.08) * (0.94 + 0.14 * feminine),
            arms: random.uniform(0.94, 1.06),
            legs: random.uniform(0.95, 1.06),
            hands: scale * random.uniform(0.93, 1.05),
            feet: scale * random.uniform(0.97, 1.05),
            bust: if feminine > 0.45 && !child { random.uniform(0.75, 1.15) } else { 0.0 },
            face_width: random.uniform(0.93, 1.07),
            jaw_width: random.uniform(0.9, 1.1) * (1.04 - 0.08 * feminine),
            nose: random.uniform(0.85, 1.2),
            belly: (weight - 1.0).max(0.0) * random.uniform(0.0, 1.5),
        }
    }
}
