//! Absolute positions for another grid than they were trained for.

use crate::geometry::Size;

/// Sharpness of the cubic kernel.
const A: f64 = -0.75;

/// Rows `[grid, channels]` brought to another grid: bicubic (a = -0.75), half-pixel centres, the border repeated, no
/// antialiasing, as `torch.nn.functional.interpolate` does it. The same grid comes back unchanged.
pub(super) fn resized(rows: &[f32], from: Size, to: Size, channels: usize) -> Vec<f32> {
    if from == to {
        return rows.to_vec();
    }
    let (ys, xs) = (taps(from.height, to.height), taps(from.width, to.width));
    let mut result = Vec::with_capacity(to.area() * channels);
    let mut sums = vec![0.0; channels];
    for y in &ys {
        for x in &xs {
            sums.fill(0.0);
            for &(row, wy) in y {
                for &(column, wx) in x {
                    let values = rows[(row * from.width + column) * channels..].iter();
                    sums.iter_mut().zip(values).for_each(|(sum, v)| *sum += wy * wx * f64::from(*v));
                }
            }
            result.extend(sums.iter().map(|&sum| sum as f32));
        }
    }
    result
}

/// Index and weight of the four cells that each new one is made of.
fn taps(from: usize, to: usize) -> Vec<[(usize, f64); 4]> {
    let near = |d: f64| ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0;
    let far = |d: f64| ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A;
    let last = from as i64 - 1;
    (0..to)
        .map(|i| {
            let at = (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
            let (cell, t) = (at.floor() as i64, at - at.floor());
            let weights = [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)];
            [0, 1, 2, 3].map(|n| ((cell - 1 + n as i64).clamp(0, last) as usize, weights[n]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_and_a_slope_is_followed() {
        let (from, to) = (Size::new(6, 8), Size::new(9, 5));
        let rows: Vec<f32> = (0..from.area()).flat_map(|i| [2.5, (i % 6) as f32]).collect();
        let made = resized(&rows, from, to, 2);
        assert_eq!(made.len(), to.area() * 2);
        for (i, row) in made.chunks_exact(2).enumerate() {
            assert!((row[0] - 2.5).abs() < 1e-6);
            let at = ((i % 9) as f32 + 0.5) * 6.0 / 9.0 - 0.5;
            // The border repeats, which bends the slope there.
            if (1.0..4.0).contains(&at) {
                assert!((row[1] - at).abs() < 0.06, "{at} {}", row[1]);
            }
        }
        assert_eq!(resized(&rows, from, from, 2), rows);
    }

    /// One row of [1, 2, 4] to six, by the definition of the kernel at t = 0.25 and 0.75.
    #[test]
    fn the_kernel_is_that_of_the_definition() {
        let made = resized(&[1.0, 2.0, 4.0], Size::new(3, 1), Size::new(6, 1), 1);
        let w = [-0.1054688, 0.8789063, 0.2617188, -0.0351563];
        let expected = w[0] * 1.0 + w[1] * 2.0 + w[2] * 4.0 + w[3] * 4.0;
        // Output 3 lies at 1.25.
        assert!((made[3] - expected).abs() < 1e-5, "{made:?} {expected}");
    }
}
