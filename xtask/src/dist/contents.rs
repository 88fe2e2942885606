//! What goes into the folder of a package.

use super::build::Built;
use super::names::as_options;
use super::{Layout, licences};
use crate::fetch::{self, Source};
use crate::options::root;
use crate::process::{self, Fault};
use std::fs;
use std::path::{Path, PathBuf};

/// Texts with `@NAMES@` to fill in: the file in the package, and the text.
const TEMPLATES: &[(&str, &str)] = &[
    ("README.md", include_str!("templates/README.md.in")),
    ("lib/cmake/sapiens/sapiensConfig.cmake", include_str!("templates/sapiensConfig.cmake.in")),
    ("lib/cmake/sapiens/sapiensConfigVersion.cmake", include_str!("templates/sapiensConfigVersion.cmake.in")),
    ("lib/cmake/sapiens/sapiensTargets.cmake", include_str!("templates/sapiensTargets.cmake.in")),
    ("lib/pkgconfig/sapiens.pc", include_str!("templates/sapiens.pc.in")),
    ("lib/pkgconfig/sapiens-static.pc", include_str!("templates/sapiens-static.pc.in")),
];

/// Licence texts beside an ONNX Runtime; the first must be there.
const RUNTIME_LICENCES: [&str; 2] = ["LICENSE", "ThirdPartyNotices.txt"];

/// The libraries and the program.
pub fn libraries(layout: &Layout, built: &Built) -> Result<(), Fault> {
    let names = &layout.names;
    let shared = layout.folder.join(&names.shared.1);
    copy(built.file(names.shared.0)?, &shared)?;
    for (link, to) in &names.links {
        link_file(to, &shared.with_file_name(link))?;
    }
    if let Some((made, packed)) = names.import {
        copy(built.file(made)?, &layout.folder.join(packed))?;
    }
    let archive = layout.folder.join(names.archive.1);
    copy(built.file(names.archive.0)?, &archive)?;
    without_debug_information(&archive, layout)?;
    let program = built.program.as_ref().ok_or_else(|| Fault::failed("cargo made no program"))?;
    copy(program, &layout.folder.join(names.program.1))
}

/// Rust's own libraries bring debug information into a static library whatever the profile says.
fn without_debug_information(archive: &Path, layout: &Layout) -> Result<(), Fault> {
    let option = match () {
        () if layout.target.contains("-apple-") => "-S",
        () if layout.target.contains("-windows-msvc") => return Ok(()), // it lies in files of its own there
        () => "--strip-debug",
    };
    process::run(std::process::Command::new("strip").arg(option).arg(archive))
}

/// ONNX Runtime with its licence, where the library looks first. Gives the path of the library in the package.
pub fn runtime(layout: &Layout, source: Source, library: &Path) -> Result<String, Fault> {
    let folder = layout.folder.join(layout.names.runtime_folder);
    let from = library.parent().unwrap_or(Path::new(""));
    let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
    copy(library, &folder.join(&name))?;
    for (neighbour, path) in list(from)? {
        if neighbour != name && is_part_of_runtime(&neighbour) {
            copy(&path, &folder.join(neighbour))?;
        }
    }
    // The npm package has no text of the licence; it is the one of the same project's wheel.
    let texts = match from.join(RUNTIME_LICENCES[0]).is_file() {
        false if source == Source::Npm => {
            fetch::library(Source::Pypi, None)?.path.parent().map(Path::to_path_buf).unwrap_or_default()
        }
        _ => from.to_path_buf(),
    };
    if !texts.join(RUNTIME_LICENCES[0]).is_file() {
        return Err(Fault::failed(format!(
            "{} has no {} beside it, and ONNX Runtime must not be passed on without its licence: put the text there, \
             or pack without ONNX Runtime (--no-ort)",
            library.display(),
            RUNTIME_LICENCES[0]
        )));
    }
    for text in RUNTIME_LICENCES.iter().filter(|text| texts.join(text).is_file()) {
        copy(&texts.join(text), &folder.join(text))?;
        copy(&texts.join(text), &layout.folder.join("licenses/onnxruntime").join(text))?;
    }
    Ok(format!("{}/{name}", layout.names.runtime_folder))
}

/// Libraries that ONNX Runtime opens by itself, from its own folder.
fn is_part_of_runtime(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("libonnxruntime_providers_")
        || name.starts_with("onnxruntime_providers_") && name.ends_with(".dll")
        || ["directml.dll", "dxcompiler.dll", "dxil.dll"].contains(&name.as_str())
}

/// Headers, examples and our licences.
pub fn sources(layout: &Layout) -> Result<(), Fault> {
    let (root, to) = (root(), &layout.folder);
    copy(&root.join("include/sapiens.h"), &to.join("include/sapiens.h"))?;
    let is_header = |name: &str| name.ends_with(".hpp") || name.ends_with(".h");
    copy_tree(&root.join("bindings/cpp"), &to.join("include"), &is_header)?;
    let is_source = |name: &str| {
        let endings = [".c", ".h", ".cpp", ".hpp", ".md", ".txt", ".rs"];
        endings.iter().any(|ending| name.ends_with(ending))
    };
    copy_tree(&root.join("examples"), &to.join("examples"), &is_source)?;
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&root.join(name), &to.join("licenses").join(name))?;
    }
    let crates = to.join("licenses/rust-crates.txt");
    write(&crates, &licences::text(&layout.target)?)
}

/// The files for CMake, pkg-config and people.
pub fn texts(layout: &Layout) -> Result<(), Fault> {
    for (file, template) in TEMPLATES {
        let text =
            filled(template, &values(layout)).map_err(|name| Fault::failed(format!("{file}: no value {name}")))?;
        write(&layout.folder.join(file), &text)?;
    }
    Ok(())
}

fn values(layout: &Layout) -> Vec<(&'static str, String)> {
    let names = &layout.names;
    let mut numbers = layout.version.split('.').map(str::to_owned);
    let import = names.import.map_or("", |(_, packed)| packed).to_owned();
    let runtime = layout.runtime.clone().unwrap_or_default();
    let in_pkg_config = if runtime.is_empty() { String::new() } else { format!("${{prefix}}/{runtime}") };
    let note = match &layout.runtime {
        Some(_) => "ONNX Runtime and its licence, found there by the library",
        None => "none: this package has no ONNX Runtime; put 1.24 or later there",
    };
    let loaded = names.soname.clone().unwrap_or_else(|| names.shared.0.to_owned());
    let link_name = if layout.target.contains("-windows-msvc") { "sapiens.dll" } else { "sapiens" };
    vec![
        ("VERSION", layout.version.clone()),
        ("MAJOR", numbers.next().unwrap_or_default()),
        ("MINOR", numbers.next().unwrap_or_default()),
        ("ABI", layout.abi.to_string()),
        ("TARGET", layout.target.clone()),
        ("NAME", layout.name.clone()),
        ("SHARED", names.shared.1.clone()),
        ("SONAME", names.soname.clone().unwrap_or_default()),
        ("LOADED_NAME", loaded),
        ("IMPORT_QUOTED", if import.is_empty() { String::new() } else { format!("\"{import}\"") }),
        ("IMPORT", import),
        ("STATIC", names.archive.1.to_owned()),
        ("LINK_NAME", link_name.to_owned()),
        ("RUNTIME", runtime),
        ("RUNTIME_PC", in_pkg_config),
        ("RUNTIME_FOLDER", names.runtime_folder.to_owned()),
        ("RUNTIME_NOTE", note.to_owned()),
        ("SYSTEM_LIBRARIES", layout.system_libraries.join(";")),
        ("SYSTEM_OPTIONS", as_options(&layout.system_libraries)),
        ("POINTER_BYTES", std::mem::size_of::<usize>().to_string()),
    ]
}

/// The template with every `@NAME@` replaced; fails with the name that has no value.
fn filled(template: &str, values: &[(&str, String)]) -> Result<String, String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("@{name}@"), value);
    }
    let is_name = |part: &&str| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let left = text.split('@').skip(1).find(is_name).map(str::to_owned);
    left.map_or(Ok(text), Err)
}

fn list(folder: &Path) -> Result<Vec<(String, PathBuf)>, Fault> {
    let entries = fs::read_dir(folder).map_err(Fault::io("list", folder))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths
        .into_iter()
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path))
        .collect())
}

pub(super) fn copy_tree(from: &Path, to: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<(), Fault> {
    if !from.is_dir() {
        return Ok(());
    }
    for (name, path) in list(from)? {
        if path.is_dir() {
            copy_tree(&path, &to.join(&name), is_wanted)?;
        } else if is_wanted(&name) {
            copy(&path, &to.join(&name))?;
        }
    }
    Ok(())
}

fn parent(path: &Path) -> Result<(), Fault> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).map_err(Fault::io("create", folder))
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    parent(to)?;
    fs::copy(from, to).map(|_| ()).map_err(Fault::io("copy", from))
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Fault> {
    parent(path)?;
    fs::write(path, text).map_err(Fault::io("write", path))
}

#[cfg(unix)]
fn link_file(to: &str, link: &Path) -> Result<(), Fault> {
    std::os::unix::fs::symlink(to, link).map_err(Fault::io("link", link))
}

#[cfg(not(unix))]
fn link_file(_: &str, link: &Path) -> Result<(), Fault> {
    Err(Fault::failed(format!("{}: a package with links is made on Linux and macOS only", link.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::names::names;

    #[test]
    fn every_template_is_filled_for_every_system() {
        for target in ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"] {
            let layout = Layout {
                folder: "/nowhere".into(),
                name: "sapiens-0.2.0".into(),
                version: "0.2.0".into(),
                abi: 1,
                target: target.into(),
                names: names(target, 1, "0.2.0").unwrap(),
                system_libraries: vec!["m".into(), "dl".into()],
                runtime: None,
            };
            for (file, template) in TEMPLATES {
                let text = filled(template, &values(&layout)).unwrap_or_else(|name| panic!("{file}: @{name}@"));
                assert!(text.contains("0.2.0") || file.ends_with("Targets.cmake"), "{file}");
                assert!(!text.contains("/nowhere"), "{file}: an absolute path");
            }
        }
        assert_eq!(filled("a @NO_SUCH@ b", &[]), Err("NO_SUCH".into()));
    }

    #[test]
    fn neighbours_of_onnx_runtime_are_told_from_strangers() {
        assert!(is_part_of_runtime("libonnxruntime_providers_shared.so") && is_part_of_runtime("DirectML.dll"));
        assert!(!is_part_of_runtime("libonnxruntime.so.1.20.0") && !is_part_of_runtime("fetched.txt"));
    }
}
