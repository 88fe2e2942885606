//! Labels of a person: keypoints in the picture and in space, visibility, box, joints.

use crate::body::{Figure, Joint, Landmark, Reach, flesh_class as class, group};
use crate::render::{Layer, Stage};
use crate::scene::{Person, Scene};
use crate::sdf::{LANES, Points};
use glam::{Quat, Vec2, Vec3};
use serde::Serialize;

/// A joint of the skeleton.
#[derive(Debug, Clone, Serialize)]
pub struct JointLabel {
    /// Such as `left_lower_arm`.
    pub name: String,
    /// Its parent, by name.
    pub parent: Option<String>,
    /// Metres in camera space.
    pub position: [f32; 3],
    /// Against the parent, from the rest pose; quaternion x, y, z, w. That of the root turns body space (x to the
    /// person's left, y up, z forward) into camera space.
    pub rotation: [f32; 4],
}

/// A person in a picture.
#[derive(Debug, Clone, Serialize)]
pub struct PersonLabel {
    /// The same in all frames of a sequence.
    pub id: usize,
    /// x, y, width, height in pixels, of the part that is seen; all zero where nothing is.
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    /// Pixels that are seen.
    pub area: f32,
    /// x, y in pixels (centres at integers), and 0 outside the picture, 1 hidden, 2 visible.
    pub keypoints: Vec<[f32; 3]>,
    /// Metres in camera space.
    pub keypoints_3d: Vec<[f32; 3]>,
    /// The skeleton, parents first.
    pub joints: Vec<JointLabel>,
}

impl PersonLabel {
    /// Numbers as precise as anybody needs, so that files stay small.
    pub fn round(&mut self) {
        let cut = |v: &mut f32, digits: f32| *v = (*v * digits).round() / digits;
        self.keypoints.iter_mut().flatten().for_each(|v| cut(v, 100.0));
        self.keypoints_3d.iter_mut().flatten().for_each(|v| cut(v, 1e5));
        for joint in &mut self.joints {
            joint.position.iter_mut().for_each(|v| cut(v, 1e5));
            joint.rotation.iter_mut().for_each(|v| cut(v, 1e6));
        }
    }
}

/// Labels person `index` of a scene from what the picture shows.
pub(crate) fn label_person(
    index: usize,
    figure: &Figure,
    person: &Person,
    scene: &Scene,
    stage: &Stage,
    layer: &Layer,
    alpha: &[f32],
) -> PersonLabel {
    let camera = &scene.camera;
    let to_camera = camera.view * person.place;
    let points = locate(index, figure, &to_camera, stage);
    let keypoints = points.iter().zip(&figure.landmarks).map(|(&at, landmark)| {
        let pixel = camera.project(at);
        let seen = visibility(at, pixel, landmark, figure, scene, layer, alpha);
        let far = 4.0 * camera.width.max(camera.height) as f32;
        [pixel.x.clamp(-far, far), pixel.y.clamp(-far, far), f32::from(seen)]
    });
    let (bbox, area) = seen_box(index, scene, stage, layer, alpha);
    let turn = Quat::from_mat3(&to_camera.matrix3.into());
    let joints = Joint::all().map(|joint| JointLabel {
        name: joint.name(),
        parent: joint.parent().map(Joint::name),
        position: to_camera.transform_point3(figure.posed.at(joint)).to_array(),
        rotation: match joint.parent() {
            Some(_) => figure.pose.rotation(joint).to_array(),
            None => (turn * figure.pose.rotation(joint)).normalize().to_array(),
        },
    });
    PersonLabel {
        id: person.id,
        bbox,
        area,
        keypoints: keypoints.collect(),
        keypoints_3d: points.iter().map(|p| p.to_array()).collect(),
        joints: joints.collect(),
    }
}

/// Landmarks in camera space; those of the face are cast onto the skin of the head, eight at a time.
fn locate(index: usize, figure: &Figure, to_camera: &glam::Affine3A, stage: &Stage) -> Vec<Vec3> {
    let head = group::HEAD + (index * group::BLEND.len()) as u16;
    let primitives = stage.field.primitives();
    let skin: Vec<u16> = (0..primitives.len() as u16)
        .filter(|&i| primitives[usize::from(i)].group == head && primitives[usize::from(i)].class == class::FACE)
        .collect();
    let size = figure.look.shape.head;
    let mut points: Vec<Vec3> = figure.landmarks.iter().map(|l| to_camera.transform_point3(l.at)).collect();
    let casts: Vec<(usize, Vec3)> = (figure.landmarks.iter().enumerate())
        .filter_map(|(i, l)| match l.reach {
            Reach::Cast(direction) => Some((i, to_camera.transform_vector3(direction))),
            Reach::Inside(_) => None,
        })
        .collect();
    for packet in casts.chunks(LANES) {
        let mut at = Points::splat(points[packet[0].0]);
        let mut travelled = [0.0f32; LANES];
        for (l, (i, _)) in packet.iter().enumerate() {
            at.set(l, points[*i]);
        }
        for _ in 0..60 {
            let d = stage.field.distance(&skin, &at);
            for (l, (_, direction)) in packet.iter().enumerate() {
                let step = if travelled[l] < 0.3 * size && d[l] > 3e-4 { d[l] * 0.9 } else { 0.0 };
                travelled[l] += step;
                at.set(l, at.get(l) + *direction * step);
            }
        }
        for (l, (i, direction)) in packet.iter().enumerate() {
            // A ray past the head (the chin of a narrow jaw) ends where the middle of the face would be.
            let reached = if travelled[l] < 0.3 * size { travelled[l] } else { 0.08 * size };
            points[*i] += *direction * reached;
        }
    }
    points
}

fn visibility(
    at: Vec3,
    pixel: Vec2,
    landmark: &Landmark,
    figure: &Figure,
    scene: &Scene,
    layer: &Layer,
    alpha: &[f32],
) -> u8 {
    let camera = &scene.camera;
    let (x, y) = (pixel.x.round(), pixel.y.round());
    let inside = at.z > 0.05 && x >= 0.0 && y >= 0.0 && x < camera.width as f32 && y < camera.height as f32;
    if !inside {
        return 0;
    }
    let i = y as usize * camera.width + x as usize;
    let depth_below = match landmark.reach {
        Reach::Inside(depth) => depth,
        Reach::Cast(_) => 0.015 * figure.look.shape.head,
    };
    let covered_by_person = layer.alpha[i] > 0.5 && at.z > layer.depth[i] + depth_below + 1.5 * at.z / camera.focal;
    let covered_by_thing = layer.alpha[i] > 0.5 && alpha[i] < 0.5 * layer.alpha[i];
    if covered_by_person || covered_by_thing { 1 } else { 2 }
}

/// The box of the pixels in which a person is what is seen, and how many they are.
fn seen_box(index: usize, scene: &Scene, stage: &Stage, layer: &Layer, alpha: &[f32]) -> ([f32; 4], f32) {
    let width = scene.camera.width;
    let (mut low, mut high, mut area) = ([usize::MAX; 2], [0; 2], 0usize);
    for (i, &covered) in alpha.iter().enumerate() {
        let primitive = layer.primitive[i];
        if covered < 0.5 || primitive == u16::MAX {
            continue;
        }
        let group = stage.field.primitives()[usize::from(primitive)].group;
        if stage.owner[usize::from(group)] == index {
            let at = [i % width, i / width];
            for k in 0..2 {
                (low[k], high[k]) = (low[k].min(at[k]), high[k].max(at[k]));
            }
            area += 1;
        }
    }
    if area == 0 {
        return ([0.0; 4], 0.0);
    }
    let side = |k: usize| (high[k] - low[k] + 1) as f32;
    ([low[0] as f32, low[1] as f32, side(0), side(1)], area as f32)
}
