//! What is written to disk: labelled folders, training arrays, detector frames, contact sheets.

mod arrays;
mod folder;
mod frames;
mod npy;
mod sheet;

pub use arrays::write_arrays;
pub use folder::FolderWriter;
pub use frames::{frame_of, write_frames};
pub use sheet::{Mosaic, write_sheet};

use crate::random::Random;
use crate::render::{Rendered, render};
use crate::scene::{Layout, compose};

/// Any error, with its reason in words.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The picture of a seed.
pub fn picture(seed: u64, layout: Layout, width: usize, height: usize) -> Rendered {
    let scene = compose(seed, layout, width, height);
    render(&scene, &mut camera_noise(seed))
}

/// The random numbers of a picture's noise: not those of its scene, so that a scene is the same at every size.
pub fn camera_noise(seed: u64) -> Random {
    Random::new(seed ^ 0x5eed_0fca_3e7a)
}

/// Whether there is enough of the subject in a picture to learn or measure anything.
pub fn is_useful(rendered: &Rendered) -> bool {
    let subject = rendered.people.first().map_or(0.0, |p| p.area);
    subject >= 0.03 * (rendered.width * rendered.height) as f32
}
