//! Matting: how much of each pixel is the person, and in which colour.

use super::{flip, placed};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::image::planes::check_len;
use crate::preprocess::Placement;
use ndarray::{Array2, Array3};
use rayon::prelude::*;

/// A person cut out of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Matte {
    /// HxW coverage, 0..1.
    pub alpha: Array2<f32>,
    /// HxWx3 RGB colour multiplied by the coverage, 0..1.
    pub foreground: Array3<f32>,
}

/// What to put behind a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background<'a> {
    /// One RGB colour.
    Color([u8; 3]),
    /// An RGB8 image of the size of the matte, HWC, tightly packed.
    Image(&'a [u8]),
}

/// Brings coverage and premultiplied RGB (one and three planes, CHW, the input size) to the image.
///
/// Of the raw output of a network, four planes after the sigmoid, the first three are the colour, the last the coverage.
/// Values are held in 0..1 after they are interpolated; a NaN becomes 0. Outside a crop both are 0.
pub fn to_image(alpha: &[f32], foreground: &[f32], placement: &Placement) -> Result<Matte> {
    check_len("alpha", alpha.len(), 1, placement.input)?;
    check_len("foreground", foreground.len(), 3, placement.input)?;
    let grid = placed::grid(placement)?;
    let mut alpha = grid.bilinear_plane(alpha, 0.0)?;
    let mut foreground = grid.bilinear(foreground, 3, 0.0)?;
    // Clamping keeps a NaN, the second step drops it.
    let hold = |value: f32| value.clamp(0.0, 1.0).max(0.0);
    alpha.mapv_inplace(hold);
    foreground.mapv_inplace(hold);
    Ok(Matte { alpha, foreground })
}

/// Averages any number of matting planes with those of the mirrored input, in place.
pub fn average_flipped(planes: &mut [f32], flipped: &[f32], channels: usize, map: Size) -> Result<()> {
    flip::average(planes, flipped, channels, map, |c| c, |_| 1.0)
}

impl Matte {
    /// Puts the person before a background: `foreground + (1 - alpha) * background`, as RGB8, HxWx3. Levels are cut off,
    /// not rounded, as in the official code.
    pub fn composite(&self, background: Background<'_>) -> Result<Array3<u8>> {
        let (height, width) = self.alpha.dim();
        let map = Size::new(width, height);
        if self.foreground.dim() != (height, width, 3) {
            let found = self.foreground.dim();
            return Err(Error::invalid(format!(
                "`foreground` has the shape {found:?}; `alpha` asks for {height}x{width}x3"
            )));
        }
        if let Background::Image(pixels) = background {
            check_len("background", pixels.len(), 3, map)?;
        }
        let (alpha, foreground) = (self.alpha.as_standard_layout(), self.foreground.as_standard_layout());
        let (Some(alpha), Some(foreground)) = (alpha.as_slice(), foreground.as_slice()) else {
            return Err(Error::invalid("the matte is not laid out row by row"));
        };
        let mut out = vec![0u8; alpha.len() * 3];
        out.par_chunks_exact_mut(3).enumerate().for_each(|(i, pixel)| {
            let behind = match background {
                Background::Color(color) => color,
                Background::Image(pixels) => [pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]],
            };
            for c in 0..3 {
                let value = foreground[3 * i + c] + (1.0 - alpha[i]) * (f32::from(behind[c]) / 255.0);
                pixel[c] = (value * 255.0) as u8; // saturates at both ends
            }
        });
        Array3::from_shape_vec((height, width, 3), out)
            .map_err(|error| Error::invalid("the matte is too large for an array").caused_by(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Geometry;

    #[test]
    fn a_crop_cuts_everything_outside_away() {
        let geometry = Geometry::Crop { center: [2.0, 2.0], scale: [1.0, 1.0] };
        let placement = Placement { image: Size::new(6, 5), input: Size::new(2, 2), geometry };
        let matte = to_image(&[1.0; 4], &[0.5; 12], &placement).unwrap();
        assert_eq!((matte.alpha[[2, 2]], matte.alpha[[0, 0]], matte.alpha[[4, 5]]), (1.0, 0.0, 0.0));
        let pixels: Vec<u8> = (0..90).collect();
        let out = matte.composite(Background::Image(&pixels)).unwrap();
        assert_eq!((out[[0, 0, 1]], out[[4, 5, 2]], out[[2, 2, 0]]), (1, 89, 127));
        let message = matte.composite(Background::Image(&pixels[1..])).unwrap_err().to_string();
        assert!(message.contains("`background` holds 89"), "{message}");
    }

    #[test]
    fn parts_of_different_sizes_are_an_error() {
        let matte = Matte { alpha: Array2::zeros((2, 3)), foreground: Array3::zeros((3, 2, 3)) };
        assert!(matte.composite(Background::Color([0; 3])).is_err());
    }

    #[test]
    fn flipping_mirrors() {
        let mut alpha = vec![0.0, 1.0];
        average_flipped(&mut alpha, &[0.5, 0.0], 1, Size::new(2, 1)).unwrap();
        assert_eq!(alpha, [0.0, 0.75]);
    }
}
