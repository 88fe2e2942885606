//! Furniture under people who sit, and things that stand around or in the way.

use super::Props;
use crate::body::{Figure, Joint, Side};
use crate::random::Random;
use crate::sdf::Primitive;
use crate::wardrobe::{Material, linear};
use glam::{Affine3A, Mat3, Vec3};

impl Props {
    fn material(&mut self, random: &mut Random) -> u16 {
        let mut material = Material::cloth(random);
        if random.chance(0.4) {
            material.color = linear(Vec3::new(0.6, 0.42, 0.3) * random.uniform(0.3, 1.3));
        }
        self.materials.push(material);
        (self.materials.len() - 1) as u16
    }

    fn add(&mut self, material: u16, mut primitive: Primitive) {
        primitive.material = material;
        self.primitives.push(primitive);
    }

    /// A chair, stool or bench under a sitting figure.
    pub fn add_chair(&mut self, figure: &Figure, place: &Affine3A, random: &mut Random) {
        let s = figure.scale();
        let mat = self.material(random);
        let turn = Mat3::from(place.matrix3);
        let knee = place.transform_point3(figure.posed.at(Joint::LowerLeg(Side::Left)));
        let seat = place.transform_point3(figure.posed.at(Joint::Pelvis)) + Vec3::Y * -0.13 * s;
        let half = Vec3::new(random.uniform(0.2, 0.8), 0.03, random.uniform(0.2, 0.26)) * s;
        let center = seat + turn.z_axis * 0.1 * s;
        let top = center.y.min(knee.y);
        let center = Vec3::new(center.x, top - half.y, center.z);
        self.add(mat, Primitive::cuboid(center, half, 0.01, turn));
        if random.chance(0.6) {
            let back = center - turn.z_axis * half.z + Vec3::Y * 0.28 * s;
            self.add(mat, Primitive::cuboid(back, Vec3::new(half.x, 0.27 * s, 0.02 * s), 0.01, turn));
        }
        for (gx, gz) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let leg = center + turn * Vec3::new(gx * half.x * 0.9, 0.0, gz * half.z * 0.9);
            let foot = Vec3::new(leg.x, 0.0, leg.z);
            self.add(mat, Primitive::cone(leg, foot, 0.02 * s, 0.018 * s, Mat3::IDENTITY));
        }
    }

    /// A thing standing at a place on the floor: crate, post, plant, ball, table.
    pub fn add_thing(&mut self, at: Vec3, random: &mut Random) {
        let r = random;
        let turn = Mat3::from_rotation_y(r.uniform(0.0, 3.1));
        let mat = self.material(r);
        match r.int(0, 5) {
            0 => {
                let half = Vec3::new(r.uniform(0.1, 0.5), r.uniform(0.1, 0.6), r.uniform(0.1, 0.5));
                self.add(mat, Primitive::cuboid(at + Vec3::Y * half.y, half, 0.01, turn));
            }
            1 => {
                let radius = r.uniform(0.02, 0.12);
                let top = at + Vec3::Y * r.uniform(0.6, 2.6);
                self.add(mat, Primitive::cone(at, top, radius, radius * r.uniform(0.6, 1.0), turn));
            }
            2 => {
                let leaf = self.material(r);
                self.materials[usize::from(leaf)].color = linear(Vec3::new(0.2, 0.45, 0.15) * r.uniform(0.4, 1.4));
                self.add(mat, Primitive::cone(at, at + Vec3::Y * 0.3, 0.12, 0.16, turn));
                for _ in 0..r.int(4, 9) {
                    let tip = at + Vec3::Y * r.uniform(0.5, 1.2) + r.normal_vector(0.0, 0.2);
                    self.add(
                        leaf,
                        Primitive::cone(at + Vec3::Y * 0.3, tip, 0.015, 0.05, turn).flattened(turn.z_axis, 3.0),
                    );
                }
            }
            3 => {
                let radius = r.uniform(0.08, 0.3);
                self.add(mat, Primitive::ellipsoid(at + Vec3::Y * radius, Vec3::splat(radius), turn));
            }
            _ => {
                let (half, height) = (Vec3::new(r.uniform(0.3, 0.8), 0.02, r.uniform(0.2, 0.5)), r.uniform(0.4, 1.05));
                self.add(mat, Primitive::cuboid(at + Vec3::Y * height, half, 0.01, turn));
                for (gx, gz) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                    let leg = at + turn * Vec3::new(gx * half.x * 0.9, 0.0, gz * half.z * 0.9);
                    self.add(mat, Primitive::cone(leg + Vec3::Y * height, leg, 0.025, 0.02, Mat3::IDENTITY));
                }
            }
        }
    }
}
