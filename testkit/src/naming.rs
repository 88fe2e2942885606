//! The same tensors under the names that Hugging Face transformers saves.

use crate::file::Tensor;

/// Renames, splits `ffn.w12` into gate and up, and leaves out the RoPE periods. Original names without a counterpart
/// (albedo norms, the 4K tokenizer) are not supported there and panic.
pub fn to_transformers(tensors: &[Tensor]) -> Vec<Tensor> {
    let mut out = Vec::new();
    for tensor in tensors.iter().filter(|t| !t.name.ends_with("rope_embed.periods")) {
        let name = rename(&tensor.name);
        if !name.contains(".ffn.w12.") {
            out.push(Tensor { name, ..tensor.clone() });
            continue;
        }
        let half = tensor.data.len() / 2;
        let mut shape = tensor.shape.clone();
        shape[0] /= 2;
        for (projection, data) in [("mlp.gate_proj", &tensor.data[..half]), ("mlp.up_proj", &tensor.data[half..])] {
            let name = name.replace("ffn.w12", projection);
            out.push(Tensor { name, shape: shape.clone(), data: data.to_vec() });
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

fn rename(name: &str) -> String {
    let (prefix, rest) = match name.strip_prefix("backbone.") {
        Some(rest) => ("model.", rest),
        None => ("", name),
    };
    if let Some(rest) = name.strip_prefix("decode_head.") {
        return head(rest);
    }
    let fixed = match rest {
        "cls_token" => "embeddings.cls_token",
        "storage_tokens" => "embeddings.register_tokens",
        "patch_embed.projection.weight" => "embeddings.patch_embeddings.weight",
        "patch_embed.projection.bias" => "embeddings.patch_embeddings.bias",
        "ln1.weight" => "norm.weight",
        _ => "",
    };
    if !fixed.is_empty() {
        return format!("{prefix}{fixed}");
    }
    let rest = rest.strip_prefix("blocks.").unwrap_or_else(|| panic!("`{name}` has no counterpart"));
    let mut renamed = format!("{prefix}model.layer.{rest}");
    for (from, to) in [
        ("attn.gamma.weight", "layer_scale1.lambda1"),
        ("attn.wq", "attention.q_proj"),
        ("attn.wk", "attention.k_proj"),
        ("attn.wv", "attention.v_proj"),
        ("attn.proj", "attention.o_proj"),
        ("attn.q_norm", "attention.q_norm"),
        ("attn.k_norm", "attention.k_norm"),
        ("ffn.w3", "mlp.down_proj"),
        (".ln1.", ".norm1."),
        (".ln2.", ".norm2."),
    ] {
        renamed = renamed.replace(from, to);
    }
    renamed
}

fn head(name: &str) -> String {
    let parts: Vec<_> = name.split('.').collect();
    let third = |index: &str| index.parse::<usize>().expect("an index") / 3;
    match parts[..] {
        ["deconv_layers", i, field] => format!("decode_head.upsample_layers.{}.convolution.{field}", third(i)),
        ["upsample_blocks", i, "0", field] => format!("decode_head.upsample_layers.{i}.convolution.{field}"),
        ["conv_layers", i, field] => format!("decode_head.conv_layers.{}.convolution.{field}", third(i)),
        ["input_conv", "0", field] => format!("decode_head.input_conv.convolution.{field}"),
        ["scale_conv_layers", i, field] => format!("scale_head.conv_layers.{}.convolution.{field}", third(i)),
        ["scale_final_layer", "1", field] => format!("scale_head.predictor.block1.layers.0.{field}"),
        ["scale_final_layer", "3", field] => format!("scale_head.predictor.block2.layers.0.{field}"),
        ["scale_final_layer", "5", field] => format!("scale_head.predictor.proj.{field}"),
        [_, field] => format!("decode_head.predictor.{field}"),
        _ => panic!("`{name}` has no counterpart"),
    }
}
