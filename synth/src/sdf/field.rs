//! The distance to a set of primitives, for eight points at a time.
//!
//! Loops over the eight lanes are written so that the compiler turns them into vector instructions.

use super::primitive::{Kind, Primitive};
use glam::Vec3;

/// Points per packet.
pub const LANES: usize = 8;

/// One number for each point of a packet.
pub type Lane = [f32; LANES];

/// Eight points.
#[derive(Debug, Clone, Copy)]
pub struct Points {
    /// x of each.
    pub x: Lane,
    /// y of each.
    pub y: Lane,
    /// z of each.
    pub z: Lane,
}

impl Points {
    /// The same point in all lanes.
    pub fn splat(point: Vec3) -> Self {
        Self { x: [point.x; LANES], y: [point.y; LANES], z: [point.z; LANES] }
    }

    /// The point of a lane.
    #[inline(always)]
    pub fn get(&self, lane: usize) -> Vec3 {
        Vec3::new(self.x[lane], self.y[lane], self.z[lane])
    }

    /// Replaces the point of a lane.
    #[inline(always)]
    pub fn set(&mut self, lane: usize, point: Vec3) {
        (self.x[lane], self.y[lane], self.z[lane]) = (point.x, point.y, point.z);
    }

    /// All points moved by one vector.
    #[inline(always)]
    pub fn shifted(&self, by: Vec3) -> Self {
        let mut moved = *self;
        for l in 0..LANES {
            moved.x[l] += by.x;
            moved.y[l] += by.y;
            moved.z[l] += by.z;
        }
        moved
    }
}

/// What the loops need of a primitive, worked out once.
#[derive(Debug, Clone, Copy)]
struct Ready {
    center: Vec3,
    radius: f32,
    along: Vec3,
    inverse_square: f32,
    length: f32,
    /// Rows are the local axes.
    rows: [Vec3; 3],
}

/// A set of primitives, sorted by group.
#[derive(Debug, Clone, Default)]
pub struct Field {
    primitives: Vec<Primitive>,
    ready: Vec<Ready>,
    /// Radius of the melting, per group.
    blend: Vec<f32>,
}

/// Nothing is further away than this.
pub const FAR: f32 = 1e9;

impl Field {
    /// The field of these primitives; `blend[group]` is the radius, in metres, over which a group's members melt.
    pub fn new(mut primitives: Vec<Primitive>, blend: Vec<f32>) -> Self {
        primitives.sort_by_key(|p| p.group);
        let ready = primitives.iter().map(|p| {
            let (center, radius) = p.bound();
            let along = p.b - p.a;
            let columns = p.rotation;
            Ready {
                center,
                radius,
                along,
                inverse_square: 1.0 / (along.length_squared() + 1e-12),
                length: along.length(),
                rows: [columns.x_axis, columns.y_axis, columns.z_axis],
            }
        });
        Self { ready: ready.collect(), primitives, blend }
    }

    /// The primitives, in the order of their indices.
    pub fn primitives(&self) -> &[Primitive] {
        &self.primitives
    }

    /// Sphere around a primitive.
    #[inline(always)]
    pub fn bound(&self, index: u16) -> (Vec3, f32) {
        let ready = &self.ready[index as usize];
        (ready.center, ready.radius)
    }

    /// All indices.
    pub fn all(&self) -> Vec<u16> {
        (0..self.primitives.len() as u16).collect()
    }

    /// Distance of each point to the primitives of `list` (ascending indices).
    #[inline(always)]
    pub fn distance(&self, list: &[u16], points: &Points) -> Lane {
        self.evaluate::<false>(list, points).0
    }

    /// As [`distance`](Self::distance), and the primitive each point is nearest to (`u16::MAX` for none).
    #[inline(always)]
    pub fn nearest(&self, list: &[u16], points: &Points) -> (Lane, [u16; LANES]) {
        self.evaluate::<true>(list, points)
    }

    /// Distance of one point to all primitives of `list`.
    pub fn distance_at(&self, list: &[u16], point: Vec3) -> f32 {
        self.distance(list, &Points::splat(point))[0]
    }

    #[inline(always)]
    fn evaluate<const NEAREST: bool>(&self, list: &[u16], points: &Points) -> (Lane, [u16; LANES]) {
        let (mut best, mut best_index) = ([FAR; LANES], [u16::MAX; LANES]);
        // Of the group being gathered: melted distance, distance and index of its nearest member.
        let (mut melted, mut member, mut member_index) = ([FAR; LANES], [FAR; LANES], [u16::MAX; LANES]);
        let (mut group, mut blend) = (u16::MAX, 0.0f32);
        let (center, spread) = extent(points);
        // The largest distance that any of the points has so far; beyond it nothing changes.
        let mut worst = FAR;
        for &index in list {
            let primitive = &self.primitives[index as usize];
            let ready = &self.ready[index as usize];
            if primitive.group != group {
                close_group::<NEAREST>(&mut best, &mut best_index, &melted, &member_index);
                (melted, member, member_index) = ([FAR; LANES], [FAR; LANES], [u16::MAX; LANES]);
                group = primitive.group;
                blend = self.blend[group as usize];
            }
            let reach = worst + blend + ready.radius + spread + 0.01;
            if ready.center.distance_squared(center) > reach * reach {
                continue;
            }
            let d = distance_to(primitive, ready, points);
            for l in 0..LANES {
                if NEAREST {
                    let closer = d[l] < member[l];
                    member[l] = if closer { d[l] } else { member[l] };
                    member_index[l] = if closer { index } else { member_index[l] };
                }
                let h = (blend - (melted[l] - d[l]).abs()).max(0.0);
                melted[l] = melted[l].min(d[l]) - h * h * (0.25 / blend.max(1e-6));
            }
            worst = 0.0;
            for l in 0..LANES {
                worst = worst.max(best[l].min(melted[l]));
            }
        }
        close_group::<NEAREST>(&mut best, &mut best_index, &melted, &member_index);
        (best, best_index)
    }
}

#[inline(always)]
fn close_group<const NEAREST: bool>(
    best: &mut Lane,
    best_index: &mut [u16; LANES],
    melted: &Lane,
    member_index: &[u16; LANES],
) {
    for l in 0..LANES {
        let closer = melted[l] < best[l];
        best[l] = if closer { melted[l] } else { best[l] };
        if NEAREST {
            best_index[l] = if closer { member_index[l] } else { best_index[l] };
        }
    }
}

/// A sphere around the points.
#[inline(always)]
fn extent(points: &Points) -> (Vec3, f32) {
    let center = points.get(LANES / 2);
    let mut spread = 0.0f32;
    for l in 0..LANES {
        let (dx, dy, dz) = (points.x[l] - center.x, points.y[l] - center.y, points.z[l] - center.z);
        spread = spread.max(dx * dx + dy * dy + dz * dz);
    }
    (center, spread.sqrt())
}

#[inline(always)]
fn distance_to(p: &Primitive, ready: &Ready, points: &Points) -> Lane {
    let mut d = match p.kind {
        Kind::Cone => cone(p, ready, points),
        Kind::Ellipsoid => ellipsoid(p, ready, points),
        Kind::Torus => torus(p, ready, points),
        Kind::Box => cuboid(p, ready, points),
    };
    if p.bump.height > 0.0 {
        let (f, w) = (p.bump.frequency, p.bump.phase);
        for l in 0..LANES {
            let (x, y, z) = local(p, ready, points, l);
            let wave = 0.6 * sine(f * y + 1.7 * sine(f * 0.6 * x + w) + w)
                + 0.4 * sine(f * 1.9 * x + f * z + 2.0 * sine(f * 0.7 * y + w));
            // Only near the surface: the field must stay a bound further out.
            d[l] += if d[l] < 0.02 { p.bump.height * wave } else { 0.0 };
        }
    }
    d
}

#[inline(always)]
fn local(p: &Primitive, ready: &Ready, points: &Points, l: usize) -> (f32, f32, f32) {
    let (x, y, z) = (points.x[l] - p.a.x, points.y[l] - p.a.y, points.z[l] - p.a.z);
    let [r0, r1, r2] = ready.rows;
    (r0.x * x + r0.y * y + r0.z * z, r1.x * x + r1.y * y + r1.z * z, r2.x * x + r2.y * y + r2.z * z)
}

#[inline(always)]
fn cone(p: &Primitive, ready: &Ready, points: &Points) -> Lane {
    let mut d = [0.0; LANES];
    let (along, n) = (ready.along, p.flat_axis);
    let (widen, start, end) = (p.flat - 1.0, p.cut.start as u8 as f32, p.cut.end as u8 as f32);
    for l in 0..LANES {
        let (x, y, z) = (points.x[l] - p.a.x, points.y[l] - p.a.y, points.z[l] - p.a.z);
        let t = (x * along.x + y * along.y + z * along.z) * ready.inverse_square;
        let h = t.clamp(0.0, 1.0);
        let (mut qx, mut qy, mut qz) = (x - along.x * h, y - along.y * h, z - along.z * h);
        let r = p.ra + (p.rb - p.ra) * h;
        // Stretch along the flat axis, then divide by the gradient: a bound of first order.
        let s = qx * n.x + qy * n.y + qz * n.z;
        let g = s * widen;
        (qx, qy, qz) = (qx + n.x * g, qy + n.y * g, qz + n.z * g);
        let k0 = (qx * qx + qy * qy + qz * qz).sqrt();
        let g = g * p.flat;
        (qx, qy, qz) = (qx + n.x * g, qy + n.y * g, qz + n.z * g);
        let k1 = (qx * qx + qy * qy + qz * qz).sqrt();
        let bound = ((k0 - r) * k0 / (k1 + 1e-9)).max(-r / p.flat);
        d[l] = if k0 < 1e-6 { -r / p.flat } else { bound };
        let u = t * ready.length;
        d[l] = d[l].max(-FAR * (1.0 - start) - u * start).max((u - ready.length) * end - FAR * (1.0 - end));
    }
    d
}

#[inline(always)]
fn ellipsoid(p: &Primitive, ready: &Ready, points: &Points) -> Lane {
    let mut d = [0.0; LANES];
    let inverse = 1.0 / p.radii;
    let smallest = p.radii.min_element();
    for l in 0..LANES {
        let (x, y, z) = local(p, ready, points, l);
        let (ux, uy, uz) = (x * inverse.x, y * inverse.y, z * inverse.z);
        let k0 = (ux * ux + uy * uy + uz * uz).sqrt();
        let (vx, vy, vz) = (ux * inverse.x, uy * inverse.y, uz * inverse.z);
        let k1 = (vx * vx + vy * vy + vz * vz).sqrt();
        d[l] = if k0 < 0.3 { (k0 - 1.0) * smallest } else { k0 * (k0 - 1.0) / k1 };
    }
    d
}

#[inline(always)]
fn torus(p: &Primitive, ready: &Ready, points: &Points) -> Lane {
    let mut d = [0.0; LANES];
    let ratio = p.radii.x / p.radii.y.max(1e-6);
    for l in 0..LANES {
        let (x, y, z) = local(p, ready, points, l);
        let (u, v) = (x, y * ratio);
        let ring = (u * u + v * v).sqrt() - p.radii.x;
        d[l] = (ring * ring + z * z).sqrt() - p.ra;
    }
    d
}

#[inline(always)]
fn cuboid(p: &Primitive, ready: &Ready, points: &Points) -> Lane {
    let mut d = [0.0; LANES];
    for l in 0..LANES {
        let (x, y, z) = local(p, ready, points, l);
        let (qx, qy, qz) = (x.abs() - p.radii.x + p.ra, y.abs() - p.radii.y + p.ra, z.abs() - p.radii.z + p.ra);
        let (ox, oy, oz) = (qx.max(0.0), qy.max(0.0), qz.max(0.0));
        d[l] = (ox * ox + oy * oy + oz * oz).sqrt() + qx.max(qy).max(qz).min(0.0) - p.ra;
    }
    d
}

/// A parabola for each half wave: exact at the zeros and peaks, and much cheaper than `sin`.
#[inline(always)]
fn sine(x: f32) -> f32 {
    let turns = x * std::f32::consts::FRAC_1_PI * 0.5;
    let t = turns - (turns + 0.5).floor();
    8.0 * t - 16.0 * t * t.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Mat3;

    fn distance(primitive: Primitive, at: Vec3) -> f32 {
        let field = Field::new(vec![Primitive { group: 0, ..primitive }], vec![0.0]);
        field.distance_at(&field.all(), at)
    }

    #[test]
    fn distances_are_those_of_geometry() {
        let sphere = Primitive::cone(Vec3::ZERO, Vec3::ZERO, 0.5, 0.5, Mat3::IDENTITY);
        assert!((distance(sphere, Vec3::new(0.0, 2.0, 0.0)) - 1.5).abs() < 1e-5);
        let capsule = Primitive::cone(Vec3::ZERO, Vec3::Y, 0.2, 0.1, Mat3::IDENTITY);
        assert!((distance(capsule, Vec3::new(1.0, 0.5, 0.0)) - 0.85).abs() < 1e-5);
        assert!((distance(capsule, Vec3::new(0.0, 2.0, 0.0)) - 0.9).abs() < 1e-5);
        let flat_end = capsule.cut(false, true);
        assert!((distance(flat_end, Vec3::new(0.0, 1.05, 0.0)) - 0.05).abs() < 1e-5);
        let thin = capsule.flattened(Vec3::Z, 2.0);
        assert!(distance(thin, Vec3::new(0.0, 0.5, 0.075)).abs() < 1e-4, "surface at half the radius");
        let egg = Primitive::ellipsoid(Vec3::ZERO, Vec3::new(1.0, 2.0, 3.0), Mat3::IDENTITY);
        assert!(distance(egg, Vec3::new(0.0, 2.0, 0.0)).abs() < 1e-5 && distance(egg, Vec3::ZERO) < -0.9);
        let ring = Primitive::torus(Vec3::ZERO, 1.0, 1.0, 0.1, Mat3::IDENTITY);
        assert!((distance(ring, Vec3::new(2.0, 0.0, 0.0)) - 0.9).abs() < 1e-5);
        let block = Primitive::cuboid(Vec3::ZERO, Vec3::splat(1.0), 0.0, Mat3::IDENTITY);
        assert!((distance(block, Vec3::new(2.0, 2.0, 0.0)) - 2f32.sqrt()).abs() < 1e-5);
    }

    #[test]
    fn culling_does_not_change_distances() {
        let mut random = crate::random::Random::new(3);
        let mut primitives = Vec::new();
        for i in 0..60 {
            let (a, b) = (random.vector(-1.0, 1.0), random.vector(-1.0, 1.0));
            let mut p = Primitive::cone(a, a + 0.3 * b, 0.05, 0.1, Mat3::IDENTITY);
            p.group = i % 5;
            primitives.push(p);
        }
        let blend = vec![0.03, 0.0, 0.02, 0.01, 0.05];
        let field = Field::new(primitives.clone(), blend.clone());
        for _ in 0..200 {
            let at = random.vector(-1.2, 1.2);
            let spread = Points::splat(at);
            let (fast, index) = field.nearest(&field.all(), &spread);
            // The plain definition, without culling.
            let mut plain = FAR;
            for group in 0..5u16 {
                let mut melted = FAR;
                for p in field.primitives().iter().filter(|p| p.group == group) {
                    let d = distance(*p, at);
                    let k = blend[group as usize];
                    let h = (k - (melted - d).abs()).max(0.0);
                    melted = melted.min(d) - h * h * (0.25 / k.max(1e-6));
                }
                plain = plain.min(melted);
            }
            assert!((fast[0] - plain).abs() < 1e-5, "{} {plain}", fast[0]);
            assert!((index[0] as usize) < 60);
        }
    }
}
