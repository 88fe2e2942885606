//! Hair styles.

use crate::body::{Figure, Shape, group};
use crate::random::Random;
use crate::sdf::{Bump, Primitive};
use glam::Vec3;

/// A hair style, with its measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HairStyle {
    /// None.
    pub bald: bool,
    /// Of the cap of hair above the skull, metres for a head of size 1.
    pub thickness: f32,
    /// How far it falls below the middle of the head; 0 for short hair.
    pub length: f32,
    /// A fringe over the forehead, and how far it hangs.
    pub fringe: Option<f32>,
    /// A bun: at the back or on top.
    pub bun: Option<bool>,
    /// A pony tail: its length and its sideways swing.
    pub tail: Option<(f32, f32)>,
    /// Two plaits.
    pub plaits: Option<f32>,
    /// Height of the strands.
    pub strands: f32,
    /// Full beard, and how thick.
    pub beard: f32,
}

impl HairStyle {
    /// Some style.
    pub fn random(shape: &Shape, random: &mut Random) -> Self {
        #[derive(Clone, Copy, PartialEq)]
        enum Kind {
            Bald,
            Buzz,
            Short,
            Long,
            Bun,
            Tail,
            Plaits,
            Afro,
        }
        use Kind::*;
        let kinds = [
            (Short, 0.35),
            (Long, 0.26),
            (Buzz, 0.1),
            (Bald, 0.06),
            (Afro, 0.07),
            (Tail, 0.08),
            (Bun, 0.05),
            (Plaits, 0.03),
        ];
        let mut kind = random.weighted(&kinds);
        if shape.feminine < 0.35 && matches!(kind, Long | Bun | Tail | Plaits) && random.chance(0.7) {
            kind = Short;
        }
        let thickness = match kind {
            Bald => 0.0,
            Buzz => -0.002,
            Short | Long => random.uniform(0.002, 0.013),
            Afro => random.uniform(0.03, 0.06),
            Bun | Tail | Plaits => 0.002,
        };
        let fringe = (matches!(kind, Short | Long) && random.chance(0.5)).then(|| random.uniform(0.035, 0.06));
        Self {
            bald: kind == Bald,
            thickness,
            length: if kind == Long { random.uniform(0.08, 0.32) } else { 0.0 },
            fringe,
            bun: (kind == Bun).then(|| random.chance(0.5)),
            tail: (kind == Tail).then(|| (random.uniform(0.05, 0.25), random.uniform(-0.04, 0.04))),
            plaits: (kind == Plaits).then(|| random.uniform(0.1, 0.25)),
            strands: if kind == Buzz { 0.0 } else { 0.0025 },
            beard: if shape.feminine < 0.4 && random.chance(0.35) { random.uniform(0.3, 0.95) } else { 0.0 },
        }
    }
}

/// Adds the hair to a figure.
pub fn grow(figure: &mut Figure, style: &HairStyle) {
    if style.bald {
        return;
    }
    let (t, width) = (style.thickness, figure.look.shape.face_width);
    let bump = Bump { height: style.strands, frequency: 32.0, phase: 1.0 };
    let coarse = Bump { height: style.strands * 2.0, ..bump };
    let size = figure.look.shape.head;
    let axes = figure.head_axes();
    let hair = figure.parts.hair;
    let afro = t > 0.025;
    let middle = [0.0, 0.042 + t * 0.4, -0.024 - if afro { 0.012 } else { 0.0 } - t * 0.25];
    let cap = (Vec3::new(0.082 * width, 0.089, 0.098) + Vec3::splat(t)) * size;
    let list = {
        let mut list = Vec::new();
        let p = |x: f32, y: f32, z: f32| figure.on_head(x, y, z);
        list.push(Primitive::ellipsoid(p(middle[0], middle[1], middle[2]), cap, axes).bumped(coarse));
        if let Some(hang) = style.fringe {
            for g in [1.0, -1.0] {
                let cone = Primitive::cone(
                    p(g * 0.005, 0.10, 0.05),
                    p(g * hang, hang, 0.066),
                    0.022 * size,
                    0.014 * size,
                    axes,
                );
                list.push(cone.bumped(bump));
            }
        }
        if style.length > 0.0 {
            let n = style.length;
            let back = Primitive::cone(p(0.0, 0.02, -0.055), p(0.0, -n, -0.065), 0.078 * size, 0.075 * size, axes);
            list.push(back.flattened(axes.z_axis, 1.4).bumped(coarse));
            for g in [1.0, -1.0] {
                let side = Primitive::cone(
                    p(g * 0.072, 0.05, -0.005),
                    p(g * 0.085, -n * 0.95, 0.0),
                    0.022 * size,
                    0.026 * size,
                    axes,
                );
                list.push(side.bumped(coarse));
            }
        }
        if let Some(back) = style.bun {
            let center = if back { p(0.0, 0.11, -0.10) } else { p(0.0, 0.15, -0.04) };
            list.push(Primitive::ellipsoid(center, Vec3::new(0.042, 0.04, 0.042) * size, axes).bumped(bump));
        }
        if let Some((length, swing)) = style.tail {
            let tail = Primitive::cone(p(0.0, 0.06, -0.115), p(swing, -length, -0.14), 0.03 * size, 0.018 * size, axes);
            list.push(tail.bumped(bump));
        }
        if let Some(length) = style.plaits {
            for g in [1.0, -1.0] {
                let plait = Primitive::cone(
                    p(g * 0.075, -0.02, -0.03),
                    p(g * 0.1, -length, 0.02),
                    0.02 * size,
                    0.014 * size,
                    axes,
                );
                list.push(plait.bumped(coarse));
            }
        }
        list
    };
    for primitive in list {
        figure.add(group::HAIR, 4, hair, primitive);
    }
}
