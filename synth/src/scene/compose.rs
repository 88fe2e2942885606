//! Random scenes: one person who fills the picture, or a place with several people.

use super::{Camera, Environment, Framing, Lights, Person, Props, Scene, aim};
use crate::body::{Family, Figure, Look, Pose};
use crate::random::Random;
use glam::{Affine3A, Quat, Vec3};
use std::f32::consts::PI;

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One person who fills most of it, sometimes with others around.
    Person,
    /// A place with none to six people.
    Place,
}

/// The scene of a seed.
pub fn compose(seed: u64, layout: Layout, width: usize, height: usize) -> Scene {
    let mut random = Random::new(seed);
    match layout {
        Layout::Person => portrait(width, height, &mut random),
        Layout::Place => place(width, height, &mut random),
    }
}

/// Stands a figure on the floor at a place, facing a direction (0: along +z).
pub(crate) fn stand(figure: &Figure, at: Vec3, yaw: f32, lift: f32) -> Affine3A {
    let lowest = figure.primitives.iter().map(|p| p.bound()).map(|(c, r)| c.y - r).fold(f32::MAX, f32::min);
    // Bounds of the soles reach a little below them.
    let height = -lowest - 0.02 * figure.scale() + lift;
    Affine3A::from_rotation_translation(Quat::from_rotation_y(yaw), at + Vec3::Y * height)
}

fn person(id: usize, at: Vec3, yaw: f32, props: &mut Props, random: &mut Random) -> Person {
    let look = Look::random(&mut random.fork());
    let family = random.weighted(&Family::WEIGHTS);
    let pose = Pose::of(family, random);
    let figure = Figure::new(&look, &pose);
    let lift = match family {
        Family::Jumping => random.uniform(0.05, 0.4),
        Family::Sitting => random.uniform(0.0, 0.25),
        _ => 0.0,
    };
    let place = stand(&figure, at, yaw, lift);
    if family == Family::Sitting && random.chance(0.8) {
        props.add_chair(&figure, &place, random);
    }
    Person { id, look, pose, place }
}

fn portrait(width: usize, height: usize, random: &mut Random) -> Scene {
    let mut props = Props::default();
    let subject = person(0, Vec3::ZERO, 0.0, &mut props, random);
    let figure = Figure::new(&subject.look, &subject.pose);
    // The camera goes around the person: mostly in front.
    let yaw = if random.chance(0.64) { random.normal(0.0, 0.5) } else { random.uniform(-PI, PI) };
    let pitch = random.normal_in(0.07, 0.16, -0.35, 0.65);
    let roll = if random.chance(0.85) { random.normal(0.0, 0.06) } else { random.uniform(-0.45, 0.45) };
    let axes = Camera::axes(yaw, pitch, roll);
    let fov = random.normal_in(50.0, 5.0, 38.0, 64.0).to_radians();
    let framing = random.weighted(&Framing::WEIGHTS);
    let focus = framing.focus(&figure, &subject.place);
    let fill = framing.fill(random);
    let camera = aim(Camera::new(width, height, fov), axes, &focus, fill, random);
    let eye = camera.position();
    let behind = (-eye * Vec3::new(1.0, 0.0, 1.0)).normalize_or(Vec3::NEG_Z);
    let across = Vec3::Y.cross(behind);
    let distance = (eye * Vec3::new(1.0, 0.0, 1.0)).length();
    let mut people = vec![subject];
    if random.chance(0.25) {
        for id in 1..=random.int(1, 3) {
            let side = if random.chance(0.5) { 1.0 } else { -1.0 };
            let at = across * side * random.uniform(0.35, 1.3) + behind * random.uniform(-0.2, 2.5);
            let facing = random.uniform(-PI, PI);
            people.push(person(id, at, facing, &mut props, random));
        }
    }
    if random.chance(0.4) {
        for _ in 0..random.int(1, 4) {
            let at = across * random.uniform(-1.8, 1.8) + behind * random.uniform(0.5, 3.0);
            props.add_thing(at, random);
        }
    }
    if random.chance(0.15) {
        // Something in the way.
        let at = across * random.normal(0.0, 0.35) - behind * random.uniform(0.35, 0.6).min(distance * 0.6);
        props.add_thing(at, random);
    }
    let environment = Environment::random(behind, 1.2, random);
    let lights = Lights::random(-behind, random);
    Scene { people, props, environment, lights, camera }
}

fn place(width: usize, height: usize, random: &mut Random) -> Scene {
    let mut props = Props::default();
    let fov = random.normal_in(50.0, 8.0, 32.0, 75.0).to_radians();
    let eye = Vec3::new(0.0, random.normal_in(1.5, 0.4, 0.5, 3.0), 0.0);
    let pitch = random.normal_in(0.06, 0.1, -0.15, 0.5) + (eye.y - 1.5) * 0.15;
    let axes = Camera::axes(0.0, pitch, random.normal(0.0, 0.04));
    let camera = Camera::new(width, height, fov).placed(axes, eye);
    let count = random.weighted(&[(0, 0.06), (1, 0.34), (2, 0.24), (3, 0.16), (4, 0.1), (5, 0.06), (6, 0.04)]);
    let slope = width as f32 / 2.0 / camera.focal;
    let mut people: Vec<Person> = Vec::new();
    let nearest = random.uniform(1.6, 4.0);
    for id in 0..count {
        // A few tries for a spot that nobody stands on.
        for _ in 0..8 {
            let depth = nearest * random.uniform(1.0, 2.6);
            let at = Vec3::new(random.uniform(-0.9, 0.9) * slope * depth, 0.0, -depth);
            if people.iter().all(|p| Vec3::from(p.place.translation).with_y(0.0).distance(at) > 0.55) {
                let yaw = if random.chance(0.6) { random.normal(0.0, 0.6) } else { random.uniform(-PI, PI) };
                people.push(person(id, at, yaw, &mut props, random));
                break;
            }
        }
    }
    for _ in 0..random.int(0, 6) {
        let depth = random.uniform(1.3, 8.0);
        props.add_thing(Vec3::new(random.uniform(-1.0, 1.0) * slope * depth, 0.0, -depth), random);
    }
    let environment = Environment::random(Vec3::NEG_Z, nearest * 2.7, random);
    let lights = Lights::random(Vec3::Z, random);
    Scene { people, props, environment, lights, camera }
}
