//! The C interface from C: the header alone, the programs in `tests/c`, the symbols of the library.

mod native;

use native::{Build, Language, Program, root, run};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

const C_STANDARDS: [&str; 3] = ["c99", "c11", "c17"];
const CPP_STANDARDS: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

fn program(source: &str) -> Program {
    let source = format!("tests/c/{source}.c");
    Build { language: Language::C("c11"), sources: &[&source], flags: &[], sanitized: false }.program()
}

/// Builds and runs a program of `tests/c`, plain and under the sanitizers.
fn plain_and_sanitized(source: &str, arguments: &[&str]) {
    let path = format!("tests/c/{source}.c");
    for sanitized in [false, true] {
        let build = Build { language: Language::C("c11"), sources: &[&path], flags: &[], sanitized };
        assert_eq!(build.program().run(arguments).lines().last(), Some("ok"), "sanitized: {sanitized}");
    }
}

/// The functions the header declares.
fn declared() -> BTreeSet<String> {
    let header = std::fs::read_to_string(root().join("include/sapiens.h")).unwrap();
    let code: String = header.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = &code[code.find("extern \"C\"").unwrap()..];
    let names = code.match_indices("sapiens_").map(|(at, _)| {
        let name = &code[at..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap();
        (name[..end].to_owned(), name[end..].starts_with('('))
    });
    names.filter(|(_, is_call)| *is_call).map(|(name, _)| name).collect()
}

#[test]
fn the_header_compiles_alone_in_every_standard() {
    let strict = ["-pedantic", "-Wconversion", "-Wshadow", "-Wundef"];
    for standard in C_STANDARDS {
        let flags = [&strict[..], &["-Wstrict-prototypes", "-Wmissing-prototypes"]].concat();
        let sources = ["tests/c/header_alone.c"];
        Build { language: Language::C(standard), sources: &sources, flags: &flags, sanitized: false }.check();
    }
    for standard in CPP_STANDARDS {
        let flags = [&strict[..], &["-x", "c++"]].concat();
        let sources = ["tests/c/header_alone.c"];
        Build { language: Language::Cpp(standard), sources: &sources, flags: &flags, sanitized: false }.check();
    }
}

#[test]
fn contexts() {
    plain_and_sanitized("context", &[]);
}

#[test]
fn frames() {
    plain_and_sanitized("frames", &[]);
}

#[test]
fn streams() {
    plain_and_sanitized("streams", &[]);
}

#[test]
fn results() {
    plain_and_sanitized("results", &[]);
}

#[test]
fn people() {
    plain_and_sanitized("people", &[root().join("assets/standing.jpg").to_str().unwrap()]);
}

#[test]
fn ends() {
    plain_and_sanitized("ends", &[]);
}

#[test]
fn eight_threads_at_once() {
    plain_and_sanitized("hammer", &[]);
}

#[test]
fn models() {
    let checkpoint = root().join("assets/demo/demo_bundle.safetensors");
    for sanitized in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let graph = folder.path().join("demo.onnx");
        let mut convert = Command::new(env!("CARGO_BIN_EXE_sapiens"));
        run(convert.arg("convert").arg(&checkpoint).arg(&graph));
        let weights: PathBuf = folder.path().join("demo.onnx.data");
        assert!(weights.is_file());
        let sources = ["tests/c/models.c"];
        let build = Build { language: Language::C("c11"), sources: &sources, flags: &[], sanitized };
        let arguments = [&checkpoint, &graph, &weights].map(|path| path.to_str().unwrap());
        assert_eq!(build.program().run(&arguments).lines().last(), Some("ok"));
    }
}

#[test]
fn nulls_and_garbage() {
    let text = std::fs::read_to_string(root().join("tests/c/nulls.c")).unwrap();
    // These take no pointer.
    let harmless = ["sapiens_last_error", "sapiens_shutdown_all"];
    for function in declared().iter().filter(|name| !harmless.contains(&name.as_str())) {
        assert!(text.contains(function.as_str()), "tests/c/nulls.c does not call {function}");
    }
    plain_and_sanitized("nulls", &[]);
}

#[test]
fn valgrind_finds_nothing_of_ours() {
    let program = program("leaks");
    assert_eq!(run(&mut program.under_valgrind(&[])).lines().last(), Some("ok"));
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let library = native::library_folder().join("libsapiens.so");
    let symbols = run(Command::new("nm").args(["--dynamic", "--defined-only", "--format=posix"]).arg(&library));
    let exported: BTreeSet<String> =
        symbols.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(exported, declared());
    let dynamic = run(Command::new("readelf").arg("--dynamic").arg(&library));
    let tagged = |tag: &str| -> Vec<&str> {
        dynamic.lines().filter(|l| l.contains(tag)).filter_map(|l| l.split(['[', ']']).nth(1)).collect()
    };
    assert_eq!(tagged("(SONAME)"), ["libsapiens.so.1"]);
    for needed in tagged("(NEEDED)") {
        let is_system = ["libc.so", "libm.so", "libgcc_s.so", "ld-linux", "libpthread.so", "libdl.so"];
        assert!(is_system.iter().any(|known| needed.starts_with(known)), "the library needs {needed}");
    }
}
