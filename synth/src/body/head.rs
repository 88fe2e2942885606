//! Head and neck.

use super::flesh::{Figure, class, group};
use super::skeleton::{Joint, Side};
use crate::sdf::Primitive;
use glam::{Mat3, Vec3};

/// Adds head and neck. The face itself is painted on (see [`super::face`]); nose, lips and ears are modelled.
pub fn head(f: &mut Figure) {
    let shape = f.look.shape;
    let (s, h, skin) = (shape.scale, shape.head, f.parts.skin);
    let (fw, jw) = (shape.face_width, shape.jaw_width);
    let axes = f.head_axes();
    let neck_axes = f.axes(Joint::Neck);
    let r = 0.054 * s * (1.05 - 0.15 * shape.feminine) * shape.weight.powf(0.3);
    let (base, top) = (f.at(Joint::Neck, 0.0, -0.03, 0.0), f.on_head(0.0, -0.045, -0.02));
    let neck = Primitive::cone(base, top, r * 1.08, r, neck_axes);
    let egg = |f: &Figure, at: [f32; 3], radii: [f32; 3], axes: Mat3| {
        Primitive::ellipsoid(f.on_head(at[0], at[1], at[2]), Vec3::from(radii) * h, axes)
    };
    let cone = |f: &Figure, a: [f32; 3], b: [f32; 3], ra: f32, rb: f32| {
        Primitive::cone(f.on_head(a[0], a[1], a[2]), f.on_head(b[0], b[1], b[2]), ra * h, rb * h, axes)
    };
    let n = shape.nose;
    let mut list = vec![
        neck,
        egg(f, [0.0, 0.03, -0.012], [0.075 * fw, 0.085, 0.095], axes),
        egg(f, [0.0, -0.033, 0.018], [0.057 * jw, 0.074, 0.068], axes),
        cone(f, [-0.012 * jw, -0.084, 0.056], [0.012 * jw, -0.084, 0.056], 0.020, 0.020),
        cone(f, [0.0, 0.010, 0.079], [0.0, -0.026, 0.088 + 0.010 * n], 0.0085, 0.0125 * n),
        egg(f, [0.0, -0.056, 0.075], [0.024, 0.013, 0.014], axes),
        // Brow ridge and cheeks, so that shading is not that of an egg.
        egg(f, [0.0, 0.026, 0.066], [0.042 * fw, 0.011, 0.018], axes),
    ];
    for side in Side::BOTH {
        let g = side.sign();
        let turned = axes * Mat3::from_rotation_y(g * 20f32.to_radians());
        list.push(egg(f, [g * 0.010 * n, -0.031, 0.090], [0.009, 0.008, 0.011], axes));
        list.push(egg(f, [g * 0.077 * fw, -0.002, -0.008], [0.010, 0.031, 0.018], turned));
        list.push(egg(f, [g * 0.036 * fw, -0.022, 0.054], [0.021, 0.018, 0.018], axes));
    }
    for primitive in list {
        f.add(group::HEAD, class::FACE, skin, primitive);
    }
}
