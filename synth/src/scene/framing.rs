//! Where the camera stands.

use super::camera::Camera;
use crate::body::{Figure, Joint, Side};
use crate::random::Random;
use glam::{Affine3A, Mat3, Vec2, Vec3};

/// How much of a person the picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Head to toe.
    Full,
    /// Head to toe, small in the picture.
    Distant,
    /// To the knees.
    Knees,
    /// To the hips.
    Hips,
    /// To the shoulders.
    Shoulders,
    /// The head.
    Head,
}

impl Framing {
    /// Every framing and how often it is drawn.
    pub const WEIGHTS: [(Self, f32); 6] = [
        (Self::Full, 0.54),
        (Self::Distant, 0.05),
        (Self::Knees, 0.12),
        (Self::Hips, 0.16),
        (Self::Shoulders, 0.09),
        (Self::Head, 0.04),
    ];

    /// Points in the world that should be in the picture.
    pub fn focus(self, figure: &Figure, place: &Affine3A) -> Vec<Vec3> {
        let head = [(0.0, 0.15, 0.0), (0.0, -0.1, 0.05), (0.1, 0.0, 0.0), (-0.1, 0.0, 0.0)];
        let mut points: Vec<Vec3> = head.iter().map(|&(x, y, z)| figure.on_head(x, y, z)).collect();
        let mut joints = |list: &[fn(Side) -> Joint]| {
            points.extend(Side::BOTH.iter().flat_map(|s| list.iter().map(|j| figure.posed.at(j(*s)))));
        };
        match self {
            Self::Full | Self::Distant => {
                points.extend(figure.primitives.iter().flat_map(|p| [p.a, p.b]));
            }
            Self::Knees => joints(&[Joint::UpperArm, Joint::LowerArm, Joint::UpperLeg, Joint::LowerLeg]),
            Self::Hips => joints(&[Joint::UpperArm, Joint::UpperLeg]),
            Self::Shoulders => joints(&[Joint::UpperArm]),
            Self::Head => {}
        }
        points.iter().map(|p| place.transform_point3(*p)).collect()
    }

    /// Share of the picture that the points fill.
    pub fn fill(self, random: &mut Random) -> f32 {
        match self {
            Self::Distant => random.uniform(0.4, 0.7),
            Self::Head => random.uniform(0.45, 0.85),
            _ => random.uniform(0.72, 0.97),
        }
    }
}

/// Places a camera of given axes (rows: right, down, forward) so that the points fill a share of the picture, a little
/// off the middle.
pub fn aim(camera: Camera, axes: Mat3, points: &[Vec3], fill: f32, random: &mut Random) -> Camera {
    let (low, high) = points.iter().fold((Vec3::MAX, Vec3::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
    let middle = (low + high) / 2.0;
    let turned: Vec<Vec3> = points.iter().map(|p| axes * (*p - middle)).collect();
    let size = Vec2::new(camera.width as f32, camera.height as f32);
    let seen = |distance: f32| {
        turned.iter().fold((Vec2::MAX, Vec2::MIN), |(l, h), p| {
            let at = p.truncate() / (p.z + distance).max(0.15) * camera.focal;
            (l.min(at), h.max(at))
        })
    };
    let mut distance = 3.0f32;
    for _ in 0..12 {
        let (low, high) = seen(distance);
        let share = ((high - low) / size).max_element();
        distance = (distance * (share / fill).clamp(0.5, 2.0)).max(0.4);
    }
    let (low, high) = seen(distance);
    let room = (1.0 - fill) * 0.45 * size;
    let shift = Vec2::new(random.uniform(-1.0, 1.0), random.uniform(-1.0, 1.0)) * room - (low + high) / 2.0;
    let offset = (shift / camera.focal * distance).extend(distance);
    // The middle of the points lies at `offset` in camera space.
    camera.placed(axes, middle - axes.transpose() * offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_fill_the_share_that_was_asked_for() {
        let mut random = Random::new(3);
        for _ in 0..12 {
            let points: Vec<Vec3> = (0..12).map(|_| random.vector(-0.9, 0.9)).collect();
            let axes = Camera::axes(random.uniform(-3.0, 3.0), random.uniform(-0.3, 0.5), 0.05);
            let camera = aim(Camera::new(192, 256, 0.87), axes, &points, 0.8, &mut random);
            let seen: Vec<Vec2> = points.iter().map(|p| camera.project(camera.view.transform_point3(*p))).collect();
            let (low, high) = seen.iter().fold((Vec2::MAX, Vec2::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
            let share = ((high - low) / Vec2::new(192.0, 256.0)).max_element();
            // Off the middle, near and far points shift by different amounts.
            assert!((share - 0.8).abs() < 0.06, "{share}");
            assert!(low.min_element() > -6.0 && high.x < 198.0 && high.y < 262.0, "{low} {high}");
        }
    }
}
