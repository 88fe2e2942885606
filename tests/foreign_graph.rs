//! Graphs that were not converted here, or whose weights are not where they should be: refused, with the reason.

mod common;

use common::{Golden, quiet, session_options};
use prost::Message;
use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions};
use sapiens::engine::{Engine, LoadOptions, ModelSource, describe};
use sapiens::onnx::proto::{ModelProto, TensorProto};
use sapiens::onnx::{Builder, Dim, Element};
use std::path::{Path, PathBuf};

/// The error of loading a file, which names it.
fn refusal(path: &Path) -> (ErrorKind, String) {
    common::library();
    let options = LoadOptions { session: session_options(), ..Default::default() };
    let error = Engine::load(&[ModelSource::Path(path.into())], &options, &mut quiet).unwrap_err();
    let text = error.to_string();
    let folder = path.parent().unwrap().to_str().unwrap();
    assert!(text.contains(folder), "names no file: {text}");
    (error.kind(), text)
}

#[track_caller]
fn assert_refused(path: &Path, kind: ErrorKind, part: &str) {
    let (found, text) = refusal(path);
    assert!(found == kind && text.contains(part), "{found:?}: {text}");
}

/// A converted pose reference in a folder of its own, every weight in `pose.onnx.data`.
fn converted() -> (tempfile::TempDir, PathBuf) {
    let (folder, golden) = (tempfile::tempdir().unwrap(), Golden::open("pose"));
    let out = folder.path().join("pose.onnx");
    let source = Source::open(testkit::golden_checkpoint("pose")).unwrap();
    let options = ConvertOptions { input: Some(golden.size), ..Default::default() };
    convert::write(convert::plan(&source, &options).unwrap(), &source, &out, &mut quiet).unwrap();
    (folder, out)
}

fn change(path: &Path, change: impl FnOnce(&mut ModelProto)) {
    let mut model = ModelProto::decode(std::fs::read(path).unwrap().as_slice()).unwrap();
    change(&mut model);
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

fn first_weight(model: &mut ModelProto) -> &mut TensorProto {
    model.graph.as_mut().unwrap().initializer.iter_mut().find(|t| t.data_location == 1).unwrap()
}

fn metadata<'a>(model: &'a mut ModelProto, key: &str) -> &'a mut String {
    &mut model.metadata_props.iter_mut().find(|e| e.key == key).unwrap().value
}

#[test]
fn a_graph_of_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.onnx");
    let mut b = Builder::new();
    let x = b.input("input", Element::F32, &[Dim::Batch, Dim::Fixed(3)]);
    let y = b.op("Relu", &[&x], &[]);
    b.output(&y, Element::F32, &[Dim::Batch, Dim::Fixed(3)]);
    let mut model = b.finish("g", &[]);
    model.producer_name = "pytorch".into();
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    assert_refused(&path, ErrorKind::UnknownModel, "pytorch");
    assert_refused(&path, ErrorKind::UnknownModel, "Convert the original .safetensors checkpoint");
    assert_eq!(describe(&path).unwrap_err().kind(), ErrorKind::UnknownModel);
}

#[test]
fn bytes_that_are_no_graph() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.onnx");
    std::fs::write(&path, [0xff; 1000]).unwrap();
    assert_refused(&path, ErrorKind::CorruptModel, "not an ONNX file");
    // An empty file is a message without a field.
    std::fs::write(&path, []).unwrap();
    assert_refused(&path, ErrorKind::UnknownModel, "sapiens convert");
    std::fs::remove_file(&path).unwrap();
    assert_refused(&path, ErrorKind::NotFound, "noise.onnx");
}

#[test]
fn a_truncated_graph_never_loads() {
    let (_folder, path) = converted();
    let bytes = std::fs::read(&path).unwrap();
    for share in [1, 10, 50, 90, 99] {
        std::fs::write(&path, &bytes[..bytes.len() * share / 100]).unwrap();
        let (kind, text) = refusal(&path);
        assert!(matches!(kind, ErrorKind::CorruptModel | ErrorKind::UnknownModel), "{share} %: {kind:?} {text}");
    }
}

#[test]
fn metadata_of_a_later_format_or_without_sense() {
    let (_folder, path) = converted();
    change(&path, |m| *metadata(m, "sapiens.format") = "99".into());
    assert_refused(&path, ErrorKind::Unsupported, "format 99");
    change(&path, |m| {
        *metadata(m, "sapiens.format") = "1".into();
        *metadata(m, "sapiens.input") = "0x96".into();
    });
    assert_refused(&path, ErrorKind::CorruptModel, "sapiens.input");
    change(&path, |m| {
        *metadata(m, "sapiens.input") = "128x96".into();
        *metadata(m, "sapiens.task") = "deep".into();
    });
    assert_refused(&path, ErrorKind::CorruptModel, "`deep`");
    change(&path, |m| m.metadata_props.retain(|e| e.key != "sapiens.task"));
    assert_refused(&path, ErrorKind::CorruptModel, "sapiens.task");
}

#[test]
fn metadata_that_the_graph_does_not_keep() {
    let (_folder, path) = converted();
    change(&path, |m| *metadata(m, "sapiens.task") = "normal".into());
    assert_refused(&path, ErrorKind::CorruptModel, "`normals`");
    change(&path, |m| *metadata(m, "sapiens.task") = "pose,seg".into());
    assert_refused(&path, ErrorKind::CorruptModel, "`logits`");
}

#[test]
fn weights_outside_the_folder() {
    let (_folder, path) = converted();
    let outside = ["../pose.onnx.data", "/etc/passwd", "sub/pose.onnx.data", "..", "", "./pose.onnx.data"];
    for location in outside {
        change(&path, |m| first_weight(m).set_external(location, 0, 4));
        assert_refused(&path, ErrorKind::CorruptModel, "must be in the folder of the graph");
    }
}

#[test]
fn weights_beyond_the_end_of_the_file() {
    let (_folder, path) = converted();
    let data = path.with_extension("onnx.data");
    let bytes = std::fs::read(&data).unwrap();
    std::fs::write(&data, &bytes[..bytes.len() - 1]).unwrap();
    assert_refused(&path, ErrorKind::CorruptModel, "cut short");
    std::fs::write(&data, &bytes).unwrap();
    for (offset, length) in [(bytes.len() as u64, 4), (u64::MAX, 4), (u64::MAX - 1, u64::MAX), (0, u64::MAX)] {
        change(&path, |m| first_weight(m).set_external("pose.onnx.data", offset, length));
        assert_refused(&path, ErrorKind::CorruptModel, "cut short");
    }
    change(&path, |m| {
        let weight = first_weight(m);
        weight.external_data.iter_mut().find(|e| e.key == "offset").unwrap().value = "-4".into();
    });
    assert_refused(&path, ErrorKind::CorruptModel, "beyond the end");
}

#[test]
fn weights_that_are_missing_or_a_folder() {
    let (_folder, path) = converted();
    let data = path.with_extension("onnx.data");
    std::fs::remove_file(&data).unwrap();
    assert_refused(&path, ErrorKind::NotFound, "pose.onnx.data");
    std::fs::create_dir(&data).unwrap();
    let (_, text) = refusal(&path);
    assert!(text.contains("pose.onnx.data"), "{text}");
}
