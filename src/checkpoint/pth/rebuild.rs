//! What the functions of a `.pth` would make: those of PyTorch that make tensors, by name.

use super::object::{Id, Object, Objects, Storage, TensorRef, of_class, of_name};
use crate::checkpoint::DType;

/// The result of a call.
pub(super) enum Made {
    New(Object),
    /// One of the arguments.
    Known(Id),
}

/// What calling this with these arguments makes.
pub(super) fn call(objects: &Objects, callable: Id, arguments: Id) -> Made {
    let (Object::Global(module, name), Object::Tuple(arguments)) = (objects.get(callable), objects.get(arguments))
    else {
        return Made::New(Object::Opaque);
    };
    Made::New(match (module.as_str(), name.as_str(), arguments.as_slice()) {
        ("collections", "OrderedDict", []) => Object::Dict(Vec::new()),
        ("collections", "OrderedDict", [items]) => ordered(objects, *items),
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor", [storage, offset, shape, strides, ..]) => {
            tensor(objects, [*storage, *offset, *shape, *strides], None)
        }
        ("torch._utils", "_rebuild_tensor_v3", [storage, offset, shape, strides, _, _, dtype, ..]) => {
            tensor(objects, [*storage, *offset, *shape, *strides], Some(*dtype))
        }
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state", [data, ..]) => {
            return Made::Known(*data);
        }
        ("torch._utils", name, _) if name.starts_with("_rebuild_") => {
            Object::Broken(format!("a tensor made by `{name}` cannot be read; save it as a plain one"))
        }
        _ => Object::Opaque,
    })
}

/// Older pickles give an ordered dictionary its pairs at once.
fn ordered(objects: &Objects, items: Id) -> Object {
    let (Object::List(items) | Object::Tuple(items)) = objects.get(items) else { return Object::Opaque };
    let pairs = items.iter().map(|item| match objects.get(*item) {
        Object::Tuple(pair) | Object::List(pair) => <[Id; 2]>::try_from(pair.as_slice()).ok().map(|[k, v]| (k, v)),
        _ => None,
    });
    pairs.collect::<Option<Vec<_>>>().map_or(Object::Opaque, Object::Dict)
}

/// The storage that a persistent name stands for: `('storage', class, key, device, elements)`.
pub(super) fn storage(objects: &Objects, id: Id) -> Object {
    let Object::Tuple(parts) = objects.get(id) else { return Object::Opaque };
    let [tag, class, key, _, elements, ..] = parts.as_slice() else { return Object::Opaque };
    match (objects.get(*tag), objects.get(*class), objects.get(*key), objects.get(*elements)) {
        (Object::Text(tag), Object::Global(_, class), Object::Text(key), Object::Int(elements))
            if tag == "storage" && *elements >= 0 =>
        {
            Object::Storage(Box::new(Storage {
                key: key.clone(),
                class: class.clone(),
                elements: elements.unsigned_abs(),
            }))
        }
        _ => Object::Opaque,
    }
}

fn tensor(objects: &Objects, [storage, offset, shape, strides]: [Id; 4], dtype: Option<Id>) -> Object {
    let broken = |why: &str| Object::Broken(why.to_owned());
    let (Object::Storage(storage), Object::Int(offset)) = (objects.get(storage), objects.get(offset)) else {
        return broken("it has no storage");
    };
    let (Some(shape), Some(strides)) = (numbers(objects, shape), numbers(objects, strides)) else {
        return broken("its extents and strides are no numbers from 0 on");
    };
    let Ok(offset) = u64::try_from(*offset) else { return broken("it begins before its storage") };
    let Some(stored) = of_class(&storage.class) else {
        return Object::Broken(format!("elements of a `{}` cannot be read", storage.class));
    };
    let dtype: DType = match dtype.map(|id| objects.get(id)) {
        None => stored,
        Some(Object::Global(_, name)) => match of_name(name) {
            Some(dtype) => dtype,
            None => return Object::Broken(format!("elements of type `{name}` cannot be read")),
        },
        Some(_) => return broken("its element type has no name"),
    };
    let Some(storage_bytes) = storage.elements.checked_mul(stored.bits() / 8) else {
        return broken("its storage is larger than any file");
    };
    Object::Tensor(Box::new(TensorRef { key: storage.key.clone(), dtype, storage_bytes, offset, shape, strides }))
}

fn numbers(objects: &Objects, id: Id) -> Option<Vec<u64>> {
    let (Object::Tuple(items) | Object::List(items)) = objects.get(id) else { return None };
    let number = |item: &Id| match objects.get(*item) {
        Object::Int(value) => u64::try_from(*value).ok(),
        _ => None,
    };
    items.iter().map(number).collect()
}
