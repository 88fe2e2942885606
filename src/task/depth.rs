//! Relative depth: how near each pixel of a person is, compared with the rest of that person.
//!
//! The networks are trained on `(d - min) / (max - min)` of the depths of one person: about 0 at the nearest point, about 1
//! at the farthest, growing with the distance. There is no unit, values of two people do not compare, and what stands in the
//! background means nothing.

use super::{flip, placed};
use crate::error::Result;
use crate::geometry::Size;
use crate::image::planes::check_len;
use crate::preprocess::Placement;
use ndarray::Array2;

/// Brings a plane of depth (the input size) to the image: HxW, as the network gives it, neither clamped nor stretched.
///
/// Outside a crop stands NaN: 0 would be the nearest point.
pub fn to_image(plane: &[f32], placement: &Placement) -> Result<Array2<f32>> {
    check_len("plane", plane.len(), 1, placement.input)?;
    placed::grid(placement)?.bilinear_plane(plane, f32::NAN)
}

/// Averages depth with that of the mirrored input, in place.
pub fn average_flipped(plane: &mut [f32], flipped: &[f32], map: Size) -> Result<()> {
    flip::average(plane, flipped, 1, map, |c| c, |_| 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Geometry;

    #[test]
    fn values_stay_as_they_are_and_a_crop_is_surrounded_by_nothing() {
        let input = Size::new(2, 1);
        let stretch = Placement { image: Size::new(4, 1), input, geometry: Geometry::Stretch };
        assert_eq!(to_image(&[-0.5, 1.5], &stretch).unwrap().as_slice().unwrap(), [-0.5, 0.0, 1.0, 1.5]);
        let input = Size::new(2, 2);
        let geometry = Geometry::Crop { center: [2.0, 2.0], scale: [1.0, 1.0] };
        let crop = to_image(&[0.25; 4], &Placement { image: Size::new(6, 5), input, geometry }).unwrap();
        assert_eq!(crop[[2, 2]], 0.25);
        assert!(crop[[0, 0]].is_nan() && crop[[4, 5]].is_nan());
        assert!(to_image(&[0.0; 3], &stretch).unwrap_err().to_string().contains("`plane` holds 3"));
    }

    #[test]
    fn flipping_mirrors() {
        let mut plane = vec![0.0, 1.0];
        average_flipped(&mut plane, &[0.5, 0.0], Size::new(2, 1)).unwrap();
        assert_eq!(plane, [0.0, 0.75]);
    }
}
