//! The key tables of the 27 official models, and files that have a header and a length but no data.

use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// One official model.
pub struct Manifest {
    /// `<size>_<task>`.
    pub name: String,
    /// Its entry in `index.json`: `params`, `image` (height, width), `arch`, `head`.
    pub summary: Value,
    /// Name, shape and type (`F32`, `BF16`) of each tensor.
    pub tensors: Vec<(String, Vec<usize>, &'static str)>,
}

/// All of them, by name.
pub fn manifests() -> Vec<Manifest> {
    let dir = crate::data_dir().join("manifests");
    let index = std::fs::read(dir.join("index.json")).expect("index.json");
    let index: Map<String, Value> = serde_json::from_slice(&index).expect("JSON");
    let manifest = |(name, summary): (String, Value)| {
        let tensors = key_table(dir.join(format!("{name}.json.gz")));
        Manifest { name, summary, tensors }
    };
    index.into_iter().map(manifest).collect()
}

/// Name, shape and type of each tensor of a model, from a file of its own.
pub fn key_table(path: impl AsRef<Path>) -> Vec<(String, Vec<usize>, &'static str)> {
    let path = path.as_ref();
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    let table: Value = serde_json::from_str(&text).expect("JSON");
    tensor_table(&table)
}

/// Name, shape and type of each tensor under the key `tensors`.
pub(crate) fn tensor_table(table: &Value) -> Vec<(String, Vec<usize>, &'static str)> {
    let tensor = |(key, entry): (&String, &Value)| {
        let shape = serde_json::from_value(entry[0].clone()).expect("a shape");
        let dtype = match entry[1].as_str() {
            Some("float32") => "F32",
            Some("bfloat16") => "BF16",
            Some("int64") => "I64",
            other => panic!("{key}: {other:?}"),
        };
        (key.clone(), shape, dtype)
    };
    table["tensors"].as_object().expect("a table").iter().map(tensor).collect()
}

/// Writes a header and sets the length: gigabytes that take no space. Only `rope_embed.periods` get values (they are
/// checked when a file is opened); all other weights read as zero.
pub fn write_sparse(path: impl AsRef<Path>, tensors: &[(String, Vec<usize>, &str)]) {
    let (mut header, mut end, mut periods) = (Map::new(), 0u64, None);
    for (name, shape, dtype) in tensors {
        let count = shape.iter().map(|&n| n as u64).product::<u64>();
        if name.ends_with("rope_embed.periods") && *dtype == "BF16" {
            periods = Some((end, shape[0]));
        }
        let start = end;
        end += count
            * match *dtype {
                "I64" => 8,
                "F32" => 4,
                _ => 2,
            };
        header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]}));
    }
    let json = serde_json::to_vec(&header).expect("a header is plain data");
    let mut file = File::create(path).expect("a new file");
    file.write_all(&(json.len() as u64).to_le_bytes()).expect("write");
    file.write_all(&json).expect("write");
    let data = 8 + json.len() as u64;
    file.set_len(data + end).expect("a sparse file");
    if let Some((offset, count)) = periods {
        let values = crate::periods(4 * count);
        let bytes: Vec<u8> = values.iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect();
        file.seek(SeekFrom::Start(data + offset)).expect("seek");
        file.write_all(&bytes).expect("write");
    }
}
