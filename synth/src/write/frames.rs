//! Whole pictures with boxes, letterboxed to a square: what the detector is trained on (see `train/frames.py`).

use super::npy::{RowWriter, f32_bytes};
use super::{Result, picture};
use crate::random::Random;
use crate::scene::Layout;
use indicatif::ProgressBar;
use rayon::prelude::*;
use std::path::Path;

/// Side of the detector's input.
const SIDE: usize = 256;
/// Rows of boxes per picture.
const PEOPLE: usize = 8;
const CHUNK: u64 = 64;
/// Aspect ratios of pictures, width to height.
const ASPECTS: [f32; 6] = [4.0 / 3.0, 16.0 / 9.0, 3.0 / 2.0, 1.0, 3.0 / 4.0, 9.0 / 16.0];
/// People of whom less is seen than this, in pixels of the square, are nobody's business.
const SMALLEST: f32 = 40.0;

/// The layout and size of a frame: mostly places, some portraits, in the usual aspect ratios, the longer side `side`.
pub fn frame_of(seed: u64, side: usize) -> (Layout, usize, usize) {
    let mut random = Random::new(seed ^ 0x00f4_a3e5);
    let layout = if random.chance(0.8) { Layout::Place } else { Layout::Person };
    let aspect = random.pick(&ASPECTS);
    let (w, h) = (side as f32 * aspect.min(1.0), side as f32 / aspect.max(1.0));
    (layout, w.round() as usize, h.round() as usize)
}

/// Renders `count` frames of consecutive seeds.
pub fn write_frames(out: &Path, count: usize, seed: u64, bar: &ProgressBar) -> Result {
    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    let mut images = RowWriter::create(&out.join("image.npy"), "|u1", 1, count, &[SIDE, SIDE, 3])?;
    let mut boxes = RowWriter::create(&out.join("boxes.npy"), "<f4", 4, count, &[PEOPLE, 5])?;
    let seeds: Vec<u64> = (seed..seed + count as u64).collect();
    for chunk in seeds.chunks(CHUNK as usize) {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = chunk.par_iter().map(|&seed| row(seed)).collect();
        for (image, people) in rows {
            images.push(&image)?;
            boxes.push(&people)?;
        }
        bar.inc(chunk.len() as u64);
    }
    images.finish()?;
    boxes.finish()
}

fn row(seed: u64) -> (Vec<u8>, Vec<u8>) {
    let (layout, width, height) = frame_of(seed, SIDE);
    let rendered = picture(seed, layout, width, height);
    let (left, top) = ((SIDE - width) / 2, (SIDE - height) / 2);
    let mut image = vec![0; SIDE * SIDE * 3];
    for (y, line) in rendered.rgb.chunks_exact(width).enumerate() {
        let at = ((y + top) * SIDE + left) * 3;
        image[at..at + width * 3].copy_from_slice(line.as_flattened());
    }
    let mut people: Vec<[f32; 5]> = (rendered.people.iter())
        .filter(|p| p.area >= SMALLEST)
        .map(|p| {
            let [x, y, w, h] = p.bbox;
            let (x, y) = (x + left as f32, y + top as f32);
            [x, y, x + w, y + h, 1.0]
        })
        .collect();
    people.resize(PEOPLE, [0.0; 5]);
    (image, f32_bytes(people.into_iter().flatten()))
}
