//! The attention branch of a block: QK norm, rotary embedding, grouped heads, layer scale.

use super::net::Net;
use super::rope;
use super::weights::Recipe;
use crate::checkpoint::Layer;
use crate::geometry::Size;
use crate::onnx::{Attr, Element};
use crate::spec::{Rope, Rotation};

/// Cosine and sine tables: `[N, T, D/2]` for the fused operator, `[1, T, 1, D]` for a rotation written out.
pub(super) struct Tables {
    cos: String,
    sin: String,
    rotation: Rotation,
}

pub(super) fn rope_tables(net: &mut Net, grid: Size, patches: &str) -> Tables {
    net.b.scope("rope");
    let (arch, rope) = (net.arch, net.info.rope);
    let periods = rope::periods(rope, arch.head_dim, arch.rope_periods.as_deref());
    let table = rope::table(rope, &periods, grid.height, grid.width, arch.prefix_tokens());
    let (rows, half) = (arch.prefix_tokens() + grid.area(), arch.head_dim / 2);
    // Tables in 32 bits are not rounded, and nothing else is then.
    let rotation = if rope == Rope::Bf16 { net.rotation } else { Rotation::Fused };
    if rotation == Rotation::Fused {
        let mut tensor = |name: &str, values: Vec<f32>| {
            let weight = net.float_weight(name, &[1, rows, half], Recipe::values(values));
            // The fused operator takes one table per image of the batch.
            net.expand_batch(&weight, patches, &[rows as i64, half as i64])
        };
        return Tables { cos: tensor("rope_cos", table.cos), sin: tensor("rope_sin", table.sin), rotation };
    }
    // [a, b] * [cos, cos] + [b, a] * [-sin, sin]
    let both = |values: &[f32], sign: f32| -> Vec<f32> {
        values.chunks_exact(half).flat_map(|row| row.iter().map(move |v| sign * v).chain(row.iter().copied())).collect()
    };
    let (cos, sin) = (both(&table.cos, 1.0), both(&table.sin, -1.0));
    let mut tensor =
        |name: &str, values: Vec<f32>| net.float_weight(name, &[1, rows, 1, 2 * half], Recipe::values(values));
    Tables { cos: tensor("rope_cos", cos), sin: tensor("rope_sin", sin), rotation }
}

/// The attention branch without the bias of its last product, and that bias; layer scale folded into both.
pub(super) fn attention(net: &mut Net, x: &str, key: &str, layer: Layer, tables: Option<&Tables>) -> (String, String) {
    let (embed, head_dim, heads) = (net.arch.embed, net.arch.head_dim, net.arch.heads);
    let kv_width = layer.kv_heads * head_dim;
    let x = net.narrow(x);
    let mut q = net.linear(&x, &format!("{key}attn.wq"), embed, embed);
    let mut k = net.linear(&x, &format!("{key}attn.wk"), embed, kv_width);
    let mut v = net.linear(&x, &format!("{key}attn.wv"), embed, kv_width);
    if let Some(tables) = tables {
        q = rotate(net, &q, &format!("{key}attn.q_norm"), heads, tables);
        k = rotate(net, &k, &format!("{key}attn.k_norm"), layer.kv_heads, tables);
    }
    k = repeat_heads(net, k, layer.kv_heads);
    v = repeat_heads(net, v, layer.kv_heads);
    let x = net.attention(&q, &k, &v, heads);
    let proj = format!("{key}attn.proj");
    let gamma = tables.map(|_| format!("{key}attn.gamma.weight"));
    let x = net.matmul(&x, &proj, "", 0..embed, embed, gamma.clone());
    let tensor = format!("{proj}.bias");
    let bias =
        net.float_weight(&tensor, &[embed], Recipe::Rows { tensor: tensor.clone(), rows: 0..embed, row_scale: gamma });
    (net.widen(&x), bias)
}

/// QK norm per head, then the rotation, in 32-bit floats.
fn rotate(net: &mut Net, x: &str, norm: &str, heads: usize, tables: &Tables) -> String {
    let head_dim = net.arch.head_dim;
    let x = net.widen(x);
    let x = net.reshape(&x, &[0, 0, heads as i64, head_dim as i64]);
    let weight = net.norm_weight(norm, head_dim);
    let x = net.rms_norm(&x, &weight);
    let flat = [0, 0, (heads * head_dim) as i64];
    let x = if tables.rotation == Rotation::Fused {
        let x = net.reshape(&x, &flat);
        let attributes = [("num_heads", Attr::Int(heads as i64)), ("interleaved", Attr::Int(0))];
        net.b.op("RotaryEmbedding", &[&x, &tables.cos, &tables.sin], &attributes)
    } else {
        let x = rotate_rounded(net, &x, tables);
        net.reshape(&x, &flat)
    };
    net.narrow(&x)
}

/// `[N, T, H, D]` rotated with every operand, product and sum rounded to bfloat16.
fn rotate_rounded(net: &mut Net, x: &str, tables: &Tables) -> String {
    let half = net.arch.head_dim as i64 / 2;
    let x = round(net, x, tables.rotation);
    let sizes = net.b.shape(&[half, half]);
    let halves = net.b.node("", "Split", &[&x, &sizes], 2, &[("axis", Attr::Int(-1))]);
    let swapped = net.b.op("Concat", &[&halves[1], &halves[0]], &[("axis", Attr::Int(-1))]);
    let [left, right] = [(&x, &tables.cos), (&swapped, &tables.sin)].map(|(a, b)| {
        let product = net.b.op("Mul", &[a, b], &[]);
        round(net, &product, tables.rotation)
    });
    let sum = net.b.op("Add", &[&left, &right], &[]);
    round(net, &sum, tables.rotation)
}

/// 32-bit floats rounded to bfloat16.
fn round(net: &mut Net, x: &str, rotation: Rotation) -> String {
    if rotation == Rotation::Rounded {
        let narrow = net.cast(x, Element::Bf16);
        return net.cast(&narrow, Element::F32);
    }
    // Veltkamp's splitting: with c = (2^16 + 1) x, c - (c - x) is x rounded to 24 - 16 bits.
    let factor = net.b.floats(&[65_537.0], &[]);
    let c = net.b.op("Mul", &[x, &factor], &[]);
    let rest = net.b.op("Sub", &[&c, x], &[]);
    net.b.op("Sub", &[&c, &rest], &[])
}

/// Grouped heads: query head i uses key/value head `i / (heads / kv_heads)`.
fn repeat_heads(net: &mut Net, x: String, kv_heads: usize) -> String {
    let (head_dim, heads) = (net.arch.head_dim as i64, net.arch.heads);
    let groups = heads / kv_heads;
    if groups == 1 {
        return x;
    }
    let kv = kv_heads as i64;
    let x = net.reshape(&x, &[0, 0, kv, 1, head_dim]);
    let shape = net.b.shape(&[1, 1, kv, groups as i64, head_dim]);
    let x = net.b.op("Expand", &[&x, &shape], &[]);
    net.reshape(&x, &[0, 0, heads as i64 * head_dim])
}
