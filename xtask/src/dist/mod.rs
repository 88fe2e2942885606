//! `cargo xtask dist`: the package a game or app is built with.

mod archive;
mod build;
mod contents;
mod licences;
mod names;
mod unity;
mod unreal;

use crate::fetch::{self, Source};
use crate::options::{root, target_dir};
use crate::process::{self, Fault};
use std::fs;
use std::path::{Path, PathBuf};

/// What to pack and where.
pub struct Request<'a> {
    /// The cargo profile: `dist`, `release` or `dev`.
    pub profile: &'a str,
    /// Where ONNX Runtime comes from; `None`: the package has none.
    pub runtime: Option<Source>,
    /// ONNX Runtime to use instead of the fetched one.
    pub ort: Option<&'a Path>,
    /// Folder for the package instead of the default.
    pub out: Option<&'a Path>,
}

/// What was made.
pub struct Package {
    /// The unpacked folder.
    pub folder: PathBuf,
    /// The same as `.tar.gz`.
    pub archive: PathBuf,
    /// The plugin for Unreal Engine, where there is one for the target.
    pub unreal: Option<PathBuf>,
    /// The Unity package, for targets that have an editor.
    pub unity: Option<PathBuf>,
}

/// The folder being filled, and what its texts say.
struct Layout {
    folder: PathBuf,
    name: String,
    version: String,
    abi: u32,
    target: String,
    names: names::Names,
    /// Words of rustc about the static library.
    system_libraries: Vec<String>,
    /// ONNX Runtime, relative to the package.
    runtime: Option<String>,
}

/// Builds, gathers and packs.
pub fn run(request: &Request) -> Result<Package, Fault> {
    if !["dist", "release", "dev"].contains(&request.profile) {
        return Err(Fault::failed(format!("--profile {}: expected dist, release or dev", request.profile)));
    }
    if request.runtime == Some(Source::OpenVino) {
        return Err(Fault::failed("--source openvino: that build is not packed; expected pypi or npm"));
    }
    if request.runtime.is_none() && request.ort.is_some() {
        return Err(Fault::failed("--ort names a library to pack, --no-ort packs none: give one of them"));
    }
    let out = match request.out {
        Some(dir) => std::path::absolute(dir).map_err(Fault::io("resolve", dir))?,
        None => target_dir().join("dist"),
    };
    let target = build::host()?;
    let (version, abi) = (env!("CARGO_PKG_VERSION").to_owned(), abi_version()?);
    let names = names::names(&target, abi, &version)?;
    let runtime = request.runtime.map(|source| Ok((source, fetch::library(source, request.ort)?))).transpose()?;
    println!("== build, profile {}", request.profile);
    let (built, time) = process::timed(|| build::build(request.profile));
    let built = built?;
    println!("   {}", process::readable(time));

    let system_libraries = built.system_libraries.as_deref().map(names::system_libraries);
    let system_libraries =
        system_libraries.ok_or_else(|| Fault::failed("rustc did not say what the static library needs"))?;
    let name = format!("sapiens-{version}-{target}");
    let folder = out.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Fault::io("replace", &folder))?;
    }
    let mut layout = Layout { folder, name, version, abi, target, names, system_libraries, runtime: None };
    contents::libraries(&layout, &built)?;
    if let Some((source, library)) = &runtime {
        layout.runtime = Some(contents::runtime(&layout, *source, &library.path)?);
    }
    contents::sources(&layout)?;
    contents::texts(&layout)?;

    let archive = out.join(format!("{}.tar.gz", layout.name));
    println!("== pack");
    let (packed, time) = process::timed(|| archive::pack(&layout.folder, &archive, date()));
    packed?;
    println!("   {}", process::readable(time));
    let unreal = unreal::plugin(&layout, &out, date())?;
    let unity = unity::pack(&layout, &out)?;
    let digest = process::digest::<sha2::Sha256>(&archive)?;
    let sum = out.join(format!("{}.tar.gz.sha256", layout.name));
    fs::write(&sum, format!("{digest}  {}.tar.gz\n", layout.name)).map_err(Fault::io("write", &sum))?;

    println!();
    let mut files = vec![layout.names.shared.1.as_str(), layout.names.archive.1, layout.names.program.1];
    files.extend(layout.runtime.as_deref());
    for file in files {
        println!("{:>10} bytes  {file}", size(&layout.folder.join(file))?);
    }
    println!("{:>10} bytes  {}", size(&archive)?, archive.display());
    if let Some(unreal) = &unreal {
        println!("{:>10} bytes  {}", size(unreal)?, unreal.display());
    }
    if let Some(unity) = &unity {
        println!("{:>10} bytes  {}", size(unity)?, unity.display());
    }
    println!("folder            {}", layout.folder.display());
    Ok(Package { folder: layout.folder, archive, unreal, unity })
}

fn size(path: &Path) -> Result<u64, Fault> {
    Ok(path.metadata().map_err(Fault::io("look at", path))?.len())
}

/// The number in the name of the shared library, from where it is defined.
fn abi_version() -> Result<u32, Fault> {
    let path = root().join("src/ffi/version.rs");
    let text = fs::read_to_string(&path).map_err(Fault::io("read", &path))?;
    let line = text.lines().find_map(|line| line.strip_prefix("pub const SAPIENS_ABI_VERSION: u32 = "));
    line.and_then(|rest| rest.strip_suffix(';')?.parse().ok())
        .ok_or_else(|| Fault::failed(format!("{} does not define SAPIENS_ABI_VERSION", path.display())))
}

/// The date of every file of the archive: SOURCE_DATE_EPOCH as reproducible builds set it, else that of the commit, else a
/// fixed one.
fn date() -> u64 {
    if let Some(date) = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok()) {
        return date;
    }
    let mut git = process::command_in_root("git");
    let said = process::output(git.args(["-c", "safe.directory=*", "log", "-1", "--format=%ct"]));
    said.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(946_684_800)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_interface_is_found() {
        assert!(abi_version().unwrap() >= 1);
    }

    #[test]
    fn contradictions_are_refused_before_anything_is_built() {
        let request = Request { profile: "debug", runtime: None, ort: None, out: None };
        assert!(run(&request).err().unwrap().to_string().starts_with("--profile debug"));
        let request = Request { profile: "dev", runtime: None, ort: Some(Path::new("/x")), out: None };
        assert!(run(&request).err().unwrap().to_string().contains("--no-ort"));
    }
}
