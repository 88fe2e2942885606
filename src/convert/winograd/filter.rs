//! Minimal filtering F(4, r): four neighbouring results of a filter of r taps from r + 3 products, where the plain form takes
//! 4 r (Winograd 1980; Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016).
//!
//! With the interpolation points 0, 1, -1, 2 (r = 2), -2 too (r = 3), and infinity: `results = A^T [(G taps) * (B^T inputs)]`.

use super::super::net::Net;

/// Results of one tile along an axis.
pub(super) const TILE: usize = 4;

/// A filter of so many taps along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Two.
    Two,
    /// Three.
    Three,
}

impl Filter {
    pub const fn taps(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    /// Inputs and products of a tile along an axis.
    pub const fn points(self) -> usize {
        self.taps() + TILE - 1
    }

    /// The rows of G: each product's weights of the taps.
    const fn taps_to_points(self) -> &'static [&'static [f64]] {
        match self {
            Self::Two => &[&[0.5, 0.0], &[-0.5, -0.5], &[-1.0 / 6.0, 1.0 / 6.0], &[1.0 / 6.0, 1.0 / 3.0], &[0.0, 1.0]],
            Self::Three => &[
                &[0.25, 0.0, 0.0],
                &[-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
                &[-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
                &[1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
                &[1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
                &[0.0, 0.0, 1.0],
            ],
        }
    }

    /// `G kernel G^T` at column `column`: `give` gets each row of points with its value. `kernel` has taps x taps values, row by
    /// row.
    #[inline]
    pub fn kernel_column(self, kernel: &[f32], column: usize, mut give: impl FnMut(usize, f32)) {
        let (taps, g) = (self.taps(), self.taps_to_points());
        // In 64 bits: the weights are made once.
        let mut down = [0.0; 3];
        for (sum, row) in down.iter_mut().zip(kernel.chunks_exact(taps)) {
            *sum = g[column].iter().zip(row).map(|(weight, &v)| weight * f64::from(v)).sum::<f64>();
        }
        for (row, weights) in g.iter().enumerate() {
            give(row, weights.iter().zip(down).map(|(weight, v)| weight * v).sum::<f64>() as f32);
        }
    }

    /// `B^T inputs`: the values at the points, from as many inputs.
    pub fn forward(self, net: &mut Net, x: &[String]) -> Vec<String> {
        let mut sums = Sums(net);
        match self {
            Self::Two => {
                let rise = sums.sub(&x[3], &x[1]);
                let first = sums.sub(&x[0], &x[2]);
                let second = sums.add(&x[1], &x[2]);
                let (third, fall) = (sums.sub(&x[3], &x[2]), sums.sub(&x[1], &x[2]));
                let last = sums.sub(&x[4], &x[2]);
                vec![
                    sums.add_times(&rise, 2.0, &first),
                    sums.sub(&rise, &second),
                    sums.add_times(&third, 2.0, &fall),
                    rise.clone(),
                    sums.add_times(&last, -2.0, &rise),
                ]
            }
            Self::Three => {
                let even = sums.add_times(&x[4], -4.0, &x[2]);
                let odd = sums.add_times(&x[3], -4.0, &x[1]);
                let outer = sums.sub(&x[4], &x[2]);
                let inner = sums.sub(&x[3], &x[1]);
                let inner = sums.times(2.0, &inner);
                let first = sums.add_times(&x[4], -5.0, &x[2]);
                let last = sums.add_times(&x[5], -5.0, &x[3]);
                vec![
                    sums.add_times(&first, 4.0, &x[0]),
                    sums.add(&even, &odd),
                    sums.sub(&even, &odd),
                    sums.add(&outer, &inner),
                    sums.sub(&outer, &inner),
                    sums.add_times(&last, 4.0, &x[1]),
                ]
            }
        }
    }

    /// `A^T products`: the four results.
    pub fn inverse(self, net: &mut Net, m: &[String]) -> Vec<String> {
        let mut sums = Sums(net);
        let (even, odd) = (sums.add(&m[1], &m[2]), sums.sub(&m[1], &m[2]));
        let first = sums.add(&m[0], &even);
        match self {
            Self::Two => {
                let last = sums.add_times(&odd, 8.0, &m[3]);
                vec![
                    sums.add(&first, &m[3]),
                    sums.add_times(&odd, 2.0, &m[3]),
                    sums.add_times(&even, 4.0, &m[3]),
                    sums.add(&last, &m[4]),
                ]
            }
            Self::Three => {
                let (even2, odd2) = (sums.add(&m[3], &m[4]), sums.sub(&m[3], &m[4]));
                let last = sums.add_times(&odd, 8.0, &odd2);
                vec![
                    sums.add(&first, &even2),
                    sums.add_times(&odd, 2.0, &odd2),
                    sums.add_times(&even, 4.0, &even2),
                    sums.add(&last, &m[5]),
                ]
            }
        }
    }
}

/// Sums of tensors of one shape.
struct Sums<'n, 'a>(&'n mut Net<'a>);

impl Sums<'_, '_> {
    fn add(&mut self, a: &str, b: &str) -> String {
        self.0.b.op("Add", &[a, b], &[])
    }

    fn sub(&mut self, a: &str, b: &str) -> String {
        self.0.b.op("Sub", &[a, b], &[])
    }

    fn times(&mut self, factor: f32, a: &str) -> String {
        let factor = self.0.b.floats(&[factor], &[]);
        self.0.b.op("Mul", &[a, &factor], &[])
    }

    /// `a + factor * b`.
    fn add_times(&mut self, a: &str, factor: f32, b: &str) -> String {
        let product = self.times(factor.abs(), b);
        if factor < 0.0 { self.sub(a, &product) } else { self.add(a, &product) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_at_their_points_are_polynomials() {
        // At a finite point p the taps are the coefficients of a polynomial, divided by the product of differences of points.
        for (filter, points) in
            [(Filter::Two, vec![0.0, 1.0, -1.0, 2.0]), (Filter::Three, vec![0.0, 1.0, -1.0, 2.0, -2.0])]
        {
            let taps = filter.taps();
            let kernel: Vec<f32> = (0..taps * taps).map(|v| (v * v) as f32 - 3.0).collect();
            let at = |i: usize, j: usize| {
                let mut column = Vec::new();
                filter.kernel_column(&kernel[..taps * taps], j, |_, value| column.push(value));
                assert_eq!(column.len(), filter.points());
                column[i]
            };
            let scale = |i: usize| {
                let others = points.iter().enumerate().filter(|(k, _)| *k != i);
                // Of r = 3 the sign of the even powers is part of B here, as Lavin and Gray have it.
                others.map(|(_, p)| points[i] - p).product::<f64>()
            };
            for (i, p) in points.iter().enumerate() {
                for (j, q) in points.iter().enumerate() {
                    let value =
                        |(k, v): (usize, &f32)| f64::from(*v) * p.powi((k / taps) as i32) * q.powi((k % taps) as i32);
                    let sum: f64 = kernel.iter().enumerate().map(value).sum();
                    let expected = sum / (scale(i) * scale(j)).abs();
                    assert!((f64::from(at(i, j)).abs() - expected.abs()).abs() < 1e-5, "{filter:?} {i} {j}");
                }
            }
            let last = filter.points() - 1;
            assert_eq!(at(last, last), kernel[taps * taps - 1]);
        }
    }
}
