//! The part that needs the engine, compiled against a hand-written declaration of just the API it uses (`tests/unity/engine`). This
//! shows that it is C# 7.2 and calls the core rightly; it does not show that it behaves in Unity.

use crate::build::{compile, compile_core, package, sources};
use crate::native::root;
use std::path::Path;

/// Fields that the inspector fills are never assigned in the source; Unity's own compiler settings ignore these two, too.
const BY_INSPECTOR: &str = "-nowarn:649,414";

#[test]
fn components_editor_samples_and_engine_tests_compile() {
    let folder = tempfile::tempdir().unwrap();
    let dll = |name: &str| folder.path().join(format!("{name}.dll"));
    let reference = |names: &[&str]| -> Vec<String> {
        let all = names.iter().map(|name| format!("-r:{}", dll(name).display()));
        all.chain([BY_INSPECTOR.to_owned()]).collect()
    };
    let library = "-target:library";
    compile_core(&dll("Sapiens"));
    compile(&dll("Engine"), &sources(&root().join("tests/unity/engine"), &[]), library, &[]);
    let core = ["Sapiens", "Engine"];
    compile(&dll("Sapiens.Unity"), &sources(&package().join("Runtime/Component"), &[]), library, &reference(&core));
    let all = ["Sapiens", "Engine", "Sapiens.Unity"];
    compile(&dll("Sapiens.Editor"), &sources(&package().join("Editor"), &[]), library, &reference(&all));
    compile(&dll("Sapiens.EngineTests"), &sources(&package().join("Tests"), &[]), library, &reference(&all));
    for sample in std::fs::read_dir(package().join("Samples~")).unwrap() {
        let sample = sample.unwrap().path();
        compile(&dll("Sample"), &sources(&sample, &[]), library, &reference(&all));
    }
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
