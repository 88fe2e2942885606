//! Labelled folders that the crate `synth` renders: made once, and made again when what they depend on has changed.

use crate::eval_demo::read_json;
use crate::options::target_dir;
use crate::process::{self, Fault};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Holds the digest of the program that rendered a folder.
const STAMP: &str = "renderer.sha256";

/// Pictures to be rendered.
pub struct Set {
    /// For people.
    pub name: &'static str,
    /// The renderer's `--framing`.
    pub framing: &'static str,
    /// How many.
    pub count: u64,
    /// Of the first.
    pub seed: u64,
}

/// Builds the renderer, optimised: it would take many times as long otherwise.
pub fn build() -> Result<PathBuf, Fault> {
    process::run(&mut process::cargo(&["build", "--release", "--package", "synth"]))?;
    Ok(target_dir().join("release").join(format!("synth{}", std::env::consts::EXE_SUFFIX)))
}

impl Set {
    /// Makes `folder` hold these pictures. `keep`: whichever program rendered them.
    pub fn render(&self, renderer: &Path, folder: &Path, keep: bool) -> Result<(), Fault> {
        let digest = process::digest::<sha2::Sha256>(renderer)?;
        let stale = match self.difference(folder) {
            None if keep || fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == digest) => {
                println!("{} pictures, rendered earlier: {}", self.count, folder.display());
                return Ok(());
            }
            None => "the renderer has changed since".to_owned(),
            Some(difference) => difference,
        };
        if folder.exists() {
            println!("rendering again: {stale}");
        }
        let partial = folder.with_extension("partial");
        remove(&partial)?;
        let mut command = Command::new(renderer);
        command.arg("labels").arg("--out").arg(&partial).args(["--framing", self.framing]);
        process::run(command.args(["--count", &self.count.to_string(), "--seed", &self.seed.to_string()]))?;
        if let Some(difference) = self.difference(&partial) {
            return Err(Fault::failed(format!("{} is not what was asked for: {difference}", partial.display())));
        }
        fs::write(partial.join(STAMP), digest).map_err(Fault::io("write the stamp in", &partial))?;
        remove(folder)?;
        fs::rename(&partial, folder).map_err(Fault::io("rename", &partial))
    }

    /// What was asked for and does not stand in the `source` of `dataset.json`. (Its own `count` may be smaller: the
    /// renderer leaves out pictures in which too little of the person is seen.)
    fn difference(&self, folder: &Path) -> Option<String> {
        let about = match read_json(&folder.join("dataset.json")) {
            Ok(about) => about,
            Err(fault) => return Some(fault.to_string()),
        };
        let source = about["source"].as_str().unwrap_or_default();
        let words: Vec<&str> = source.split_whitespace().collect();
        let asked = [
            ("--framing", self.framing.to_owned()),
            ("--seed", self.seed.to_string()),
            ("--count", self.count.to_string()),
        ];
        let missing = asked.iter().find(|(option, value)| !words.windows(2).any(|pair| pair == [*option, value]));
        missing.map(|(option, value)| format!("the source `{source}` in dataset.json does not say {option} {value}"))
    }
}

fn remove(folder: &Path) -> Result<(), Fault> {
    if folder.exists() { fs::remove_dir_all(folder).map_err(Fault::io("remove", folder)) } else { Ok(()) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A program that writes `dataset.json` and counts how often it was called.
    fn renderer(dir: &Path, source: &str) -> PathBuf {
        let path = dir.join("renderer");
        let script = format!(
            "#!/bin/sh\n# labels --out DIR --framing F --count N --seed S\nmkdir \"$3\" && echo x >> {}/calls\n\
             echo \"{{\\\"source\\\": \\\"{source}\\\"}}\" > \"$3/dataset.json\"\n",
            dir.display()
        );
        // Not written by this process: a program that a test starting one of its own still holds open is busy.
        let write = ["-c", "printf %s \"$1\" > \"$2\" && chmod +x \"$2\"", "sh", &script];
        process::run(Command::new("sh").args(write).arg(&path)).unwrap();
        path
    }

    #[test]
    fn pictures_are_rendered_when_something_has_changed() {
        let dir = std::env::temp_dir().join(format!("xtask-rendered-{}", std::process::id()));
        remove(&dir).unwrap();
        fs::create_dir_all(&dir).unwrap();
        let folder = dir.join("people");
        let program = renderer(&dir, "$1 $4 $5 $6 $7 $8 $9");
        let calls = || fs::read_to_string(dir.join("calls")).map_or(0, |text| text.len() / 2);
        let render = |count, seed, keep| {
            let set = Set { name: "people", framing: "person", count, seed };
            set.render(&program, &folder, keep).map(|()| calls())
        };
        assert_eq!((render(3, 9_000_000, false).unwrap(), render(3, 9_000_000, false).unwrap()), (1, 1));
        assert_eq!((render(4, 9_000_000, true).unwrap(), render(4, 9_000_001, true).unwrap()), (2, 3));
        // Another program; `keep` takes its word for it.
        renderer(&dir, "again $4 $5 $6 $7 $8 $9");
        assert_eq!((render(4, 9_000_001, true).unwrap(), render(4, 9_000_001, false).unwrap()), (3, 4));
        assert!(folder.join("dataset.json").is_file() && !dir.join("people.partial").exists());
        // A renderer that does not say what it rendered.
        renderer(&dir, "somewhere");
        let fault = render(4, 9_000_001, false).unwrap_err().to_string();
        assert!(fault.contains("`somewhere`") && fault.contains("--framing person"), "{fault}");
        assert!(folder.join("dataset.json").is_file());
        fs::remove_dir_all(&dir).unwrap();
    }
}
