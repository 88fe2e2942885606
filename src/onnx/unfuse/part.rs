//! What stands for one node: nodes and constants under its name.

use super::super::builder::attribute;
use super::super::proto::{GraphProto, NodeProto, TensorProto};
use super::super::{Attr, Element};
use std::collections::HashMap;

/// Number of the type in which the fused kernels compute.
pub(super) const F32: i32 = Element::F32 as i32;

/// Adds to a graph under the name of the node that is replaced.
pub(super) struct Part<'a> {
    graph: &'a mut GraphProto,
    scope: &'a str,
    elements: &'a HashMap<String, i32>,
}

impl<'a> Part<'a> {
    pub fn new(graph: &'a mut GraphProto, scope: &'a str, elements: &'a HashMap<String, i32>) -> Self {
        Self { graph, scope, elements }
    }

    /// Element type of a value of the graph as it was; that of 32-bit floats where it is not known.
    pub fn element(&self, value: &str) -> i32 {
        self.elements.get(value).copied().unwrap_or(F32)
    }

    /// A node with one output, which is called by what it is.
    pub fn op(&mut self, op_type: &str, what: &str, inputs: &[&str], attributes: &[(&str, Attr)]) -> String {
        self.node(op_type, &[what], inputs, attributes).swap_remove(0)
    }

    /// A node with so many outputs.
    pub fn node(&mut self, op_type: &str, what: &[&str], inputs: &[&str], attributes: &[(&str, Attr)]) -> Vec<String> {
        let output: Vec<String> = what.iter().map(|what| format!("{}/{what}", self.scope)).collect();
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            name: output.first().cloned().unwrap_or_default(),
            output: output.clone(),
            op_type: op_type.to_owned(),
            attribute: attributes.iter().map(|&(name, value)| attribute(name, value)).collect(),
            domain: String::new(),
        });
        output
    }

    pub fn ints(&mut self, what: &str, values: &[i64]) -> String {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(what, Element::I64 as i32, vec![values.len() as i64], raw)
    }

    /// A number as a scalar of this element type.
    pub fn number(&mut self, what: &str, value: f32, element: i32) -> String {
        let raw = match element {
            e if e == Element::F16 as i32 => half::f16::from_f32(value).to_le_bytes().to_vec(),
            e if e == Element::Bf16 as i32 => half::bf16::from_f32(value).to_le_bytes().to_vec(),
            _ => value.to_le_bytes().to_vec(),
        };
        self.constant(what, element, Vec::new(), raw)
    }

    fn constant(&mut self, what: &str, data_type: i32, dims: Vec<i64>, raw_data: Vec<u8>) -> String {
        let name = format!("{}/{what}", self.scope);
        self.graph.initializer.push(TensorProto {
            dims,
            data_type,
            name: name.clone(),
            raw_data,
            ..Default::default()
        });
        name
    }

    /// A value of the graph as it was, in 32-bit floats.
    pub fn wide(&mut self, value: &str, what: &str) -> String {
        let from = self.element(value);
        self.cast(value, what, from, F32)
    }

    pub fn cast(&mut self, value: &str, what: &str, from: i32, to: i32) -> String {
        if from == to {
            return value.to_owned();
        }
        self.op("Cast", what, &[value], &[("to", Attr::Int(to.into()))])
    }

    /// Makes the last value, of 32-bit floats, an output of the node: in that element type and under that name.
    pub fn finish(&mut self, value: &str, element: i32, output: &str) {
        if element == F32 {
            return self.name(value, output);
        }
        let what = format!("{}_narrow", value.rsplit('/').next().unwrap_or(value));
        let value = self.cast(value, &what, F32, element);
        self.name(&value, output);
    }

    /// Gives a value that nothing has read yet the name of an output.
    pub fn name(&mut self, value: &str, output: &str) {
        let outputs = self.graph.node.iter_mut().rev().flat_map(|node| &mut node.output);
        if let Some(made) = outputs.into_iter().find(|made| *made == value) {
            output.clone_into(made);
        }
    }
}
