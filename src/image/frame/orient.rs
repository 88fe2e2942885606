//! Orientation: how a buffer becomes an upright picture.

use crate::geometry::{Affine, Size};

/// What must be done to the buffer to see the picture upright; the eight values of EXIF, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// Nothing.
    #[default]
    Normal,
    /// Mirror left to right.
    FlipHorizontal,
    /// Turn by half.
    Rotate180,
    /// Mirror top to bottom.
    FlipVertical,
    /// Swap rows and columns.
    Transpose,
    /// Turn by 90 degrees clockwise.
    Rotate90,
    /// Swap rows and columns, then turn by half.
    Transverse,
    /// Turn by 270 degrees clockwise.
    Rotate270,
}

impl Orientation {
    /// All, in the order of EXIF.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::FlipHorizontal,
        Self::Rotate180,
        Self::FlipVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// Whether width and height change places.
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// Size of the upright picture of a buffer.
    pub const fn upright(self, buffer: Size) -> Size {
        if self.swaps_sides() { Size::new(buffer.height, buffer.width) } else { buffer }
    }

    /// The affine map from upright pixels to pixels of a buffer.
    pub fn buffer_from_image(self, buffer: Size) -> Affine {
        let (right, bottom) = (buffer.width as f64 - 1.0, buffer.height as f64 - 1.0);
        let (x, y) = match self {
            Self::Normal => ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            Self::FlipHorizontal => ([-1.0, 0.0, right], [0.0, 1.0, 0.0]),
            Self::Rotate180 => ([-1.0, 0.0, right], [0.0, -1.0, bottom]),
            Self::FlipVertical => ([1.0, 0.0, 0.0], [0.0, -1.0, bottom]),
            Self::Transpose => ([0.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
            Self::Rotate90 => ([0.0, 1.0, 0.0], [-1.0, 0.0, bottom]),
            Self::Transverse => ([0.0, -1.0, right], [-1.0, 0.0, bottom]),
            Self::Rotate270 => ([0.0, -1.0, right], [1.0, 0.0, 0.0]),
        };
        Affine([x, y])
    }

    /// The pixel of the buffer at an upright pixel.
    pub(super) const fn source(self, buffer: Size, x: usize, y: usize) -> (usize, usize) {
        let (right, bottom) = (buffer.width - 1, buffer.height - 1);
        match self {
            Self::Normal => (x, y),
            Self::FlipHorizontal => (right - x, y),
            Self::Rotate180 => (right - x, bottom - y),
            Self::FlipVertical => (x, bottom - y),
            Self::Transpose => (y, x),
            Self::Rotate90 => (y, bottom - x),
            Self::Transverse => (right - y, bottom - x),
            Self::Rotate270 => (right - y, x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_and_the_pixels_agree() {
        let buffer = Size::new(5, 3);
        for orientation in Orientation::ALL {
            let (upright, map) = (orientation.upright(buffer), orientation.buffer_from_image(buffer));
            for (x, y) in [(0, 0), (upright.width - 1, 0), (1, upright.height - 1), (2, 1)] {
                let (column, row) = orientation.source(buffer, x, y);
                assert_eq!(map.apply(x as f64, y as f64), (column as f64, row as f64), "{orientation:?}");
            }
        }
    }
}
