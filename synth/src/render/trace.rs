//! Sphere tracing of a field, eight pixels of a row at a time, in tiles that keep a list of what can be near them.

use crate::scene::{Camera, Lights};
use crate::sdf::{Field, LANES, Points};
use glam::Vec3;
use multiversion::multiversion;
use rayon::prelude::*;

/// Side of a tile; a row of it is a packet.
const TILE: usize = LANES;
const MAX_STEPS: usize = 56;
const MAX_LAMPS: usize = 3;

/// What each pixel of the picture sees of a field.
pub struct Layer {
    /// Share of the pixel that is covered.
    pub alpha: Vec<f32>,
    /// Metres along z.
    pub depth: Vec<f32>,
    /// Unit normal in camera space.
    pub normal: Vec<Vec3>,
    /// Nearest primitive, `u16::MAX` for none.
    pub primitive: Vec<u16>,
    /// Ambient light that reaches it, 0 to 1.
    pub ambient: Vec<f32>,
    /// Light of each lamp that reaches it, 0 to 1.
    pub lit: Vec<[f32; MAX_LAMPS]>,
}

/// One tile of a layer, row by row.
#[derive(Clone, Copy)]
struct Tile {
    alpha: [[f32; LANES]; TILE],
    depth: [[f32; LANES]; TILE],
    normal: [[Vec3; LANES]; TILE],
    primitive: [[u16; LANES]; TILE],
    ambient: [[f32; LANES]; TILE],
    lit: [[[f32; MAX_LAMPS]; LANES]; TILE],
}

const EMPTY: Tile = Tile {
    alpha: [[0.0; LANES]; TILE],
    depth: [[0.0; LANES]; TILE],
    normal: [[Vec3::ZERO; LANES]; TILE],
    primitive: [[u16::MAX; LANES]; TILE],
    ambient: [[1.0; LANES]; TILE],
    lit: [[[1.0; MAX_LAMPS]; LANES]; TILE],
};

/// Traces a field; the `others` throw shadows on it as well.
pub fn trace(field: &Field, others: &[&Field], camera: &Camera, lights: &Lights) -> Layer {
    let (w, h) = (camera.width, camera.height);
    let (columns, rows) = (w.div_ceil(TILE), h.div_ceil(TILE));
    let tiles: Vec<Option<Box<Tile>>> = (0..columns * rows)
        .into_par_iter()
        .map(|i| {
            let corner = (i % columns * TILE, i / columns * TILE);
            let list = in_view(field, camera, corner);
            (!list.is_empty()).then(|| Box::new(trace_tile(field, others, camera, lights, corner, &list)))
        })
        .collect();
    let n = w * h;
    let mut layer = Layer {
        alpha: vec![0.0; n],
        depth: vec![0.0; n],
        normal: vec![Vec3::ZERO; n],
        primitive: vec![u16::MAX; n],
        ambient: vec![1.0; n],
        lit: vec![[1.0; MAX_LAMPS]; n],
    };
    for (i, tile) in tiles.iter().enumerate() {
        let Some(tile) = tile else { continue };
        for y in (0..TILE).take_while(|y| i / columns * TILE + y < h) {
            let x0 = i % columns * TILE;
            let count = LANES.min(w - x0);
            let at = (i / columns * TILE + y) * w + x0;
            layer.alpha[at..at + count].copy_from_slice(&tile.alpha[y][..count]);
            layer.depth[at..at + count].copy_from_slice(&tile.depth[y][..count]);
            layer.normal[at..at + count].copy_from_slice(&tile.normal[y][..count]);
            layer.primitive[at..at + count].copy_from_slice(&tile.primitive[y][..count]);
            layer.ambient[at..at + count].copy_from_slice(&tile.ambient[y][..count]);
            layer.lit[at..at + count].copy_from_slice(&tile.lit[y][..count]);
        }
    }
    layer
}

/// The primitives whose bounds the cone of a tile meets.
fn in_view(field: &Field, camera: &Camera, (x, y): (usize, usize)) -> Vec<u16> {
    let half = TILE as f32 / 2.0 - 0.5;
    let axis = camera.ray(x as f32 + half, y as f32 + half).normalize();
    let widening = (TILE as f32 * 0.75 + 1.0) / camera.focal;
    (0..field.primitives().len() as u16)
        .filter(|&i| {
            let (center, radius) = field.bound(i);
            let along = center.dot(axis);
            let reach = radius + 0.02;
            let width = reach + along.max(0.0) * widening;
            along > -reach && center.length_squared() - along * along < width * width
        })
        .collect()
}

/// Those of a tile's primitives that one row of it can meet, with a margin for coverage and melting.
#[inline(always)]
fn in_row(field: &Field, list: &[u16], rays: &[Vec3; LANES], focal: f32) -> Vec<u16> {
    let axis = ((rays[0] + rays[LANES - 1]) * 0.5).normalize();
    let widening = (LANES as f32 / 2.0 + 1.5) / focal;
    let meets = |&&i: &&u16| {
        let (center, radius) = field.bound(i);
        let along = center.dot(axis);
        let width = radius + 0.012 + along.max(0.0) * widening;
        center.length_squared() - along * along < width * width
    };
    list.iter().filter(meets).copied().collect()
}

/// The primitives that can shade points within a sphere from a lamp.
fn toward_lamp(field: &Field, center: Vec3, radius: f32, toward: Vec3) -> Vec<u16> {
    (0..field.primitives().len() as u16)
        .filter(|&i| {
            let (c, r) = field.bound(i);
            let offset = c - center;
            let along = offset.dot(toward);
            let reach = r + radius + 0.03;
            along > -reach && offset.length_squared() - along * along < reach * reach
        })
        .collect()
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn trace_tile(
    field: &Field,
    others: &[&Field],
    camera: &Camera,
    lights: &Lights,
    (x0, y0): (usize, usize),
    list: &[u16],
) -> Tile {
    let mut tile = EMPTY;
    let near = list.iter().map(|&i| field.bound(i)).map(|(c, r)| c.z - r - 0.02).fold(f32::MAX, f32::min).max(0.05);
    let far = list.iter().map(|&i| field.bound(i)).map(|(c, r)| c.z + r + 0.02).fold(0.0, f32::max);
    let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
    for y in 0..TILE {
        let rays = std::array::from_fn(|l| camera.ray((x0 + l) as f32, (y0 + y) as f32));
        let row = in_row(field, list, &rays, camera.focal);
        if row.is_empty() {
            continue;
        }
        let packet = march(field, &row, &rays, camera.focal, near, far);
        surface(field, list, &packet, camera.focal, &mut tile, y);
        for l in 0..LANES {
            if tile.alpha[y][l] > 0.0 {
                let p = packet.points.get(l);
                (low, high) = (low.min(p), high.max(p));
            }
        }
    }
    if low.x > high.x {
        return tile;
    }
    let (center, radius) = ((low + high) / 2.0, (high - low).length() / 2.0);
    for (k, lamp) in lights.lamps.iter().enumerate().filter(|(_, l)| l.sharpness > 0.0) {
        let own = toward_lamp(field, center, radius, lamp.toward);
        let foreign: Vec<_> = others.iter().map(|f| (*f, toward_lamp(f, center, radius, lamp.toward))).collect();
        for y in 0..TILE {
            if tile.alpha[y].iter().all(|a| *a <= 0.0) {
                continue;
            }
            let mut points = Points::splat(center);
            for l in 0..LANES {
                let ray = camera.ray((x0 + l) as f32, (y0 + y) as f32);
                if tile.alpha[y][l] > 0.0 {
                    points.set(l, ray * tile.depth[y][l] + tile.normal[y][l] * 0.012);
                }
            }
            let mut light = shadow(field, &own, &points, lamp.toward, lamp.sharpness);
            for (other, others_list) in &foreign {
                let more = shadow(other, others_list, &points, lamp.toward, lamp.sharpness);
                (0..LANES).for_each(|l| light[l] = light[l].min(more[l]));
            }
            (0..LANES).for_each(|l| tile.lit[y][l][k] = light[l]);
        }
    }
    tile
}

struct Packet {
    points: Points,
    alpha: [f32; LANES],
    /// Lengths of the rays per unit of depth.
    length: [f32; LANES],
    rays: [Vec3; LANES],
    depth: [f32; LANES],
}

/// Marches along eight rays. A ray that misses remembers how near it came: the coverage of its pixel.
#[inline(always)]
fn march(field: &Field, list: &[u16], rays: &[Vec3; LANES], focal: f32, near: f32, far: f32) -> Packet {
    let length: [f32; LANES] = std::array::from_fn(|l| rays[l].length());
    let mut t = [near; LANES];
    let (mut closest, mut at) = ([1e9f32; LANES], [near; LANES]);
    let mut active = [true; LANES];
    let mut points = Points::splat(Vec3::ZERO);
    for _ in 0..MAX_STEPS {
        for l in 0..LANES {
            points.set(l, rays[l] * t[l]);
        }
        let d = field.distance(list, &points);
        let mut any = false;
        for l in 0..LANES {
            let pixel = t[l] / focal;
            // Half a pixel outside the surface counts as the edge of its coverage.
            let d = d[l] + 0.5 * pixel;
            let coverage = d / pixel;
            let nearer = active[l] && coverage < closest[l];
            closest[l] = if nearer { coverage } else { closest[l] };
            at[l] = if nearer { t[l] } else { at[l] };
            active[l] = active[l] && d >= 0.12 * pixel && t[l] < far;
            t[l] += if active[l] { (d * 0.92).max(0.1 * pixel) / length[l] } else { 0.0 };
            any |= active[l];
        }
        if !any {
            break;
        }
    }
    let mut depth = at;
    // Back to the surface itself from half a pixel inside.
    for _ in 0..2 {
        for l in 0..LANES {
            points.set(l, rays[l] * depth[l]);
        }
        let d = field.distance(list, &points);
        for l in 0..LANES {
            let pixel = depth[l] / focal;
            depth[l] += if closest[l] < 0.12 { d[l].clamp(-pixel, pixel) / length[l] } else { 0.0 };
        }
    }
    for l in 0..LANES {
        points.set(l, rays[l] * depth[l]);
    }
    let alpha = std::array::from_fn(|l| {
        // A ray that ran out of steps slid along a surface it was about to meet.
        let alpha = if closest[l] < 0.12 || (active[l] && closest[l] < 1.0) { 1.0 } else { 1.0 - closest[l] };
        if alpha > 0.02 { alpha } else { 0.0 }
    });
    Packet { points, alpha, length, rays: *rays, depth }
}

/// Normals, nearest primitives and ambient occlusion where a packet meets the surface.
#[inline(always)]
fn surface(field: &Field, list: &[u16], packet: &Packet, focal: f32, tile: &mut Tile, y: usize) {
    if packet.alpha.iter().all(|a| *a <= 0.0) {
        return;
    }
    const CORNERS: [Vec3; 4] =
        [Vec3::new(1.0, -1.0, -1.0), Vec3::new(-1.0, -1.0, 1.0), Vec3::new(-1.0, 1.0, -1.0), Vec3::new(1.0, 1.0, 1.0)];
    let deepest = packet.depth.iter().fold(0.0f32, |a, b| a.max(*b));
    let step = (0.35 * deepest / focal).max(0.0012);
    let mut gradient = [Vec3::ZERO; LANES];
    for corner in CORNERS {
        let d = field.distance(list, &packet.points.shifted(corner * step));
        (0..LANES).for_each(|l| gradient[l] += corner * d[l]);
    }
    let (_, nearest) = field.nearest(list, &packet.points);
    let mut normals = [Vec3::ZERO; LANES];
    for l in 0..LANES {
        let toward = packet.rays[l] / packet.length[l];
        let mut n = gradient[l].normalize_or(-toward);
        // What is seen faces the camera; at a silhouette the gradient may point past it.
        let away = n.dot(toward);
        if away > 0.0 {
            n = (n - toward * (away * 1.02)).normalize_or(-toward);
        }
        normals[l] = n;
    }
    let mut hidden = [0.0f32; LANES];
    let mut weight = 1.0;
    for k in 1..=3 {
        let reach = 0.03 * k as f32;
        let mut points = packet.points;
        for l in 0..LANES {
            points.set(l, packet.points.get(l) + normals[l] * reach);
        }
        let d = field.distance(list, &points);
        (0..LANES).for_each(|l| hidden[l] += weight * (reach - d[l]).max(0.0) / reach);
        weight *= 0.6;
    }
    for l in 0..LANES {
        if packet.alpha[l] > 0.0 && nearest[l] != u16::MAX {
            tile.alpha[y][l] = packet.alpha[l];
            tile.depth[y][l] = packet.depth[l];
            tile.normal[y][l] = normals[l];
            tile.primitive[y][l] = nearest[l];
            tile.ambient[y][l] = (1.0 - 0.45 * hidden[l]).clamp(0.15, 1.0);
        }
    }
}

/// Soft shadow: how narrowly the way to the lamp passes the field.
#[inline(always)]
pub(super) fn shadow(field: &Field, list: &[u16], from: &Points, toward: Vec3, sharpness: f32) -> [f32; LANES] {
    let mut light = [1.0f32; LANES];
    if list.is_empty() {
        return light;
    }
    let mut t = [0.015f32; LANES];
    let mut points = *from;
    for _ in 0..14 {
        for l in 0..LANES {
            points.set(l, from.get(l) + toward * t[l]);
        }
        let d = field.distance(list, &points);
        let mut dark = true;
        for l in 0..LANES {
            light[l] = light[l].min(0.5 + 0.5 * d[l] * sharpness / t[l]);
            t[l] += d[l].clamp(0.018, 0.3);
            dark &= light[l] < 0.02;
        }
        if dark {
            break;
        }
    }
    light.map(|v| {
        let v = v.clamp(0.0, 1.0);
        v * v * (3.0 - 2.0 * v)
    })
}

/// Shadow of all lamps at a point of the background, for packets that start anywhere.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn shadow_packet(
    fields: &[&Field],
    points: &Points,
    center: Vec3,
    radius: f32,
    toward: Vec3,
    sharpness: f32,
) -> [f32; LANES] {
    let mut light = [1.0f32; LANES];
    for field in fields {
        let list = toward_lamp(field, center, radius, toward);
        let more = shadow(field, &list, points, toward, sharpness);
        (0..LANES).for_each(|l| light[l] = light[l].min(more[l]));
    }
    light
}
