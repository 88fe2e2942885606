//! The build rules of the Unreal plugin, compiled by mcs against declarations of Unreal's build tool and asked for every platform: do
//! they find, link and stage what the archive has? A missing mcs or mono is a failure.

mod native;

use native::{root, run};
use std::path::Path;
use std::process::Command;

fn write(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "x").unwrap();
}

fn ask(program: &Path, platform: &str, plugin: &Path) -> Vec<String> {
    let said = run(Command::new("mono").arg(program).arg(platform).arg(plugin));
    said.lines().map(str::to_owned).collect()
}

#[test]
fn the_rules_find_link_and_stage_the_libraries() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("rules.exe");
    let source = root().join("bindings/unreal/Sapiens/Source");
    let mut compile = Command::new("mcs");
    compile.args(["-langversion:6", "-warnaserror"]).arg(format!("-out:{}", program.display()));
    compile.arg(root().join("tests/unreal/rules/UnrealBuildTool.cs"));
    for module in ["Sapiens", "SapiensEditor", "SapiensSDK"] {
        compile.arg(source.join(module).join(format!("{module}.Build.cs")));
    }
    run(&mut compile);

    let plugin = folder.path().join("Sapiens");
    let only = |lines: Vec<String>| -> String {
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.into_iter().next().unwrap()
    };
    // Without the libraries each platform says what is missing and where it comes from.
    for platform in ["Win64", "Mac", "Linux"] {
        let refusal = only(ask(&program, platform, &plugin));
        assert!(refusal.starts_with("refused ") && refusal.contains("sapiens.h is missing"), "{refusal}");
        assert!(refusal.contains("cargo xtask dist"), "{refusal}");
    }
    write(&plugin.join("Source/SapiensSDK/include/sapiens.h"));
    for (platform, missing) in [("Win64", "sapiens.dll.lib"), ("Mac", ".dylib"), ("Linux", "libsapiens.so")] {
        let refusal = only(ask(&program, platform, &plugin));
        assert!(refusal.starts_with("refused ") && refusal.contains(missing), "{refusal}");
    }
    assert!(only(ask(&program, "Android", &plugin)).contains("no library for Android"));

    // With them: the headers, what to link with, and the library and ONNX Runtime to stage where they lie.
    let libraries = "Binaries/ThirdParty/SapiensSDK";
    write(&plugin.join("Source/SapiensSDK/lib/Win64/sapiens.dll.lib"));
    for file in ["Win64/sapiens.dll", "Linux/libsapiens.so", "Linux/libsapiens.so.1", "Mac/libsapiens.1.dylib"] {
        write(&plugin.join(libraries).join(file));
    }
    for platform in ["Win64", "Linux", "Mac"] {
        write(&plugin.join(libraries).join(platform).join("onnxruntime/runtime"));
    }
    let expected = [
        (
            "Linux",
            vec![
                format!("link {libraries}/Linux/libsapiens.so"),
                format!("rpath {libraries}/Linux"),
                format!("stage {libraries}/Linux/libsapiens.so.1"),
                format!("stage {libraries}/Linux/onnxruntime/runtime"),
            ],
        ),
        (
            "Win64",
            vec![
                "link Source/SapiensSDK/lib/Win64/sapiens.dll.lib".into(),
                "delay sapiens.dll".into(),
                "define SAPIENS_SHARED=1".into(),
                format!("stage {libraries}/Win64/onnxruntime/runtime"),
                format!("stage {libraries}/Win64/sapiens.dll"),
            ],
        ),
        (
            "Mac",
            vec![
                format!("link {libraries}/Mac/libsapiens.1.dylib"),
                format!("delay {libraries}/Mac/libsapiens.1.dylib"),
                format!("stage {libraries}/Mac/libsapiens.1.dylib"),
                format!("stage {libraries}/Mac/onnxruntime/runtime"),
            ],
        ),
    ];
    for (platform, lines) in expected {
        let said = ask(&program, platform, &plugin);
        assert_eq!(said[0], "include Source/SapiensSDK/include", "{platform}");
        assert_eq!(said[1..], lines, "{platform}");
    }
}
