//! Surface normals, delivered in the camera frame: x right, y down, z forward, so visible surfaces have negative z.

use super::{flip, placed};
use crate::error::Result;
use crate::geometry::Size;
use crate::image::planes::check_len;
use crate::preprocess::Placement;
use crate::spec::NormalFrame;
use ndarray::Array3;
use rayon::prelude::*;

/// Shorter vectors are divided by this instead of by their length.
pub const MIN_LENGTH: f32 = 1e-8;
/// What Sapiens v1 adds to the length before it divides by it.
const LENGTH_OFFSET: f32 = 1e-5;

/// Brings normals (three planes, CHW, the input size, vectors of any length) to the image: HxWx3 unit vectors in the
/// camera frame.
///
/// Interpolation shortens vectors where the surface bends (to 0.06 of a unit at a silhouette). The official code leaves
/// them short, see [`interpolate`]; here they are brought back to unit length. Outside a crop, and where opposite normals
/// cancel, stands the zero vector.
pub fn to_image(planes: &[f32], placement: &Placement, frame: NormalFrame) -> Result<Array3<f32>> {
    Ok(finish(interpolate(planes, placement)?, frame, inverse_length))
}

/// [`to_image`] as the official code of Sapiens v1: vectors are interpolated as the network gives them, and then divided by
/// their length plus 1e-5.
pub fn to_image_late(planes: &[f32], placement: &Placement, frame: NormalFrame) -> Result<Array3<f32>> {
    check_len("planes", planes.len(), 3, placement.input)?;
    let normals = placed::grid(placement)?.bilinear(planes, 3, 0.0)?;
    Ok(finish(normals, frame, |n| {
        let length = length(n);
        if length.is_finite() { 1.0 / (length + LENGTH_OFFSET) } else { 0.0 }
    }))
}

/// Scales vectors and turns them into the camera frame.
fn finish(mut normals: Array3<f32>, frame: NormalFrame, scale: impl Fn([f32; 3]) -> f32 + Sync) -> Array3<f32> {
    let flip = match frame {
        NormalFrame::Camera => 1.0,
        NormalFrame::OpenGl => -1.0,
    };
    if let Some(values) = normals.as_slice_mut() {
        values.par_chunks_exact_mut(3).for_each(|n| {
            let scale = scale([n[0], n[1], n[2]]);
            if scale == 0.0 {
                // A component may not be finite; 0 times that is no number.
                (n[0], n[1], n[2]) = (0.0, 0.0, 0.0);
                return;
            }
            // Signs go through the product, so zero stays a plain zero.
            (n[0], n[1], n[2]) = (n[0] * scale, n[1] * scale * flip + 0.0, n[2] * scale * flip + 0.0);
        });
    }
    normals
}

/// Unit vectors on the input, interpolated at every image pixel and left as short as that makes them: what the official
/// code delivers, in the frame of the model. Shapes as in [`to_image`].
pub fn interpolate(planes: &[f32], placement: &Placement) -> Result<Array3<f32>> {
    check_len("planes", planes.len(), 3, placement.input)?;
    let mut unit = planes.to_vec();
    make_unit(&mut unit, placement.input);
    placed::grid(placement)?.bilinear(&unit, 3, 0.0)
}

/// Averages the directions of normals (three planes, CHW, any length) with those of the mirrored input, in place: mirrored
/// back, x negated. Both are brought to unit length before; the average is shorter where they disagree.
pub fn average_flipped(planes: &mut [f32], flipped: &[f32], map: Size) -> Result<()> {
    check_len("planes", planes.len(), 3, map)?;
    check_len("flipped", flipped.len(), 3, map)?;
    make_unit(planes, map);
    let mut flipped = flipped.to_vec();
    make_unit(&mut flipped, map);
    flip::average(planes, &flipped, 3, map, |c| c, |c| if c == 0 { -1.0 } else { 1.0 })
}

fn length(n: [f32; 3]) -> f32 {
    n.iter().map(|v| v * v).sum::<f32>().sqrt()
}

/// `1 / max(length, 1e-8)`, and 0 where the length is not finite.
fn inverse_length(n: [f32; 3]) -> f32 {
    let length = length(n);
    if length.is_finite() { 1.0 / length.max(MIN_LENGTH) } else { 0.0 }
}

/// Brings three planes to unit vectors. A vector with a component that is not finite becomes zero.
fn make_unit(planes: &mut [f32], map: Size) {
    let (x, rest) = planes.split_at_mut(map.area());
    let (y, z) = rest.split_at_mut(map.area());
    x.par_iter_mut().zip(y).zip(z).for_each(|((x, y), z)| {
        let scale = inverse_length([*x, *y, *z]);
        (*x, *y, *z) = if scale > 0.0 { (*x * scale, *y * scale, *z * scale) } else { (0.0, 0.0, 0.0) };
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Geometry;

    fn pixel(image: &Array3<f32>, y: usize, x: usize) -> [f32; 3] {
        [image[[y, x, 0]], image[[y, x, 1]], image[[y, x, 2]]]
    }

    #[test]
    fn results_are_unit_vectors_in_the_camera_frame() {
        let placement = Placement { image: Size::new(3, 1), input: Size::new(2, 1), geometry: Geometry::Stretch };
        // (3, 0, 0) and (0, 0, 0.1): halfway the unit vectors average to (1/2, 0, 1/2).
        let planes = [3.0, 0.0, 0.0, 0.0, 0.0, 0.1];
        let half = 0.5f32.sqrt();
        let camera = to_image(&planes, &placement, NormalFrame::Camera).unwrap();
        for (a, b) in pixel(&camera, 0, 1).iter().zip([half, 0.0, half]) {
            assert!((a - b).abs() < 1e-6);
        }
        let opengl = to_image(&planes, &placement, NormalFrame::OpenGl).unwrap();
        assert!((opengl[[0, 1, 0]] - half).abs() < 1e-6 && (opengl[[0, 1, 2]] + half).abs() < 1e-6);
        assert_eq!(pixel(&interpolate(&planes, &placement).unwrap(), 0, 1), [0.5, 0.0, 0.5]);
    }

    #[test]
    fn nothing_is_zero_and_never_nan() {
        let geometry = Geometry::Crop { center: [0.0, 0.0], scale: [1.0, 1.0] };
        let placement = Placement { image: Size::new(4, 4), input: Size::new(2, 2), geometry };
        let planes = [f32::NAN, 0.0, f32::INFINITY, 1e30, 1.0, 0.0, 1.0, 1e30, 1.0, 0.0, 1.0, 1e30];
        let normals = to_image(&planes, &placement, NormalFrame::OpenGl).unwrap();
        assert!(normals.iter().all(|v| v.is_finite()));
        assert_eq!(pixel(&normals, 3, 3), [0.0; 3]);
    }

    #[test]
    fn late_normals_are_interpolated_as_they_are() {
        let placement = Placement { image: Size::new(3, 1), input: Size::new(2, 1), geometry: Geometry::Stretch };
        // Halfway between (3, 0, 0) and (0, 0, 1) lies (1.5, 0, 0.5): the longer one weighs more.
        let planes = [3.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let length = 2.5f32.sqrt() + LENGTH_OFFSET;
        let found = to_image_late(&planes, &placement, NormalFrame::OpenGl).unwrap();
        for (a, b) in pixel(&found, 0, 1).iter().zip([1.5 / length, 0.0, -0.5 / length]) {
            assert!((a - b).abs() < 1e-6);
        }
        let odd = to_image_late(&[f32::NAN, 1.0, f32::INFINITY, 1e30, 0.0, 1e30], &placement, NormalFrame::Camera);
        assert!(odd.unwrap().iter().all(|v| v.is_finite()));
    }

    #[test]
    fn flipping_negates_x() {
        let mut planes = vec![1.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        average_flipped(&mut planes, &[0.0, -5.0, 1.0, 0.0, 0.0, 0.0], Size::new(2, 1)).unwrap();
        assert_eq!(planes, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
