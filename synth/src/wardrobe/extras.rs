//! Hats, glasses, bags, ties, scarves, belts and watches.

use super::outfit::{Headwear, Top};
use crate::body::flesh_class as class;
use crate::body::{Figure, Joint, Side, group};
use crate::sdf::Primitive;
use glam::{Mat3, Vec3};

/// What is on the head, and the glasses.
pub fn headwear(f: &mut Figure) {
    let outfit = f.look.outfit.clone();
    let (h, fw, hat, axes) = (f.look.shape.head, f.look.shape.face_width, f.parts.hat, f.head_axes());
    let egg = |f: &Figure, at: [f32; 3], radii: [f32; 3]| {
        Primitive::ellipsoid(f.on_head(at[0], at[1], at[2]), Vec3::from(radii) * h, axes)
    };
    let mut list = Vec::new();
    match outfit.headwear {
        Headwear::None => {}
        Headwear::Cap => {
            list.push(egg(f, [0.0, 0.080, -0.012], [0.092 * fw, 0.066, 0.108]));
            let (a, b) = (f.on_head(0.0, 0.066, 0.06), f.on_head(0.0, 0.058, 0.13));
            list.push(Primitive::cone(a, b, 0.07 * h, 0.05 * h, axes).flattened(axes.y_axis, 8.0));
        }
        Headwear::Beanie => list.push(egg(f, [0.0, 0.074, -0.020], [0.090 * fw, 0.082, 0.108])),
        Headwear::Brim => {
            list.push(egg(f, [0.0, 0.095, -0.015], [0.088 * fw, 0.065, 0.100]));
            list.push(egg(f, [0.0, 0.068, -0.012], [0.165, 0.010, 0.175]));
        }
        Headwear::Band => {
            let tilt = axes * Mat3::from_rotation_x(1.25);
            list.push(Primitive::torus(f.on_head(0.0, 0.05, -0.018), 0.082 * fw * h, 0.102 * h, 0.012 * h, tilt));
        }
        Headwear::Headphones => {
            let middle = f.on_head(0.0, 0.02, -0.012);
            list.push(Primitive::torus(middle, 0.089 * fw * h, 0.112 * h, 0.009 * h, axes));
            for g in [1.0, -1.0] {
                list.push(egg(f, [g * 0.087 * fw, -0.002, -0.008], [0.018, 0.036, 0.034]));
            }
        }
        Headwear::Helmet => list.push(egg(f, [0.0, 0.064, -0.020], [0.104 * fw, 0.100, 0.126])),
    }
    for primitive in list {
        f.add(group::APPAREL, class::APPAREL, hat, primitive);
    }
    if outfit.glasses.is_some() {
        glasses(f, outfit.dark_lenses);
    }
}

fn glasses(f: &mut Figure, dark: bool) {
    let (h, fw, axes) = (f.look.shape.head, f.look.shape.face_width, f.head_axes());
    let (frame, lens) = (f.parts.glasses, f.parts.lens);
    for g in [1.0, -1.0] {
        let center = f.on_head(g * 0.033, 0.008, 0.090);
        let turned = axes * Mat3::from_rotation_y(g * 0.18);
        let ring = Primitive::torus(center, 0.0265 * h, 0.021 * h, 0.0022 * h, turned);
        f.add(group::HARD, class::GLASSES, frame, ring);
        if dark {
            let disc = Primitive::ellipsoid(center, Vec3::new(0.026, 0.0205, 0.0016) * h, turned);
            f.add(group::HARD, class::GLASSES, lens, disc);
        }
        let (a, b) = (f.on_head(g * 0.059, 0.012, 0.084), f.on_head(g * 0.080 * fw, 0.012, -0.005));
        f.add(group::HARD, class::GLASSES, frame, Primitive::cone(a, b, 0.0022 * h, 0.0022 * h, axes));
    }
    let (a, b) = (f.on_head(-0.008, 0.012, 0.0945), f.on_head(0.008, 0.012, 0.0945));
    f.add(group::HARD, class::GLASSES, frame, Primitive::cone(a, b, 0.0022 * h, 0.0022 * h, axes));
}

/// What is worn on or carried by the body.
pub fn accessories(f: &mut Figure) {
    let outfit = f.look.outfit.clone();
    let (s, extra) = (f.scale(), f.parts.extra);
    let (chest, pelvis) = (f.axes(Joint::Chest), f.axes(Joint::Pelvis));
    let t = outfit.upper_thickness * s;
    let add = |f: &mut Figure, p: Primitive| f.add(group::APPAREL, class::APPAREL, extra, p);
    if outfit.tie && outfit.top != Top::None {
        let (a, b) = (f.at(Joint::Chest, 0., 0.23, 0.085), f.at(Joint::Chest, 0., -0.05, 0.12));
        let tie = Primitive::cone(a, b, 0.014 * s + 0.5 * t, 0.028 * s + 0.5 * t, chest);
        add(f, tie.flattened(chest.z_axis, 1.5));
    }
    if outfit.backpack {
        let (a, b) = (f.at(Joint::Chest, 0., -0.08, -0.19), f.at(Joint::Chest, 0., 0.17, -0.18));
        add(f, Primitive::cone(a, b, 0.13 * s, 0.11 * s, chest).flattened(chest.z_axis, 1.7));
        for side in Side::BOTH {
            let g = side.sign();
            let (a, b) = (f.at(Joint::Chest, g * 0.1, 0., 0.105), f.at(Joint::Chest, g * 0.11, 0.27, 0.));
            add(f, Primitive::cone(a, b, 0.024 * s + t, 0.024 * s + t, chest));
        }
    }
    if outfit.belt && !outfit.dress {
        let w = f.look.shape.weight.sqrt();
        let r = 0.15 * s * w * (1.03 - 0.1 * f.look.shape.feminine) + outfit.lower_thickness * s;
        let flat = pelvis * Mat3::from_rotation_x(std::f32::consts::FRAC_PI_2);
        add(f, Primitive::torus(f.at(Joint::Pelvis, 0., 0.05, 0.), r, r * 0.82, 0.017 * s, flat));
    }
    if outfit.scarf {
        let flat = f.axes(Joint::Neck) * Mat3::from_rotation_x(std::f32::consts::FRAC_PI_2);
        add(f, Primitive::torus(f.at(Joint::Neck, 0., 0.015, 0.01), 0.072 * s, 0.072 * s, 0.027 * s, flat));
    }
    if let Some(size) = outfit.watch {
        let side = Side::Left;
        let lower = f.axes(Joint::LowerArm(side)) * Mat3::from_rotation_x(std::f32::consts::FRAC_PI_2);
        let center = f.at(Joint::LowerArm(side), 0., -0.235 * f.look.shape.arms, 0.);
        add(f, Primitive::torus(center, 0.03 * s * size, 0.03 * s * size, 0.007 * s, lower));
    }
}
