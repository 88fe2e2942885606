//! Labelled folders: pictures with what is known about them. `docs/labels.md` describes the format.

mod folder;
mod label;
mod maps;
mod npy;

pub use folder::{FORMAT, Folder, VERSION};
pub use label::{Camera, Label, LabelledPerson};
