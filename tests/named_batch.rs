//! The batch keeps its name through every graph. A shape that begins with -1 would lose it: ONNX Runtime infers no name there. Then no
//! value behind it shares a buffer with another, and planning memory takes most of the time of a load.

mod common;

use common::{Golden, raw_options};
use sapiens::checkpoint::Source;
use sapiens::convert::{ConvertOptions, plan};
use sapiens::geometry::Size;
use sapiens::onnx::proto::ModelProto;
use sapiens::spec::{Precision, Rope, Rotation};
use std::collections::HashMap;
use testkit::{Dtype, GOLDEN, GOLDEN1, expected1, golden_tensors1, safetensors_bytes};

/// Names of the nodes that give their result another first extent than their input has by name, and how many shapes there are.
fn nameless(model: &ModelProto) -> (Vec<String>, usize) {
    let graph = model.graph.as_ref().unwrap();
    let constants: HashMap<_, _> = graph.initializer.iter().map(|t| (t.name.as_str(), &t.raw_data)).collect();
    let reshapes: Vec<_> = graph.node.iter().filter(|node| node.op_type == "Reshape").collect();
    let first = |name: &str| i64::from_le_bytes(constants[name][..8].try_into().unwrap());
    let lost = reshapes.iter().filter(|node| first(&node.input[1]) != 0);
    (lost.map(|node| node.name.clone()).collect(), reshapes.len())
}

#[test]
fn every_model_keeps_it() {
    for name in GOLDEN {
        let golden = Golden::open(name);
        let raw = raw_options(golden.size, Rope::Bf16, Rotation::Rounded, Precision::Bf16);
        let decoded = ConvertOptions { raw: false, precision: Some(Precision::Fp32), ..raw.clone() };
        let winograd = ConvertOptions { winograd: u64::MAX, rope: Some(Rope::Fp32), ..decoded.clone() };
        for options in [raw, decoded, winograd] {
            let (lost, all) = nameless(&plan(&golden.source, &options).unwrap().model);
            assert!(all > 5, "{name}: {all} shapes");
            // The windows of the 4K model lie in the batch: into it, and out of it.
            let windows = if name == "pretrain_4k" { 2 } else { 0 };
            assert!(lost.len() == windows && lost.iter().all(|node| node.contains("tokenizer")), "{name}: {lost:?}");
        }
    }
}

#[test]
fn sapiens_v1_keeps_it() {
    for name in GOLDEN1 {
        let bytes = safetensors_bytes(&golden_tensors1(name), Dtype::F32, &[("heads", "4")]);
        let shape = expected1(name).shape("input").to_vec();
        let options = ConvertOptions { input: Some(Size::new(shape[3], shape[2])), ..ConvertOptions::default() };
        let (lost, all) = nameless(&plan(&Source::from_bytes(bytes).unwrap(), &options).unwrap().model);
        assert!(lost.is_empty() && all > 2, "{name}: {lost:?} of {all}");
    }
}
