//! The figure of a person in a pose: flesh, clothes and hair around the posed skeleton, as primitives.

use super::landmarks::Landmark;
use super::look::Look;
use super::pose::Pose;
use super::skeleton::{Joint, Posed, Side};
use super::{feet, hands, head, landmarks};
use crate::sdf::{Bump, Primitive};
use crate::wardrobe::{self, Material, Top};
use glam::{Mat3, Vec3};

/// Groups of a figure: members melt into each other, groups meet at creases.
pub mod group {
    /// Head and neck.
    pub const HEAD: u16 = 0;
    /// Trunk, arms and legs.
    pub const BODY: u16 = 1;
    /// Left hand; the right one is the next.
    pub const HAND: u16 = 2;
    /// Feet.
    pub const FEET: u16 = 4;
    /// Upper clothes.
    pub const UPPER: u16 = 5;
    /// Lower clothes.
    pub const LOWER: u16 = 6;
    /// Socks.
    pub const SOCKS: u16 = 7;
    /// Shoes.
    pub const SHOES: u16 = 8;
    /// Hair.
    pub const HAIR: u16 = 9;
    /// Hats, bags, scarves.
    pub const APPAREL: u16 = 10;
    /// Glasses and other things without melting.
    pub const HARD: u16 = 11;
    /// How far each melts, in metres.
    pub const BLEND: [f32; 12] = [0.02, 0.022, 0.007, 0.007, 0.02, 0.03, 0.025, 0.012, 0.02, 0.02, 0.01, 0.001];
}

/// Indices into [`Figure::materials`].
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Parts {
    pub skin: u16,
    pub hair: u16,
    pub upper: u16,
    pub lower: u16,
    pub sock: u16,
    pub shoe: u16,
    pub extra: u16,
    pub hat: u16,
    pub glasses: u16,
    pub lens: u16,
    pub sole: u16,
}

/// A person in a pose, in body space.
pub struct Figure<'a> {
    /// Who.
    pub look: &'a Look,
    /// What the face does, and the joints.
    pub pose: &'a Pose,
    /// Where the joints are.
    pub posed: Posed,
    /// The surface.
    pub primitives: Vec<Primitive>,
    /// What it is made of.
    pub materials: Vec<Material>,
    /// Indices into `materials`.
    pub parts: Parts,
    /// Where the keypoints are.
    pub landmarks: Vec<Landmark>,
}

impl<'a> Figure<'a> {
    /// Builds the figure.
    pub fn new(look: &'a Look, pose: &'a Pose) -> Self {
        let outfit = &look.outfit;
        let glasses = outfit.glasses.unwrap_or(Material::plain(Vec3::splat(0.1), 0.2, 0.0));
        let lens = Material::plain(Vec3::splat(0.03), 0.4, 0.0);
        let sole = if outfit.contrast_sole { outfit.extra } else { outfit.shoe };
        let materials = vec![
            look.skin,
            look.hair,
            outfit.upper,
            outfit.lower,
            outfit.sock,
            outfit.shoe,
            outfit.extra,
            outfit.hat,
            glasses,
            lens,
            sole,
        ];
        let parts = Parts {
            skin: 0,
            hair: 1,
            upper: 2,
            lower: if outfit.dress { 2 } else { 3 },
            sock: 4,
            shoe: 5,
            extra: 6,
            hat: 7,
            glasses: 8,
            lens: 9,
            sole: 10,
        };
        let posed = Posed::new(&look.shape, pose);
        let mut figure =
            Self { look, pose, posed, primitives: Vec::with_capacity(160), materials, parts, landmarks: Vec::new() };
        trunk(&mut figure);
        wardrobe::dress_trunk(&mut figure);
        for side in Side::BOTH {
            leg(&mut figure, side);
            feet::foot(&mut figure, side);
            wardrobe::dress_leg(&mut figure, side);
            arm(&mut figure, side);
            wardrobe::dress_arm(&mut figure, side);
            hands::hand(&mut figure, side);
        }
        wardrobe::skirt(&mut figure);
        head::head(&mut figure);
        wardrobe::grow(&mut figure, &outfit.hair);
        wardrobe::headwear(&mut figure);
        wardrobe::accessories(&mut figure);
        figure.landmarks = landmarks::place(&figure);
        figure
    }

    /// Adds a primitive.
    pub fn add(&mut self, group: u16, class: u8, material: u16, mut primitive: Primitive) {
        (primitive.group, primitive.class, primitive.material) = (group, class, material);
        self.primitives.push(primitive);
    }

    /// Scale of the person.
    pub fn scale(&self) -> f32 {
        self.look.shape.scale
    }

    /// A point in a joint's frame, in metres for a person of scale 1.
    pub fn at(&self, joint: Joint, x: f32, y: f32, z: f32) -> Vec3 {
        let s = self.scale();
        self.posed.point(joint, x * s, y * s, z * s)
    }

    /// Axes of a joint.
    pub fn axes(&self, joint: Joint) -> Mat3 {
        self.posed.axes(joint)
    }

    /// Axes of the head.
    pub fn head_axes(&self) -> Mat3 {
        self.axes(Joint::Head)
    }

    /// A point around the middle of the head, in metres for a head of size 1: x left, y up, z forward.
    pub fn on_head(&self, x: f32, y: f32, z: f32) -> Vec3 {
        let h = self.look.shape.head;
        self.posed.point(Joint::Head, x * h, (y + 0.085) * h, (z + 0.02) * h)
    }

    /// The folds of the upper or lower clothes.
    pub fn folds(&self, phase: f32) -> Bump {
        Bump { height: self.look.outfit.folds, frequency: 20.0 + 20.0 * phase.fract(), phase: phase * 6.0 }
    }
}

/// Segmentation classes of the limbs, by side.
pub mod class {
    use super::Side;

    fn of(side: Side, left: u8, right: u8) -> u8 {
        if side == Side::Left { left } else { right }
    }
    /// Foot.
    pub fn foot(side: Side) -> u8 {
        of(side, 5, 14)
    }
    /// Hand.
    pub fn hand(side: Side) -> u8 {
        of(side, 6, 15)
    }
    /// Lower arm.
    pub fn lower_arm(side: Side) -> u8 {
        of(side, 7, 16)
    }
    /// Lower leg.
    pub fn lower_leg(side: Side) -> u8 {
        of(side, 8, 17)
    }
    /// Shoe.
    pub fn shoe(side: Side) -> u8 {
        of(side, 9, 18)
    }
    /// Sock.
    pub fn sock(side: Side) -> u8 {
        of(side, 10, 19)
    }
    /// Upper arm.
    pub fn upper_arm(side: Side) -> u8 {
        of(side, 11, 20)
    }
    /// Upper leg.
    pub fn upper_leg(side: Side) -> u8 {
        of(side, 12, 21)
    }
    /// Clothes, skin of the trunk, and the rest without sides.
    pub const APPAREL: u8 = 1;
    /// Glasses.
    pub const GLASSES: u8 = 2;
    /// Face and neck.
    pub const FACE: u8 = 3;
    /// Hair.
    pub const HAIR: u8 = 4;
    /// Lower clothes.
    pub const LOWER: u8 = 13;
    /// Skin of the trunk.
    pub const TORSO: u8 = 22;
    /// Upper clothes.
    pub const UPPER: u8 = 23;
    /// Lower lip.
    pub const LOWER_LIP: u8 = 24;
    /// Upper lip.
    pub const UPPER_LIP: u8 = 25;
    /// Lower teeth.
    pub const LOWER_TEETH: u8 = 26;
    /// Upper teeth.
    pub const UPPER_TEETH: u8 = 27;
    /// Tongue.
    pub const TONGUE: u8 = 28;
}

fn trunk(f: &mut Figure) {
    let (s, shape, skin) = (f.scale(), f.look.shape, f.parts.skin);
    let waist = shape.weight * (1.02 - 0.12 * shape.feminine);
    let (w4, w3, w5) = (shape.weight.powf(0.4), shape.weight.powf(0.3), shape.weight.sqrt());
    let (pelvis, abdomen, chest) = (f.axes(Joint::Pelvis), f.axes(Joint::Abdomen), f.axes(Joint::Chest));
    let add = |f: &mut Figure, p: Primitive| f.add(group::BODY, class::TORSO, skin, p);
    let (a, b) = (f.at(Joint::Pelvis, -0.065 * shape.hips, 0., 0.), f.at(Joint::Pelvis, 0.065 * shape.hips, 0., 0.));
    add(f, Primitive::cone(a, b, 0.108 * s * w5, 0.108 * s * w5, pelvis));
    let (a, b) = (f.at(Joint::Abdomen, 0., -0.08, 0.), f.at(Joint::Abdomen, 0., 0.14, 0.));
    add(f, Primitive::cone(a, b, 0.135 * s * waist, 0.128 * s * waist, abdomen).flattened(abdomen.z_axis, 1.25));
    if shape.belly > 0.02 {
        let center = f.at(Joint::Abdomen, 0.0, 0.0, 0.03 + 0.05 * shape.belly);
        add(f, Primitive::ellipsoid(center, Vec3::new(0.13, 0.12, 0.12) * s * waist, abdomen));
    }
    let (a, b) = (f.at(Joint::Chest, 0., 0.03, 0.), f.at(Joint::Chest, 0., 0.19, -0.005));
    let ribs = Primitive::cone(a, b, 0.148 * s * shape.shoulders * w4, 0.145 * s * shape.shoulders * w3, chest);
    add(f, ribs.flattened(chest.z_axis, 1.38));
    let w = 0.125 * shape.shoulders;
    let (a, b) = (f.at(Joint::Chest, -w, 0.215, -0.012), f.at(Joint::Chest, w, 0.215, -0.012));
    add(f, Primitive::cone(a, b, 0.058 * s, 0.058 * s, chest));
    for side in Side::BOTH {
        let g = side.sign();
        let neck = f.at(Joint::Chest, g * 0.03, 0.285, -0.018);
        let shoulder = f.at(Joint::UpperArm(side), -g * 0.055 * shape.shoulders, 0.02, -0.003);
        add(f, Primitive::cone(neck, shoulder, 0.04 * s, 0.047 * s, chest));
        let seat = f.at(Joint::Pelvis, g * 0.065, -0.035, -0.05);
        add(f, Primitive::ellipsoid(seat, Vec3::splat(0.085 * s * w5), pelvis));
        if shape.bust > 0.0 {
            let breast = f.at(Joint::Chest, g * 0.068, 0.10, 0.085);
            add(f, Primitive::ellipsoid(breast, Vec3::new(0.062, 0.06, 0.055) * s * shape.bust, chest));
        } else if f.look.outfit.top == Top::None {
            let muscle = f.at(Joint::Chest, g * 0.065, 0.13, 0.075);
            add(f, Primitive::ellipsoid(muscle, Vec3::new(0.062, 0.045, 0.035) * s, chest));
        }
    }
}

fn leg(f: &mut Figure, side: Side) {
    let (s, shape, skin) = (f.scale(), f.look.shape, f.parts.skin);
    let w = shape.weight.powf(0.8);
    let (hip, knee, ankle) =
        (f.posed.at(Joint::UpperLeg(side)), f.posed.at(Joint::LowerLeg(side)), f.posed.at(Joint::Foot(side)));
    let (thigh, shin) = (f.axes(Joint::UpperLeg(side)), f.axes(Joint::LowerLeg(side)));
    let upper = class::upper_leg(side);
    let lower = class::lower_leg(side);
    let width = 0.088 * s * w * (1.0 + 0.06 * shape.feminine);
    f.add(group::BODY, upper, skin, Primitive::cone(hip, knee, width, 0.056 * s * w.powf(0.9), thigh));
    let below = f.at(Joint::LowerLeg(side), 0., -0.01, 0.);
    f.add(group::BODY, lower, skin, Primitive::cone(below, ankle, 0.053 * s * w.powf(0.9), 0.036 * s, shin));
    let calf = f.at(Joint::LowerLeg(side), 0., -0.13, -0.018);
    let radii = Vec3::new(0.05, 0.12, 0.048) * s * w.powf(0.75);
    f.add(group::BODY, lower, skin, Primitive::ellipsoid(calf, radii, shin));
}

fn arm(f: &mut Figure, side: Side) {
    let (s, shape, skin) = (f.scale(), f.look.shape, f.parts.skin);
    let w = shape.weight.powf(0.6) * (1.0 - 0.1 * shape.feminine);
    let (shoulder, elbow, wrist) =
        (f.posed.at(Joint::UpperArm(side)), f.posed.at(Joint::LowerArm(side)), f.posed.at(Joint::Hand(side)));
    let (upper_axes, lower_axes) = (f.axes(Joint::UpperArm(side)), f.axes(Joint::LowerArm(side)));
    let (upper, lower) = (class::upper_arm(side), class::lower_arm(side));
    let deltoid = f.at(Joint::UpperArm(side), 0., -0.02, 0.);
    let radii = Vec3::new(0.056, 0.07, 0.058) * s * w;
    f.add(group::BODY, upper, skin, Primitive::ellipsoid(deltoid, radii, upper_axes));
    f.add(group::BODY, upper, skin, Primitive::cone(shoulder, elbow, 0.050 * s * w, 0.040 * s * w, upper_axes));
    f.add(group::BODY, lower, skin, Primitive::cone(elbow, wrist, 0.042 * s * w, 0.027 * s, lower_axes));
    let muscle = f.at(Joint::LowerArm(side), 0., -0.075, 0.004);
    let radii = Vec3::new(0.043, 0.09, 0.043) * s * w;
    f.add(group::BODY, lower, skin, Primitive::ellipsoid(muscle, radii, lower_axes));
}
