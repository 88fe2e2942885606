//! Which part of a half-precision graph is in half precision: its types are followed from node to node. And, for bfloat16, which
//! no operator of the processor computes in, what it costs: every value is rounded where the graph would have it rounded.

mod common;

use common::{Golden, library, quiet, raw_options, run_floats, worst};
use prost::Message;
use sapiens::convert::{InMemory, in_memory, plan};
use sapiens::onnx::proto::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};
use sapiens::onnx::{Element, unfuse};
use sapiens::runtime::{ModelBytes, Session, SessionOptions};
use sapiens::spec::{Precision, Rope, Rotation};
use std::collections::HashMap;
use testkit::GOLDEN;

const F32: i32 = Element::F32 as i32;
const F16: i32 = Element::F16 as i32;
const BF16: i32 = Element::Bf16 as i32;
const I64: i32 = Element::I64 as i32;
const BOOL: i32 = Element::Bool as i32;

/// Operators of our graphs for which CUDA has bfloat16 kernels (OperatorKernels.md of ONNX Runtime 1.24).
const ON_CUDA: [&str; 11] = [
    "MatMul",
    "Conv",
    "MultiHeadAttention",
    "QuickGelu",
    "Gelu",
    "Add",
    "Mul",
    "Reshape",
    "Transpose",
    "Concat",
    "Expand",
];
/// What stays in 32-bit floats.
const PRECISE: [&str; 9] = [
    "InstanceNormalization",
    "SimplifiedLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "LayerNormalization",
    "SkipLayerNormalization",
    "RotaryEmbedding",
    "ReduceMean",
    "Sigmoid",
    "Softmax",
];

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|a| a.name == name)
}

/// The element type of every value, by the rules of the operators; operators of one type must have one.
fn types(graph: &GraphProto) -> HashMap<String, i32> {
    let mut types: HashMap<String, i32> = graph.initializer.iter().map(|t| (t.name.clone(), t.data_type)).collect();
    let declared =
        |v: &sapiens::onnx::proto::ValueInfoProto| v.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap().elem_type;
    types.extend(graph.input.iter().map(|v| (v.name.clone(), declared(v))));
    for node in &graph.node {
        let input = |i: usize| types[&node.input[i]];
        let made = match node.op_type.as_str() {
            "Cast" => vec![attribute(node, "to").unwrap().i as i32],
            "Shape" | "ArgMax" => vec![I64],
            "TopK" => vec![input(0), I64],
            "Greater" | "LessOrEqual" | "Equal" | "And" => vec![BOOL],
            "Where" => vec![input(1)],
            _ => vec![input(0); node.output.len()],
        };
        let halves = node.input.iter().filter(|name| !name.is_empty()).map(|name| types[name]);
        let halves: Vec<i32> = halves.filter(|t| [F32, F16, BF16].contains(t)).collect();
        assert!(halves.windows(2).all(|w| w[0] == w[1]), "{} mixes {halves:?}", node.name);
        types.extend(node.output.iter().cloned().zip(made));
    }
    for value in graph.output.iter().chain(&graph.value_info) {
        assert_eq!(types[&value.name], declared(value), "{}", value.name);
    }
    types
}

#[test]
fn norms_rotation_statistics_and_last_layers_stay_in_32_bits() {
    for name in &GOLDEN[..8] {
        let golden = Golden::open(name);
        for (precision, half) in [(Precision::Fp16, F16), (Precision::Bf16, BF16)] {
            for (rope, raw) in [(Rope::Fp32, false), (Rope::Bf16, true)] {
                let mut options = raw_options(golden.size, rope, Rotation::Rounded, precision);
                options.raw = raw;
                let model = plan(&golden.source, &options).unwrap().model;
                let graph = model.graph.as_ref().unwrap();
                let types = types(graph);
                let mut products = [0, 0];
                for node in &graph.node {
                    let data: Vec<i32> = node.input.iter().filter(|n| !n.is_empty()).map(|n| types[n]).collect();
                    let is_half = data.contains(&half);
                    let what = format!("{name} {precision} {}", node.name);
                    assert!(!(is_half && PRECISE.contains(&node.op_type.as_str())), "{what} is in half precision");
                    if is_half && node.op_type != "Cast" && half == BF16 {
                        assert!(ON_CUDA.contains(&node.op_type.as_str()), "{what}: CUDA has no kernel");
                    }
                    if ["MatMul", "Conv"].contains(&node.op_type.as_str()) {
                        products[usize::from(is_half)] += 1;
                        let weight = &node.input[1];
                        let precise =
                            ["patch_embed", "predict", "conv_pose", "conv_seg", "conv_normal", "conv_pointmap"];
                        let precise = precise.iter().any(|part| weight.contains(part))
                            || ["conv_albedo", "conv_matting"].iter().any(|part| weight.contains(part))
                            || types[weight] == F32;
                        assert_eq!(is_half, !precise, "{what} with {weight}");
                    }
                }
                // Patch embedding, the last layer, the blur of the decode and the scale's linear layers; not more.
                let scale = if *name == "pointmap" { 3 } else { 0 };
                assert!(products[0] <= 4 + scale, "{name} {precision}: {} products in 32 bits", products[0]);
                assert!(products[1] > 100, "{name} {precision}: {} products in half precision", products[1]);
            }
        }
    }
}

/// Written out, they do what the fused kernels do inside: sum in 32 bits.
#[test]
fn written_out_norms_softmax_and_sigmoids_stay_in_32_bits() {
    for name in &GOLDEN[..8] {
        let golden = Golden::open(name);
        for (precision, half) in [(Precision::Fp16, F16), (Precision::Bf16, BF16)] {
            let options = raw_options(golden.size, Rope::Fp32, Rotation::Fused, precision);
            let mut model = plan(&golden.source, &options).unwrap().model;
            let products = |model: &ModelProto| {
                let graph = model.graph.as_ref().unwrap();
                let types = types(graph);
                let is_half = |node: &&NodeProto| types[&node.output[0]] == half;
                graph.node.iter().filter(|n| ["MatMul", "Conv"].contains(&n.op_type.as_str())).filter(is_half).count()
            };
            let fused = model.graph.iter().flat_map(|g| &g.node).filter(|n| n.op_type == "MultiHeadAttention").count();
            let before = products(&model);
            unfuse(&mut model);
            assert_eq!(
                products(&model),
                before + 2 * fused,
                "{name} {precision}: the products of attention are narrow"
            );
            let graph = model.graph.as_ref().unwrap();
            let types = types(graph);
            let allowed =
                ["MatMul", "Conv", "Cast", "Add", "Mul", "Reshape", "Transpose", "Concat", "Expand", "DepthToSpace"];
            for node in &graph.node {
                let is_half = node.input.iter().any(|n| types.get(n) == Some(&half));
                assert!(!is_half || allowed.contains(&node.op_type.as_str()), "{name} {precision} {}", node.name);
            }
            let softmax = graph.node.iter().filter(|n| n.op_type == "Softmax");
            assert_eq!(softmax.filter(|n| types[&n.input[0]] == F32).count(), fused);
        }
    }
}

/// The scale that every point is divided by ends in 32-bit layers.
#[test]
fn the_last_layers_of_the_scale_are_precise() {
    let golden = Golden::open("pointmap");
    for precision in [Precision::Fp16, Precision::Bf16] {
        let model =
            plan(&golden.source, &raw_options(golden.size, Rope::Fp32, Rotation::Fused, precision)).unwrap().model;
        let graph = model.graph.unwrap();
        let types = types(&graph);
        let maker = |value: &str| graph.node.iter().find(|n| n.output.iter().any(|o| o == value)).unwrap();
        let mut node = maker("scale");
        let mut products = 0;
        while node.op_type != "Cast" {
            assert_eq!(types[&node.output[0]], F32, "{}", node.name);
            products += usize::from(node.op_type == "MatMul");
            node = maker(&node.input[0]);
        }
        assert_eq!(products, 3);
    }
}

/// Every bfloat16 value as a 32-bit float that was rounded to bfloat16 where the graph rounds it.
fn lowered(graph: &mut GraphProto, weights: &[u8]) {
    let types = types(graph);
    for tensor in graph.initializer.iter_mut().filter(|t| t.data_location == 1 || t.data_type == BF16) {
        let number =
            |key: &str| -> usize { tensor.external_data.iter().find(|e| e.key == key).unwrap().value.parse().unwrap() };
        let bytes = match tensor.data_location {
            1 => &weights[number("offset")..][..number("length")],
            _ => &tensor.raw_data,
        };
        tensor.raw_data = match tensor.data_type {
            BF16 => bytes.chunks_exact(2).flat_map(|pair| [0, 0, pair[0], pair[1]]).collect(),
            _ => bytes.to_vec(),
        };
        (tensor.data_location, tensor.external_data) = (0, Vec::new());
        tensor.data_type = if tensor.data_type == BF16 { F32 } else { tensor.data_type };
    }
    for node in std::mem::take(&mut graph.node) {
        let mut node = node;
        let output = node.output[0].clone();
        let is_narrow = types.get(&output) == Some(&BF16);
        if is_narrow && node.op_type != "Cast" {
            let exact = format!("{output}/exact");
            node.output[0] = exact.clone();
            graph.node.push(node);
            graph.node.push(cast(&exact, &format!("{output}/rounded"), BF16));
            graph.node.push(cast(&format!("{output}/rounded"), &output, F32));
        } else if is_narrow {
            let rounded = format!("{output}/rounded");
            node.output[0] = rounded.clone();
            graph.node.push(node);
            graph.node.push(cast(&rounded, &output, F32));
        } else {
            graph.node.push(node);
        }
    }
}

fn cast(from: &str, to: &str, element: i32) -> NodeProto {
    let attribute = AttributeProto { name: "to".into(), i: element.into(), r#type: 2, ..Default::default() };
    NodeProto {
        input: vec![from.into()],
        output: vec![to.into()],
        name: format!("{to}/cast"),
        op_type: "Cast".into(),
        attribute: vec![attribute],
        domain: String::new(),
    }
}

/// Measured: the largest error of any raw output, as a share of its range; some eight times that of fp16, as the bits say.
#[test]
fn bfloat16_costs_what_its_bits_say() {
    for (name, limit) in [("pose", 0.1), ("seg", 0.1), ("normal", 0.1), ("pointmap", 0.1), ("albedo", 0.1)] {
        let golden = Golden::open(name);
        let run = |precision: Precision, is_standard: bool| {
            let plan = plan(&golden.source, &raw_options(golden.size, Rope::Fp32, Rotation::Fused, precision)).unwrap();
            let names = plan.info.tasks[0].raw_outputs();
            let InMemory { mut model, weights } = in_memory(plan, &golden.source, &mut quiet).unwrap();
            if is_standard {
                unfuse(&mut model);
            }
            lowered(model.graph.as_mut().unwrap(), &weights);
            let graph = model.encode_to_vec();
            let options = SessionOptions { threads: 1, ..Default::default() };
            let bytes = ModelBytes { graph: &graph, folder: None, weights: None };
            let session = Session::open(library(), bytes, &options).unwrap();
            run_floats(&session, &golden.input, golden.size, names)
        };
        let (rounded, exact) = (run(Precision::Bf16, false), run(Precision::Fp32, false));
        let error = |(a, b): (&sapiens::runtime::Tensor, &sapiens::runtime::Tensor)| {
            let range = b.floats().unwrap().iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            worst(a.floats().unwrap(), b.floats().unwrap()) / range
        };
        let standard = run(Precision::Bf16, true);
        let [fused, standard] = [rounded, standard].map(|r| r.iter().zip(&exact).map(error).fold(0.0, f32::max));
        println!("{name}: {fused:.1e} of the range, in standard operators {standard:.1e}");
        assert!(fused > 1e-4 && fused < limit, "{name}: {fused}");
        // Scores and weights of attention are rounded between its products.
        assert!(standard > 1e-4 && standard < limit, "{name}: {standard}");
    }
}

/// A weight as a tensor of the graph has its bytes; the helper above relies on it.
#[test]
fn weights_are_rounded_to_the_nearest_bfloat16() {
    let golden = Golden::open("pose");
    let bytes = |precision: Precision| {
        let plan = plan(&golden.source, &raw_options(golden.size, Rope::Fp32, Rotation::Fused, precision)).unwrap();
        let InMemory { model, weights } = in_memory(plan, &golden.source, &mut quiet).unwrap();
        let graph = model.graph.unwrap();
        let find = |t: &&TensorProto| t.name.ends_with("blocks.0.attn.wq.weight");
        let tensor = graph.initializer.iter().find(find).unwrap();
        let number =
            |key: &str| -> usize { tensor.external_data.iter().find(|e| e.key == key).unwrap().value.parse().unwrap() };
        weights[number("offset")..][..number("length")].to_vec()
    };
    let (narrow, wide) = (bytes(Precision::Bf16), bytes(Precision::Fp32));
    assert_eq!(wide.len(), 2 * narrow.len());
    for (narrow, wide) in narrow.chunks_exact(2).zip(wide.chunks_exact(4)) {
        let exact = f32::from_le_bytes(wide.try_into().unwrap());
        let rounded = half::bf16::from_le_bytes(narrow.try_into().unwrap()).to_f32();
        assert!((rounded - exact).abs() <= exact.abs() / 256.0, "{rounded} for {exact}");
    }
}
