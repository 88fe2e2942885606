//! What is fetched: file names, digests, and where the library lies inside each archive.

/// Version of the PyPI package.
pub const PYPI_VERSION: &str = "1.31.1";
/// Version of the npm package. It contains the WebGPU provider, which the wheels do not.
pub const NPM_VERSION: &str = "1.30.0";
/// File name `npm pack` gives the package.
pub const NPM_FILE: &str = "onnxruntime-node-1.30.0.tgz";
/// SHA-512 of the npm package (the registry's `dist.integrity`, in hexadecimal).
pub const NPM_SHA512: &str = "b7086cd42d82fc1164cf5c9ce4e634288536194aba0d444eee10f86f1e50d90c\
                              b79c0309c115d6f31537355733136f5503d96894b3987a9a03f1f8d318e7c8ab";

/// Version of the PyPI package `onnxruntime-openvino`: with OpenVINO 2025.4.1.
pub const OPENVINO_VERSION: &str = "1.24.1";
/// SHA-256 of its wheel for the only platform in [`PLATFORMS`] that has one here.
pub const OPENVINO_SHA256: &str = "3007c803634cc69c6d52af1dea7ce729d9bb62b9a11070fd2f959119199007a8";

/// One platform: `os` and `arch` as in `std::env::consts`.
pub struct Platform {
    /// Operating system.
    pub os: &'static str,
    /// Processor.
    pub arch: &'static str,
    /// pip's `--platform`; the wheel's file name ends with it.
    pub pip_tag: &'static str,
    /// SHA-256 of the wheel.
    pub wheel_sha256: &'static str,
    /// The library in the wheel.
    pub wheel_library: &'static str,
    /// Files in the npm package the library needs beside it, the library first; empty where it has none.
    pub npm_files: &'static [&'static str],
    /// Files in the OpenVINO wheel, the library first: what runs on a processor, once (the wheel has most of it two or three times, and
    /// the plugins for other devices). Empty where no wheel is pinned.
    pub openvino_files: &'static [&'static str],
}

/// Every platform with a wheel. (There is none of this version for Intel Macs.)
pub const PLATFORMS: &[Platform] = &[
    Platform {
        os: "linux",
        arch: "x86_64",
        pip_tag: "manylinux_2_28_x86_64",
        wheel_sha256: "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f",
        wheel_library: "onnxruntime/capi/libonnxruntime.so.1.31.1",
        npm_files: &["package/bin/napi-v6/linux/x64/libonnxruntime.so.1"],
        openvino_files: &[
            "onnxruntime/capi/libonnxruntime.so.1.24.1",
            "onnxruntime/capi/libonnxruntime_providers_openvino.so",
            "onnxruntime/capi/libonnxruntime_providers_shared.so",
            "onnxruntime/capi/libopenvino.so.2541",
            "onnxruntime/capi/libopenvino_intel_cpu_plugin.so",
            "onnxruntime/capi/libopenvino_onnx_frontend.so.2541",
            "onnxruntime/capi/libtbb.so.12",
        ],
    },
    Platform {
        os: "linux",
        arch: "aarch64",
        pip_tag: "manylinux_2_28_aarch64",
        wheel_sha256: "da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3",
        wheel_library: "onnxruntime/capi/libonnxruntime.so.1.31.1",
        npm_files: &["package/bin/napi-v6/linux/arm64/libonnxruntime.so.1"],
        openvino_files: &[],
    },
    Platform {
        os: "windows",
        arch: "x86_64",
        pip_tag: "win_amd64",
        wheel_sha256: "c3d91b5de31e2fc82d71bd65b2b22bddee8b49057a3a36338e9a868e0ea90c05",
        wheel_library: "onnxruntime/capi/onnxruntime.dll",
        npm_files: &[
            "package/bin/napi-v6/win32/x64/onnxruntime.dll",
            "package/bin/napi-v6/win32/x64/DirectML.dll",
            "package/bin/napi-v6/win32/x64/dxcompiler.dll",
            "package/bin/napi-v6/win32/x64/dxil.dll",
        ],
        openvino_files: &[],
    },
    Platform {
        os: "windows",
        arch: "aarch64",
        pip_tag: "win_arm64",
        wheel_sha256: "93800007a7023b3ab26ad72e6463d0d57d84ead49a2f6341954d91438e046bc0",
        wheel_library: "onnxruntime/capi/onnxruntime.dll",
        npm_files: &[
            "package/bin/napi-v6/win32/arm64/onnxruntime.dll",
            "package/bin/napi-v6/win32/arm64/DirectML.dll",
            "package/bin/napi-v6/win32/arm64/dxcompiler.dll",
            "package/bin/napi-v6/win32/arm64/dxil.dll",
        ],
        openvino_files: &[],
    },
    Platform {
        os: "macos",
        arch: "aarch64",
        pip_tag: "macosx_14_0_arm64",
        wheel_sha256: "60b6b69bfe580eab576cacc5d132a0e9cf2a37fcfd18d46dd191042b1d1ed0d7",
        wheel_library: "onnxruntime/capi/libonnxruntime.1.31.1.dylib",
        npm_files: &["package/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib"],
        openvino_files: &[],
    },
];

impl Platform {
    /// File name of a package's wheel.
    pub fn wheel_file(&self, package: &str, version: &str) -> String {
        format!("{}-{version}-cp311-cp311-{}.whl", package.replace('-', "_"), self.pip_tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_whole_and_versions_agree() {
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(NPM_SHA512.len() == 128 && is_hex(NPM_SHA512));
        assert!(NPM_FILE.contains(NPM_VERSION));
        assert!(OPENVINO_SHA256.len() == 64 && is_hex(OPENVINO_SHA256));
        let with_openvino: Vec<_> = PLATFORMS.iter().filter(|platform| !platform.openvino_files.is_empty()).collect();
        // One digest, one platform.
        assert!(with_openvino.len() == 1 && with_openvino[0].openvino_files[0].ends_with(OPENVINO_VERSION));
        for (index, platform) in PLATFORMS.iter().enumerate() {
            assert!(platform.wheel_sha256.len() == 64 && is_hex(platform.wheel_sha256), "{}", platform.pip_tag);
            assert!(platform.os == "windows" || platform.wheel_library.contains(PYPI_VERSION));
            for other in &PLATFORMS[..index] {
                assert_ne!(platform.wheel_sha256, other.wheel_sha256);
            }
        }
    }
}
