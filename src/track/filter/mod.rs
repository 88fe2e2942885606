//! Calm over time: keypoints while they come ([`KeypointFilter`]), keypoints of a finished clip without lag ([`smooth`]),
//! normals ([`NormalFilter`]) and the scale of pointmaps ([`PointmapFilter`]).
//!
//! Filters take what was found and give something new; what was found is never changed. Each holds the state of one person
//! (or of one stream, for maps of the whole image): begin a new one, or call `reset`, when the track changes.

mod keypoints;
mod map;
mod normals;
mod one_euro;
mod points;
mod smoother;

pub use keypoints::{GroupSettings, KeypointFilter, KeypointFilterOptions, OneEuro};
pub use map::MapFrame;
pub use normals::{NormalFilter, NormalFilterOptions};
pub use points::{Agreement, FilteredPoints, PointmapFilter, PointmapFilterOptions};
pub use smoother::{Moment, SmootherOptions, smooth};

use crate::error::{Error, Result};

/// Fails unless a setting is finite and above 0 (or, if it may be, 0).
fn check_positive(name: &str, value: f32, may_be_zero: bool) -> Result<()> {
    if value.is_finite() && (value > 0.0 || may_be_zero && value == 0.0) {
        return Ok(());
    }
    let least = if may_be_zero { "at least" } else { "above" };
    Err(Error::invalid(format!("filter {name} {value}: must be a number {least} 0")))
}
