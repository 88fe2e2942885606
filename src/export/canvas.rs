//! A drawing surface: anti-aliased lines, discs, boxes and text on an RGB8 picture.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform,
};

use super::font::{self, Pen};
use super::picture::Picture;
use crate::error::{Error, Result};
use crate::geometry::Size;

/// An opaque picture to draw on. Positions are pixels with centres at integers; parts outside are cut off, and shapes
/// with coordinates that are not finite or absurdly far away are left out.
pub struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    /// A canvas of one colour. Fails if the size is 0 or beyond what memory can address.
    pub fn new(size: Size, color: [u8; 3]) -> Result<Self> {
        let side = |n: usize| u32::try_from(n).ok();
        let pixmap = side(size.width).zip(side(size.height)).and_then(|(w, h)| Pixmap::new(w, h));
        let mut pixmap =
            pixmap.ok_or_else(|| Error::invalid(format!("cannot draw on a {size} picture; sides are 1 to 2^29")))?;
        pixmap.fill(Color::from_rgba8(color[0], color[1], color[2], 255));
        Ok(Self { pixmap })
    }

    /// A copy of a picture to draw on.
    pub fn from_picture(picture: Picture<'_>) -> Result<Self> {
        let mut canvas = Self::new(picture.size(), [0; 3])?;
        canvas.paste(0, 0, picture);
        Ok(canvas)
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        Size::new(self.pixmap.width() as usize, self.pixmap.height() as usize)
    }

    /// Copies a picture with its upper left pixel at `(x, y)`; what does not fit is cut off.
    pub fn paste(&mut self, x: usize, y: usize, picture: Picture<'_>) {
        let (own, size) = (self.size(), picture.size());
        let columns = size.width.min(own.width.saturating_sub(x));
        let pixels = self.pixmap.pixels_mut();
        for row in 0..size.height.min(own.height.saturating_sub(y)) {
            let from = &picture.rgb()[row * size.width * 3..][..columns * 3];
            let to = &mut pixels[(y + row) * own.width + x.min(own.width)..][..columns];
            for (to, from) in to.iter_mut().zip(from.chunks_exact(3)) {
                if let Some(color) = PremultipliedColorU8::from_rgba(from[0], from[1], from[2], 255) {
                    *to = color;
                }
            }
        }
    }

    /// A line with round ends, `width` pixels thick.
    pub fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, color: [u8; 3], opacity: f32) {
        if !self.is_near(from) || !self.is_near(to) || !self.is_thickness(width) {
            return;
        }
        let mut path = PathBuilder::new();
        path.move_to(from[0] + 0.5, from[1] + 0.5);
        path.line_to(to[0] + 0.5, to[1] + 0.5);
        self.stroke(path.finish(), width, color, opacity);
    }

    /// A filled disc.
    pub fn disc(&mut self, center: [f32; 2], radius: f32, color: [u8; 3], opacity: f32) {
        if !self.is_near(center) || !self.is_thickness(radius) {
            return;
        }
        if let Some(path) = PathBuilder::from_circle(center[0] + 0.5, center[1] + 0.5, radius) {
            let paint = paint(color, opacity);
            self.pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A filled box that covers the pixels from `(x, y)` on.
    pub fn fill_box(&mut self, x: usize, y: usize, size: Size, color: [u8; 3]) {
        if let Some(rect) = Rect::from_xywh(x as f32, y as f32, size.width as f32, size.height as f32) {
            self.pixmap.fill_rect(rect, &paint(color, 1.0), Transform::identity(), None);
        }
    }

    /// One line of text. `position` is the upper left corner of the capitals, `cap_height` their height in pixels.
    pub fn text(&mut self, text: &str, position: [f32; 2], cap_height: f32, color: [u8; 3]) {
        if !self.is_near(position) || !self.is_thickness(cap_height) {
            return;
        }
        let scale = (cap_height - 1.0).max(1.0) / font::CAP_HEIGHT; // the pen adds its own thickness
        let pen_width = (scale * font::PEN).max(1.0);
        let mut path = PathBuilder::new();
        let mut left = position[0] + pen_width / 2.0;
        let top = position[1] + pen_width / 2.0;
        for character in text.chars() {
            let at = |p: [f32; 2]| (left + p[0] * scale, top + p[1] * scale);
            for pen in font::strokes(character) {
                match pen {
                    Pen::Move(p) => path.move_to(at(p).0, at(p).1),
                    // A dot is a line of no length; the round caps need a trace of one.
                    Pen::Line(p) => path.line_to(at(p).0 + 0.01, at(p).1),
                    Pen::Curve(c, p) => path.quad_to(at(c).0, at(c).1, at(p).0, at(p).1),
                }
            }
            left += font::advance(character) * scale;
        }
        self.stroke(path.finish(), pen_width, color, 1.0);
    }

    /// Width in pixels that [`Self::text`] will take.
    pub fn text_width(text: &str, cap_height: f32) -> f32 {
        font::width(text) * (cap_height - 1.0).max(1.0) / font::CAP_HEIGHT
    }

    /// The picture: `height * width * 3` RGB8 bytes.
    pub fn into_rgb(self) -> Vec<u8> {
        self.pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect()
    }

    fn stroke(&mut self, path: Option<Path>, width: f32, color: [u8; 3], opacity: f32) {
        if let Some(path) = path {
            let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint(color, opacity), &stroke, Transform::identity(), None);
        }
    }

    /// Far outside, fixed-point rasterisation would overflow, and nothing would be seen anyway.
    fn is_near(&self, point: [f32; 2]) -> bool {
        let reach = 4.0 * self.pixmap.width().max(self.pixmap.height()) as f32;
        point.iter().all(|v| v.abs() <= reach) // false for NaN
    }

    fn is_thickness(&self, value: f32) -> bool {
        value > 0.0 && self.is_near([value, 0.0])
    }
}

fn paint(color: [u8; 3], opacity: f32) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let alpha = (opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
    paint.set_color_rgba8(color[0], color[1], color[2], alpha);
    paint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(rgb: &[u8], width: usize, x: usize, y: usize) -> [u8; 3] {
        let i = (y * width + x) * 3;
        [rgb[i], rgb[i + 1], rgb[i + 2]]
    }

    #[test]
    fn shapes_are_centred_on_pixel_centres() {
        let mut canvas = Canvas::new(Size::new(21, 21), [0; 3]).unwrap();
        canvas.disc([10.0, 10.0], 4.0, [255, 0, 0], 1.0);
        let rgb = canvas.into_rgb();
        assert_eq!(pixel(&rgb, 21, 10, 10), [255, 0, 0]);
        for d in 1..10 {
            let around = [(10 - d, 10), (10 + d, 10), (10, 10 - d), (10, 10 + d)].map(|(x, y)| pixel(&rgb, 21, x, y));
            assert!(around.iter().all(|p| p[0].abs_diff(around[0][0]) <= 2), "{d}: {around:?}");
        }
        assert_eq!(pixel(&rgb, 21, 16, 10), [0; 3]);
        let sum: f64 = rgb.iter().map(|&v| f64::from(v)).sum::<f64>() / 255.0;
        assert!((sum - 50.3).abs() < 1.5, "area {sum}");
    }

    #[test]
    fn lines_have_their_thickness_and_soft_edges() {
        let mut canvas = Canvas::new(Size::new(40, 40), [0; 3]).unwrap();
        canvas.line([-10.0, 5.0], [60.0, 35.0], 3.0, [0, 255, 0], 1.0);
        let rgb = canvas.into_rgb();
        let column: f32 = (0..40).map(|y| f32::from(pixel(&rgb, 40, 20, y)[1]) / 255.0).sum();
        assert!((column - 3.0 / (70.0_f32 / 5800.0_f32.sqrt())).abs() < 0.2, "{column}");
        assert!(rgb.iter().any(|&v| v > 30 && v < 220));
    }

    #[test]
    fn wild_input_draws_nothing_and_does_not_panic() {
        let mut canvas = Canvas::new(Size::new(8, 8), [9; 3]).unwrap();
        for v in [f32::NAN, f32::INFINITY, -1e30, 1e9] {
            canvas.line([v, 0.0], [4.0, 4.0], 2.0, [255; 3], 1.0);
            canvas.disc([0.0, v], 2.0, [255; 3], 1.0);
            canvas.text("x", [v, 0.0], 8.0, [255; 3]);
        }
        canvas.disc([3.0, 3.0], -1.0, [255; 3], 1.0);
        canvas.disc([3.0, 3.0], f32::NAN, [255; 3], 1.0);
        canvas.line([1.0, 1.0], [2.0, 2.0], f32::NAN, [255; 3], 1.0);
        canvas.line([1.0, 1.0], [2.0, 2.0], -1.0, [255; 3], 1.0);
        canvas.text("x", [1.0, 1.0], f32::NAN, [255; 3]);
        canvas.paste(9, 9, Picture::new(Size::new(1, 1), &[1, 2, 3]).unwrap());
        assert_eq!(canvas.into_rgb(), [9; 192]);
        assert!(Canvas::new(Size::new(0, 5), [0; 3]).is_err());
        assert!(Canvas::new(Size::new(usize::MAX, 1), [0; 3]).is_err());
    }

    #[test]
    fn text_stays_in_its_box() {
        let mut canvas = Canvas::new(Size::new(200, 40), [255; 3]).unwrap();
        canvas.text("Hygiene 0.5", [10.0, 10.0], 14.0, [0; 3]);
        let width = Canvas::text_width("Hygiene 0.5", 14.0);
        let rgb = canvas.into_rgb();
        let dark = |x: usize, y: usize| pixel(&rgb, 200, x, y)[0] < 200;
        let columns: Vec<_> = (0..200).filter(|&x| (0..40).any(|y| dark(x, y))).collect();
        let rows: Vec<_> = (0..40).filter(|&y| (0..200).any(|x| dark(x, y))).collect();
        assert!(columns[0].abs_diff(10) <= 1 && columns.last().unwrap().abs_diff(10 + width as usize) <= 2);
        assert!(rows[0].abs_diff(10) <= 1 && (24..=29).contains(rows.last().unwrap()), "{rows:?}");
    }
}
