//! Requests that cannot be fulfilled: options, devices, boxes, tasks, places to write.

use crate::support::{Npy, Ran, Sandbox, json};

#[test]
fn wrong_values_are_named_before_any_work() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let seg = sandbox.checkpoint("seg");
    let cases: &[(&[&str], &[&str])] = &[
        (&["--box", "nan,0,10,10"], &["--box", "`nan,0,10,10`", "finite"]),
        (&["--box", "0,0,inf,10"], &["--box", "finite"]),
        (&["--box", "0,0,0,10"], &["--box", "above 0"]),
        (&["--box", "0,0,10,-1"], &["--box", "above 0"]),
        (&["--box", "1,2,3"], &["--box", "x,y,width,height"]),
        (&["--box", "9000,9000,10,10"], &["box", "outside", "576 wide and 768 high", "p.jpg"]),
        (&["--box", "-50,0,20,20"], &["box", "outside", "p.jpg"]),
        (&["--task", "hair"], &["--task", "`hair`", "matting"]),
        (&["--task", ""], &["--task"]),
        (&["--task", "features,seg"], &["features"]),
        (&["--task", "pose", "--model", &seg], &["seg"]),
        (&["--model", "demo", "--model", &seg], &["demo", "seg.safetensors", "both predict `seg`"]),
        (&["--device", "nonsense"], &["--device", "`nonsense`", "cpu, webgpu, cuda:N"]),
        (&["--device", "cuda:0"], &["cuda:0", "not enabled in this build", "doctor"]),
        (&["--device", "webgpu"], &["webgpu", "doctor"]),
        (&["--framing", "tight"], &["--framing", "`tight`", "official"]),
        (&["--save", "gif"], &["--save", "gif"]),
        (&["--threshold", "nan"], &["--threshold", "0.3"]),
        (&["--input-size", "0x0"], &["--input-size", "1024x768"]),
        (&["--input-size", "100x100", "--model", &seg], &["16", "seg.safetensors"]),
        (&["--precision", "fp8"], &["--precision", "fp8"]),
        (&["--rope", "fp64"], &["--rope", "fp64"]),
        (&["--threads", "1025"], &["--threads", "0 to 1024"]),
        (&["--ort", "none.so"], &["none.so"]),
        (&["--sheet", "none/s.png"], &["--sheet", "none/s.png"]),
        (&["--sheet", "."], &["--sheet", "folder"]),
    ];
    for (options, fragments) in cases {
        println!("{options:?}");
        sandbox.refused(&[&["run", "p.jpg", "--out", "o"], *options].concat(), fragments);
    }
    sandbox.refused(&["bench", "--runs", "0"], &["--runs"]);
}

#[test]
fn a_task_the_model_lacks_names_those_it_has() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let seg = sandbox.checkpoint("seg");
    sandbox.ok(&["convert", &seg]);
    for model in [seg.as_str(), "seg.onnx"] {
        let ran = sandbox.refused(&["run", "p.jpg", "--model", model, "--task", "pose", "--out", "o"], &[model]);
        assert!(ran.err.contains("it has seg"), "{ran:?}");
    }
    sandbox.refused(&["convert", &seg, "pose.onnx", "--task", "pose"], &["`pose`", "it has seg", &seg]);
    for option in [["--precision", "fp16"], ["--rope", "fp32"], ["--input-size", "128x96"]] {
        let args = [&["run", "p.jpg", "--model", "seg.onnx", "--out", "o"], &option[..]].concat();
        sandbox.refused(&args, &["built in", "seg.onnx"]);
    }
}

/// A list of devices is an order of preference, never a silent fall-back.
#[test]
fn the_next_device_of_the_list_is_said() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let args = ["run", "p.jpg", "--task", "seg", "--save", "npy,json", "--out", "o", "--device", "cuda:0,cpu"];
    let ran = sandbox.ok(&args);
    let [note] = ran.err.lines().filter(|l| l.starts_with("note:")).collect::<Vec<_>>()[..] else { panic!("{ran:?}") };
    assert!(note.contains("runs on cpu") && note.contains("cuda:0"), "{note}");
    assert_eq!(json(&sandbox.path("o/p.json"))["models"][0]["provider"], "CPUExecutionProvider");
    assert!(Npy::open(&sandbox.path("o/p_seg.npy")).is("|u1", &[768, 576]));
}

#[test]
fn places_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let seg = sandbox.checkpoint("seg");
    sandbox.refused(&["run", "p.jpg", "--out", "p.jpg"], &["--out", "folder", "p.jpg"]);
    sandbox.refused(&["run", "p.jpg", "--out", "p.jpg/below"], &["--out", "p.jpg/below"]);
    sandbox.refused(&["convert", &seg, "none/seg.onnx"], &["none/seg.onnx"]);
    std::fs::create_dir(sandbox.path("taken.onnx")).unwrap();
    sandbox.refused(&["convert", &seg, "taken.onnx"], &["output", "folder", "taken.onnx"]);
    // A place where not even root may write.
    #[cfg(target_os = "linux")]
    {
        sandbox.refused(&["run", "p.jpg", "--out", "/proc/self"], &["--out", "/proc/self"]);
        sandbox.refused(&["run", "p.jpg", "--out", "/proc/sapiens"], &["--out", "/proc/sapiens"]);
        sandbox.refused(&["convert", &seg, "/proc/seg.onnx"], &["/proc/seg.onnx"]);
    }
}

/// Standard output that is closed or full is no reason to panic.
#[cfg(target_os = "linux")]
#[test]
fn standard_output_may_fail() {
    let sandbox = Sandbox::new();
    let seg = sandbox.checkpoint("seg");
    for args in [&["inspect", seg.as_str()][..], &["inspect", "--json", &seg], &["doctor"], &["convert", &seg]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = sandbox.command(args).stdout(full).output().unwrap();
        Ran::from(output).assert_one_error(&["standard output", "No space left"]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = Ran::from(sandbox.command(args).stdout(writer).output().unwrap());
        assert!(ran.code == Some(0) && ran.err.is_empty(), "{args:?}: {ran:?}");
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let code = sandbox.command(&["inspect", "none"]).stderr(full).status().unwrap().code();
        assert_eq!(code, Some(1));
    }
}
