//! Tiny reference checkpoints of Sapiens v1, regenerated from their seeds, random ones of any size, and the key tables of the
//! official models.

use crate::data_dir;
use crate::file::{Expected, Tensor};
use crate::manifest::{Manifest, tensor_table};
use crate::rng::TorchRng;
use serde_json::{Map, Value};
use std::io::Read;

/// The references by name.
pub const GOLDEN1: [&str; 6] = ["pretrain", "pose17", "pose308", "seg", "depth", "normal"];

/// Expected values of a reference.
pub fn expected1(name: &str) -> Expected {
    Expected::open(data_dir().join(format!("v1/{name}.expected.safetensors")))
}

/// What to make.
#[derive(Debug, Clone)]
pub struct Spec1 {
    /// Outputs of the head; `None` for a pretrained model with CLS token and decoder.
    pub outputs: Option<usize>,
    /// Whether the head is that of pose.
    pub is_pose: bool,
    pub embed: usize,
    pub layers: usize,
    /// Channels of the head, and how many transposed and plain convolutions it has.
    pub channels: usize,
    pub deconv: usize,
    pub conv: usize,
    /// Rows and columns of patches.
    pub grid: [usize; 2],
    pub seed: u64,
}

impl Spec1 {
    /// The tiny architecture of the references (4 heads).
    pub fn tiny(name: &str, seed: u64) -> Self {
        let (outputs, deconv, conv) = match name {
            "pose17" => (Some(17), 2, 2),
            "pose308" => (Some(308), 2, 2),
            "seg" => (Some(28), 3, 3),
            "normal" => (Some(3), 3, 3),
            "depth" => (Some(1), 4, 2),
            _ => (None, 0, 0),
        };
        Self {
            outputs,
            is_pose: name.starts_with("pose"),
            embed: 32,
            layers: 3,
            channels: if name == "depth" { 8 } else { 16 },
            deconv,
            conv,
            grid: if outputs.is_some() { [8, 6] } else { [8, 8] },
            seed,
        }
    }

    /// Names and shapes in the order of a state dict.
    fn keys(&self) -> Vec<(String, Vec<usize>)> {
        let (e, patches) = (self.embed, self.grid[0] * self.grid[1]);
        let mut keys = Keys(Vec::new());
        if self.outputs.is_none() {
            keys.add("backbone.cls_token", &[1, 1, e]);
        }
        keys.add("backbone.pos_embed", &[1, patches + usize::from(self.outputs.is_none()), e]);
        keys.layer("backbone.patch_embed.projection", &[e, 3, 16, 16]);
        (0..self.layers).for_each(|i| keys.block(&format!("backbone.layers.{i}."), e));
        keys.norm("backbone.ln1", e);
        match self.outputs {
            Some(outputs) => self.head(&mut keys, outputs),
            None => {
                let half = e / 2;
                keys.add("neck.mask_token", &[1, 1, half]);
                keys.add("neck.decoder_pos_embed", &[1, patches + 1, half]);
                keys.layer("neck.decoder_embed", &[half, e]);
                keys.block("neck.decoder_blocks.0.", half);
                keys.norm("neck.ln1", half);
                keys.layer("neck.decoder_pred", &[768, half]);
            }
        }
        keys.0
    }

    fn head(&self, keys: &mut Keys, outputs: usize) {
        let c = self.channels;
        let head = if self.is_pose { "head." } else { "decode_head." };
        if !self.is_pose {
            keys.layer(&format!("{head}conv_seg"), &[outputs, c, 1, 1]);
        }
        for i in 0..self.deconv {
            let input = if i == 0 { self.embed } else { c };
            keys.add(&format!("{head}deconv_layers.{}.weight", 3 * i), &[input, c, 4, 4]);
        }
        (0..self.conv).for_each(|i| keys.layer(&format!("{head}conv_layers.{}", 3 * i), &[c, c, 1, 1]));
        if self.is_pose {
            keys.layer(&format!("{head}final_layer"), &[outputs, c, 1, 1]);
        }
    }

    /// The tensors, drawn one after the other from one generator.
    pub fn tensors(&self) -> Vec<Tensor> {
        let mut rng = TorchRng::new(self.seed);
        let make = |(name, shape): (String, Vec<usize>)| {
            let (mean, deviation) = distribution(&name, &shape);
            let data = rng.randn(shape.iter().product()).into_iter().map(|v| mean + deviation * v).collect();
            Tensor { name, shape, data }
        };
        self.keys().into_iter().map(make).collect()
    }
}

struct Keys(Vec<(String, Vec<usize>)>);

impl Keys {
    fn add(&mut self, name: &str, shape: &[usize]) {
        self.0.push((name.to_owned(), shape.to_vec()));
    }

    fn layer(&mut self, key: &str, shape: &[usize]) {
        self.add(&format!("{key}.weight"), shape);
        self.add(&format!("{key}.bias"), &shape[..1]);
    }

    fn norm(&mut self, key: &str, width: usize) {
        self.layer(key, &[width]);
    }

    fn block(&mut self, block: &str, width: usize) {
        self.norm(&format!("{block}ln1"), width);
        self.layer(&format!("{block}attn.qkv"), &[3 * width, width]);
        self.layer(&format!("{block}attn.proj"), &[width, width]);
        self.norm(&format!("{block}ln2"), width);
        self.layer(&format!("{block}ffn.layers.0.0"), &[4 * width, width]);
        self.layer(&format!("{block}ffn.layers.1"), &[width, 4 * width]);
    }
}

/// Mean and deviation of a tensor's values.
fn distribution(name: &str, shape: &[usize]) -> (f32, f32) {
    let variance = match shape {
        _ if name.ends_with("token") => return (0.0, 0.8),
        _ if name.ends_with("pos_embed") => return (0.0, 0.6),
        [_] => return (if name.ends_with(".weight") { 1.0 } else { 0.0 }, 0.3),
        [input, ..] if name.contains("deconv") => 0.5 / *input as f64,
        [_, rest @ ..] if name.contains("qkv") => 2.0 / rest.iter().product::<usize>() as f64,
        [_, rest @ ..] => 1.0 / rest.iter().product::<usize>() as f64,
        [] => 1.0,
    };
    (0.0, variance.sqrt() as f32)
}

/// The weights of a reference.
pub fn golden_tensors1(name: &str) -> Vec<Tensor> {
    let seed = expected1(name).metadata["seed"].parse().expect("a seed");
    Spec1::tiny(name, seed).tensors()
}

/// The key tables of the 42 official models of v1, by name.
pub fn manifests1() -> Vec<Manifest> {
    let path = data_dir().join("v1/manifests.json.gz");
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    let all: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    let manifest = |(name, summary): (String, Value)| Manifest { name, tensors: tensor_table(&summary), summary };
    all.into_iter().map(manifest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first two values of every tensor of the original reference files.
    #[test]
    fn the_seeds_give_the_reference_weights() {
        let sample = Expected::open(data_dir().join("v1/weights_sample.safetensors"));
        for name in GOLDEN1 {
            let mut tensors = golden_tensors1(name);
            tensors.sort_by(|a, b| a.name.cmp(&b.name));
            let actual: Vec<(&str, f32)> =
                tensors.iter().flat_map(|t| t.data.iter().take(2).map(|&v| (t.name.as_str(), v))).collect();
            let expected = sample.f32(name);
            assert_eq!(actual.len(), expected.len(), "{name}");
            for ((key, value), expected) in actual.iter().zip(&expected) {
                assert!((value - expected).abs() <= 1e-6 * expected.abs().max(0.1), "{name} {key}: {value} {expected}");
            }
        }
    }
}
