//! Between tensors and the values of ONNX Runtime.

use super::bound::{Input, Seen, Traffic};
use super::open::BATCH;
use super::runtime_error;
use super::session::{failed, missing};
use super::tensor::{Tensor, TensorData, View};
use crate::error::{Error, ErrorKind, Result};
use ort::session::SessionInputValue;
use ort::value::{DynValue, TensorElementType, TensorRef, ValueType};
use std::borrow::Cow;

/// A view as ONNX Runtime takes it: nothing is copied.
fn input_value(view: View<'_>) -> Result<SessionInputValue<'_>, ort::Error> {
    let shape = |dims: &[usize]| dims.iter().map(|&d| d as i64).collect::<Vec<_>>();
    Ok(match view {
        View::F32(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
        View::U8(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
        View::I32(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
    })
}

/// What device tensors hold, held still as long as it is looked at.
pub(super) fn seen<'v>(inputs: &[(&str, Input<'v>)]) -> Result<Vec<Option<Seen<'v>>>> {
    let value = |&(name, input): &(&str, Input<'v>)| match input {
        Input::Host(_) | Input::Foreign(..) => Ok(None),
        Input::Device(tensor) => tensor.value().map(Some).ok_or_else(|| missing(name)),
    };
    inputs.iter().map(value).collect()
}

/// The inputs as ONNX Runtime takes them.
pub(super) fn values<'v>(
    inputs: &[(&str, Input<'v>)],
    seen: &'v [Option<Seen<'v>>],
    staged: &[Option<&'v DynValue>],
    traffic: &mut Traffic,
) -> Result<Vec<(Cow<'static, str>, SessionInputValue<'v>)>> {
    let mut values = Vec::with_capacity(inputs.len());
    for (i, &(name, input)) in inputs.iter().enumerate() {
        let value = match (input, seen.get(i).and_then(Option::as_ref)) {
            (_, Some(seen)) => (&**seen).into(),
            (Input::Device(_), None) => return Err(missing(name)),
            (Input::Host(view), None) => {
                traffic.to_device += view.bytes() as u64;
                match staged.get(i).copied().flatten() {
                    Some(staged) => staged.into(),
                    None => input_value(view).map_err(|e| failed(&e))?,
                }
            }
            (Input::Foreign(bytes, columns), None) => bytes.input_value(columns).map_err(|e| failed(&e))?,
        };
        values.push((Cow::from(name.to_owned()), value));
    }
    Ok(values)
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

/// Type and shape of what is given; `None` for no tensor.
pub(super) fn kind(input: Input) -> Option<(TensorElementType, Vec<i64>)> {
    let of = |element, dims: &[usize]| Some((element, dims.iter().map(|&d| d as i64).collect()));
    match input {
        Input::Host(View::F32(dims, _)) => of(TensorElementType::Float32, dims),
        Input::Host(View::U8(dims, _)) => of(TensorElementType::Uint8, dims),
        Input::Host(View::I32(dims, _)) => of(TensorElementType::Int32, dims),
        Input::Foreign(bytes, columns) => of(TensorElementType::Uint8, &[bytes.len() / columns.max(1), columns]),
        Input::Device(tensor) => {
            let value = tensor.value()?;
            Some((value.dtype().tensor_type()?, value.dtype().tensor_shape()?.to_vec()))
        }
    }
}

/// Type and shape that a graph declares for runs of one picture; `None` where an extent is known only after the run.
pub(super) fn declared_kind(declared: &ValueType) -> Option<(TensorElementType, Vec<i64>)> {
    let ValueType::Tensor { ty, shape, dimension_symbols } = declared else { return None };
    let extent = |(i, &extent): (usize, &i64)| match dimension_symbols.get(i) {
        _ if extent > 0 => Some(extent),
        Some(name) if name == BATCH => Some(1),
        _ => None,
    };
    Some((*ty, shape.iter().enumerate().map(extent).collect::<Option<_>>()?))
}

/// Copies elements into a tensor in the memory of the host that has as many.
pub(super) fn put(view: View, into: &mut DynValue) -> Result<(), ort::Error> {
    match view {
        View::F32(_, data) => into.try_extract_tensor_mut::<f32>()?.1.copy_from_slice(data),
        View::U8(_, data) => into.try_extract_tensor_mut::<u8>()?.1.copy_from_slice(data),
        View::I32(_, data) => into.try_extract_tensor_mut::<i32>()?.1.copy_from_slice(data),
    }
    Ok(())
}

/// The same from another tensor there.
pub(super) fn move_value(from: &DynValue, into: &mut DynValue) -> Result<(), ort::Error> {
    match from.dtype().tensor_type() {
        Some(TensorElementType::Float32) => put(View::F32(&[], from.try_extract_tensor()?.1), into),
        Some(TensorElementType::Int32) => put(View::I32(&[], from.try_extract_tensor()?.1), into),
        _ => put(View::U8(&[], from.try_extract_tensor()?.1), into),
    }
}
