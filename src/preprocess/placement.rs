//! Where the network input lies in the image.

use crate::geometry::{Affine, Size};

/// How the image was brought to the input size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Geometry {
    /// A padded person crop: `input = (image - centre + scale / 2) * (input size - 1) / scale` (UDP).
    Crop {
        /// Centre of the crop in image pixels.
        center: [f32; 2],
        /// Extent of the crop in image pixels, aspect ratio of the input.
        scale: [f32; 2],
    },
    /// The whole image, each axis scaled by itself.
    Stretch,
    /// The whole image, aspect kept, black borders added around it.
    Letterbox {
        /// Columns added on the left.
        left: usize,
        /// Columns added on the right.
        right: usize,
        /// Rows added above.
        top: usize,
        /// Rows added below.
        bottom: usize,
    },
}

/// Where the network input lies in the image: enough to carry any output back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Size of the image.
    pub image: Size,
    /// Size of the network input.
    pub input: Size,
    /// How one was brought to the other.
    pub geometry: Geometry,
}

impl Placement {
    /// The affine map from input pixels to image pixels.
    pub fn image_from_input(&self) -> Affine {
        let axis = |image: usize, input: usize| {
            let s = image as f64 / input as f64;
            (s, 0.5 * s - 0.5)
        };
        match self.geometry {
            Geometry::Crop { center, scale } => {
                let s = |extent: f32, n: usize| f64::from(extent) / (n.max(2) - 1) as f64;
                let t = |c: f32, extent: f32| f64::from(c) - 0.5 * f64::from(extent);
                Affine::scale_translate(
                    s(scale[0], self.input.width),
                    s(scale[1], self.input.height),
                    t(center[0], scale[0]),
                    t(center[1], scale[1]),
                )
            }
            Geometry::Stretch => {
                let (sx, tx) = axis(self.image.width, self.input.width);
                let (sy, ty) = axis(self.image.height, self.input.height);
                Affine::scale_translate(sx, sy, tx, ty)
            }
            Geometry::Letterbox { left, right, top, bottom } => {
                let (sx, tx) = axis(self.image.width, self.input.width - left - right);
                let (sy, ty) = axis(self.image.height, self.input.height - top - bottom);
                Affine::scale_translate(sx, sy, tx - sx * left as f64, ty - sy * top as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_a_crop_are_the_corners_of_its_box() {
        let geometry = Geometry::Crop { center: [100.0, 50.0], scale: [60.0, 80.0] };
        let placement = Placement { image: Size::new(300, 200), input: Size::new(96, 128), geometry };
        let map = placement.image_from_input();
        assert_eq!(map.apply(0.0, 0.0), (70.0, 10.0));
        let (x, y) = map.apply(95.0, 127.0);
        assert!((x - 130.0).abs() < 1e-9 && (y - 90.0).abs() < 1e-9);
    }

    #[test]
    fn a_letterbox_maps_its_picture_area_onto_the_image() {
        let geometry = Geometry::Letterbox { left: 0, right: 0, top: 37, bottom: 37 };
        let placement = Placement { image: Size::new(1920, 1080), input: Size::new(96, 128), geometry };
        let (x, y) = placement.image_from_input().apply(-0.5, 36.5);
        assert!((x + 0.5).abs() < 1e-9 && (y + 0.5).abs() < 1e-9);
    }
}
