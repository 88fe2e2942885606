//! Materials: colour with a pattern, gloss and grain.

use crate::random::Random;
use glam::Vec3;

/// A pattern in the local coordinates of a primitive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pattern {
    /// One colour.
    Plain,
    /// Stripes across.
    Across,
    /// Stripes along.
    Along,
    /// A check.
    Check,
    /// Blotches.
    Blotches,
    /// From one colour to the other.
    Gradient,
    /// Dots.
    Dots,
    /// Strands of hair.
    Strands,
    /// One band of the second colour, from one height to another.
    Band(f32, f32),
}

/// How a surface looks. Colours are linear RGB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Material {
    /// Its pattern.
    pub pattern: Pattern,
    /// Main colour.
    pub color: Vec3,
    /// Second colour of the pattern.
    pub second: Vec3,
    /// Fineness of the pattern, radians per metre.
    pub scale: f32,
    /// Strength of the highlight.
    pub gloss: f32,
    /// Strength of the grain.
    pub grain: f32,
}

/// sRGB (0 to 1) to linear, with the usual power law.
pub fn linear(srgb: Vec3) -> Vec3 {
    srgb.clamp(Vec3::ZERO, Vec3::ONE).powf(2.2)
}

impl Material {
    /// One colour, given in sRGB.
    pub fn plain(srgb: Vec3, gloss: f32, grain: f32) -> Self {
        let color = linear(srgb);
        Self { pattern: Pattern::Plain, color, second: color, scale: 40.0, gloss, grain }
    }

    /// Some cloth.
    pub fn cloth(random: &mut Random) -> Self {
        let pattern = random.weighted(&[
            (Pattern::Plain, 0.5),
            (Pattern::Across, 0.1),
            (Pattern::Along, 0.06),
            (Pattern::Check, 0.08),
            (Pattern::Blotches, 0.07),
            (Pattern::Gradient, 0.06),
            (Pattern::Dots, 0.05),
            (Pattern::Band(0.0, 0.0), 0.08),
        ]);
        let pattern = match pattern {
            Pattern::Band(..) => {
                let low = random.uniform(-0.3, 0.2);
                Pattern::Band(low, low + random.uniform(0.04, 0.25))
            }
            other => other,
        };
        let soft = matches!(pattern, Pattern::Gradient);
        Self {
            pattern,
            color: linear(random.color()),
            second: linear(random.color()),
            scale: if soft { random.uniform(20.0, 60.0) } else { random.uniform(40.0, 160.0) },
            gloss: random.uniform(0.0, 0.06),
            grain: random.uniform(0.0, 0.15),
        }
    }

    /// Colour at a point given in the primitive's local coordinates.
    pub fn albedo(&self, at: Vec3) -> Vec3 {
        let s = self.scale;
        let on = |condition: bool| condition as u8 as f32;
        let share = match self.pattern {
            Pattern::Plain => 0.0,
            Pattern::Across => on((at.y * s).sin() > 0.0),
            Pattern::Along => on((at.x * s).sin() > 0.0),
            Pattern::Check => 0.5 * (on((at.y * s).sin() > 0.0) + on((at.x * s).sin() > 0.0)),
            Pattern::Blotches => on(value_noise(at * s * 0.25 + Vec3::new(7.0, 3.0, 0.0)) > 0.55),
            Pattern::Gradient => (0.5 + at.y * s * 0.03).clamp(0.0, 1.0),
            Pattern::Dots => {
                let cell = |v: f32| (v.abs() * s * 0.2).fract() - 0.5;
                on(cell(at.x).powi(2) + cell(at.y).powi(2) < 0.06)
            }
            Pattern::Strands => on((at.x * s * 3.0 + 2.0 * (at.y * 20.0).sin()).sin() > 0.2),
            Pattern::Band(low, high) => on(at.y > low && at.y < high),
        };
        let grain = match self.grain > 0.0 {
            true => 1.0 + self.grain * 2.0 * (value_noise(at * 60.0 + Vec3::new(11.0, 5.0, 0.0)) - 0.5),
            false => 1.0,
        };
        (self.color.lerp(self.second, share) * grain).clamp(Vec3::ZERO, Vec3::ONE)
    }
}

/// Smooth noise in 0 to 1 on a lattice of side 1.
pub fn value_noise(at: Vec3) -> f32 {
    let cell = at.floor();
    let f = at - cell;
    let f = f * f * (3.0 - 2.0 * f);
    let mut sum = 0.0;
    for corner in 0..8 {
        let offset = Vec3::new((corner & 1) as f32, (corner >> 1 & 1) as f32, (corner >> 2) as f32);
        let weight = Vec3::ONE - offset + (2.0 * offset - Vec3::ONE) * f;
        sum += hash(cell + offset) * weight.x * weight.y * weight.z;
    }
    sum
}

fn hash(cell: Vec3) -> f32 {
    let n = |v: f32| v as i32 as u32;
    let mut h = n(cell.x).wrapping_mul(374_761_393)
        ^ n(cell.y).wrapping_mul(668_265_263)
        ^ n(cell.z).wrapping_mul(2_147_483_647);
    h = (h ^ h >> 13).wrapping_mul(1_274_126_177);
    ((h ^ h >> 16) & 0xff_ffff) as f32 / 16_777_215.0
}
