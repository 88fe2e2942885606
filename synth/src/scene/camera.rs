//! A pinhole camera.

use glam::{Affine3A, Mat3, Vec2, Vec3};

/// Intrinsics in pixels (pixel centres at integers) and the pose. Camera space: x right, y down, z forward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Focal length; pixels are square.
    pub focal: f32,
    /// Where the optical axis meets the picture.
    pub center: Vec2,
    /// From the world to camera space.
    pub view: Affine3A,
}

impl Camera {
    /// A camera at the origin of the world that looks along +z of camera space.
    pub fn new(width: usize, height: usize, vertical_fov: f32) -> Self {
        let focal = height as f32 / 2.0 / (vertical_fov / 2.0).tan();
        let center = Vec2::new(width as f32 - 1.0, height as f32 - 1.0) / 2.0;
        Self { width, height, focal, center, view: Affine3A::IDENTITY }
    }

    /// Turns the camera so that camera space is `axes * world` (rows: right, down, forward), seen from `position`.
    pub fn placed(mut self, axes: Mat3, position: Vec3) -> Self {
        self.view = Affine3A::from_mat3_translation(axes, -(axes * position));
        self
    }

    /// Axes that look along a direction given by a yaw about the vertical, a pitch (positive looks down) and a roll.
    pub fn axes(yaw: f32, pitch: f32, roll: f32) -> Mat3 {
        // With all angles 0 it looks along -z of the world.
        let upright = Mat3::from_diagonal(Vec3::new(1.0, -1.0, -1.0));
        Mat3::from_rotation_z(roll) * Mat3::from_rotation_x(pitch) * upright * Mat3::from_rotation_y(yaw)
    }

    /// Ray of a pixel: with z = 1, so that a multiple is a depth.
    pub fn ray(&self, x: f32, y: f32) -> Vec3 {
        Vec3::new((x - self.center.x) / self.focal, (y - self.center.y) / self.focal, 1.0)
    }

    /// Pixel of a point in camera space (of its place at 1 cm for points behind).
    pub fn project(&self, point: Vec3) -> Vec2 {
        point.truncate() / point.z.max(0.01) * self.focal + self.center
    }

    /// Position in the world.
    pub fn position(&self) -> Vec3 {
        self.view.inverse().translation.into()
    }

    /// The same view in another picture: `scale` times larger, shifted by `offset` pixels.
    pub fn cropped(mut self, width: usize, height: usize, scale: f32, offset: Vec2) -> Self {
        (self.width, self.height) = (width, height);
        self.focal *= scale;
        self.center = self.center * scale + offset;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_is_up_and_a_ray_meets_its_pixel() {
        let camera = Camera::new(192, 256, 0.9).placed(Camera::axes(0.0, 0.0, 0.0), Vec3::new(0.0, 1.0, 3.0));
        let see = |p: Vec3| camera.project(camera.view.transform_point3(p));
        let middle = see(Vec3::new(0.0, 1.0, 0.0));
        assert!((middle - camera.center).length() < 1e-3);
        assert!(see(Vec3::new(0.0, 1.5, 0.0)).y < middle.y && see(Vec3::new(0.3, 1.0, 0.0)).x > middle.x);
        let ray = camera.ray(20.0, 200.0) * 2.5;
        assert!((camera.project(ray) - Vec2::new(20.0, 200.0)).length() < 1e-3);
        assert!((camera.position() - Vec3::new(0.0, 1.0, 3.0)).length() < 1e-5);
        // A positive pitch looks down: the scene moves up in the picture.
        let down = Camera { view: camera.view, ..camera }.placed(Camera::axes(0.0, 0.3, 0.0), Vec3::new(0.0, 1.0, 3.0));
        assert!(down.project(down.view.transform_point3(Vec3::new(0.0, 1.0, 0.0))).y < middle.y);
    }
}
