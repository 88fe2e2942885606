//! A Vulkan driver for the WebGPU provider, found on this machine without help from its owner.
//!
//! On Linux the provider opens `libvulkan.so.1` (the loader), which opens a driver named by a JSON file. A software
//! driver is enough and is preferred: SwiftShader, part of Debian's chromium-common. Debian 12's lavapipe (Mesa
//! 22.3) is not: it lacks dynamic indexing of uniform arrays, which WebGPU needs.

use crate::process::Fault;
use std::path::{Path, PathBuf};

/// Variables the Vulkan loader reads, in the order it honours them.
const VARIABLES: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// Where distributions and browsers put SwiftShader.
const DRIVERS: &[&str] = &[
    "/usr/lib/chromium/vk_swiftshader_icd.json",
    "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
    "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
    "/opt/google/chrome/vk_swiftshader_icd.json",
];

/// Where the loader lies.
const LOADER_DIRS: &[&str] =
    &["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"];

const ADVICE: &str = "Debian: `apt-get install --no-install-recommends libvulkan1 chromium-common`";

/// The variable to set so that the WebGPU provider finds a driver: none where the system needs none (Direct3D,
/// Metal) or the caller has set it already.
pub fn driver() -> Result<Option<(&'static str, PathBuf)>, Fault> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let extra = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let dirs = std::env::split_paths(&extra).chain(LOADER_DIRS.iter().map(PathBuf::from));
    if !dirs.into_iter().any(|dir| dir.join("libvulkan.so.1").exists()) {
        return Err(Fault::blocked(format!("no Vulkan loader (libvulkan.so.1) on this machine. {ADVICE}")));
    }
    for variable in VARIABLES {
        if let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
            return match std::env::split_paths(&value).find(|path| !path.exists()) {
                Some(missing) => Err(Fault::failed(format!("{variable}: {} does not exist", missing.display()))),
                None => Ok(None),
            };
        }
    }
    let found = DRIVERS.iter().map(Path::new).find(|path| path.is_file());
    match found {
        Some(path) => Ok(Some((VARIABLES[0], path.to_owned()))),
        None => Err(Fault::blocked(format!("no software Vulkan driver (SwiftShader) on this machine. {ADVICE}"))),
    }
}
