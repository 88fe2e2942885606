//! What person detectors see: the whole picture, scaled as each of them was trained.

use super::framing::{Framed, check_input};
use super::resize::{Interpolation, axes};
use super::{Geometry, Placement, Plan};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::image::Image;

/// Gray of the border.
const BORDER: u8 = 114;

/// The picture in the upper left corner, aspect ratio kept, bilinear without antialiasing, a gray border to the right and
/// below. Small pictures are enlarged. For RTMDet.
///
/// # Errors
/// `InvalidArgument` if `input` is not at least 2 x 2.
pub fn upper_left(image: &Image, input: Size) -> Result<Framed> {
    upper_left_plan(image.size(), input)?.apply(image)
}

/// The plan of [`upper_left`].
///
/// # Errors
/// Those of [`upper_left`].
pub fn upper_left_plan(image: Size, input: Size) -> Result<Plan> {
    check_input(input)?;
    let scale = (input.width as f64 / image.width as f64).min(input.height as f64 / image.height as f64);
    // Rounded, where the letterbox of the tasks truncates.
    let side = |n: usize, limit: usize| ((n as f64 * scale + 0.5) as usize).clamp(1, limit);
    let inner = Size::new(side(image.width, input.width), side(image.height, input.height));
    let (right, bottom) = (input.width - inner.width, input.height - inner.height);
    let (columns, rows) = axes(image, inner, Interpolation::Linear);
    Ok(Plan {
        placement: Placement { image, input, geometry: Geometry::Letterbox { left: 0, right, top: 0, bottom } },
        columns: columns.bordered(0, right),
        rows: rows.bordered(0, bottom),
        border: BORDER,
        is_mirrored: false,
    })
}

/// The picture at [`size_within`], bilinear with antialiasing. For DETR.
///
/// # Errors
/// Those of [`size_within`].
pub fn scaled_within(image: &Image, limits: Size) -> Result<Framed> {
    scaled_plan(image.size(), limits)?.apply(image)
}

/// The plan of [`scaled_within`].
///
/// # Errors
/// Those of [`size_within`].
pub fn scaled_plan(image: Size, limits: Size) -> Result<Plan> {
    let input = size_within(image, limits)?;
    crate::image::check_size(input.width as u64, input.height as u64)?;
    let (columns, rows) = axes(image, input, Interpolation::Antialiased);
    let placement = Placement { image, input, geometry: Geometry::Stretch };
    Ok(Plan { placement, columns, rows, border: 0, is_mirrored: false })
}

/// The size whose shorter side is `limits.height`, or less where the longer one would exceed `limits.width`: that is
/// truncated, a limited shorter side rounded. At least 1.
///
/// # Errors
/// `InvalidArgument` if `limits` has no height, or less width than height.
pub fn size_within(image: Size, limits: Size) -> Result<Size> {
    if limits.height == 0 || limits.width < limits.height {
        return Err(Error::invalid(format!("limits {limits}: the shorter side comes first, then the longer one")));
    }
    let (short, long) = (image.width.min(image.height) as f64, image.width.max(image.height) as f64);
    let (small, large) = (limits.height as f64, limits.width as f64);
    let (small, large) = if long / short * small > large {
        ((large * short / long).round_ties_even().max(1.0), large)
    } else {
        (small, (small * long / short).floor())
    };
    let sides = (small as usize, large as usize);
    Ok(if image.width < image.height { Size::new(sides.0, sides.1) } else { Size::new(sides.1, sides.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_detr() {
        const LIMITS: Size = Size::new(1333, 800);
        for (width, height, across, down) in [
            (640, 480, 1066, 800),
            (480, 640, 800, 1066),
            (1280, 720, 1333, 750),
            (1920, 1080, 1333, 750),
            (1080, 1920, 750, 1333),
            (333, 500, 800, 1201),
            (800, 800, 800, 800),
            (2000, 500, 1333, 333),
            (801, 1333, 800, 1331),
            (427, 640, 800, 1199),
            (3840, 2160, 1333, 750),
            (100, 1000, 133, 1333),
        ] {
            assert_eq!(
                size_within(Size::new(width, height), LIMITS).unwrap(),
                Size::new(across, down),
                "{width}x{height}"
            );
        }
        assert_eq!(size_within(Size::new(9000, 1), LIMITS).unwrap(), Size::new(1333, 1));
        assert!(
            size_within(Size::new(9, 9), Size::new(9, 10)).is_err() && size_within(LIMITS, Size::new(9, 0)).is_err()
        );
    }

    #[test]
    fn the_picture_lies_in_the_corner_and_the_border_is_gray() {
        let image = Image::from_rgb8(Size::new(4, 2), vec![9; 24]).unwrap();
        let framed = upper_left(&image, Size::new(8, 8)).unwrap();
        assert_eq!(framed.placement.geometry, Geometry::Letterbox { left: 0, right: 0, top: 0, bottom: 4 });
        assert!(framed.pixels[..96].iter().all(|v| *v == 9) && framed.pixels[96..].iter().all(|v| *v == 114));
        let line = Image::from_rgb8(Size::new(1, 3000), vec![9; 9000]).unwrap();
        let framed = upper_left(&line, Size::new(64, 64)).unwrap();
        assert_eq!(framed.placement.geometry, Geometry::Letterbox { left: 0, right: 63, top: 0, bottom: 0 });
        assert!(upper_left(&line, Size::new(1, 1)).is_err());
    }
}
