//! Command line options: `--name VALUE`, `--name=VALUE` and flags; anything else is an error.

use crate::process::Fault;
use std::path::{Path, PathBuf};

/// The options of one command.
#[derive(Debug, Default)]
pub struct Options {
    values: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Options {
    /// Reads `arguments`; `valued` and `flags` are the option names the command knows.
    pub fn parse(arguments: impl Iterator<Item = String>, valued: &[&str], flags: &[&str]) -> Result<Self, Fault> {
        let mut options = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument.clone(), None),
            };
            if valued.contains(&name.as_str()) {
                let value = inline
                    .or_else(|| arguments.next())
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| Fault::failed(format!("{name} needs a value")))?;
                options.values.push((name, value));
            } else if flags.contains(&argument.as_str()) {
                options.flags.push(name);
            } else {
                let known: Vec<&str> = valued.iter().chain(flags).copied().collect();
                return Err(Fault::failed(format!("unknown option `{argument}`; known are: {}", known.join(", "))));
            }
        }
        Ok(options)
    }

    /// The value of an option; the last one when given twice.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of an option as a path.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.value(name).map(Path::new)
    }

    /// Whether a flag was given.
    pub fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Where cargo builds, and where everything fetched or written by default goes.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir), // an absolute path replaces the root
        None => root().join("target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Fault> {
        Options::parse(line.split_whitespace().map(str::to_owned), &["--ort", "--out"], &["--smoke"])
    }

    #[test]
    fn values_in_both_spellings() {
        let options = parse("--ort /a/b --out=x=y --smoke").unwrap();
        assert_eq!(options.value("--ort"), Some("/a/b"));
        assert_eq!(options.value("--out"), Some("x=y"));
        assert!(options.has("--smoke"));
        assert_eq!(parse("").unwrap().value("--ort"), None);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in ["--ort", "--ort=", "--frobnicate", "stray", "--smoke=1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
