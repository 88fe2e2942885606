//! ONNX Runtime under `target/onnxruntime/`: a file the caller names, or a pinned package, checked before it is unpacked.

pub mod coreclr;
mod download;
mod pins;

use crate::options::target_dir;
use crate::process::{self, Fault};
use pins::{PLATFORMS, Platform};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Name of the file, beside the library, that says what was fetched.
const STAMP: &str = "fetched.txt";

/// Where the library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The wheel `onnxruntime`: the CPU build.
    Pypi,
    /// The package `onnxruntime-node`: with the WebGPU provider.
    Npm,
    /// The wheel `onnxruntime-openvino`: with the OpenVINO provider, for processors.
    OpenVino,
}

impl FromStr for Source {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            "pypi" => Ok(Self::Pypi),
            "npm" => Ok(Self::Npm),
            "openvino" => Ok(Self::OpenVino),
            _ => Err(Fault::failed(format!("--source {text}: expected pypi, npm or openvino"))),
        }
    }
}

impl Source {
    /// The environment variable that names a library to use instead.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Pypi => "SAPIENS_ORT",
            Self::Npm => "SAPIENS_ORT_WEBGPU",
            Self::OpenVino => "SAPIENS_ORT_OPENVINO",
        }
    }

    fn folder(self) -> String {
        match self {
            Self::Pypi => format!("pypi-{}", pins::PYPI_VERSION),
            Self::Npm => format!("npm-{}", pins::NPM_VERSION),
            Self::OpenVino => format!("openvino-{}", pins::OPENVINO_VERSION),
        }
    }
}

/// A library on disk.
#[derive(Debug, Clone)]
pub struct Library {
    /// Absolute path.
    pub path: PathBuf,
    /// Where it came from, for people.
    pub origin: String,
}

/// The library the caller named, else the one the environment names, else the one fetched now or earlier.
pub fn library(source: Source, given: Option<&Path>) -> Result<Library, Fault> {
    if let Some(path) = given {
        return existing(path, "--ort");
    }
    match std::env::var_os(source.variable()).filter(|value| !value.is_empty()) {
        Some(path) if !Path::new(&path).is_absolute() => {
            Err(Fault::failed(format!("{}: expected an absolute path, got {}", source.variable(), path.display())))
        }
        Some(path) => existing(Path::new(&path), source.variable()),
        None => fetched(source),
    }
}

/// Whether a build with OpenVINO can be fetched for this platform.
pub fn has_openvino() -> bool {
    platform(std::env::consts::OS, std::env::consts::ARCH).is_ok_and(|platform| !platform.openvino_files.is_empty())
}

fn existing(path: &Path, named_by: &str) -> Result<Library, Fault> {
    if !path.is_file() {
        return Err(Fault::failed(format!(
            "{named_by}: {} is not a file; expected libonnxruntime itself",
            path.display()
        )));
    }
    // Not canonicalised: the name may be a link whose folder holds the provider libraries.
    let path = std::path::absolute(path).map_err(Fault::io("resolve", path))?;
    Ok(Library { path, origin: format!("given by {named_by}, used as it is") })
}

fn fetched(source: Source) -> Result<Library, Fault> {
    let platform = platform(std::env::consts::OS, std::env::consts::ARCH)?;
    if source == Source::OpenVino && platform.openvino_files.is_empty() {
        let message =
            "no build of ONNX Runtime with OpenVINO is pinned for this platform: name one in SAPIENS_ORT_OPENVINO";
        return Err(Fault::blocked(message));
    }
    let parent = target_dir().join("onnxruntime");
    let dir = parent.join(source.folder());
    let (pin, file) = match source {
        Source::Pypi => (platform.wheel_sha256, platform.wheel_library),
        Source::Npm => (pins::NPM_SHA512, platform.npm_files[0]),
        Source::OpenVino => (pins::OPENVINO_SHA256, platform.openvino_files[0]),
    };
    let path = dir.join(file.rsplit('/').next().unwrap_or(file));
    if is_complete(&dir, &path, pin) {
        return Ok(Library { path, origin: "fetched earlier, checksum correct".into() });
    }

    let work = Partial::new(&parent)?;
    let (archive, time) = process::timed(|| match source {
        Source::Pypi => download::wheel(&download::ONNXRUNTIME, platform, &work.0),
        Source::Npm => download::npm_package(&work.0),
        Source::OpenVino => download::wheel(&download::WITH_OPENVINO, platform, &work.0),
    });
    let archive = archive?;
    check(&archive, source, pin)?;
    let unpacked = work.0.join("unpacked");
    fs::create_dir(&unpacked).map_err(Fault::io("create", &unpacked))?;
    let files = match source {
        Source::Pypi => download::unpack_wheel(&[platform.wheel_library], &archive, &unpacked)?,
        Source::Npm => download::unpack_npm_package(platform, &archive, &unpacked)?,
        Source::OpenVino => download::unpack_wheel(platform.openvino_files, &archive, &unpacked)?,
    };
    let done = work.0.join("done");
    fs::create_dir(&done).map_err(Fault::io("create", &done))?;
    for file in &files {
        let target = done.join(file.file_name().unwrap_or_default());
        fs::rename(file, &target).map_err(Fault::io("move", file))?;
    }
    let digest = process::digest::<sha2::Sha256>(&done.join(path.file_name().unwrap_or_default()))?;
    let stamp = done.join(STAMP);
    fs::write(&stamp, stamp_text(pin, &digest)).map_err(Fault::io("write", &stamp))?;
    put_in_place(&done, &dir).or_else(|fault| if is_complete(&dir, &path, pin) { Ok(()) } else { Err(fault) })?;
    Ok(Library { path, origin: format!("fetched now in {}, checksum correct", process::readable(time)) })
}

fn platform(os: &str, arch: &str) -> Result<&'static Platform, Fault> {
    PLATFORMS.iter().find(|platform| platform.os == os && platform.arch == arch).ok_or_else(|| {
        let known: Vec<String> = PLATFORMS.iter().map(|known| format!("{} {}", known.os, known.arch)).collect();
        Fault::failed(format!(
            "no ONNX Runtime package is pinned for {os} {arch} (only for {}); \
             build or download one and name it with --ort PATH or SAPIENS_ORT",
            known.join(", ")
        ))
    })
}

fn stamp_text(archive: &str, library: &str) -> String {
    format!("archive {archive}\nlibrary sha256 {library}\n")
}

/// Whether the folder is what this version of the pins would fetch, and the library in it is intact.
fn is_complete(dir: &Path, library: &Path, pin: &str) -> bool {
    let Ok(stamp) = fs::read_to_string(dir.join(STAMP)) else { return false };
    process::digest::<sha2::Sha256>(library).is_ok_and(|digest| stamp == stamp_text(pin, &digest))
}

fn check(archive: &Path, source: Source, pin: &str) -> Result<(), Fault> {
    let digest = match source {
        Source::Pypi | Source::OpenVino => process::digest::<sha2::Sha256>(archive)?,
        Source::Npm => process::digest::<sha2::Sha512>(archive)?,
    };
    if digest == pin {
        return Ok(());
    }
    let name = archive.file_name().unwrap_or_default().display();
    Err(Fault::failed(format!(
        "checksum of {name} is\n  {digest}, expected\n  {pin}\nNothing was unpacked. Either the download was \
         damaged (run again) or the registry served another file."
    )))
}

fn put_in_place(done: &Path, dir: &Path) -> Result<(), Fault> {
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(Fault::io("replace", dir))?;
    }
    fs::rename(done, dir).map_err(Fault::io("move into place", dir))
}

/// A temporary folder beside the final one (so that a rename suffices), removed however the work ends.
struct Partial(PathBuf);

impl Partial {
    fn new(parent: &Path) -> Result<Self, Fault> {
        let dir = parent.join(format!(".partial-{}", std::process::id()));
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(Fault::io("remove", &dir))?;
        }
        fs::create_dir_all(&dir).map_err(Fault::io("create", &dir))?;
        Ok(Self(dir))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // A leftover is harmless: it is under target/ and never read.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_platform_is_named_with_the_way_out() {
        assert!(platform("linux", "x86_64").is_ok());
        let Err(fault) = platform("linux", "riscv64") else { panic!("riscv64 has no wheel") };
        let text = fault.to_string();
        assert!(text.contains("linux riscv64") && text.contains("SAPIENS_ORT"), "{text}");
    }

    #[test]
    fn damage_is_noticed() {
        let work = Partial::new(&std::env::temp_dir().join(format!("xtask-fetch-{}", std::process::id()))).unwrap();
        let library = work.0.join("lib.so");
        fs::write(&library, "abc").unwrap();
        let digest = process::digest::<sha2::Sha256>(&library).unwrap();
        fs::write(work.0.join(STAMP), stamp_text("pin", &digest)).unwrap();
        assert!(is_complete(&work.0, &library, "pin"));
        assert!(!is_complete(&work.0, &library, "a newer pin"));
        assert!(check(&library, Source::Pypi, &digest).is_ok());
        let fault = check(&library, Source::Pypi, "00").unwrap_err();
        assert!(matches!(&fault, Fault::Failed(text) if text.contains("lib.so") && text.contains(&digest)), "{fault}");
        fs::write(&library, "ab").unwrap(); // truncated since
        assert!(!is_complete(&work.0, &library, "pin"));
        let parent = work.0.parent().unwrap().to_owned();
        drop(work);
        fs::remove_dir(parent).unwrap(); // fails unless the temporary folder is gone
    }

    #[test]
    fn a_named_library_must_exist() {
        let fault = library(Source::Pypi, Some(Path::new("/no/such/lib.so"))).unwrap_err();
        assert!(fault.to_string().starts_with("--ort: /no/such/lib.so"), "{fault}");
        let here = library(Source::Pypi, Some(Path::new(file!()).file_name().unwrap().as_ref()));
        assert!(here.is_err(), "relative paths are resolved against the working folder");
    }
}
