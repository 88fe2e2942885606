//! Pointmap: where in front of the camera each pixel lies. Metres, x right, y down, z forward.

use super::{Sampling, flip, placed};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::image::planes::{Grid, Region, check_len, crop, gaussian_3x3};
use crate::preprocess::{Geometry, Placement};
use ndarray::Array3;
use rayon::prelude::*;

/// How often the smoothing before an enlargement is repeated.
pub const SMOOTHING_PASSES: usize = 4;

/// Turns raw points into metres, in place: the network's points divided by its scale.
pub fn metric(points: &mut [f32], scale: f32) -> Result<()> {
    check_scale("scale", scale)?;
    points.par_iter_mut().for_each(|value| *value /= scale);
    Ok(())
}

/// Brings points (three planes, CHW, the input size, metres) to the image: HxWx3, metres.
///
/// Where the image is larger than its part of the input, in width or in height, the points are smoothed first (four
/// times a 3x3 Gaussian, sigma 0.8), as in the official code; a crop counts by the extent of its box in image pixels.
/// The points stay in the camera frame of the input. Outside a crop stands NaN: 0 would be a point at the camera.
pub fn to_image(planes: &[f32], placement: &Placement) -> Result<Array3<f32>> {
    check_len("planes", planes.len(), 3, placement.input)?;
    let Sampling { grid, smoothed } = sampling(placement)?;
    let Some(region) = smoothed else { return grid.bilinear(planes, 3, f32::NAN) };
    // The borders of a letterbox must not bleed into the picture, so they go first.
    let mut picture = crop(planes, 3, placement.input, region)?;
    gaussian_3x3(&mut picture, 3, region.size, SMOOTHING_PASSES)?;
    grid.bilinear(&picture, 3, f32::NAN)
}

/// How [`to_image`] samples.
///
/// # Errors
/// `InvalidArgument` for a placement without pixels.
pub fn sampling(placement: &Placement) -> Result<Sampling> {
    let region = placed::picture(placement)?;
    let is_enlarged = match placement.geometry {
        Geometry::Crop { scale, .. } => scale[0] > region.size.width as f32 || scale[1] > region.size.height as f32,
        _ => placement.image.width > region.size.width || placement.image.height > region.size.height,
    };
    if !is_enlarged {
        return Sampling::plain(placement);
    }
    let grid = match placement.geometry {
        Geometry::Letterbox { .. } => Grid::resize(region.size, Region::whole(region.size), placement.image)?,
        _ => placed::grid(placement)?,
    };
    Ok(Sampling { grid, smoothed: Some(region) })
}

/// Averages raw points with those of the mirrored input, in place (mirrored back, x negated), and returns the average of
/// the two scales.
pub fn average_flipped(points: &mut [f32], scale: f32, flipped: &[f32], flipped_scale: f32, map: Size) -> Result<f32> {
    check_scale("scale", scale)?;
    check_scale("flipped_scale", flipped_scale)?;
    flip::average(points, flipped, 3, map, |c| c, |c| if c == 0 { -1.0 } else { 1.0 })?;
    Ok(0.5 * (scale + flipped_scale))
}

fn check_scale(name: &str, scale: f32) -> Result<()> {
    if scale.is_finite() && scale != 0.0 {
        return Ok(());
    }
    Err(Error::invalid(format!("`{name}` of the pointmap is {scale}; a finite number other than 0 is needed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_is_surrounded_by_nothing() {
        let geometry = Geometry::Crop { center: [2.0, 2.0], scale: [1.0, 1.0] };
        let placement = Placement { image: Size::new(6, 5), input: Size::new(2, 2), geometry };
        let points = to_image(&[2.0; 12], &placement).unwrap();
        assert_eq!(points[[2, 2, 2]], 2.0);
        assert!(points[[0, 0, 2]].is_nan() && points[[4, 5, 0]].is_nan());
    }

    #[test]
    fn only_enlarging_smooths() {
        let mut planes = vec![1.0; 75];
        planes[12] = 2.0;
        let place =
            |n: usize| Placement { image: Size::new(n, n), input: Size::new(5, 5), geometry: Geometry::Stretch };
        let peak = |n: usize| to_image(&planes, &place(n)).unwrap().fold(0.0f32, |a, b| a.max(*b));
        assert_eq!(peak(5), 2.0);
        assert!(peak(15) < 1.3);
        let crop = |extent: f32| {
            let geometry = Geometry::Crop { center: [10.0, 10.0], scale: [extent; 2] };
            let placement = Placement { geometry, ..place(21) };
            to_image(&planes, &placement).unwrap().fold(0.0f32, |a, b| if b.is_nan() { a } else { a.max(*b) })
        };
        assert!(crop(4.0) > 1.99 && crop(12.0) < 1.3);
    }

    #[test]
    fn scales_are_checked_and_averaged() {
        let mut points = vec![2.0, 4.0, 6.0];
        let scale = average_flipped(&mut points, 1.0, &[-2.0, 4.0, 8.0], 3.0, Size::new(1, 1)).unwrap();
        assert_eq!((points.as_slice(), scale), ([2.0, 4.0, 7.0].as_slice(), 2.0));
        metric(&mut points, scale).unwrap();
        assert_eq!(points, [1.0, 2.0, 3.5]);
        for bad in [0.0, f32::NAN, f32::INFINITY] {
            assert!(metric(&mut points, bad).unwrap_err().to_string().contains("`scale`"));
        }
    }
}
