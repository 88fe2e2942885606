//! What the files of a package are called and where they lie, per operating system.

use crate::process::Fault;

/// Names of one target. Paths are relative to the package and use `/`.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    /// The shared library: the file cargo builds, and its path in the package.
    pub shared: (&'static str, String),
    /// Links in the folder of the shared library, each to a name there.
    pub links: Vec<(String, String)>,
    /// The library to link a program with, where that is another file (Windows).
    pub import: Option<(&'static str, &'static str)>,
    /// The static library.
    pub archive: (&'static str, &'static str),
    /// The command line program.
    pub program: (&'static str, &'static str),
    /// Where ONNX Runtime goes: the folder the library looks in first.
    pub runtime_folder: &'static str,
    /// What a program records and the loader looks for.
    pub soname: Option<String>,
}

/// The names for a target triple. `abi`: version of the binary interface; `version`: of the package.
pub fn names(target: &str, abi: u32, version: &str) -> Result<Names, Fault> {
    let unix = |shared, real: String, soname: String, plain: &str| Names {
        shared: (shared, format!("lib/{real}")),
        links: vec![(soname.clone(), real), (plain.to_owned(), soname.clone())],
        import: None,
        archive: ("libsapiens.a", "lib/libsapiens.a"),
        program: ("sapiens", "bin/sapiens"),
        runtime_folder: "lib/onnxruntime",
        soname: Some(soname),
    };
    let windows = |import, archive| Names {
        shared: ("sapiens.dll", "bin/sapiens.dll".to_owned()),
        links: Vec::new(),
        import: Some(import),
        archive,
        program: ("sapiens.exe", "bin/sapiens.exe"),
        runtime_folder: "bin/onnxruntime",
        soname: None,
    };
    if target.contains("-windows-msvc") {
        Ok(windows(("sapiens.dll.lib", "lib/sapiens.dll.lib"), ("sapiens.lib", "lib/sapiens.lib")))
    } else if target.contains("-windows-gnu") {
        Ok(windows(("libsapiens.dll.a", "lib/libsapiens.dll.a"), ("libsapiens.a", "lib/libsapiens.a")))
    } else if target.ends_with("-apple-darwin") {
        let real = format!("libsapiens.{abi}.{version}.dylib");
        Ok(unix("libsapiens.dylib", real, format!("libsapiens.{abi}.dylib"), "libsapiens.dylib"))
    } else if target.contains("-linux-") && !target.contains("android") {
        // Behind the interface's number the package's whole version, so that a later file sorts after an earlier one.
        let real = format!("libsapiens.so.{abi}.{version}");
        Ok(unix("libsapiens.so", real, format!("libsapiens.so.{abi}"), "libsapiens.so"))
    } else {
        Err(Fault::failed(format!("no package layout is known for {target} (only for Linux, macOS and Windows)")))
    }
}

/// What a static library needs from the system, in the words of `rustc --print native-static-libs`, as words for CMake:
/// names without `-l` or `.lib`; frameworks and other flags as they are.
pub fn system_libraries(printed: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut words = printed.split_whitespace();
    while let Some(word) = words.next() {
        let library = match word {
            "-framework" => format!("-framework {}", words.next().unwrap_or_default()),
            // The C library itself: every linker adds it, and the compiler's options choose which one.
            "-lc" => continue,
            _ if word.to_ascii_lowercase().starts_with("/defaultlib:") => continue,
            _ => match word.strip_prefix("-l").or_else(|| word.strip_suffix(".lib")) {
                Some(name) => name.to_owned(),
                None => word.to_owned(),
            },
        };
        if !found.contains(&library) {
            found.push(library);
        }
    }
    found
}

/// The same as options of a compiler that is called like `cc`.
pub fn as_options(libraries: &[String]) -> String {
    let options = libraries.iter().map(|name| if name.starts_with('-') { name.clone() } else { format!("-l{name}") });
    options.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_has_a_chain_of_links() {
        let names = names("x86_64-unknown-linux-gnu", 1, "0.2.3").unwrap();
        assert_eq!(names.shared, ("libsapiens.so", "lib/libsapiens.so.1.0.2.3".to_owned()));
        let links = [("libsapiens.so.1", "libsapiens.so.1.0.2.3"), ("libsapiens.so", "libsapiens.so.1")];
        assert_eq!(names.links, links.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(names.soname.as_deref(), Some("libsapiens.so.1"));
        assert_eq!((names.archive.1, names.runtime_folder), ("lib/libsapiens.a", "lib/onnxruntime"));
    }

    #[test]
    fn macos_puts_the_number_before_the_ending() {
        let names = names("aarch64-apple-darwin", 2, "1.0.0").unwrap();
        assert_eq!(names.shared, ("libsapiens.dylib", "lib/libsapiens.2.1.0.0.dylib".to_owned()));
        let links = [("libsapiens.2.dylib", "libsapiens.2.1.0.0.dylib"), ("libsapiens.dylib", "libsapiens.2.dylib")];
        assert_eq!(names.links, links.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn windows_has_the_dll_with_the_programs_and_libraries_to_link_with() {
        let msvc = names("x86_64-pc-windows-msvc", 1, "0.1.0").unwrap();
        assert_eq!(msvc.shared.1, "bin/sapiens.dll");
        assert_eq!(
            (msvc.import, msvc.archive.1),
            (Some(("sapiens.dll.lib", "lib/sapiens.dll.lib")), "lib/sapiens.lib")
        );
        assert_eq!((msvc.program.1, msvc.runtime_folder, msvc.links.len()), ("bin/sapiens.exe", "bin/onnxruntime", 0));
        let gnu = names("x86_64-pc-windows-gnu", 1, "0.1.0").unwrap();
        assert_eq!((gnu.import.unwrap().1, gnu.archive.1), ("lib/libsapiens.dll.a", "lib/libsapiens.a"));
        assert!(names("aarch64-linux-android", 1, "0.1.0").is_err() && names("wasm32-wasip1", 1, "0.1.0").is_err());
    }

    #[test]
    fn system_libraries_of_every_linker() {
        let linux = system_libraries("-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc -lm");
        assert_eq!(linux, ["gcc_s", "util", "rt", "pthread", "m", "dl"]);
        assert_eq!(as_options(&linux), "-lgcc_s -lutil -lrt -lpthread -lm -ldl");
        let macos = system_libraries("-framework CoreFoundation -liconv -lSystem -lc -lm");
        assert_eq!(macos, ["-framework CoreFoundation", "iconv", "System", "m"]);
        assert_eq!(as_options(&macos), "-framework CoreFoundation -liconv -lSystem -lm");
        let msvc = system_libraries("kernel32.lib ntdll.lib kernel32.lib ws2_32.lib /defaultlib:msvcrt");
        assert_eq!(msvc, ["kernel32", "ntdll", "ws2_32"]);
    }
}
