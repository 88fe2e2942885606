//! Versions: of the library, of its binary interface, of what it was built from.

use std::ffi::c_char;

/// Major version of the header.
pub const SAPIENS_VERSION_MAJOR: u32 = 0;
/// Minor version of the header.
pub const SAPIENS_VERSION_MINOR: u32 = 1;
/// Patch version of the header.
pub const SAPIENS_VERSION_PATCH: u32 = 0;
/// Version of the binary interface, in the name of the shared library (`libsapiens.so.1`). It grows when a program compiled
/// against an earlier header would break; new functions and new fields at the end of structs do not change it.
pub const SAPIENS_ABI_VERSION: u32 = 1;

const fn number(text: &str) -> u32 {
    let (bytes, mut i, mut value) = (text.as_bytes(), 0, 0);
    while i < bytes.len() {
        assert!(bytes[i].is_ascii_digit());
        value = value * 10 + (bytes[i] - b'0') as u32;
        i += 1;
    }
    value
}

// The header's numbers cannot drift from those of the package.
const _: () = assert!(
    SAPIENS_VERSION_MAJOR == number(env!("CARGO_PKG_VERSION_MAJOR"))
        && SAPIENS_VERSION_MINOR == number(env!("CARGO_PKG_VERSION_MINOR"))
        && SAPIENS_VERSION_PATCH == number(env!("CARGO_PKG_VERSION_PATCH"))
);

/// Version of the library that runs: `major << 22 | minor << 12 | patch`. May differ from that of the header.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_version() -> u32 {
    SAPIENS_VERSION_MAJOR << 22 | SAPIENS_VERSION_MINOR << 12 | SAPIENS_VERSION_PATCH
}

/// Version of the binary interface of the library that runs; compare it with `SAPIENS_ABI_VERSION`.
/// `sapiens_context_create` does so by itself.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_abi_version() -> u32 {
    SAPIENS_ABI_VERSION
}

/// What the library was built from, for reports: version, git commit, profile, target, the ONNX Runtime interface it needs.
/// Never null, valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_build_info() -> *const c_char {
    concat!(
        "libsapiens ",
        env!("CARGO_PKG_VERSION"),
        ", git ",
        env!("SAPIENS_GIT"),
        ", ",
        env!("SAPIENS_PROFILE"),
        ", ",
        env!("SAPIENS_TARGET"),
        ", ONNX Runtime 1.24 or later\0"
    )
    .as_ptr()
    .cast()
}
