//! The field's measures of how near predictions are to labels: slices in, typed numbers out.
//!
//! Every measure is an accumulator: it is fed picture by picture and keeps only counts and sums (tracking: pairs of boxes), so
//! that the size of a data set does not matter. Its report names units in its keys and holds `None` where nothing was there to measure.
//! Dense measures pool the pixels of all pictures, each pixel counting the same.

mod boxes;
mod classes;
mod clear;
mod colours;
mod keypoints;
mod normals;
mod points;
mod precision;
mod ranking;
mod steadiness;
mod tally;
mod tracks;

pub use boxes::{BoxPrecision, BoxReport};
pub use classes::{ClassScore, Classes, ClassesReport};
pub use colours::{Albedo, AlbedoReport, Alpha, AlphaReport};
pub use keypoints::{ErrorReport, LabelPoint, Located, PckReport, PointError, Visibility, oks};
pub use normals::{Normals, NormalsReport};
pub use points::{DepthReport, Points, PointsReport};
pub use precision::{AveragePrecision, LabelledPerson, PrecisionReport};
pub use steadiness::{Jitter, JitterReport, Lag, Sample};
pub use tracks::{Tracking, TrackingReport};

use crate::error::{Error, Result};

/// Fails unless `found` values are there; `name` is the argument to blame.
fn check_count(name: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::invalid(format!("`{name}` holds {found} values; {expected} are needed")))
}
