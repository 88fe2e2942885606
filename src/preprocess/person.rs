//! The padded crop of one person.

use super::framing::{Framed, check_input};
use super::warp::{Kernel, axes};
use super::{Geometry, Placement, Plan};
use crate::error::{Error, Result};
use crate::geometry::{Affine, Rect, Size};
use crate::image::Image;

/// A person's box is enlarged by this, so that hands and feet at its border keep some surroundings.
const BOX_PADDING: f32 = 1.25;

/// A person crop as the official pose pipeline makes it: the box enlarged by 1.25, its shorter side extended to the
/// aspect ratio of the input, corners on the centres of the corner pixels (UDP); black outside the image.
///
/// # Errors
/// `InvalidArgument` if `bbox` is not finite, has no extent, lies outside the image or is too small or large to be
/// computed with, or if `input` is not at least 2 x 2.
pub fn person_crop(image: &Image, bbox: Rect, input: Size) -> Result<Framed> {
    person_crop_with(image, bbox, input, None)
}

/// [`person_crop`] sampled in one way. `None` is that of Sapiens2: bilinear where the crop shrinks, cubic where it does not.
///
/// # Errors
/// Those of [`person_crop`].
pub fn person_crop_with(image: &Image, bbox: Rect, input: Size, kernel: Option<Kernel>) -> Result<Framed> {
    crop_plan(image.size(), bbox, input, kernel)?.apply(image)
}

/// The plan of [`person_crop_with`].
pub(super) fn crop_plan(image: Size, bbox: Rect, input: Size, kernel: Option<Kernel>) -> Result<Plan> {
    check_input(input)?;
    check_box(bbox, image)?;
    let (center, scale) = crop_geometry(bbox, input);
    let [[sx, _, tx], [_, sy, ty]] = crop_matrix(center, scale, input);
    if ![sx, tx, sy, ty].iter().all(|v| v.is_finite()) || sx <= 0.0 || sy <= 0.0 {
        return Err(Error::invalid(format!("{}: too small or too large for a crop", describe(bbox))));
    }
    let kernel = kernel.unwrap_or(if sx.min(sy) < 1.0 { Kernel::Linear } else { Kernel::Cubic });
    let map = Affine::scale_translate(sx.into(), sy.into(), tx.into(), ty.into());
    let (columns, rows) = axes(image, &map, input, kernel)?;
    Ok(Plan {
        placement: Placement { image, input, geometry: Geometry::Crop { center, scale } },
        columns,
        rows,
        border: 0,
        is_mirrored: false,
    })
}

/// Centre and extent of a person crop in image pixels, in f32 as the official code computes them.
pub fn crop_geometry(bbox: Rect, input: Size) -> ([f32; 2], [f32; 2]) {
    let [x0, y0, x1, y1] = bbox.xyxy();
    let center = [(x0 + x1) * 0.5, (y0 + y1) * 0.5];
    let (width, height) = (bbox.width * BOX_PADDING, bbox.height * BOX_PADDING);
    let aspect = (input.width as f64 / input.height as f64) as f32;
    let scale = if width > height * aspect { [width, width / aspect] } else { [height * aspect, height] };
    (center, scale)
}

/// The map of a person crop, input pixels from image pixels, in f32 as the official code computes it (UDP: the extent
/// spans from the centre of the first input pixel to that of the last).
pub fn crop_matrix(center: [f32; 2], scale: [f32; 2], input: Size) -> [[f32; 3]; 2] {
    let axis = |n: usize, center: f32, scale: f32| {
        let s = (n as f32 - 1.0) / scale;
        (s, s * (0.5 * scale - center))
    };
    let (sx, tx) = axis(input.width, center[0], scale[0]);
    let (sy, ty) = axis(input.height, center[1], scale[1]);
    [[sx, 0.0, tx], [0.0, sy, ty]]
}

pub(super) fn check_box(bbox: Rect, image: Size) -> Result<()> {
    if !bbox.is_valid() {
        return Err(Error::invalid(format!(
            "{}: must be finite numbers with a width and height above 0",
            describe(bbox)
        )));
    }
    let [x0, y0, x1, y1] = bbox.xyxy();
    if x1 <= 0.0 || y1 <= 0.0 || x0 >= image.width as f32 || y0 >= image.height as f32 {
        return Err(Error::invalid(format!(
            "{}: lies outside the image, which is {} wide and {} high",
            describe(bbox),
            image.width,
            image.height
        )));
    }
    Ok(())
}

fn describe(bbox: Rect) -> String {
    format!("box {},{},{},{} (x, y, width, height)", bbox.x, bbox.y, bbox.width, bbox.height)
}
