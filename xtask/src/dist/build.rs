//! The cargo runs behind a package, and what cargo says it made.

use crate::process::{self, Fault};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What cargo made.
#[derive(Debug, Default)]
pub struct Built {
    /// Files of the library, under the names cargo gives them.
    pub files: Vec<PathBuf>,
    /// The command line program.
    pub program: Option<PathBuf>,
    /// What the static library needs from the system, as rustc prints it.
    pub system_libraries: Option<String>,
}

impl Built {
    /// The library file of that name.
    pub fn file(&self, name: &str) -> Result<&PathBuf, Fault> {
        self.files
            .iter()
            .find(|path| path.file_name().is_some_and(|last| last == name))
            .ok_or_else(|| Fault::failed(format!("cargo made no {name}, only {:?}", self.files)))
    }

    /// One line of `--message-format json`.
    fn read(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Value>(line) else { return };
        match message["reason"].as_str() {
            Some("compiler-artifact") if message["target"]["name"] == "sapiens" => {
                let kinds = message["target"]["kind"].as_array().into_iter().flatten();
                if kinds.clone().any(|kind| kind == "bin") {
                    self.program = message["executable"].as_str().map(PathBuf::from);
                } else if kinds.clone().any(|kind| kind == "staticlib" || kind == "cdylib") {
                    let names = message["filenames"].as_array().into_iter().flatten();
                    self.files.extend(names.filter_map(Value::as_str).map(PathBuf::from));
                }
            }
            Some("compiler-message") => {
                let text = message["message"]["message"].as_str().unwrap_or_default();
                match text.strip_prefix("native-static-libs: ") {
                    Some(libraries) => self.system_libraries = Some(libraries.trim().to_owned()),
                    None => eprint!("{}", message["message"]["rendered"].as_str().unwrap_or_default()),
                }
            }
            _ => {}
        }
    }
}

/// Builds the shared and the static library, then the program. Link-time optimisation does not mix with Rust's own library
/// format, so the libraries are a compilation of their own.
pub fn build(profile: &str) -> Result<Built, Fault> {
    let mut built = Built::default();
    let libraries = ["rustc", "--package", "libsapiens", "--lib", "--crate-type", "cdylib,staticlib"];
    let last = ["--", "--print", "native-static-libs"];
    collect(&libraries, profile, &last, &mut built)?;
    let files = std::mem::take(&mut built.files);
    collect(&["build", "--package", "libsapiens", "--bin", "sapiens"], profile, &[], &mut built)?;
    built.files = files;
    Ok(built)
}

fn collect(first: &[&str], profile: &str, last: &[&str], built: &mut Built) -> Result<(), Fault> {
    let mut command = process::cargo(first);
    command.args(["--locked", "--profile", profile, "--message-format", "json"]).args(last);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Fault::failed(format!("cannot run `{}`: {error}", process::line_of(&command))))?;
    String::from_utf8_lossy(&output.stdout).lines().for_each(|line| built.read(line));
    if output.status.success() {
        return Ok(());
    }
    Err(Fault::failed(format!("`{}` failed ({})", process::line_of(&command), output.status)))
}

/// The triple of this machine's compiler.
pub fn host() -> Result<String, Fault> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = process::output(Command::new(rustc).arg("-vV"))?;
    let line = said.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| Fault::failed(format!("rustc -vV names no host:\n{said}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_messages_are_understood() {
        let mut built = Built::default();
        for line in [
            r#"{"reason":"compiler-artifact","target":{"name":"ndarray","kind":["lib"]},"filenames":["/t/libndarray.rlib"]}"#,
            r#"{"reason":"compiler-message","message":{"message":"native-static-libs: -lgcc_s -lc","rendered":"note"}}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"sapiens","kind":["cdylib","staticlib"]},
                "filenames":["/t/libsapiens.so","/t/libsapiens.a"],"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"sapiens","kind":["bin"]},"filenames":["/t/sapiens"],
                "executable":"/t/sapiens"}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ] {
            built.read(line);
        }
        assert_eq!(built.file("libsapiens.a").unwrap(), &PathBuf::from("/t/libsapiens.a"));
        assert_eq!(built.file("libsapiens.so").unwrap(), &PathBuf::from("/t/libsapiens.so"));
        assert!(built.file("sapiens.dll").is_err());
        assert_eq!(built.program, Some(PathBuf::from("/t/sapiens")));
        assert_eq!(built.system_libraries.as_deref(), Some("-lgcc_s -lc"));
    }
}
