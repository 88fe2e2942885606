//! Graphs in standard operators, for devices that compile graphs themselves, give what those with ONNX Runtime's fused operators
//! give; both run on the processor here.

mod common;

use common::{Converted, Golden, raw_options, run_floats, worst};
use sapiens::checkpoint::Source;
use sapiens::convert::{ConvertOptions, plan, plan_detector};
use sapiens::engine::{Engine, LoadOptions, ModelSource, write_for};
use sapiens::geometry::Size;
use sapiens::onnx::proto::ModelProto;
use sapiens::runtime::{Device, OpenVinoTarget, Tensor};
use sapiens::spec::{Precision, Rope, Rotation, Task};
use testkit::{Dtype, GOLDEN, GOLDEN1, expected1, golden_detr, golden_tensors1, safetensors_bytes};

/// Operators of ONNX Runtime's own that stand in the domain of the standard, and those of an opset that few devices know.
const NOT_STANDARD: [&str; 2] = ["SimplifiedLayerNormalization", "RotaryEmbedding"];

fn standard(model: &ModelProto) -> ModelProto {
    let mut standard = model.clone();
    // Of all the forms the one that differs most: rounding to bfloat16 is arithmetic there.
    write_for(Device::OpenVino(OpenVinoTarget::Cpu), &mut standard);
    let graph = standard.graph.as_ref().unwrap();
    for node in &graph.node {
        let is_standard = node.domain.is_empty() && !NOT_STANDARD.contains(&node.op_type.as_str());
        assert!(is_standard, "{} {} is left", node.op_type, node.name);
    }
    assert!(standard.opset_import.iter().all(|set| set.domain.is_empty()));
    let weights = |model: &ModelProto| {
        let all = model.graph.iter().flat_map(|graph| &graph.initializer).filter(|t| t.data_location == 1);
        all.cloned().collect::<Vec<_>>()
    };
    assert_eq!(weights(&standard), weights(model), "weights are where they were");
    let old = model.graph.as_ref().unwrap();
    assert_eq!((&graph.input, &graph.output, &graph.value_info), (&old.input, &old.output, &old.value_info));
    standard
}

/// Raw outputs in fused and in standard operators.
fn both(mut converted: Converted, input: &[f32], size: Size) -> [Vec<Tensor>; 2] {
    let names = converted.info.tasks[0].raw_outputs();
    let fused = run_floats(&converted.session(), input, size, names);
    converted.model = standard(&converted.model);
    [fused, run_floats(&converted.session(), input, size, names)]
}

/// The largest difference, as a share of the largest value.
fn difference(fused: &[Tensor], standard: &[Tensor]) -> f32 {
    let each = fused.iter().zip(standard).map(|(a, b)| {
        let (a, b) = (a.floats().unwrap(), b.floats().unwrap());
        worst(b, a) / a.iter().fold(0.0_f32, |most, v| most.max(v.abs()))
    });
    each.fold(0.0, f32::max)
}

#[test]
fn every_model_is_the_same_in_32_bits() {
    // Rounded to bfloat16, a last bit decides here and there where a value falls.
    for (rope, rotation, limit) in [(Rope::Fp32, Rotation::Fused, 2e-5), (Rope::Bf16, Rotation::Rounded, 2e-3)] {
        for name in GOLDEN {
            let golden = Golden::open(name);
            let options = raw_options(golden.size, rope, rotation, Precision::Fp32);
            let [fused, standard] = both(Converted::new(&golden.source, &options), &golden.input, golden.size);
            let error = difference(&fused, &standard);
            println!("{name} {rope:?}: {error:.1e} of the range");
            assert!(error <= limit, "{name}: {error}");
        }
    }
}

#[test]
fn sapiens_v1_is_the_same_in_32_bits() {
    for name in GOLDEN1 {
        let tensors = golden_tensors1(name);
        let source = Source::from_bytes(safetensors_bytes(&tensors, Dtype::F32, &[("heads", "4")])).unwrap();
        let expected = expected1(name);
        let shape = expected.shape("input");
        let size = Size::new(shape[3], shape[2]);
        let options = ConvertOptions { raw: true, input: Some(size), ..ConvertOptions::default() };
        let [fused, standard] = both(Converted::new(&source, &options), &expected.input("input"), size);
        let error = difference(&fused, &standard);
        println!("{name}: {error:.1e} of the range");
        assert!(error <= 2e-5, "{name}: {error}");
    }
}

/// Fused kernels of the processor compute in 32 bits what is rounded between standard operators; neither may be far from exact.
#[test]
fn half_precision_is_as_near_to_the_exact_values() {
    for name in GOLDEN {
        let golden = Golden::open(name);
        let of = |precision| raw_options(golden.size, Rope::Fp32, Rotation::Fused, precision);
        let run = |precision| both(Converted::new(&golden.source, &of(precision)), &golden.input, golden.size);
        let ([exact, _], [fused, standard]) = (run(Precision::Fp32), run(Precision::Fp16));
        let [fused, standard] = [fused, standard].map(|half| difference(&exact, &half));
        println!("{name}: fused {fused:.1e}, standard {standard:.1e} of the range");
        assert!(standard <= 2.0 * fused && standard <= 1e-2 && standard > 0.0, "{name}: {standard}, fused {fused}");
    }
}

/// What decodes is in standard operators already; the detectors are not.
#[test]
fn nothing_is_left_in_any_graph() {
    for name in GOLDEN {
        let golden = Golden::open(name);
        for precision in [Precision::Fp32, Precision::Fp16, Precision::Bf16] {
            let options =
                ConvertOptions { raw: false, ..raw_options(golden.size, Rope::Bf16, Rotation::Rounded, precision) };
            standard(&plan(&golden.source, &options).unwrap().model);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let rtmdet = testkit::data_dir().join("detector/rtmdet.pth");
    for (path, size) in [(golden_detr(folder.path()), Size::new(160, 96)), (rtmdet, Size::new(192, 192))] {
        let options = ConvertOptions { input: Some(size), ..ConvertOptions::default() };
        let source = Source::open(path).unwrap();
        standard(&plan_detector(&source, &options).unwrap().model);
    }
    let demo = Source::open("assets/demo/demo_bundle.safetensors").unwrap();
    standard(&plan(&demo, &ConvertOptions::default()).unwrap().model);
    standard(&plan_detector(&demo, &ConvertOptions::default()).unwrap().model);
}

/// The processor behind a device that is not there takes the fused graph, as if it stood alone.
#[test]
fn a_device_list_gives_each_device_its_own_graph() {
    common::library();
    let load = |devices: &[&str]| {
        let session = sapiens::runtime::SessionOptions {
            devices: devices.iter().map(|name| name.parse().unwrap()).collect(),
            ..common::session_options()
        };
        // The rotation follows the first device of the list; 32-bit tables have only one.
        let options =
            LoadOptions { session, tasks: Some(vec![Task::Normal]), rope: Some(Rope::Fp32), ..LoadOptions::default() };
        Engine::load(&[ModelSource::Demo], &options, &mut common::quiet).unwrap()
    };
    let picture = sapiens::image::Image::open("assets/closeup.jpg").unwrap();
    let run = |engine: &Engine| engine.run(&picture, &Default::default()).unwrap().scene.normal.unwrap();
    let alone = load(&["cpu"]);
    let behind = load(&["coreml", "cpu"]);
    if behind.models()[0].device().to_string() == "cpu" {
        assert_eq!(behind.models()[0].refused().len(), 1);
        assert_eq!(run(&alone), run(&behind));
    }
}
