//! The Unity package: its engine-free core against the library of this build, on Mono and on CoreCLR; the part that needs the engine
//! against a declaration of the engine; its files.

#[path = "unity/build.rs"]
mod build;
#[path = "unity/engine.rs"]
mod engine;
#[path = "unity/files.rs"]
mod files;
mod native;

use build::{Machine, core};
use native::{library_folder, root};

/// Parts of the test program, each with its argument.
const PARTS: [(&str, &str); 19] = [
    ("layout", "tests/data/abi.txt"),
    ("tables", ""),
    ("polling", "assets/standing.jpg"),
    ("people", "assets/standing.jpg"),
    ("events", ""),
    ("end inside", ""),
    ("hammer", "#6"),
    ("immediate", ""),
    ("async", ""),
    ("borrowing", ""),
    ("orientations", ""),
    ("arguments", "assets/demo/demo_bundle.safetensors"),
    ("results", ""),
    ("ends", ""),
    ("forgotten", ""),
    ("space", ""),
    ("rendered", "tests/data/unity_space.txt"),
    ("cycles", "#1000"),
    ("garbage", "#50"),
];

fn every_part(machine: Machine) {
    for (part, argument) in PARTS {
        let argument = match argument.strip_prefix('#') {
            Some(number) => Some(number.into()),
            None => (!argument.is_empty()).then(|| root().join(argument)),
        };
        let text = core().run(machine, part, argument.as_deref());
        println!("{machine:?} {part}: {}", text.replace('\n', "; "));
    }
}

#[test]
fn the_core_on_mono() {
    every_part(Machine::Mono);
}

/// CoreCLR has no domains to reload.
#[test]
fn a_reload_leaves_no_thread_and_no_callback() {
    core().run(Machine::Mono, "reload", None);
}

#[test]
fn the_core_on_coreclr() {
    every_part(Machine::CoreClr);
}

#[test]
fn a_missing_library_is_an_exception_that_says_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    assert!(!library_folder().starts_with(empty.path()));
    let text = native::run(core().command(Machine::Mono, empty.path()).arg("missing"));
    assert_eq!(text.lines().last(), Some("ok"), "{text}");
}
