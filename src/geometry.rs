//! Sizes, boxes and affine maps. Pixels: x right, y down, pixel centres at integers.

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Pixels per row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

impl Size {
    /// Width first.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn area(self) -> usize {
        self.width * self.height
    }
}

impl std::fmt::Display for Size {
    /// Height first, as the options of the command line take it: `1024x768`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

/// An axis-aligned box in image pixels. The right and lower edges are `x + width` and `y + height`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Extent to the right, more than 0.
    pub width: f32,
    /// Extent downwards, more than 0.
    pub height: f32,
}

impl Rect {
    /// The box of a whole image.
    pub fn whole(size: Size) -> Self {
        Self { x: 0.0, y: 0.0, width: size.width as f32, height: size.height as f32 }
    }

    /// Left, upper, right and lower edge.
    pub fn xyxy(self) -> [f32; 4] {
        [self.x, self.y, self.x + self.width, self.y + self.height]
    }

    /// Intersection over union, 0 to 1; NaN where both boxes have no area.
    pub fn iou(self, other: Self) -> f32 {
        let ([ax0, ay0, ax1, ay1], [bx0, by0, bx1, by1]) = (self.xyxy(), other.xyxy());
        let shared = (ax1.min(bx1) - ax0.max(bx0)).max(0.0) * (ay1.min(by1) - ay0.max(by0)).max(0.0);
        shared / (self.width * self.height + other.width * other.height - shared)
    }

    /// Whether all numbers are finite and the extent is positive.
    pub fn is_valid(self) -> bool {
        [self.x, self.y, self.width, self.height].iter().all(|v| v.is_finite()) && self.width > 0.0 && self.height > 0.0
    }
}

/// A 2x3 affine map, `[x', y'] = m * [x, y, 1]`. Variables carry its direction: `input_from_image`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Affine(pub [[f64; 3]; 2]);

impl Affine {
    /// Leaves every point where it is.
    pub const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);

    /// Scales by `(sx, sy)`, then moves by `(tx, ty)`.
    pub const fn scale_translate(sx: f64, sy: f64, tx: f64, ty: f64) -> Self {
        Self([[sx, 0.0, tx], [0.0, sy, ty]])
    }

    /// Maps one point.
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b] = self.0;
        (a[0] * x + a[1] * y + a[2], b[0] * x + b[1] * y + b[2])
    }

    /// The map that does `first` and then this one.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let [[a, b, c], [d, e, f]] = first.0;
        let row = |[x, y, t]: [f64; 3]| [x * a + y * d, x * b + y * e, x * c + y * f + t];
        Self(self.0.map(row))
    }

    /// The map back, or `None` where the map flattens the plane.
    pub fn inverse(&self) -> Option<Self> {
        let [[a, b, c], [d, e, f]] = self.0;
        let det = a * e - b * d;
        if !det.is_finite() || det == 0.0 {
            return None;
        }
        let (ia, ib, id, ie) = (e / det, -b / det, -d / det, a / det);
        Some(Self([[ia, ib, -(ia * c + ib * f)], [id, ie, -(id * c + ie * f)]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes_the_map() {
        let map = Affine([[2.0, 0.5, 3.0], [-0.25, 4.0, -7.0]]);
        let (x, y) = map.apply(11.0, -5.0);
        let (x, y) = map.inverse().unwrap().apply(x, y);
        assert!((x - 11.0).abs() < 1e-12 && (y + 5.0).abs() < 1e-12);
        assert!(Affine::scale_translate(0.0, 1.0, 0.0, 0.0).inverse().is_none());
    }

    #[test]
    fn maps_one_after_the_other() {
        let (first, second) =
            (Affine([[2.0, 0.5, 3.0], [-0.25, 4.0, -7.0]]), Affine([[0.0, -1.0, 5.0], [3.0, 0.5, 0.0]]));
        let (x, y) = first.apply(11.0, -5.0);
        assert_eq!(second.after(&first).apply(11.0, -5.0), second.apply(x, y));
    }

    #[test]
    fn sizes_print_height_first() {
        assert_eq!(Size::new(768, 1024).to_string(), "1024x768");
    }
}
