//! Tables of the rotary position embedding.
//!
//! Patch (i, j) of an h x w grid has coordinates y = 2(i + 0.5)/h - 1 and x alike; angle = 2 pi coordinate / period with
//! period[k] = 100^(4k/D). The first D/4 columns hold the y angles, the next D/4 the x angles; both halves of a head are
//! rotated by the same angles. The official code evaluates all of this in bfloat16, step by step, and the trained
//! weights have seen those values, so that is the default here.

use crate::spec::Rope;
use half::bf16;
use std::f64::consts::TAU;

/// Base of the geometric series of periods.
const BASE: f64 = 100.0;

/// Cosine and sine, each `rows x head_dim / 2`.
pub(super) struct Table {
    pub cos: Vec<f32>,
    pub sin: Vec<f32>,
}

/// The periods a model with this head size has when its checkpoint stores none.
fn default_periods(rope: Rope, head_dim: usize) -> Vec<f32> {
    let quarter = head_dim / 4;
    match rope {
        Rope::Fp32 => (0..quarter).map(|k| BASE.powf(4.0 * k as f64 / head_dim as f64) as f32).collect(),
        // The exponent is rounded too, so these are not the rounded exact periods.
        Rope::Bf16 => (0..quarter)
            .map(|k| {
                let exponent = round(round(2.0 * k as f32) / (head_dim / 2) as f32);
                round(BASE.powf(f64::from(exponent)) as f32)
            })
            .collect(),
    }
}

/// The periods to use, given those stored in the checkpoint.
///
/// In fp32 arithmetic the exact series replaces stored values that are merely its bfloat16 rounding (as transformers
/// does); stored values of another series are kept.
pub(super) fn periods(rope: Rope, head_dim: usize, stored: Option<&[f32]>) -> Vec<f32> {
    let default = default_periods(rope, head_dim);
    match (rope, stored) {
        (_, None) => default,
        (Rope::Bf16, Some(stored)) => stored.iter().map(|&p| round(p)).collect(),
        (Rope::Fp32, Some(stored)) => {
            let same_series = stored.iter().zip(&default).all(|(s, d)| ((s - d) / d).abs() < 0.02);
            if same_series { default } else { stored.to_vec() }
        }
    }
}

/// The table of an `h x w` grid, after `prefix` rows (class and storage tokens) that leave a token as it is.
pub(super) fn table(rope: Rope, periods: &[f32], h: usize, w: usize, prefix: usize) -> Table {
    let half_dim = 2 * periods.len();
    let mut cos = vec![1.0; prefix * half_dim];
    let mut sin = vec![0.0; prefix * half_dim];
    let angles = |n: usize| -> Vec<Vec<f32>> {
        (0..n).map(|i| periods.iter().map(|&period| angle(rope, i, n, period)).collect()).collect()
    };
    let (ys, xs) = (angles(h), angles(w));
    for y in &ys {
        for x in &xs {
            for &a in y.iter().chain(x) {
                let (c, s) = match rope {
                    Rope::Fp32 => (a.cos(), a.sin()),
                    Rope::Bf16 => (round(a.cos()), round(a.sin())),
                };
                cos.push(c);
                sin.push(s);
            }
        }
    }
    Table { cos, sin }
}

fn angle(rope: Rope, index: usize, n: usize, period: f32) -> f32 {
    match rope {
        Rope::Fp32 => {
            let coordinate = 2.0 * ((index as f32 + 0.5) / n as f32) - 1.0;
            TAU as f32 * coordinate / period
        }
        Rope::Bf16 => {
            let coordinate = round(round(index as f32 + 0.5) / n as f32);
            let coordinate = round(round(2.0 * coordinate) - 1.0);
            round(round(TAU as f32 * coordinate) / period)
        }
    }
}

/// To bfloat16 and back, ties to even.
fn round(x: f32) -> f32 {
    bf16::from_f32(x).to_f32()
}
