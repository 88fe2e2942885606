//! Feet, socks and shoes.

use super::flesh::{Figure, class, group};
use super::skeleton::{Joint, Side};
use crate::sdf::Primitive;
use crate::wardrobe::Footwear;
use glam::Vec3;

/// Across (outwards), forward, radius of the toes.
const TOES: [[f32; 3]; 5] = [
    [-0.022, 0.165, 0.013],
    [-0.006, 0.168, 0.010],
    [0.008, 0.163, 0.009],
    [0.021, 0.155, 0.009],
    [0.034, 0.143, 0.009],
];

/// Adds a foot with what it wears. `x` points outwards.
pub fn foot(f: &mut Figure, side: Side) {
    let (g, size) = (side.sign(), f.look.shape.feet);
    let joint = Joint::Foot(side);
    let axes = f.axes(joint);
    let at = |f: &Figure, x: f32, y: f32, z: f32| f.posed.point(joint, g * x * size, y * size, z * size);
    let flat = |p: Primitive, by: f32| p.flattened(axes.y_axis, by);
    let cone = |f: &Figure, a: [f32; 3], b: [f32; 3], ra: f32, rb: f32| {
        Primitive::cone(at(f, a[0], a[1], a[2]), at(f, b[0], b[1], b[2]), ra * size, rb * size, axes)
    };
    let (skin, class_foot) = (f.parts.skin, class::foot(side));
    let sole = flat(cone(f, [0.0, -0.036, -0.035], [0.0, -0.054, 0.13], 0.036, 0.030), 1.25);
    let instep = cone(f, [0.0, 0.0, 0.0], [0.0, -0.045, 0.10], 0.036, 0.026);
    f.add(group::FEET, class_foot, skin, sole);
    f.add(group::FEET, class_foot, skin, instep);
    let footwear = f.look.outfit.footwear;
    if footwear == Footwear::Bare {
        for [x, z, r] in TOES {
            let toe = cone(f, [x * 0.8, -0.06, z - 0.03], [x, -0.066, z], r, r);
            f.add(group::FEET, class_foot, skin, toe);
        }
    }
    let share = match footwear {
        Footwear::Socks => f.look.outfit.socks.max(0.3),
        Footwear::Bare => 0.0,
        _ => f.look.outfit.socks,
    };
    if share > 0.0 {
        socks(f, side, share);
    }
    match footwear {
        Footwear::Socks => {
            let (sock, class_sock) = (f.parts.sock, class::sock(side));
            let under = flat(cone(f, [0.0, -0.036, -0.035], [0.0, -0.055, 0.145], 0.041, 0.036), 1.2);
            let over = cone(f, [0.0, 0.0, 0.0], [0.0, -0.045, 0.10], 0.041, 0.031);
            f.add(group::SOCKS, class_sock, sock, under);
            f.add(group::SOCKS, class_sock, sock, over);
        }
        Footwear::Shoes | Footwear::Boots => {
            let (shoe, sole_material, class_shoe) = (f.parts.shoe, f.parts.sole, class::shoe(side));
            let body = flat(cone(f, [0.0, -0.040, -0.038], [-0.004, -0.056, 0.145], 0.047, 0.043), 1.25);
            let tongue = cone(f, [0.0, -0.012, -0.004], [0.0, -0.042, 0.11], 0.043, 0.034);
            let sole = flat(cone(f, [0.0, -0.073, -0.04], [-0.004, -0.082, 0.15], 0.045, 0.045), 3.0);
            f.add(group::SHOES, class_shoe, shoe, body);
            f.add(group::SHOES, class_shoe, shoe, tongue);
            f.add(group::SHOES, class_shoe, sole_material, sole);
            if footwear == Footwear::Boots {
                let s = f.scale();
                let (ankle, knee) = (f.posed.at(joint), f.posed.at(Joint::LowerLeg(side)));
                let top = ankle.lerp(knee, 0.45);
                let w = f.look.shape.weight.sqrt();
                let shaft = Primitive::cone(ankle, top, 0.05 * s, 0.058 * s * w, f.axes(Joint::LowerLeg(side)));
                f.add(group::SHOES, class_shoe, shoe, shaft.cut(false, true));
            }
        }
        Footwear::Bare => {}
    }
}

fn socks(f: &mut Figure, side: Side, share: f32) {
    let s = f.scale();
    let w = f.look.shape.weight.powf(0.7);
    let (ankle, knee) = (f.posed.at(Joint::Foot(side)), f.posed.at(Joint::LowerLeg(side)));
    let axes = f.axes(Joint::LowerLeg(side));
    let top = (0.036 + (0.053 - 0.036) * share * w) * s + 0.006 * s;
    let tube = Primitive::cone(ankle, ankle.lerp(knee, share), 0.041 * s, top, axes).cut(false, true);
    let (sock, class_sock) = (f.parts.sock, class::sock(side));
    f.add(group::SOCKS, class_sock, sock, tube);
    if share > 0.5 {
        let calf = f.at(Joint::LowerLeg(side), 0., -0.13, -0.018);
        let radii = Vec3::new(0.053, 0.11, 0.051) * s * w + Vec3::splat(0.003);
        f.add(group::SOCKS, class_sock, sock, Primitive::ellipsoid(calf, radii, axes));
    }
}
