//! Convolutions of the heads with less arithmetic, for processors: a GPU's library of convolutions knows this form itself.
//!
//! The map is worked on in bands of rows: what a band needs stays in the cache, and the buffers stay small. What it costs are
//! the weights: 36 values where a kernel 3x3 has 9, 100 where the four phases of a transposed convolution 4x4 have 16.

mod filter;

use super::net::Net;
use super::weights::Recipe;
use crate::checkpoint::{Conv, Head, HeadNorm, Source};
use crate::error::Result;
use crate::geometry::Size;
use crate::onnx::Attr;
use crate::spec::Precision;
use filter::{Filter, TILE};
use rayon::prelude::*;
use std::collections::HashSet;

/// Tiles of a band: so many columns make an efficient matrix product.
const BAND_TILES: usize = 512;
/// Most bands of a map: the time that ONNX Runtime takes to load a graph grows with the square of its nodes.
const MOST_BANDS: usize = 4;
/// Sum of the reciprocal numbers of channels above which the transforms cost more than the products save. Measured against
/// ONNX Runtime's convolution: 0.41 of its time with 1024 and 3072 channels, 0.8 with 256 and 256, 1.8 with 64 and 64.
const MOST_OVERHEAD: f64 = 0.01;

/// Which layers get this form, by their keys.
pub(super) type Chosen = HashSet<String>;

/// Layers for which it pays, as many as `memory` more bytes of weights allow; those of the largest maps first, which save most
/// per byte.
pub(super) fn choose<'h>(
    heads: impl Iterator<Item = &'h Head>,
    grid: Size,
    precision: Precision,
    memory: u64,
) -> Chosen {
    // The transforms lose some bits: half precision has none to lose.
    if precision != Precision::Fp32 {
        return Chosen::new();
    }
    let mut candidates: Vec<(Size, usize, &Conv)> = Vec::new();
    for head in heads {
        let scaled = |i: usize| Size::new(grid.width << i, grid.height << i);
        // 36 values for 9, and with a bias 6 for 1; 100 for 16.
        let plain = |size: Size, layer: &'h Conv, has_bias: bool| {
            (size, 27 * layer.input * layer.output + 5 * layer.output * usize::from(has_bias), layer)
        };
        match head {
            Head::Deconv { deconv, .. } => {
                let transposed = |(i, layer): (usize, &'h Conv)| (scaled(i), 84 * layer.input * layer.output, layer);
                candidates.extend(deconv.iter().enumerate().map(transposed));
            }
            Head::PixelShuffle { input_conv, upsample, conv, norm, .. } => {
                let has_bias = *norm != HeadNorm::Instance;
                candidates.push(plain(grid, input_conv, has_bias));
                candidates.extend(upsample.iter().enumerate().map(|(i, layer)| plain(scaled(i), layer, true)));
                let kernels = conv.iter().filter(|layer| layer.kernel == 3);
                candidates.extend(kernels.map(|layer| plain(scaled(upsample.len()), layer, has_bias)));
            }
        }
    }
    let pays = |layer: &Conv| 1.0 / layer.input as f64 + 1.0 / layer.output as f64 <= MOST_OVERHEAD;
    candidates.retain(|(size, _, layer)| size.width % TILE == 0 && size.height % TILE == 0 && pays(layer));
    candidates.sort_by_key(|(size, ..)| std::cmp::Reverse(size.area()));
    let mut left = memory;
    let mut chosen = Chosen::new();
    for (_, values, layer) in candidates {
        let bytes = values as u64 * 4;
        if bytes <= left {
            left -= bytes;
            chosen.insert(layer.key.clone());
        }
    }
    chosen
}

/// A convolution 3x3 that keeps the size of the map, with its bias if it has an effect.
pub(super) fn convolution(net: &mut Net, x: &str, layer: &Conv, bias: bool, size: Size) -> String {
    filtered(net, x, &Kernel { layer, filter: Filter::Three, part: Part::All }, bias, size)
}

/// A convolution 3x3 whose output channels in fours make 2x2 pixels of a map of twice the size (PixelShuffle).
pub(super) fn shuffled(net: &mut Net, x: &str, layer: &Conv, size: Size) -> String {
    // The pixels come first here, so that the same operator puts them where they belong.
    let x = filtered(net, x, &Kernel { layer, filter: Filter::Three, part: Part::Pixels }, true, size);
    interleave(net, &x, 2)
}

fn filtered(net: &mut Net, x: &str, kernel: &Kernel, bias: bool, size: Size) -> String {
    let weights = kernel.weights(net);
    let bias = bias.then(|| kernel.bias(net));
    bands(net, x, size, |net, band| {
        let points = band.points(net, kernel, 0, 0);
        let tiles = band.results(net, kernel, &points, &weights, bias.as_deref());
        let tiles = joined(net, &tiles.concat());
        interleave(net, &tiles, TILE)
    })
}

/// A transposed convolution 4x4, stride 2, padding 1: a kernel 2x2 for each pixel of 2x2 in the map of twice the size.
pub(super) fn transposed(net: &mut Net, x: &str, layer: &Conv, size: Size) -> String {
    let kernels = [0, 1, 2, 3].map(|pixel| Kernel { layer, filter: Filter::Two, part: Part::Phase(pixel) });
    let weights: Vec<_> = kernels.iter().map(|kernel| kernel.weights(net)).collect();
    bands(net, x, size, |net, band| {
        let mut pixels = Vec::new();
        for (pixel, (kernel, weights)) in kernels.iter().zip(&weights).enumerate() {
            let points = band.points(net, kernel, pixel / 2, pixel % 2);
            pixels.push(band.results(net, kernel, &points, weights, None));
        }
        let mut values = Vec::with_capacity(4 * TILE * TILE);
        for row in 0..2 * TILE {
            for column in 0..2 * TILE {
                values.push(pixels[row % 2 * 2 + column % 2][row / 2][column / 2].clone());
            }
        }
        let values = joined(net, &values);
        interleave(net, &values, 2 * TILE)
    })
}

/// Channels behind one another.
fn joined(net: &mut Net, values: &[String]) -> String {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    net.b.op("Concat", &values, &[("axis", Attr::Int(1))])
}

/// Puts values of `side` x `side` positions, row by row in front of the channels, where they belong.
fn interleave(net: &mut Net, x: &str, side: usize) -> String {
    net.b.op("DepthToSpace", &[x], &[("blocksize", Attr::Int(side as i64)), ("mode", Attr::Text("DCR"))])
}

/// How a layer's kernels are stored.
#[derive(Clone, Copy)]
enum Part {
    /// Of a convolution.
    All,
    /// Of a convolution before a pixel shuffle: output `4 o + pixel` comes `pixel * channels + o`-th.
    Pixels,
    /// Of a transposed convolution: those of the output pixels at this place in each 2x2.
    Phase(usize),
}

/// A filter that is moved over the padded map.
struct Kernel<'a> {
    layer: &'a Conv,
    filter: Filter,
    part: Part,
}

impl Kernel<'_> {
    fn suffix(&self) -> String {
        match self.part {
            Part::All | Part::Pixels => String::new(),
            Part::Phase(n) => format!(".phase{n}"),
        }
    }

    /// What is added at the point (1, 1) is added to every result: `[points, outputs, 1]` for the column of points 1.
    fn bias(&self, net: &mut Net) -> String {
        let tensor = format!("{}.bias", self.layer.key);
        let (outputs, points, part) = (self.layer.output, self.filter.points(), self.part);
        let name = format!("{tensor}.winograd");
        let recipe = Recipe::computed(move |source| {
            let stored = source.read(&tensor)?;
            let mut values = vec![0.0; points * outputs];
            (0..outputs).for_each(|output| values[outputs + output] = stored[stored_output(part, output, outputs)]);
            Ok(values)
        });
        net.float_weight(&name, &[points, outputs, 1], recipe)
    }

    /// For each column of points `[rows of points, outputs, inputs]`.
    fn weights(&self, net: &mut Net) -> Vec<String> {
        let tensor = format!("{}.weight", self.layer.key);
        let (inputs, outputs) = (self.layer.input, self.layer.output);
        let (filter, part, points) = (self.filter, self.part, self.filter.points());
        let mut names = Vec::with_capacity(points);
        for column in 0..points {
            let stored = tensor.clone();
            let recipe = Recipe::computed(move |source: &Source| -> Result<Vec<f32>> {
                let stored = source.read(&stored)?;
                let mut matrices = vec![0.0; points * outputs * inputs];
                let mut rows: Vec<Vec<&mut [f32]>> = Vec::new();
                rows.resize_with(outputs, Vec::new);
                for (i, row) in matrices.chunks_exact_mut(inputs).enumerate() {
                    rows[i % outputs].push(row);
                }
                rows.into_par_iter().enumerate().for_each(|(output, mut rows)| {
                    for input in 0..inputs {
                        let taps = taps(&stored, part, [outputs, inputs], [output, input]);
                        filter.kernel_column(&taps, column, |row, value| rows[row][input] = value);
                    }
                });
                Ok(matrices)
            });
            let name = format!("{tensor}{}.winograd{column}", self.suffix());
            names.push(net.float_weight(&name, &[points, outputs, inputs], recipe));
        }
        names
    }
}

/// Where the stored tensor has an output.
fn stored_output(part: Part, output: usize, outputs: usize) -> usize {
    match part {
        Part::All | Part::Phase(_) => output,
        Part::Pixels => output % (outputs / 4) * 4 + output / (outputs / 4),
    }
}

/// The taps of an output and an input, row by row; what a smaller filter has not stays 0.
fn taps(stored: &[f32], part: Part, [outputs, inputs]: [usize; 2], [output, input]: [usize; 2]) -> [f32; 9] {
    let mut taps = [0.0; 9];
    match part {
        // [outputs, inputs, 3, 3]
        Part::All | Part::Pixels => {
            let output = stored_output(part, output, outputs);
            taps.copy_from_slice(&stored[(output * inputs + input) * 9..][..9]);
        }
        // [inputs, outputs, 4, 4]; output row 2y + phase sees kernel rows 3 and 1 (phase 0), 2 and 0, at input rows
        // y - 1 + phase and y + phase.
        Part::Phase(n) => {
            let kernel = &stored[(input * outputs + output) * 16..][..16];
            let (row, column) = (3 - n / 2, 3 - n % 2);
            for (tap, (u, v)) in [(0, 0), (0, 2), (2, 0), (2, 2)].into_iter().enumerate() {
                taps[tap] = kernel[(row - u) * 4 + column - v];
            }
        }
    }
    taps
}

/// Rows of tiles of a map.
struct Band {
    /// The padded rows that it reads: [N, inputs, 4 rows + 2, 4 columns + 2].
    x: String,
    rows: usize,
    columns: usize,
}

/// Applies `work` to each band of `x`, [N, inputs, height, width], and puts the results below one another.
fn bands(net: &mut Net, x: &str, size: Size, mut work: impl FnMut(&mut Net, &Band) -> String) -> String {
    let (rows, columns) = (size.height / TILE, size.width / TILE);
    let count = (rows * columns).div_ceil(BAND_TILES).clamp(1, MOST_BANDS);
    let step = rows.div_ceil(count);
    let pads = net.b.shape(&[0, 0, 1, 1, 0, 0, 1, 1]);
    let padded = net.b.op("Pad", &[x, &pads], &[]);
    let mut results = Vec::new();
    for first in (0..rows).step_by(step) {
        let rows_here = step.min(rows - first);
        let part = if rows_here == rows {
            padded.clone()
        } else {
            slice(net, &padded, 2, TILE * first, TILE * (first + rows_here) + 2, 1)
        };
        let band = Band { x: part, rows: rows_here, columns };
        results.push(work(net, &band));
    }
    let parts: Vec<&str> = results.iter().map(String::as_str).collect();
    if parts.len() == 1 { results.remove(0) } else { net.b.op("Concat", &parts, &[("axis", Attr::Int(2))]) }
}

fn slice(net: &mut Net, x: &str, axis: i64, from: usize, to: usize, step: usize) -> String {
    let [from, to, axis, step] = [from as i64, to as i64, axis, step as i64].map(|v| net.b.shape(&[v]));
    net.b.op("Slice", &[x, &from, &to, &axis, &step], &[])
}

impl Band {
    /// The map at the points of each tile: for each column of points [N, rows of points, inputs, tiles]. The first tap of the
    /// first tile lies at `row`, `column` of the padded map.
    fn points(&self, net: &mut Net, kernel: &Kernel, row: usize, column: usize) -> Vec<String> {
        let (filter, side) = (kernel.filter, kernel.filter.points());
        // One value of each tile, `offset` from its beginning.
        let strided = |net: &mut Net, x: &str, axis: i64, tiles: usize, offset: usize| {
            slice(net, x, axis, offset, offset + TILE * (tiles - 1) + 1, TILE)
        };
        let rows: Vec<_> = (0..side).map(|r| strided(net, &self.x, 2, self.rows, row + r)).collect();
        let rows = filter.forward(net, &rows);
        let rows = joined(net, &rows);
        let columns: Vec<_> = (0..side).map(|c| strided(net, &rows, 3, self.columns, column + c)).collect();
        let shape = [0, side as i64, kernel.layer.input as i64, (self.rows * self.columns) as i64];
        filter.forward(net, &columns).iter().map(|values| net.reshape(values, &shape)).collect()
    }

    /// The results of a filter: for each row and column within a tile [N, outputs, rows, columns].
    fn results(
        &self,
        net: &mut Net,
        kernel: &Kernel,
        points: &[String],
        weights: &[String],
        bias: Option<&str>,
    ) -> Vec<Vec<String>> {
        let filter = kernel.filter;
        let pairs = weights.iter().zip(points);
        let mut products: Vec<String> = pairs.map(|(weight, x)| net.b.op("MatMul", &[weight, x], &[])).collect();
        if let Some(bias) = bias {
            products[1] = net.b.op("Add", &[&products[1], bias], &[]);
        }
        let shape = [0, kernel.layer.output as i64, self.rows as i64, self.columns as i64];
        let mut tiles = vec![Vec::new(); TILE];
        for across in filter.inverse(net, &products) {
            let count = ("num_outputs", Attr::Int(filter.points() as i64));
            let rows = net.b.node("", "Split", &[&across], filter.points(), &[("axis", Attr::Int(1)), count]);
            for (tiles, result) in tiles.iter_mut().zip(filter.inverse(net, &rows)) {
                tiles.push(net.reshape(&result, &shape));
            }
        }
        tiles
    }
}
