//! What a DETR's tensors do not say: the number of attention heads, and whether its last stage is dilated (DC5).

use super::detr::Detr;
use super::names::Source;
use crate::error::{ErrorKind, Result};
use std::path::Path;

/// Heads of all official models.
const USUAL_HEADS: usize = 8;
/// Longest `config.json` that is read.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Facts beside the tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetrConfig {
    /// Attention heads.
    pub heads: usize,
    /// Whether the last stage keeps its size and is dilated instead: DC5, cells of 16 pixels instead of 32.
    pub is_dilated: bool,
}

impl DetrConfig {
    /// From the `config.json` beside the file, if it is that of a DETR of this width; without one the heads are 8, and
    /// dilation is what the names of file and folder say (`dc5`).
    ///
    /// # Errors
    /// `Unsupported` where the width is no multiple of the number of heads.
    pub fn of(source: &Source, detr: &Detr) -> Result<Self> {
        let path = source.checkpoint().path();
        let config = path.and_then(|path| config_beside(path, detr.width));
        let entry = |key: &str| config.as_ref().and_then(|config| config.get(key));
        let heads = entry("encoder_attention_heads").and_then(serde_json::Value::as_u64);
        let heads = heads.map_or(USUAL_HEADS, |heads| usize::try_from(heads).unwrap_or(0));
        let is_dilated = match entry("dilation").and_then(serde_json::Value::as_bool) {
            Some(dilation) => dilation,
            None => path.is_some_and(is_called_dc5),
        };
        if !detr.width.is_multiple_of(heads) {
            let message = format!(
                "{heads} attention heads do not fit a width of {}; the config.json of the model, beside its file, says \
                 how many it has",
                detr.width
            );
            return Err(source.error(ErrorKind::Unsupported, message));
        }
        Ok(Self { heads, is_dilated })
    }
}

fn config_beside(path: &Path, width: usize) -> Option<serde_json::Value> {
    let path = path.with_file_name("config.json");
    let length = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
    if length > MAX_CONFIG_BYTES {
        return None;
    }
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let is_its = config.get("model_type")?.as_str()? == "detr" && config.get("d_model")?.as_u64()? == width as u64;
    is_its.then_some(config)
}

/// Files of Hugging Face are called `model.safetensors`; the folder has the name.
fn is_called_dc5(path: &Path) -> bool {
    let names = path.iter().rev().take(2).filter_map(|name| name.to_str());
    names.into_iter().any(|name| name.to_ascii_lowercase().contains("dc5"))
}
