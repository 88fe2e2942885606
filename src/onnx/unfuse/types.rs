//! The element type of every value, by the rules of the operators that this library writes.

use super::super::Element;
use super::super::proto::{GraphProto, ValueInfoProto};
use std::collections::HashMap;

/// Numbers of the format. An operator that is not known here gives what it gets; what cannot be told has no entry.
pub(super) fn elements(graph: &GraphProto) -> HashMap<String, i32> {
    let declared =
        |value: &ValueInfoProto| Some((value.name.clone(), value.r#type.as_ref()?.tensor_type.as_ref()?.elem_type));
    let mut types: HashMap<String, i32> = graph.initializer.iter().map(|t| (t.name.clone(), t.data_type)).collect();
    types.extend(graph.input.iter().chain(&graph.output).chain(&graph.value_info).filter_map(declared));
    let (index, truth) = (Element::I64 as i32, Element::Bool as i32);
    for node in &graph.node {
        let input = |i: usize| node.input.get(i).and_then(|name| types.get(name)).copied();
        let first = match node.op_type.as_str() {
            "Cast" => node.integer("to").and_then(|to| i32::try_from(to).ok()),
            "Shape" | "ArgMax" => Some(index),
            "Greater" | "LessOrEqual" | "Equal" | "And" => Some(truth),
            "Where" | "CastLike" | "DequantizeLinear" => input(1),
            _ => input(0),
        };
        for (i, output) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let made = if node.op_type == "TopK" && i == 1 { Some(index) } else { first };
            if let Some(made) = made {
                types.entry(output.clone()).or_insert(made);
            }
        }
    }
    types
}
