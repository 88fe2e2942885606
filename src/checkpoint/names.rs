//! Tensor names. The library asks for the original names; files saved by Hugging Face transformers are translated.
//!
//! A task model's original names are `backbone.*` and `decode_head.*`, a pretrained backbone has bare names, and a
//! bundle has `backbone.*`, one `decode_heads.<task>.*` per task and perhaps `decode_heads.detector.*`. transformers splits `ffn.w12` into gate and up;
//! its rows are those of `w12` in this order.

use super::file::Checkpoint;
use super::header::DType;
use super::recognise;
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Which names a file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Those of the original code.
    Original,
    /// Those of Hugging Face transformers.
    Transformers,
}

/// A checkpoint that answers to original names.
pub struct Source {
    checkpoint: Checkpoint,
    naming: Naming,
    /// Original name to the tensors of the file that make it up, stacked along the first dimension.
    parts: BTreeMap<String, Vec<String>>,
}

impl Source {
    /// Finds out which names the file uses.
    ///
    /// # Errors
    /// `UnknownModel` when the names are those of no model of this family; the message says which they look like.
    pub fn new(checkpoint: Checkpoint) -> Result<Self> {
        let naming = recognise::naming(&checkpoint).map_err(|e| checkpoint.locate(e))?;
        let (is_task_model, predictor) = transformers_kind(&checkpoint);
        let translate = |name: &str| match naming {
            Naming::Original => (name.to_string(), 0),
            Naming::Transformers => original_from_transformers(name, is_task_model, predictor),
        };
        let mut ordered = BTreeMap::<String, BTreeMap<usize, String>>::new();
        for name in checkpoint.names() {
            let (original, part) = translate(name);
            if let Some(other) = ordered.entry(original.clone()).or_default().insert(part, name.to_string()) {
                let message = format!("the tensors `{other}` and `{name}` are both `{original}`");
                return Err(checkpoint.locate(Error::new(ErrorKind::CorruptModel, message)));
            }
        }
        // Half of a pair counts as missing; its lonely name is then reported as unexpected.
        let complete = |name: &str, parts: &BTreeMap<usize, String>| {
            naming == Naming::Original || !name.contains("ffn.w12.") || parts.len() == 2
        };
        let mut parts = BTreeMap::new();
        for (original, found) in ordered {
            if complete(&original, &found) {
                parts.insert(original, found.into_values().collect());
            } else {
                parts.extend(found.into_values().map(|name| (name.clone(), vec![name])));
            }
        }
        Ok(Self { checkpoint, naming, parts })
    }

    /// Opens a file; errors of [`Checkpoint::open`] and [`Source::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(Checkpoint::open(path)?)
    }

    /// A checkpoint in memory; errors as for [`Source::open`].
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self> {
        Self::new(Checkpoint::from_bytes(bytes)?)
    }

    /// The file behind it.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Which names the file uses.
    pub fn naming(&self) -> Naming {
        self.naming
    }

    /// The original names of everything in the file, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Whether a tensor exists.
    pub fn contains(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// Shape of a tensor; `None` when it does not exist or when its parts do not fit together.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let mut parts = self.parts.get(name)?.iter().map(|part| self.checkpoint.info(part));
        let mut shape = parts.next()??.shape.clone();
        for part in parts {
            let part = &part?.shape;
            if part.is_empty() || part.len() != shape.len() || part[1..] != shape[1..] {
                return None;
            }
            shape[0] += part[0];
        }
        Some(shape)
    }

    /// Element type of a tensor (of its first part).
    pub fn dtype(&self, name: &str) -> Option<DType> {
        Some(self.checkpoint.info(self.parts.get(name)?.first()?)?.dtype)
    }

    /// The names under which a tensor is stored in the file; empty when it does not exist.
    pub fn stored_names(&self, name: &str) -> &[String] {
        self.parts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Element type and first byte in the file, when the tensor lies there in one piece and in order.
    pub fn location(&self, name: &str) -> Option<(DType, u64)> {
        match self.parts.get(name)?.as_slice() {
            [part] => {
                let info = self.checkpoint.info(part).filter(|info| info.strides.is_none());
                info.map(|info| (info.dtype, info.offset))
            }
            _ => None,
        }
    }

    /// The element type that most bytes of the file have.
    pub fn main_dtype(&self) -> Option<DType> {
        let mut bytes = Vec::<(DType, u64)>::new();
        for info in self.checkpoint.names().filter_map(|name| self.checkpoint.info(name)) {
            match bytes.iter_mut().find(|(dtype, _)| *dtype == info.dtype) {
                Some((_, total)) => *total += info.bytes,
                None => bytes.push((info.dtype, info.bytes)),
            }
        }
        bytes.into_iter().max_by_key(|&(_, total)| total).map(|(dtype, _)| dtype)
    }

    /// All elements of a tensor; errors as for [`Checkpoint::read_f32`].
    pub fn read(&self, name: &str) -> Result<Vec<f32>> {
        let elements = self.require(name)?.iter().map(|part| self.part_elements(part)).sum();
        self.read_range(name, 0..elements)
    }

    /// Some elements of a tensor, counted over its parts; errors as for [`Checkpoint::read_f32_range`].
    pub fn read_range(&self, name: &str, elements: Range<usize>) -> Result<Vec<f32>> {
        let parts = self.require(name)?;
        if let [part] = parts {
            return self.checkpoint.read_f32_range(part, elements);
        }
        let total: usize = parts.iter().map(|part| self.part_elements(part)).sum();
        if elements.start > elements.end || elements.end > total {
            let message = format!("elements {elements:?} of `{name}`: it has {total}");
            return Err(self.checkpoint.locate(Error::invalid(message)));
        }
        let (mut values, mut start) = (Vec::with_capacity(elements.len()), 0);
        for part in parts {
            let end = start + self.part_elements(part);
            let (from, to) = (elements.start.max(start), elements.end.min(end));
            if from < to {
                values.append(&mut self.checkpoint.read_f32_range(part, from - start..to - start)?);
            }
            start = end;
        }
        Ok(values)
    }

    /// An error about this file.
    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.checkpoint.locate(Error::new(kind, message))
    }

    fn part_elements(&self, part: &str) -> usize {
        self.checkpoint.info(part).map_or(0, |info| info.elements() as usize)
    }

    fn require(&self, name: &str) -> Result<&[String]> {
        self.parts
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| self.error(ErrorKind::CorruptModel, format!("the checkpoint has no tensor `{name}`")))
    }
}

/// Whether the backbone lies inside a task model, and the original name of the last layer of its head.
///
/// transformers calls every last layer `predictor`, so the task follows from the kind of head and its outputs: a
/// transposed convolution has no bias (4 of them bring seg to full size, pose needs 2), a scale branch means
/// pointmap, 4 outputs (colour and alpha) mean matting.
fn transformers_kind(checkpoint: &Checkpoint) -> (bool, &'static str) {
    let is_task_model = checkpoint.names().any(|name| name.starts_with("model.embeddings."));
    let has = |name: &str| checkpoint.info(name).is_some();
    let outputs = checkpoint.info("decode_head.predictor.weight").and_then(|info| info.shape.first().copied());
    let is_deconv = !has("decode_head.input_conv.convolution.weight");
    let predictor = match outputs {
        Some(308) if is_deconv => "conv_pose",
        Some(29) if is_deconv => "conv_seg",
        _ if is_deconv && has("decode_head.upsample_layers.2.convolution.weight") => "conv_seg",
        _ if is_deconv => "conv_pose",
        _ if checkpoint.names().any(|name| name.starts_with("scale_head.")) => "conv_pointmap",
        Some(4) => "conv_matting",
        _ => "conv_normal",
    };
    (is_task_model, predictor)
}

/// Original name and which part of it; names without a counterpart are returned as they are.
fn original_from_transformers(name: &str, is_task_model: bool, predictor: &str) -> (String, usize) {
    let as_is = || (name.to_string(), 0);
    if let Some(rest) = name.strip_prefix("decode_head.").or_else(|| name.strip_prefix("scale_head.").map(|_| name)) {
        return (head_name(rest, predictor).map_or_else(|| name.to_string(), |n| format!("decode_head.{n}")), 0);
    }
    let (prefix, rest) = match name.strip_prefix("model.") {
        Some(rest) if is_task_model => ("backbone.", rest),
        _ => ("", name),
    };
    backbone_name(rest).map_or_else(as_is, |(n, part)| (format!("{prefix}{n}"), part))
}

fn backbone_name(name: &str) -> Option<(String, usize)> {
    if let Some(rest) = name.strip_prefix("embeddings.") {
        let original = match rest {
            "cls_token" | "mask_token" => rest,
            "register_tokens" => "storage_tokens",
            "patch_embeddings.weight" => "patch_embed.projection.weight",
            "patch_embeddings.bias" => "patch_embed.projection.bias",
            _ => return None,
        };
        return Some((original.to_string(), 0));
    }
    if name == "norm.weight" {
        return Some(("ln1.weight".to_string(), 0));
    }
    let (index, rest) = name.strip_prefix("model.layer.")?.split_once('.')?;
    index.parse::<usize>().ok()?;
    let (layer, field) = rest.rsplit_once('.')?;
    let (original, part) = match layer {
        "norm1" => ("ln1", 0),
        "norm2" => ("ln2", 0),
        "attention.q_proj" => ("attn.wq", 0),
        "attention.k_proj" => ("attn.wk", 0),
        "attention.v_proj" => ("attn.wv", 0),
        "attention.o_proj" => ("attn.proj", 0),
        "attention.q_norm" => ("attn.q_norm", 0),
        "attention.k_norm" => ("attn.k_norm", 0),
        "layer_scale1" if field == "lambda1" => return Some((format!("blocks.{index}.attn.gamma.weight"), 0)),
        "mlp.gate_proj" => ("ffn.w12", 0),
        "mlp.up_proj" => ("ffn.w12", 1),
        "mlp.down_proj" => ("ffn.w3", 0),
        _ => return None,
    };
    Some((format!("blocks.{index}.{original}.{field}"), part))
}

fn head_name(name: &str, predictor: &str) -> Option<String> {
    let (layer, field) = name.rsplit_once('.')?;
    match layer {
        "predictor" => return Some(format!("{predictor}.{field}")),
        "input_conv.convolution" => return Some(format!("input_conv.0.{field}")),
        "scale_head.predictor.block1.layers.0" => return Some(format!("scale_final_layer.1.{field}")),
        "scale_head.predictor.block2.layers.0" => return Some(format!("scale_final_layer.3.{field}")),
        "scale_head.predictor.proj" => return Some(format!("scale_final_layer.5.{field}")),
        _ => {}
    }
    let (list, index) = layer.strip_suffix(".convolution")?.rsplit_once('.')?;
    let index = index.parse::<usize>().ok()?.checked_mul(3)?;
    match list {
        // Convolution, norm and activation count as three in the original lists.
        "conv_layers" => Some(format!("conv_layers.{index}.{field}")),
        "scale_head.conv_layers" => Some(format!("scale_conv_layers.{index}.{field}")),
        "upsample_layers" if matches!(predictor, "conv_pose" | "conv_seg") => {
            Some(format!("deconv_layers.{index}.{field}"))
        }
        "upsample_layers" => Some(format!("upsample_blocks.{}.0.{field}", index / 3)),
        _ => None,
    }
}
