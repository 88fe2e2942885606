//! What an engine says about one image.

use super::finisher::{DeviceMap, MapKind};
use crate::geometry::{Affine, Rect, Size};
use crate::runtime::Traffic;
use crate::spec::Task;
use crate::task::matting::Matte;
use crate::task::pose::Keypoint;
use crate::task::seg::SegMap;
use ndarray::{Array2, Array3};
use std::sync::Arc;

/// Everything about one image.
#[derive(Debug, Clone, Default)]
pub struct FrameResult {
    /// Size of the image.
    pub image: Size,
    /// One per box, in the order of the request; one for the whole image without boxes; with a detector those it found,
    /// the surest first.
    pub people: Vec<Person>,
    /// Maps of the whole image: from tasks that look at all of it.
    pub scene: Maps,
    /// What took how long, in the order of the work.
    pub timings: Vec<Timing>,
    /// Bytes given to the sessions of models and detector from the memory of the host, and back.
    pub traffic: Traffic,
    /// Tasks whose maps were to stay on the device ([`Request::device_maps`](super::Request::device_maps)) and came to the host, and why.
    pub on_host: Vec<(Task, String)>,
}

impl FrameResult {
    /// Takes over what other tasks made of the same picture and the same boxes.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (person, other) in self.people.iter_mut().zip(other.people) {
            person.pose = other.pose.or(person.pose.take());
            person.maps.absorb(other.maps);
        }
        self.scene.absorb(other.scene);
        self.timings.extend(other.timings);
        self.traffic += other.traffic;
        self.on_host.extend(other.on_host);
    }
}

/// Results of one person box.
#[derive(Debug, Clone)]
pub struct Person {
    /// The box that was asked for, or found.
    pub bbox: Rect,
    /// How sure the detector is of it, 0 to 1; `None` for a box that was asked for.
    pub score: Option<f32>,
    /// Keypoints in image pixels, in the order of the set that their number names
    /// ([`crate::skeleton::keypoint_set`]).
    pub pose: Option<Vec<Keypoint>>,
    /// Maps that come from this person's crop; in image space with background outside it.
    pub maps: Maps,
}

/// Dense results, each present if its task ran and it was brought to the host: `H x W` of the image, or of the network input if the request says so.
#[derive(Debug, Clone, Default)]
pub struct Maps {
    /// Body part per pixel, and its probability.
    pub seg: Option<SegMap>,
    /// HxWx3 unit normals in the camera frame (x right, y down, z forward); 0 where there is none.
    pub normal: Option<Array3<f32>>,
    /// HxWx3 metres in the camera frame; NaN where there is none.
    pub pointmap: Option<Array3<f32>>,
    /// HxWx3 RGB in 0..1.
    pub albedo: Option<Array3<f32>>,
    /// Coverage and premultiplied foreground.
    pub matting: Option<Matte>,
    /// HxW relative depth: about 0 at the nearest point of a person, about 1 at the farthest, no unit; means nothing in the
    /// background. NaN where there is none.
    pub depth: Option<Array2<f32>>,
    /// Features of the backbone: not carried to image space, they have one cell per patch.
    pub features: Option<Features>,
    /// Maps that stayed on the device of their model ([`Request::device_maps`](super::Request::device_maps)); those of their tasks above
    /// are not there.
    pub on_device: Vec<Arc<DeviceMap>>,
    /// Where maps that are not in image space lie; read it through [`Maps::image_from_map`].
    pub placed: Vec<(Task, Affine)>,
}

impl Maps {
    /// The affine map from pixels of a task's map to image pixels; pixel centres are at integers. The identity in image
    /// space. For features: from the cells of `featmap`.
    pub fn image_from_map(&self, task: Task) -> Affine {
        self.placed.iter().find(|(known, _)| *known == task).map_or(Affine::IDENTITY, |(_, map)| *map)
    }

    /// The tasks that have left something here.
    pub fn tasks(&self) -> Vec<Task> {
        let found = [
            (Task::Seg, self.seg.is_some()),
            (Task::Normal, self.normal.is_some()),
            (Task::Pointmap, self.pointmap.is_some()),
            (Task::Albedo, self.albedo.is_some()),
            (Task::Matting, self.matting.is_some()),
            (Task::Depth, self.depth.is_some()),
            (Task::Features, self.features.is_some()),
        ];
        let is_there =
            |(task, there): &(Task, bool)| *there || self.on_device.iter().any(|map| map.kind().task() == *task);
        found.into_iter().filter(is_there).map(|(task, _)| task).collect()
    }

    /// A map that stayed on the device.
    pub fn device_map(&self, kind: MapKind) -> Option<&Arc<DeviceMap>> {
        self.on_device.iter().find(|map| map.kind() == kind)
    }

    /// Takes the map of one task out.
    #[must_use]
    pub fn take(&mut self, task: Task) -> Self {
        let placed = self.placed.iter().copied().filter(|(t, _)| *t == task).collect();
        let (on_device, others) =
            std::mem::take(&mut self.on_device).into_iter().partition(|map| map.kind().task() == task);
        self.on_device = others;
        let mut own = Self { placed, on_device, ..Self::default() };
        match task {
            Task::Pose => {}
            Task::Seg => own.seg = self.seg.take(),
            Task::Normal => own.normal = self.normal.take(),
            Task::Pointmap => own.pointmap = self.pointmap.take(),
            Task::Albedo => own.albedo = self.albedo.take(),
            Task::Matting => own.matting = self.matting.take(),
            Task::Depth => own.depth = self.depth.take(),
            Task::Features => own.features = self.features.take(),
        }
        own
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.seg = other.seg.or(self.seg.take());
        self.normal = other.normal.or(self.normal.take());
        self.pointmap = other.pointmap.or(self.pointmap.take());
        self.albedo = other.albedo.or(self.albedo.take());
        self.matting = other.matting.or(self.matting.take());
        self.depth = other.depth.or(self.depth.take());
        self.features = other.features.or(self.features.take());
        self.on_device.extend(other.on_device);
        self.placed.extend(other.placed);
    }

    /// Whether no task has left anything here.
    pub fn is_empty(&self) -> bool {
        self.tasks().is_empty()
    }
}

/// Features of the backbone.
#[derive(Debug, Clone)]
pub struct Features {
    /// `(1 + storage + h*w) x embed`: class token, storage tokens, patches row by row.
    pub tokens: Array2<f32>,
    /// `embed x h x w`: the patch tokens as a map of the network's input.
    pub featmap: Array3<f32>,
}

/// Time spent in one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// `preprocess`, `model`, `postprocess`, each followed by its task: `model pose`; `detect`.
    pub stage: String,
    /// Wall-clock milliseconds.
    pub ms: f64,
}
