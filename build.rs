//! What the library says it was built from, and the name under which programs link it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the version of the binary interface stands, once.
const VERSION_FILE: &str = "src/ffi/version.rs";

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={VERSION_FILE}");
    println!("cargo:rerun-if-env-changed=SAPIENS_GIT"); // for builds from a source archive
    let commit = std::env::var("SAPIENS_GIT").ok().filter(|text| !text.is_empty()).or_else(|| commit(&root));
    println!("cargo:rustc-env=SAPIENS_GIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo:rustc-env=SAPIENS_PROFILE={}", variable("PROFILE"));
    println!("cargo:rustc-env=SAPIENS_TARGET={}", variable("TARGET"));

    // The name a program records when it is linked: with the version of the binary interface, so that another one is never
    // loaded in its place. Android loads only names that end in .so, and Windows records the file's own name.
    let abi = abi_version(&root.join(VERSION_FILE));
    match variable("CARGO_CFG_TARGET_OS").as_str() {
        "linux" | "freebsd" | "netbsd" | "openbsd" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libsapiens.so.{abi}");
        }
        "macos" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libsapiens.{abi}.dylib");
        }
        _ => {}
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

fn abi_version(file: &Path) -> u32 {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    let number = text
        .lines()
        .find_map(|line| line.strip_prefix("pub const SAPIENS_ABI_VERSION: u32 = ")?.strip_suffix(';')?.parse().ok());
    number.unwrap_or_else(|| panic!("{} has no line `pub const SAPIENS_ABI_VERSION: u32 = NUMBER;`", file.display()))
}

/// The short hash of the commit, if this folder is the root of a git work tree and git is there.
fn commit(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        // In CI the clone may belong to another user.
        let output = Command::new("git").args(["-c", "safe.directory=*"]).args(arguments).current_dir(root).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
    };
    // A source archive unpacked inside somebody else's repository is not that repository.
    let top = Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    if top != root.canonicalize().ok()? {
        return None;
    }
    // A branch is a file of its own, or a line of packed-refs. Cargo builds anew every time if a file it watches is missing.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).map(|path| root.join(path))
            && path.exists()
        {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}
