//! Optimal assignment: which rows and columns belong together.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

/// Weights are compared as whole multiples of this, so that the result depends neither on the order of sums nor on the
/// machine.
const STEP: f64 = 1.0 / (1u64 << 32) as f64;
/// Larger weights count as this: sums over a million pairs stay exact.
const MAX_WEIGHT: f64 = 2000.0;

/// The pairs `(row, column)`, sorted by row, that together weigh most; each row and each column at most once.
///
/// `weight` is asked once per pair. A pair whose weight is not above 0 (or is NaN) is never formed; weights above 2000
/// count as 2000. Kuhn-Munkres (the Hungarian method), cubic in the smaller of the two counts.
pub fn best_pairs(rows: usize, columns: usize, weight: impl Fn(usize, usize) -> f64) -> Vec<(usize, usize)> {
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    // The algorithm wants no more rows than columns.
    let is_turned = rows > columns;
    let of = |a: usize, b: usize| {
        let weight = if is_turned { weight(b, a) } else { weight(a, b) };
        (weight.clamp(0.0, MAX_WEIGHT) / STEP) as i64 // NaN is 0
    };
    let weights = Matrix::from_fn(rows.min(columns), rows.max(columns), |(a, b)| of(a, b));
    let (_, chosen) = kuhn_munkres(&weights);
    let pairs = chosen.into_iter().enumerate().filter(|&at| weights[at] > 0);
    let mut pairs: Vec<_> = pairs.map(|(a, b)| if is_turned { (b, a) } else { (a, b) }).collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(weights: &[&[f64]]) -> Vec<(usize, usize)> {
        best_pairs(weights.len(), weights.first().map_or(0, |row| row.len()), |r, c| weights[r][c])
    }

    #[test]
    fn the_sum_counts_not_the_best_pair() {
        assert_eq!(pairs(&[&[0.9, 0.8], &[0.8, 0.1]]), [(0, 1), (1, 0)]);
        // One pair of 0.9 is worth more than two of 0.4.
        assert_eq!(pairs(&[&[0.4, 0.9], &[0.0, 0.4]]), [(0, 1)]);
        assert_eq!(pairs(&[&[0.4, 0.7], &[0.0, 0.4]]), [(0, 0), (1, 1)]);
    }

    #[test]
    fn either_side_may_be_longer_and_nothing_is_forced() {
        assert_eq!(pairs(&[&[0.1], &[0.5], &[0.2]]), [(1, 0)]);
        assert_eq!(pairs(&[&[0.1, 0.5, 0.2]]), [(0, 1)]);
        assert!(pairs(&[&[0.0, -3.0], &[f64::NAN, 0.0]]).is_empty());
        assert!(best_pairs(0, 5, |_, _| 1.0).is_empty());
        assert!(best_pairs(5, 0, |_, _| 1.0).is_empty());
        assert_eq!(pairs(&[&[f64::INFINITY, 1.0], &[1.0, 0.0]]), [(0, 0)]);
    }

    #[test]
    fn as_good_as_trying_all() {
        let mut state = 7u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 16) / 65536.0
        };
        for _ in 0..50 {
            let weights: Vec<Vec<f64>> = (0..4).map(|_| (0..5).map(|_| (random() - 0.3).max(0.0)).collect()).collect();
            let found: f64 = best_pairs(4, 5, |r, c| weights[r][c]).iter().map(|(r, c)| weights[*r][*c]).sum();
            assert!((found - best(&weights, 0, &mut [false; 5])).abs() < 1e-6);
        }
    }

    fn best(weights: &[Vec<f64>], row: usize, taken: &mut [bool; 5]) -> f64 {
        if row == weights.len() {
            return 0.0;
        }
        let mut best_sum = best(weights, row + 1, taken);
        for column in 0..5 {
            if !taken[column] {
                taken[column] = true;
                best_sum = best_sum.max(weights[row][column] + best(weights, row + 1, taken));
                taken[column] = false;
            }
        }
        best_sum
    }
}
