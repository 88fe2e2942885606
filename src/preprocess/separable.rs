//! Separable resampling of RGB8: every interpolation here is one table of weights per axis.

use crate::geometry::Size;
use rayon::prelude::*;

/// For each output position along one axis: the first source position and a fixed number of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Taps {
    starts: Vec<usize>,
    weights: Vec<f32>,
    count: usize,
}

impl Taps {
    /// From a list of (source position, weight) per output position, all within `0..source_len`.
    ///
    /// Equal positions add up; an empty list gives 0.
    pub(super) fn new(source_len: usize, lists: &[Vec<(usize, f32)>]) -> Self {
        let range = |list: &Vec<(usize, f32)>| {
            let first = list.iter().map(|tap| tap.0).min().unwrap_or(0);
            let last = list.iter().map(|tap| tap.0).max().unwrap_or(0);
            (first, last)
        };
        let count = lists.iter().map(&range).map(|(first, last)| last - first + 1).max().unwrap_or(1);
        let mut starts = Vec::with_capacity(lists.len());
        let mut weights = vec![0.0; lists.len() * count];
        for (list, weights) in lists.iter().zip(weights.chunks_exact_mut(count)) {
            let start = range(list).0.min(source_len - count);
            for &(position, weight) in list {
                weights[position - start] += weight;
            }
            starts.push(start);
        }
        Self { starts, weights, count }
    }

    /// Number of output positions.
    #[allow(clippy::len_without_is_empty)] // no axis is empty
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Weights per output position.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The source position of the first weight of each output position; the last weight's lies within the source too.
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// All weights, those of the first output position first.
    pub fn all_weights(&self) -> &[f32] {
        &self.weights
    }

    /// With so many outputs before and behind that see nothing: they are 0.
    pub(super) fn bordered(&self, before: usize, behind: usize) -> Self {
        let starts = [vec![0; before], self.starts.clone(), vec![0; behind]].concat();
        let blank = |positions: usize| vec![0.0; positions * self.count];
        Self { starts, weights: [blank(before), self.weights.clone(), blank(behind)].concat(), count: self.count }
    }

    /// The outputs in reverse order.
    pub(super) fn reversed(&self) -> Self {
        let starts = self.starts.iter().rev().copied().collect();
        let weights = self.weights.chunks_exact(self.count).rev().flatten().copied().collect();
        Self { starts, weights, count: self.count }
    }

    fn weights(&self, position: usize) -> &[f32] {
        &self.weights[position * self.count..(position + 1) * self.count]
    }

    /// Whether this output sees nothing.
    pub fn is_blank(&self, position: usize) -> bool {
        self.weights(position).iter().all(|&w| w == 0.0)
    }

    /// Source positions that the outputs `from..to` read; empty if none.
    pub fn source_range(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        let mut used = (from..to).filter(|&y| !self.is_blank(y)).map(|y| self.starts[y]);
        match used.next() {
            None => 0..0,
            Some(first) => {
                let (low, high) = used.fold((first, first), |(low, high), s| (low.min(s), high.max(s)));
                low..high + self.count
            }
        }
    }
}

/// Resamples RGB8 HWC to `columns.len()` x `rows.len()`; sums in f32, rounded to nearest even, clamped to 0..255.
///
/// Works in bands of rows, in parallel: a band's source rows are resampled horizontally into a buffer that fits the
/// cache, then combined vertically.
pub(super) fn resample(source: &[u8], size: Size, columns: &Taps, rows: &Taps) -> Vec<u8> {
    let out_row = columns.len() * 3;
    let mut out = vec![0; out_row * rows.len()];
    let used = rows.source_range(0, rows.len()).len();
    let band = (64 * rows.len()).checked_div(used).unwrap_or(64).clamp(1, 64);
    out.par_chunks_mut(out_row * band).enumerate().for_each(|(index, out)| {
        let from = index * band;
        let range = rows.source_range(from, from + out.len() / out_row);
        let mut lines = vec![0.0; range.len() * out_row];
        for (line, y) in lines.chunks_exact_mut(out_row).zip(range.clone()) {
            horizontal(&source[y * size.width * 3..(y + 1) * size.width * 3], columns, line);
        }
        let mut sum = vec![0.0; out_row];
        for (y, out) in (from..).zip(out.chunks_exact_mut(out_row)) {
            if rows.is_blank(y) {
                continue;
            }
            sum.fill(0.0);
            let first = (rows.starts[y] - range.start) * out_row;
            for (line, &weight) in lines[first..].chunks_exact(out_row).zip(rows.weights(y)) {
                if weight != 0.0 {
                    sum.iter_mut().zip(line).for_each(|(sum, &v)| *sum += weight * v);
                }
            }
            out.iter_mut().zip(&sum).for_each(|(out, &v)| *out = round_u8(v));
        }
    });
    out
}

/// Rounds to nearest even by pushing the fraction out of the mantissa: one vector add, where `round_ties_even` is a call.
fn round_u8(v: f32) -> u8 {
    const TWO_POW_23: f32 = 8_388_608.0;
    (v.clamp(0.0, 255.0) + TWO_POW_23).to_bits() as u8
}

fn horizontal(source: &[u8], columns: &Taps, out: &mut [f32]) {
    match columns.count {
        1 => horizontal_n::<1>(source, columns, out),
        2 => horizontal_n::<2>(source, columns, out),
        3 => horizontal_n::<3>(source, columns, out),
        4 => horizontal_n::<4>(source, columns, out),
        count => {
            for ((out, &start), weights) in
                out.chunks_exact_mut(3).zip(&columns.starts).zip(columns.weights.chunks_exact(count))
            {
                let sum = dot(&source[start * 3..(start + count) * 3], weights);
                out.copy_from_slice(&sum);
            }
        }
    }
}

/// A number of taps known to the compiler lets it unroll the inner loop.
fn horizontal_n<const N: usize>(source: &[u8], columns: &Taps, out: &mut [f32]) {
    for ((out, &start), weights) in out.chunks_exact_mut(3).zip(&columns.starts).zip(columns.weights.chunks_exact(N)) {
        let sum = dot(&source[start * 3..(start + N) * 3], weights);
        out.copy_from_slice(&sum);
    }
}

#[inline(always)]
fn dot(pixels: &[u8], weights: &[f32]) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for (pixel, &weight) in pixels.chunks_exact(3).zip(weights) {
        for c in 0..3 {
            sum[c] += weight * f32::from(pixel[c]);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_to_even_and_the_range_is_kept() {
        for (v, expected) in
            [(0.5, 0), (1.5, 2), (2.5, 2), (254.5, 254), (-7.0, 0), (300.0, 255), (99.49, 99), (99.51, 100)]
        {
            assert_eq!(round_u8(v), expected, "{v}");
        }
    }

    #[test]
    fn taps_near_the_end_are_shifted_inside_and_an_empty_list_is_black() {
        let columns = Taps::new(3, &[vec![(0, 0.5), (1, 0.5)], vec![(2, 1.0)], vec![]]);
        let rows = Taps::new(1, &[vec![(0, 1.0)], vec![]]);
        let source = [10, 20, 30, 20, 40, 60, 7, 8, 9];
        let out = resample(&source, Size::new(3, 1), &columns, &rows);
        assert_eq!(out, [15, 30, 45, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
