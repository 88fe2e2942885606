//! A cache folder: the second load takes what the first one made, whatever else happens to the folder.

mod common;

use common::{library, quiet, session_options};
use sapiens::ErrorKind;
use sapiens::engine::{Engine, LoadOptions, Model, ModelSource, Request, built_models, prebuild};
use sapiens::image::Image;
use sapiens::runtime::{Device, Engines, ProviderOptions, SessionOptions};
use sapiens::spec::{Precision, Rope, Task};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use testkit::{Dtype, Spec, make_checkpoint, write_safetensors};

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        library();
        let bench = Self(tempfile::tempdir().unwrap());
        bench.checkpoint("seg", 1);
        bench
    }

    fn checkpoint(&self, task: &str, seed: u64) {
        let spec = Spec { layers: 2, ..Spec::tiny(task, seed) };
        write_safetensors(self.model(), &make_checkpoint(&spec), Dtype::F32, &[]);
    }

    fn model(&self) -> PathBuf {
        self.0.path().join("model.safetensors")
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn options(&self) -> LoadOptions {
        let input = Some(sapiens::geometry::Size::new(96, 128));
        LoadOptions {
            session: session_options(),
            cache: Some(self.cache()),
            input,
            rope: Some(Rope::Fp32),
            ..Default::default()
        }
    }

    fn load(&self) -> Model {
        Model::load(&ModelSource::Path(self.model()), &self.options(), &mut quiet).unwrap()
    }

    /// The folders of converted checkpoints, whole or passing.
    fn entries(&self) -> Vec<PathBuf> {
        let listed = std::fs::read_dir(self.cache().join("converted")).unwrap();
        let mut found: Vec<_> = listed.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }
}

fn labels(model: Model) -> ndarray::Array2<u8> {
    let image = Image::open("assets/closeup.jpg").unwrap();
    let engine = Engine::from_models([Arc::new(model)]).unwrap();
    engine.run(&image, &Request::default()).unwrap().scene.seg.unwrap().labels
}

#[test]
fn the_second_load_converts_nothing_and_gives_the_same() {
    let bench = Bench::new();
    let plain = LoadOptions { cache: None, ..bench.options() };
    let plain = labels(Model::load(&ModelSource::Path(bench.model()), &plain, &mut quiet).unwrap());
    let first = bench.load();
    assert!(!first.is_cached() && bench.entries().len() == 1);
    assert_eq!(labels(first), plain);
    // Making a weight would be an error.
    let no_work = &mut |_, _, _| Err(sapiens::Error::invalid("weights are made again"));
    let second = Model::load(&ModelSource::Path(bench.model()), &bench.options(), no_work).unwrap();
    assert!(second.is_cached());
    assert_eq!(second.info().classes, 29);
    assert_eq!(labels(second), plain);
    assert_eq!(bench.entries().len(), 1);
}

#[test]
fn other_options_and_another_file_are_another_entry() {
    let bench = Bench::new();
    let half = LoadOptions { precision: Some(Precision::Fp16), ..bench.options() };
    let first = labels(bench.load());
    let model = Model::load(&ModelSource::Path(bench.model()), &half, &mut quiet).unwrap();
    assert!(!model.is_cached() && model.info().precision == Precision::Fp16);
    assert_eq!(bench.entries().len(), 2);
    // Same names and shapes, other values.
    bench.checkpoint("seg", 2);
    let model = bench.load();
    assert!(!model.is_cached());
    assert_ne!(labels(model), first);
    assert_eq!(bench.entries().len(), 3);
    assert!(bench.load().is_cached());
}

#[test]
fn a_damaged_entry_is_made_again() {
    let bench = Bench::new();
    let expected = labels(bench.load());
    let entry = bench.entries().remove(0);
    let cut = |name: &str| {
        let path = entry.join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    };
    let damages: [&dyn Fn(); 5] = [
        &|| cut("weights"),
        &|| cut("graph.onnx"),
        &|| std::fs::write(entry.join("entry.json"), "{").unwrap(),
        &|| std::fs::remove_file(entry.join("weights")).unwrap(),
        &|| {
            std::fs::remove_dir_all(&entry).unwrap();
            std::fs::write(&entry, "a file where a folder belongs").unwrap();
        },
    ];
    for (i, damage) in damages.iter().enumerate() {
        damage();
        let model = bench.load();
        assert!(!model.is_cached(), "damage {i}");
        assert_eq!(labels(model), expected, "damage {i}");
        assert!(bench.load().is_cached(), "damage {i}");
        assert_eq!(bench.entries(), std::slice::from_ref(&entry), "damage {i}");
    }
}

#[test]
fn loads_at_the_same_time_share_one_entry() {
    let bench = Bench::new();
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| labels(bench.load()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(bench.entries().len(), 1, "{:?}", bench.entries());
    assert!(bench.load().is_cached());
}

#[test]
fn what_was_not_finished_is_never_used_and_goes_in_time() {
    let bench = Bench::new();
    // A load that is stopped in the middle leaves nothing.
    let stop = &mut |_, done: u64, total: u64| match done * 2 > total {
        true => Err(sapiens::Error::invalid("stopped")),
        false => Ok(()),
    };
    assert!(Model::load(&ModelSource::Path(bench.model()), &bench.options(), stop).is_err());
    assert_eq!(bench.entries(), Vec::<PathBuf>::new());
    // Two that died: one long ago, one that may still be at work.
    let folder = bench.cache().join("converted");
    let (old, new) = (folder.join(".passing-old"), folder.join(".passing-new"));
    for path in [&old, &new] {
        std::fs::create_dir(path).unwrap();
        std::fs::write(path.join("weights"), [0; 100]).unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
    std::fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();
    assert!(!bench.load().is_cached());
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_cache_that_cannot_be_one_is_an_error_that_names_it() {
    let bench = Bench::new();
    std::fs::write(bench.cache(), "a file").unwrap();
    let error = Model::load(&ModelSource::Path(bench.model()), &bench.options(), &mut quiet).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("cache"), "{error}");
}

#[test]
fn what_is_built_ahead_is_recorded_and_the_record_knows_when_it_fits() {
    let bench = Bench::new();
    let source = ModelSource::Path(bench.model());
    let mut devices = Vec::new();
    let built = prebuild(&source, &bench.options(), &mut |device| devices.push(device), &mut quiet).unwrap();
    assert_eq!(devices, [Device::Cpu]);
    // Logits for pictures, labels for streams.
    assert_eq!(built.len(), 2);
    assert!(built.iter().all(|b| b.folder.join("built.json").is_file() && b.record.device == "cpu"), "{built:?}");
    assert!(bench.load().is_cached());
    let listed = || built_models(&bench.cache(), Some(library())).unwrap();
    assert_eq!(listed().len(), 2);
    assert!(listed().iter().all(|found| found.obstacle.is_none()), "{:?}", listed());
    assert!(Path::new(&listed()[0].record.model).ends_with("model.safetensors"));

    bench.checkpoint("seg", 3);
    assert!(listed().iter().all(|found| found.obstacle.as_ref().unwrap().contains("changed")), "{:?}", listed());
    std::fs::remove_file(bench.model()).unwrap();
    assert!(listed().iter().all(|found| found.obstacle.as_ref().unwrap().contains("not there")), "{:?}", listed());
    assert_eq!(built_models(&bench.0.path().join("none"), None).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn building_ahead_needs_a_file_and_a_folder() {
    let bench = Bench::new();
    let ask =
        |source: &ModelSource, options: &LoadOptions| prebuild(source, options, &mut |_| {}, &mut quiet).unwrap_err();
    let error = ask(&ModelSource::Demo, &bench.options());
    assert!(error.to_string().contains("only a file"), "{error}");
    let error = ask(&ModelSource::Path(bench.model()), &LoadOptions { cache: None, ..bench.options() });
    assert!(error.to_string().contains("cache"), "{error}");
}

/// The next device takes over only if it is listed; the reason says how to get engines.
#[test]
fn tensorrt_without_engines_is_refused_at_once() {
    let bench = Bench::new();
    let with = |devices: &[Device], engines| {
        let providers = ProviderOptions { engines, ..Default::default() };
        let session = SessionOptions { devices: devices.to_vec(), providers, ..session_options() };
        Model::load(&ModelSource::Path(bench.model()), &LoadOptions { session, ..bench.options() }, &mut quiet)
    };
    let error = with(&[Device::TensorRt(0)], Engines::Cached).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    assert!(error.to_string().contains("sapiens prebuild"), "{error}");
    // Allowed to build, it is this build of ONNX Runtime that has no TensorRT.
    let error = with(&[Device::TensorRt(0)], Engines::Build).unwrap_err();
    assert!(error.to_string().contains("in this build"), "{error}");
    let model = with(&[Device::TensorRt(0), Device::Cpu], Engines::Cached).unwrap();
    assert_eq!((model.device(), model.refused().len()), (Device::Cpu, 1));
}

#[test]
fn bfloat16_on_the_processor_is_refused_with_a_way_out() {
    let bench = Bench::new();
    let options = LoadOptions { precision: Some(Precision::Bf16), tasks: Some(vec![Task::Seg]), ..bench.options() };
    let error = Model::load(&ModelSource::Path(bench.model()), &options, &mut quiet).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    assert!(error.to_string().contains("cuda:N") && error.to_string().contains("fp16"), "{error}");
}
