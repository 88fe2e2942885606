//! The registries' own clients (pip, npm) and the unpacking of what they bring.

use super::pins::{NPM_FILE, NPM_VERSION, OPENVINO_VERSION, PYPI_VERSION, Platform};
use crate::process::{self, Fault};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Words in pip's or npm's complaint that mean the registry was not reached.
const NETWORK_WORDS: &[&str] = &[
    "(from versions: none)", // pip's last word when no index answered
    "NewConnectionError",
    "Failed to establish a new connection",
    "name resolution",
    "ConnectTimeout",
    "Read timed out",
    "ProxyError",
    "Connection refused",
    "Connection reset",
    "Network is unreachable",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
];

/// Extracts the named members; the standard library's zipfile keeps them inside the folder.
const UNZIP: &str = "import sys, zipfile\n\
                     archive = zipfile.ZipFile(sys.argv[1])\n\
                     for name in sys.argv[3:]: archive.extract(name, sys.argv[2])";

/// A package on PyPI.
pub struct Wheel {
    /// Its name.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its size, for people.
    pub megabytes: u32,
    /// What to try where PyPI cannot be reached.
    pub way_out: &'static str,
}

/// The CPU build.
pub const ONNXRUNTIME: Wheel =
    Wheel { package: "onnxruntime", version: PYPI_VERSION, megabytes: 21, way_out: "--source npm" };
/// The build with the OpenVINO provider.
pub const WITH_OPENVINO: Wheel =
    Wheel { package: "onnxruntime-openvino", version: OPENVINO_VERSION, megabytes: 84, way_out: "--source pypi" };

/// Downloads a wheel into `dir` through pip, whatever Python version the interpreter itself has.
pub fn wheel(wheel: &Wheel, platform: &Platform, dir: &Path) -> Result<PathBuf, Fault> {
    let python = python()?;
    eprintln!("fetching {} {} from PyPI (about {} MB)", wheel.package, wheel.version, wheel.megabytes);
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-input",
        "--progress-bar",
        "off",
        "--disable-pip-version-check",
        "--no-deps",
    ])
    .args(["--only-binary", ":all:", "--platform", platform.pip_tag])
    .args(["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--dest"])
    .arg(dir)
    .arg(format!("{}=={}", wheel.package, wheel.version));
    process::output(&mut pip).map_err(|fault| explain(fault, "PyPI", wheel.way_out))?;
    let file = dir.join(platform.wheel_file(wheel.package, wheel.version));
    if file.is_file() { Ok(file) } else { Err(Fault::failed(format!("pip did not write {}", file.display()))) }
}

/// Downloads the npm package into `dir`.
pub fn npm_package(dir: &Path) -> Result<PathBuf, Fault> {
    let npm = process::which("npm").ok_or_else(|| {
        Fault::blocked(
            "npm is not installed, and the WebGPU build of ONNX Runtime comes through it. Install it (Debian: \
             `apt-get install npm`) or set SAPIENS_ORT_WEBGPU to the absolute path of such a library.",
        )
    })?;
    eprintln!("fetching onnxruntime-node {NPM_VERSION} from npm (about 114 MB)");
    let mut pack = Command::new(npm);
    pack.args(["pack", &format!("onnxruntime-node@{NPM_VERSION}"), "--silent", "--ignore-scripts"])
        .args(["--no-update-notifier", "--loglevel", "error", "--pack-destination", "."])
        .current_dir(dir);
    process::output(&mut pack).map_err(|fault| explain(fault, "the npm registry", "--source pypi"))?;
    let file = dir.join(NPM_FILE);
    if file.is_file() { Ok(file) } else { Err(Fault::failed(format!("npm did not write {}", file.display()))) }
}

/// Unpacks libraries and the licence texts; returns their paths.
pub fn unpack_wheel(libraries: &[&str], archive: &Path, dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut names = libraries.to_vec();
    names.extend(["onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"]);
    let mut unzip = Command::new(python()?);
    process::output(unzip.args(["-c", UNZIP]).args([archive, dir]).args(&names))?;
    Ok(names.iter().map(|name| dir.join(name)).collect())
}

/// Unpacks the libraries of this platform; `package.json` states the licence (MIT), the package has no other text of it.
pub fn unpack_npm_package(platform: &Platform, archive: &Path, dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let names: Vec<&str> = platform.npm_files.iter().copied().chain(["package/package.json"]).collect();
    let mut tar = Command::new("tar");
    process::output(tar.arg("-xzf").arg(archive).arg("-C").arg(dir).args(&names))?;
    Ok(names.iter().map(|name| dir.join(name)).collect())
}

/// The interpreter named by PYTHON, else the first of python3 and python, provided it has pip.
pub(super) fn python() -> Result<PathBuf, Fault> {
    let named = std::env::var_os("PYTHON").filter(|name| !name.is_empty()).map(PathBuf::from);
    let found = named.or_else(|| process::which("python3")).or_else(|| process::which("python"));
    let way_out = "or name a library that is already present with --ort PATH or SAPIENS_ORT";
    let Some(python) = found else {
        return Err(Fault::blocked(format!(
            "Python 3 is not installed. Install it with pip (Debian: `apt-get install python3-pip`) {way_out}."
        )));
    };
    match process::output(Command::new(&python).args(["-m", "pip", "--version"])) {
        Ok(_) => Ok(python),
        Err(fault) => Err(Fault::blocked(format!(
            "{} has no pip. Install it (Debian: `apt-get install python3-pip`) {way_out}.\n{fault}",
            python.display()
        ))),
    }
}

pub(super) fn explain(fault: Fault, registry: &str, alternative: &str) -> Fault {
    let text = fault.to_string();
    if NETWORK_WORDS.iter().any(|word| text.contains(word)) {
        return Fault::blocked(format!(
            "{registry} cannot be reached. Try {alternative}, or name a library that is already present with \
             --ort PATH or SAPIENS_ORT.\n{text}"
        ));
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_network_is_told_from_other_failures() {
        let offline = Fault::failed("`npm pack` failed: npm error code ENOTFOUND");
        let Fault::Blocked(text) = explain(offline, "the npm registry", "--source pypi") else {
            panic!("a missing network is something the machine lacks")
        };
        assert!(text.contains("--source pypi") && text.contains("ENOTFOUND"), "{text}");
        let other = Fault::failed("disk full");
        assert_eq!(explain(other.clone(), "PyPI", ""), other);
    }
}
