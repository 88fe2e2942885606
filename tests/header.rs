//! `include/sapiens.h` is what cbindgen makes of `src/ffi`. `SAPIENS_UPDATE=1 cargo test --test header` writes it.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// In the order of the header: types first, exports in the order in which a host meets them.
const FILES: &[&str] = &[
    "version",
    "enums",
    "status",
    "context_types",
    "people_types",
    "stream_types",
    "result_types",
    "skeleton",
    "defaults",
    "context",
    "model",
    "detector",
    "stream",
    "submit",
    "result",
    "map",
    "map_copy",
    "report",
];

fn generate() -> String {
    let folder = root().join("src/ffi");
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let builder = FILES.iter().fold(cbindgen::Builder::new().with_config(config), |builder, name| {
        builder.with_src(folder.join(format!("{name}.rs")))
    });
    let mut bytes = Vec::new();
    builder.generate().unwrap().write(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    // The note for Rust callers says nothing that the header does not.
    let safety = "///\n/// # Safety\n/// Pointers as the parameters say";
    let text = text.replace("\r\n", "\n").replace(&format!("{safety}.\n"), "");
    let text = text.replace(&format!("{safety}; "), "///\n/// ");
    text.lines().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_header_is_generated_from_the_source() {
    let path: PathBuf = root().join("include/sapiens.h");
    let expected = generate();
    if std::env::var_os("SAPIENS_UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    if let Some((line, (old, new))) = found.lines().zip(expected.lines()).enumerate().find(|(_, (old, new))| old != new)
    {
        panic!("include/sapiens.h:{}: `{old}`, but src/ffi says `{new}`; SAPIENS_UPDATE=1 writes it", line + 1);
    }
    assert_eq!(found.len(), expected.len(), "include/sapiens.h is not what src/ffi says; SAPIENS_UPDATE=1 writes it");
}
