//! Facts about the build, and the versioned name of the shared library.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/ffi/version.rs");
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(&root).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    if let Some(head) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        let head = std::path::Path::new(&root).join(head);
        if head.exists() {
            println!("cargo:rerun-if-changed={}", head.display());
        }
    }
    let commit = git(&["rev-parse", "--short=10", "HEAD"]).unwrap_or_else(|| "unknown".into());
    println!("cargo:rustc-env=SAPIENS_GIT={commit}");
    for (name, from) in [("SAPIENS_PROFILE", "PROFILE"), ("SAPIENS_TARGET", "TARGET")] {
        println!("cargo:rustc-env={name}={}", std::env::var(from).unwrap_or_default());
    }
    let abi = abi_version(&root);
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "android" | "freebsd") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libsapiens.so.{abi}");
        }
        Ok("macos" | "ios") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libsapiens.{abi}.dylib");
        }
        _ => {}
    }
}

/// The number stands in the source of the header alone.
fn abi_version(root: &str) -> String {
    let path = format!("{root}/src/ffi/version.rs");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let after = text.split("SAPIENS_ABI_VERSION: u32 = ").nth(1).and_then(|rest| rest.split(';').next());
    after.unwrap_or_else(|| panic!("{path}: no SAPIENS_ABI_VERSION")).to_owned()
}
