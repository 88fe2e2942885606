//! The C++ header from C++: standards, warnings, macros it meets and leaves, and the programs in `tests/cpp`.

mod native;

use native::{Build, Language, root, run};
use std::collections::BTreeSet;
use std::process::Command;

const STANDARDS: [&str; 3] = ["c++17", "c++20", "c++23"];
const STRICT: [&str; 7] =
    ["-pedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wold-style-cast", "-Wundef", "-Wextra-semi"];
const BARE: [&str; 2] = ["-fno-exceptions", "-fno-rtti"];

/// The standard headers that the header includes.
const STANDARD_HEADERS: &str = "array chrono cstddef cstdint cstdio cstdlib exception functional iterator \
    memory optional span stdexcept string string_view type_traits utility variant vector";

fn build<'a>(standard: &'static str, sources: &'a [&'a str], flags: &'a [&'a str], sanitized: bool) -> Build<'a> {
    Build { language: Language::Cpp(standard), sources, flags, sanitized }
}

fn a_picture() -> String {
    root().join("assets/standing.jpg").to_str().unwrap().to_owned()
}

/// Builds and runs a program in two standards, with and without exceptions, and under the sanitizers. The programs end with a
/// failure and say where if something is not so.
fn in_every_way(sources: &[&str], arguments: &[&str]) {
    build("c++17", sources, &BARE, false).program().run(arguments);
    build("c++20", sources, &[], false).program().run(arguments);
    build("c++17", sources, &[], true).program().run(arguments);
}

#[test]
fn the_header_compiles_in_every_standard_without_a_warning() {
    for standard in STANDARDS {
        for extra in [&BARE[..], &["-DSAPIENS_EXCEPTIONS"]] {
            let flags = [&STRICT[..], extra].concat();
            build(standard, &["tests/cpp/header_alone.cpp"], &flags, false).check();
        }
    }
}

/// As a package installs it: one folder, the C header beside the C++ header, no other path.
#[test]
fn the_headers_compile_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let headers = root().join("bindings/cpp/sapiens");
    std::fs::create_dir(folder.path().join("sapiens")).unwrap();
    let parts = std::fs::read_dir(&headers).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let parts: Vec<String> = parts.filter(|name| name.ends_with(".hpp")).collect();
    assert!(!parts.is_empty());
    for part in &parts {
        std::fs::copy(headers.join(part), folder.path().join("sapiens").join(part)).unwrap();
    }
    std::fs::copy(root().join("bindings/cpp/sapiens.hpp"), folder.path().join("sapiens.hpp")).unwrap();
    std::fs::copy(root().join("include/sapiens.h"), folder.path().join("sapiens.h")).unwrap();
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    // Each part alone, too: none leans on what another includes.
    for header in parts.iter().map(|part| format!("sapiens/{part}")).chain(["sapiens.hpp".to_owned()]) {
        let mut command = Command::new(&compiler);
        command.args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-I"]);
        command.arg(folder.path()).args(["-include", &header, "/dev/null"]);
        run(&mut command);
    }
}

/// Macros that are defined after a text of includes.
fn macros(includes: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.cpp");
    std::fs::write(&source, includes).unwrap();
    let mut command = Command::new(std::env::var("CXX").unwrap_or_else(|_| "c++".into()));
    command.current_dir(root()).args([
        "-std=c++20",
        "-DSAPIENS_EXCEPTIONS",
        "-Iinclude",
        "-Ibindings/cpp",
        "-dM",
        "-E",
    ]);
    let listed = run(command.arg(source));
    let names = listed.lines().filter_map(|line| line.strip_prefix("#define "));
    names.map(|text| text.split([' ', '(']).next().unwrap().to_owned()).collect()
}

#[test]
fn the_header_leaves_no_macro_but_its_own() {
    let standard: String = STANDARD_HEADERS.split_whitespace().map(|name| format!("#include <{name}>\n")).collect();
    let before = macros(&format!("{standard}#include \"sapiens.h\"\n"));
    let after = macros(&format!("{standard}#include \"sapiens.h\"\n#include \"sapiens.hpp\"\n"));
    let new: Vec<&String> = after.difference(&before).collect();
    assert!(new.iter().any(|name| *name == "SAPIENS_HPP"), "{new:?}");
    for name in new {
        let is_guard = name.starts_with("SAPIENS_") && name.ends_with("_HPP");
        assert!(is_guard || name == "SAPIENS_HPP" || name == "SAPIENS_ABORT", "the header leaves the macro {name}");
    }
}

#[test]
fn macros_of_other_headers_do_no_harm() {
    let sources = ["tests/cpp/hostile_macros.cpp"];
    for standard in STANDARDS {
        build(standard, &sources, &["-DSAPIENS_EXCEPTIONS"], false).check();
    }
    build("c++20", &sources, &BARE, false).program().run(&[]);
}

#[test]
fn two_files_of_one_program() {
    in_every_way(&["tests/cpp/two_files_a.cpp", "tests/cpp/two_files_b.cpp"], &[]);
}

#[test]
fn values_views_and_tables() {
    in_every_way(&["tests/cpp/values.cpp"], &[]);
}

#[test]
fn streams_results_and_callbacks() {
    in_every_way(&["tests/cpp/behaviour.cpp"], &[&a_picture()]);
}

#[test]
fn people_and_their_options() {
    in_every_way(&["tests/cpp/people.cpp"], &[&a_picture()]);
}

#[test]
fn exceptions_leave_the_call_and_pass_no_c_frame() {
    for sanitized in [false, true] {
        build("c++17", &["tests/cpp/throwing.cpp"], &STRICT, sanitized).program().run(&[]);
    }
}

#[test]
fn nothing_leaks() {
    let program = build("c++17", &["tests/cpp/behaviour.cpp"], &[], true).program();
    let ignored = program.folder().join("lsan.supp");
    std::fs::write(&ignored, "leak:libonnxruntime\n").unwrap(); // its globals are not ours to free
    let mut command = program.command(&[&a_picture()]);
    command.env("ASAN_OPTIONS", "detect_leaks=1");
    command.env("LSAN_OPTIONS", format!("suppressions={}:print_suppressions=0", ignored.display()));
    run(&mut command);
}

/// What forgets an answer, or reads from a result that is gone at once, is said by the compiler.
#[test]
fn mistakes_do_not_compile() {
    let compiles = |statement: &str| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.cpp");
        let text = format!(
            "#include \"sapiens.hpp\"\nvoid f(sapiens::Context &context, sapiens::Stream &stream, sapiens::Result &result) \
             {{ (void)context, (void)stream, (void)result; {statement}; }}\n"
        );
        std::fs::write(&source, text).unwrap();
        let mut command = Command::new(std::env::var("CXX").unwrap_or_else(|_| "c++".into()));
        command.current_dir(root()).args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-Ibindings/cpp"]);
        command.args(["-fsyntax-only"]).arg(source).output().unwrap().status.success()
    };
    for right in [
        "auto pose = result.pose(0); (void)pose",
        "auto shared = result.share(); auto moved = std::move(shared); (void)moved",
        "stream.submit(sapiens::Image{}, {}, std::chrono::seconds(1)).value()",
        "if (auto next = stream.poll(std::chrono::milliseconds(5))) (void)next->pose(0)",
    ] {
        assert!(compiles(right), "{right}");
    }
    for wrong in [
        "context.load_demo()",
        "stream.cancel(sapiens::all_frames)",
        "sapiens::Context second = context",
        "sapiens::Stream second = stream",
        "sapiens::Result second = result",
        "auto pose = result.share().pose(0); (void)pose",
        "auto map = result.share().map(0, sapiens::MapKind::alpha); (void)map",
        "result.map(0, 3).value()",
        "stream.poll(33).value()",
        "bool done = context.load_demo(); (void)done",
        "sapiens::Tasks tasks = 3; (void)tasks",
    ] {
        assert!(!compiles(wrong), "compiles, and should not: {wrong}");
    }
}

/// Whatever the C interface can, the C++ header can. The defaults it takes from the _INIT macros, and the version of the binary
/// interface is compared by the library.
#[test]
fn every_export_is_used() {
    let header = std::fs::read_to_string(root().join("include/sapiens.h")).unwrap();
    let folder = root().join("bindings/cpp/sapiens");
    let parts = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let used: String = parts.collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let used: BTreeSet<&str> = used.split(|c| !is_word(c)).collect();
    let code = header.lines().filter(|line| !line.trim_start().starts_with(['/', '*'])).collect::<Vec<_>>().join("\n");
    let calls = code.match_indices('(').filter_map(|(at, _)| code[..at].rsplit(|c| !is_word(c)).next());
    let exports: BTreeSet<&str> = calls.filter(|name| name.starts_with("sapiens_")).collect();
    assert!(exports.contains("sapiens_context_create"), "{exports:?}");
    let left_out =
        |name: &&&str| !used.contains(*name) && !name.ends_with("_default") && **name != "sapiens_abi_version";
    let missing: Vec<&&str> = exports.iter().filter(left_out).collect();
    assert!(missing.is_empty(), "not in the C++ header: {missing:?}");
}
