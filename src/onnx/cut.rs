//! Cutting the part of a graph between named values out of it.

use super::proto::{GraphProto, ModelProto, ValueInfoProto};
use crate::error::{Error, ErrorKind, Result};
use std::collections::{HashMap, HashSet};

/// The smallest model that computes `outputs`, taking the values named in `inputs` as given.
///
/// Inputs may be inner values of the graph (a shared backbone's `featmap`), and so may outputs; each must be declared
/// in the graph's inputs, outputs or value infos, because the new model needs its type. Metadata is kept.
pub fn cut(model: &ModelProto, inputs: &[&str], outputs: &[&str]) -> Result<ModelProto> {
    let corrupt = |message: String| Error::new(ErrorKind::CorruptModel, message);
    let graph = model.graph.as_ref().ok_or_else(|| corrupt("the model holds no graph".into()))?;
    let declared: HashMap<&str, &ValueInfoProto> = graph
        .input
        .iter()
        .chain(&graph.output)
        .chain(&graph.value_info)
        .map(|info| (info.name.as_str(), info))
        .collect();
    let made_by: HashMap<&str, usize> = graph
        .node
        .iter()
        .enumerate()
        .flat_map(|(i, node)| node.output.iter().filter(|o| !o.is_empty()).map(move |o| (o.as_str(), i)))
        .collect();
    let info = |name: &&str| -> Result<ValueInfoProto> {
        declared.get(name).map(|&i| i.clone()).ok_or_else(|| corrupt(format!("the graph declares no value `{name}`")))
    };

    let given: HashSet<&str> = inputs.iter().copied().collect();
    let mut wanted_nodes = HashSet::new();
    let mut wanted_values: HashSet<&str> = HashSet::new();
    let mut stack: Vec<&str> = outputs.to_vec();
    while let Some(value) = stack.pop() {
        if value.is_empty() || given.contains(value) || !wanted_values.insert(value) {
            continue;
        }
        if let Some(&node) = made_by.get(value)
            && wanted_nodes.insert(node)
        {
            stack.extend(graph.node[node].input.iter().map(String::as_str));
        }
    }
    let used_inputs = inputs.iter().filter(|&&name| {
        wanted_nodes.iter().any(|&n| graph.node[n].input.iter().any(|i| i == name)) || outputs.contains(&name)
    });
    let part = GraphProto {
        node: graph.node.iter().enumerate().filter(|(i, _)| wanted_nodes.contains(i)).map(|(_, n)| n.clone()).collect(),
        name: graph.name.clone(),
        initializer: graph.initializer.iter().filter(|t| wanted_values.contains(t.name.as_str())).cloned().collect(),
        input: used_inputs.map(info).collect::<Result<_>>()?,
        output: outputs.iter().map(info).collect::<Result<_>>()?,
        value_info: Vec::new(),
    };
    let known: HashSet<&str> = part
        .initializer
        .iter()
        .map(|t| t.name.as_str())
        .chain(part.input.iter().map(|i| i.name.as_str()))
        .chain(part.node.iter().flat_map(|n| n.output.iter().map(String::as_str)))
        .collect();
    if let Some(lost) = wanted_values.iter().find(|v| !known.contains(*v)) {
        return Err(corrupt(format!("the graph needs `{lost}`, which nothing in it makes and no input supplies")));
    }
    let header = ModelProto { graph: None, ..model.clone_header() };
    Ok(ModelProto { graph: Some(part), ..header })
}

impl ModelProto {
    /// Everything but the graph.
    fn clone_header(&self) -> Self {
        Self {
            ir_version: self.ir_version,
            producer_name: self.producer_name.clone(),
            producer_version: self.producer_version.clone(),
            doc_string: self.doc_string.clone(),
            graph: None,
            opset_import: self.opset_import.clone(),
            metadata_props: self.metadata_props.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Builder, Dim, Element};

    fn two_heads() -> ModelProto {
        let mut b = Builder::new();
        let dims = [Dim::Batch, Dim::Fixed(4)];
        let x = b.input("x", Element::F32, &dims);
        let w = b.weight("w", Element::F32, &[4]);
        let shared = b.op("Add", &[&x, &w], &[]);
        let shared = b.rename(&shared, "shared");
        let left = b.op("Relu", &[&shared], &[]);
        let left = b.rename(&left, "left");
        let two = b.floats(&[2.0], &[]);
        let right = b.op("Mul", &[&shared, &two], &[]);
        let right = b.rename(&right, "right");
        for name in [&shared, &left, &right] {
            b.output(name, Element::F32, &dims);
        }
        b.finish("two heads", &[("k", "v".into())])
    }

    #[test]
    fn a_head_is_cut_from_the_shared_value() {
        let model = two_heads();
        let head = cut(&model, &["shared"], &["right"]).unwrap();
        let graph = head.graph.unwrap();
        assert_eq!(graph.node.len(), 1);
        assert_eq!((graph.input[0].name.as_str(), graph.output[0].name.as_str()), ("shared", "right"));
        assert!(graph.initializer.iter().all(|t| t.name != "w"));
        assert_eq!(head.metadata_props[0].key, "k");
    }

    #[test]
    fn a_cut_without_its_input_is_refused() {
        let model = two_heads();
        let error = cut(&model, &[], &["left"]).unwrap_err();
        assert!(error.to_string().contains("`x`"), "{error}");
        assert!(cut(&model, &["x"], &["nothing"]).unwrap_err().to_string().contains("`nothing`"));
    }
}
