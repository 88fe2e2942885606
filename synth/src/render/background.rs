//! The surroundings, with the shadows that people and things throw on them.

use super::trace::shadow_packet;
use crate::scene::Scene;
use crate::sdf::{Field, LANES, Points};
use glam::{Mat3, Vec3};
use rayon::prelude::*;

/// Linear RGB of every pixel as if nobody stood in front. `fields` are in camera space.
pub fn paint(scene: &Scene, fields: &[&Field]) -> Vec<Vec3> {
    let camera = &scene.camera;
    let mut out = vec![Vec3::ZERO; camera.width * camera.height];
    let eye = camera.position();
    let to_camera = Mat3::from(camera.view.matrix3);
    let to_world = to_camera.transpose();
    let main = scene.lights.lamps.first();
    out.par_chunks_mut(camera.width).enumerate().for_each(|(y, row)| {
        for x0 in (0..camera.width).step_by(LANES) {
            let count = LANES.min(camera.width - x0);
            let mut points = Points::splat(Vec3::ZERO);
            let mut hits = [None; LANES];
            let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
            for l in 0..count {
                let ray = to_world * camera.ray((x0 + l) as f32, y as f32);
                hits[l] = scene.environment.hit(eye, ray);
                if let Some((surface, t)) = hits[l] {
                    let at = eye + ray * t + surface.normal * 0.01;
                    let at = camera.view.transform_point3(at);
                    points.set(l, at);
                    (low, high) = (low.min(at), high.max(at));
                }
            }
            for l in 0..LANES {
                // Lanes without a hit follow one that has.
                if hits[l].is_none() && low.x <= high.x {
                    points.set(l, low);
                }
            }
            let mut lit = [1.0; LANES];
            if let Some(lamp) = main.filter(|l| l.sharpness > 0.0 && low.x <= high.x) {
                let (center, radius) = ((low + high) / 2.0, (high - low).length() / 2.0);
                // A packet that spans a corner of the room is too wide to be lit as one.
                if radius < 2.0 {
                    lit = shadow_packet(fields, &points, center, radius, to_camera * lamp.toward, lamp.sharpness);
                }
            }
            for l in 0..count {
                let ray = to_world * camera.ray((x0 + l) as f32, y as f32);
                row[x0 + l] = match hits[l] {
                    None => scene.environment.sky(ray.normalize()),
                    Some((surface, t)) => {
                        let lights = &scene.lights;
                        let upward = 0.5 + 0.5 * surface.normal.y;
                        let mut light = lights.sky * upward + lights.ground * (1.0 - upward);
                        for (k, lamp) in lights.lamps.iter().enumerate() {
                            let shadow = if k == 0 { lit[l] } else { 1.0 };
                            light += lamp.color * surface.normal.dot(lamp.toward).max(0.0) * shadow;
                        }
                        surface.albedo(eye + ray * t) * light
                    }
                };
            }
        }
    });
    if scene.environment.blur > 0.0 {
        super::optics::blur(&mut out, camera.width, scene.environment.blur * camera.height as f32);
    }
    out
}
