//! A model that needs no weights and next to no time, for what lies around models.

use prost::Message;
use sapiens::geometry::Size;
use sapiens::onnx::{Attr, Builder, Dim, Element};
use sapiens::spec::{Licence, ModelFraming};
use std::path::{Path, PathBuf};

const INPUT: Size = Size::new(96, 128);

/// A converted graph without weights whose depth is the mean of the channels, 0..1.
pub fn graph(folder: &Path) -> PathBuf {
    let mut b = Builder::new();
    let side = |n: usize| Dim::Fixed(n);
    let image = b.input("image", Element::U8, &[Dim::Batch, side(INPUT.height), side(INPUT.width), side(3)]);
    let floats = b.op("Cast", &[&image], &[("to", Attr::Int(Element::F32 as i64))]);
    let planes = b.op("Transpose", &[&floats], &[("perm", Attr::Ints(&[0, 3, 1, 2]))]);
    let (axis, most) = (b.shape(&[1]), b.floats(&[255.0], &[]));
    let mean = b.op("ReduceMean", &[&planes, &axis], &[("keepdims", Attr::Int(1))]);
    let depth = b.op("Div", &[&mean, &most], &[]);
    let depth = b.rename(&depth, "depth");
    b.output(&depth, Element::F32, &[Dim::Batch, side(1), side(INPUT.height), side(INPUT.width)]);
    let (framing, licence) = (ModelFraming::Sapiens1, Licence::Sapiens1);
    let entries = [
        ("format", "1"),
        ("task", "depth"),
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
    let path = folder.join("depth.onnx");
    std::fs::write(&path, b.finish("depth", &entries).encode_to_vec()).unwrap();
    path
}
