//! Moving tensors to and from places that stay: a graph that hands on what it is given, one per device and type.
//!
//! ONNX Runtime's own call for that (`CopyTensors`) knows only providers that were registered as plug-ins.

use super::session::Session;
use super::{Device, Library, ModelBytes};
use crate::error::Result;
use crate::onnx::{Builder, Element};
use ort::value::TensorElementType;
use prost::Message;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Copiers that sessions still use.
static COPIERS: Mutex<Vec<(Device, TensorElementType, Weak<Session>)>> = Mutex::new(Vec::new());

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
    let mut copiers = COPIERS.lock().unwrap_or_else(PoisonError::into_inner);
    copiers.retain(|(_, _, copier)| copier.strong_count() > 0);
    let known = copiers.iter().find(|(d, e, _)| *d == device && *e == element);
    if let Some(known) = known.and_then(|(_, _, copier)| copier.upgrade()) {
        return Ok(Some(known));
    }
    let graph = graph(kind);
    let model = ModelBytes { graph: &graph, folder: None, weights: None };
    let copier = Arc::new(Session::open_strict(library, model, device)?);
    copiers.push((device, element, Arc::downgrade(&copier)));
    Ok(Some(copier))
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
