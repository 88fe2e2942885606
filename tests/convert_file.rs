//! Converting to files: the same outputs as in memory, complete metadata, shared and copied weights, progress, cancel.

mod common;

use common::{Converted, Golden, open_file, quiet, run_floats};
use prost::Message;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions, Stage};
use sapiens::onnx::proto::ModelProto;
use sapiens::spec::{HeatmapCodec, Licence, ModelFraming, NormalFrame, Precision, Rope, Rotation, Task};
use sapiens::{Error, ErrorKind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use testkit::{
    Dtype, Tensor, golden_checkpoint, golden_tensors, safetensors_bytes, to_transformers, write_safetensors,
};

/// Undecoded, with official tables; the fused rotation because its graph opens in a fifth of the time.
fn raw(golden: &Golden) -> ConvertOptions {
    ConvertOptions { raw: true, input: Some(golden.size), rotation: Rotation::Fused, ..Default::default() }
}

/// A copy of a reference checkpoint in a folder of its own.
fn copy_of(name: &str, folder: &Path) -> PathBuf {
    let to = folder.join("model.safetensors");
    std::fs::copy(golden_checkpoint(name), &to).unwrap();
    to
}

fn convert(checkpoint: &Path, options: &ConvertOptions, out: &Path) -> sapiens::spec::ModelInfo {
    let source = Source::open(checkpoint).unwrap();
    convert::write(convert::plan(&source, options).unwrap(), &source, out, &mut quiet).unwrap()
}

fn graph(path: &Path) -> ModelProto {
    ModelProto::decode(std::fs::read(path).unwrap().as_slice()).unwrap()
}

/// The files that hold the weights of a graph.
fn locations(path: &Path) -> BTreeSet<String> {
    let graph = graph(path).graph.unwrap();
    let entries = graph.initializer.iter().flat_map(|t| &t.external_data);
    entries.filter(|e| e.key == "location").map(|e| e.value.clone()).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_written_model_gives_what_it_gives_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["pretrain_4k", "pose_fp16", "pointmap", "albedo"] {
        let golden = Golden::open(name);
        for precision in [Precision::Fp32, Precision::Fp16] {
            let options = ConvertOptions { precision: Some(precision), ..raw(&golden) };
            let out = folder.path().join(format!("{name}.{precision}.onnx"));
            let info = convert(&golden_checkpoint(name), &options, &out);
            let names = info.tasks[0].raw_outputs();
            let written = run_floats(&open_file(&out), &golden.input, golden.size, names);
            let in_memory = Converted::new(&golden.source, &options).session();
            assert_eq!(written, run_floats(&in_memory, &golden.input, golden.size, names), "{name} {precision}");
        }
    }
    assert!(files(folder.path()).iter().all(|f| f.ends_with(".onnx") || f.ends_with(".onnx.data")));
}

#[test]
fn metadata_is_complete_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pose.onnx");
    let golden = Golden::open("pose");
    let info = convert(&golden_checkpoint("pose"), &raw(&golden), &out);
    let model = graph(&out);
    assert_eq!(convert::read_info(&model).unwrap(), info);
    let sha256 = golden.source.checkpoint().sha256().unwrap();
    assert_eq!((info.source_sha256.len(), &info.source_sha256), (64, &sha256));
    assert_eq!((info.tasks.as_slice(), info.size.as_str(), info.input), (&[Task::Pose][..], "custom", golden.size));
    assert_eq!((info.framing, info.heatmap), (ModelFraming::Official, HeatmapCodec::Udp));
    assert_eq!((info.rope, info.precision, info.raw), (Rope::Bf16, Precision::Fp32, true));
    assert_eq!((info.licence, info.normal_frame), (Licence::Sapiens2, NormalFrame::Camera));
    assert_eq!(info.parameters, golden.source.checkpoint().parameters());
    let entry = |key: &str| model.metadata_props.iter().find(|e| e.key == key).map(|e| e.value.as_str());
    for (key, value) in [
        ("sapiens.task", "pose"),
        ("sapiens.input", "128x96"),
        ("sapiens.framing", "official"),
        ("sapiens.rope", "bf16"),
        ("sapiens.precision", "fp32"),
        ("sapiens.raw", "true"),
        ("sapiens.license", "Sapiens2 License"),
        ("sapiens.source_sha256", &sha256),
    ] {
        assert_eq!(entry(key), Some(value), "{key}");
    }
    // The other choices come back too.
    let options = ConvertOptions {
        precision: Some(Precision::Fp16),
        rope: Some(Rope::Fp32),
        input: Some(golden.size),
        ..Default::default()
    };
    let info = convert(&golden_checkpoint("pose"), &options, &out);
    assert_eq!(convert::read_info(&graph(&out)).unwrap(), info);
    assert_eq!((info.rope, info.precision, info.raw), (Rope::Fp32, Precision::Fp16, false));
}

/// Moves a folder's files to another folder and deletes the first one.
fn moved(folder: tempfile::TempDir) -> tempfile::TempDir {
    let other = tempfile::tempdir().unwrap();
    for name in files(folder.path()) {
        std::fs::copy(folder.path().join(&name), other.path().join(&name)).unwrap();
    }
    folder.close().unwrap();
    other
}

#[test]
fn weights_stay_in_a_checkpoint_beside_the_graph_and_are_copied_otherwise() {
    let golden = Golden::open("seg");
    let (beside, apart, elsewhere) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let checkpoint = copy_of("seg", beside.path());
    convert(&checkpoint, &raw(&golden), &beside.path().join("seg.onnx"));
    let checkpoint = copy_of("seg", elsewhere.path());
    convert(&checkpoint, &raw(&golden), &apart.path().join("seg.onnx"));
    elsewhere.close().unwrap();

    let expected = ["model.safetensors", "seg.onnx", "seg.onnx.data"];
    assert_eq!(
        (files(beside.path()), files(apart.path())),
        (expected.map(String::from).into(), expected[1..].to_vec().iter().map(|s| s.to_string()).collect())
    );
    let set = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(locations(&beside.path().join("seg.onnx")), set(&["model.safetensors", "seg.onnx.data"]));
    assert_eq!(locations(&apart.path().join("seg.onnx")), set(&["seg.onnx.data"]));
    let bytes = |folder: &tempfile::TempDir| folder.path().join("seg.onnx.data").metadata().unwrap().len();
    assert!(bytes(&beside) < bytes(&apart), "{} {}", bytes(&beside), bytes(&apart));

    // Both are self-sufficient: they work from another folder, the first one gone.
    let in_memory = Converted::new(&golden.source, &raw(&golden)).session();
    let expected = run_floats(&in_memory, &golden.input, golden.size, &["logits"]);
    for folder in [beside, apart] {
        let folder = moved(folder);
        let session = open_file(&folder.path().join("seg.onnx"));
        assert_eq!(run_floats(&session, &golden.input, golden.size, &["logits"]), expected);
    }
}

#[test]
fn bf16_weights_are_always_copied() {
    let (folder, golden) = (tempfile::tempdir().unwrap(), Golden::open("pose_bf16"));
    let out = folder.path().join("pose.onnx");
    convert(&copy_of("pose_bf16", folder.path()), &raw(&golden), &out);
    assert_eq!(locations(&out), BTreeSet::from(["pose.onnx.data".to_string()]));
}

#[test]
fn progress_counts_up_to_its_total() {
    let (folder, golden) = (tempfile::tempdir().unwrap(), Golden::open("matting"));
    let plan = convert::plan(&golden.source, &raw(&golden)).unwrap();
    let mut calls = Vec::new();
    convert::write(plan, &golden.source, &folder.path().join("m.onnx"), &mut |stage, done, total| {
        calls.push((stage, done, total));
        Ok(())
    })
    .unwrap();
    let (hash, weights): (Vec<_>, Vec<_>) = calls.iter().partition(|(stage, ..)| *stage == Stage::Hash);
    assert_eq!(calls, [hash.clone(), weights.clone()].concat(), "first the hash, then the weights");
    for (calls, least) in [(hash, 2), (weights, 100)] {
        let total = calls[0].2;
        assert!(calls.len() >= least && calls.iter().all(|c| c.2 == total), "{}", calls.len());
        assert!(calls.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert_eq!(calls.last().unwrap().1, total);
    }
    assert_eq!(calls[0].2, golden.source.checkpoint().bytes());
    assert_eq!(calls.last().unwrap().2, folder.path().join("m.onnx.data").metadata().unwrap().len());
}

#[test]
fn a_cancelled_conversion_leaves_nothing_and_keeps_what_was_there() {
    let (folder, golden) = (tempfile::tempdir().unwrap(), Golden::open("pose"));
    let out = folder.path().join("pose.onnx");
    let cancel_at = |stop: Stage, share: f64| {
        let plan = convert::plan(&golden.source, &raw(&golden)).unwrap();
        let result = convert::write(plan, &golden.source, &out, &mut |stage, done, total| match stage == stop
            && done as f64 >= share * total as f64
        {
            true => Err(Error::new(ErrorKind::Cancelled, "stopped by the user")),
            false => Ok(()),
        });
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    };
    for (stage, share) in [(Stage::Hash, 0.0), (Stage::Weights, 0.0), (Stage::Weights, 0.5), (Stage::Weights, 1.0)] {
        cancel_at(stage, share);
        assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()));
    }
    convert(&golden_checkpoint("pose"), &raw(&golden), &out);
    let before = (std::fs::read(&out).unwrap(), files(folder.path()));
    cancel_at(Stage::Weights, 0.5);
    assert_eq!((std::fs::read(&out).unwrap(), files(folder.path())), before);
    let session = open_file(&out);
    assert_eq!(run_floats(&session, &golden.input, golden.size, &["heatmaps"])[0].shape, [1, 308, 32, 24]);
}

#[test]
fn the_checkpoint_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = copy_of("pose", folder.path());
    let named_like_data = folder.path().join("x.onnx.data");
    std::fs::rename(&checkpoint, &named_like_data).unwrap();
    let before = std::fs::read(&named_like_data).unwrap();
    let source = Source::open(&named_like_data).unwrap();
    for out in ["x.onnx", "x.onnx.data"] {
        let plan = convert::plan(&source, &ConvertOptions::default()).unwrap();
        let error = convert::write(plan, &source, &folder.path().join(out), &mut quiet).unwrap_err();
        assert!(error.to_string().contains("overwrite the checkpoint"), "{error}");
    }
    assert_eq!((std::fs::read(&named_like_data).unwrap(), files(folder.path()).len()), (before, 1));
}

/// Raw outputs of a checkpoint in memory for a golden input.
fn outputs_of(golden: &Golden, tensors: &[Tensor]) -> Vec<sapiens::runtime::Tensor> {
    let source = Source::from_bytes(safetensors_bytes(tensors, Dtype::F32, &[])).unwrap();
    let converted = Converted::new(&source, &raw(golden));
    run_floats(&converted.session(), &golden.input, golden.size, converted.info.tasks[0].raw_outputs())
}

#[test]
fn other_names_and_absent_periods_change_no_bit() {
    for name in ["pretrain", "pose", "seg", "normal", "pointmap", "matting"] {
        let (golden, tensors) = (Golden::open(name), golden_tensors(name));
        let original = outputs_of(&golden, &tensors);
        assert_eq!(outputs_of(&golden, &to_transformers(&tensors)), original, "{name}: transformers' names");
        let without: Vec<_> = tensors.iter().filter(|t| !t.name.ends_with("rope_embed.periods")).cloned().collect();
        assert_eq!(without.len() + 1, tensors.len());
        assert_eq!(outputs_of(&golden, &without), original, "{name}: no periods");
    }
}

#[test]
fn gate_and_up_of_transformers_names_are_written_too() {
    let (folder, golden) = (tempfile::tempdir().unwrap(), Golden::open("pose"));
    let (checkpoint, out) = (folder.path().join("model.safetensors"), folder.path().join("pose.onnx"));
    write_safetensors(&checkpoint, &to_transformers(&golden_tensors("pose")), Dtype::F32, &[("format", "pt")]);
    convert(&checkpoint, &raw(&golden), &out);
    let expected = Converted::new(&golden.source, &raw(&golden)).session();
    assert_eq!(
        run_floats(&open_file(&out), &golden.input, golden.size, &["heatmaps"]),
        run_floats(&expected, &golden.input, golden.size, &["heatmaps"])
    );
}
