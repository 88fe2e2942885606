//! `cargo xtask demo`: from a clean clone to pictures.

use crate::demo_check;
use crate::fetch::{self, Source};
use crate::options::{root, target_dir};
use crate::process::{self, Fault};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every picture, optimised build.
    Full,
    /// Two pictures, development build (which the tests have made already).
    Smoke,
}

/// What to do and where.
pub struct Request<'a> {
    /// How much.
    pub kind: Kind,
    /// Where ONNX Runtime comes from.
    pub source: Source,
    /// ONNX Runtime to use instead of the fetched one.
    pub ort: Option<&'a Path>,
    /// Folder for the results instead of the default.
    pub out: Option<&'a Path>,
}

/// Fetches, builds, runs, and checks that everything promised is there.
pub fn run(request: &Request) -> Result<(), Fault> {
    let out_name = if request.kind == Kind::Smoke { "demo-smoke" } else { "demo" };
    let out = match request.out {
        Some(dir) => std::path::absolute(dir).map_err(Fault::io("resolve", dir))?,
        None => target_dir().join(out_name),
    };
    let sheet = out.join("contact_sheet.png");
    let mut pictures = pictures(&root().join("assets"))?;
    if request.kind == Kind::Smoke {
        pictures.truncate(2);
    }

    let mut times = Times::default();
    let library = times.step("fetch ONNX Runtime", || fetch::library(request.source, request.ort))?;
    let program = times.step("build", || build(request.kind))?;
    std::fs::create_dir_all(&out).map_err(Fault::io("create", &out))?;
    let started = SystemTime::now();
    times.step("run", || {
        let mut command = Command::new(&program);
        command.arg("run").args(&pictures).args(["--model", "demo", "--task", &demo_check::TASKS.join(",")]);
        command.args(["--save", "png,json,npy,ply", "--out"]).arg(&out).arg("--sheet").arg(&sheet);
        process::run(command.env("SAPIENS_ORT", &library.path).current_dir(root()))
    })?;
    let count = times.step("check", || demo_check::check(&out, &sheet, &pictures, started))?;

    println!("\nONNX Runtime   {} ({})", library.path.display(), library.origin);
    println!("contact sheet  {}", sheet.display());
    println!("results        {} ({count} files of {} pictures)", out.display(), pictures.len());
    times.print();
    Ok(())
}

/// Builds `sapiens`, and says where it lies.
pub fn build(kind: Kind) -> Result<PathBuf, Fault> {
    let (arguments, folder): (&[&str], _) = match kind {
        Kind::Full => (&["build", "--release", "--bin", "sapiens"], "release"),
        Kind::Smoke => (&["build", "--bin", "sapiens"], "debug"),
    };
    process::run(&mut process::cargo(arguments))?;
    Ok(target_dir().join(folder).join(format!("sapiens{}", std::env::consts::EXE_SUFFIX)))
}

/// The JPEG files of a folder, by name.
fn pictures(dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let entries = std::fs::read_dir(dir).map_err(Fault::io("list", dir))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    paths.sort();
    if paths.is_empty() { Err(Fault::failed(format!("no .jpg in {}", dir.display()))) } else { Ok(paths) }
}

/// How long each step took.
#[derive(Default)]
pub struct Times(Vec<(String, Duration)>);

impl Times {
    /// Names a step, does it, and notes its time; all times are printed when it fails.
    pub fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        println!("== {name}");
        let (result, time) = process::timed(work);
        self.0.push((name.to_owned(), time));
        if result.is_err() {
            self.print();
        }
        result
    }

    /// Prints them all.
    pub fn print(&self) {
        println!("\ntimes");
        for (name, time) in &self.0 {
            println!("  {name:<20} {:>12}", process::readable(*time));
        }
    }
}
