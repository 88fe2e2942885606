//! Placements as sampling grids: what every dense task does alike.

use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::image::planes::{Grid, Region};
use crate::preprocess::{Geometry, Placement};

/// How maps of the network input are sampled at the pixels of an image.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// Where each pixel of the image takes its values from.
    pub grid: Grid,
    /// If this part of the input is cut out and smoothed before ([`SMOOTHING_PASSES`](super::pointmap::SMOOTHING_PASSES) times
    /// [`gaussian_3x3`](crate::image::planes::gaussian_3x3)): the grid is one of it then.
    pub smoothed: Option<Region>,
}

impl Sampling {
    /// That of every task but pointmaps.
    ///
    /// # Errors
    /// `InvalidArgument` for a placement without pixels.
    pub fn plain(placement: &Placement) -> Result<Self> {
        Ok(Self { grid: grid(placement)?, smoothed: None })
    }
}

/// The part of the input that shows the image: all of it but for the borders of a letterbox.
pub(super) fn picture(placement: &Placement) -> Result<Region> {
    let Placement { image, input, geometry } = *placement;
    if [image.width, image.height, input.width, input.height].contains(&0) {
        return Err(Error::invalid(format!(
            "the placement joins an image of {image} and an input of {input}; both need pixels"
        )));
    }
    let Geometry::Letterbox { left, right, top, bottom } = geometry else { return Ok(Region::whole(input)) };
    let inner = |all: usize, a: usize, b: usize| all.checked_sub(a)?.checked_sub(b).filter(|n| *n > 0);
    match (inner(input.width, left, right), inner(input.height, top, bottom)) {
        (Some(width), Some(height)) => Ok(Region { left, top, size: Size::new(width, height) }),
        _ => Err(Error::invalid(format!(
            "the borders of the letterbox (left {left}, right {right}, top {top}, bottom {bottom}) fill the input of {input}"
        ))),
    }
}

/// Samples the input at every pixel of the image.
pub(super) fn grid(placement: &Placement) -> Result<Grid> {
    let region = picture(placement)?;
    match placement.geometry {
        Geometry::Stretch | Geometry::Letterbox { .. } => Grid::resize(placement.input, region, placement.image),
        Geometry::Crop { center, scale } => {
            let input_from_image = placement
                .image_from_input()
                .inverse()
                .ok_or_else(|| Error::invalid(format!("the crop at {center:?} with extent {scale:?} has no area")))?;
            Grid::affine(placement.input, placement.image, &input_from_image)
        }
    }
}
