//! Signed-distance geometry: primitives, and the field they make together.

mod field;
mod primitive;

pub use field::{Field, LANES, Points};
pub use primitive::{Bump, Cut, Kind, Primitive};
