//! The Unity package: the folder of `bindings/unity` with the native libraries where Unity expects them, as a `.tgz` in the layout of
//! npm, which Unity's package manager installs.

use super::contents::{copy, copy_tree};
use super::{Layout, archive, date};
use crate::options::root;
use crate::process::Fault;
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the package, and of its folder in the repository.
const NAME: &str = "com.libsapiens.sdk";

/// Where the native libraries of a target go, and what they are called there: Unity takes no `libx.so.1`, and builds copy only files
/// that end as its platforms' libraries do.
struct Plugins {
    folder: &'static str,
    library: &'static str,
    runtime: &'static str,
}

fn plugins(target: &str) -> Option<Plugins> {
    let (folder, library, runtime) = match target {
        "x86_64-unknown-linux-gnu" => ("Plugins/Linux/x86_64", "libsapiens.so", "libonnxruntime.so"),
        "x86_64-pc-windows-msvc" | "x86_64-pc-windows-gnu" => {
            ("Plugins/Windows/x86_64", "sapiens.dll", "onnxruntime.dll")
        }
        "aarch64-apple-darwin" => ("Plugins/macOS/arm64", "libsapiens.dylib", "libonnxruntime.dylib"),
        _ => return None,
    };
    Some(Plugins { folder, library, runtime })
}

/// Makes the `.tgz` out of a filled layout; `None` for targets Unity has no editor for.
pub fn pack(layout: &Layout, out: &Path) -> Result<Option<PathBuf>, Fault> {
    let Some(plugins) = plugins(&layout.target) else { return Ok(None) };
    let work = out.join(format!("{NAME}-{}", layout.version));
    if work.exists() {
        fs::remove_dir_all(&work).map_err(Fault::io("replace", &work))?;
    }
    // npm's name for the folder in the archive.
    let package = work.join("package");
    let from = root().join("bindings/unity");
    copy_tree(&from.join(NAME), &package, &|_| true)?;
    native(layout, &plugins, &from.join("plugins"), &package)?;
    copy_tree(&layout.folder.join("licenses"), &package.join("Licenses~"), &|_| true)?;
    let file = out.join(format!("{NAME}-{}.tgz", layout.version));
    archive::pack(&package, &file, date())?;
    fs::remove_dir_all(&work).map_err(Fault::io("remove", &work))?;
    Ok(Some(file))
}

/// Libraries with their import settings, and those of the folders above them.
fn native(layout: &Layout, plugins: &Plugins, metas: &Path, package: &Path) -> Result<(), Fault> {
    let place = |path: &str| package.join(plugins.folder).join(path);
    let mut files = vec![plugins.library.to_owned()];
    copy(&layout.folder.join(&layout.names.shared.1), &place(plugins.library))?;
    if let Some(runtime) = &layout.runtime {
        let name = format!("onnxruntime/{}", plugins.runtime);
        copy(&layout.folder.join(runtime), &place(&name))?;
        files.push(name);
    }
    for file in files {
        let path = format!("{}/{file}", plugins.folder);
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        for asset in folders.chain([path.as_str()]) {
            let meta = format!("{asset}.meta");
            copy(&metas.join(&meta), &package.join(&meta))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_a_package_of_npm_with_the_libraries_in_place() {
        let out = std::env::temp_dir().join(format!("xtask-unity-{}", std::process::id()));
        let target = "x86_64-unknown-linux-gnu";
        let layout = Layout {
            folder: out.join("sdk"),
            name: "sapiens-0.2.0".into(),
            version: "0.2.0".into(),
            abi: 1,
            target: target.into(),
            names: crate::dist::names::names(target, 1, "0.2.0").unwrap(),
            system_libraries: Vec::new(),
            runtime: Some("lib/onnxruntime/libonnxruntime.so.1.2.3".into()),
        };
        for file in [layout.names.shared.1.as_str(), layout.runtime.as_deref().unwrap(), "licenses/LICENSE-MIT"] {
            let path = layout.folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let file = pack(&layout, &out).unwrap().unwrap();
        assert_eq!(file.file_name().unwrap(), "com.libsapiens.sdk-0.2.0.tgz");
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(fs::File::open(file).unwrap()));
        let names = tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        let names: Vec<String> = names.collect();
        assert!(names.iter().all(|name| name.starts_with("package/")), "{names:?}");
        for file in [
            "package.json",
            "package.json.meta",
            "Runtime/SapiensContext.cs",
            "Samples~/LiveSkeleton/LiveSkeleton.cs",
            "Plugins.meta",
            "Plugins/Linux/x86_64/libsapiens.so",
            "Plugins/Linux/x86_64/libsapiens.so.meta",
            "Plugins/Linux/x86_64/onnxruntime/libonnxruntime.so",
            "Plugins/Linux/x86_64/onnxruntime/libonnxruntime.so.meta",
            "Licenses~/LICENSE-MIT",
        ] {
            assert!(names.contains(&format!("package/{file}")), "{file} is not among {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("Windows")), "{names:?}");
        fs::remove_dir_all(&out).unwrap();
    }

    #[test]
    fn every_native_library_has_its_import_settings() {
        for target in ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"] {
            let plugins = plugins(target).unwrap();
            let folder = root().join("bindings/unity/plugins").join(plugins.folder);
            for file in [plugins.library.to_owned(), format!("onnxruntime/{}", plugins.runtime)] {
                let meta = folder.join(format!("{file}.meta"));
                assert!(fs::read_to_string(&meta).unwrap().contains("PluginImporter:"), "{}", meta.display());
            }
        }
        assert!(plugins("riscv64gc-unknown-linux-gnu").is_none());
    }
}
