//! Between tensors and the values of ONNX Runtime.

use super::runtime_error;
use super::tensor::{Tensor, TensorData, View};
use crate::error::{Error, ErrorKind, Result};
use ort::session::SessionInputValue;
use ort::value::{DynValue, TensorElementType, TensorRef};

/// A view as ONNX Runtime takes it: nothing is copied.
pub(super) fn input_value(view: View<'_>) -> Result<SessionInputValue<'_>, ort::Error> {
    let shape = |dims: &[usize]| dims.iter().map(|&d| d as i64).collect::<Vec<_>>();
    Ok(match view {
        View::F32(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
        View::U8(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
        View::I32(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
    })
}

/// A shape as it is used here.
pub(super) fn extents(shape: &ort::value::Shape) -> Vec<usize> {
    shape.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect()
}

/// A copy of what a run left in the memory of the host.
pub(super) fn output_tensor(name: &str, value: &DynValue) -> Result<Tensor> {
    let failed = |e: &ort::Error| runtime_error(&format!("output `{name}`"), e);
    match value.dtype().tensor_type() {
        Some(TensorElementType::Float32) => {
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(|e| failed(&e))?;
            Ok(Tensor { shape: extents(shape), data: TensorData::F32(data.to_vec()) })
        }
        Some(TensorElementType::Uint8) => {
            let (shape, data) = value.try_extract_tensor::<u8>().map_err(|e| failed(&e))?;
            Ok(Tensor { shape: extents(shape), data: TensorData::U8(data.to_vec()) })
        }
        other => Err(Error::new(ErrorKind::Runtime, format!("output `{name}` has the unexpected type {other:?}"))),
    }
}
