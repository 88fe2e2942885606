//! Training arrays: one row per picture (see `train/data.py`).

use super::npy::{RowWriter, f32_bytes};
use super::{Result, is_useful, picture};
use crate::render::Rendered;
use crate::scene::Layout;
use half::f16;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::json;
use std::path::Path;

/// Size of the embedded model's input.
const WIDTH: usize = 192;
const HEIGHT: usize = 256;
/// Pictures rendered before they are written.
const CHUNK: u64 = 64;

/// Renders `count` pictures of one person each, of consecutive seeds, without those in which too little is seen.
pub fn write_arrays(out: &Path, count: usize, seed: u64, bar: &ProgressBar) -> Result {
    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    let create = |name: &str, kind: &str, size: usize, shape: &[usize]| {
        RowWriter::create(&out.join(format!("{name}.npy")), kind, size, count, shape)
    };
    let map = [HEIGHT, WIDTH];
    let color = [HEIGHT, WIDTH, 3];
    let mut writers = [
        create("image", "|u1", 1, &color)?,
        create("classes", "|u1", 1, &map)?,
        create("normal", "|i1", 1, &color)?,
        create("depth", "<f2", 2, &map)?,
        create("alpha", "|u1", 1, &map)?,
        create("albedo", "|u1", 1, &color)?,
        create("keypoints", "<f4", 4, &[308, 2])?,
        create("visibility", "|u1", 1, &[308])?,
        create("camera", "<f4", 4, &[4])?,
    ];
    let (mut written, mut next) = (0, seed);
    while written < count {
        let seeds: Vec<u64> = (next..next + CHUNK).collect();
        next += CHUNK;
        let rows: Vec<[Vec<u8>; 9]> = seeds
            .par_iter()
            .filter_map(|&seed| {
                let scene = crate::scene::compose(seed, Layout::Person, WIDTH, HEIGHT);
                let rendered = picture(seed, Layout::Person, WIDTH, HEIGHT);
                is_useful(&rendered).then(|| row(&rendered, &scene.camera))
            })
            .collect();
        for row in rows.iter().take(count - written) {
            writers.iter_mut().zip(row).try_for_each(|(writer, bytes)| writer.push(bytes))?;
        }
        written += rows.len().min(count - written);
        bar.set_position(written as u64);
    }
    writers.into_iter().try_for_each(RowWriter::finish)?;
    let meta = json!({
        "format": "sapiens-arrays", "version": 1, "count": count, "seeds": [seed, next],
        "flip": sapiens::skeleton::keypoints().flip,
    });
    Ok(std::fs::write(out.join("arrays.json"), serde_json::to_string(&meta)?)?)
}

fn row(r: &Rendered, camera: &crate::scene::Camera) -> [Vec<u8>; 9] {
    let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
    let subject = &r.people[0];
    [
        r.rgb.as_flattened().to_vec(),
        r.classes.clone(),
        r.normals.iter().flat_map(|n| (*n * 127.0).round().to_array().map(|v| v as i8 as u8)).collect(),
        r.depth.iter().flat_map(|d| f16::from_f32(*d).to_le_bytes()).collect(),
        r.alpha.iter().map(|a| byte(*a)).collect(),
        r.albedo.iter().flat_map(|a| a.to_array().map(byte)).collect(),
        f32_bytes(subject.keypoints.iter().flat_map(|k| [k[0], k[1]])),
        subject.keypoints.iter().map(|k| k[2] as u8).collect(),
        f32_bytes([camera.focal, camera.focal, camera.center.x, camera.center.y]),
    ]
}
