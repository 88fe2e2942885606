//! Dense maps finished where models leave them, and left there.

mod graph;
mod map;
mod tables;

use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::onnx::Element;
use crate::preprocess::{Geometry, Placement};
use crate::runtime::{Device, DeviceTensor, Graphs, Input, Library, Shared, Tensor, TensorData, Traffic, View};
use crate::spec::{ModelInfo, NormalFrame, Task};
use crate::task::{Sampling, albedo, matting, normal, pointmap, seg};
use graph::{Key, Step};
pub use map::DeviceMap;
use once_cell::sync::OnceCell;
use std::sync::Arc;
use tables::Tables;

/// A dense map of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKind {
    /// Of SEG: bytes, HxW.
    Labels,
    /// Of SEG: floats, HxW.
    Confidence,
    /// Floats, HxWx3.
    Normals,
    /// Of POINTMAP: floats, HxWx3.
    Points,
    /// Floats, HxWx3.
    Albedo,
    /// Of MATTING: floats, HxW.
    Alpha,
    /// Of MATTING: floats, HxWx3.
    Foreground,
}

impl MapKind {
    const ALL: [Self; 7] =
        [Self::Labels, Self::Confidence, Self::Normals, Self::Points, Self::Albedo, Self::Alpha, Self::Foreground];

    /// The task that gives it.
    pub fn task(self) -> Task {
        match self {
            Self::Labels | Self::Confidence => Task::Seg,
            Self::Normals => Task::Normal,
            Self::Points => Task::Pointmap,
            Self::Albedo => Task::Albedo,
            Self::Alpha | Self::Foreground => Task::Matting,
        }
    }

    /// Those of a task, in the order of the outputs of its decoded graph.
    pub(super) fn of(task: Task) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| kind.task() == task).collect()
    }

    /// Elements of a pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Labels | Self::Confidence | Self::Alpha => 1,
            _ => 3,
        }
    }

    fn element(self) -> Element {
        if self == Self::Labels { Element::U8 } else { Element::F32 }
    }

    /// Whether models give it with an axis of channels.
    fn has_planes(self) -> bool {
        self.channels() > 1
    }

    /// Whether pixels take the nearest value, as nothing lies between two labels.
    fn is_nearest(self) -> bool {
        self.task() == Task::Seg
    }
}

/// Makes maps out of what the decoded graphs of models leave on a device: those of [`crate::task`], in the same arithmetic.
pub struct Finisher {
    library: &'static Library,
    device: Device,
    graphs: Graphs<Key>,
    proofs: [OnceCell<Option<Error>>; MapKind::ALL.len()],
}

/// Finishers that models and maps still use: those of one device share it.
static FINISHERS: Shared<Device, Finisher> = Shared::new();

impl Finisher {
    /// The finisher of a device.
    ///
    /// # Errors
    /// `Unsupported` for a device that leaves the outputs of models on the host.
    pub fn of(library: &'static Library, device: Device) -> Result<Arc<Self>> {
        let device = device.plain();
        if !matches!(device, Device::Cpu | Device::Cuda(_) | Device::WebGpu) {
            let message = format!("what models leave on {device} is on the host already");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let make = || Ok(Self { library, device, graphs: Graphs::new(library, device), proofs: Default::default() });
        FINISHERS.get(device, make)
    }

    /// Where it works.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Checks that the maps of a task can be made here, where they are no larger than `target`. Each kind is tried on a small one first,
    /// against the host.
    ///
    /// # Errors
    /// `Unsupported` for a task that has none, and for more than the device has room for; `Device` where it lacks an operator or
    /// computes something else.
    pub fn check(&self, task: Task, target: Size) -> Result<()> {
        let kinds = MapKind::of(task);
        if kinds.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, format!("{task} has no map that devices finish")));
        }
        for kind in kinds {
            let bytes = target.area().saturating_mul(kind.channels() * kind.element().bytes());
            if bytes > self.device.largest_tensor() {
                let message = format!("a map of {target} is more than a buffer of {} may have", self.device);
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            let proof = self.proofs.get(kind as usize);
            if let Some(Some(failed)) = proof.map(|proof| proof.get_or_init(|| self.prove(kind).err())) {
                return Err(Error::new(failed.kind(), failed.to_string()));
            }
        }
        Ok(())
    }

    /// The map of one picture of a batch.
    ///
    /// # Errors
    /// `InvalidArgument` for a placement without pixels, `Device` or `Runtime` when ONNX Runtime fails.
    pub(super) fn finish(
        self: &Arc<Self>,
        kind: MapKind,
        (planes, person): (&DeviceTensor, usize),
        placement: &Placement,
        info: &ModelInfo,
        traffic: &mut Traffic,
    ) -> Result<DeviceMap> {
        let tensor = self.make(kind, (Input::Device(planes), person), placement, info.normal_frame, traffic)?;
        let classes = Some(info.classes).filter(|count| kind == MapKind::Labels && *count > 0);
        Ok(DeviceMap::new(kind, tensor, classes, Arc::clone(self)))
    }

    fn make(
        &self,
        kind: MapKind,
        (planes, person): (Input, usize),
        placement: &Placement,
        frame: NormalFrame,
        traffic: &mut Traffic,
    ) -> Result<DeviceTensor> {
        let Sampling { grid, smoothed } = match kind {
            MapKind::Points => pointmap::sampling(placement)?,
            _ => Sampling::plain(placement)?,
        };
        let (step, tables) = match smoothed {
            None if grid.is_identity() => (Step::Same, Tables::default()),
            None => (Step::Sample, Tables::new(kind, &grid)),
            Some(region) => (Step::Smooth(region), Tables::new(kind, &grid)),
        };
        let key = Key { kind, input: placement.input, step, frame };
        let session = self.graphs.get(key, || graph::finishing(&key))?;
        let person = [i32::try_from(person).unwrap_or(0)];
        let mut inputs = tables.inputs();
        inputs.push(("planes", planes));
        inputs.push(("person", Input::Host(View::I32(&[1], &person))));
        Ok(session.keep(&inputs, &["map"], traffic)?.swap_remove(0))
    }

    /// A copy of a map in the memory of the host.
    fn fetch(&self, tensor: &DeviceTensor) -> Result<Tensor> {
        tensor.to_host(self.library, &mut Traffic::default())
    }

    /// Makes small maps and compares them with those of the host.
    fn prove(&self, kind: MapKind) -> Result<()> {
        let (input, image) = (Size::new(6, 8), Size::new(11, 9));
        let crop = Geometry::Crop { center: [4.0, 5.0], scale: [9.0, 12.0] };
        let letterbox = Geometry::Letterbox { left: 0, right: 0, top: 1, bottom: 2 };
        let (shape, values) = sample(kind, input);
        let planes = match &values {
            TensorData::F32(values) => View::F32(&shape, values),
            TensorData::U8(values) => View::U8(&shape, values),
        };
        for geometry in [crop, letterbox, Geometry::Stretch] {
            let placement = Placement { image, input, geometry };
            let expected = on_host(kind, &values, &placement)?;
            let mut traffic = Traffic::default();
            let made = self.make(kind, (Input::Host(planes), 1), &placement, NormalFrame::OpenGl, &mut traffic)?;
            let found = made.to_host(self.library, &mut traffic)?;
            if !is_near(&expected, &found.data) {
                let message = format!("maps finished on {} are others than the processor's: {kind:?}", self.device);
                return Err(Error::new(ErrorKind::Device, message));
            }
        }
        Ok(())
    }
}

/// Two pictures of a batch, with values below 0, above 1, and one that is no number in the first.
fn sample(kind: MapKind, input: Size) -> (Vec<usize>, TensorData) {
    let shape = match kind.has_planes() {
        true => vec![2, kind.channels(), input.height, input.width],
        false => vec![2, input.height, input.width],
    };
    let count: usize = shape.iter().product();
    if kind == MapKind::Labels {
        return (shape, TensorData::U8((0..count).map(|i| (i * 7 % 29) as u8).collect()));
    }
    let mut values: Vec<f32> = (0..count).map(|i| ((i * 89 % 64) as f32 - 12.0) / 40.0).collect();
    values[0] = f32::NAN;
    (shape, TensorData::F32(values))
}

/// What the host makes of the second of them.
fn on_host(kind: MapKind, values: &TensorData, placement: &Placement) -> Result<TensorData> {
    let floats = |values: &[f32]| values[values.len() / 2..].to_vec();
    let none = |channels: usize| vec![0.0; channels * placement.input.area()];
    let (second, labels) = match values {
        TensorData::F32(values) => (floats(values), Vec::new()),
        TensorData::U8(values) => (none(1), values[values.len() / 2..].to_vec()),
    };
    Ok(match kind {
        MapKind::Labels => {
            TensorData::U8(seg::resize_labels(&labels, &second, placement)?.labels.into_raw_vec_and_offset().0)
        }
        MapKind::Confidence => {
            let labels = vec![0; placement.input.area()];
            TensorData::F32(seg::resize_labels(&labels, &second, placement)?.confidence.into_raw_vec_and_offset().0)
        }
        MapKind::Normals => {
            let normals = normal::to_image(&second, placement, NormalFrame::OpenGl)?;
            TensorData::F32(normals.into_raw_vec_and_offset().0)
        }
        MapKind::Points => TensorData::F32(pointmap::to_image(&second, placement)?.into_raw_vec_and_offset().0),
        MapKind::Albedo => TensorData::F32(albedo::to_image(&second, placement)?.into_raw_vec_and_offset().0),
        MapKind::Alpha => {
            TensorData::F32(matting::to_image(&second, &none(3), placement)?.alpha.into_raw_vec_and_offset().0)
        }
        MapKind::Foreground => {
            TensorData::F32(matting::to_image(&none(1), &second, placement)?.foreground.into_raw_vec_and_offset().0)
        }
    })
}

/// Whether floats are the same to the last digits, and bytes exactly.
fn is_near(a: &TensorData, b: &TensorData) -> bool {
    match (a, b) {
        (TensorData::U8(a), TensorData::U8(b)) => a == b,
        (TensorData::F32(a), TensorData::F32(b)) => {
            let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 || (a.is_nan() && b.is_nan());
            a.len() == b.len() && a.iter().zip(b).all(near)
        }
        _ => false,
    }
}

impl std::fmt::Debug for Finisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finisher").field("device", &self.device).finish_non_exhaustive()
    }
}
