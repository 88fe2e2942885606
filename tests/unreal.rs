//! The Unreal plugin without Unreal: its engine-free part compiled and run against the library by g++ and clang++, its engine-facing
//! part compiled against the declarations in `tests/unreal/engine`. A missing compiler is a failure.

mod native;
#[path = "unreal/reflection.rs"]
mod reflection;

use native::{library_folder, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;

const PLUGIN: &str = "bindings/unreal/Sapiens";
const COMPILERS: [&str; 2] = ["g++", "clang++"];
const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow"];
/// As Unreal builds.
const BARE: [&str; 2] = ["-fno-exceptions", "-fno-rtti"];

fn compiler(name: &str, standard: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).arg(format!("-std={standard}")).args(WARNINGS).args(BARE);
    command.args(["-Iinclude", "-Ibindings/cpp"]).arg(format!("-I{PLUGIN}/Source/Sapiens/Private"));
    command
}

/// Files below a folder of the plugin with one of these endings, in order.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    native::files(&root().join(PLUGIN).join(folder), endings, &[])
}

/// Builds a program of the engine-free part and runs it.
fn run_core(name: &str, flags: &[&str], program: &str, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let exe = folder.path().join("program");
    #[cfg(unix)]
    std::os::unix::fs::symlink(library_folder().join("libsapiens.so"), folder.path().join("libsapiens.so.1")).unwrap();
    let mut build = compiler(name, "c++17");
    build.args(flags).arg(program).args(files("Source/Sapiens/Private/Core", &[".cpp"])).arg("-o").arg(&exe);
    run(build.arg("-L").arg(library_folder()).args(["-lsapiens", "-pthread"]));
    let mut command = Command::new(&exe);
    command.args(arguments).env("LD_LIBRARY_PATH", folder.path());
    // Leaks of ONNX Runtime's own globals are not ours.
    command.env("ASAN_OPTIONS", "detect_leaks=0").env("UBSAN_OPTIONS", "print_stacktrace=1");
    assert_eq!(run(&mut command).trim(), "ok", "{name} {program}");
}

#[test]
fn the_core_works_as_gcc_builds_it() {
    run_core("g++", &["-O1", "-Wconversion"], "tests/unreal/flow.cpp", &["1000"]);
}

#[test]
fn the_core_works_as_clang_builds_it() {
    run_core("clang++", &["-O1"], "tests/unreal/flow.cpp", &["50"]);
}

#[test]
fn the_core_is_clean_under_the_sanitizers() {
    let flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    run_core("g++", &flags, "tests/unreal/flow.cpp", &["20"]);
}

#[test]
fn people_in_the_core() {
    let folder = tempfile::tempdir().unwrap();
    let photo = sapiens::image::Image::open(root().join("assets/standing.jpg")).unwrap();
    let (size, picture) = (photo.size(), folder.path().join("person.ppm"));
    let head = format!("P6 {} {} 255\n", size.width, size.height);
    std::fs::write(&picture, [head.as_bytes(), photo.pixels()].concat()).unwrap();
    let sanitized = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for (name, flags) in [("g++", &["-O1", "-Wconversion"][..]), ("clang++", &["-O1"]), ("g++", &sanitized)] {
        run_core(name, flags, "tests/unreal/people.cpp", &[picture.to_str().unwrap()]);
    }
}

#[test]
fn the_space_is_unreals() {
    let sequence = root().join("tests/data/unreal/sequence.txt");
    for name in COMPILERS {
        run_core(name, &["-O1"], "tests/unreal/space.cpp", &[sequence.to_str().unwrap()]);
    }
}

/// The conversion of the plugin is the only one there is. When the library has its own, the two are to be compared here.
#[test]
fn the_library_offers_no_conversion_to_compare_with() {
    let header = std::fs::read_to_string(root().join("include/sapiens.h")).unwrap().to_lowercase();
    for word in ["unreal", "unity", "left-handed"] {
        assert!(!header.contains(word), "sapiens.h speaks of {word}: compare its conversion with Core/Space.h here");
    }
}

/// What the library can be asked must not be written down in the plugin.
#[test]
fn the_plugin_knows_no_fact_of_a_model() {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(sapiens::skeleton::keypoints().names.iter().map(|name| format!("\"{name}\"")));
    facts.push(sapiens::skeleton::keypoints().names.len().to_string());
    for path in files("Source", &[".h", ".cpp", ".cs"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '"').collect();
        for fact in &facts {
            assert!(!words.contains(&fact.as_str()), "{}: {fact} is a fact of the models", path.display());
        }
    }
}

/// Each option of the library is set by the plugin, or is known not to be.
#[test]
fn no_option_of_the_library_is_forgotten() {
    let sources = files("Source/Sapiens/Private", &[".h", ".cpp"]);
    let plugin: String = sources.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let convert = ["tasks", "precision", "input_width", "input_height", "winograd_bytes", "regions"];
    for (header, name, left) in [
        ("context", "ContextOptions", &["low_memory", "flip_test"][..]),
        ("context", "LoadOptions", &convert),
        ("stream", "StreamOptions", &["depth", "map_space", "framing", "regions", "device_maps"]),
    ] {
        let text = std::fs::read_to_string(root().join(format!("bindings/cpp/sapiens/{header}.hpp"))).unwrap();
        let start = text.find(&format!("struct {name} ")).unwrap();
        let body = &text[start..][..text[start..].find("\n};").unwrap()];
        let lines = body.lines().skip(1).map(str::trim).filter(|line| !line.starts_with("//"));
        let fields: Vec<&str> =
            lines.filter_map(|line| line.split([';', '{', '=']).next()?.split_whitespace().last()).collect();
        assert!(fields.len() > 5, "{fields:?}");
        for field in left {
            assert!(fields.contains(field), "{name} has no {field} that could be left out");
        }
        for field in fields.into_iter().filter(|field| !left.contains(field)) {
            assert!(plugin.contains(&format!("ptions.{field} = ")), "the plugin does not set {name}::{field}");
        }
    }
}

/// The core does not use the engine, and survives the engine's macros and one big file (unity builds).
#[test]
fn the_core_lives_with_the_engines_macros() {
    let folder = tempfile::tempdir().unwrap();
    let engine = reflection::engine(&root().join("tests/unreal/engine"), folder.path());
    let all: String = files("Source/Sapiens/Private/Core", &[".cpp"])
        .iter()
        .map(|path| format!("#include \"{}\"\n", path.display()))
        .collect();
    let unity = folder.path().join("unity.cpp");
    // SAPIENS_API is the engine's before and after: see Core/Library.h.
    let api = "#define TEXT_OF(x) #x\n#define TEXT_OF_MACRO(x) TEXT_OF(x)\n\
               static_assert(sizeof(TEXT_OF_MACRO(SAPIENS_API)) > 1, \"sapiens.h has taken the engine's macro\");\n";
    std::fs::write(&unity, format!("#include \"CoreMinimal.h\"\n{all}{api}")).unwrap();
    for name in COMPILERS {
        let mut command = compiler(name, "c++20");
        run(command.arg("-fsyntax-only").arg("-I").arg(&engine).arg(&unity));
    }
}

#[test]
fn the_engine_facing_part_compiles_against_the_declared_engine() {
    let folder = tempfile::tempdir().unwrap();
    let engine = reflection::engine(&root().join("tests/unreal/engine"), folder.path());
    for header in files("Source", &[".h"]) {
        reflection::generate(&header, &engine);
    }
    let in_core = |path: &Path| path.components().any(|part| part.as_os_str() == "Core");
    let sources: Vec<PathBuf> = files("Source", &[".cpp"]).into_iter().filter(|path| !in_core(path)).collect();
    for name in COMPILERS {
        let mut command = compiler(name, "c++20");
        command.arg("-fsyntax-only").arg("-I").arg(&engine).arg(format!("-I{PLUGIN}/Source/Sapiens/Public"));
        run(command.args(&sources));
    }
}

#[test]
fn the_header_tool_of_the_engine_would_take_the_headers() {
    let is_core = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "Core");
    for header in files("Source", &[".h"]).into_iter().filter(|path| !is_core(path)) {
        let faults = reflection::faults(&header);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn what_the_header_tool_refuses_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let header = folder.path().join("Bad.h");
    let text = "#include \"Bad.generated.h\"\n#include \"Late.h\"\nUSTRUCT()\nstruct Bad\n{\n\tGENERATED_BODY()\n\
                \tUPROPERTY(BlueprintReadOnly)\n\tuint32 Count;\n\tbool Wrong = false;\n};\n";
    std::fs::write(&header, text).unwrap();
    let faults = reflection::faults(&header).join("\n");
    for word in ["included last", "prefix", "Category", "Blueprints do not know", "begins with b"] {
        assert!(faults.contains(word), "{word} is not in:\n{faults}");
    }
}

#[test]
fn the_descriptor_names_what_is_there() {
    let folder = root().join(PLUGIN);
    let text = std::fs::read_to_string(folder.join("Sapiens.uplugin")).unwrap();
    let plugin: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plugin["VersionName"], env!("CARGO_PKG_VERSION"));
    for module in plugin["Modules"].as_array().unwrap() {
        let name = module["Name"].as_str().unwrap();
        let source = folder.join("Source").join(name);
        let rules = std::fs::read_to_string(source.join(format!("{name}.Build.cs"))).unwrap();
        assert!(rules.contains(&format!("public class {name} : ModuleRules")), "{name}.Build.cs");
        let body: String = files(&format!("Source/{name}"), &[".cpp"])
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        assert!(body.contains(&format!(", {name})")), "{name}: no IMPLEMENT_MODULE");
    }
}
