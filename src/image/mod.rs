//! Pixels: float planes resampled between sizes.

pub mod planes;
