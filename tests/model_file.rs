//! Model files that change under us: an error that names the file, never the end of the process.

mod common;

use common::{quiet, session_options};
use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions, Stage};
use sapiens::engine::{Engine, LoadOptions, ModelSource, Request};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::runtime::SessionOptions;
use sapiens::spec::Task;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const CHECKPOINT: &str = "assets/demo/demo_bundle.safetensors";

/// Weights stay mapped: nothing is packed into memory of ONNX Runtime's own.
fn options() -> LoadOptions {
    common::library();
    let session = SessionOptions { low_memory: true, ..session_options() };
    LoadOptions { session, tasks: Some(vec![Task::Albedo]), ..Default::default() }
}

fn picture() -> Image {
    let size = Size::new(192, 256);
    Image::from_rgb8(size, vec![120; 3 * size.area()]).unwrap()
}

/// A converted graph whose weights ONNX Runtime maps.
fn graph(folder: &Path) -> (Engine, PathBuf) {
    let (source, out) = (Source::open(CHECKPOINT).unwrap(), folder.join("demo.onnx"));
    convert::write(convert::plan(&source, &ConvertOptions::default()).unwrap(), &source, &out, &mut quiet).unwrap();
    let engine = Engine::load(&[ModelSource::Path(out)], &options(), &mut quiet).unwrap();
    engine.run(&picture(), &Request::default()).unwrap();
    (engine, folder.join("demo.onnx.data"))
}

#[track_caller]
fn assert_refused(engine: &Engine, weights: &Path) {
    let error = engine.run(&picture(), &Request::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CorruptModel, "{error}");
    assert!(error.to_string().contains("load it again") && error.path() == Some(weights), "{error}");
}

#[test]
fn weights_cut_short_are_an_error_at_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, weights) = graph(folder.path());
    File::options().write(true).open(&weights).unwrap().set_len(4096).unwrap();
    assert_refused(&engine, &weights);
    // And at every run after it.
    assert_refused(&engine, &weights);
}

/// The name is gone, but what is mapped is the file, and that has become short.
#[cfg(unix)]
#[test]
fn weights_cut_short_and_then_deleted_are_an_error_too() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, weights) = graph(folder.path());
    File::options().write(true).open(&weights).unwrap().set_len(0).unwrap();
    fs::remove_file(&weights).unwrap();
    assert_refused(&engine, &weights);
}

#[cfg(unix)]
#[test]
fn deleted_weights_do_no_harm_and_replaced_ones_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, weights) = graph(folder.path());
    let before = engine.run(&picture(), &Request::default()).unwrap().scene.albedo.unwrap();
    fs::remove_file(&weights).unwrap();
    assert_eq!(engine.run(&picture(), &Request::default()).unwrap().scene.albedo.unwrap(), before);
    fs::write(&weights, b"another model").unwrap();
    assert_refused(&engine, &weights);
}

/// A copy of the demo checkpoint that something still writes to while it is read.
fn changing(folder: &Path, change: impl Fn(&File)) -> (PathBuf, impl FnMut(Stage, u64, u64) -> sapiens::Result<()>) {
    let path = folder.join("copy.safetensors");
    fs::copy(CHECKPOINT, &path).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let mut once = Some(());
    let progress = move |stage: Stage, _: u64, _: u64| {
        if stage == Stage::Weights && once.take().is_some() {
            change(&file);
        }
        Ok(())
    };
    (path, progress)
}

fn grow(file: &File) {
    file.set_len(file.metadata().unwrap().len() + 1).unwrap();
}

fn cut(file: &File) {
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

/// Same length, other time: what an editor in place leaves.
fn touch(file: &File) {
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
}

#[test]
fn a_checkpoint_that_changes_while_it_is_read_is_an_error() {
    for change in [grow, cut, touch] {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut progress) = changing(folder.path(), change);
        let error = Engine::load(&[ModelSource::Path(path.clone())], &options(), &mut progress).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::CorruptModel, Some(path.as_path())), "{error}");
        assert!(error.to_string().contains("changed while"), "{error}");
    }
}

#[test]
fn a_checkpoint_that_changes_while_it_is_converted_leaves_nothing() {
    for change in [grow, cut, touch] {
        let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, mut progress) = changing(folder.path(), change);
        let source = Source::open(&path).unwrap();
        let plan = convert::plan(&source, &ConvertOptions::default()).unwrap();
        let error = convert::write(plan, &source, &out.path().join("demo.onnx"), &mut progress).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::CorruptModel, Some(path.as_path())), "{error}");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }
}
