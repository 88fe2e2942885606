//! `sapiens doctor`, and what every command says when ONNX Runtime is missing or something else.

use crate::support::{Ran, Sandbox, library};
use std::process::Command;

#[test]
fn a_working_machine() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok(&["doctor"]);
    let row = |name: &str| ran.out.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}: {ran:?}"));
    assert!(row("sapiens").ends_with(env!("CARGO_PKG_VERSION")), "{ran:?}");
    assert!(row("ONNX Runtime").contains(library().canonicalize().unwrap().to_str().unwrap()), "{ran:?}");
    assert!(row("cpu").ends_with("works"), "{ran:?}");
    for device in ["webgpu", "cuda:0", "tensorrt:0", "NVIDIA", "Vulkan"] {
        assert!(row(device).len() > device.len() + 5, "{ran:?}");
    }
    let path = library();
    let mut by_option = sandbox.command(&["doctor", "--ort", path.to_str().unwrap()]);
    assert_eq!(Ran::of(by_option.env_remove("SAPIENS_ORT")).code, Some(0));
}

/// The program alone in a folder from which no library can be found.
fn alone(sandbox: &Sandbox, args: &[&str]) -> Command {
    let folder = sandbox.path("deep/down/bin");
    let program = folder.join("sapiens");
    if !program.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(env!("CARGO_BIN_EXE_sapiens"), &program).unwrap();
    }
    let mut command = Command::new(program);
    command.args(args).current_dir(sandbox.path("")).env_remove("SAPIENS_ORT");
    command
}

#[test]
fn without_a_library() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let ran = Ran::of(&mut alone(&sandbox, &["doctor"]));
    ran.assert_one_error(&["no ONNX Runtime library found", "SAPIENS_ORT", "cargo xtask fetch-ort"]);
    for text in ["ONNX Runtime  not usable", "$SAPIENS_ORT = (not set)", "deep/down/bin", "get it:"] {
        assert!(ran.out.contains(text), "{text}: {ran:?}");
    }
    let before = sandbox.files();
    for args in [&["run", "p.jpg", "--out", "o"][..], &["bench"]] {
        Ran::of(&mut alone(&sandbox, args)).assert_one_error(&["no ONNX Runtime library found", "SAPIENS_ORT"]);
    }
    assert_eq!(sandbox.files(), before);
    // What needs no library works without.
    let seg = sandbox.checkpoint("seg");
    for args in [["inspect", &seg], ["convert", &seg]] {
        assert_eq!(Ran::of(&mut alone(&sandbox, &args)).code, Some(0));
    }
}

#[test]
fn beside_the_program_it_is_found() {
    let sandbox = Sandbox::new();
    assert_eq!(Ran::of(&mut alone(&sandbox, &["doctor"])).code, Some(1));
    std::fs::create_dir(sandbox.path("deep/down/lib")).unwrap();
    let name = library().file_name().unwrap().to_owned();
    std::fs::copy(library(), sandbox.path("deep/down/lib").join(name)).unwrap();
    let ran = Ran::of(&mut alone(&sandbox, &["doctor"]));
    assert!(ran.code == Some(0) && ran.out.contains("deep/down/lib/"), "{ran:?}");
}

#[test]
fn what_is_not_the_library() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    sandbox.write("text.so", b"not a library");
    let whole = std::fs::read(library()).unwrap();
    sandbox.write("cut.so", &whole[..4096]);
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    let mut cases = vec![
        ("none.so".to_owned(), "No such file"),
        ("text.so".to_owned(), "cannot be opened as a shared library"),
        ("cut.so".to_owned(), "cut short: it has 4096 of"),
        ("folder".to_owned(), "folder"),
    ];
    // Another library: one that this very process has loaded.
    #[cfg(target_os = "linux")]
    {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let libc = maps.split_whitespace().find(|w| w.starts_with('/') && w.contains("libc.so")).unwrap();
        cases.push((libc.to_owned(), "is not ONNX Runtime"));
    }
    let before = sandbox.files();
    for (path, fragment) in &cases {
        for args in [&["doctor"][..], &["run", "p.jpg", "--out", "o"], &["bench"]] {
            let ran = Ran::of(sandbox.command(args).env("SAPIENS_ORT", path));
            ran.assert_one_error(&[path, fragment]);
            sandbox.refused(&[args, &["--ort", path]].concat(), &[path, fragment]);
        }
    }
    assert_eq!(sandbox.files(), before);
}

#[test]
fn what_fits_into_a_memory() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok(&["doctor", "--memory", "8GB"]);
    let row = |name: &str| ran.out.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}: {ran:?}"));
    assert_eq!(row("memory"), "memory        8.0 GB (as given)");
    assert!(row("example").contains("five tasks of 0.4b at fp16: ") && row("example").contains(" GB, "), "{ran:?}");
    assert!(row("  5b ").contains('*') && !row("  0.1b").contains('*'), "{ran:?}");
    for size in ["0.4b", "0.8b", "1b", "5b"] {
        assert!(ran.out.contains(&format!("  {size:5} fp16  ")), "{size}: {ran:?}");
    }
    // Files, and the machine's own memory.
    let seg = sandbox.checkpoint("seg");
    let ran = sandbox.ok(&["doctor", "--memory", "1GB", "demo", &seg]);
    for text in ["  demo (pose, seg, ", "  seg.safetensors (seg): fp32: weights ", "together      as they are: "] {
        assert!(ran.out.contains(text), "{text}: {ran:?}");
    }
    assert!(sandbox.ok(&["doctor", "--device", "cpu", &seg]).out.contains("free (cpu: memory of this machine)"));
    sandbox.refused(&["doctor", "--memory", "lots"], &["`lots` is no amount of memory", "8GB"]);
    sandbox.refused(&["doctor", "--memory", "1GB", "none.safetensors"], &["none.safetensors"]);
}
