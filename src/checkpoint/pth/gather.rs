//! From the objects of the pickle to tensors that lie in the file.

use super::archive::{Archive, Place};
use super::corrupt;
use super::object::{Id, Object, Objects, TensorRef};
use crate::checkpoint::TensorInfo;
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// Where training programs put the state dict; otherwise the outermost dictionary is it.
const WRAPPERS: [&str; 4] = ["state_dict", "model", "model_state_dict", "module"];
/// More dimensions than PyTorch allows.
const MAX_DIMENSIONS: usize = 64;
/// Tensors may share storages and repeat elements; all together they stand for at most this many times the file, ...
const MAX_REPEATS: u64 = 16;
/// ... and small files for this many bytes.
const MIN_TOTAL: u64 = 16 << 20;

/// The tensors of the state dict by name.
pub(super) fn tensors(objects: &Objects, archive: &Archive) -> Result<BTreeMap<String, TensorInfo>> {
    let mut tensors = BTreeMap::new();
    let limit = archive.file_bytes().saturating_mul(MAX_REPEATS).max(MIN_TOTAL);
    let mut total = 0u64;
    for &(key, value) in state_dict(objects)? {
        let (Object::Text(name), value) = (objects.get(key), objects.get(value)) else { continue };
        let info = match value {
            Object::Tensor(tensor) => place(tensor, archive).map_err(|what| {
                let message = format!("tensor `{name}`: {what}");
                if what.kind() == ErrorKind::CorruptModel { corrupt(message) } else { Error::new(what.kind(), message) }
            })?,
            Object::Broken(why) => return Err(corrupt(format!("tensor `{name}`: {why}"))),
            _ => continue,
        };
        total = total.saturating_add(info.bytes);
        if total > limit {
            return Err(corrupt(format!("its tensors stand for more than {limit} bytes, `{name}` for {}", info.bytes)));
        }
        if tensors.insert(name.clone(), info).is_some() {
            return Err(corrupt(format!("it has two tensors `{name}`")));
        }
    }
    Ok(tensors)
}

fn state_dict(objects: &Objects) -> Result<&[(Id, Id)]> {
    let with_tensors = |object: &'_ Object| match object {
        Object::Dict(entries) => {
            entries.iter().any(|(_, value)| matches!(objects.get(*value), Object::Tensor(_) | Object::Broken(_)))
        }
        _ => false,
    };
    let outer = match objects.root() {
        Object::Dict(entries) => entries.as_slice(),
        _ => &[],
    };
    let inner = WRAPPERS.iter().find_map(|wrapper| {
        let is_it = |(key, _): &&(Id, Id)| matches!(objects.get(*key), Object::Text(text) if text == wrapper);
        outer.iter().find(is_it).map(|(_, value)| objects.get(*value)).filter(|value| with_tensors(value))
    });
    match inner.unwrap_or(objects.root()) {
        found @ Object::Dict(entries) if with_tensors(found) => Ok(entries),
        _ => Err(Error::new(
            ErrorKind::UnknownModel,
            "this .pth holds no state dict: neither a dictionary of tensors nor one under the key `state_dict` or `model`. \
             Save the weights alone: torch.save(model.state_dict(), \"model.pth\")",
        )),
    }
}

/// Holds a tensor against its storage.
fn place(tensor: &TensorRef, archive: &Archive) -> Result<TensorInfo> {
    let wrong = |what: String| Error::new(ErrorKind::CorruptModel, what);
    let TensorRef { key, dtype, storage_bytes, offset, shape, strides } = tensor;
    let Place { offset: start, bytes } = archive.place(&format!("data/{key}"))?;
    if bytes != *storage_bytes {
        return Err(wrong(format!("its storage `data/{key}` has {bytes} bytes instead of {storage_bytes}")));
    }
    if shape.len() != strides.len() || shape.len() > MAX_DIMENSIONS {
        return Err(wrong(format!("{} extents and {} strides", shape.len(), strides.len())));
    }
    let too_large = || wrong(format!("the impossible shape {shape:?} with strides {strides:?}"));
    // Whole bytes per element: types of PyTorch have no less.
    let size = dtype.bits() / 8;
    let elements = shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n)).ok_or_else(too_large)?;
    let length = elements.checked_mul(size).ok_or_else(too_large)?;
    if length > bytes.max(MIN_TOTAL) {
        return Err(wrong(format!("{length} bytes repeated out of {bytes}; the weights of a model are not so")));
    }
    let reach = shape
        .iter()
        .zip(strides)
        .try_fold(*offset, |sum, (&n, &stride)| sum.checked_add(n.saturating_sub(1).checked_mul(stride)?));
    let end = reach.and_then(|last| last.checked_add(1)?.checked_mul(size)).ok_or_else(too_large)?;
    if elements > 0 && end > bytes {
        return Err(wrong(format!("it reaches to byte {end} of its storage `data/{key}`, which has {bytes}")));
    }
    let begin = if elements > 0 { start + offset * size } else { start };
    let numbers = |list: &[u64]| list.iter().map(|&n| usize::try_from(n).ok()).collect::<Option<Vec<_>>>();
    let strides =
        if elements == 0 || is_in_order(shape, strides) { None } else { Some(numbers(strides).ok_or_else(too_large)?) };
    let shape = numbers(shape).ok_or_else(too_large)?;
    Ok(TensorInfo { dtype: *dtype, shape, offset: begin, bytes: length, strides })
}

/// Whether the last index runs fastest without gaps. Strides of dimensions with one index say nothing.
fn is_in_order(shape: &[u64], strides: &[u64]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(&n, &stride)| {
        let fits = n == 1 || stride == expected;
        expected *= n;
        fits
    })
}
