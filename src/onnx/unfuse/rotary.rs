//! The rotary embedding: halves of a head rotated against each other.

use super::part::Part;
use crate::onnx::Attr;
use crate::onnx::proto::NodeProto;

/// `[a, b]` to `[a cos - b sin, b cos + a sin]` for each head of `[N, T, H*D]`, tables `[N, T, D/2]`.
pub(super) fn write_out(part: &mut Part, node: &NodeProto) -> Option<()> {
    let ([x, cos, sin], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return None };
    let is = |name: &str| node.integer(name).is_some_and(|value| value != 0);
    // Heads on an axis of their own, neighbours instead of halves, a part of each head: never written here.
    if !is("num_heads") || is("interleaved") || is("rotary_embedding_dim") {
        return None;
    }
    let element = part.element(x);
    let split = part.ints("split", &[0, 0, node.integer("num_heads")?, -1]);
    let join = part.ints("join", &[0, 0, -1]);
    let axis = part.ints("axis", &[2]);
    let [cos, sin] = [(cos, "cos"), (sin, "sin")].map(|(table, what)| {
        let table = part.wide(table, &format!("{what}_wide"));
        part.op("Unsqueeze", what, &[&table, &axis], &[])
    });
    let x = part.wide(x, "wide");
    let x = part.op("Reshape", "heads", &[&x, &split], &[]);
    let halves = [("axis", Attr::Int(-1)), ("num_outputs", Attr::Int(2))];
    let halves = part.node("Split", &["left", "right"], &[&x], &halves);
    let [left, right] = halves.as_slice() else { return None };
    let mut product = |half: &str, table: &str, what: &str| part.op("Mul", what, &[half, table], &[]);
    let (left_cos, right_sin) = (product(left, &cos, "left_cos"), product(right, &sin, "right_sin"));
    let (right_cos, left_sin) = (product(right, &cos, "right_cos"), product(left, &sin, "left_sin"));
    let left = part.op("Sub", "turned_left", &[&left_cos, &right_sin], &[]);
    let right = part.op("Add", "turned_right", &[&right_cos, &left_sin], &[]);
    let x = part.op("Concat", "turned", &[&left, &right], &[("axis", Attr::Int(-1))]);
    let x = part.op("Reshape", "joined", &[&x, &join], &[]);
    part.finish(&x, element, output);
    Some(())
}
