//! From a scene to pixels and labels.

mod background;
mod optics;
mod shade;
mod trace;

pub use optics::{Look as OpticalLook, develop};

use crate::body::Figure;
use crate::label::{PersonLabel, label_person};
use crate::random::Random;
use crate::scene::Scene;
use crate::sdf::{Field, Primitive};
use crate::wardrobe::Material;
use glam::{Affine3A, Vec3};
pub(crate) use trace::Layer;

/// A rendered scene with its labels. All maps have `width * height` entries, row by row.
pub struct Rendered {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// sRGB, as the camera delivers it.
    pub rgb: Vec<[u8; 3]>,
    /// Class ids; 0 where no person covers at least half of the pixel.
    pub classes: Vec<u8>,
    /// Unit normals in camera space; zero off the people.
    pub normals: Vec<Vec3>,
    /// Metres along z; zero off the people.
    pub depth: Vec<f32>,
    /// sRGB, 0 to 1; zero off the people.
    pub albedo: Vec<Vec3>,
    /// Share of each pixel that people cover.
    pub alpha: Vec<f32>,
    /// The people, in the order of the scene.
    pub people: Vec<PersonLabel>,
}

/// Primitives in camera space with what they are made of.
pub(crate) struct Stage {
    pub field: Field,
    pub materials: Vec<Material>,
    /// Which person each group belongs to.
    pub owner: Vec<usize>,
}

/// Renders a scene. The random numbers are those of noise and compression.
pub fn render(scene: &Scene, random: &mut Random) -> Rendered {
    let figures: Vec<Figure> = scene.people.iter().map(|p| Figure::new(&p.look, &p.pose)).collect();
    let people = stage_people(scene, &figures);
    let props = stage_props(scene);
    let lights = scene.lights.turned(scene.camera.view.matrix3.into());
    let front = trace::trace(&people.field, &[&props.field], &scene.camera, &lights);
    let things = trace::trace(&props.field, &[&people.field], &scene.camera, &lights);
    let shaded = shade::people(scene, &figures, &people, &front, &lights);
    let thing_colors = shade::things(scene, &props, &things, &lights);
    let back = background::paint(scene, &[&people.field, &props.field]);
    let (linear, alpha) = composite(&back, (&things, &thing_colors), (&front, &shaded.rgb));
    let person = |i: usize| alpha[i] >= 0.5;
    let on = |i: usize, v: Vec3| if person(i) { v } else { Vec3::ZERO };
    let n = alpha.len();
    let mut labels: Vec<PersonLabel> = (figures.iter().zip(&scene.people).enumerate())
        .map(|(i, (figure, placed))| label_person(i, figure, placed, scene, &people, &front, &alpha))
        .collect();
    labels.iter_mut().for_each(PersonLabel::round);
    Rendered {
        width: scene.camera.width,
        height: scene.camera.height,
        rgb: develop(&linear, scene, random),
        classes: (0..n).map(|i| if person(i) { shaded.classes[i] } else { 0 }).collect(),
        normals: (0..n).map(|i| on(i, front.normal[i])).collect(),
        depth: (0..n).map(|i| if person(i) { front.depth[i] } else { 0.0 }).collect(),
        albedo: (0..n).map(|i| on(i, shaded.albedo[i].powf(1.0 / 2.2))).collect(),
        people: labels,
        alpha,
    }
}

fn stage_people(scene: &Scene, figures: &[Figure]) -> Stage {
    let (mut primitives, mut materials, mut blend, mut owner) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, (figure, person)) in figures.iter().zip(&scene.people).enumerate() {
        let motion = scene.camera.view * person.place;
        let (groups, first) = (blend.len() as u16, materials.len() as u16);
        blend.extend(crate::body::group::BLEND.map(|k| k * figure.scale()));
        owner.extend([index; crate::body::group::BLEND.len()]);
        materials.extend(&figure.materials);
        primitives.extend(figure.primitives.iter().map(|p| moved(p, &motion, groups, first)));
    }
    Stage { field: Field::new(primitives, blend), materials, owner }
}

fn stage_props(scene: &Scene) -> Stage {
    let primitives = scene.props.primitives.iter().map(|p| moved(p, &scene.camera.view, 0, 0)).collect();
    Stage {
        field: Field::new(primitives, vec![0.0]),
        materials: scene.props.materials.clone(),
        owner: vec![usize::MAX],
    }
}

fn moved(primitive: &Primitive, motion: &Affine3A, groups: u16, materials: u16) -> Primitive {
    let mut p = primitive.moved(motion);
    p.group += groups;
    p.material += materials;
    p
}

/// People and things over the background, the nearer one on top. Returns linear RGB and the share of people.
fn composite(
    back: &[Vec3],
    (things, thing_colors): (&Layer, &[Vec3]),
    (people, colors): (&Layer, &[Vec3]),
) -> (Vec<Vec3>, Vec<f32>) {
    (0..back.len())
        .map(|i| {
            let (person, thing) = (people.alpha[i], things.alpha[i]);
            let in_front = thing > 0.0 && (person <= 0.0 || things.depth[i] < people.depth[i]);
            if in_front {
                let under = back[i].lerp(colors[i], person);
                (under.lerp(thing_colors[i], thing), person * (1.0 - thing))
            } else {
                (back[i].lerp(thing_colors[i], thing).lerp(colors[i], person), person)
            }
        })
        .unzip()
}
