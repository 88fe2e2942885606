//! The header of a safetensors file: an 8-byte little-endian length, then JSON, then the tensor data without gaps.

use crate::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest header accepted, as in the reference implementation of the format.
pub(super) const MAX_HEADER_BYTES: u64 = 100_000_000;
/// Bytes of the length field in front of the header.
pub(super) const LENGTH_BYTES: u64 = 8;

/// Element type of a stored tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DType {
    /// 32-bit float.
    F32,
    /// 16-bit float (IEEE half).
    F16,
    /// bfloat16.
    BF16,
    /// 64-bit float; values are rounded to 32 bits when read.
    F64,
    /// A type of the format that models of this family do not use: listed, but not readable as floats.
    Other(safetensors::Dtype),
}

impl DType {
    /// Whether [`Checkpoint::read_f32`](super::Checkpoint::read_f32) can read it.
    pub fn is_float(self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Bytes of one element; `None` for types smaller than a byte and for types that are not readable.
    pub fn element_bytes(self) -> Option<u64> {
        match self {
            Self::F32 => Some(4),
            Self::F16 | Self::BF16 => Some(2),
            Self::F64 => Some(8),
            Self::Other(_) => None,
        }
    }

    fn format_type(self) -> safetensors::Dtype {
        match self {
            Self::F32 => safetensors::Dtype::F32,
            Self::F16 => safetensors::Dtype::F16,
            Self::BF16 => safetensors::Dtype::BF16,
            Self::F64 => safetensors::Dtype::F64,
            Self::Other(dtype) => dtype,
        }
    }

    /// Bits of one element.
    pub(super) fn bits(self) -> u64 {
        self.format_type().bitsize() as u64
    }

    /// By the name in a safetensors file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        use serde::de::IntoDeserializer;
        let text: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        Some(match safetensors::Dtype::deserialize(text).ok()? {
            safetensors::Dtype::F32 => Self::F32,
            safetensors::Dtype::F16 => Self::F16,
            safetensors::Dtype::BF16 => Self::BF16,
            safetensors::Dtype::F64 => Self::F64,
            other => Self::Other(other),
        })
    }
}

impl std::fmt::Display for DType {
    /// As written in the file: `F32`, `BF16`, ...
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.format_type())
    }
}

/// Where a tensor lies and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Element type.
    pub dtype: DType,
    /// Extent per dimension, slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// First byte, counted from the start of the file.
    pub offset: u64,
    /// Length of all elements in bytes.
    pub bytes: u64,
    /// Elements from one index to the next, per dimension, where they do not lie in order (in some PyTorch files).
    pub strides: Option<Vec<usize>>,
}

impl TensorInfo {
    /// Number of elements.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&n| n as u64).product()
    }
}

/// A validated header.
pub(super) struct Header {
    pub tensors: BTreeMap<String, TensorInfo>,
    pub metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RawHeader {
    #[serde(rename = "__metadata__")]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    tensors: BTreeMap<String, RawTensor>,
}

#[derive(Deserialize)]
struct RawTensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

fn corrupt(message: String) -> Error {
    Error::new(ErrorKind::CorruptModel, message)
}

/// Checks a header against itself and against the length of the file.
pub(super) fn parse(json: &[u8], file_bytes: u64) -> Result<Header> {
    let raw: RawHeader =
        serde_json::from_slice(json).map_err(|e| corrupt(format!("the safetensors header is damaged: {e}")))?;
    let data_start = LENGTH_BYTES + json.len() as u64;
    let data_bytes = file_bytes - data_start;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in raw.tensors {
        let info = check_tensor(&name, tensor, data_start)?;
        tensors.insert(name, info);
    }
    check_layout(&tensors, data_start, data_bytes)?;
    Ok(Header { tensors, metadata: raw.metadata.unwrap_or_default() })
}

fn check_tensor(name: &str, raw: RawTensor, data_start: u64) -> Result<TensorInfo> {
    let dtype = DType::parse(&raw.dtype).ok_or_else(|| {
        corrupt(format!("tensor `{name}` has the unknown element type `{}`; known are F32, F16, BF16, ...", raw.dtype))
    })?;
    let too_large = || corrupt(format!("tensor `{name}` has the impossible shape {:?}", raw.shape));
    let bits = raw.shape.iter().try_fold(dtype.bits(), |product, &n| product.checked_mul(n)).ok_or_else(too_large)?;
    let shape = raw.shape.iter().map(|&n| usize::try_from(n).map_err(|_| too_large())).collect::<Result<Vec<_>>>()?;
    let (start, end) = raw.data_offsets;
    if bits % 8 != 0 || end < start || end - start != bits / 8 {
        return Err(corrupt(format!(
            "tensor `{name}` of shape {shape:?} and type {dtype} needs {} bytes, but its data_offsets are [{start}, {end}]",
            bits.div_ceil(8)
        )));
    }
    let offset = data_start.checked_add(start).ok_or_else(too_large)?;
    offset.checked_add(bits / 8).ok_or_else(too_large)?;
    Ok(TensorInfo { dtype, shape, offset, bytes: bits / 8, strides: None })
}

/// The data must be covered once and completely: no overlap, no gap, nothing before or after.
fn check_layout(tensors: &BTreeMap<String, TensorInfo>, data_start: u64, data_bytes: u64) -> Result<()> {
    let mut order: Vec<_> = tensors.iter().collect();
    order.sort_by_key(|(_, info)| (info.offset, info.bytes));
    let file_bytes = data_start + data_bytes;
    let (mut end, mut previous) = (data_start, None::<&str>);
    for (name, info) in order {
        match info.offset.cmp(&end) {
            std::cmp::Ordering::Less => {
                return Err(corrupt(format!(
                    "tensor `{name}` overlaps `{}`: its data begins {} bytes before the other ends",
                    previous.unwrap_or_default(),
                    end - info.offset
                )));
            }
            // A gap beyond the end of the file is a wrong offset, not a hole in the data.
            std::cmp::Ordering::Greater if info.offset <= file_bytes => {
                return Err(corrupt(format!("{} bytes before tensor `{name}` belong to no tensor", info.offset - end)));
            }
            _ => {}
        }
        end = info.offset + info.bytes;
        if end > file_bytes {
            return Err(corrupt(format!(
                "tensor `{name}` ends at byte {end}, but the file has {file_bytes} bytes: it was cut short, or its \
                 offsets are wrong"
            )));
        }
        previous = Some(name);
    }
    if end != file_bytes {
        return Err(corrupt(format!("{} bytes at the end of the file belong to no tensor", file_bytes - end)));
    }
    Ok(())
}
