//! Whether a device's fused attention computes attention.
//!
//! The flash attention of ONNX Runtime's WebGPU provider assumes subgroups of at least 8 lanes (seen in 1.30): on
//! devices with 4, SwiftShader among them, it counts keys twice and says nothing. So it is measured once per process,
//! on a problem long enough for that kernel, and where it fails models run with attention written out.

use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{Attr, Builder, Dim, Element};
use crate::runtime::{Device, Library, ModelBytes, Session, SessionOptions, View};
use once_cell::sync::OnceCell;
use prost::Message;

/// Tokens of the probe: more than two tiles of keys, and not a multiple of a tile.
const TOKENS: usize = 40;
const HEADS: usize = 2;
const HEAD_DIM: usize = 8;
/// Largest error of a kernel that works, its values being up to 1. Half-precision products stay within it; keys counted
/// twice are off by 0.05 and more.
const TOLERANCE: f32 = 1e-2;

/// Whether models may use fused attention on all of `devices`. A device that cannot be opened has no say: the model's
/// own session will tell why.
pub(super) fn is_exact(library: &'static Library, devices: &[Device]) -> Result<bool> {
    static WEBGPU: OnceCell<bool> = OnceCell::new();
    if !devices.contains(&Device::WebGpu) {
        return Ok(true);
    }
    WEBGPU
        .get_or_try_init(|| match error_on(library, Device::WebGpu) {
            Ok(error) => Ok(error <= TOLERANCE),
            Err(error) if error.kind() == ErrorKind::Device => Ok(true),
            Err(error) => Err(error),
        })
        .copied()
}

/// Largest error of the fused operator on a device.
fn error_on(library: &'static Library, device: Device) -> Result<f32> {
    let width = HEADS * HEAD_DIM;
    let dims = [Dim::Batch, Dim::Fixed(TOKENS), Dim::Fixed(width)];
    let mut b = Builder::new();
    let [q, k, v] = ["q", "k", "v"].map(|name| b.input(name, Element::F32, &dims));
    let y = b.ms_op("MultiHeadAttention", &[&q, &k, &v], &[("num_heads", Attr::Int(HEADS as i64))]);
    let y = b.rename(&y, "y");
    b.output(&y, Element::F32, &dims);
    let graph = b.finish("attention probe", &[]).encode_to_vec();
    let options = SessionOptions { devices: vec![device], ..SessionOptions::default() };
    let session = Session::open(library, ModelBytes { graph: &graph, folder: None, weights: None }, &options)?;

    let [q, k, v] = [3.0, 5.0, 7.0].map(|step| wave(TOKENS * width, step));
    let shape = [1, TOKENS, width];
    let inputs = [("q", View::F32(&shape, &q)), ("k", View::F32(&shape, &k)), ("v", View::F32(&shape, &v))];
    let found = session.run(&inputs, &["y"])?;
    let found = match found.first().map(|t| t.floats()).transpose()? {
        Some(values) if values.len() == TOKENS * width => values,
        _ => return Err(Error::new(ErrorKind::Runtime, format!("the attention probe returned no result on {device}"))),
    };
    let error = |(a, b): (&f32, &f32)| if b.is_finite() { (a - b).abs() } else { f32::INFINITY };
    Ok(attention(&q, &k, &v).iter().zip(found).map(error).fold(0.0, f32::max))
}

/// Values in -1..1 that do not repeat.
fn wave(count: usize, step: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * step).sin()).collect()
}

/// Attention by its definition, for tokens of [`HEADS`] heads.
fn attention(q: &[f32], k: &[f32], v: &[f32]) -> Vec<f32> {
    let width = HEADS * HEAD_DIM;
    let mut result = vec![0.0; TOKENS * width];
    for (token, head) in (0..TOKENS).flat_map(|t| (0..HEADS).map(move |h| (t, h))) {
        let at = |row: usize| row * width + head * HEAD_DIM;
        let dot = |row: usize| -> f32 { (0..HEAD_DIM).map(|i| q[at(token) + i] * k[at(row) + i]).sum() };
        let weights: Vec<f32> = (0..TOKENS).map(|row| (dot(row) / (HEAD_DIM as f32).sqrt()).exp()).collect();
        let sum: f32 = weights.iter().sum();
        for i in 0..HEAD_DIM {
            let mixed: f32 = weights.iter().enumerate().map(|(row, weight)| weight * v[at(row) + i]).sum();
            result[at(token) + i] = mixed / sum;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_give_the_mean_value() {
        let width = HEADS * HEAD_DIM;
        let (q, v) = (wave(TOKENS * width, 3.0), wave(TOKENS * width, 7.0));
        let result = attention(&q, &vec![0.5; TOKENS * width], &v);
        for column in 0..width {
            let mean = (0..TOKENS).map(|row| v[row * width + column]).sum::<f32>() / TOKENS as f32;
            assert!((0..TOKENS).all(|row| (result[row * width + column] - mean).abs() < 1e-6));
        }
    }
}
