//! Rounding of 32-bit floats to bfloat16, as the rotation of official models asks for it, on devices without that type.

use super::super::proto::{ModelProto, NodeProto};
use super::part::{F32, Part};
use super::{rewrite, types};
use crate::onnx::Element;
use std::collections::HashMap;

const BF16: i32 = Element::Bf16 as i32;

/// What stands for a value that is cast to bfloat16 and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// The same value by 32-bit arithmetic (Veltkamp's splitting).
    Arithmetic,
    /// The value as it is: for devices that compute in no more than 16 bits, where that arithmetic would be lost or overflow.
    Left,
}

/// Replaces casts from 32-bit floats to bfloat16 and straight back. Other uses of bfloat16 stay.
pub fn round_by(model: &mut ModelProto, rounding: Rounding) {
    let sources = rounded(model);
    let to = |node: &NodeProto| node.integer("to").filter(|_| node.op_type == "Cast");
    rewrite(model, |part, node| {
        let ([from], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return None };
        match (to(node)?, sources.get(from)) {
            // Whoever reads it takes its source.
            (to, _) if to == i64::from(BF16) && sources.contains_key(output) => {}
            (to, Some(source)) if to == i64::from(F32) => write(part, source, output, rounding),
            _ => return None,
        }
        Some(())
    });
}

/// The bfloat16 values that are only cast back, and what each was cast from.
fn rounded(model: &ModelProto) -> HashMap<String, String> {
    let Some(graph) = &model.graph else { return HashMap::new() };
    let elements = types::elements(graph);
    let is_cast = |node: &NodeProto, to: i32| node.op_type == "Cast" && node.integer("to") == Some(to.into());
    let narrow = graph.node.iter().filter(|node| is_cast(node, BF16)).filter_map(|node| {
        match (&node.input[..], &node.output[..]) {
            ([from], [to]) if elements.get(from) == Some(&F32) => Some((to.clone(), from.clone())),
            _ => None,
        }
    });
    let mut sources: HashMap<String, String> = narrow.collect();
    for node in graph.node.iter().filter(|node| !is_cast(node, F32)) {
        node.input.iter().for_each(|input| drop(sources.remove(input)));
    }
    graph.output.iter().for_each(|output| drop(sources.remove(&output.name)));
    sources
}

fn write(part: &mut Part, source: &str, output: &str, rounding: Rounding) {
    let made = match rounding {
        Rounding::Left => part.op("Identity", "left", &[source], &[]),
        Rounding::Arithmetic => {
            // With c = (2^16 + 1) x, c - (c - x) is x rounded to 24 - 16 bits.
            let factor = part.number("factor", 65_537.0, F32);
            let c = part.op("Mul", "c", &[source, &factor], &[]);
            let rest = part.op("Sub", "rest", &[&c, source], &[]);
            part.op("Sub", "rounded", &[&c, &rest], &[])
        }
    };
    part.name(&made, output);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Attr, Builder, Dim};

    #[test]
    fn only_casts_there_and_straight_back_are_replaced() {
        let mut b = Builder::new();
        let dims = [Dim::Batch, Dim::Fixed(4)];
        let x = b.input("x", Element::F32, &dims);
        let mut cast = |x: &str, to: i32| b.op("Cast", &[x], &[("to", Attr::Int(to.into()))]);
        let (narrow, used) = (cast(&x, BF16), cast(&x, BF16));
        let (there_and_back, wide) = (cast(&narrow, F32), cast(&used, F32));
        let used = b.op("Neg", &[&used], &[]);
        for (value, element) in [(&there_and_back, Element::F32), (&wide, Element::F32), (&used, Element::Bf16)] {
            b.output(value, element, &dims);
        }
        let model = b.finish("casts", &[]);
        for (rounding, operators) in [
            (Rounding::Left, ["Cast", "Identity", "Cast", "Neg"].as_slice()),
            (Rounding::Arithmetic, ["Cast", "Mul", "Sub", "Sub", "Cast", "Neg"].as_slice()),
        ] {
            let mut model = model.clone();
            round_by(&mut model, rounding);
            let nodes = &model.graph.as_ref().unwrap().node;
            assert_eq!(nodes.iter().map(|n| n.op_type.as_str()).collect::<Vec<_>>(), operators);
            assert!(nodes.iter().any(|n| n.output == [there_and_back.as_str()]));
            assert!(nodes.iter().all(|n| n.input != [narrow.as_str()]));
        }
    }
}
