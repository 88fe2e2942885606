//! What a model is said to take, against what a process takes for it: resident memory with the processor provider, before the load and
//! behind the first run. Not only anonymous memory: large weights are mapped from a file. Linux, where the kernel tells.
#![cfg(target_os = "linux")]

mod common;

use sapiens::engine::{Engine, Footprint, LoadOptions, ModelSource, Request};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::runtime::SessionOptions;
use sapiens::spec::{Precision, Task};
use std::path::Path;
use std::process::Command;
use testkit::Spec;

const MB: f64 = 1048576.0;
/// Names the checkpoint that the process of its own is to load.
const MODEL: &str = "SAPIENS_FOOTPRINT_MODEL";

fn options() -> LoadOptions {
    let session = SessionOptions { threads: 2, ..SessionOptions::default() };
    let input = std::env::var("SAPIENS_FOOTPRINT_INPUT").ok();
    let input =
        input.and_then(|text| text.split_once('x').map(|(h, w)| Size::new(w.parse().unwrap(), h.parse().unwrap())));
    LoadOptions { session, decoded_seg: true, input, ..LoadOptions::default() }
}

/// Not a test by itself: what is measured, in a process of its own.
#[test]
#[ignore = "run by the others, in a process of its own"]
fn measured() {
    let source = ModelSource::Path(std::env::var_os(MODEL).unwrap().into());
    common::library();
    let (_, footprint) = Footprint::of(&source, &options()).unwrap();
    let image = Image::open("assets/standing.jpg").unwrap();
    let before = testkit::process::resident_mb().unwrap();
    let engine = Engine::load(&[source], &options(), &mut common::quiet).unwrap();
    let loaded = testkit::process::resident_mb().unwrap() - before;
    assert_eq!(engine.models()[0].footprint(), footprint, "what was said beforehand is what it is");
    drop(engine.run(&image, &Request::default()).unwrap());
    let run = testkit::process::resident_mb().unwrap() - before;
    let (weights, work) = (footprint.weights as f64 / MB, footprint.work as f64 / MB);
    println!("numbers: {loaded} {run} {weights} {work}");
}

/// Megabytes after the load and behind the run, and what was said: weights and work space.
fn measure(model: &Path, input: Option<&str>) -> [f64; 4] {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "measured", "--ignored", "--nocapture"]).env(MODEL, model);
    if let Some(input) = input {
        command.env("SAPIENS_FOOTPRINT_INPUT", input);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.split_once("numbers: ")).map(|(_, numbers)| numbers.to_owned());
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let numbers: Vec<f64> = line.split_whitespace().map(|n| n.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

fn sparse(folder: &Path, spec: &Spec) -> std::path::PathBuf {
    let path = folder.join(format!("{}.safetensors", spec.task));
    let dtype = |name: &str| if name.ends_with("rope_embed.periods") { "BF16" } else { "F32" };
    let keys = spec.keys().into_iter();
    let tensors: Vec<_> = keys
        .map(|(name, shape)| {
            let dtype = dtype(&name);
            (name, shape, dtype)
        })
        .collect();
    testkit::write_sparse(&path, &tensors);
    path
}

#[test]
fn the_estimate_is_near_what_a_process_takes() {
    let folder = tempfile::tempdir().unwrap();
    let spec = |task: &str, up: &[usize], conv: &[usize]| Spec {
        embed: 512,
        heads: 8,
        layers: 6,
        up: up.to_vec(),
        conv: conv.to_vec(),
        image: (512, 384),
        ..Spec::tiny(task, 1)
    };
    for spec in [spec("pose", &[512, 384], &[256, 256, 128]), spec("normal", &[192, 128, 96, 64], &[16, 16, 16])] {
        let [_, run, weights, work] = measure(&sparse(folder.path(), &spec), Some("512x384"));
        let ratio = (weights + work) / run;
        println!("{}: measured {run:.0} MB, said {weights:.0} + {work:.0}, ratio {ratio:.2}", spec.task);
        assert!((0.6..1.5).contains(&ratio), "{}: {ratio}", spec.task);
    }
}

/// `cargo test --test footprint official -- --ignored --nocapture`: needs up to 8 GB and a minute per model. SAPIENS_FOOTPRINT_ONLY
/// narrows it: `0.4b_pose`.
#[test]
#[ignore = "official sizes: minutes and gigabytes"]
fn official_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let only = std::env::var("SAPIENS_FOOTPRINT_ONLY").unwrap_or_default();
    for manifest in testkit::manifests().into_iter().filter(|m| m.name.starts_with("0.") && m.name.contains(&only)) {
        let path = folder.path().join(format!("{}.safetensors", manifest.name));
        testkit::write_sparse(&path, &manifest.tensors);
        let [loaded, run, weights, work] = measure(&path, None);
        println!(
            "{}: loaded {loaded:.0} MB, behind a run {run:.0}; said {weights:.0} + {work:.0}, ratio {:.2}",
            manifest.name,
            (weights + work) / run
        );
    }
}

#[test]
fn sets_of_official_sizes_have_their_numbers() {
    let of = |precision| {
        let options = LoadOptions { precision: Some(precision), decoded_seg: true, ..LoadOptions::default() };
        let source = sapiens::checkpoint::official("0.4b", Task::Pose).unwrap().unwrap();
        Footprint::of_checkpoint(&source, &options).unwrap().1
    };
    let (single, half) = (of(Precision::Fp32), of(Precision::Fp16));
    // 425 M parameters.
    assert!((1.69e9..1.72e9).contains(&(single.weights as f64)), "{single:?}");
    assert!((0.49..0.51).contains(&(half.weights as f64 / single.weights as f64)), "{half:?}");
}
