//! Which model a set of tensor names belongs to.

use super::file::Checkpoint;
use super::names::Naming;
use crate::error::{Error, ErrorKind, Result};

/// Known by a name that contains each of the first fragments, where no name contains the last one (if not empty).
const OTHERS: &[(&str, &[&str], &str)] = &[
    (
        "a DETR detector in its first names: use the .safetensors file from Hugging Face",
        &["class_embed.", "bbox_embed."],
        "",
    ),
    ("an mmdetection detector (this library reads RTMDet)", &["bbox_head.", "backbone."], ""),
    ("Stable Diffusion", &["model.diffusion_model."], ""),
    ("Stable Diffusion (its U-Net)", &["down_blocks.0.", "up_blocks.0.", "time_embedding."], ""),
    ("the autoencoder of a diffusion model", &["decoder.up_blocks.", "encoder.down_blocks."], ""),
    ("Flux", &["double_blocks.0.", "single_blocks.0."], ""),
    ("a low-rank adapter (LoRA)", &["lora_A"], ""),
    ("a low-rank adapter (LoRA)", &["lora_down"], ""),
    ("CLIP", &["text_model.", "vision_model."], ""),
    ("CLIP", &["visual.", "token_embedding.weight"], ""),
    ("CLIP", &["vision_model.", "encoder.layers.0.self_attn."], ""),
    ("a language model (LLaMA or similar)", &["embed_tokens.weight", "layers.0.self_attn.q_proj.weight"], ""),
    ("a language model (GPT-2 or similar)", &["wte.weight", "h.0.attn"], ""),
    ("BERT", &["encoder.layer.0.attention.self.query.weight"], "patch_embeddings"),
    ("Segment Anything", &["image_encoder.", "mask_decoder."], ""),
    ("DINOv3", &["embeddings.register_tokens", "layer.0.attention.q_proj.weight"], "q_norm"),
    ("DINOv3", &["storage_tokens", "blocks.0.attn.qkv.weight"], ""),
    ("DINOv2", &["encoder.layer.0.layer_scale1.lambda1", "embeddings.patch_embeddings"], ""),
    ("DINOv2", &["blocks.0.ls1.gamma", "blocks.0.attn.qkv.weight"], ""),
    ("a vision transformer (ViT)", &["encoder.layer.0.attention.attention.query.weight"], ""),
    ("a vision transformer (ViT)", &["blocks.0.attn.qkv.weight", "pos_embed"], ""),
    ("a ResNet", &["layer1.0.conv1.weight", "layer4.0.conv1.weight"], ""),
    ("YOLO", &["model.0.conv.weight", "model.1.conv.weight"], ""),
];

/// Which naming of this family the file uses.
pub(super) fn naming(checkpoint: &Checkpoint) -> Result<Naming> {
    let has = |fragment: &str| checkpoint.names().any(|name| name.contains(fragment));
    // Two independent marks: a file that lost one tensor is still recognised, and the tensor then named as missing.
    let original = [
        checkpoint.names().any(|name| matches!(name.strip_prefix("backbone.").unwrap_or(name), "storage_tokens")),
        has("blocks.0.ffn.w12.weight") || has("blocks.0.attn.wq.weight"),
        has("blocks.0.attn.q_norm.weight") && has("blocks.0.ffn.w3.weight"),
    ];
    if original.iter().filter(|&&mark| mark).count() >= 2 {
        return Ok(Naming::Original);
    }
    let transformers = [
        has("embeddings.register_tokens"),
        has("model.layer.0.attention.q_norm.weight"),
        has("model.layer.0.mlp.gate_proj.weight") && has("embeddings.patch_embeddings."),
    ];
    if transformers.iter().filter(|&&mark| mark).count() >= 2 && has("attention.q_norm.weight") {
        return Ok(Naming::Transformers);
    }
    let first = [
        checkpoint.names().any(|name| matches!(name.strip_prefix("backbone.").unwrap_or(name), "pos_embed")),
        has_in_layers(checkpoint, ".attn.qkv."),
        has_in_layers(checkpoint, ".ffn.layers.0.0."),
    ];
    if first.iter().filter(|&&mark| mark).count() >= 2 {
        return Ok(Naming::Sapiens1);
    }
    if has("bbox_head.rtm_cls.") && has("backbone.stage1.0.") {
        return Ok(Naming::RtmDet);
    }
    if has("class_labels_classifier.") && has("bbox_predictor.") {
        return Ok(if has("conv_encoder.model.layer1.0.") { Naming::DetrTimm } else { Naming::Detr });
    }
    let other = OTHERS
        .iter()
        .find(|(_, all, none)| all.iter().all(|fragment| has(fragment)) && (none.is_empty() || !has(none)));
    let message = match other {
        Some((what, ..)) => format!("this is not a Sapiens checkpoint: it looks like {what}"),
        None => {
            let names: Vec<_> = checkpoint.names().take(3).map(|name| format!("`{name}`")).collect();
            let begins = if names.is_empty() {
                "no tensors at all".into()
            } else {
                format!("tensors such as {}", names.join(", "))
            };
            format!(
                "this is not a Sapiens checkpoint: it has {begins}, but neither `storage_tokens`, `blocks.0.attn.wq.weight` and \
                 the rest of Sapiens2 nor the `pos_embed`, `layers.0.attn.qkv.weight` of Sapiens v1"
            )
        }
    };
    Err(Error::new(ErrorKind::UnknownModel, message))
}

/// Whether a block of the backbone, which Sapiens v1 calls `layers.0` and so on, has this part.
fn has_in_layers(checkpoint: &Checkpoint, part: &str) -> bool {
    checkpoint.names().any(|name| {
        let rest = name.strip_prefix("backbone.").unwrap_or(name).strip_prefix("layers.");
        rest.and_then(|rest| rest.split_once(part)).is_some_and(|(index, _)| index.bytes().all(|b| b.is_ascii_digit()))
    })
}
