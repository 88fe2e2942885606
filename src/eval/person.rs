//! Where a label has a person.

use crate::dataset::{Folder, Label};
use crate::engine::Maps;
use crate::error::Result;

/// The maps of a label that tell people from the rest, as far as predictions need them.
pub(super) struct PersonMaps {
    /// A class per pixel, for predicted classes and for `mask`.
    pub classes: Option<Vec<u8>>,
    /// Coverage per pixel, for predicted alpha, and for `mask` without classes.
    pub alpha: Option<Vec<f32>>,
    /// The pixels on which normals, points and albedo are compared; `None` for all.
    pub mask: Option<Vec<bool>>,
}

impl PersonMaps {
    /// Reads what these predictions are compared with.
    ///
    /// # Errors
    /// Those of [`Label::classes`] and [`Label::alpha`].
    pub fn read(folder: &Folder, label: &Label, predicted: &Maps) -> Result<Self> {
        let needs_mask = predicted.normal.is_some() || predicted.pointmap.is_some() || predicted.albedo.is_some();
        let classes = if predicted.seg.is_some() || needs_mask { label.classes(folder)? } else { None };
        let needs_alpha = predicted.matting.is_some() || needs_mask && classes.is_none();
        let alpha = if needs_alpha { label.alpha(folder)? } else { None };
        let mask = match (&classes, &alpha) {
            (Some(classes), _) => Some(classes.iter().map(|c| *c > 0).collect()),
            (None, Some(alpha)) => Some(alpha.iter().map(|a| *a >= 0.5).collect()),
            (None, None) => None,
        };
        Ok(Self { classes, alpha, mask })
    }
}
