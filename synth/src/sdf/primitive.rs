//! One primitive: a round cone, an ellipsoid, a torus or a box, with a class and a material.
//!
//! The distance functions are those collected by Inigo Quilez (<https://iquilezles.org/articles/distfunctions/>); those
//! of flattened cones and ellipsoids are bounds of first order, not exact.

use glam::{Affine3A, Mat3, Vec3};

/// The form of a primitive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A cone with round ends from `a` to `b` with radii `ra` and `rb`, flattened along `flat_axis` by `flat`.
    Cone,
    /// An ellipsoid around `a` with half axes `radii` along `rotation`.
    Ellipsoid,
    /// A ring around `a` in the x-y plane of `rotation`, half axes `radii.x`, `radii.y`, thickness `ra`.
    Torus,
    /// A box around `a` with half extents `radii` along `rotation`, its edges rounded by `ra`.
    Box,
}

/// Which flat ends a cone has, instead of round ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// At `a`.
    pub start: bool,
    /// At `b`.
    pub end: bool,
}

/// Folds of cloth and strands of hair: a displacement of the surface.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bump {
    /// Height in metres; 0 for none.
    pub height: f32,
    /// Radians per metre.
    pub frequency: f32,
    /// Radians.
    pub phase: f32,
}

/// One primitive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Primitive {
    /// Its form.
    pub kind: Kind,
    /// Primitives of a group melt into each other; groups meet at a crease.
    pub group: u16,
    /// Segmentation class, 0 for things that are no person.
    pub class: u8,
    /// Index of the material.
    pub material: u16,
    /// Start of a cone; centre of the others.
    pub a: Vec3,
    /// End of a cone.
    pub b: Vec3,
    /// Radius at the start; see [`Kind`].
    pub ra: f32,
    /// Radius at the end.
    pub rb: f32,
    /// Unit vector along which a cone is flattened.
    pub flat_axis: Vec3,
    /// How many times thinner it is along that axis.
    pub flat: f32,
    /// Columns are the local axes.
    pub rotation: Mat3,
    /// Half axes; see [`Kind`].
    pub radii: Vec3,
    /// Displacement.
    pub bump: Bump,
    /// Flat ends.
    pub cut: Cut,
}

impl Primitive {
    /// A round cone.
    pub fn cone(a: Vec3, b: Vec3, ra: f32, rb: f32, rotation: Mat3) -> Self {
        let flat_axis = rotation.z_axis;
        Self { kind: Kind::Cone, a, b, ra, rb, flat_axis, rotation, ..Self::EMPTY }
    }

    /// An ellipsoid.
    pub fn ellipsoid(center: Vec3, radii: Vec3, rotation: Mat3) -> Self {
        Self { kind: Kind::Ellipsoid, a: center, b: center, radii, rotation, ..Self::EMPTY }
    }

    /// A ring.
    pub fn torus(center: Vec3, half_width: f32, half_height: f32, thickness: f32, rotation: Mat3) -> Self {
        let radii = Vec3::new(half_width, half_height, 0.0);
        Self { kind: Kind::Torus, a: center, b: center, ra: thickness, radii, rotation, ..Self::EMPTY }
    }

    /// A box.
    pub fn cuboid(center: Vec3, half: Vec3, round: f32, rotation: Mat3) -> Self {
        Self { kind: Kind::Box, a: center, b: center, ra: round, radii: half, rotation, ..Self::EMPTY }
    }

    const EMPTY: Self = Self {
        kind: Kind::Cone,
        group: 0,
        class: 0,
        material: 0,
        a: Vec3::ZERO,
        b: Vec3::ZERO,
        ra: 0.0,
        rb: 0.0,
        flat_axis: Vec3::Z,
        flat: 1.0,
        rotation: Mat3::IDENTITY,
        radii: Vec3::ONE,
        bump: Bump { height: 0.0, frequency: 0.0, phase: 0.0 },
        cut: Cut { start: false, end: false },
    };

    /// Flattened along a unit vector.
    pub fn flattened(mut self, axis: Vec3, flat: f32) -> Self {
        (self.flat_axis, self.flat) = (axis, flat);
        self
    }

    /// With flat ends.
    pub fn cut(mut self, start: bool, end: bool) -> Self {
        self.cut = Cut { start, end };
        self
    }

    /// With folds.
    pub fn bumped(mut self, bump: Bump) -> Self {
        self.bump = bump;
        self
    }

    /// Moved by a rigid motion.
    pub fn moved(mut self, motion: &Affine3A) -> Self {
        let turn = Mat3::from(motion.matrix3);
        self.a = motion.transform_point3(self.a);
        self.b = motion.transform_point3(self.b);
        self.flat_axis = turn * self.flat_axis;
        self.rotation = turn * self.rotation;
        self
    }

    /// A sphere around it: centre and radius.
    pub fn bound(&self) -> (Vec3, f32) {
        let radius = match self.kind {
            Kind::Cone => self.a.distance(self.b) / 2.0 + self.ra.max(self.rb),
            Kind::Ellipsoid => self.radii.max_element(),
            Kind::Torus => self.radii.x.max(self.radii.y) + self.ra,
            Kind::Box => self.radii.length(),
        };
        ((self.a + self.b) / 2.0, radius + self.bump.height)
    }

    /// A point in the local axes, from `a`.
    pub fn local(&self, point: Vec3) -> Vec3 {
        self.rotation.transpose() * (point - self.a)
    }
}
