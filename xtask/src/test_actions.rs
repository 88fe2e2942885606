//! The steps of `cargo xtask test` that are more than one cargo command.

use crate::demo;
use crate::eval_demo;
use crate::fetch::{self, Source};
use crate::options::{root, target_dir};
use crate::process::{self, Fault};
use crate::test_run::{Counts, Run};
use crate::vulkan;
use std::process::Command;

/// The whole repository at one commit, in bytes.
const REPOSITORY_LIMIT: u64 = 25_000_000;

/// What git tracks stays small enough to clone without thinking.
pub fn repository_size(_: &mut Run) -> Result<Counts, Fault> {
    // In CI the clone may belong to another user.
    let mut git = Command::new("git");
    let list = process::output(git.args(["-c", "safe.directory=*", "ls-files", "-z"]).current_dir(root()))?;
    let mut files: Vec<(u64, &str)> = Vec::new();
    for name in list.split('\0').filter(|name| !name.is_empty()) {
        // A file deleted but not yet committed has no size.
        if let Ok(metadata) = root().join(name).symlink_metadata() {
            files.push((metadata.len(), name));
        }
    }
    if files.is_empty() {
        return Err(Fault::failed("git tracks no file here: is this a clone?"));
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    let total: u64 = files.iter().map(|(size, _)| size).sum();
    let largest: Vec<String> =
        files.iter().take(3).map(|(size, name)| format!("{name} {:.1} MB", mega(*size))).collect();
    let line = format!(
        "{} files, {:.1} MB of {:.0} MB; largest: {}",
        files.len(),
        mega(total),
        mega(REPOSITORY_LIMIT),
        largest.join(", ")
    );
    println!("{line}");
    if total < REPOSITORY_LIMIT { Ok(Counts::default()) } else { Err(Fault::failed(format!("too large: {line}"))) }
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The CPU build, for every test.
pub fn fetch_pypi(run: &mut Run) -> Result<Counts, Fault> {
    let library = fetch::library(Source::Pypi, None)?;
    println!("{} ({})", library.path.display(), library.origin);
    run.set(Source::Pypi.variable(), library.path);
    Ok(Counts::default())
}

/// A second machine for the C# tests; the first, Mono, is a package of the system.
pub fn fetch_coreclr(run: &mut Run) -> Result<Counts, Fault> {
    let host = fetch::coreclr::host()?;
    println!("{}", host.display());
    run.set(fetch::coreclr::VARIABLE, host);
    Ok(Counts::default())
}

/// The WebGPU build and a Vulkan driver for it.
pub fn find_webgpu_host(run: &mut Run) -> Result<Counts, Fault> {
    let driver = vulkan::driver()?;
    let library = fetch::library(Source::Npm, None)?;
    println!("{} ({})", library.path.display(), library.origin);
    run.set(Source::Npm.variable(), library.path);
    if let Some((variable, path)) = driver {
        println!("{variable}={}", path.display());
        run.set(variable, path);
    }
    Ok(Counts::default())
}

/// The OpenVINO build.
pub fn find_openvino_host(run: &mut Run) -> Result<Counts, Fault> {
    let library = fetch::library(Source::OpenVino, None)?;
    println!("{} ({})", library.path.display(), library.origin);
    run.set(Source::OpenVino.variable(), library.path);
    Ok(Counts::default())
}

/// The demo in its small form; it checks its own results.
pub fn demo(_: &mut Run) -> Result<Counts, Fault> {
    demo::run(&demo::Request { kind: demo::Kind::Smoke, source: fetch::Source::Pypi, ort: None, out: None })?;
    Ok(Counts::default())
}

/// What the demo model is worth, in its small form: `eval-demo --people 24 --frames 12 --check ...`.
pub fn eval_demo(_: &mut Run) -> Result<Counts, Fault> {
    eval_demo::run(&eval_demo::Request {
        people: 24,
        frames: 12,
        check: Some(root().join(eval_demo::THRESHOLDS)),
        out: Some(target_dir().join("eval-demo-smoke")),
        kind: demo::Kind::Smoke,
        ..eval_demo::Request::default()
    })?;
    Ok(Counts::default())
}
