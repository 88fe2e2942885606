//! `sapiens eval` meets labelled folders that cannot be.

use crate::labelled::{MapWriter, SIZE, about, folder, label, write_label};
use crate::support::{Ran, Sandbox};
use serde_json::{Value, json};

const EVAL: [&str; 3] = ["eval", "--data", "d"];

/// A folder with one label that holds an alpha map, and nothing else.
fn with_alpha() -> Sandbox {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.alpha(&vec![0; SIZE.area()]);
    writer.write();
    sandbox
}

#[test]
fn folders_that_are_none() {
    let sandbox = Sandbox::new();
    sandbox.refused(&EVAL, &["labelled folder", "(d)"]);
    std::fs::create_dir(sandbox.path("d")).unwrap();
    sandbox.refused(&EVAL, &["dataset.json", "sapiens-labels"]);
    sandbox.write("file", b"");
    sandbox.refused(&["eval", "--data", "file"], &["is a file", "file"]);
    let sandbox = with_alpha();
    let cases: [(Value, &[&str]); 6] = [
        (json!([]), &["dataset.json"]),
        (json!({"format": "coco", "version": 1}), &["`format` is `coco`", "sapiens-labels", "dataset.json"]),
        (json!({"format": "sapiens-labels", "version": 7}), &["`version` is 7", "version 1"]),
        (json!({"format": "sapiens-labels", "version": 1, "count": 3}), &["`count` is 3", "1 .json"]),
        (json!({"format": "sapiens-labels", "version": 1, "keypoints": ["nose", "chin"]}), &["`chin`", "`left_eye`"]),
        (json!({"format": "sapiens-labels", "version": 1, "classes": ["Hair"]}), &["`Hair`", "`Background`"]),
    ];
    for (description, says) in cases {
        about(&sandbox, &description);
        sandbox.refused(&EVAL, says);
    }
}

#[test]
fn labels_that_cannot_be() {
    let sandbox = with_alpha();
    let with = |place: &str, value: Value| {
        let mut label = label();
        label[place] = value;
        label
    };
    let cases: [(Value, &[&str]); 8] = [
        (json!({}), &["no label", "image", "b.json"]),
        (with("image", json!("images/none.jpg")), &["picture", "b.json", "none.jpg"]),
        (with("image", json!("../file")), &["`../file`", "b.json"]),
        (with("maps", json!({"classes": "maps/none.png"})), &["map of classes", "none.png"]),
        (with("maps", json!({"depth": "maps/a.alpha.png"})), &["`camera`", "b.json"]),
        (with("people", json!([{"box": [0, 0, 0, 0]}])), &["`people[0]`", "`box`", "b.json"]),
        (with("people", json!([{"box": [0, 0, 9, 9], "keypoints": [[0, 0, 0]]}])), &["308", "b.json"]),
        (with("width", json!(0)), &["no pixels", "b.json"]),
    ];
    for (wrong, says) in cases {
        write_label(&sandbox, "b", &wrong);
        sandbox.refused(&EVAL, says);
    }
    sandbox.write("d/labels/b.json", b"{\"image\": NaN}");
    sandbox.refused(&EVAL, &["no label", "b.json"]);
    // The first label alone is right.
    sandbox.ok(&[&EVAL[..], &["--limit", "1"]].concat());
    // Nothing labelled at all.
    write_label(&sandbox, "a", &label());
    sandbox.refused(&[&EVAL[..], &["--limit", "1"]].concat(), &["nothing to compare"]);
}

#[test]
fn pictures_and_maps_that_do_not_fit() {
    let sandbox = with_alpha();
    let mut other_size = label();
    other_size["width"] = json!(SIZE.width - 1);
    other_size["maps"] = json!({"alpha": "maps/a.alpha.png"});
    write_label(&sandbox, "a", &other_size);
    sandbox.refused(&EVAL, &["576 wide", "575", "a.jpg"]);

    let small = sapiens::geometry::Size::new(4, 3);
    let map = |name: &str| sandbox.path(&format!("d/maps/{name}"));
    sapiens::export::picture::write_gray_png(map("small.png"), small, &[0; 12]).unwrap();
    sapiens::export::picture::write_gray_png(map("class29.png"), SIZE, &vec![29; SIZE.area()]).unwrap();
    sapiens::export::npy::write_f32(map("small.npy"), small, &[1.0; 12]).unwrap();
    let mut depth = vec![1.0; SIZE.area()];
    depth[SIZE.width + 2] = f32::NAN;
    sapiens::export::npy::write_f32(map("nan.npy"), SIZE, &depth).unwrap();
    depth[SIZE.width + 2] = -1.0;
    sapiens::export::npy::write_f32(map("behind.npy"), SIZE, &depth).unwrap();
    sandbox.write("d/maps/cut.png", &std::fs::read(map("class29.png")).unwrap()[..60]);
    let cases: [(&str, &str, &[&str]); 12] = [
        ("classes", "small.png", &["4 wide and 3 high", "576", "small.png"]),
        ("classes", "class29.png", &["column 0, row 0", "class 29", "0 to 28"]),
        ("classes", "small.npy", &["PNG", "small.npy"]),
        ("classes", "cut.png", &["PNG", "cut.png"]),
        ("alpha", "small.png", &["4 wide", "small.png"]),
        ("normals", "class29.png", &["16-bit RGB", "class29.png"]),
        ("normals", "small.npy", &["[3, 4]; [768, 576, 3]", "small.npy"]),
        ("albedo", "class29.png", &["8-bit RGB", "class29.png"]),
        ("depth", "small.npy", &["[3, 4]; [768, 576]", "small.npy"]),
        ("depth", "nan.npy", &["column 2, row 1", "NaN", "nan.npy"]),
        ("depth", "behind.npy", &["depth -1", "behind.npy"]),
        ("points", "class29.png", &[".npy", "class29.png"]),
    ];
    for (kind, file, says) in cases {
        let mut wrong = label();
        wrong["camera"] = json!({"fx": 700, "fy": 700, "cx": 288, "cy": 384});
        wrong["maps"] = json!({kind: format!("maps/{file}")});
        write_label(&sandbox, "a", &wrong);
        println!("{kind} {file}");
        sandbox.refused(&EVAL, says);
    }
}

#[test]
fn what_cannot_be_compared() {
    let sandbox = with_alpha();
    let pose = sandbox.checkpoint("pose");
    let with = |options: &[&str], says: &[&str]| sandbox.refused(&[&EVAL[..], options].concat(), says);
    with(&["--tasks", "seg"], &["`seg`", "labels are for matting"]);
    with(&["--tasks", "features"], &["`features`", "no measure"]);
    with(&["--tasks", "matting", "--model", &pose], &["pose"]);
    with(&["--model", &pose, "--input-size", "128x96"], &["models have pose", "labels are for matting"]);
    with(&["--boxes", "mine"], &["--boxes", "`mine`", "labels, whole, detect"]);
    with(&["--limit", "0"], &["--limit", "at least 1"]);
    with(&["--json", "none/o.json"], &["--json", "none/o.json"]);
    with(&["--json", "d"], &["--json", "folder"]);
    // Labels of two tasks, a model of one: the other is named and no error.
    let mut both = label();
    both["maps"] = json!({"alpha": "maps/a.alpha.png", "classes": "maps/a.alpha.png"});
    write_label(&sandbox, "a", &both);
    let seg = sandbox.checkpoint("seg");
    let args = [&EVAL[..], &["--model", &seg, "--input-size", "128x96"]].concat();
    let ran = Ran::of(&mut sandbox.command(&args));
    assert!(ran.code == Some(0) && ran.out.contains("matting: not evaluated, no loaded model has it"), "{ran:?}");
}
