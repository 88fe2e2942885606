//! The files of the Unity package: each asset with its .meta, whose GUID follows from its path and so never changes by accident.
//! `SAPIENS_UPDATE=1 cargo test --test unity` writes what is missing.

use crate::build::package;
use crate::native::root;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What Unity calls a platform: folder in the package, the editor's `OS`, the player, the processor, and the native libraries.
const PLATFORMS: [(&str, &str, &str, &str, [&str; 2]); 3] = [
    ("Plugins/Linux/x86_64", "Linux", "Linux64", "x86_64", ["libsapiens.so", "onnxruntime/libonnxruntime.so"]),
    ("Plugins/Windows/x86_64", "Windows", "Win64", "x86_64", ["sapiens.dll", "onnxruntime/onnxruntime.dll"]),
    ("Plugins/macOS/arm64", "OSX", "OSXUniversal", "ARM64", ["libsapiens.dylib", "onnxruntime/libonnxruntime.dylib"]),
];

/// Every .meta: those beside their assets, and those of native libraries, which `cargo xtask dist` puts beside them.
fn metas() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    below(&package(), "", &mut found);
    let plugins = root().join("bindings/unity/plugins");
    for (folder, os, player, cpu, libraries) in PLATFORMS {
        for library in libraries {
            let path = format!("{folder}/{library}");
            found.insert(plugins.join(format!("{path}.meta")), plugin(&path, os, player, cpu));
            for (end, _) in path.match_indices('/') {
                let folder = &path[..end];
                found.insert(plugins.join(format!("{folder}.meta")), meta(folder, true));
            }
        }
    }
    found
}

fn below(folder: &Path, path: &str, found: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        // Unity does not look into folders whose name ends with `~`; samples are copied out of one.
        let is_hidden = name.ends_with('~');
        if name.ends_with(".meta") || is_hidden && name != "Samples~" {
            continue;
        }
        let path = format!("{path}{name}");
        if !is_hidden {
            found.insert(folder.join(format!("{name}.meta")), meta(&path, entry.is_dir()));
        }
        if entry.is_dir() {
            below(&entry, &format!("{path}/"), found);
        }
    }
}

fn head(path: &str) -> String {
    let digest = Sha256::digest(format!("com.libsapiens.sdk/{path}"));
    let guid: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("fileFormatVersion: 2\nguid: {guid}\n")
}

const TAIL: &str = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n";

fn meta(path: &str, is_folder: bool) -> String {
    let (importer, settings) = match path.rsplit('.').next() {
        _ if is_folder => ("folderAsset: yes\nDefaultImporter", ""),
        Some("cs") => (
            "MonoImporter",
            "  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n  icon: {instanceID: 0}\n",
        ),
        Some("asmdef") => ("AssemblyDefinitionImporter", ""),
        Some("shader") => ("ShaderImporter", "  defaultTextures: []\n  nonModifiableTextures: []\n"),
        Some("json") if path == "package.json" => ("PackageManifestImporter", ""),
        Some("md") => ("TextScriptImporter", ""),
        _ => panic!("{path}: how does Unity import this?"),
    };
    format!("{}{importer}:\n  externalObjects: {{}}\n{settings}{TAIL}", head(path))
}

fn plugin(path: &str, os: &str, player: &str, cpu: &str) -> String {
    let mut text = head(path);
    text += "PluginImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  iconMap: {}\n  executionOrder: {}\n";
    text += "  defineConstraints: []\n  isPreloaded: 0\n  isOverridable: 0\n  isExplicitlyReferenced: 0\n";
    text += "  validateReferences: 1\n  platformData:\n  - first:\n      : Any\n    second:\n      enabled: 0\n      settings:\n";
    text += "        Exclude Editor: 0\n";
    for other in ["Linux64", "OSXUniversal", "Win", "Win64"] {
        text += &format!("        Exclude {other}: {}\n", u8::from(other != player));
    }
    text += "  - first:\n      Any: \n    second:\n      enabled: 0\n      settings: {}\n";
    text += &format!(
        "  - first:\n      Editor: Editor\n    second:\n      enabled: 1\n      settings:\n        CPU: {cpu}\n        \
         DefaultValueInitialized: true\n        OS: {os}\n"
    );
    text += &format!(
        "  - first:\n      Standalone: {player}\n    second:\n      enabled: 1\n      settings:\n        CPU: {cpu}\n"
    );
    text + TAIL
}

#[test]
fn every_asset_has_its_meta_and_every_meta_its_asset() {
    let expected = metas();
    if std::env::var_os("SAPIENS_UPDATE").is_some() {
        for (path, text) in &expected {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    for (path, text) in &expected {
        let found = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(&found, text, "{}: SAPIENS_UPDATE=1 cargo test --test unity", path.display());
    }
    for folder in [package(), root().join("bindings/unity/plugins")] {
        orphans(&folder, &expected);
    }
}

fn orphans(folder: &Path, expected: &BTreeMap<PathBuf, String>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            orphans(&path, expected);
        } else if path.extension().is_some_and(|extension| extension == "meta") {
            assert!(expected.contains_key(&path), "{} belongs to nothing: delete it", path.display());
        }
    }
}

#[test]
fn the_manifest_says_what_is_there() {
    let text = std::fs::read_to_string(package().join("package.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["name"].as_str(), package().file_name().unwrap().to_str());
    let samples = manifest["samples"].as_array().unwrap();
    assert_eq!(
        samples.len(),
        std::fs::read_dir(package().join("Samples~")).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir()).count()
    );
    for sample in samples {
        assert!(package().join(sample["path"].as_str().unwrap()).is_dir(), "{sample}");
    }
}
