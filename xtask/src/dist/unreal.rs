//! The plugin for Unreal Engine with the libraries in place: the folder `Sapiens`, ready for a project's `Plugins`.

use super::contents::{copy, copy_tree, write};
use super::{Layout, archive};
use crate::options::root;
use crate::process::Fault;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the plugin's build rules look for libraries.
const LIBRARIES: &str = "Binaries/ThirdParty/SapiensSDK";

/// What Unreal calls the platform; `None` where it cannot link the library of this target.
fn platform(target: &str) -> Option<&'static str> {
    match target {
        _ if target.contains("-windows-msvc") => Some("Win64"),
        _ if target.ends_with("-apple-darwin") => Some("Mac"),
        "x86_64-unknown-linux-gnu" => Some("Linux"),
        _ => None,
    }
}

/// Makes the plugin from a filled package. Gives its archive; `None` where there is no Unreal for the target.
pub fn plugin(layout: &Layout, out: &Path, date: u64) -> Result<Option<PathBuf>, Fault> {
    let Some(platform) = platform(&layout.target) else { return Ok(None) };
    let folder = out.join("unreal/Sapiens");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Fault::io("replace", &folder))?;
    }
    fill(layout, platform, &folder)?;
    let archive = out.join(format!("sapiens-unreal-{}-{}.tar.gz", layout.version, layout.target));
    archive::pack(&folder, &archive, date)?;
    Ok(Some(archive))
}

fn fill(layout: &Layout, platform: &str, folder: &Path) -> Result<(), Fault> {
    copy_tree(&root().join("bindings/unreal/Sapiens"), folder, &|_| true)?;
    let sdk = folder.join("Source/SapiensSDK");
    copy_tree(&layout.folder.join("include"), &sdk.join("include"), &|_| true)?;
    copy_tree(&layout.folder.join("licenses"), &folder.join("licenses"), &|_| true)?;

    let libraries = folder.join(LIBRARIES).join(platform);
    let shared = layout.folder.join(&layout.names.shared.1);
    // One file under the name that programs record: neither zip files nor Perforce keep links.
    let name = layout.names.soname.clone().unwrap_or_else(|| layout.names.shared.0.to_owned());
    copy(&shared, &libraries.join(&name))?;
    if platform == "Linux" {
        // Unreal's build tool makes `-lsapiens` of a path, so the linker needs a file of that name.
        write(&libraries.join(layout.names.shared.0), &format!("/* For the linker. */\nINPUT({name})\n"))?;
    }
    if let Some((_, import)) = layout.names.import {
        let file = Path::new(import).file_name().unwrap_or_default();
        copy(&layout.folder.join(import), &sdk.join("lib").join(platform).join(file))?;
    }
    copy_tree(&layout.folder.join(layout.names.runtime_folder), &libraries.join("onnxruntime"), &|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::names::names;

    /// A package as small as can be, in a folder of its own.
    fn package(target: &str) -> Layout {
        let folder = std::env::temp_dir().join(format!("xtask-unreal-{}-{target}", std::process::id())).join("package");
        let names = names(target, 1, "0.2.0").unwrap();
        let mut files = vec![names.shared.1.clone(), format!("{}/libonnxruntime.so.1", names.runtime_folder)];
        files.extend(["include/sapiens.h", "include/sapiens/context.hpp", "licenses/LICENSE-MIT"].map(str::to_owned));
        files.extend(names.import.map(|(_, packed)| packed.to_owned()));
        for file in &files {
            write(&folder.join(file), file).unwrap();
        }
        Layout {
            folder,
            name: "sapiens-0.2.0".into(),
            version: "0.2.0".into(),
            abi: 1,
            target: target.into(),
            names,
            system_libraries: Vec::new(),
            runtime: None,
        }
    }

    #[test]
    fn the_plugin_has_its_libraries_where_its_rules_look() {
        let rules =
            fs::read_to_string(root().join("bindings/unreal/Sapiens/Source/SapiensSDK/SapiensSDK.Build.cs")).unwrap();
        for (target, files) in [
            ("x86_64-unknown-linux-gnu", &["Linux/libsapiens.so", "Linux/libsapiens.so.1"][..]),
            ("aarch64-apple-darwin", &["Mac/libsapiens.1.dylib"]),
            ("x86_64-pc-windows-msvc", &["Win64/sapiens.dll", "../../../Source/SapiensSDK/lib/Win64/sapiens.dll.lib"]),
        ] {
            let layout = package(target);
            let out = layout.folder.parent().unwrap();
            let archive = plugin(&layout, out, 1_000_000_000).unwrap().unwrap();
            assert!(archive.ends_with(format!("sapiens-unreal-0.2.0-{target}.tar.gz")) && archive.is_file());
            let folder = out.join("unreal/Sapiens");
            let libraries = folder.join(LIBRARIES);
            for file in files {
                let path = libraries.join(file);
                assert!(path.is_file() && !path.is_symlink(), "{target}: {file}");
            }
            for file in [
                "Sapiens.uplugin",
                "README.md",
                "Source/SapiensSDK/include/sapiens/context.hpp",
                "licenses/LICENSE-MIT",
            ] {
                assert!(folder.join(file).is_file(), "{target}: {file}");
            }
            let platform = files[0].split('/').next().unwrap();
            assert!(libraries.join(platform).join("onnxruntime/libonnxruntime.so.1").is_file(), "{target}");
            assert!(rules.contains(&format!("UnrealTargetPlatform.{platform}")));
            fs::remove_dir_all(out).unwrap();
        }
        for word in
            LIBRARIES.split('/').chain(["sapiens.dll.lib", "sapiens.dll", "libsapiens.so", "libsapiens.*.dylib"])
        {
            assert!(rules.contains(&format!("\"{word}\"")), "SapiensSDK.Build.cs does not name {word}");
        }
    }

    #[test]
    fn no_plugin_is_made_for_what_unreal_does_not_link() {
        assert_eq!(platform("x86_64-pc-windows-gnu"), None);
        assert_eq!(platform("aarch64-unknown-linux-gnu"), None);
    }
}
