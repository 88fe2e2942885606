//! Patch embedding: from the input picture to one token per 16x16 patch, in v1 with its position.

use super::net::Net;
use super::positions::resized;
use super::weights::Recipe;
use crate::checkpoint::{Sapiens1, Source};
use crate::error::Result;
use crate::geometry::Size;
use crate::onnx::{Attr, Dim, Element};
use crate::spec::{MEAN_RGB, STD_RGB};

/// The 16x16 stride 16 convolution, as one product over flattened patches: `[N, h*w, embed]`.
pub(super) fn patch_embed(net: &mut Net) -> String {
    net.b.scope("patch_embed");
    let (arch, input) = (net.arch, net.info.input);
    let (p, embed) = (arch.patch, arch.embed);
    let grid = Size::new(input.width / p, input.height / p);
    let (h, w) = (grid.height as i64, grid.width as i64);
    let (pi, area) = (p as i64, p * p);
    let key = format!("{}patch_embed.projection", arch.prefix);
    let (weight_key, bias_key) = (format!("{key}.weight"), format!("{key}.bias"));
    let padding = arch.sapiens1.map_or(0, |v1| v1.padding);
    let is_raw = net.info.raw;
    let (patches, weight) = if is_raw {
        let dims = [Dim::Batch, Dim::Fixed(3), Dim::Fixed(input.height), Dim::Fixed(input.width)];
        let x = net.b.input("input", Element::F32, &dims);
        let x = shifted(net, x, padding, [2, 3]);
        let x = net.reshape(&x, &[0, 3, h, pi, w, pi]);
        let x = net.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[0, 2, 4, 1, 3, 5]))]);
        let tensor = weight_key.clone();
        (x, Recipe::Transposed { tensor, rows: 0..embed, columns: 3 * area, row_scale: None })
    } else {
        // Bytes in, normalisation folded into the weights: (x - mean) / std * w = x * (w / std) - w * mean / std.
        let dims = [Dim::Batch, Dim::Fixed(input.height), Dim::Fixed(input.width), Dim::Fixed(3)];
        let mut x = net.b.input("image", Element::U8, &dims);
        if padding > 0 {
            // Not every device pads bytes.
            x = net.cast(&x, Element::F32);
            x = shifted(net, x, padding, [1, 2]);
        }
        let x = net.reshape(&x, &[0, h, pi, w, pi, 3]);
        let mut x = net.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[0, 1, 3, 2, 4, 5]))]);
        if padding == 0 {
            x = net.cast(&x, Element::F32);
        }
        let folded = weight_key.clone();
        (x, Recipe::computed(move |source| folded_patch_weight(&source.read(&folded)?, embed, area)))
    };
    let patches = net.reshape(&patches, &[0, h * w, 3 * pi * pi]);
    // 32-bit in every precision: the folded products are large and cancel.
    let weight = net.float_weight(&format!("{key}.weight"), &[3 * area, embed], weight);
    let keys = [weight_key, bias_key.clone()];
    let bias = match arch.sapiens1 {
        Some(v1) => {
            let prefix = arch.prefix.clone();
            let table = Recipe::computed(move |source| {
                let rows = positions(source, &prefix, v1, grid, embed)?;
                let rows = &rows[usize::from(v1.has_cls) * embed..];
                with_positions(rows, grid, |hidden| bias(source, &keys, is_raw, hidden, [embed, p]), padding)
            });
            net.float_weight(&format!("{}pos_embed", arch.prefix), &[1, grid.area(), embed], table)
        }
        None => {
            let recipe = match is_raw {
                true => Recipe::Stored(bias_key.clone()),
                false => Recipe::computed(move |source| bias(source, &keys, false, [0, 0], [embed, p])),
            };
            net.float_weight(&bias_key, &[embed], recipe)
        }
    };
    let x = net.b.op("MatMul", &[&patches, &weight], &[]);
    net.b.op("Add", &[&x, &bias], &[])
}

/// The picture moved down and to the right by the padding, zeros behind it: patch i then sees the rows from `16 i - padding` on,
/// and nothing the last ones.
fn shifted(net: &mut Net, x: String, padding: usize, axes: [usize; 2]) -> String {
    if padding == 0 {
        return x;
    }
    let by = padding as i64;
    let on = net.b.shape(&axes.map(|axis| axis as i64));
    let (start, end) = (net.b.shape(&[0, 0]), net.b.shape(&[-by, -by]));
    let x = net.b.op("Slice", &[&x, &start, &end, &on], &[]);
    // In front of every axis, then behind: OpenVINO does not read the form with a list of axes.
    let mut pads = [0; 8];
    axes.iter().for_each(|&axis| pads[axis] = by);
    let (pads, zero) = (net.b.shape(&pads), net.b.floats(&[0.0], &[]));
    net.b.op("Pad", &[&x, &pads, &zero], &[])
}

/// `pos_embed` for this grid: the row of the CLS token, if there is one, then one per patch.
pub(super) fn positions(source: &Source, prefix: &str, v1: Sapiens1, grid: Size, embed: usize) -> Result<Vec<f32>> {
    let stored = source.read(&format!("{prefix}pos_embed"))?;
    let (cls, patches) = stored.split_at(usize::from(v1.has_cls) * embed);
    Ok([cls, &resized(patches, v1.grid, grid, embed)].concat())
}

/// Positions and bias in one table. Where a patch lies over the border, `bias` depends on how many of its rows and columns are
/// hidden in the padding.
fn with_positions(
    rows: &[f32],
    grid: Size,
    bias: impl Fn([usize; 2]) -> Result<Vec<f32>>,
    padding: usize,
) -> Result<Vec<f32>> {
    let [corner, top, left, inside] = [[padding, padding], [padding, 0], [0, padding], [0, 0]].map(bias);
    let biases = [[inside?, left?], [top?, corner?]];
    let embed = biases[0][0].len();
    let sum = |(i, row): (usize, &[f32])| {
        let bias = &biases[usize::from(i < grid.width)][usize::from(i % grid.width == 0)];
        row.iter().zip(bias).map(|(p, b)| p + b).collect::<Vec<_>>()
    };
    Ok(rows.chunks_exact(embed).enumerate().flat_map(sum).collect())
}

/// `[embed, 3, 16, 16]` to `[16*16*3, embed]`, divided by the deviation.
fn folded_patch_weight(w: &[f32], embed: usize, area: usize) -> Result<Vec<f32>> {
    let mut folded = vec![0.0; w.len()];
    for e in 0..embed {
        for c in 0..3 {
            for i in 0..area {
                folded[(i * 3 + c) * embed + e] = w[(e * 3 + c) * area + i] / STD_RGB[c];
            }
        }
    }
    Ok(folded)
}

/// The bias of a patch: as stored if the input is normalised; for bytes less what the mean amounts to, which in the padding, the
/// first `hidden` rows and columns, is nothing.
fn bias(
    source: &Source,
    [weight, bias]: &[String; 2],
    is_normalised: bool,
    hidden: [usize; 2],
    [embed, patch]: [usize; 2],
) -> Result<Vec<f32>> {
    let mut bias = source.read(bias)?;
    if is_normalised {
        return Ok(bias);
    }
    let (w, area) = (source.read(weight)?, patch * patch);
    for e in 0..embed {
        for c in 0..3 {
            let seen = w[(e * 3 + c) * area..][..area].chunks_exact(patch).skip(hidden[0]);
            let sum: f64 = seen.flat_map(|row| &row[hidden[1]..]).map(|&v| f64::from(v)).sum();
            bias[e] -= (sum * f64::from(MEAN_RGB[c]) / f64::from(STD_RGB[c])) as f32;
        }
    }
    Ok(bias)
}
