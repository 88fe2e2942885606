//! A dense map as a picture of its own size.

use super::panel::{Style, foreground_rgb, slice};
use crate::engine::Maps;
use crate::error::Result;
use crate::export::maps::{self, Backdrop};
use crate::geometry::Size;
use ndarray::{ArrayBase, Data, Dimension};

/// A map that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapPicture {
    /// Labels in the palette.
    Labels,
    /// Probability of the label, in gray.
    Confidence,
    /// Normals as colours.
    Normals,
    /// Depth of the points in turbo colours.
    Depth,
    /// Relative depth, near bright.
    RelativeDepth,
    /// Albedo as it is.
    Albedo,
    /// Alpha in gray.
    Alpha,
    /// The foreground over black.
    Foreground,
}

impl Style {
    /// The picture of a map, RGB8 and its size; `None` if `maps` has no such map.
    ///
    /// # Errors
    /// `InvalidArgument` for a map without pixels.
    pub fn map(&self, maps: &Maps, kind: MapPicture) -> Result<Option<(Size, Vec<u8>)>> {
        let seg = maps.seg.as_ref();
        let matte = maps.matting.as_ref();
        Ok(match kind {
            MapPicture::Labels => match seg {
                Some(seg) => {
                    let size = size_of(&seg.labels);
                    Some((size, self.classes(size, slice(&seg.labels), seg.classes)?))
                }
                None => None,
            },
            MapPicture::Confidence => match seg {
                Some(seg) => Some(gray(size_of(&seg.confidence), slice(&seg.confidence))?),
                None => None,
            },
            MapPicture::Normals => match &maps.normal {
                Some(normal) => Some((size_of(normal), maps::normals(size_of(normal), slice(normal))?)),
                None => None,
            },
            MapPicture::Depth => match &maps.pointmap {
                Some(points) => {
                    let depth: Vec<f32> = slice(points).chunks_exact(3).map(|p| p[2]).collect();
                    Some((size_of(points), maps::depth(size_of(points), &depth, None)?))
                }
                None => None,
            },
            MapPicture::RelativeDepth => match &maps.depth {
                Some(depth) => Some((size_of(depth), maps::relative_depth(size_of(depth), slice(depth), None)?)),
                None => None,
            },
            MapPicture::Albedo => match &maps.albedo {
                Some(albedo) => Some((size_of(albedo), maps::albedo(size_of(albedo), slice(albedo))?)),
                None => None,
            },
            MapPicture::Alpha => match matte {
                Some(matte) => Some(gray(size_of(&matte.alpha), slice(&matte.alpha))?),
                None => None,
            },
            MapPicture::Foreground => match matte {
                Some(matte) => {
                    let size = size_of(&matte.alpha);
                    let black = Backdrop::Color([0; 3]);
                    Some((size, maps::composite(size, &foreground_rgb(matte), slice(&matte.alpha), black)?))
                }
                None => None,
            },
        })
    }
}

fn gray(size: Size, values: &[f32]) -> Result<(Size, Vec<u8>)> {
    Ok((size, maps::matte_rgb(size, values)?))
}

fn size_of<S: Data, D: Dimension>(map: &ArrayBase<S, D>) -> Size {
    Size::new(map.shape().get(1).copied().unwrap_or(0), map.shape().first().copied().unwrap_or(0))
}
