//! Pixel formats to upright RGB, in one pass on all cores.
//!
//! Four pixels at a time as words of 32 bits: compilers turn that into vectors on every processor, unlike three bytes.

use super::nv12::{self, Matrix};
use super::{FrameFormat, PixelFormat, Plane, YuvColor};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of the upright picture per piece of work where sides are swapped: all stay in the cache of a core while their
/// columns are written, and the runs of the buffer they are made of fill cache lines.
const BAND: usize = 64;

/// Writes every byte of the upright picture.
pub(super) fn upright(frame: &FrameFormat, planes: &[Plane<'_>], pixels: &mut [u8]) {
    let source = Source { frame, planes, matrix: Matrix::of(frame.yuv.unwrap_or(YuvColor::Bt709Limited)) };
    if frame.orientation.swaps_sides() { swapped(&source, pixels) } else { lying(&source, pixels) }
}

/// Rows of the buffer are rows of the picture, perhaps mirrored.
fn lying(source: &Source<'_>, pixels: &mut [u8]) {
    let (buffer, orientation) = (source.frame.size, source.frame.orientation);
    pixels.par_chunks_exact_mut(3 * buffer.width).enumerate().for_each(|(y, out)| {
        let (first, row) = orientation.source(buffer, 0, y);
        source.read(row, 0..buffer.width, out);
        if first > 0 {
            mirror(out);
        }
    });
}

/// Columns of the buffer are rows of the picture.
fn swapped(source: &Source<'_>, pixels: &mut [u8]) {
    let (buffer, orientation) = (source.frame.size, source.frame.orientation);
    let upright = source.frame.upright_size();
    pixels.par_chunks_mut(3 * upright.width * BAND).enumerate().for_each(|(band, out)| {
        let rows = out.len() / (3 * upright.width);
        let (a, _) = orientation.source(buffer, 0, band * BAND);
        let (b, _) = orientation.source(buffer, 0, band * BAND + rows - 1);
        let mut run = [0; 3 * BAND];
        let run = &mut run[..3 * rows];
        for x in 0..upright.width {
            let (_, row) = orientation.source(buffer, x, 0);
            source.read(row, a.min(b)..a.max(b) + 1, run);
            let to = out[3 * x..].chunks_mut(3 * upright.width);
            let write = |(to, from): (&mut [u8], &[u8])| to[..3].copy_from_slice(from);
            match a > b {
                false => to.zip(run.chunks_exact(3)).for_each(write),
                true => to.zip(run.chunks_exact(3).rev()).for_each(write),
            }
        }
    });
}

/// Reverses the order of RGB pixels.
fn mirror(row: &mut [u8]) {
    let middle = row.len() / 3 / 2 * 3;
    let (left, right) = row.split_at_mut(middle);
    left.chunks_exact_mut(3).zip(right.rchunks_exact_mut(3)).for_each(|(a, b)| a.swap_with_slice(b));
}

/// A checked frame.
struct Source<'a> {
    frame: &'a FrameFormat,
    planes: &'a [Plane<'a>],
    matrix: Matrix,
}

impl Source<'_> {
    /// Converts a run of columns of row `y` of the buffer.
    fn read(&self, y: usize, columns: Range<usize>, out: &mut [u8]) {
        let row = self.planes[0].row(y, self.frame.row_bytes(0));
        let bytes = |n: usize| &row[n * columns.start..n * columns.end];
        match self.frame.format {
            PixelFormat::Rgb8 => out.copy_from_slice(bytes(3)),
            PixelFormat::Bgr8 => each(bytes(3), out, |&[b, g, r]| u32::from_le_bytes([r, g, b, 0])),
            PixelFormat::Rgba8 => each(bytes(4), out, |&rgba| u32::from_le_bytes(rgba)),
            PixelFormat::Bgra8 => each(bytes(4), out, |&[b, g, r, a]| u32::from_le_bytes([r, g, b, a])),
            PixelFormat::Gray8 => each(bytes(1), out, |&[gray]| u32::from(gray) * 0x01_01_01),
            PixelFormat::Nv12 => {
                let chroma = self.planes[1].row(y / 2, self.frame.row_bytes(1));
                nv12::read(row, chroma, columns, out, &self.matrix);
            }
        }
    }
}

/// Converts pixels of `N` bytes with `word`: red in the lowest byte, then green and blue; the highest is ignored.
fn each<const N: usize>(source: &[u8], out: &mut [u8], word: impl Fn(&[u8; N]) -> u32) {
    let (source, _) = source.as_chunks::<N>();
    let (quads, rest) = source.as_chunks::<4>();
    let (out_quads, out_rest) = out.as_chunks_mut::<12>();
    quads.iter().zip(out_quads).for_each(|(from, to)| *to = pack(from.each_ref().map(&word)));
    rest.iter()
        .zip(out_rest.chunks_exact_mut(3))
        .for_each(|(from, to)| to.copy_from_slice(&word(from).to_le_bytes()[..3]));
}

/// Four words of R, G, B to twelve bytes.
#[inline]
pub(super) fn pack([a, b, c, d]: [u32; 4]) -> [u8; 12] {
    let words = [a & 0xff_ff_ff | b << 24, b >> 8 & 0xff_ff | c << 16, c >> 16 & 0xff | d << 8];
    let mut bytes = [0; 12];
    bytes.as_chunks_mut::<4>().0.iter_mut().zip(words).for_each(|(to, word)| *to = word.to_le_bytes());
    bytes
}
