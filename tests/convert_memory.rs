//! Conversion streams: its memory is that of the largest tensors, not of the file. Linux, where the kernel keeps the peak.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use testkit::{Spec, write_sparse};

/// The peak resident memory of a running process, in bytes.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn converting_a_large_file_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Spec { embed: 512, heads: 8, layers: 12, ..Spec::tiny("pretrain", 1) };
    let tensors: Vec<_> = spec
        .keys()
        .into_iter()
        .map(|(name, shape)| {
            let dtype = if name.ends_with("rope_embed.periods") { "BF16" } else { "F32" };
            (name, shape, dtype)
        })
        .collect();
    let checkpoint = folder.path().join("large.safetensors");
    write_sparse(&checkpoint, &tensors);
    let bytes = checkpoint.metadata().unwrap().len();
    assert!(bytes > 190_000_000, "{bytes}");
    // Into another folder, so that every weight is copied.
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sapiens"))
        .arg("convert")
        .arg(&checkpoint)
        .arg(out.join("large.onnx"))
        .args(["--input-size", "128x96"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut highest, mut samples) = (0, 0);
    let status = loop {
        if let Some(bytes) = peak(child.id()) {
            (highest, samples) = (highest.max(bytes), samples + 1);
        }
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(2)),
        }
    };
    assert!(status.success(), "{:?}", child.wait_with_output());
    let written = out.join("large.onnx.data").metadata().unwrap().len();
    println!("{bytes} bytes read, {written} written, peak {highest} bytes in {samples} samples");
    assert!(written > 190_000_000 && samples > 20, "{written} {samples}");
    assert!(highest < bytes / 2, "peak of {highest} bytes for a file of {bytes}");
}
