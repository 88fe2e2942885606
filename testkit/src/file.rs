//! Safetensors files, written and read without the library under test.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Element type to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    F32,
    F16,
    BF16,
}

/// A tensor by name, with its values in fp32.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// The bytes of a safetensors file; values are rounded to the element type.
pub fn safetensors_bytes(tensors: &[Tensor], dtype: Dtype, metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        let entries = metadata.iter().map(|(k, v)| (k.to_string(), Value::from(*v)));
        header.insert("__metadata__".into(), Value::Object(entries.collect()));
    }
    let mut data = Vec::new();
    for tensor in tensors {
        assert_eq!(tensor.data.len(), tensor.shape.iter().product::<usize>(), "{}", tensor.name);
        let start = data.len();
        for &value in &tensor.data {
            match dtype {
                Dtype::F32 => data.extend(value.to_le_bytes()),
                Dtype::F16 => data.extend(half::f16::from_f32(value).to_le_bytes()),
                Dtype::BF16 => data.extend(half::bf16::from_f32(value).to_le_bytes()),
            }
        }
        let entry = json!({"dtype": format!("{dtype:?}"), "shape": tensor.shape, "data_offsets": [start, data.len()]});
        header.insert(tensor.name.clone(), entry);
    }
    let mut json = serde_json::to_vec(&header).expect("a header is plain data");
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json, &data].concat()
}

/// Writes [`safetensors_bytes`].
pub fn write_safetensors(path: impl AsRef<Path>, tensors: &[Tensor], dtype: Dtype, metadata: &[(&str, &str)]) {
    std::fs::write(path.as_ref(), safetensors_bytes(tensors, dtype, metadata))
        .unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()));
}

/// A file of expected values.
#[derive(Debug)]
pub struct Expected {
    /// Text entries of the header.
    pub metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, (String, Vec<usize>, Vec<u8>)>,
}

/// Mean and standard deviation per RGB channel, on 0..255.
const MEAN_STD: [(f32, f32); 3] = [(123.675, 58.395), (116.28, 57.12), (103.53, 57.375)];

impl Expected {
    /// Reads a file whole.
    pub fn open(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        Self::of_bytes(&std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    /// The same of a file in memory.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let length = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes")) as usize;
        let header: Map<String, Value> = serde_json::from_slice(&bytes[8..8 + length]).expect("a JSON header");
        let (mut metadata, mut tensors) = (BTreeMap::new(), BTreeMap::new());
        for (name, entry) in header {
            if name == "__metadata__" {
                metadata = serde_json::from_value(entry).expect("text entries");
                continue;
            }
            let dtype = entry["dtype"].as_str().expect("a type").to_string();
            let shape = serde_json::from_value(entry["shape"].clone()).expect("a shape");
            let [start, end]: [usize; 2] = serde_json::from_value(entry["data_offsets"].clone()).expect("offsets");
            tensors.insert(name, (dtype, shape, bytes[8 + length + start..8 + length + end].to_vec()));
        }
        Self { metadata, tensors }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn get(&self, name: &str) -> &(String, Vec<usize>, Vec<u8>) {
        self.tensors.get(name).unwrap_or_else(|| panic!("no tensor `{name}` among the expected values"))
    }

    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.get(name).1.clone()
    }

    /// Bytes of a u8 tensor.
    pub fn u8(&self, name: &str) -> Vec<u8> {
        let (dtype, _, bytes) = self.get(name);
        assert_eq!(dtype, "U8", "{name}");
        bytes.clone()
    }

    /// Values as fp32, u8 as 0..255.
    pub fn f32(&self, name: &str) -> Vec<f32> {
        let (dtype, _, bytes) = self.get(name);
        let pairs = || bytes.chunks_exact(2).map(|b| [b[0], b[1]]);
        match dtype.as_str() {
            "F32" => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            "F16" => pairs().map(|b| half::f16::from_le_bytes(b).to_f32()).collect(),
            "BF16" => pairs().map(|b| half::bf16::from_le_bytes(b).to_f32()).collect(),
            "U8" => bytes.iter().map(|&b| f32::from(b)).collect(),
            other => panic!("{name}: {other}"),
        }
    }

    /// The normalised network input (1,3,H,W): `input`, or `alt.input`. Stored as u8 where that is exact; metadata
    /// `{name}_rounding` = `f16` says that the reference was given the values rounded to fp16.
    pub fn input(&self, name: &str) -> Vec<f32> {
        let mut values = self.f32(name);
        if self.get(name).0 == "U8" {
            let plane = values.len() / 3;
            let to_f16 = self.metadata.get(&format!("{name}_rounding")).is_some_and(|r| r == "f16");
            for (i, value) in values.iter_mut().enumerate() {
                let (mean, std) = MEAN_STD[i / plane];
                *value = (*value - mean) / std;
                if to_f16 {
                    *value = half::f16::from_f32(*value).to_f32();
                }
            }
        }
        values
    }

    /// What is stored of an output: `name` complete, or `name_sub` cut from it; `start` and `step` per dimension of the
    /// complete tensor.
    pub fn slice_of(&self, name: &str) -> Option<Vec<(usize, usize)>> {
        if self.has(name) {
            return Some(vec![(0, 1); self.shape(name).len()]);
        }
        let base = name.rsplit('.').next()?;
        let sub: Value = serde_json::from_str(self.metadata.get("sub")?).ok()?;
        let number = |v: &Value, or: usize| v.as_u64().map_or(or, |n| n as usize);
        Some(sub.get(base)?.as_array()?.iter().map(|d| (number(&d[0], 0), number(&d[2], 1))).collect())
    }

    /// The stored values of an output, and the same slice of `actual` with the complete shape `shape`, ready to compare.
    pub fn compare_slice(&self, name: &str, actual: &[f32], shape: &[usize]) -> (Vec<f32>, Vec<f32>) {
        let slice = self.slice_of(name).unwrap_or_else(|| panic!("no expected values of `{name}`"));
        let stored = if self.has(name) { name.to_string() } else { format!("{name}_sub") };
        assert_eq!(actual.len(), shape.iter().product::<usize>(), "{name} {shape:?}");
        assert_eq!(slice.len(), shape.len(), "{name} {shape:?}");
        let mut picked = vec![0usize];
        for (&(start, step), &extent) in slice.iter().zip(shape) {
            picked =
                picked.iter().flat_map(|&base| (start..extent).step_by(step).map(move |i| base * extent + i)).collect();
        }
        let expected = self.f32(&stored);
        assert_eq!(expected.len(), picked.len(), "{name}: shape {shape:?} does not match what is stored");
        (expected, picked.into_iter().map(|i| actual[i]).collect())
    }
}
