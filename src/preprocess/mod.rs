//! Framing: from an image and a box to the pixels a model sees, and the map back.

mod placement;

pub use placement::{Geometry, Placement};
