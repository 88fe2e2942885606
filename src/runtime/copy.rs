//! Moving tensors to and from places that stay: a graph that hands on what it is given, one per device and type.
//!
//! ONNX Runtime's own call for that (`CopyTensors`) knows only providers that were registered as plug-ins.

use super::bound::{DeviceTensor, Input, Traffic, memory_of};
use super::session::{Session, failed, missing};
use super::shared::Shared;
use super::tensor::Tensor;
use super::values::output_tensor;
use super::{Device, Library, ModelBytes};
use crate::error::Result;
use crate::onnx::{Builder, Element};
use ort::value::TensorElementType;
use prost::Message;
use std::sync::Arc;

/// Copiers that sessions still use.
static COPIERS: Shared<(Device, TensorElementType), Session> = Shared::new();

/// Name of the copier's input.
pub(super) const FROM: &str = "from";
/// Name of the copier's output.
pub(super) const TO: &str = "to";

/// The copier of a device for a type; `None` for a type that is not copied.
///
/// # Errors
/// `Device` where the device cannot.
pub(super) fn copier(
    library: &'static Library,
    device: Device,
    element: TensorElementType,
) -> Result<Option<Arc<Session>>> {
    let kind = match element {
        TensorElementType::Float32 => Element::F32,
        TensorElementType::Uint8 => Element::U8,
        _ => return Ok(None),
    };
    let device = device.plain();
    let open = || {
        let graph = graph(kind);
        Session::open_strict(library, ModelBytes { graph: &graph, folder: None, weights: None }, device)
    };
    COPIERS.get((device, element), open).map(Some)
}

impl DeviceTensor {
    /// A copy in the memory of the host, of floats or bytes. `traffic` grows by its bytes.
    ///
    /// # Errors
    /// `Device` where the device has no way to hand it out, `Runtime` when ONNX Runtime fails.
    pub fn to_host(&self, library: &'static Library, traffic: &mut Traffic) -> Result<Tensor> {
        let value = self.value().ok_or_else(|| missing(FROM))?;
        if memory_of(self.device()).map_err(|e| failed(&e))?.is_none() {
            let tensor = output_tensor(TO, &value)?;
            traffic.to_host += tensor.view().bytes() as u64;
            return Ok(tensor);
        }
        let element = value.dtype().tensor_type().ok_or_else(|| missing(FROM))?;
        drop(value);
        let copier = copier(library, self.device(), element)?.ok_or_else(|| missing(FROM))?;
        Ok(copier.fetch(&[(FROM, Input::Device(self))], &[TO], traffic)?.swap_remove(0))
    }
}

/// For tensors of any shape.
fn graph(element: Element) -> Vec<u8> {
    let mut b = Builder::new();
    let from = b.input(FROM, element, &[]);
    let to = b.op("Identity", &[&from], &[]);
    let to = b.rename(&to, TO);
    b.output(&to, element, &[]);
    let mut model = b.finish("copy", &[]);
    let graph = model.graph.iter_mut().flat_map(|graph| graph.input.iter_mut().chain(&mut graph.output));
    // Without any: no dimensions would be those of a scalar.
    graph.flat_map(|info| info.r#type.iter_mut().flat_map(|t| &mut t.tensor_type)).for_each(|t| t.shape = None);
    model.encode_to_vec()
}
