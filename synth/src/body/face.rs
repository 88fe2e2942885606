//! The face: colours and classes painted in head coordinates, and where its keypoints are.
//!
//! Head coordinates, for a head of size 1: x to the person's left, y up, z forward, metres, around the middle of the
//! head ([`Figure::on_head`](super::Figure::on_head)). The same curves draw the lips and place their keypoints.

use super::flesh::class;
use super::pose::Expression;
use super::shape::Shape;
use crate::random::Random;
use crate::wardrobe::linear;
use glam::{Vec2, Vec3};

/// Features and colours (linear RGB) of a face.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct FaceLook {
    pub iris: Vec3,
    pub lips: Vec3,
    pub brows: Vec3,
    pub beard_color: Vec3,
    /// Opacity of the beard, 0 for none.
    pub beard: f32,
    /// Thickness of the lips, about 1.
    pub lip_thickness: f32,
    /// Of the brows, about 1.
    pub brow_thickness: f32,
    /// Redness of the cheeks.
    pub blush: f32,
}

impl FaceLook {
    /// Features for a skin and hair colour (sRGB).
    pub fn random(shape: &Shape, skin: Vec3, hair: Vec3, beard: f32, random: &mut Random) -> Self {
        let iris = Vec3::from(random.pick(&[
            [0.22, 0.13, 0.07],
            [0.1, 0.06, 0.04],
            [0.3, 0.42, 0.55],
            [0.3, 0.4, 0.25],
            [0.4, 0.35, 0.2],
        ]));
        let mut lips = skin * Vec3::new(1.0, 0.66, 0.66) * random.uniform(0.8, 1.05);
        if shape.feminine > 0.5 && random.chance(0.4) {
            lips = Vec3::new(random.uniform(0.5, 0.8), random.uniform(0.05, 0.25), random.uniform(0.1, 0.3));
        }
        let dark = hair.element_sum() / 3.0 < 0.5;
        let brows = if dark { hair * 0.6 + skin * 0.1 } else { hair * 0.4 + skin * 0.2 };
        Self {
            iris: linear(iris),
            lips: linear(lips),
            brows: linear(brows),
            beard_color: linear(hair * 0.7 + skin * 0.2),
            beard,
            lip_thickness: random.uniform(0.7, 1.4),
            brow_thickness: random.uniform(0.7, 1.4) * (1.2 - 0.35 * shape.feminine),
            blush: random.uniform(0.0, 0.25),
        }
    }
}

/// Middle of an eye: this far to the side, and this high.
const EYE: Vec2 = Vec2::new(0.032, 0.010);
/// Half the width of the opening of an eye, and half its height when wide awake.
const EYE_HALF: Vec2 = Vec2::new(0.0155, 0.0072);
const IRIS: f32 = 0.0066;
const PUPIL: f32 = 0.0029;
const MOUTH_Y: f32 = -0.056;

/// A face doing something.
#[derive(Debug, Clone, Copy)]
pub struct Face {
    look: FaceLook,
    expression: Expression,
}

impl Face {
    /// The face of this look with this expression.
    pub fn new(look: FaceLook, expression: Expression) -> Self {
        Self { look, expression }
    }

    /// Half the width of the mouth.
    pub fn mouth_half(&self) -> f32 {
        0.025 * (1.0 + 0.25 * self.expression.smile)
    }

    /// Height of the edge of a lip at `u` (-1 to 1 across the mouth). Outer edges include the lip.
    pub fn lip(&self, u: f32, upper: bool, outer: bool) -> f32 {
        let c = (1.0 - u * u).max(0.0);
        let seam = MOUTH_Y + self.expression.smile * 0.007 * u * u;
        let open = self.expression.mouth_open * 0.5 * c.sqrt();
        let thick = if outer { self.look.lip_thickness } else { 0.0 };
        match upper {
            true => seam + open + thick * 0.0065 * c * (1.0 - 0.25 * (-u * u * 40.0).exp()),
            false => seam - open * 1.3 - thick * 0.0085 * c,
        }
    }

    /// Height of the corners of the mouth.
    pub fn mouth_corner(&self) -> f32 {
        MOUTH_Y + self.expression.smile * 0.007
    }

    /// Height of the middle of a brow at a distance from the middle of the face.
    pub fn brow(&self, x: f32) -> f32 {
        0.031 + self.expression.brows_up * 0.006 + 0.006 * (1.0 - ((x.abs() - 0.034) / 0.02).powi(2))
    }

    /// Half the height of a brow.
    pub fn brow_half(&self) -> f32 {
        0.0036 * self.look.brow_thickness
    }

    /// Height of the lash line above (`sign` 1) or below (-1) the middle of the eye, at a share (0 inner, 1 outer).
    pub fn lash(&self, share: f32) -> f32 {
        (std::f32::consts::PI * share).sin() * EYE_HALF.y * self.expression.eyes_open
    }

    /// Middle of an iris; `side` is +1 for the left eye.
    pub fn iris(&self, side: f32) -> Vec2 {
        Vec2::new(side * EYE.x + self.expression.gaze * 0.005, EYE.y)
    }

    /// Radii of iris and pupil.
    pub fn iris_radii() -> (f32, f32) {
        (IRIS, PUPIL)
    }

    /// Paints a point of the skin of the head: changes `albedo` and returns the class.
    pub fn paint(&self, at: Vec3, albedo: &mut Vec3) -> u8 {
        if at.z < 0.02 {
            return self.beard_at(at, albedo);
        }
        let side = Vec2::new(at.x.abs(), at.y);
        if let Some(color) = self.eye(at, side, *albedo) {
            *albedo = color;
            return class::FACE;
        }
        if side.x > 0.014 && side.x < 0.054 && (at.y - self.brow(at.x)).abs() < self.brow_half() {
            *albedo = self.look.brows;
            return class::FACE;
        }
        let nostril = side - Vec2::new(0.007, -0.033);
        if nostril.length_squared() < 0.000_012 {
            *albedo *= Vec3::new(0.4, 0.35, 0.35);
            return class::FACE;
        }
        if let Some((color, class)) = self.mouth(at) {
            *albedo = color;
            return class;
        }
        let cheek = (side - Vec2::new(0.042, -0.022)).length() / 0.022;
        *albedo *= Vec3::ONE - Vec3::new(0.0, 0.5, 0.4) * self.look.blush * (1.0 - cheek).max(0.0);
        self.beard_at(at, albedo)
    }

    fn eye(&self, at: Vec3, side: Vec2, skin: Vec3) -> Option<Vec3> {
        let open = self.expression.eyes_open;
        let offset = side - EYE;
        let inside = (offset.x / EYE_HALF.x).powi(2) + (offset.y / (EYE_HALF.y * open)).powi(2);
        if inside < 1.0 && open > 0.1 {
            let r = (at.truncate() - self.iris(at.x.signum())).length();
            return Some(match r {
                r if r < PUPIL => Vec3::splat(0.02),
                r if r < IRIS => self.look.iris,
                _ => Vec3::new(0.85, 0.83, 0.80),
            });
        }
        // Lashes.
        (inside < 1.5 && (offset.y > 0.0 || open <= 0.1)).then(|| skin * Vec3::new(0.35, 0.3, 0.3))
    }

    fn mouth(&self, at: Vec3) -> Option<(Vec3, u8)> {
        let u = at.x / self.mouth_half();
        if u.abs() >= 1.0 {
            return None;
        }
        let (top, bottom) = (self.lip(u, true, true), self.lip(u, false, true));
        if at.y >= top || at.y <= bottom {
            return None;
        }
        let (inner_top, inner_bottom) = (self.lip(u, true, false), self.lip(u, false, false));
        if at.y > inner_top {
            return Some((self.look.lips, class::UPPER_LIP));
        }
        if at.y < inner_bottom {
            return Some((self.look.lips * 1.05, class::LOWER_LIP));
        }
        if self.expression.mouth_open <= 0.001 {
            return Some(match at.y > self.lip(u, true, false) - 0.0005 {
                true => (self.look.lips, class::UPPER_LIP),
                false => (self.look.lips * 1.05, class::LOWER_LIP),
            });
        }
        if at.y > inner_top - 0.006 {
            return Some((Vec3::new(0.85, 0.83, 0.76), class::UPPER_TEETH));
        }
        if at.y < inner_bottom + 0.004 {
            return Some((Vec3::new(0.80, 0.78, 0.72), class::LOWER_TEETH));
        }
        let depth = self.expression.mouth_open;
        if at.y < inner_bottom + depth * (0.5 + 0.3 * self.expression.tongue) && u.abs() < 0.75 {
            return Some((Vec3::new(0.65, 0.25, 0.25), class::TONGUE));
        }
        Some((Vec3::new(0.12, 0.03, 0.03), class::FACE))
    }

    fn beard_at(&self, at: Vec3, albedo: &mut Vec3) -> u8 {
        if self.look.beard > 0.0 && at.y < -0.03 && at.z > 0.0 {
            let strength = self.look.beard * ((-0.03 - at.y) / 0.015).clamp(0.0, 1.0);
            *albedo = albedo.lerp(self.look.beard_color, strength);
        }
        class::FACE
    }
}
