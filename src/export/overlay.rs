//! The keypoint skeleton over the picture: links below, keypoints above, body thicker than face and hands.

use super::canvas::Canvas;
use super::picture::Picture;
use crate::error::{Error, Result};

/// Score below which a keypoint is not drawn, as in the official visualisation.
pub const SCORE_THRESHOLD: f32 = 0.3;

/// A keypoint in image pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlayKeypoint {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
    /// Confidence.
    pub score: f32,
}

/// How heavy a part of the skeleton is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Body and feet.
    Body,
    /// Hands, face, and other points that lie close together.
    Fine,
}

/// Looks of one keypoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointStyle {
    /// RGB.
    pub color: [u8; 3],
    /// Size class.
    pub weight: Weight,
}

/// A line between two keypoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverlayLink {
    /// Index of one keypoint.
    pub from: usize,
    /// Index of the other.
    pub to: usize,
    /// RGB.
    pub color: [u8; 3],
    /// Thickness class.
    pub weight: Weight,
}

/// The looks of a whole skeleton.
#[derive(Debug, Clone, Copy)]
pub struct SkeletonStyle<'a> {
    /// One entry per keypoint.
    pub points: &'a [PointStyle],
    /// Lines, drawn in this order.
    pub links: &'a [OverlayLink],
    /// Keypoints below this score, and their links, are left out: [`SCORE_THRESHOLD`] as a rule.
    pub score_threshold: f32,
}

/// Draws people over a copy of the picture; `height * width * 3` RGB8 bytes. Each person has one keypoint per entry of
/// `style.points`. Keypoints that are not finite are left out.
pub fn skeleton_overlay(
    picture: Picture<'_>,
    people: &[&[OverlayKeypoint]],
    style: &SkeletonStyle<'_>,
) -> Result<Vec<u8>> {
    let mut canvas = Canvas::from_picture(picture)?;
    for (index, keypoints) in people.iter().enumerate() {
        draw_person(&mut canvas, keypoints, style)
            .map_err(|reason| Error::invalid(format!("person {index}: {reason}")))?;
    }
    Ok(canvas.into_rgb())
}

/// Sizes in pixels for one person.
struct Pens {
    body_line: f32,
    body_radius: f32,
    fine_line: f32,
    fine_radius: f32,
}

impl Pens {
    /// Proportional to the person, so that near and far people, small and large pictures look alike; never too thin to
    /// be seen, never wider than a small part of the picture.
    fn for_person(person_px: f32, picture_px: f32) -> Self {
        let unit = person_px.min(1.5 * picture_px);
        Self {
            body_line: (unit * 0.008).max(1.4),
            body_radius: (unit * 0.0075).max(1.6),
            fine_line: (unit * 0.0032).max(0.9),
            fine_radius: (unit * 0.0026).max(0.9),
        }
    }

    fn line(&self, weight: Weight) -> f32 {
        if weight == Weight::Body { self.body_line } else { self.fine_line }
    }

    fn radius(&self, weight: Weight) -> f32 {
        if weight == Weight::Body { self.body_radius } else { self.fine_radius }
    }
}

fn draw_person(canvas: &mut Canvas, keypoints: &[OverlayKeypoint], style: &SkeletonStyle<'_>) -> Result<(), String> {
    if keypoints.len() != style.points.len() {
        return Err(format!("{} keypoints; the skeleton has {}", keypoints.len(), style.points.len()));
    }
    if let Some(link) = style.links.iter().find(|link| link.from.max(link.to) >= keypoints.len()) {
        return Err(format!("a link joins keypoints {} and {} of {}", link.from, link.to, keypoints.len()));
    }
    let visible = |k: &OverlayKeypoint| k.x.is_finite() && k.y.is_finite() && k.score >= style.score_threshold;
    let size = canvas.size();
    let picture_px = size.width.max(size.height) as f32;
    let pens = Pens::for_person(extent(keypoints.iter().filter(|k| visible(k))), picture_px);
    let at = |k: &OverlayKeypoint| [k.x, k.y];

    // Body first: the fine lines of hands and face stay readable on top of it.
    for weight in [Weight::Body, Weight::Fine] {
        for link in style.links.iter().filter(|link| link.weight == weight) {
            let (a, b) = (&keypoints[link.from], &keypoints[link.to]);
            if visible(a) && visible(b) {
                canvas.line(at(a), at(b), pens.line(weight), link.color, 0.9);
            }
        }
    }
    for weight in [Weight::Body, Weight::Fine] {
        for (keypoint, point) in keypoints.iter().zip(style.points) {
            if point.weight == weight && visible(keypoint) {
                let radius = pens.radius(weight);
                if weight == Weight::Body {
                    canvas.disc(at(keypoint), radius * 1.3, [255; 3], 0.9);
                }
                canvas.disc(at(keypoint), radius, point.color, 1.0);
            }
        }
    }
    Ok(())
}

/// The longer side of the box around the keypoints.
fn extent<'k>(keypoints: impl Iterator<Item = &'k OverlayKeypoint>) -> f32 {
    let mut bounds = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
    for k in keypoints {
        bounds = [bounds[0].min(k.x), bounds[1].min(k.y), bounds[2].max(k.x), bounds[3].max(k.y)];
    }
    (bounds[2] - bounds[0]).max(bounds[3] - bounds[1]).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    const RED: [u8; 3] = [255, 0, 0];

    fn draw(side: usize, scores: [f32; 2]) -> Result<Vec<u8>> {
        let size = Size::new(side, side);
        let rgb = vec![0; size.area() * 3];
        let (near, far) = (0.1 * side as f32, 0.9 * side as f32);
        let people = [
            OverlayKeypoint { x: near, y: near, score: scores[0] },
            OverlayKeypoint { x: far, y: far, score: scores[1] },
        ];
        let point = PointStyle { color: RED, weight: Weight::Body };
        let links = [OverlayLink { from: 0, to: 1, color: [0, 255, 0], weight: Weight::Body }];
        let style = SkeletonStyle { points: &[point, point], links: &links, score_threshold: SCORE_THRESHOLD };
        skeleton_overlay(Picture::new(size, &rgb)?, &[&people], &style)
    }

    fn count(rgb: &[u8], channel: usize) -> usize {
        rgb.chunks(3).filter(|p| p[channel] > 128 && p[1 - channel] < 128).count()
    }

    #[test]
    fn links_need_both_ends_and_sizes_follow_the_person() {
        let both = draw(400, [0.9, 0.3]).unwrap();
        assert_eq!(both[(40 * 400 + 40) * 3..][..3], RED);
        assert!(count(&both, 1) > 300);
        let one = draw(400, [0.9, 0.29]).unwrap();
        assert!(count(&one, 1) == 0 && count(&one, 0) > 0);
        let none = draw(400, [f32::NAN, 0.0]).unwrap();
        assert!(none.iter().all(|&v| v == 0));
        let share = |rgb: &[u8]| count(rgb, 1) as f64 / (rgb.len() / 3) as f64;
        let ratio = share(&draw(1600, [1.0; 2]).unwrap()) / share(&draw(800, [1.0; 2]).unwrap());
        assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    }

    #[test]
    fn mismatched_skeletons_are_refused() {
        let rgb = [0; 12];
        let picture = Picture::new(Size::new(2, 2), &rgb).unwrap();
        let style = SkeletonStyle { points: &[], links: &[], score_threshold: 0.3 };
        let person = [OverlayKeypoint { x: 0.0, y: 0.0, score: 1.0 }];
        let error = skeleton_overlay(picture, &[&person], &style).unwrap_err();
        assert_eq!(error.to_string(), "person 0: 1 keypoints; the skeleton has 0");
        let points = [PointStyle { color: RED, weight: Weight::Fine }];
        let links = [OverlayLink { from: 0, to: 1, color: RED, weight: Weight::Fine }];
        let style = SkeletonStyle { points: &points, links: &links, score_threshold: 0.3 };
        assert!(skeleton_overlay(picture, &[&person], &style).is_err());
    }
}
