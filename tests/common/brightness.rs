//! Models that need no weights and next to no time, for what lies around models.
#![allow(dead_code)] // each test uses one of them

use prost::Message;
use sapiens::geometry::Size;
use sapiens::onnx::{Attr, Builder, Dim, Element};
use sapiens::spec::{Licence, ModelFraming};
use std::path::{Path, PathBuf};

const INPUT: Size = Size::new(96, 128);

/// A converted graph without weights whose depth is the mean of the channels, 0..1.
pub fn graph(folder: &Path) -> PathBuf {
    write(folder, "depth", ("depth", 1), (ModelFraming::Sapiens1, Licence::Sapiens1), |b, planes| {
        let axis = b.shape(&[1]);
        b.op("ReduceMean", &[planes, &axis], &[("keepdims", Attr::Int(1))])
    })
}

/// One whose albedo is the picture itself.
pub fn mirror(folder: &Path) -> PathBuf {
    write(folder, "albedo", ("albedo_rgb", 3), (ModelFraming::Official, Licence::Sapiens2), |_, planes| {
        planes.to_owned()
    })
}

fn write(
    folder: &Path,
    task: &str,
    (output, channels): (&str, usize),
    (framing, licence): (ModelFraming, Licence),
    make: impl Fn(&mut Builder, &str) -> String,
) -> PathBuf {
    let mut b = Builder::new();
    let side = |n: usize| Dim::Fixed(n);
    let image = b.input("image", Element::U8, &[Dim::Batch, side(INPUT.height), side(INPUT.width), side(3)]);
    let floats = b.op("Cast", &[&image], &[("to", Attr::Int(Element::F32 as i64))]);
    let planes = b.op("Transpose", &[&floats], &[("perm", Attr::Ints(&[0, 3, 1, 2]))]);
    let most = b.floats(&[255.0], &[]);
    let made = make(&mut b, &planes);
    let map = b.op("Div", &[&made, &most], &[]);
    let map = b.rename(&map, output);
    b.output(&map, Element::F32, &[Dim::Batch, side(channels), side(INPUT.height), side(INPUT.width)]);
    let entries = [
        ("format", "1"),
        ("task", task),
        ("size", "custom"),
        ("parameters", "0"),
        ("input", "128x96"),
        ("framing", framing.name()),
        ("heatmap", "udp"),
        ("rope", "fp32"),
        ("precision", "fp32"),
        ("normal_frame", "camera"),
        ("raw", "false"),
        ("source_sha256", ""),
        ("license", licence.name()),
    ];
    let entries = entries.map(|(key, value)| (format!("sapiens.{key}"), value.to_owned()));
    let entries: Vec<(&str, String)> = entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    let path = folder.join(format!("{task}.onnx"));
    std::fs::write(&path, b.finish(task, &entries).encode_to_vec()).unwrap();
    path
}
