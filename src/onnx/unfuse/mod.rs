//! ONNX Runtime's own fused operators written out in standard ones: for devices that have other fusions or whose fused kernel
//! cannot be trusted.
//!
//! What the fused kernels compute in 32-bit floats stays in them: in half-precision graphs the casts are written out too.

mod activation;
mod attention;
mod norm;
mod part;
mod rotary;
mod round;
mod types;

use super::MICROSOFT;
use super::proto::{ModelProto, NodeProto};
use part::Part;
pub use round::{Rounding, round_by};

/// Leaves only standard operators, of opset 20 at most, in a graph that this library wrote: attention becomes products and a
/// softmax, norms means and roots, QuickGelu a sigmoid, the rotation products and sums.
///
/// Values that the graph names keep their names and types; weights stay where they are. A node that has what this library never
/// writes (masks, caches, positions) is left as it is.
pub fn unfuse(model: &mut ModelProto) {
    rewrite(model, |part, node| match (node.domain.as_str(), node.op_type.as_str()) {
        (MICROSOFT, "MultiHeadAttention") => attention::write_out(part, node),
        (MICROSOFT, "QuickGelu") => activation::quick_gelu(part, node),
        (MICROSOFT, "Gelu") => activation::gelu(part, node),
        (MICROSOFT, "SkipLayerNormalization") => norm::layer_of_sum(part, node),
        (MICROSOFT, "SkipSimplifiedLayerNormalization") => norm::rms_of_sum(part, node),
        ("", "SimplifiedLayerNormalization") => norm::rms(part, node),
        ("", "RotaryEmbedding") => rotary::write_out(part, node),
        _ => None,
    });
    let is_left = model.graph.iter().flat_map(|graph| &graph.node).any(|node| node.domain == MICROSOFT);
    model.opset_import.retain(|set| is_left || set.domain != MICROSOFT);
}

/// Replaces every `MultiHeadAttention` of query, key and value by products and a softmax, and nothing else.
///
/// Each head's `queries x keys` scores then stand in memory, which the fused kernel avoids.
pub fn unfuse_attention(model: &mut ModelProto) {
    rewrite(model, |part, node| match (node.domain.as_str(), node.op_type.as_str()) {
        (MICROSOFT, "MultiHeadAttention") => attention::write_out(part, node),
        _ => None,
    });
}

/// Hands every node to `write_out`, which adds what stands for it and says `Some`, or adds nothing: then the node stays.
fn rewrite(model: &mut ModelProto, write_out: impl Fn(&mut Part, &NodeProto) -> Option<()>) {
    let Some(graph) = &mut model.graph else { return };
    let elements = types::elements(graph);
    for node in std::mem::take(&mut graph.node) {
        if write_out(&mut Part::new(graph, &node.name, &elements), &node).is_none() {
            graph.node.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::proto::GraphProto;
    use super::super::{Attr, Builder, Dim, Element};
    use super::*;
    use std::collections::HashSet;

    const DIMS: [Dim; 3] = [Dim::Batch, Dim::Fixed(5), Dim::Fixed(8)];

    /// Every input of a node is made before it, by one node, or is given.
    fn assert_whole(graph: &GraphProto) {
        let mut known: HashSet<&str> = graph.input.iter().map(|i| i.name.as_str()).collect();
        known.extend(graph.initializer.iter().map(|t| t.name.as_str()));
        for node in &graph.node {
            assert!(node.input.iter().all(|name| name.is_empty() || known.contains(name.as_str())), "{}", node.name);
            for output in node.output.iter().filter(|name| !name.is_empty()) {
                assert!(known.insert(output), "{output} is made twice");
            }
        }
        assert!(graph.output.iter().all(|output| known.contains(output.name.as_str())));
    }

    /// All that this library writes, in this precision.
    fn fused(element: Element) -> ModelProto {
        let mut b = Builder::new();
        let x = b.input("x", element, &DIMS);
        let [weight, bias] = ["weight", "bias"].map(|name| b.weight(name, element, &[8]));
        let [cos, sin] = ["cos", "sin"].map(|name| b.weight(name, element, &[1, 5, 2]));
        let epsilon = ("epsilon", Attr::Float(1e-6));
        let normal = b.op("SimplifiedLayerNormalization", &[&x, &weight], &[("axis", Attr::Int(-1)), epsilon]);
        let turned = b.op("RotaryEmbedding", &[&normal, &cos, &sin], &[("num_heads", Attr::Int(2))]);
        let attributes = [("num_heads", Attr::Int(2)), ("scale", Attr::Float(0.5))];
        let seen = b.ms_op("MultiHeadAttention", &[&turned, &turned, &normal], &attributes);
        let inputs = [seen.as_str(), &x, &weight, &bias];
        let sum = b.node(MICROSOFT, "SkipSimplifiedLayerNormalization", &inputs, 4, &[epsilon]);
        [&sum[1], &sum[2]].into_iter().for_each(|unused| b.drop_output(unused));
        let gated = b.ms_op("QuickGelu", &[&sum[0]], &[("alpha", Attr::Float(1.0))]);
        let inputs = [gated.as_str(), &sum[3], &weight, &bias];
        let sum = b.node(MICROSOFT, "SkipLayerNormalization", &inputs, 4, &[epsilon]);
        [&sum[1], &sum[2]].into_iter().for_each(|unused| b.drop_output(unused));
        let y = b.ms_op("Gelu", &[&sum[0]], &[]);
        let (y, residual) = (b.rename(&y, "y"), b.rename(&sum[3], "residual"));
        b.output(&y, element, &DIMS);
        b.output(&residual, element, &DIMS);
        b.finish("fused", &[])
    }

    #[test]
    fn only_standard_operators_are_left_and_names_stay() {
        for element in [Element::F32, Element::F16, Element::Bf16] {
            let mut model = fused(element);
            let before: Vec<String> = model.graph.iter().flat_map(|g| &g.node).map(|n| n.output[0].clone()).collect();
            unfuse(&mut model);
            assert_eq!(model.opset_import.len(), 1);
            let graph = model.graph.unwrap();
            let own = ["SimplifiedLayerNormalization", "RotaryEmbedding"];
            let is_standard = |n: &NodeProto| n.domain.is_empty() && !own.contains(&n.op_type.as_str());
            assert!(graph.node.iter().all(is_standard));
            assert_whole(&graph);
            let made: HashSet<&String> = graph.node.iter().flat_map(|n| &n.output).collect();
            assert!(before.iter().all(|name| made.contains(name)), "{before:?}");
            let elements = types::elements(&graph);
            assert!(before.iter().all(|name| elements[name] == element as i32), "a type has changed");
            let precise = ["Softmax", "ReduceMean", "Sigmoid", "Gelu", "LayerNormalization"];
            let sums = graph.node.iter().filter(|n| precise.contains(&n.op_type.as_str()));
            assert!(sums.clone().count() >= 6);
            for node in sums {
                assert_eq!(elements[&node.input[0]], Element::F32 as i32, "{}", node.name);
            }
        }
    }

    #[test]
    fn attention_alone_is_replaced_and_its_output_keeps_its_name() {
        let mut model = fused(Element::F32);
        let nodes = |model: &ModelProto, op: &str| -> Vec<String> {
            let all = model.graph.as_ref().unwrap().node.iter().filter(|n| n.op_type == op);
            all.map(|n| n.output[0].clone()).collect()
        };
        let made = nodes(&model, "MultiHeadAttention").remove(0);
        unfuse_attention(&mut model);
        assert!(nodes(&model, "MultiHeadAttention").is_empty());
        assert!(nodes(&model, "Reshape").contains(&made));
        assert_eq!((nodes(&model, "QuickGelu").len(), model.opset_import.len()), (1, 2));
        assert_whole(model.graph.as_ref().unwrap());
    }

    #[test]
    fn what_this_library_never_writes_stays() {
        let mut b = Builder::new();
        let names = ["q", "k", "v", "bias"].map(|name| b.input(name, Element::F32, &DIMS));
        let [q, k, v, bias] = names.each_ref().map(String::as_str);
        let heads = ("num_heads", Attr::Int(2));
        let biased = b.ms_op("MultiHeadAttention", &[q, k, v, bias], &[heads, ("scale", Attr::Float(0.5))]);
        let unscaled = b.ms_op("MultiHeadAttention", &[q, k, v], &[heads]);
        let headless = b.op("RotaryEmbedding", &[q, k, v], &[]);
        let folded = b.op("RotaryEmbedding", &[q, k, v], &[heads, ("interleaved", Attr::Int(1))]);
        let lone = b.ms_op("QuickGelu", &[], &[]);
        let inner = b.op("SimplifiedLayerNormalization", &[q, v], &[("axis", Attr::Int(1))]);
        let sum = b.node(MICROSOFT, "SkipSimplifiedLayerNormalization", &[q, k, v], 4, &[]);
        for name in [&biased, &unscaled, &headless, &folded, &lone, &inner, &sum[0]] {
            b.output(name, Element::F32, &DIMS);
        }
        let model = b.finish("foreign", &[]);
        let mut same = model.clone();
        unfuse(&mut same);
        assert_eq!(same, model);
    }
}
