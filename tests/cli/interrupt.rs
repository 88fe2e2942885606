//! Ctrl-C and termination: exit status 130, one line that says so, no unfinished file.
#![cfg(unix)]

use crate::support::{Ran, Sandbox};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}

/// Waits until something is so; fails if the program ends before.
fn wait_until(child: &mut Child, is_so: impl Fn(&Child) -> bool) {
    let since = Instant::now();
    while !is_so(child) {
        assert!(child.try_wait().unwrap().is_none(), "the program ended too early");
        assert!(since.elapsed() < Duration::from_secs(120), "it does not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn interrupted(child: Child) {
    let ran = Ran::from(child.wait_with_output().unwrap());
    ran.assert_one_error(&["error: interrupted"]);
    assert_eq!(ran.code, Some(130), "{ran:?}");
}

/// The smallest official model: 456 MB that take no space, long enough to be caught in the act.
#[test]
fn conversion() {
    let sandbox = Sandbox::new();
    let manifest = testkit::manifests().into_iter().find(|m| m.name == "0.1b_pretrain").unwrap();
    testkit::write_sparse(sandbox.path("big.safetensors"), &manifest.tensors);
    let start = || {
        let mut command = sandbox.command(&["convert", "big.safetensors", "--precision", "fp16"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for name in ["INT", "TERM"] {
        let mut child = start();
        wait_until(&mut child, |_| sandbox.files().iter().any(|f| f.starts_with(".sapiens-")));
        signal(&child, name);
        interrupted(child);
        assert_eq!(sandbox.files(), ["big.safetensors"], "SIG{name} while writing");
    }
    #[cfg(target_os = "linux")]
    {
        let mut child = start();
        wait_until(&mut child, |child| {
            let io = std::fs::read_to_string(format!("/proc/{}/io", child.id())).unwrap_or_default();
            let read = io.lines().find_map(|l| l.strip_prefix("rchar: "));
            read.is_some_and(|n| n.parse::<u64>().unwrap() > 50_000_000)
        });
        signal(&child, "INT");
        interrupted(child);
        assert_eq!(sandbox.files(), ["big.safetensors"], "while hashing");
    }
}

#[test]
fn pictures() {
    const COUNT: usize = 200;
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("in")).unwrap();
    (0..COUNT).for_each(|i| sandbox.picture(&format!("in/{i:03}.jpg")));
    let mut command = sandbox.command(&["run", "in", "--task", "matting", "--save", "npy,png", "--out", "o"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("000.jpg"));
    signal(&child, "TERM");
    let done = 1 + lines.count();
    interrupted(child);
    assert!(done < COUNT, "{done}");
    let results: Vec<_> = sandbox.files().into_iter().filter(|f| f.starts_with("o/") && f != "o/").collect();
    let expected: Vec<_> = (0..done)
        .flat_map(|i| ["cutout.png", "matting.npy", "matting.png"].map(|ending| format!("o/{i:03}_{ending}")))
        .collect();
    assert_eq!(results, expected, "whole results of the pictures that were reported, and nothing else");
}
