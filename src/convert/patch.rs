//! Patch embedding: from the input picture to one token per 16x16 patch.

use super::net::Net;
use super::weights::Recipe;
use crate::error::Result;
use crate::onnx::{Attr, Dim, Element};
use crate::spec::{MEAN_RGB, STD_RGB};

/// The 16x16 stride 16 convolution, as one product over flattened patches: `[N, h*w, embed]`.
pub(super) fn patch_embed(net: &mut Net) -> String {
    net.b.scope("patch_embed");
    let (arch, input) = (net.arch, net.info.input);
    let (p, embed) = (arch.patch, arch.embed);
    let (h, w) = ((input.height / p) as i64, (input.width / p) as i64);
    let (pi, area) = (p as i64, p * p);
    let key = format!("{}patch_embed.projection", arch.prefix);
    let (weight_key, bias_key) = (format!("{key}.weight"), format!("{key}.bias"));
    let (patches, weight, bias) = if net.info.raw {
        let dims = [Dim::Batch, Dim::Fixed(3), Dim::Fixed(input.height), Dim::Fixed(input.width)];
        let x = net.b.input("input", Element::F32, &dims);
        let x = net.reshape(&x, &[-1, 3, h, pi, w, pi]);
        let x = net.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[0, 2, 4, 1, 3, 5]))]);
        let weight = Recipe::Transposed { tensor: weight_key, rows: 0..embed, columns: 3 * area, row_scale: None };
        (x, weight, Recipe::Stored(bias_key))
    } else {
        // Bytes in, normalisation folded into the weights: (x - mean) / std * w = x * (w / std) - w * mean / std.
        let dims = [Dim::Batch, Dim::Fixed(input.height), Dim::Fixed(input.width), Dim::Fixed(3)];
        let x = net.b.input("image", Element::U8, &dims);
        let x = net.reshape(&x, &[-1, h, pi, w, pi, 3]);
        let x = net.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[0, 1, 3, 2, 4, 5]))]);
        let x = net.cast(&x, Element::F32);
        let folded = weight_key.clone();
        let weight = Recipe::computed(move |source| folded_patch_weight(&source.read(&folded)?, embed, area));
        let bias = Recipe::computed(move |source| {
            folded_patch_bias(&source.read(&weight_key)?, source.read(&bias_key)?, embed, area)
        });
        (x, weight, bias)
    };
    let patches = net.reshape(&patches, &[-1, h * w, 3 * pi * pi]);
    // 32-bit in every precision: the folded products are large and cancel.
    let weight = net.float_weight(&format!("{key}.weight"), &[3 * area, embed], weight);
    let bias = net.float_weight(&format!("{key}.bias"), &[embed], bias);
    let x = net.b.op("MatMul", &[&patches, &weight], &[]);
    net.b.op("Add", &[&x, &bias], &[])
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

fn folded_patch_bias(w: &[f32], mut bias: Vec<f32>, embed: usize, area: usize) -> Result<Vec<f32>> {
    for e in 0..embed {
        for c in 0..3 {
            let sum: f64 = w[(e * 3 + c) * area..][..area].iter().map(|&v| f64::from(v)).sum();
            bias[e] -= (sum * f64::from(MEAN_RGB[c]) / f64::from(STD_RGB[c])) as f32;
        }
    }
    Ok(bias)
}
