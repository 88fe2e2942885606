//! A framing before any pixel is touched: where the picture will lie, and two tables of weights that make it, one per axis. The
//! host applies them ([`Plan::apply`]); a device does the same with the same tables.

use super::framing::Framed;
use super::separable::{Taps, resample};
use super::{Geometry, Placement};
use crate::error::{Error, Result};
use crate::image::Image;

/// How an image becomes what a model sees: first each row through `columns`, then each column through `rows`; sums in f32 in the
/// order of the taps, rounded to nearest even, clamped to 0..255.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Where the result lies in the image.
    pub placement: Placement,
    /// For each column of the result: columns of the image.
    pub columns: Taps,
    /// For each row of the result: rows of the image.
    pub rows: Taps,
    /// What stands where the image is not seen.
    pub border: u8,
    pub(super) is_mirrored: bool,
}

impl Plan {
    /// The pixels, computed on the host.
    ///
    /// # Errors
    /// `InvalidArgument` if the image has another size than the one planned for.
    pub fn apply(&self, image: &Image) -> Result<Framed> {
        let Placement { image: size, input, geometry } = self.placement;
        if image.size() != size {
            let found = image.size();
            return Err(Error::invalid(format!("image: {found}, but this framing is one of an image of {size}")));
        }
        let mut pixels = if geometry == Geometry::Stretch && size == input && !self.is_mirrored {
            image.pixels().to_vec()
        } else {
            resample(image.pixels(), size, &self.columns, &self.rows)
        };
        if self.border > 0 {
            let blank: Vec<bool> = (0..input.width).map(|x| self.columns.is_blank(x)).collect();
            for (y, row) in pixels.chunks_exact_mut(3 * input.width).enumerate() {
                let is_blank = self.rows.is_blank(y);
                let outside =
                    row.as_chunks_mut::<3>().0.iter_mut().zip(&blank).filter(|(_, column)| is_blank || **column);
                outside.for_each(|(pixel, _)| *pixel = [self.border; 3]);
            }
        }
        Ok(Framed { pixels, placement: self.placement })
    }

    /// The same, seen in a mirror: what the flip test shows the network.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self { columns: self.columns.reversed(), is_mirrored: !self.is_mirrored, ..self.clone() }
    }
}
