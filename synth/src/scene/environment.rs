//! What is behind the people: rooms, streets, landscapes, studios, and pictures of nothing in particular.

use crate::random::Random;
use crate::wardrobe::{Material, linear, value_noise};
use glam::{Vec2, Vec3};

/// A plane with a texture.
#[derive(Debug, Clone)]
pub struct Surface {
    /// A point on it, in world space.
    pub origin: Vec3,
    /// Unit normal, towards the scene.
    pub normal: Vec3,
    /// Unit vectors of its texture.
    pub axes: [Vec3; 2],
    material: Material,
    /// Blend of large blotches.
    stains: f32,
    decor: Vec<Decor>,
}

/// A rectangle on a wall: picture, window, door, shelf, poster.
#[derive(Debug, Clone, Copy)]
struct Decor {
    center: Vec2,
    half: Vec2,
    color: Vec3,
    second: Vec3,
    frame: Vec3,
    border: f32,
    /// Bars per metre across both directions; 0 for none.
    bars: f32,
}

/// What a ray that misses everything sees.
#[derive(Debug, Clone)]
pub struct Environment {
    surfaces: Vec<Surface>,
    sky: [Vec3; 2],
    clouds: f32,
    /// Hills, woods or houses at the horizon: height (radians), fineness, whether they are blocks.
    skyline: Option<(f32, f32, bool, Vec3)>,
    phase: Vec3,
    /// Blur of the background, as a share of the picture's height.
    pub blur: f32,
}

fn color(r: &mut Random) -> Vec3 {
    let value = r.uniform(0.03, 0.95);
    linear((value * (Vec3::ONE + r.normal_vector(0.0, 0.18))).clamp(Vec3::ZERO, Vec3::ONE))
}

impl Decor {
    fn random(r: &mut Random) -> Self {
        let half = Vec2::new(r.uniform(0.08, 0.8), r.uniform(0.08, 0.9));
        Self {
            center: Vec2::new(r.uniform(-3.5, 3.5), r.uniform(0.2, 2.4)),
            half,
            color: color(r) * if r.chance(0.15) { 2.5 } else { 1.0 },
            second: color(r),
            frame: color(r),
            border: r.pick(&[0.0, 0.02, 0.05]),
            bars: if r.chance(0.4) { r.uniform(1.0, 9.0) } else { 0.0 },
        }
    }

    fn color_at(&self, at: Vec2) -> Option<Vec3> {
        let d = (at - self.center).abs();
        if d.x > self.half.x || d.y > self.half.y {
            return None;
        }
        if d.x > self.half.x - self.border || d.y > self.half.y - self.border {
            return Some(self.frame);
        }
        let bar = |v: f32| self.bars > 0.0 && (v * self.bars).fract().abs() < 0.12;
        if bar(at.x + 50.0) || bar(at.y + 50.0) {
            return Some(self.frame);
        }
        let t = value_noise(Vec3::new(at.x * 5.0, at.y * 5.0, self.half.x * 40.0));
        Some(self.color.lerp(self.second, (t * 1.6 - 0.3).clamp(0.0, 1.0)))
    }
}

impl Surface {
    fn random(origin: Vec3, normal: Vec3, across: Vec3, decor: usize, r: &mut Random) -> Self {
        let mut material = Material::cloth(r);
        material.color = color(r);
        material.second = material.color.lerp(color(r), r.uniform(0.05, 0.9));
        material.scale = r.uniform(2.0, 40.0);
        material.grain = r.uniform(0.0, 0.25);
        let decor = (0..decor).map(|_| Decor::random(r)).collect();
        Self { origin, normal, axes: [across, normal.cross(across)], material, stains: r.uniform(0.0, 0.5), decor }
    }

    /// Distance along a ray, if it meets the front.
    pub fn hit(&self, from: Vec3, along: Vec3) -> Option<f32> {
        let slope = along.dot(self.normal);
        let t = (self.origin - from).dot(self.normal) / slope;
        (slope < -1e-4 && t > 0.0 && t < 60.0).then_some(t)
    }

    /// Linear RGB at a point on it.
    pub fn albedo(&self, point: Vec3) -> Vec3 {
        let offset = point - self.origin;
        let at = Vec2::new(offset.dot(self.axes[0]), offset.dot(self.axes[1]));
        if let Some(found) = self.decor.iter().find_map(|d| d.color_at(at)) {
            return found;
        }
        let base = self.material.albedo(Vec3::new(at.x, at.y, 0.3));
        let stain = value_noise(Vec3::new(at.x * 0.9, at.y * 0.9, 4.0)) * 0.7
            + value_noise(Vec3::new(at.x * 4.0, at.y * 4.0, 9.0)) * 0.3;
        base * (1.0 + self.stains * (stain - 0.5) * 2.0)
    }
}

/// What kind of place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Room,
    Outdoors,
    Studio,
    Nothing,
}

impl Environment {
    /// Some place. `behind` is the horizontal direction from the camera to the scene, `distance` how far from the origin
    /// the back wall stands at least.
    pub fn random(behind: Vec3, distance: f32, random: &mut Random) -> Self {
        let r = random;
        let kind =
            r.weighted(&[(Kind::Room, 0.42), (Kind::Outdoors, 0.28), (Kind::Studio, 0.12), (Kind::Nothing, 0.18)]);
        let across = Vec3::Y.cross(behind).normalize_or(Vec3::X);
        let mut surfaces = Vec::new();
        if kind != Kind::Nothing {
            let angle = r.uniform(0.0, 3.0);
            let along = (across * angle.cos() + behind * angle.sin()).normalize_or(Vec3::X);
            surfaces.push(Surface::random(Vec3::ZERO, Vec3::Y, along, 0, r));
        }
        if matches!(kind, Kind::Room | Kind::Studio) || (kind == Kind::Outdoors && r.chance(0.35)) {
            let decor = if kind == Kind::Studio { 0 } else { r.int(0, 12) };
            let turn = r.normal(0.0, 0.25);
            let normal = (-behind * turn.cos() + across * turn.sin()).normalize_or(Vec3::Z);
            let origin = behind * (distance + r.uniform(0.3, 4.0));
            surfaces.push(Surface::random(origin, normal, Vec3::Y.cross(normal), decor, r));
        }
        if kind == Kind::Room && r.chance(0.5) {
            let g = if r.chance(0.5) { 1.0 } else { -1.0 };
            let origin = across * g * r.uniform(1.5, 4.0);
            let normal = across * -g;
            surfaces.push(Surface::random(origin, normal, Vec3::Y.cross(normal), r.int(0, 6), r));
        }
        let blue = Vec3::new(0.25, 0.45, 0.8) * r.uniform(0.4, 1.4);
        let top = if kind == Kind::Outdoors && r.chance(0.6) { blue } else { color(r) };
        let skyline = (kind == Kind::Outdoors || r.chance(0.3))
            .then(|| (r.uniform(0.02, 0.35), r.uniform(1.0, 9.0), r.chance(0.5), color(r) * r.uniform(0.3, 1.0)));
        Self {
            surfaces,
            sky: [top, top.lerp(color(r), r.uniform(0.0, 1.0))],
            clouds: r.uniform(0.0, 0.8),
            skyline,
            phase: r.vector(0.0, 90.0),
            blur: if r.chance(0.55) { r.uniform(0.001, 0.02) } else { 0.0 },
        }
    }

    /// What a ray meets: the surface and the distance along the ray, or the sky.
    pub fn hit(&self, from: Vec3, along: Vec3) -> Option<(&Surface, f32)> {
        let hits = self.surfaces.iter().filter_map(|s| Some((s, s.hit(from, along)?)));
        hits.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Light from the sky along a unit direction.
    pub fn sky(&self, along: Vec3) -> Vec3 {
        let azimuth = along.x.atan2(along.z);
        if let Some((height, fineness, blocks, color)) = self.skyline {
            let at = azimuth * fineness + self.phase.x;
            let at = if blocks { at.floor() } else { at };
            let fine = if blocks { 0.0 } else { 0.3 * value_noise(Vec3::new(at * 9.0, 1.0, 2.0)) };
            let top = height * (value_noise(Vec3::new(at + 0.5, 0.5, 0.5)) + fine);
            if along.y < top {
                let grain = value_noise(Vec3::new(azimuth * 60.0, along.y * 60.0, 3.0));
                return color * (0.6 + 0.8 * grain);
            }
        }
        let t = (0.5 + along.y).clamp(0.0, 1.0);
        let cloud = value_noise(along * 3.0 + self.phase) * 0.6 + value_noise(along * 9.0 + self.phase) * 0.4;
        self.sky[1].lerp(self.sky[0], t) * (1.0 + self.clouds * (cloud - 0.5) * 2.0)
    }
}
