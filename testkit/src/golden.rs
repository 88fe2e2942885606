//! The tiny reference checkpoints, regenerated from their seeds, and what the reference implementation made of them.

use crate::file::{Dtype, Expected, Tensor, write_safetensors};
use crate::weights::{Spec, make_checkpoint};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The references by name.
pub const GOLDEN: [&str; 10] =
    ["pretrain", "pretrain_4k", "pose", "seg", "normal", "pointmap", "albedo", "matting", "pose_bf16", "pose_fp16"];

/// `tests/data` of the repository.
pub fn data_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data")
}

/// Copies the reference DETR to `folder` as it is downloaded, the `config.json` beside it that names its heads; returns its path.
pub fn golden_detr(folder: &Path) -> PathBuf {
    let data = data_dir().join("detector");
    let model = folder.join("model.safetensors");
    for (from, to) in [("detr.config.json", &folder.join("config.json")), ("detr_hf.safetensors", &model)] {
        std::fs::copy(data.join(from), to).unwrap_or_else(|e| panic!("{from} to {}: {e}", to.display()));
    }
    model
}

/// The text of a gzipped file of `tests/data`.
pub fn gzipped_text(name: &str) -> String {
    String::from_utf8(gzipped(name)).expect("text")
}

/// The bytes of a gzipped file of `tests/data`.
pub fn gzipped(name: &str) -> Vec<u8> {
    let path = data_dir().join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// Expected values of a reference.
pub fn expected(name: &str) -> Expected {
    Expected::open(data_dir().join(format!("golden/{name}.expected.safetensors")))
}

/// The weights of a reference, in fp32. All follow from the seed but the layer scales, which were drawn in another way,
/// the RoPE periods, and the few values whose difference of 1e-7 from torch's falls on the edge of rounding to 16 bits.
pub fn golden_tensors(name: &str) -> Vec<Tensor> {
    let base = name.trim_end_matches("_bf16").trim_end_matches("_fp16");
    let seed = expected(name).metadata["seed"].parse().expect("a seed");
    let mut tensors = make_checkpoint(&Spec::tiny(base, seed));
    let stored = Expected::open(data_dir().join("golden/weights_extra.safetensors"));
    let names: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&stored.metadata["names"]).expect("names with shapes");
    let (values, mut at) = (stored.f32("values"), 0);
    for (key, shape) in names {
        let count: usize =
            shape.as_array().expect("a shape").iter().map(|n| n.as_u64().expect("extents") as usize).product();
        if let Some(key) = key.strip_prefix(&format!("{base}/")) {
            let tensor = tensors.iter_mut().find(|t| t.name == key).expect("the same names");
            tensor.data = values[at..at + count].to_vec();
        }
        at += count;
    }
    let fixes: serde_json::Value = serde_json::from_str(&stored.metadata["rounding_fixes"]).expect("names with values");
    for (key, values) in fixes[name].as_object().into_iter().flatten() {
        let tensor = tensors.iter_mut().find(|t| t.name == *key).expect("the same names");
        let values: Vec<(usize, f32)> = serde_json::from_value(values.clone()).expect("pairs");
        values.into_iter().for_each(|(i, value)| tensor.data[i] = value);
    }
    tensors
}

/// The file of a reference checkpoint: made once per build folder.
pub fn golden_checkpoint(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/testkit");
    std::fs::create_dir_all(&dir).expect("target can be written");
    let path = dir.join(format!("{name}-2.safetensors"));
    if !path.exists() {
        let dtype = match name {
            "pose_bf16" => Dtype::BF16,
            "pose_fp16" => Dtype::F16,
            _ => Dtype::F32,
        };
        // Tests run in parallel processes: whoever finishes first wins, and nobody sees half a file.
        let unique = format!("{name}.{}.{:?}.tmp", std::process::id(), std::thread::current().id());
        let part = dir.join(unique.replace(['(', ')'], ""));
        write_safetensors(&part, &golden_tensors(name), dtype, &[("format", "pt")]);
        std::fs::rename(&part, &path).expect("rename within a folder");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first two values of every tensor of the original reference files.
    #[test]
    fn the_seeds_give_the_reference_weights() {
        let sample = Expected::open(data_dir().join("golden/weights_sample.safetensors"));
        for name in &GOLDEN[..8] {
            let mut tensors = golden_tensors(name);
            tensors.retain(|t| !t.name.ends_with("gamma.weight") && !t.name.ends_with("periods"));
            tensors.sort_by(|a, b| a.name.cmp(&b.name));
            let actual: Vec<(&str, f32)> =
                tensors.iter().flat_map(|t| t.data.iter().take(2).map(|&v| (t.name.as_str(), v))).collect();
            let expected = sample.f32(name);
            assert_eq!(actual.len(), expected.len(), "{name}");
            for ((key, value), expected) in actual.iter().zip(&expected) {
                assert!((value - expected).abs() <= 5e-7 * expected.abs().max(0.1), "{name} {key}: {value} {expected}");
            }
        }
    }

    #[test]
    fn every_reference_has_expected_values_and_an_input() {
        for name in GOLDEN {
            let expected = expected(name);
            let image: Vec<usize> = serde_json::from_str(&expected.metadata["image"]).unwrap();
            let input = expected.input("input");
            assert_eq!(input.len(), 3 * image[0] * image[1], "{name}");
            assert!(
                input.iter().all(|v| v.abs() < 3.0) && expected.has("tokens") && expected.has("fp32rope.tokens"),
                "{name}"
            );
        }
    }
}
