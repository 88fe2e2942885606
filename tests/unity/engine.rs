//! The part that needs the engine, compiled against a hand-written declaration of just the API it uses (`tests/unity/engine`), and
//! run against what little of it behaves. This shows that it is C# 7.2, calls the core rightly, aims bones and makes no garbage; it
//! does not show that it behaves in Unity.

use crate::build::{compile, compile_core, must_run, package, sources};
use crate::native::{library_folder, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fields that the inspector fills are never assigned in the source; Unity's own compiler settings ignore these two, too.
const BY_INSPECTOR: &str = "-nowarn:649,414";
const LIBRARY: &str = "-target:library";

/// A folder of assemblies.
struct Assemblies(tempfile::TempDir);

impl Assemblies {
    /// The core, the stand-in for the engine, and the components.
    fn new() -> Self {
        let all = Self(tempfile::tempdir().unwrap());
        compile_core(&all.path("Sapiens.dll"));
        compile(&all.path("Engine.dll"), &sources(&root().join("tests/unity/engine"), &[]), LIBRARY, &[]);
        all.add("Sapiens.Unity.dll", LIBRARY, &package().join("Runtime/Component"), &["Sapiens", "Engine"]);
        all
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn add(&self, name: &str, option: &str, folder: &Path, references: &[&str]) {
        let references = references.iter().map(|one| format!("-r:{}", self.path(&format!("{one}.dll")).display()));
        let more: Vec<String> = references.chain([BY_INSPECTOR.to_owned()]).collect();
        compile(&self.path(name), &sources(folder, &[]), option, &more);
    }
}

const ALL: [&str; 3] = ["Sapiens", "Engine", "Sapiens.Unity"];

#[test]
fn components_editor_samples_and_engine_tests_compile() {
    let assemblies = Assemblies::new();
    assemblies.add("Sapiens.Editor.dll", LIBRARY, &package().join("Editor"), &ALL);
    assemblies.add("Sapiens.EngineTests.dll", LIBRARY, &package().join("Tests"), &ALL);
    for sample in std::fs::read_dir(package().join("Samples~")).unwrap() {
        let sample = sample.unwrap().path();
        if sample.is_dir() {
            assemblies.add("Sample.dll", LIBRARY, &sample, &ALL);
        }
    }
}

#[test]
fn components_see_aim_and_end_without_garbage() {
    let assemblies = Assemblies::new();
    assemblies.add("Sapiens.ComponentTests.exe", "-target:exe", &root().join("tests/unity/components"), &ALL);
    must_run("mono", "mono-runtime");
    let mut mono = Command::new("mono");
    mono.arg("--debug").arg(assemblies.path("Sapiens.ComponentTests.exe")).env("LD_LIBRARY_PATH", library_folder());
    let text = run(&mut mono);
    assert_eq!(text.lines().last(), Some("ok"), "{text}");
    println!("{text}");
}

/// The core is what IL2CPP and every later Unity take: no engine, no dynamic code.
#[test]
fn the_core_needs_no_engine_and_makes_no_code() {
    let runtime = package().join("Runtime");
    for path in sources(&runtime, &["Component"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in
            ["UnityEngine", "Unity.Collections", "Reflection.Emit", "dynamic ", "System.Memory", "Span<", "Expression<"]
        {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
    }
    // Every function that native code calls is static and marked for IL2CPP.
    let callbacks = std::fs::read_to_string(runtime.join("Interop/Callbacks.cs")).unwrap();
    let marked = callbacks.matches("[MonoPInvokeCallback(").count();
    assert_eq!(marked, callbacks.matches("Marshal.GetFunctionPointerForDelegate(").count());
    let elsewhere = sources(&runtime, &[]).iter().filter(|path| calls_for_pointer(path)).count();
    assert_eq!((marked, elsewhere), (4, 1), "callbacks are made in one file");
}

fn calls_for_pointer(path: &Path) -> bool {
    std::fs::read_to_string(path).unwrap().contains("GetFunctionPointerForDelegate")
}

/// Whatever the C interface can, C# can.
#[test]
fn every_export_is_declared() {
    let header = std::fs::read_to_string(root().join("include/sapiens.h")).unwrap();
    let native = std::fs::read_to_string(package().join("Runtime/Interop/Native.cs")).unwrap();
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with(['/', '*'])).collect();
    let code = code.join("\n");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let calls = code.match_indices('(').filter_map(|(at, _)| code[..at].rsplit(|c| !is_word(c)).next());
    let exports: Vec<&str> = calls.filter(|name| name.starts_with("sapiens_")).collect();
    assert!(exports.len() > 40, "{exports:?}");
    let missing: Vec<&&str> = exports.iter().filter(|name| !native.contains(&format!(" {name}("))).collect();
    assert!(missing.is_empty(), "not in Native.cs: {missing:?}");
}
