//! Colours of what was traced.

use super::Stage;
use super::trace::Layer;
use crate::body::face::Face;
use crate::body::{Figure, Joint, flesh_class as class, group};
use crate::scene::{Lights, Scene};
use glam::{Affine3A, Vec3};
use rayon::prelude::*;

/// People: linear colours, albedo and classes.
pub struct Shaded {
    /// Light that leaves each pixel, linear RGB.
    pub rgb: Vec<Vec3>,
    /// Linear RGB.
    pub albedo: Vec<Vec3>,
    /// Class ids.
    pub classes: Vec<u8>,
}

/// Shades the people.
pub fn people(scene: &Scene, figures: &[Figure], stage: &Stage, layer: &Layer, lights: &Lights) -> Shaded {
    // From camera space to the head of each person, for a head of size 1.
    let heads: Vec<(Affine3A, f32, Face)> = (figures.iter().zip(&scene.people))
        .map(|(figure, person)| {
            let axes = figure.axes(Joint::Head);
            let middle = figure.on_head(0.0, 0.0, 0.0);
            let from_body = Affine3A::from_mat3_translation(axes, middle).inverse();
            let to_body = (scene.camera.view * person.place).inverse();
            (from_body * to_body, figure.look.shape.head, Face::new(figure.look.face, figure.pose.expression))
        })
        .collect();
    let width = scene.camera.width;
    let pixels: Vec<(Vec3, Vec3, u8)> = (0..layer.alpha.len())
        .into_par_iter()
        .with_min_len(4096)
        .map(|i| {
            if layer.alpha[i] <= 0.0 {
                return (Vec3::ZERO, Vec3::ZERO, 0);
            }
            let ray = scene.camera.ray((i % width) as f32, (i / width) as f32);
            let at = ray * layer.depth[i];
            let primitive = &stage.field.primitives()[usize::from(layer.primitive[i])];
            let material = &stage.materials[usize::from(primitive.material)];
            let mut albedo = material.albedo(primitive.local(at));
            let mut id = primitive.class;
            let own = usize::from(primitive.group) % group::BLEND.len();
            if id == class::FACE && own == usize::from(group::HEAD) {
                let (to_head, size, face) = &heads[stage.owner[usize::from(primitive.group)]];
                id = face.paint(to_head.transform_point3(at) / *size, &mut albedo);
            }
            (reflected(albedo, material.gloss, i, ray, layer, lights), albedo, id)
        })
        .collect();
    Shaded {
        rgb: pixels.iter().map(|p| p.0).collect(),
        albedo: pixels.iter().map(|p| p.1).collect(),
        classes: pixels.iter().map(|p| p.2).collect(),
    }
}

/// Shades things that are no people.
pub fn things(scene: &Scene, stage: &Stage, layer: &Layer, lights: &Lights) -> Vec<Vec3> {
    let width = scene.camera.width;
    (0..layer.alpha.len())
        .map(|i| {
            if layer.alpha[i] <= 0.0 {
                return Vec3::ZERO;
            }
            let ray = scene.camera.ray((i % width) as f32, (i / width) as f32);
            let primitive = &stage.field.primitives()[usize::from(layer.primitive[i])];
            let material = &stage.materials[usize::from(primitive.material)];
            let albedo = material.albedo(primitive.local(ray * layer.depth[i]));
            reflected(albedo, material.gloss, i, ray, layer, lights)
        })
        .collect()
}

/// Lambert's law with a highlight (Blinn 1977), lamps through their shadows, ambient light through its occlusion.
fn reflected(albedo: Vec3, gloss: f32, i: usize, ray: Vec3, layer: &Layer, lights: &Lights) -> Vec3 {
    let n = layer.normal[i];
    let upward = 0.5 + 0.5 * n.dot(lights.up);
    let mut out = albedo * (lights.sky * upward + lights.ground * (1.0 - upward)) * layer.ambient[i];
    let toward_eye = -ray.normalize();
    for (k, lamp) in lights.lamps.iter().enumerate() {
        let facing = n.dot(lamp.toward);
        if facing > 0.0 {
            let half = (lamp.toward + toward_eye).normalize_or(n);
            let highlight = gloss * n.dot(half).max(0.0).powi(24);
            let shadow = if lamp.sharpness > 0.0 { layer.lit[i][k] } else { 1.0 };
            out += shadow * lamp.color * facing * (albedo + highlight);
        }
    }
    out
}
