//! `cargo xtask eval-demo`: the embedded demo model on rendered people that it was never trained on.

use crate::demo::{self, Kind, Times};
use crate::fetch::{self, Source};
use crate::options::{Options, root, target_dir};
use crate::process::{self, Fault};
use crate::rendered::{self, Set};
use crate::thresholds::Thresholds;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the demo model must reach.
pub const THRESHOLDS: &str = "assets/demo/thresholds.json";
/// Seeds below may have been trained on.
const FIRST_HELD_OUT: u64 = 9_000_000;

/// The options of the command that have a value.
pub const VALUED: [&str; 6] = ["--people", "--frames", "--seed", "--check", "--out", "--ort"];

/// What to do and where.
pub struct Request {
    /// Pictures that one person fills.
    pub people: u64,
    /// Pictures with any number of people.
    pub frames: u64,
    /// Of the first picture.
    pub seed: u64,
    /// Rendered pictures are used although the program that rendered them has changed since.
    pub keep: bool,
    /// Thresholds to compare with.
    pub check: Option<PathBuf>,
    /// Folder for pictures and results instead of the default.
    pub out: Option<PathBuf>,
    /// ONNX Runtime to use instead of the fetched one.
    pub ort: Option<PathBuf>,
    /// Which build of `sapiens`; pictures are rendered by an optimised build in any case.
    pub kind: Kind,
}

impl Default for Request {
    fn default() -> Self {
        let (check, out, ort) = (None, None, None);
        Self { people: 1000, frames: 200, seed: FIRST_HELD_OUT, keep: false, check, out, ort, kind: Kind::Full }
    }
}

impl Request {
    /// From the command line: [`VALUED`] and `--keep`.
    pub fn of(options: &Options) -> Result<Self, Fault> {
        let default = Self::default();
        let number = |name: &str, default: u64, least: u64, why: &str| match options.value(name).map(str::parse::<u64>)
        {
            None => Ok(default),
            Some(Ok(value)) if value >= least => Ok(value),
            Some(_) => Err(Fault::failed(format!("{name}: a whole number of at least {least} is needed{why}"))),
        };
        let path = |name: &str| options.path(name).map(Path::to_path_buf);
        Ok(Self {
            people: number("--people", default.people, 1, "")?,
            frames: number("--frames", default.frames, 1, "")?,
            seed: number("--seed", default.seed, FIRST_HELD_OUT, ": smaller ones are for training")?,
            keep: options.has("--keep"),
            check: path("--check"),
            out: path("--out"),
            ort: path("--ort"),
            kind: default.kind,
        })
    }
}

/// Renders, evaluates, and compares with the thresholds.
pub fn run(request: &Request) -> Result<(), Fault> {
    let thresholds = request.check.as_deref().map(|path| Ok((path, Thresholds::read(path)?))).transpose()?;
    let out = match &request.out {
        Some(dir) => std::path::absolute(dir).map_err(Fault::io("resolve", dir))?,
        None => target_dir().join("eval-demo"),
    };
    let mut times = Times::default();
    let library = times.step("fetch ONNX Runtime", || fetch::library(Source::Pypi, request.ort.as_deref()))?;
    let program = times.step("build sapiens", || demo::build(request.kind))?;
    let renderer = times.step("build synth", rendered::build)?;
    std::fs::create_dir_all(&out).map_err(Fault::io("create", &out))?;

    let mut scores = Map::new();
    let sets = [
        (
            Set { name: "people", framing: "person", count: request.people, seed: request.seed },
            &["--boxes", "labels"][..],
        ),
        (
            Set { name: "frames", framing: "frame", count: request.frames, seed: request.seed },
            &["--boxes", "detect", "--tasks", "pose"],
        ),
    ];
    for (set, options) in sets {
        let data = out.join(set.name);
        times.step(&format!("render {}", set.name), || set.render(&renderer, &data, request.keep))?;
        let file = |ending: &str| out.join(format!("{}.{ending}", set.name));
        let (json, sheet) = (file("json"), file("png"));
        let document = times.step(&format!("evaluate {}", set.name), || {
            let mut command = Command::new(&program);
            command.args(["eval", "--model", "demo", "--data"]).arg(&data).args(options);
            command.arg("--json").arg(&json).arg("--sheet").arg(&sheet);
            process::run(command.env("SAPIENS_ORT", &library.path).current_dir(root()))?;
            read_json(&json)
        })?;
        scores.insert(set.name.to_owned(), document["scores"].clone());
        println!("scores of {:<8} {}, labels beside predictions {}", set.name, json.display(), sheet.display());
    }
    times.print();
    let Some((path, thresholds)) = thresholds else { return Ok(()) };
    let broken = thresholds.broken(&Value::Object(scores));
    if broken.is_empty() {
        println!("all {} thresholds of {} are kept", thresholds.len(), path.display());
        return Ok(());
    }
    let (count, all) = (broken.len(), thresholds.len());
    Err(Fault::failed(format!(
        "{count} of {all} thresholds of {} are not kept:\n  {}",
        path.display(),
        broken.join("\n  ")
    )))
}

/// A JSON document.
pub fn read_json(path: &Path) -> Result<Value, Fault> {
    let text = std::fs::read(path).map_err(Fault::io("read", path))?;
    serde_json::from_slice(&text).map_err(|error| Fault::failed(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Request, Fault> {
        let words = line.split_whitespace().map(str::to_owned);
        Request::of(&Options::parse(words, &VALUED, &["--keep"])?)
    }

    #[test]
    fn numbers_are_checked() {
        let asked = request("--people 24 --frames=12 --seed 9000001 --keep --check t.json").unwrap();
        assert_eq!((asked.people, asked.frames, asked.seed, asked.keep), (24, 12, 9_000_001, true));
        assert_eq!(asked.check, Some(PathBuf::from("t.json")));
        let default = request("").unwrap();
        assert_eq!((default.people, default.frames, default.seed, default.keep), (1000, 200, FIRST_HELD_OUT, false));
        for (line, says) in
            [("--people 0", "--people"), ("--frames few", "--frames"), ("--seed 8999999", "for training"), ("-k", "-k")]
        {
            let fault = request(line).err().unwrap().to_string();
            assert!(fault.contains(says), "{fault}");
        }
    }

    #[test]
    fn wrong_thresholds_end_it_before_any_work() {
        let missing = PathBuf::from("no/such/thresholds.json");
        let fault = run(&Request { check: Some(missing), ..Request::default() }).unwrap_err().to_string();
        assert!(fault.contains("no/such/thresholds.json"), "{fault}");
    }
}
