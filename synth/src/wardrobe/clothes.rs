//! Tops, trousers, skirts: cloth around the limbs.

use super::outfit::{Bottom, Top};
use crate::body::flesh_class as class;
use crate::body::{Figure, Joint, Side, group};
use crate::sdf::Primitive;
use glam::{Mat3, Vec3};

/// Thickness of the cloth of the top, in metres.
fn upper(f: &Figure) -> f32 {
    f.look.outfit.upper_thickness * f.scale()
}

/// Thickness of the cloth below the waist, in metres.
fn lower(f: &Figure) -> f32 {
    f.look.outfit.lower_thickness * f.scale()
}

/// The class of what hangs below the waist: a dress is upper clothing.
fn lower_class(f: &Figure) -> u8 {
    if f.look.outfit.dress { class::UPPER } else { class::LOWER }
}

/// Top and the seat of the trousers.
pub fn dress_trunk(f: &mut Figure) {
    if f.look.outfit.top != Top::None {
        top(f);
    }
    seat(f);
}

fn top(f: &mut Figure) {
    let (s, shape, outfit, t) = (f.scale(), f.look.shape, f.look.outfit.clone(), upper(f));
    let chest = f.axes(Joint::Chest);
    let material = f.parts.upper;
    let bump = f.folds(0.3);
    let (w4, w3) = (shape.weight.powf(0.4), shape.weight.powf(0.3));
    let add = |f: &mut Figure, p: Primitive| f.add(group::UPPER, class::UPPER, material, p.bumped(bump));
    let (a, b) = (f.at(Joint::Chest, 0., 0.03, 0.), f.at(Joint::Chest, 0., 0.19, -0.005));
    let (ra, rb) = (0.148 * s * shape.shoulders * w4 + t, 0.145 * s * shape.shoulders * w3 + t);
    let body = Primitive::cone(a, b, ra, rb, chest).flattened(chest.z_axis, 1.34);
    add(f, body.cut(outfit.top == Top::Crop, false));
    let w = 0.125 * shape.shoulders;
    if matches!(outfit.top, Top::Tank | Top::Crop) {
        for side in Side::BOTH {
            let g = side.sign();
            let (a, b) = (f.at(Joint::Chest, g * 0.09, 0.18, 0.), f.at(Joint::Chest, g * 0.095, 0.26, -0.012));
            add(f, Primitive::cone(a, b, 0.045 * s, 0.036 * s + t, chest));
        }
    } else {
        let (a, b) = (f.at(Joint::Chest, -w, 0.213, -0.012), f.at(Joint::Chest, w, 0.213, -0.012));
        add(f, Primitive::cone(a, b, 0.058 * s + t, 0.058 * s + t, chest));
        for side in Side::BOTH {
            let a = f.at(Joint::Chest, side.sign() * 0.06, 0.255, -0.018);
            let b = f.at(Joint::UpperArm(side), -side.sign() * 0.055 * shape.shoulders, 0.02, -0.003);
            add(f, Primitive::cone(a, b, 0.042 * s + 0.7 * t, 0.047 * s + t, chest));
        }
    }
    if outfit.top != Top::Crop {
        waist(f, &outfit, t);
    }
    if shape.bust > 0.0 {
        for side in Side::BOTH {
            let center = f.at(Joint::Chest, side.sign() * 0.066, 0.10, 0.085);
            let radii = Vec3::new(0.066, 0.064, 0.058) * s * shape.bust + Vec3::splat(t * 0.8);
            add(f, Primitive::ellipsoid(center, radii, chest));
        }
    }
    if outfit.top == Top::Jacket && outfit.open_jacket {
        let (a, b) = (f.at(Joint::Chest, 0., -0.15, 0.075), f.at(Joint::Chest, 0., 0.2, 0.075));
        let shirt = Primitive::cone(a, b, 0.035 * s + t, 0.05 * s + t, chest).flattened(chest.z_axis, 1.5);
        f.add(group::UPPER, class::UPPER, f.parts.extra, shirt);
    }
    if outfit.top == Top::Hoodie {
        let (a, b) = (f.at(Joint::Chest, -0.05, 0.26, -0.075), f.at(Joint::Chest, 0.05, 0.26, -0.075));
        add(f, Primitive::cone(a, b, 0.065 * s, 0.065 * s, chest));
    }
}

/// From the chest to the hem, or into the trousers.
fn waist(f: &mut Figure, outfit: &super::Outfit, t: f32) {
    let (s, shape) = (f.scale(), f.look.shape);
    let girth = shape.weight * (1.02 - 0.12 * shape.feminine);
    let abdomen = f.axes(Joint::Abdomen);
    let low = if outfit.tucked { -0.07 } else { outfit.hem - 0.1 };
    let (a, b) = (f.at(Joint::Abdomen, 0., low, 0.), f.at(Joint::Abdomen, 0., 0.14, 0.));
    let loose = (0.178 * s * shape.hips * shape.weight.sqrt()).max(0.14 * s * girth) + 1.2 * t;
    let ra = if outfit.tucked { 0.135 * s * girth + t } else { loose };
    let cone = Primitive::cone(a, b, ra, 0.131 * s * girth + t, abdomen).flattened(abdomen.z_axis, 1.22);
    let (material, bump) = (f.parts.upper, f.folds(0.7));
    f.add(group::UPPER, class::UPPER, material, cone.cut(!outfit.tucked, false).bumped(bump));
    if shape.belly > 0.02 {
        let center = f.at(Joint::Abdomen, 0.0, 0.0, 0.03 + 0.05 * shape.belly);
        let radii = Vec3::new(0.13, 0.12, 0.12) * s * girth + Vec3::splat(t);
        f.add(group::UPPER, class::UPPER, material, Primitive::ellipsoid(center, radii, abdomen).bumped(bump));
    }
}

fn seat(f: &mut Figure) {
    let (s, shape, t) = (f.scale(), f.look.shape, lower(f));
    let (class_lower, material, bump) = (lower_class(f), f.parts.lower, f.folds(0.5));
    let (pelvis, abdomen) = (f.axes(Joint::Pelvis), f.axes(Joint::Abdomen));
    let w = 0.065 * shape.hips;
    let r = 0.108 * s * shape.weight.sqrt() + t;
    let add = |f: &mut Figure, p: Primitive| f.add(group::LOWER, class_lower, material, p.bumped(bump));
    let (a, b) = (f.at(Joint::Pelvis, -w, -0.005, 0.), f.at(Joint::Pelvis, w, -0.005, 0.));
    add(f, Primitive::cone(a, b, r, r, pelvis));
    for side in Side::BOTH {
        let center = f.at(Joint::Pelvis, side.sign() * 0.065, -0.035, -0.05);
        add(f, Primitive::ellipsoid(center, Vec3::splat(0.085 * s * shape.weight.sqrt() + t), pelvis));
    }
    let girth = shape.weight * (1.02 - 0.12 * shape.feminine);
    let (a, b) = (f.at(Joint::Abdomen, 0., -0.10, 0.), f.at(Joint::Abdomen, 0., -0.04, 0.));
    let band = Primitive::cone(a, b, 0.14 * s * girth + 0.6 * t, 0.134 * s * girth + 0.5 * t, abdomen);
    add(f, band.flattened(abdomen.z_axis, 1.2));
}

/// A leg of the trousers.
pub fn dress_leg(f: &mut Figure, side: Side) {
    let outfit = f.look.outfit.clone();
    let wide = match outfit.bottom {
        Bottom::Trousers => 1.0,
        Bottom::WideTrousers => 1.25,
        Bottom::Shorts => 1.12,
        Bottom::Skirt | Bottom::LongSkirt => return,
    };
    let (s, shape, t) = (f.scale(), f.look.shape, lower(f));
    let w = shape.weight.powf(0.8);
    let thick = 1.0 + 0.06 * shape.feminine;
    let (hip, knee, ankle) =
        (f.posed.at(Joint::UpperLeg(side)), f.posed.at(Joint::LowerLeg(side)), f.posed.at(Joint::Foot(side)));
    let (thigh, shin) = (f.axes(Joint::UpperLeg(side)), f.axes(Joint::LowerLeg(side)));
    let (material, bump) = (f.parts.lower, f.folds(0.1 + 0.4 * side.index() as f32));
    let add = |f: &mut Figure, p: Primitive| f.add(group::LOWER, class::LOWER, material, p.bumped(bump));
    if outfit.bottom == Bottom::Shorts {
        let share = outfit.leg_length;
        let hem = (0.088 + (0.056 - 0.088) * share) * w * s * wide + 1.5 * t;
        let tube = Primitive::cone(hip, hip.lerp(knee, share), 0.088 * w * thick * s + t, hem, thigh);
        add(f, tube.cut(false, true));
        return;
    }
    let at_knee = 0.056 * s * w.powf(0.9) * wide + t;
    let at_hem = if wide > 1.1 { 0.075 } else { 0.042 } * s + t;
    add(f, Primitive::cone(hip, knee, 0.089 * w * thick * s + t, at_knee, thigh));
    let hem = knee.lerp(ankle, 0.7 + 0.3 * outfit.leg_length);
    add(f, Primitive::cone(knee, hem, at_knee, at_hem, shin).cut(false, true));
    let calf = f.at(Joint::LowerLeg(side), 0., -0.13, -0.016);
    let radii = Vec3::new(0.05, 0.12, 0.048) * s * w.powf(0.75) + Vec3::splat(t);
    add(f, Primitive::ellipsoid(calf, radii, shin));
}

/// A skirt around both legs.
pub fn skirt(f: &mut Figure) {
    let outfit = f.look.outfit.clone();
    let length = match outfit.bottom {
        Bottom::Skirt => 0.55 + 0.45 * outfit.leg_length,
        Bottom::LongSkirt => 1.15 + 0.5 * outfit.leg_length,
        _ => return,
    };
    let (s, shape) = (f.scale(), f.look.shape);
    let knees = Side::BOTH.map(|side| f.posed.at(Joint::LowerLeg(side)));
    let feet = Side::BOTH.map(|side| f.posed.at(Joint::Foot(side)));
    let (knee, foot) = ((knees[0] + knees[1]) / 2.0, (feet[0] + feet[1]) / 2.0);
    let waist = f.posed.at(Joint::Pelvis);
    let pelvis = f.axes(Joint::Pelvis);
    let apart = knees[0].distance(knees[1]) / 2.0;
    let (class_lower, material) = (lower_class(f), f.parts.lower);
    let bump = crate::sdf::Bump { height: outfit.folds * 2.0, ..f.folds(0.9) };
    let hem = waist.lerp(knee, length.min(1.0));
    let at_hem = (outfit.flare * s).max((apart + 0.07 * s) * length.min(1.0));
    let hip = 0.165 * s * shape.weight.sqrt();
    let toward = |from: Vec3, to: Vec3| -> Mat3 {
        // Flattened front to back whatever the legs do.
        let y = (from - to).normalize_or(Vec3::Y);
        let x = (pelvis.x_axis - y * pelvis.x_axis.dot(y)).normalize_or(Vec3::X);
        Mat3::from_cols(x, y, x.cross(y))
    };
    let axes = toward(waist, hem);
    let cone = Primitive::cone(waist, hem, hip, at_hem, axes).flattened(axes.z_axis, 1.2);
    f.add(group::LOWER, class_lower, material, cone.cut(false, length <= 1.0).bumped(bump));
    if length > 1.0 {
        let end = knee.lerp(foot, length - 1.0);
        let axes = toward(knee, end);
        let wide = at_hem.max(feet[0].distance(feet[1]) / 2.0 * (length - 1.0) + 0.09 * s) * 1.05;
        let cone = Primitive::cone(knee, end, at_hem, wide, axes).flattened(axes.z_axis, 1.2);
        f.add(group::LOWER, class_lower, material, cone.cut(false, true).bumped(bump));
    }
}

/// A sleeve.
pub fn dress_arm(f: &mut Figure, side: Side) {
    let outfit = f.look.outfit.clone();
    let short = match outfit.top {
        Top::TShirt => true,
        Top::LongSleeve | Top::Jacket | Top::Hoodie => false,
        Top::Tank | Top::Crop | Top::None => return,
    };
    let (s, shape, t) = (f.scale(), f.look.shape, upper(f));
    let w = shape.weight.powf(0.6) * (1.0 - 0.1 * shape.feminine);
    let (shoulder, elbow, wrist) =
        (f.posed.at(Joint::UpperArm(side)), f.posed.at(Joint::LowerArm(side)), f.posed.at(Joint::Hand(side)));
    let (upper_axes, lower_axes) = (f.axes(Joint::UpperArm(side)), f.axes(Joint::LowerArm(side)));
    let (material, bump) = (f.parts.upper, f.folds(0.2 + 0.4 * side.index() as f32));
    let add = |f: &mut Figure, p: Primitive| f.add(group::UPPER, class::UPPER, material, p.bumped(bump));
    let share = if short { outfit.short_sleeve } else { 1.0 };
    let wide = if short { outfit.sleeve_width } else { 1.08 };
    let hem = (0.053 + (0.040 - 0.053) * share) * s * w * wide + t;
    let sleeve = Primitive::cone(shoulder, shoulder.lerp(elbow, share), 0.053 * s * w + t, hem, upper_axes);
    add(f, sleeve.cut(false, short));
    let cap = f.at(Joint::UpperArm(side), 0., -0.015, 0.);
    let radii = Vec3::new(0.057, 0.06, 0.058) * s * w + Vec3::splat(t);
    add(f, Primitive::ellipsoid(cap, radii, upper_axes));
    if !short {
        let share = outfit.long_sleeve;
        let hem = (0.043 + (0.030 - 0.043) * share) * s * w + 0.9 * t;
        let sleeve = Primitive::cone(elbow, elbow.lerp(wrist, share), 0.043 * s * w + t, hem, lower_axes);
        add(f, sleeve.cut(false, true));
    }
}
