//! Scenes: people placed in a world with a camera, lights, surroundings and things.
//!
//! World space: y up, metres, the floor at y = 0.

mod camera;
mod compose;
mod environment;
mod framing;
mod lights;
mod props;

pub use camera::Camera;
pub(crate) use compose::stand;
pub use compose::{Layout, compose};
pub use environment::{Environment, Surface};
pub use framing::{Framing, aim};
pub use lights::{Light, Lights};

use crate::body::{Look, Pose};
use crate::sdf::Primitive;
use crate::wardrobe::Material;
use glam::Affine3A;

/// A person in the world.
#[derive(Debug, Clone)]
pub struct Person {
    /// The same in all frames of a sequence.
    pub id: usize,
    /// Who.
    pub look: Look,
    /// Doing what.
    pub pose: Pose,
    /// From body space to the world.
    pub place: Affine3A,
}

/// Things that are no people: furniture, plants, posts.
#[derive(Debug, Clone, Default)]
pub struct Props {
    /// In world space; `group` is an index of its own.
    pub primitives: Vec<Primitive>,
    /// What they are made of.
    pub materials: Vec<Material>,
}

/// Everything that is rendered.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The first one is the subject, where there is one.
    pub people: Vec<Person>,
    /// Furniture and occluders.
    pub props: Props,
    /// What is behind.
    pub environment: Environment,
    /// Light.
    pub lights: Lights,
    /// The eye.
    pub camera: Camera,
}
