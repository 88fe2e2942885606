//! Framing: from an image and a box to the pixels a model sees, and the map back.

mod detector;
mod framing;
mod normalise;
mod person;
mod placement;
mod plan;
mod resize;
mod separable;
mod warp;

pub use detector::{scaled_plan, scaled_within, size_within, upper_left, upper_left_plan};
pub use framing::{
    Enlarge, Framed, Framing, frame, letterbox, letterbox_plan, letterbox_size, plan, stretch, stretch_with,
};
pub use normalise::{mirror, normalise};
pub use person::{crop_geometry, crop_matrix, person_crop, person_crop_with};
pub use placement::{Geometry, Placement};
pub use plan::Plan;
pub use resize::{Interpolation, resize};
pub use separable::Taps;
pub use warp::{Kernel, warp};
