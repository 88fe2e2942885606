//! Where the pixels of a dense map were in the frame before.

use crate::error::{Error, Result};
use crate::geometry::{Affine, Rect, Size};

/// How a dense map lies in its frame, and how what it shows has moved since the frame before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapFrame {
    /// Time of the frame in nanoseconds.
    pub timestamp_ns: i64,
    /// From pixels of the map to pixels of the image, as [`Maps::image_from_map`](crate::engine::Maps::image_from_map) says.
    pub image_from_map: Affine,
    /// From image pixels of the frame before to those of this frame: how the person has moved and grown. The identity for
    /// maps of a whole, still image.
    pub moved: Affine,
}

impl MapFrame {
    /// A frame in which nothing has moved.
    pub fn still(timestamp_ns: i64, image_from_map: Affine) -> Self {
        Self { timestamp_ns, image_from_map, moved: Affine::IDENTITY }
    }

    /// A frame in which a person has moved from one box to another, such as a track's estimates: the centre follows, and
    /// everything grows with the height.
    #[must_use]
    pub fn with_person(self, before: Rect, now: Rect) -> Self {
        let centre = |b: Rect| [f64::from(b.x) + f64::from(b.width) / 2.0, f64::from(b.y) + f64::from(b.height) / 2.0];
        let (a, b) = (centre(before), centre(now));
        let s = f64::from(now.height) / f64::from(before.height);
        Self { moved: Affine::scale_translate(s, s, b[0] - s * a[0], b[1] - s * a[1]), ..self }
    }

    /// How much larger things are than in the frame before.
    pub(super) fn growth(&self) -> f64 {
        let [[a, b, _], [d, e, _]] = self.moved.0;
        (a * e - b * d).abs().sqrt()
    }

    /// From pixels of this map to pixels of the map before, which lay so in its image.
    pub(super) fn before_from_now(&self, image_from_before: &Affine) -> Option<Affine> {
        let back = self.moved.inverse()?;
        Some(image_from_before.inverse()?.after(&back.after(&self.image_from_map)))
    }

    pub(super) fn check(&self) -> Result<()> {
        for (name, map) in [("image_from_map", &self.image_from_map), ("moved", &self.moved)] {
            let is_finite = map.0.as_flattened().iter().all(|v| v.is_finite());
            if !is_finite || map.inverse().is_none() {
                return Err(Error::invalid(format!("`{name}` is {:?}: a map that can be undone is needed", map.0)));
            }
        }
        Ok(())
    }
}

/// The four pixels around a place and their shares; `None` outside the map.
pub(super) fn taps((x, y): (f64, f64), size: Size) -> Option<[((usize, usize), f32); 4]> {
    let is_inside = |v: f64, n: usize| v >= 0.0 && v <= (n - 1) as f64; // written so that NaN fails
    if size.area() == 0 || !is_inside(x, size.width) || !is_inside(y, size.height) {
        return None;
    }
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(size.width - 1), (y0 + 1).min(size.height - 1));
    let (u, v) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
    Some([((y0, x0), (1.0 - u) * (1.0 - v)), ((y0, x1), u * (1.0 - v)), ((y1, x0), (1.0 - u) * v), ((y1, x1), u * v)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_found_where_the_person_was() {
        let (before, now) = (
            Rect { x: 0.0, y: 0.0, width: 10.0, height: 100.0 },
            Rect { x: 40.0, y: 10.0, width: 20.0, height: 200.0 },
        );
        let map = Affine::scale_translate(2.0, 2.0, 30.0, 5.0);
        let frame = MapFrame::still(0, map).with_person(before, now);
        assert_eq!(frame.growth(), 2.0);
        // The map pixel of the centre of the box (50, 110) now; it was at (5, 50) then, in a map at (1, 1).
        let then = frame.before_from_now(&Affine::scale_translate(1.0, 1.0, 1.0, 1.0)).unwrap();
        assert_eq!(then.apply(10.0, 52.5), (4.0, 49.0));
    }

    #[test]
    fn taps_share_one_pixel_in_all() {
        let size = Size::new(4, 3);
        let sum: f32 = taps((1.25, 0.5), size).unwrap().iter().map(|(_, share)| share).sum();
        assert_eq!(sum, 1.0);
        assert!(taps((3.0, 2.0), size).is_some());
        assert!(taps((3.01, 2.0), size).is_none() && taps((f64::NAN, 0.0), size).is_none());
        assert!(taps((0.0, 0.0), Size::new(0, 3)).is_none());
    }
}
