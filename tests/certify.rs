//! What a conversion costs is measured, written into the graph, and read back.

#![allow(unsafe_code)] // it plays the host, once

mod common;

use common::{library, quiet, session_options};
use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{ConvertOptions, plan, write};
use sapiens::engine::{CertifyOptions, certify, describe};
use sapiens::ffi::*;
use sapiens::geometry::Size;
use sapiens::onnx::proto::ModelProto;
use sapiens::spec::{Certificate, Precision, Rope, Rotation, TaskError};
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use testkit::{Dtype, Spec, make_checkpoint, write_safetensors};

/// A random model in a folder, converted.
struct Bench {
    folder: tempfile::TempDir,
    source: Source,
}

impl Bench {
    fn new(task: &str, seed: u64) -> Self {
        library();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        write_safetensors(&path, &make_checkpoint(&Spec { layers: 2, ..Spec::tiny(task, seed) }), Dtype::F32, &[]);
        Self { source: Source::open(&path).unwrap(), folder }
    }

    fn graph(&self) -> PathBuf {
        self.folder.path().join("model.onnx")
    }

    fn convert(&self, precision: Precision, raw: bool) -> PathBuf {
        let input = plan(&self.source, &ConvertOptions::default()).unwrap().info.input;
        // The scale branch fixes the size of a pointmap's input.
        let input = if input == Size::new(192, 256) { input } else { Size::new(96, 128) };
        let options = ConvertOptions {
            precision: Some(precision),
            input: Some(input),
            raw,
            rope: Some(Rope::Fp32),
            rotation: Rotation::Veltkamp,
            ..ConvertOptions::default()
        };
        let plan = plan(&self.source, &options).unwrap();
        write(plan, &self.source, &self.graph(), &mut quiet).unwrap();
        self.graph()
    }

    fn certify(&self) -> sapiens::Result<Certificate> {
        let pictures = vec!["assets/closeup.jpg".into(), "assets/sitting.jpg".into()];
        let options = CertifyOptions { session: session_options(), library: None, pictures };
        certify(&self.graph(), &self.source, &options, &mut quiet)
    }

    fn error(&self) -> TaskError {
        let mut found = self.certify().unwrap();
        assert_eq!((found.pictures, found.source.as_str(), found.device.as_str()), (2, "given", "cpu"));
        assert_eq!((found.tasks.len(), found.reference.as_str()), (1, "fp32"));
        found.tasks.remove(0)
    }
}

/// Overwrites the weight of a layer in the file beside the graph.
fn damage(graph: &Path, weight: &str, value: half::f16) {
    use prost::Message;
    let model = ModelProto::decode(std::fs::read(graph).unwrap().as_slice()).unwrap();
    let tensors = model.graph.unwrap().initializer;
    let tensor = tensors.iter().find(|t| t.name.ends_with(weight)).unwrap_or_else(|| panic!("{weight}"));
    let number =
        |key: &str| -> usize { tensor.external_data.iter().find(|e| e.key == key).unwrap().value.parse().unwrap() };
    let data = graph.with_extension("onnx.data");
    let mut bytes = std::fs::read(&data).unwrap();
    let (offset, length) = (number("offset"), number("length"));
    bytes[offset..][..length].chunks_exact_mut(2).for_each(|pair| pair.copy_from_slice(&value.to_le_bytes()));
    std::fs::write(&data, bytes).unwrap();
}

/// The mean of a task's measure, or the share of labels. The largest of random weights says nothing: a flat heatmap's peak jumps.
fn typical(error: &TaskError) -> f64 {
    let measures = error.measures.iter().filter(|(name, _)| name.starts_with("mean") || name.starts_with("differing"));
    measures.map(|(_, value)| *value).fold(0.0, f64::max)
}

/// What was read is what was measured, but for the last bit that a number in JSON can lose.
fn assert_same(read: &[TaskError], measured: &TaskError) {
    let [read] = read else { panic!("{} tasks", read.len()) };
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    assert!(near(read.relative_l2, measured.relative_l2) && read.not_finite == measured.not_finite, "{read}");
    assert_eq!(read.measures.keys().collect::<Vec<_>>(), measured.measures.keys().collect::<Vec<_>>());
    assert!(read.measures.values().zip(measured.measures.values()).all(|(a, b)| near(*a, *b)), "{read} {measured}");
}

#[test]
fn half_precision_costs_little_and_a_damaged_weight_much() {
    // Task, what its measures are called, a weight in the middle of its head, and a typical error that is small.
    let cases: [(&str, &[&str], &str, f64); 5] = [
        ("pose", &["keypoints", "max_box", "max_px", "mean_box", "mean_px", "p99_box", "p99_px"], "phase00", 1.0),
        ("seg", &["differing_share"], "conv_layers.0.weight", 0.05),
        ("normal", &["max_degrees", "mean_degrees", "p99_degrees"], "conv_layers.0.weight", 1.0),
        ("pointmap", &["max_relative", "mean_relative", "p99_relative"], "conv_layers.0.weight", 0.1),
        ("albedo", &["max_absolute", "mean_absolute", "p99_absolute"], "conv_layers.0.weight", 0.01),
    ];
    for (task, names, weight, small) in cases {
        let bench = Bench::new(task, 5);
        let graph = bench.convert(Precision::Fp16, false);
        let half = bench.error();
        println!("{half}");
        assert_eq!(half.measures.keys().collect::<Vec<_>>(), names, "{task}");
        assert!(half.relative_l2 > 1e-6 && half.relative_l2 < 2e-2, "{half}");
        assert!(typical(&half) <= small && half.not_finite == 0, "{half}");
        // The graph carries it, and still loads.
        let read = describe(&graph).unwrap().info.certificate.unwrap();
        assert_same(&read.tasks, &half);

        damage(&graph, weight, half::f16::from_f32(3.0));
        let damaged = bench.error();
        println!("  damaged: {damaged}");
        assert!(damaged.relative_l2 > 20.0 * half.relative_l2 && damaged.relative_l2 > 0.1, "{damaged}");
        assert!(typical(&damaged) > 3.0 * typical(&half), "{damaged}");
        let read = describe(&graph).unwrap().info.certificate.unwrap();
        // In place of the old one.
        assert_same(&read.tasks, &damaged);
    }
}

#[test]
fn a_weight_that_is_no_number_is_counted() {
    let bench = Bench::new("albedo", 6);
    let graph = bench.convert(Precision::Fp16, true);
    assert_eq!(bench.error().not_finite, 0);
    damage(&graph, "conv_layers.0.weight", half::f16::NAN);
    let error = bench.error();
    assert!(error.not_finite > 0 && error.relative_l2 >= 0.9, "{error}");
    assert!(error.to_string().contains("not finite"), "{error}");
    assert!(describe(&graph).unwrap().info.certificate.is_some());
}

#[test]
fn the_same_arithmetic_costs_nothing() {
    let bench = Bench::new("normal", 7);
    bench.convert(Precision::Fp32, false);
    let error = bench.error();
    assert!(error.relative_l2 < 1e-6 && typical(&error) < 1e-3, "{error}");
}

#[test]
fn the_built_in_pictures_are_pictures() {
    let bench = Bench::new("seg", 8);
    let graph = bench.convert(Precision::Fp16, false);
    assert!(describe(&graph).unwrap().info.certificate.is_none(), "nobody has measured yet");
    let options = CertifyOptions { session: session_options(), ..CertifyOptions::default() };
    let found = certify(&graph, &bench.source, &options, &mut quiet).unwrap();
    assert_eq!((found.pictures, found.source.as_str()), (3, "built-in"));
    assert!(found.tasks[0].relative_l2 > 0.0);
}

/// What the C interface says of the model.
fn told(graph: &Path) -> String {
    let path = CString::new(graph.to_str().unwrap()).unwrap();
    let mut context = null_mut();
    // SAFETY: locals, zero is valid for the struct, and it says its size; the text lives as long as the context.
    unsafe {
        assert_eq!(sapiens_context_create(null(), &mut context), SapiensStatus::Ok);
        assert_eq!(sapiens_context_load(context, path.as_ptr(), null(), null_mut()), SapiensStatus::Ok);
        let mut info: SapiensModelInfo = std::mem::zeroed();
        info.struct_size = size_of::<SapiensModelInfo>() as u32;
        assert_eq!(sapiens_context_model(context, 0, &mut info), SapiensStatus::Ok);
        let text = CStr::from_ptr(info.certificate).to_str().unwrap().to_owned();
        assert_eq!(sapiens_context_destroy(&mut context), SapiensStatus::Ok);
        text
    }
}

#[test]
fn hosts_of_the_c_interface_read_it_too() {
    let bench = Bench::new("seg", 10);
    let graph = bench.convert(Precision::Fp16, false);
    assert_eq!(told(&graph), "");
    let measured = bench.error();
    assert_same(&serde_json::from_str::<Certificate>(&told(&graph)).unwrap().tasks, &measured);
}

#[test]
fn another_checkpoint_is_refused() {
    let (bench, other) = (Bench::new("seg", 8), Bench::new("seg", 9));
    let graph = bench.convert(Precision::Fp16, false);
    let options = CertifyOptions { session: session_options(), ..CertifyOptions::default() };
    let error = certify(&graph, &other.source, &options, &mut quiet).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("another checkpoint"), "{error}");
    assert!(describe(&graph).unwrap().info.certificate.is_none());
}
