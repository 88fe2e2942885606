//! Framing on the device: a picture is brought there once, and every crop of it is made there.

mod choice;
mod graph;
mod nv12;
mod surface;
mod tables;

use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Rect, Size};
use crate::image::{Image, YuvColor};
use crate::preprocess::{Framed, Framing, Plan, plan};
use crate::runtime::{Device, DeviceTensor, Graphs, Input, Library, Session, Shared, Tensor, Traffic};
use crate::spec::{ModelFraming, Task};
pub use choice::DeviceFraming;
use graph::Key;
use std::sync::Arc;
use surface::Layout;
pub use surface::Surface;
pub(super) use surface::is_read_there;
use tables::Tables;

/// Most weights per axis: what shrinks by more is framed on the host.
const MOST_TAPS: usize = 32;

/// Bytes of an element on the device.
const FLOAT: usize = 4;

/// Cuts what models see out of pictures, on one device. The pixels are those of [`crate::preprocess::frame`].
pub struct Framer {
    device: Device,
    uploads: Graphs<Upload>,
    framings: Graphs<Key>,
}

/// What a picture is before it is floats.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upload {
    /// So many bytes per pixel.
    Packed(usize),
    Nv12(YuvColor),
}

/// A picture on the device.
pub struct Uploaded {
    frame: DeviceTensor,
    layout: Layout,
}

/// Framers that models still use: those of one device share it.
static FRAMERS: Shared<Device, Framer> = Shared::new();

impl Framer {
    /// The framer of a device. It is tried on a small picture first.
    ///
    /// # Errors
    /// `Device` if the device does not work, lacks an operator, or computes other pixels than the host.
    pub fn of(library: &'static Library, device: Device) -> Result<Arc<Self>> {
        let device = device.plain();
        FRAMERS.get(device, || {
            let (uploads, framings) = (Graphs::new(library, device), Graphs::new(library, device));
            let framer = Self { device, uploads, framings };
            framer.prove()?;
            Ok(framer)
        })
    }

    /// Whether a model on this device takes what it leaves.
    pub fn works_for(&self, device: Device) -> bool {
        device.plain() == self.device
    }

    /// Where it works.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Brings a picture to the device; one that is there already is read where it lies.
    ///
    /// # Errors
    /// `InvalidArgument` for a picture on another device, `Device` or `Runtime` when ONNX Runtime fails.
    pub fn upload(&self, surface: &Surface, traffic: &mut Traffic) -> Result<Uploaded> {
        let layout = surface.layout;
        let mut keep = |upload: Upload, inputs: &[(&str, Input)]| {
            let session = self.uploads.get(upload, || match upload {
                Upload::Packed(channels) => graph::upload(self.device, channels),
                Upload::Nv12(color) => nv12::upload(self.device, color),
            })?;
            Ok(Uploaded { frame: session.keep(inputs, &["frame"], traffic)?.swap_remove(0), layout })
        };
        let Some(yuv) = &surface.yuv else {
            let shape = surface.bytes.shape(layout.channels);
            return keep(Upload::Packed(layout.channels), &[("bytes", surface.bytes.input(&shape))]);
        };
        let tables = nv12::Tables::new(yuv);
        let (luma, chroma) = (surface.bytes.shape(1), yuv.chroma.shape(2));
        let mut inputs = tables.inputs();
        inputs.extend([("luma", surface.bytes.input(&luma)), ("chroma", yuv.chroma.input(&chroma))]);
        keep(Upload::Nv12(yuv.color), &inputs)
    }

    /// Whether the device has room for a picture.
    pub fn takes(&self, surface: &Surface) -> bool {
        let values = if surface.yuv.is_some() { surface.layout.size.area() * 3 } else { surface.bytes.len() };
        values.saturating_mul(FLOAT) <= self.device.largest_tensor()
    }

    /// Whether the device has room for these crops of a picture, and its graph that many taps.
    pub fn can(&self, surface: &Surface, plans: &[Plan]) -> bool {
        let Layout { size, channels, .. } = surface.layout;
        let fits = |elements: usize| elements.saturating_mul(FLOAT) <= self.device.largest_tensor();
        let taps = |plan: &Plan| plan.columns.count().max(plan.rows.count());
        plans.iter().all(|plan| plan.placement.image == size && taps(plan) <= MOST_TAPS)
            && self.takes(surface)
            && Tables::new(plans, &surface.layout).is_some_and(|tables| fits(tables.largest(channels)))
    }

    /// What models see, one behind the other: people x height x width x 3, whole numbers in 0..255, as floats, on the device. All
    /// plans must be for the same input size. A single one is left in `place`, the tensor of a session that looks at it.
    ///
    /// # Errors
    /// `InvalidArgument` for plans of another picture or of several sizes, `Device` or `Runtime` when ONNX Runtime fails.
    pub fn crops(
        &self,
        picture: &Uploaded,
        plans: &[Plan],
        place: Option<DeviceTensor>,
        traffic: &mut Traffic,
    ) -> Result<DeviceTensor> {
        if let Some(place) = place.filter(|_| plans.len() == 1) {
            self.run(picture, plans, |session, inputs| session.keep_in(inputs, "image", &place, traffic))?;
            return Ok(place);
        }
        self.run(picture, plans, |session, inputs| Ok(session.keep(inputs, &["image"], traffic)?.swap_remove(0)))
    }

    /// As [`Framer::crops`], brought to the host: what [`crate::preprocess::frame`] gives.
    ///
    /// # Errors
    /// Those of [`Framer::crops`].
    pub fn pixels(&self, picture: &Uploaded, plans: &[Plan], traffic: &mut Traffic) -> Result<Vec<Framed>> {
        let fetched: Tensor =
            self.run(picture, plans, |session, inputs| Ok(session.fetch(inputs, &["image"], traffic)?.swap_remove(0)))?;
        let floats = fetched.floats()?;
        let each = floats.chunks_exact((floats.len() / plans.len()).max(1)).zip(plans);
        let framed = |(crop, plan): (&[f32], &Plan)| Framed {
            pixels: crop.iter().map(|&value| value as u8).collect(),
            placement: plan.placement,
        };
        Ok(each.map(framed).collect())
    }

    fn run<T>(
        &self,
        picture: &Uploaded,
        plans: &[Plan],
        with: impl FnOnce(&Session, &[(&str, Input)]) -> Result<T>,
    ) -> Result<T> {
        let Some(first) = plans.first() else { return Err(Error::invalid("plans: none given")) };
        let layout = &picture.layout;
        if plans.iter().any(|p| p.placement.image != layout.size || p.placement.input != first.placement.input) {
            let message = format!("plans: all must be for a picture of {} and the same input", layout.size);
            return Err(Error::invalid(message));
        }
        let tables = Tables::new(plans, layout).ok_or_else(|| Error::invalid("plans: none given"))?;
        let Layout { channels, order, .. } = *layout;
        let key = Key { input: first.placement.input, channels, order, taps: tables.taps, border: tables.has_border() };
        let session = self.framings.get(key, || graph::framing(&key))?;
        let mut inputs = tables.inputs();
        inputs.push(("frame", Input::Device(&picture.frame)));
        with(&session, &inputs)
    }

    /// Frames a small picture and compares it with what the host makes of it.
    fn prove(&self) -> Result<()> {
        let size = Size::new(23, 17);
        let image = Image::from_rgb8(size, (0..size.area() * 3).map(|i| (i * 89 % 256) as u8).collect())?;
        let bbox = Rect { x: 5.0, y: -3.0, width: 9.0, height: 15.0 };
        let input = Size::new(16, 32);
        let framing = |bbox| plan(size, bbox, input, Task::Pose, Framing::Crop, ModelFraming::Official);
        let plans = [framing(Some(bbox))?, framing(None)?];
        let mut traffic = Traffic::default();
        let uploaded = self.upload(&Surface::from(&image), &mut traffic)?;
        for (plan, found) in plans.iter().zip(self.pixels(&uploaded, &plans, &mut traffic)?) {
            let expected = plan.apply(&image)?;
            let apart = expected.pixels.iter().zip(&found.pixels).map(|(a, b)| a.abs_diff(*b)).max();
            if expected.pixels.len() != found.pixels.len() || apart > Some(1) {
                let message = format!("framing on {} gives other pixels than the processor does", self.device);
                return Err(Error::new(ErrorKind::Device, message));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Framer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Framer").field("device", &self.device).finish_non_exhaustive()
    }
}
