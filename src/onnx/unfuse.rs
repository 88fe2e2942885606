//! Attention written out, for devices whose fused kernel cannot be trusted.

use super::builder::attribute;
use super::proto::{GraphProto, ModelProto, NodeProto, TensorProto};
use super::{Attr, Element, MICROSOFT};

/// Replaces every `MultiHeadAttention` of query, key and value by products and a softmax.
///
/// Each head's `queries x keys` scores then stand in memory, which the fused kernel avoids.
pub fn unfuse_attention(model: &mut ModelProto) {
    let Some(graph) = &mut model.graph else { return };
    let nodes = std::mem::take(&mut graph.node);
    for node in nodes {
        // Masks, biases and caches would need more than this.
        if node.op_type == "MultiHeadAttention" && node.domain == MICROSOFT && node.input.len() == 3 {
            write_out(graph, &node);
        } else {
            graph.node.push(node);
        }
    }
}

fn write_out(graph: &mut GraphProto, node: &NodeProto) {
    let find = |name: &str| node.attribute.iter().find(|a| a.name == name);
    let heads = find("num_heads").map_or(1, |a| a.i);
    let mut part = Part { graph, scope: &node.name };
    let split = part.constant("split", Element::I64, &[4], [0, 0, heads, -1].map(i64::to_le_bytes).concat());
    let join = part.constant("join", Element::I64, &[3], [0i64, 0, -1].map(i64::to_le_bytes).concat());
    // [N, T, H*D] to [N, H, T, D], the keys to [N, H, D, T].
    let mut per_head = |input: &str, what: &str, order: &[i64]| {
        let x = part.node("Reshape", &format!("{what}_split"), &[input, &split], &[]);
        part.node("Transpose", what, &[&x], &[("perm", Attr::Ints(order))])
    };
    let q = per_head(&node.input[0], "query", &[0, 2, 1, 3]);
    let k = per_head(&node.input[1], "key", &[0, 2, 3, 1]);
    let v = per_head(&node.input[2], "value", &[0, 2, 1, 3]);
    let q = match find("scale").map(|a| a.f).filter(|scale| *scale > 0.0) {
        Some(scale) => {
            let scale = part.constant("scale", Element::F32, &[], scale.to_le_bytes().to_vec());
            let scale = part.node("CastLike", "scale_like", &[&scale, &q], &[]);
            part.node("Mul", "scaled", &[&q, &scale], &[])
        }
        None => q,
    };
    let scores = part.node("MatMul", "scores", &[&q, &k], &[]);
    let weights = part.node("Softmax", "softmax", &[&scores], &[("axis", Attr::Int(-1))]);
    let x = part.node("MatMul", "mixed", &[&weights, &v], &[]);
    let x = part.node("Transpose", "by_token", &[&x], &[("perm", Attr::Ints(&[0, 2, 1, 3]))]);
    let last = part.node("Reshape", "joined", &[&x, &join], &[]);
    if let Some(made) = graph.node.iter_mut().rfind(|n| n.output[0] == last) {
        made.output.clone_from(&node.output);
        made.output.truncate(1);
    }
}

/// Adds to a graph under the name of the node that is replaced.
struct Part<'a> {
    graph: &'a mut GraphProto,
    scope: &'a str,
}

impl Part<'_> {
    fn node(&mut self, op_type: &str, what: &str, inputs: &[&str], attributes: &[(&str, Attr)]) -> String {
        let name = format!("{}/{what}", self.scope);
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op_type.to_owned(),
            attribute: attributes.iter().map(|&(name, value)| attribute(name, value)).collect(),
            domain: String::new(),
        });
        name
    }

    fn constant(&mut self, what: &str, element: Element, dims: &[i64], raw_data: Vec<u8>) -> String {
        let name = format!("{}/{what}", self.scope);
        self.graph.initializer.push(TensorProto {
            dims: dims.to_vec(),
            data_type: element as i32,
            name: name.clone(),
            raw_data,
            ..Default::default()
        });
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Builder, Dim};

    #[test]
    fn attention_is_replaced_and_its_output_keeps_its_name() {
        let mut b = Builder::new();
        let dims = [Dim::Batch, Dim::Fixed(5), Dim::Fixed(8)];
        let names = ["q", "k", "v"].map(|name| b.input(name, Element::F32, &dims));
        let [q, k, v] = names.each_ref().map(String::as_str);
        let attributes = [("num_heads", Attr::Int(2)), ("scale", Attr::Float(0.5))];
        let y = b.ms_op("MultiHeadAttention", &[q, k, v], &attributes);
        let y = b.op("Identity", &[&y], &[]);
        b.output(&y, Element::F32, &dims);
        let mut model = b.finish("attention", &[]);
        let made = model.graph.as_ref().unwrap().node[0].output[0].clone();
        unfuse_attention(&mut model);
        let graph = model.graph.unwrap();
        assert!(graph.node.iter().all(|n| n.domain.is_empty()));
        let makers: Vec<_> = graph.node.iter().filter(|n| n.output == [made.as_str()]).collect();
        assert_eq!(makers.len(), 1);
        assert_eq!(makers[0].op_type, "Reshape");
        let outputs: std::collections::HashSet<_> = graph.node.iter().flat_map(|n| &n.output).collect();
        assert_eq!(outputs.len(), graph.node.len(), "every value is made once");
        let known = |name: &String| {
            outputs.contains(name)
                || graph.input.iter().any(|i| i.name == *name)
                || graph.initializer.iter().any(|t| t.name == *name)
        };
        assert!(graph.node.iter().flat_map(|n| &n.input).all(known));
    }
}
