//! Licences of the Rust crates inside the library: a list, and the text each crate ships.

use crate::process::{self, Fault};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A crate that is compiled into the library or the program.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Crate {
    name: String,
    version: String,
    licence: String,
    origin: String,
    folder: PathBuf,
    licence_file: Option<PathBuf>,
}

/// The whole text, for one target.
pub fn text(target: &str) -> Result<String, Fault> {
    let said = process::output(&mut process::cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        target,
    ]))?;
    let metadata: Value =
        serde_json::from_str(&said).map_err(|error| Fault::failed(format!("cargo metadata: {error}")))?;
    let crates = shipped(&metadata)?;
    if crates.is_empty() {
        return Err(Fault::failed("cargo metadata names no dependency of libsapiens"));
    }
    compose(&crates)
}

/// What libsapiens depends on directly or indirectly, without what only builds or tests it; by name.
fn shipped(metadata: &Value) -> Result<Vec<Crate>, Fault> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let own = packages.iter().find(|(_, package)| package["name"] == "libsapiens").map(|(id, _)| id.clone());
    let own = own.ok_or_else(|| Fault::failed("cargo metadata does not name libsapiens"))?;
    let mut open = vec![own.clone()];
    let mut seen = std::collections::BTreeSet::from([own.clone()]);
    while let Some(id) = open.pop() {
        for dependency in list(&nodes.get(&id).unwrap_or(&Value::Null)["deps"]) {
            let is_inside = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let id = text(&dependency["pkg"]);
            if is_inside && seen.insert(id.clone()) {
                open.push(id);
            }
        }
    }
    let mut crates: Vec<Crate> = Vec::new();
    for id in seen.iter().filter(|id| **id != own) {
        let package =
            packages.get(id).ok_or_else(|| Fault::failed(format!("cargo metadata does not describe {id}")))?;
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().unwrap_or(Path::new("")).to_path_buf();
        let licence_file = package["license_file"].as_str().map(|name| folder.join(name));
        let licence = package["license"].as_str().map_or_else(|| "see its text".to_owned(), str::to_owned);
        if package["license"].is_null() && licence_file.is_none() {
            return Err(Fault::failed(format!("the crate {} states no licence", package["name"])));
        }
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let origin = text(&package["repository"]);
        crates.push(Crate { name, version, licence, origin, folder, licence_file });
    }
    crates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(crates)
}

fn compose(crates: &[Crate]) -> Result<String, Fault> {
    let mut page = String::from(
        "Rust crates inside libsapiens and the program sapiens. The Rust standard library is inside too: MIT OR Apache-2.0,\n\
         by The Rust Project Developers, https://github.com/rust-lang/rust.\n\n",
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in crates {
        let name = format!("{} {}", one.name, one.version);
        let files = licence_files(one)?;
        let remark = if files.is_empty() { "  (ships no text of it)" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{name:<36} {:<48} {}{remark}", one.licence, one.origin);
        for file in files {
            let bytes = std::fs::read(&file).map_err(Fault::io("read", &file))?;
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_owned();
            texts.entry(text).or_default().push(name.clone());
        }
    }
    // One text serves all crates that ship the very same.
    let mut texts: Vec<(Vec<String>, String)> = texts.into_iter().map(|(text, names)| (names, text)).collect();
    texts.sort();
    for (names, text) in texts {
        let _ = write!(page, "\n{}\n{}\n\n{text}\n", "=".repeat(100), names.join(", "));
    }
    Ok(page)
}

/// Files whose names say that they are a licence or belong to one.
fn licence_files(one: &Crate) -> Result<Vec<PathBuf>, Fault> {
    let entries = std::fs::read_dir(&one.folder).map_err(Fault::io("list", &one.folder))?;
    let is_licence = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let starts = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
        starts.iter().any(|start| name.starts_with(start)) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_licence).collect();
    files.extend(one.licence_file.clone().filter(|file| file.is_file()));
    files.sort();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_this_workspace_states_its_licence() {
        let page = text(&super::super::build::host().unwrap()).unwrap();
        for inside in ["\nort 2.", "\nndarray 0.", "Permission is hereby granted", "Apache License"] {
            assert!(page.contains(inside), "{inside}");
        }
        // Only tests and the header need these.
        for outside in ["\ncbindgen ", "\ntestkit "] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_crate_without_licence_is_refused() {
        let metadata = serde_json::json!({
            "packages": [
                {"id": "a", "name": "libsapiens"},
                {"id": "b", "name": "stray", "version": "1.0.0", "manifest_path": "/x/Cargo.toml"},
            ],
            "resolve": {"nodes": [{"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": null}]}]}]},
        });
        assert!(shipped(&metadata).unwrap_err().to_string().contains("stray"));
    }
}
