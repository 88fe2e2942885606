//! Building a graph node by node. Values are named by strings, as in the format.

use super::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto, dimension,
};
use super::{IR_VERSION, MICROSOFT, OPSET};

/// Element type of a tensor, with its number in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// 32-bit float.
    F32 = 1,
    /// Unsigned byte.
    U8 = 2,
    /// 32-bit integer.
    I32 = 6,
    /// 64-bit integer.
    I64 = 7,
    /// Truth value.
    Bool = 9,
    /// 16-bit float.
    F16 = 10,
    /// bfloat16.
    Bf16 = 16,
}

impl Element {
    /// Bytes per element.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::I64 => 8,
        }
    }
}

/// One dimension of an input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Known when the graph is built.
    Fixed(usize),
    /// The batch, free at every run.
    Batch,
    /// Another extent that is free at every run.
    Free(&'static str),
}

/// An attribute value.
#[derive(Debug, Clone, Copy)]
pub enum Attr<'a> {
    /// Integer.
    Int(i64),
    /// Float.
    Float(f32),
    /// List of integers.
    Ints(&'a [i64]),
    /// Text.
    Text(&'a str),
}

/// A graph under construction.
#[derive(Debug, Default)]
pub struct Builder {
    graph: GraphProto,
    /// Named in front of every generated node and value, to read a graph in a viewer.
    scope: String,
    serial: usize,
}

impl Builder {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name in front of every value made from now on.
    pub fn scope(&mut self, scope: impl Into<String>) {
        self.scope = scope.into();
    }

    /// Declares a graph input.
    pub fn input(&mut self, name: &str, element: Element, dims: &[Dim]) -> String {
        self.graph.input.push(value_info(name, element, dims));
        name.to_owned()
    }

    /// Declares that the existing value `name` is a graph output.
    pub fn output(&mut self, name: &str, element: Element, dims: &[Dim]) {
        self.graph.output.push(value_info(name, element, dims));
    }

    /// Declares the type of an inner value, so that the graph can be cut there.
    pub fn value(&mut self, name: &str, element: Element, dims: &[Dim]) {
        self.graph.value_info.push(value_info(name, element, dims));
    }

    /// Adds a node of the standard operators with one output and returns the output's name.
    pub fn op(&mut self, op_type: &str, inputs: &[&str], attributes: &[(&str, Attr)]) -> String {
        self.node("", op_type, inputs, 1, attributes).swap_remove(0)
    }

    /// Adds a node of ONNX Runtime's own operators with one output.
    pub fn ms_op(&mut self, op_type: &str, inputs: &[&str], attributes: &[(&str, Attr)]) -> String {
        self.node(MICROSOFT, op_type, inputs, 1, attributes).swap_remove(0)
    }

    /// Adds a node with `outputs` generated output names.
    pub fn node(
        &mut self,
        domain: &str,
        op_type: &str,
        inputs: &[&str],
        outputs: usize,
        attributes: &[(&str, Attr)],
    ) -> Vec<String> {
        let name = self.fresh(op_type);
        let output: Vec<String> =
            (0..outputs).map(|i| if i == 0 { name.clone() } else { format!("{name}:{i}") }).collect();
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: output.clone(),
            name,
            op_type: op_type.to_owned(),
            attribute: attributes.iter().map(|&(name, value)| attribute(name, value)).collect(),
            domain: domain.to_owned(),
        });
        output
    }

    /// Gives the value `from` the public name `to`.
    pub fn rename(&mut self, from: &str, to: &str) -> String {
        for node in &mut self.graph.node {
            for value in node.input.iter_mut().chain(&mut node.output) {
                if value == from {
                    to.clone_into(value);
                }
            }
        }
        to.to_owned()
    }

    /// Leaves output `index` of the node that makes `value` out (an empty name, as the format has it).
    pub fn drop_output(&mut self, value: &str) {
        for output in self.graph.node.iter_mut().flat_map(|node| &mut node.output) {
            if output == value {
                output.clear();
            }
        }
    }

    /// A small constant of integers; `dims` empty for a scalar.
    pub fn ints(&mut self, values: &[i64], dims: &[usize]) -> String {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(Element::I64, dims, raw)
    }

    /// A small constant of 32-bit integers: indices on devices that have no larger ones.
    pub fn ints32(&mut self, values: &[i32], dims: &[usize]) -> String {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(Element::I32, dims, raw)
    }

    /// A small constant of bytes.
    pub fn bytes(&mut self, values: &[u8], dims: &[usize]) -> String {
        self.constant(Element::U8, dims, values.to_vec())
    }

    /// A one-dimensional constant of integers: a shape, axes, ...
    pub fn shape(&mut self, values: &[i64]) -> String {
        self.ints(values, &[values.len()])
    }

    /// A small constant of floats; `dims` empty for a scalar.
    pub fn floats(&mut self, values: &[f32], dims: &[usize]) -> String {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(Element::F32, dims, raw)
    }

    fn constant(&mut self, element: Element, dims: &[usize], raw_data: Vec<u8>) -> String {
        // Equal constants are shared: a transformer asks for the same shapes in every layer.
        let dims: Vec<i64> = dims.iter().map(|&d| d as i64).collect();
        let same = |t: &&TensorProto| {
            t.data_location == 0 && t.data_type == element as i32 && t.dims == dims && t.raw_data == raw_data
        };
        if let Some(known) = self.graph.initializer.iter().rev().find(same) {
            return known.name.clone();
        }
        let name = self.fresh("const");
        self.graph.initializer.push(TensorProto {
            dims,
            data_type: element as i32,
            name: name.clone(),
            raw_data,
            ..Default::default()
        });
        name
    }

    /// Declares a weight whose bytes are supplied when the graph is written or loaded.
    pub fn weight(&mut self, name: &str, element: Element, dims: &[usize]) -> String {
        let bytes = dims.iter().product::<usize>() * element.bytes();
        let mut tensor = TensorProto {
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: element as i32,
            name: name.to_owned(),
            ..Default::default()
        };
        tensor.set_external("weights", 0, bytes as u64);
        self.graph.initializer.push(tensor);
        name.to_owned()
    }

    fn fresh(&mut self, what: &str) -> String {
        self.serial += 1;
        format!("{}/{}_{}", self.scope, what, self.serial)
    }

    /// The finished model.
    pub fn finish(mut self, name: &str, metadata: &[(&str, String)]) -> ModelProto {
        self.graph.name = name.to_owned();
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "libsapiens".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            doc_string: String::new(),
            graph: Some(self.graph),
            opset_import: vec![
                OperatorSetIdProto { domain: String::new(), version: OPSET },
                OperatorSetIdProto { domain: MICROSOFT.into(), version: 1 },
            ],
            metadata_props: metadata.iter().map(|(k, v)| StringStringEntryProto::new(k, v.clone())).collect(),
        }
    }
}

pub(super) fn value_info(name: &str, element: Element, dims: &[Dim]) -> ValueInfoProto {
    let dim = dims
        .iter()
        .map(|dim| DimensionProto {
            value: Some(match *dim {
                Dim::Fixed(n) => dimension::Value::DimValue(n as i64),
                Dim::Batch => dimension::Value::DimParam("batch".into()),
                Dim::Free(name) => dimension::Value::DimParam(name.into()),
            }),
        })
        .collect();
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto { elem_type: element as i32, shape: Some(TensorShapeProto { dim }) }),
        }),
    }
}

pub(super) fn attribute(name: &str, value: Attr) -> AttributeProto {
    let mut a = AttributeProto { name: name.to_owned(), ..Default::default() };
    match value {
        Attr::Float(f) => (a.f, a.r#type) = (f, 1),
        Attr::Int(i) => (a.i, a.r#type) = (i, 2),
        Attr::Text(s) => (a.s, a.r#type) = (s.as_bytes().to_vec(), 3),
        Attr::Ints(ints) => (a.ints, a.r#type) = (ints.to_vec(), 7),
    }
    a
}
