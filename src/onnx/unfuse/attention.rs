//! Attention as two products with a softmax between them.

use super::part::{F32, Part};
use crate::onnx::Attr;
use crate::onnx::proto::NodeProto;

pub(super) fn write_out(part: &mut Part, node: &NodeProto) -> Option<()> {
    // Masks, biases and caches would need more than this; so would a scale that follows from the size of a head.
    let ([query, key, value], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return None };
    let scale = node.float("scale").filter(|scale| *scale > 0.0)?;
    let heads = node.integer("num_heads")?;
    if node.integer("unidirectional").is_some_and(|value| value != 0) {
        return None;
    }
    let element = part.element(query);

    let split = part.ints("split", &[0, 0, heads, -1]);
    let join = part.ints("join", &[0, 0, -1]);
    // [N, T, H*D] to [N, H, T, D], the keys to [N, H, D, T].
    let mut per_head = |input: &str, what: &str, order: &[i64]| {
        let x = part.op("Reshape", &format!("{what}_split"), &[input, &split], &[]);
        part.op("Transpose", what, &[&x], &[("perm", Attr::Ints(order))])
    };
    let mut q = per_head(query, "query", &[0, 2, 1, 3]);
    let k = per_head(key, "key", &[0, 2, 3, 1]);
    let v = per_head(value, "value", &[0, 2, 1, 3]);
    // The queries are fewer than the scores. But where they are rounded only a power of two leaves them as they are.
    let on_queries = element == F32 || scale.to_bits() & 0x7f_ffff == 0;
    if on_queries {
        let scale = part.number("scale", scale, element);
        q = part.op("Mul", "scaled", &[&q, &scale], &[]);
    }
    let scores = part.op("MatMul", "scores", &[&q, &k], &[]);
    let mut scores = part.cast(&scores, "scores_wide", element, F32);
    if !on_queries {
        let scale = part.number("scale", scale, F32);
        scores = part.op("Mul", "scaled", &[&scores, &scale], &[]);
    }
    let weights = part.op("Softmax", "softmax", &[&scores], &[("axis", Attr::Int(-1))]);
    let weights = part.cast(&weights, "softmax_narrow", F32, element);
    let x = part.op("MatMul", "mixed", &[&weights, &v], &[]);
    let x = part.op("Transpose", "by_token", &[&x], &[("perm", Attr::Ints(&[0, 2, 1, 3]))]);
    let x = part.op("Reshape", "joined", &[&x, &join], &[]);
    part.name(&x, output);
    Some(())
}
