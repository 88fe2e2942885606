//! A dense map that lies on a device.

use super::{Finisher, MapKind};
use crate::engine::Maps;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::runtime::{Device, DeviceTensor, Tensor};
use crate::task::matting::Matte;
use crate::task::seg::SegMap;
use ndarray::{Array2, Array3};
use once_cell::sync::OnceCell;
use std::borrow::Cow;
use std::sync::Arc;

/// A dense map in the memory of the device that made it, rows without gaps. Its memory goes back to the device when it is dropped.
pub struct DeviceMap {
    kind: MapKind,
    size: Size,
    classes: Option<usize>,
    tensor: DeviceTensor,
    finisher: Arc<Finisher>,
    on_host: OnceCell<Tensor>,
}

impl DeviceMap {
    pub(super) fn new(kind: MapKind, tensor: DeviceTensor, classes: Option<usize>, finisher: Arc<Finisher>) -> Self {
        let extent = |axis: usize| tensor.shape().get(axis).copied().unwrap_or(0);
        let size = Size::new(extent(1), extent(0));
        Self { kind, size, classes, tensor, finisher, on_host: OnceCell::new() }
    }

    /// What it is; a map on the host has the same shape, elements and order.
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Of labels: how many classes the model tells apart, as [`SegMap::classes`].
    pub fn classes(&self) -> Option<usize> {
        self.classes
    }

    /// Where it is.
    pub fn device(&self) -> Device {
        self.tensor.device()
    }

    /// Where it begins: on CUDA a `CUdeviceptr`, on the processor in the memory of the host; `None` on devices whose memory has no
    /// address. Nobody may write there.
    pub fn address(&self) -> Option<u64> {
        self.tensor.address()
    }

    /// A copy in the memory of the host, made when it is first asked for.
    ///
    /// # Errors
    /// `Runtime` when ONNX Runtime fails.
    pub fn to_host(&self) -> Result<&Tensor> {
        self.on_host.get_or_try_init(|| self.finisher.fetch(&self.tensor))
    }

    fn plane(&self) -> Result<Array2<f32>> {
        let Size { width, height } = self.size;
        Array2::from_shape_vec((height, width), self.to_host()?.floats()?.to_vec()).map_err(|e| self.misshapen(e))
    }

    fn pixels(&self) -> Result<Array3<f32>> {
        let (Size { width, height }, channels) = (self.size, self.kind.channels());
        let values = self.to_host()?.floats()?.to_vec();
        Array3::from_shape_vec((height, width, channels), values).map_err(|e| self.misshapen(e))
    }

    fn misshapen(&self, cause: ndarray::ShapeError) -> Error {
        Error::new(ErrorKind::Runtime, format!("{:?} came from the device in another shape", self.kind))
            .caused_by(cause)
    }
}

impl Maps {
    /// The same with everything on the host: copies of what stayed on a device.
    ///
    /// # Errors
    /// Those of [`DeviceMap::to_host`].
    pub fn to_host(&self) -> Result<Cow<'_, Self>> {
        if self.on_device.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let mut maps = Self { on_device: Vec::new(), ..self.clone() };
        let pixels = |kind| self.device_map(kind).map(|map| map.pixels()).transpose();
        maps.normal = pixels(MapKind::Normals)?.or(maps.normal);
        maps.pointmap = pixels(MapKind::Points)?.or(maps.pointmap);
        maps.albedo = pixels(MapKind::Albedo)?.or(maps.albedo);
        if let (Some(alpha), Some(foreground)) = (self.device_map(MapKind::Alpha), pixels(MapKind::Foreground)?) {
            maps.matting = Some(Matte { alpha: alpha.plane()?, foreground });
        }
        if let (Some(labels), Some(confidence)) =
            (self.device_map(MapKind::Labels), self.device_map(MapKind::Confidence))
        {
            let (Size { width, height }, values) = (labels.size, labels.to_host()?.bytes()?.to_vec());
            let array = Array2::from_shape_vec((height, width), values).map_err(|e| labels.misshapen(e))?;
            maps.seg = Some(SegMap { labels: array, confidence: confidence.plane()?, classes: labels.classes });
        }
        Ok(Cow::Owned(maps))
    }
}

impl std::fmt::Debug for DeviceMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceMap").field("kind", &self.kind).field("size", &self.size).finish_non_exhaustive()
    }
}
