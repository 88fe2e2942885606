//! What a pickle can hold, as far as tensors need it.

use crate::checkpoint::DType;

/// Place of an object in its [`Objects`]. Objects refer to each other by it: nesting then costs no stack, and cycles no memory.
pub(super) type Id = u32;

/// A tensor of the pickle, not yet held against the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TensorRef {
    /// Name of its storage: the entry `data/<key>`.
    pub key: String,
    /// Element type.
    pub dtype: DType,
    /// Bytes that the storage should have.
    pub storage_bytes: u64,
    /// First element in the storage.
    pub offset: u64,
    /// Extents.
    pub shape: Vec<u64>,
    /// Elements from one index to the next, per dimension.
    pub strides: Vec<u64>,
}

/// A storage: raw elements of one type, or bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Storage {
    pub key: String,
    /// The name of its class, such as `FloatStorage`.
    pub class: String,
    pub elements: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    Int(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function: module and name.
    Global(String, String),
    // Boxed: a pickle has millions of small objects, and few of these.
    Storage(Box<Storage>),
    Tensor(Box<TensorRef>),
    /// A tensor that cannot be: why.
    Broken(String),
    /// Anything else: numbers, bytes, whatever a function that is not known here would have made.
    Opaque,
}

/// All objects of a pickle, and which of them is the result.
#[derive(Debug)]
pub(super) struct Objects {
    pub all: Vec<Object>,
    pub root: Id,
}

impl Objects {
    pub fn get(&self, id: Id) -> &Object {
        self.all.get(id as usize).unwrap_or(&Object::Opaque)
    }

    pub fn root(&self) -> &Object {
        self.get(self.root)
    }
}

/// Element type of a storage class, in the words of safetensors.
pub(super) fn of_class(class: &str) -> Option<DType> {
    DType::parse(match class {
        "FloatStorage" => "F32",
        "HalfStorage" => "F16",
        "BFloat16Storage" => "BF16",
        "DoubleStorage" => "F64",
        "LongStorage" => "I64",
        "IntStorage" => "I32",
        "ShortStorage" => "I16",
        "CharStorage" => "I8",
        "ByteStorage" | "UntypedStorage" => "U8",
        "BoolStorage" => "BOOL",
        "ComplexFloatStorage" => "C64",
        _ => return None,
    })
}

/// Element type by its name in PyTorch, as tensors without a class of storage have it.
pub(super) fn of_name(name: &str) -> Option<DType> {
    DType::parse(match name {
        "float32" => "F32",
        "float16" => "F16",
        "bfloat16" => "BF16",
        "float64" => "F64",
        "int64" => "I64",
        "int32" => "I32",
        "int16" => "I16",
        "int8" => "I8",
        "uint64" => "U64",
        "uint32" => "U32",
        "uint16" => "U16",
        "uint8" => "U8",
        "bool" => "BOOL",
        "complex64" => "C64",
        "float8_e4m3fn" => "F8_E4M3",
        "float8_e5m2" => "F8_E5M2",
        _ => return None,
    })
}
