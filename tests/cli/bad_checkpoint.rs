//! Damaged checkpoints and files that are none, given to each command that reads models: one error that names the file,
//! and nothing left behind. The depth of these checks is tested in `tests/hostile_checkpoint.rs`.

use crate::support::{Sandbox, asset};
use testkit::{Dtype, Spec, Tensor, make_checkpoint, safetensors_bytes};

fn pose() -> Vec<Tensor> {
    make_checkpoint(&Spec::tiny("pose", 1))
}

fn bytes(tensors: &[Tensor]) -> Vec<u8> {
    safetensors_bytes(tensors, Dtype::F32, &[])
}

/// A file from a header and so many zero bytes.
fn file(header: &str, data_bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data_bytes]].concat()
}

fn without(name: &str) -> Vec<u8> {
    let mut tensors = pose();
    let before = tensors.len();
    tensors.retain(|t| t.name != name);
    assert_eq!(tensors.len() + 1, before, "{name}");
    bytes(&tensors)
}

fn misshapen(name: &str) -> Vec<u8> {
    let mut tensors = pose();
    let tensor = tensors.iter_mut().find(|t| t.name == name).expect(name);
    tensor.shape = vec![tensor.data.len()];
    bytes(&tensors)
}

fn other_model(names: &[&str]) -> Vec<u8> {
    let tensor = |name: &&str| Tensor { name: name.to_string(), shape: vec![1], data: vec![0.0] };
    bytes(&names.iter().map(tensor).collect::<Vec<_>>())
}

fn header_beyond_file() -> Vec<u8> {
    let mut whole = bytes(&pose());
    whole[..8].copy_from_slice(&90_000_000u64.to_le_bytes());
    whole
}

const OVERLAPPING: &str =
    r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
const OUT_OF_RANGE: &str = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[800,808]}}"#;
const UNKNOWN_DTYPE: &str = r#"{"a":{"dtype":"Q4_K","shape":[1],"data_offsets":[0,4]}}"#;

/// File contents, and what the error must say besides the file's name.
fn cases() -> Vec<(&'static str, Vec<u8>, Vec<&'static str>)> {
    let whole = bytes(&pose());
    let (missing, wrong) = ("backbone.blocks.3.attn.wq.weight", "backbone.blocks.0.attn.wq.weight");
    vec![
        ("empty", Vec::new(), vec!["empty"]),
        ("cut in the header", whole[..500].to_vec(), vec!["cut short"]),
        ("cut in the weights", whole[..whole.len() - 1].to_vec(), vec!["cut short"]),
        ("header beyond the file", header_beyond_file(), vec!["90000000 bytes"]),
        ("header is no JSON", file("{nonsense}", 0), vec!["header is damaged"]),
        ("overlapping", file(OVERLAPPING, 12), vec!["`b` overlaps `a`"]),
        ("out of range", file(OUT_OF_RANGE, 8), vec!["`a` ends at byte"]),
        ("unknown dtype", file(UNKNOWN_DTYPE, 4), vec!["`a`", "`Q4_K`"]),
        ("missing tensor", without(missing), vec![missing]),
        ("misshapen tensor", misshapen(wrong), vec![wrong, "[32, 32]", "[1024]"]),
        (
            "llama",
            other_model(&["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight"]),
            vec!["looks like"],
        ),
        ("unknown names", other_model(&["left", "right"]), vec![]),
        ("a picture", std::fs::read(asset("standing.jpg")).unwrap(), vec!["looks like an image"]),
        ("text", b"these are not weights at all\n".repeat(20), vec!["not a safetensors file"]),
        ("a PyTorch file", b"PK\x03\x04archive/data.pkl and more bytes".to_vec(), vec!["PyTorch"]),
    ]
}

#[test]
fn every_command_refuses_every_damage() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    for (case, bytes, fragments) in cases() {
        println!("{case}");
        sandbox.write("model.safetensors", &bytes);
        let fragments = [&fragments[..], &["model.safetensors"]].concat();
        sandbox.refused(&["inspect", "model.safetensors"], &fragments);
        sandbox.refused(&["inspect", "--json", "model.safetensors"], &fragments);
        sandbox.refused(&["convert", "model.safetensors"], &fragments);
        sandbox.refused(&["convert", "model.safetensors", "out.onnx", "--precision", "fp16"], &fragments);
        sandbox.refused(&["run", "p.jpg", "--model", "model.safetensors", "--out", "o"], &fragments);
    }
    sandbox.refused(&["bench", "--model", "model.safetensors"], &["model.safetensors"]);
}

#[test]
fn a_model_that_is_not_there_or_a_folder() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    for name in ["none.safetensors", "none.onnx", "folder"] {
        sandbox.refused(&["inspect", name], &[name]);
        sandbox.refused(&["convert", name, "out.onnx"], &[name]);
        sandbox.refused(&["run", "p.jpg", "--model", name, "--out", "o"], &[name]);
        sandbox.refused(&["bench", "--model", name], &[name]);
    }
}

#[test]
fn graphs_that_were_not_converted_here_or_lost_their_weights() {
    let sandbox = Sandbox::new();
    sandbox.picture("p.jpg");
    let model = sandbox.checkpoint("seg");
    sandbox.ok(&["convert", &model, "seg.onnx", "--precision", "fp16"]);
    sandbox.write("text.onnx", b"not a graph");
    sandbox.write("empty.onnx", b"");
    let whole = std::fs::read(sandbox.path("seg.onnx")).unwrap();
    sandbox.write("cut.onnx", &whole[..whole.len() / 2]);
    for name in ["text.onnx", "empty.onnx", "cut.onnx"] {
        sandbox.refused(&["inspect", name], &[name]);
        sandbox.refused(&["run", "p.jpg", "--model", name, "--out", "o"], &[name]);
    }
    sandbox.refused(&["convert", "seg.onnx", "again.onnx"], &["seg.onnx"]);
    let weights = std::fs::read(sandbox.path("seg.onnx.data")).unwrap();
    sandbox.write("seg.onnx.data", &weights[..weights.len() - 1]);
    sandbox.refused(&["run", "p.jpg", "--model", "seg.onnx", "--out", "o"], &["cut short", "seg.onnx.data"]);
    std::fs::remove_file(sandbox.path("seg.onnx.data")).unwrap();
    sandbox.refused(&["run", "p.jpg", "--model", "seg.onnx", "--out", "o"], &["seg.onnx.data"]);
}
