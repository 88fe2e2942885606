//! `sapiens run`: which pictures are taken, and what one bad picture does to the others.

use crate::support::{Npy, Ran, Sandbox};

const QUICK: [&str; 6] = ["--task", "matting", "--save", "npy", "--out", "o"];

fn run<'a>(inputs: &[&'a str]) -> Vec<&'a str> {
    [&["run"], inputs, &QUICK].concat()
}

#[test]
fn a_folder_gives_its_pictures() {
    let sandbox = Sandbox::new();
    for folder in ["in", "in/deeper", "in/folder.jpg"] {
        std::fs::create_dir(sandbox.path(folder)).unwrap();
    }
    ["in/b.JPG", "in/a.jpeg", "in/deeper/c.jpg", "solo.jpg"].iter().for_each(|name| sandbox.picture(name));
    sandbox.write("in/notes.txt", b"not a picture");
    let ran = sandbox.ok(&run(&["in", "solo.jpg"]));
    let results: Vec<_> = sandbox.files().into_iter().filter(|f| f.starts_with("o/")).collect();
    assert_eq!(results, ["o/", "o/a_matting.npy", "o/b_matting.npy", "o/solo_matting.npy"]);
    let order: Vec<usize> = ["a.jpeg", "b.JPG", "solo.jpg"].map(|n| ran.out.find(n).unwrap()).to_vec();
    assert!(order.is_sorted(), "{ran:?}");
}

#[test]
fn a_bad_picture_does_not_cost_the_others() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("in")).unwrap();
    ["in/a.jpg", "in/c.jpg"].iter().for_each(|name| sandbox.picture(name));
    sandbox.write("in/b.jpg", b"damaged");
    let ran = Ran::of(&mut sandbox.command(&run(&["in"])));
    ran.assert_one_error(&["b.jpg"]);
    assert!(ran.err.contains("1 of 3 pictures failed"), "{ran:?}");
    let results: Vec<_> = sandbox.files().into_iter().filter(|f| f.starts_with("o/")).collect();
    assert_eq!(results, ["o/", "o/a_matting.npy", "o/c_matting.npy"]);
}

#[test]
fn inputs_that_cannot_be() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("in")).unwrap();
    sandbox.refused(&run(&["in"]), &["no picture", "in"]);
    sandbox.refused(&run(&["none.jpg"]), &["none.jpg"]);
    ["in/a.jpg", "a.png"].iter().for_each(|name| sandbox.picture(name));
    sandbox.refused(&run(&["in/a.jpg", "a.png"]), &["in/a.jpg", "a.png", "same result files", "--out"]);
    sandbox.refused(&run(&["a.png", "in"]), &["same result files"]);
    assert!(sandbox.refused(&["run", "--out", "o"], &["required"]).err.contains("<INPUTS>"));
}

/// Results beside their pictures work once; then the folder holds pictures that are results.
#[test]
fn an_input_is_never_overwritten() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("in")).unwrap();
    sandbox.picture("in/p.jpg");
    let args = ["run", "in", "--out", "in", "--task", "seg"];
    sandbox.ok(&args);
    sandbox.refused(&args, &["--out", "in/p.jpg would overwrite", "in/p_seg.png"]);
    sandbox.refused(&["run", "in/p.jpg", "--out", "o", "--sheet", "in/../in/p.jpg"], &["--sheet", "p.jpg"]);
    sandbox.ok(&["run", "in", "--out", "o", "--task", "seg"]);
}

#[test]
fn a_second_run_replaces_the_results() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    std::fs::create_dir(sandbox.path("o")).unwrap();
    sandbox.write("o/p_matting.npy", b"old");
    sandbox.write("o/other.txt", b"kept");
    sandbox.ok(&run(&["p.jpg"]));
    assert!(Npy::open(&sandbox.path("o/p_matting.npy")).is("<f4", &[768, 576]));
    assert_eq!(std::fs::read(sandbox.path("o/other.txt")).unwrap(), b"kept");
}
