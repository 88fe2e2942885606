//! The order of the house: lower layers never import higher ones. The rules stand in `tests/layers/rules.rs`; here
//! they meet the source, and then snippets that break each of them, so that the check itself is known to bite.

#[path = "layers/rules.rs"]
mod rules;
#[path = "layers/scan.rs"]
mod scan;

use rules::{fact_names, facts_in_binding, violations};
use std::fs;
use std::path::{Path, PathBuf};

/// No source file is longer.
const MAX_LINES: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder whose extension is listed (any, if none is), sorted.
fn files_below(dir: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, extensions));
        } else if extensions.is_empty() || path.extension().is_some_and(|e| extensions.iter().any(|known| e == *known))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn relative(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap().to_string_lossy().replace('\\', "/")
}

#[test]
fn lower_layers_never_import_higher_ones() {
    let src = root().join("src");
    let files: Vec<_> = files_below(&src, &["rs"])
        .iter()
        .map(|path| (relative(path, &src), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(files.iter().any(|(file, _)| file == "lib.rs"), "no source found");
    let found = violations(&files);
    assert!(found.is_empty(), "{} breaches of the layers:\n{}", found.len(), found.join("\n"));
}

#[test]
fn bindings_state_no_model_fact() {
    let skeleton: String = files_below(&root().join("src/skeleton"), &["rs", "json"])
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let names = fact_names(&skeleton);
    let mut found = Vec::new();
    for path in files_below(&root().join("bindings"), &["h", "hpp", "c", "cpp", "cs", "py", "js", "ts", "swift", "kt"])
    {
        assert!(names.len() > 100, "no names found in src/skeleton to look for");
        found.extend(facts_in_binding(&relative(&path, root()), &fs::read_to_string(&path).unwrap(), &names));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = ["src", "xtask"]
        .iter()
        .flat_map(|dir| files_below(&root().join(dir), &["rs"]))
        .filter_map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines > MAX_LINES).then(|| format!("{}: {lines} lines, at most {MAX_LINES}", relative(&path, root())))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// What the rules say about one file, beside a root that re-exports two names.
fn verdict(file: &str, text: &str) -> Vec<String> {
    let library = "pub mod error; pub mod engine; pub use error::{Error, Result}; pub use engine::Engine;";
    let preprocess = "mod placement; mod warp; pub use placement::{Geometry, Placement}; pub use warp::warp;";
    let task = "pub mod pose; pub mod seg; use pose::Pose; use seg::Labels;";
    violations(&[
        ("lib.rs".into(), library.into()),
        ("preprocess/mod.rs".into(), preprocess.into()),
        ("task/mod.rs".into(), task.into()),
        (file.into(), text.into()),
    ])
}

#[test]
fn what_breaks_the_order_is_found() {
    let wrong = [
        ("geometry.rs", "use crate::spec::Task;"),
        ("geometry.rs", "fn f() { let x = crate::engine::Engine::new(); }"),
        ("spec/info.rs", "use super::super::runtime::Session;"),
        ("spec/info.rs", "use super::{super::task::pose, Task};"),
        ("image/mod.rs", "use crate::{error::Error, geometry::{Size, Affine}, preprocess};"),
        ("image/mod.rs", "use { crate::error, crate::export };"),
        ("task/pose.rs", "use crate::Engine;"),
        ("task/pose.rs", "use crate::*;"),
        ("task/pose.rs", "use crate as everything;"),
        ("task/pose.rs", "use crate::{self as everything};"),
        ("task/pose.rs", "use crate::runtime::Session;"),
        ("task/pose.rs", "use super::seg::Labels;"),
        ("task/pose.rs", "use crate::task::seg;"),
        ("task/pose.rs", "use super::Labels;"),
        ("task/pose/decode.rs", "use super::super::seg::Labels;"),
        ("task/resize.rs", "use super::pose::Pose;"),
        ("task/pose.rs", "use crate::preprocess::warp;"),
        ("task/pose.rs", "#[cfg(test)] mod tests { use super::*; use super::super::seg; }"),
        ("task/unknown.rs", "use crate::no_such_room::X;"),
        ("preprocess/warp.rs", "use crate::task::pose;"),
        ("onnx/graph.rs", "use crate::checkpoint::Tensor;"),
        ("checkpoint/file.rs", "use crate::onnx::Graph;"),
        ("checkpoint/file.rs", "use crate::convert::convert;"),
        ("convert/mod.rs", "use crate::engine::Engine;"),
        ("convert/mod.rs", "use crate::runtime::Session;"),
        ("runtime/mod.rs", "use crate::convert::Options;"),
        ("export/ply.rs", "use crate::engine::Frame;"),
        ("engine/mod.rs", "use crate::ffi::Handle;"),
        ("new_room/mod.rs", ""),
        ("engine/mod.rs", "use ort::session::Session;"),
        ("engine/mod.rs", "use ::ort::session::Session;"),
        ("engine/mod.rs", "use ort as onnxruntime;"),
        ("engine/mod.rs", "use {std::fs, ort::value::Value};"),
        ("engine/mod.rs", "extern crate ort;"),
        ("engine/mod.rs", "fn f() -> ort::Result<()> { Ok(()) }"),
        ("image/mod.rs", "fn f(p: *const u8) -> u8 { unsafe { *p } }"),
        ("image/mod.rs", "pub extern \"C\" fn f() {}"),
        ("image/mod.rs", "pub extern fn f() {}"),
        ("image/mod.rs", "#[unsafe(no_mangle)] pub fn f() {}"),
        ("bin/sapiens/main.rs", "fn main() { unsafe {} }"),
    ];
    for (file, text) in wrong {
        let found = verdict(file, text);
        assert!(found.iter().all(|line| line.starts_with(&format!("src/{file}:1: "))), "{file}: {text}\n{found:?}");
        assert!(!found.is_empty(), "{file}: {text} went unnoticed");
    }
}

#[test]
fn what_keeps_the_order_passes() {
    let right = [
        ("spec/info.rs", "use super::Task; use crate::error::{Error, Result}; use crate::geometry::Size;"),
        (
            "spec/info.rs",
            "// use crate::engine::Engine;\n/* crate::runtime /* ort::x */ unsafe */ const A: char = '\"';",
        ),
        (
            "spec/info.rs",
            "const A: &str = \"use crate::engine; unsafe ort::\"; const B: &str = r#\"\"crate::ffi::x\"#;",
        ),
        ("spec/info.rs", "fn f<'a>(x: &'a str) -> crate::Result<&'a str> { Ok(x) } #![deny(unsafe_code)]"),
        ("task/pose.rs", "use crate::preprocess::placement::Placement; use crate::preprocess::{Geometry, Placement};"),
        (
            "task/pose.rs",
            "use super::resize; use crate::skeleton; mod tests { use super::*; use super::super::resize; }",
        ),
        ("convert/mod.rs", "use crate::{checkpoint::Tensor, onnx::{self, Graph}, spec::ModelInfo};"),
        ("runtime/mod.rs", "use ort::session::Session; unsafe extern \"C\" {}"),
        ("engine/mod.rs", "use crate::{convert, runtime::Session, task::pose, preprocess::warp};"),
        ("engine/mod.rs", "struct S { ort: u8 } fn f(s: S) { crate::runtime::ort::version(s.ort) }"),
        ("export/ply.rs", "use crate::task::pointmap::Points; pub(in crate::export) fn f() {}"),
        ("bin/sapiens/main.rs", "mod run; use sapiens::{Engine, export}; use crate::run::go; fn main() {}"),
    ];
    for (file, text) in right {
        let found = verdict(file, text);
        assert!(found.is_empty(), "{file}: {text}\n{found:?}");
    }
}

#[test]
fn lines_are_counted_across_comments_and_strings() {
    let text = "/* one\ntwo */\nconst A: &str = \"three\n four\";\n\nuse crate::engine::Engine;\n";
    assert!(verdict("spec/info.rs", text)[0].starts_with("src/spec/info.rs:6: `spec` (layer 2) imports `engine`"));
}

#[test]
fn facts_in_a_binding_are_found_in_any_spelling() {
    let names =
        fact_names("const N: &[&str] = &[\"left_shoulder\", \"Right_Upper_Arm\", \"nose\"]; // \"not_this_one\"");
    assert_eq!(names, ["leftshoulder", "rightupperarm"]);
    for text in [
        "enum { LeftShoulder = 5 }",
        "KEYPOINT_LEFT_SHOULDER",
        "\"right-upper-arm\"",
        "float points[308];",
        "left_shoulder = SAPIENS_X,",
    ] {
        assert_eq!(facts_in_binding("bindings/a.h", text, &names).len(), 1, "{text}");
    }
    let enumerator = "left_shoulder = SAPIENS_GROUP_LEFT_SHOULDER,";
    for text in ["sapiens_keypoint_name(model, 13080);", enumerator] {
        assert!(facts_in_binding("bindings/a.h", text, &names).is_empty(), "{text}");
    }
    assert_eq!(fact_names("{\"keypoints\": [{\"name\": \"left_eye\", \"flip\": 2}]}"), ["lefteye"]);
}
