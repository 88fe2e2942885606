//! The names that Hugging Face transformers gives to the tensors of this family.

use super::file::Checkpoint;

/// Whether the backbone lies inside a task model, and the original name of the last layer of its head.
///
/// transformers calls every last layer `predictor`, so the task follows from the kind of head and its outputs: a
/// transposed convolution has no bias (4 of them bring seg to full size, pose needs 2), a scale branch means
/// pointmap, 4 outputs (colour and alpha) mean matting.
pub(super) fn kind(checkpoint: &Checkpoint) -> (bool, &'static str) {
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
pub(super) fn original(name: &str, is_task_model: bool, predictor: &str) -> (String, usize) {
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
