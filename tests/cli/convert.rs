//! `sapiens convert`: names, options, and what it refuses.

use crate::support::{Npy, Ran, Sandbox, asset};
use serde_json::{Value, json};

fn described(sandbox: &Sandbox, file: &str) -> Value {
    serde_json::from_str(&sandbox.ok(&["inspect", "--json", file]).out).unwrap()
}

#[test]
fn the_default_name_and_what_the_graph_says_of_itself() {
    let sandbox = Sandbox::new();
    let seg = sandbox.checkpoint("seg");
    let ran = sandbox.ok(&["convert", &seg]);
    assert!(ran.out.contains("seg.onnx") && ran.out.contains("licence"), "{ran:?}");
    assert_eq!(sandbox.files(), ["seg.onnx", "seg.onnx.data", "seg.safetensors"]);
    let graph = described(&sandbox, "seg.onnx");
    assert_eq!((&graph["kind"], &graph["tasks"]), (&"converted graph".into(), &json!(["seg"])));
    assert_eq!((&graph["precision"], &graph["raw"], &graph["rope"]), (&"fp32".into(), &false.into(), &"bf16".into()));
    let checksum = std::process::Command::new("sha256sum").arg(sandbox.path(&seg)).output().unwrap().stdout;
    assert_eq!(graph["source_sha256"].as_str().unwrap().as_bytes(), &checksum[..64]);
    // A second time replaces both files.
    sandbox.ok(&["convert", &seg, "--precision", "fp16"]);
    assert_eq!(sandbox.files(), ["seg.onnx", "seg.onnx.data", "seg.safetensors"]);
    assert_eq!(described(&sandbox, "seg.onnx")["precision"], "fp16");
}

#[test]
fn options_are_in_the_graph() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let seg = sandbox.checkpoint("seg");
    std::fs::create_dir(sandbox.path("away")).unwrap();
    let options = ["--precision", "fp16", "--input-size", "256x160", "--rope", "fp32", "--raw"];
    sandbox.ok(&[&["convert", &seg, "away/half.onnx"], &options[..]].concat());
    let graph = described(&sandbox, "away/half.onnx");
    assert_eq!(graph["input"], json!({"width": 160, "height": 256}));
    assert_eq!((&graph["precision"], &graph["raw"], &graph["rope"]), (&"fp16".into(), &true.into(), &"fp32".into()));
    sandbox.ok(&["convert", &seg, "away/full.onnx"]);
    let bytes = |name: &str| std::fs::metadata(sandbox.path(name)).unwrap().len();
    assert!(bytes("away/half.onnx.data") * 10 < bytes("away/full.onnx.data") * 6);
    sandbox.ok(&["run", "p.jpg", "--model", "away/half.onnx", "--save", "npy", "--out", "o"]);
    assert!(Npy::open(&sandbox.path("o/p_seg.npy")).is("|u1", &[768, 576]));
}

#[test]
fn heads_of_a_bundle_can_be_chosen() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let bundle = asset("demo/demo_bundle.safetensors");
    sandbox.ok(&["convert", &bundle, "two.onnx", "--task", "normal,pose"]);
    assert_eq!(described(&sandbox, "two.onnx")["tasks"], json!(["pose", "normal"]));
    sandbox.ok(&["run", "p.jpg", "--model", "two.onnx", "--save", "npy,json", "--out", "graph"]);
    sandbox.ok(&["run", "p.jpg", "--task", "pose,normal", "--save", "npy,json", "--out", "demo"]);
    let normals = |folder: &str| Npy::open(&sandbox.path(&format!("{folder}/p_normal.npy"))).values;
    let worst = normals("graph").iter().zip(normals("demo")).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-4, "{worst}");
    sandbox.refused(&["convert", &bundle, "none.onnx", "--task", "features,pose"], &["features"]);
}

#[test]
fn input_sizes_that_cannot_be() {
    let sandbox = Sandbox::new();
    let (seg, points, large) =
        (sandbox.checkpoint("seg"), sandbox.checkpoint("pointmap"), sandbox.checkpoint("pretrain_4k"));
    let cases = [
        (&seg, "1024x760", "multiples of 16"),
        (&seg, "1024", "1024x768"),
        (&seg, "0x768", "1024x768"),
        (&seg, "-16x16", "1024x768"),
        (&seg, "99999999999x16", "1024x768"),
        (&large, "4096x3056", "multiples of 64"),
        (&points, "128x96", "256x192"),
    ];
    for (model, size, fragment) in cases {
        sandbox.refused(&["convert", model, "out.onnx", &format!("--input-size={size}")], &["input", fragment]);
    }
    sandbox.ok(&["convert", &large, "4k.onnx", "--input-size", "512x384"]);
    sandbox.ok(&["convert", &points, "points.onnx", "--input-size", "256x192"]);
}

#[test]
fn the_checkpoint_is_never_overwritten() {
    let sandbox = Sandbox::new();
    let seg = sandbox.checkpoint("seg");
    sandbox.refused(&["convert", &seg, &seg], &["OUT", ".onnx"]);
    sandbox.refused(&["convert", &seg, "out"], &["OUT", ".onnx"]);
    for name in ["misnamed.onnx", "out.onnx.data"] {
        std::fs::copy(sandbox.path(&seg), sandbox.path(name)).unwrap();
    }
    let before = std::fs::read(sandbox.path(&seg)).unwrap();
    sandbox.refused(&["convert", "misnamed.onnx"], &["overwrite the checkpoint", "misnamed.onnx"]);
    sandbox.refused(&["convert", "out.onnx.data", "out.onnx"], &["overwrite the checkpoint", "out.onnx.data"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(sandbox.path(&seg), sandbox.path("link.onnx")).unwrap();
        sandbox.refused(&["convert", &seg, "link.onnx"], &["overwrite the checkpoint", "link.onnx"]);
    }
    for name in [&seg, "misnamed.onnx", "out.onnx.data"] {
        assert!(std::fs::read(sandbox.path(name)).unwrap() == before, "{name}");
    }
}

/// Other users can read a converted model, as any other new file.
#[cfg(unix)]
#[test]
fn results_have_ordinary_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let seg = sandbox.checkpoint("seg");
    sandbox.write("plain", b"");
    sandbox.ok(&["convert", &seg]);
    let mode = |name: &str| std::fs::metadata(sandbox.path(name)).unwrap().permissions().mode();
    assert_eq!((mode("seg.onnx"), mode("seg.onnx.data")), (mode("plain"), mode("plain")));
}

/// A limit on the size of files fails a write in the middle, as a full disk does.
#[cfg(unix)]
#[test]
fn a_write_that_fails_half_way_leaves_nothing() {
    let sandbox = Sandbox::new();
    let seg = sandbox.checkpoint("seg");
    sandbox.picture("p.jpg");
    let commands: [(&[&str], &str); 4] = [
        (&["convert", &seg, "out.onnx", "--precision", "fp16"], "out.onnx.data"),
        (&["convert", &seg, "out.onnx"], "out.onnx"),
        (&["run", "p.jpg", "--task", "seg", "--save", "npy", "--out", "o"], "p_seg.npy"),
        (&["run", "p.jpg", "--task", "seg", "--save", "png", "--out", "o"], "p_seg.png"),
    ];
    for (args, name) in commands {
        let before = sandbox.files();
        let direct = sandbox.command(args);
        let mut limited = std::process::Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]).arg(direct.get_program()).args(args);
        limited.current_dir(sandbox.path("")).env("SAPIENS_ORT", crate::support::library());
        Ran::of(&mut limited).assert_one_error(&["File too large", name]);
        assert_eq!(sandbox.files(), before, "{args:?}");
    }
}
