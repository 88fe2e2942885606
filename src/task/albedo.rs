//! Albedo: the colour of surfaces without light and shadow.

use super::{flip, placed};
use crate::error::Result;
use crate::geometry::Size;
use crate::image::planes::check_len;
use crate::preprocess::Placement;
use ndarray::Array3;

/// Brings RGB planes (CHW, the input size) to the image: HxWx3, 0..1.
///
/// Values are held in 0..1 before they are interpolated; a NaN becomes 0. Outside a crop stands 0.
pub fn to_image(planes: &[f32], placement: &Placement) -> Result<Array3<f32>> {
    check_len("planes", planes.len(), 3, placement.input)?;
    // Clamping keeps a NaN, the second step drops it.
    let clamped: Vec<f32> = planes.iter().map(|value| value.clamp(0.0, 1.0).max(0.0)).collect();
    placed::grid(placement)?.bilinear(&clamped, 3, 0.0)
}

/// Averages RGB planes with those of the mirrored input, in place.
pub fn average_flipped(planes: &mut [f32], flipped: &[f32], map: Size) -> Result<()> {
    flip::average(planes, flipped, 3, map, |c| c, |_| 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Geometry;

    #[test]
    fn colours_are_held_in_range() {
        let size = Size::new(1, 1);
        let placement = Placement { image: Size::new(2, 3), input: size, geometry: Geometry::Stretch };
        let image = to_image(&[1.5, -2.0, f32::NAN], &placement).unwrap();
        assert_eq!(image.shape(), [3, 2, 3]);
        assert!(image.exact_chunks((1, 1, 3)).into_iter().all(|p| p.iter().copied().eq([1.0, 0.0, 0.0])));
    }

    #[test]
    fn flipping_mirrors_every_channel() {
        let mut planes = vec![0.0; 6];
        average_flipped(&mut planes, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Size::new(2, 1)).unwrap();
        assert_eq!(planes, [1.0, 0.5, 2.0, 1.5, 3.0, 2.5]);
    }
}
