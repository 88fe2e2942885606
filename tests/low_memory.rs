//! Low-memory mode with a cache folder: heads are kept as ONNX Runtime optimised them, and nothing else changes.

mod common;

use common::{library, quiet, session_options};
use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions};
use sapiens::engine::{Engine, FrameResult, LoadOptions, Model, ModelSource, Request};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::runtime::{Optimised, SessionOptions};
use sapiens::spec::{Rope, Task};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::{Dtype, Spec, make_checkpoint, safetensors_bytes};

struct Bench(tempfile::TempDir);

impl Bench {
    /// A converted graph.
    fn new(task: &str) -> Self {
        library();
        let bench = Self(tempfile::tempdir().unwrap());
        bench.convert(task, 1);
        bench
    }

    fn convert(&self, task: &str, seed: u64) {
        let tensors = make_checkpoint(&Spec { layers: 1, ..Spec::tiny(task, seed) });
        let source = Source::from_bytes(safetensors_bytes(&tensors, Dtype::F32, &[])).unwrap();
        let options =
            ConvertOptions { input: Some(Size::new(96, 128)), rope: Some(Rope::Fp32), ..ConvertOptions::default() };
        convert::write(convert::plan(&source, &options).unwrap(), &source, &self.graph(), &mut quiet).unwrap();
    }

    fn graph(&self) -> PathBuf {
        self.0.path().join("model.onnx")
    }

    fn options(&self, is_cached: bool) -> LoadOptions {
        let session = SessionOptions { low_memory: true, ..session_options() };
        LoadOptions { session, cache: is_cached.then(|| self.0.path().join("cache")), ..LoadOptions::default() }
    }

    fn engine(&self, is_cached: bool) -> Engine {
        let model = Model::load(&ModelSource::Path(self.graph()), &self.options(is_cached), &mut quiet).unwrap();
        Engine::from_models([Arc::new(model)]).unwrap()
    }

    fn entries(&self) -> Vec<PathBuf> {
        let listed = std::fs::read_dir(self.0.path().join("cache/optimised")).unwrap();
        let mut found: Vec<_> = listed.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }
}

fn run(engine: &Engine) -> FrameResult {
    engine.run(&Image::open("assets/closeup.jpg").unwrap(), &Request::default()).unwrap()
}

#[track_caller]
fn assert_same(a: &FrameResult, b: &FrameResult) {
    let bits = |result: &FrameResult| {
        let points = result.people.iter().flat_map(|person| person.pose.iter().flatten());
        let points: Vec<_> = points.flat_map(|k| [k.x, k.y, k.score].map(|v| f64::from(v).to_bits())).collect();
        (points, result.scene.seg.as_ref().map(|seg| seg.labels.clone()))
    };
    assert!(bits(a) == bits(b), "the values differ");
    assert!(!bits(a).0.is_empty() || bits(a).1.is_some());
}

#[test]
fn heads_from_the_cache_give_the_same_values() {
    for task in ["pose", "seg"] {
        let bench = Bench::new(task);
        let plain = run(&bench.engine(false));
        assert_same(&run(&bench.engine(true)), &plain);
        let [entry] = &bench.entries()[..] else { panic!("{task}: {:?}", bench.entries()) };
        let written = |entry: &Path| std::fs::metadata(entry.join("weights")).unwrap().modified().unwrap();
        let first = written(entry);
        let again = bench.engine(true);
        assert_same(&run(&again), &plain);
        assert_eq!((written(&bench.entries()[0]), bench.entries().len()), (first, 1), "{task}: made twice");
        let mut names: Vec<_> = std::fs::read_dir(entry).unwrap().map(|f| f.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["entry.json", "graph.onnx", "weights"]);
    }
}

/// Only what low-memory mode with a folder opens.
#[test]
fn other_loads_keep_no_head() {
    let bench = Bench::new("seg");
    let mut options = bench.options(true);
    options.session.low_memory = false;
    let model = Model::load(&ModelSource::Path(bench.graph()), &options, &mut quiet).unwrap();
    assert_eq!(model.info().tasks, [Task::Seg]);
    assert!(!bench.0.path().join("cache/optimised").exists());
}

#[test]
fn other_weights_are_another_entry() {
    let bench = Bench::new("seg");
    let first = run(&bench.engine(true));
    bench.convert("seg", 2);
    let (plain, cached) = (run(&bench.engine(false)), run(&bench.engine(true)));
    assert_same(&cached, &plain);
    assert_ne!(first.scene.seg.unwrap().labels, plain.scene.seg.unwrap().labels);
    assert_eq!(bench.entries().len(), 2);
}

#[test]
fn damaged_and_foreign_entries_lead_to_the_same_values() {
    let bench = Bench::new("seg");
    let plain = run(&bench.engine(false));
    bench.engine(true);
    let entry = bench.entries().remove(0);
    let read = |name: &str| std::fs::read(entry.join(name)).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(entry.join(name), bytes).unwrap();
    let cut = |name: &str| put(name, &read(name)[..read(name).len() - 1]);
    // Whole by its own account, but no graph that ONNX Runtime takes.
    let foreign = || {
        let digest: String = Sha256::digest([]).iter().map(|byte| format!("{byte:02x}")).collect();
        let weights = read("weights").len();
        put("graph.onnx", &[]);
        put("entry.json", format!(r#"{{"source": "", "graph": "{digest}", "weights": {weights}}}"#).as_bytes());
    };
    let damages: [(&dyn Fn(), bool); 6] = [
        (&|| cut("weights"), true),
        (&|| cut("graph.onnx"), true),
        (&|| put("entry.json", b"{"), true),
        (&|| std::fs::remove_file(entry.join("weights")).unwrap(), true),
        (&foreign, false),
        (
            &|| {
                // No room for any entry.
                std::fs::remove_dir_all(entry.parent().unwrap()).unwrap();
                std::fs::write(entry.parent().unwrap(), "a file where a folder belongs").unwrap();
            },
            false,
        ),
    ];
    for (i, (damage, is_mended)) in damages.iter().enumerate() {
        damage();
        assert_same(&run(&bench.engine(true)), &plain);
        let is_whole = std::fs::metadata(entry.join("weights")).is_ok_and(|file| file.len() > 0)
            && std::fs::read(entry.join("graph.onnx")).is_ok_and(|graph| !graph.is_empty());
        assert_eq!(is_whole, *is_mended, "damage {i}");
    }
}

#[test]
fn an_entry_that_changes_in_use_is_an_error_at_the_next_run() {
    let bench = Bench::new("seg");
    let engine = bench.engine(true);
    run(&engine);
    let weights = bench.entries()[0].canonicalize().unwrap().join("weights");
    std::fs::File::options().write(true).open(&weights).unwrap().set_len(16).unwrap();
    let error = engine.run(&Image::open("assets/closeup.jpg").unwrap(), &Request::default()).unwrap_err();
    assert!(error.kind() == ErrorKind::CorruptModel && error.path() == Some(weights.as_path()), "{error}");
}

#[test]
fn the_processor_is_told_by_what_it_can_do() {
    let text = Optimised::processor();
    assert!(text.contains(std::env::consts::ARCH) && text.contains(std::env::consts::OS), "{text}");
}
