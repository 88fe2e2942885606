//! Procedurally rendered people with exact labels.
//!
//! A [`scene`] places people ([`body`], [`wardrobe`]) in a world; [`render`] turns it into pixels and labels; `sdf` is
//! the geometry underneath. Everything follows from a seed, on any machine and with any number of threads.

pub mod body;
pub mod label;
pub mod random;
pub mod render;
pub mod scene;
pub mod sdf;
pub mod sequence;
pub mod wardrobe;
pub mod write;
