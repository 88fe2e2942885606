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

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Expected;

    const HEAD_DIMS: [usize; 5] = [8, 16, 64, 76, 80];

    fn golden() -> Expected {
        Expected::of_bytes(&testkit::gzipped("golden/rope.safetensors.gz"))
    }

    /// The first half of the columns; the second repeats it.
    fn first_half(values: &[f32], head_dim: usize) -> Vec<f32> {
        for row in values.chunks_exact(head_dim) {
            assert_eq!(row[..head_dim / 2], row[head_dim / 2..]);
        }
        values.chunks_exact(head_dim).flat_map(|row| &row[..head_dim / 2]).copied().collect()
    }

    #[test]
    fn bfloat16_periods_and_tables_are_the_official_ones_bit_for_bit() {
        let golden = golden();
        for d in HEAD_DIMS {
            let stored = golden.f32(&format!("hd{d}.periods"));
            assert_eq!(periods(Rope::Bf16, d, None), stored, "{d}");
            assert_eq!(periods(Rope::Bf16, d, Some(&stored)), stored, "{d}");
            let ours = table(Rope::Bf16, &stored, 8, 6, 0);
            let of = |name: &str| first_half(&golden.f32(&format!("hd{d}.8x6.{name}")), d);
            assert_eq!((ours.cos, ours.sin), (of("cos"), of("sin")), "{d}");
        }
        for d in [8, 64] {
            let ours = table(Rope::Bf16, &golden.f32(&format!("hd{d}.periods")), 64, 48, 0);
            let of = |name: &str| golden.f32(&format!("hd{d}.64x48.{name}_half"));
            assert_eq!((ours.cos, ours.sin), (of("cos"), of("sin")), "{d}");
        }
    }

    #[test]
    fn fp32_periods_and_tables_follow_the_exact_series() {
        let golden = golden();
        let close = |ours: &[f32], other: &[f32], tolerance: f32| {
            assert_eq!(ours.len(), other.len());
            ours.iter().zip(other).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0))
        };
        for d in HEAD_DIMS {
            let exact = golden.f32(&format!("hd{d}.periods_fp32"));
            // What an official checkpoint stores is the rounded series; the exact one takes its place.
            let ours = periods(Rope::Fp32, d, Some(&golden.f32(&format!("hd{d}.periods"))));
            assert!(close(&ours, &exact, 2e-7), "{d}");
            let ours = table(Rope::Fp32, &ours, 8, 6, 0);
            for (ours, name) in [(&ours.cos, "cos_fp32"), (&ours.sin, "sin_fp32")] {
                assert!(close(ours, &first_half(&golden.f32(&format!("hd{d}.8x6.{name}")), d), 2e-6), "{d} {name}");
            }
        }
    }

    #[test]
    fn another_series_is_kept() {
        let stored = [1.0, 20.0];
        assert_eq!(periods(Rope::Fp32, 8, Some(&stored)), stored);
        assert_eq!(periods(Rope::Bf16, 8, Some(&stored)), stored);
    }

    #[test]
    fn prefix_rows_leave_a_token_as_it_is() {
        for rope in [Rope::Bf16, Rope::Fp32] {
            let periods = periods(rope, 16, None);
            let (bare, with) = (table(rope, &periods, 2, 3, 0), table(rope, &periods, 2, 3, 9));
            assert!(with.cos[..72].iter().all(|&c| c == 1.0) && with.sin[..72].iter().all(|&s| s == 0.0));
            assert_eq!((&with.cos[72..], &with.sin[72..]), (&bare.cos[..], &bare.sin[..]));
        }
    }
}
