//! Sequences: people who move smoothly before a camera that stands still or follows, with ids.

use crate::body::{Figure, Look, Motion, Performance};
use crate::random::Random;
use crate::scene::{Camera, Environment, Framing, Lights, Person, Props, Scene, aim, stand};
use glam::{Affine3A, Quat, Vec3};
use std::f32::consts::PI;

/// What a sequence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// One person who does one thing.
    One(Performance),
    /// Two people who walk past each other, one hiding the other for a while.
    Crossing,
}

/// A sequence that can be asked for any of its frames.
pub struct Sequence {
    story: Story,
    actors: Vec<Actor>,
    camera: Camera,
    environment: Environment,
    lights: Lights,
    duration: f32,
}

struct Actor {
    look: Look,
    motion: Motion,
    /// Where it starts, and which way it faces.
    start: Vec3,
    yaw: f32,
    /// Height of the origin above the floor, so that the feet are on it.
    height: f32,
}

impl Actor {
    fn new(performance: Performance, random: &mut Random) -> Self {
        let look = Look::random(&mut random.fork());
        let motion = Motion::new(performance, &look.shape, random);
        let height = {
            // The lowest sole over a cycle stands on the floor.
            let heights = (0..24).map(|i| {
                let mut pose = motion.at(i as f32 / 12.0);
                pose.root = Vec3::ZERO;
                stand(&Figure::new(&look, &pose), Vec3::ZERO, 0.0, 0.0).translation.y
            });
            heights.fold(0.0, f32::max)
        };
        Self { look, motion, start: Vec3::ZERO, yaw: 0.0, height }
    }

    fn at(&self, id: usize, seconds: f32) -> Person {
        let turn = Quat::from_rotation_y(self.yaw + self.motion.heading(seconds));
        let place = Affine3A::from_rotation_translation(turn, self.start + Vec3::Y * self.height);
        Person { id, look: self.look.clone(), pose: self.motion.at(seconds), place }
    }
}

impl Sequence {
    /// The sequence of a seed, `duration` seconds long.
    pub fn new(seed: u64, story: Story, width: usize, height: usize, duration: f32) -> Self {
        let random = &mut Random::new(seed);
        let mut actors = match story {
            Story::One(performance) => vec![Actor::new(performance, random)],
            Story::Crossing => vec![Actor::new(Performance::Walk, random), Actor::new(Performance::Walk, random)],
        };
        match story {
            Story::One(_) => {
                let actor = &mut actors[0];
                actor.yaw = random.normal_in(0.0, 0.5, -1.2, 1.2);
                // The middle of the way lies at the origin.
                let way = Vec3::new(actor.yaw.sin(), 0.0, actor.yaw.cos()) * actor.motion.speed() * duration;
                actor.start = way * -0.5;
            }
            Story::Crossing => {
                for (i, actor) in actors.iter_mut().enumerate() {
                    let side = if i == 0 { 1.0 } else { -1.0 };
                    actor.yaw = side * PI / 2.0 + random.normal(0.0, 0.12);
                    let way = Vec3::new(actor.yaw.sin(), 0.0, actor.yaw.cos()) * actor.motion.speed() * duration;
                    actor.start = way * -0.5 + Vec3::new(0.0, 0.0, -0.5 * i as f32);
                }
            }
        }
        let axes = Camera::axes(random.normal(0.0, 0.15), random.uniform(0.0, 0.25), 0.0);
        // Everybody at the beginning, the middle and the end fits.
        let mut focus = Vec::new();
        for (id, actor) in actors.iter().enumerate() {
            for share in [0.0, 0.5, 1.0] {
                let person = actor.at(id, share * duration);
                let figure = Figure::new(&person.look, &person.pose);
                focus.extend(Framing::Full.focus(&figure, &person.place));
            }
        }
        let fov = random.uniform(38.0, 58.0).to_radians();
        let camera = aim(Camera::new(width, height, fov), axes, &focus, 0.9, random);
        let behind = (camera.position() * Vec3::new(-1.0, 0.0, -1.0)).normalize_or(Vec3::NEG_Z);
        let depth = focus.iter().map(|p| p.dot(behind)).fold(0.0, f32::max);
        let environment = Environment::random(behind, depth + 1.0, random);
        let lights = Lights::random(-behind, random);
        Self { story, actors, camera, environment, lights, duration }
    }

    /// A name such as `crossing`.
    pub fn name(&self) -> String {
        match self.story {
            Story::Crossing => "crossing".into(),
            Story::One(performance) => format!("{performance:?}").to_lowercase(),
        }
    }

    /// The scene at a time, in seconds.
    pub fn at(&self, seconds: f32) -> Scene {
        let seconds = seconds.clamp(0.0, self.duration);
        Scene {
            people: self.actors.iter().enumerate().map(|(id, a)| a.at(id, seconds)).collect(),
            props: Props::default(),
            environment: self.environment.clone(),
            lights: self.lights.clone(),
            camera: self.camera,
        }
    }
}
