//! Framing: from an image and a box to the pixels a model sees, and the map back.

mod framing;
mod normalise;
mod placement;
mod resize;
mod separable;
mod warp;

pub use framing::{
    Enlarge, Framed, Framing, crop_geometry, crop_matrix, frame, letterbox, letterbox_size, person_crop, stretch,
};
pub use normalise::{mirror, normalise};
pub use placement::{Geometry, Placement};
pub use resize::{Interpolation, resize};
pub use warp::{Kernel, warp};
