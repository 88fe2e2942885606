//! Float planes (CHW, row-major) brought from one pixel grid to another.

mod grid;

pub use grid::{Grid, Tap};

use crate::error::{Error, Result};
use crate::geometry::Size;
use rayon::prelude::*;

/// A rectangle of whole pixels inside a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Extent.
    pub size: Size,
}

impl Region {
    /// All pixels of a plane of this size.
    pub const fn whole(size: Size) -> Self {
        Self { left: 0, top: 0, size }
    }

    fn check_inside(self, map: Size) -> Result<()> {
        let fits = |start: usize, n: usize, all: usize| n > 0 && start.checked_add(n).is_some_and(|end| end <= all);
        if fits(self.left, self.size.width, map.width) && fits(self.top, self.size.height, map.height) {
            return Ok(());
        }
        let Self { left, top, size } = self;
        Err(Error::invalid(format!(
            "a region of {size} (HxW) at column {left}, row {top} does not lie inside a {map} map"
        )))
    }
}

/// Fails unless `len` values are `channels` planes of `map`; `name` is the argument to blame.
pub fn check_len(name: &str, len: usize, channels: usize, map: Size) -> Result<()> {
    let expected = map.width.checked_mul(map.height).and_then(|area| area.checked_mul(channels));
    if expected == Some(len) && len > 0 {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{name}` holds {len} values; {channels} plane(s) of {map} (HxW), not empty, are needed"
    )))
}

/// Copies a region of every plane: CHW in, CHW out.
pub fn crop(planes: &[f32], channels: usize, map: Size, region: Region) -> Result<Vec<f32>> {
    check_len("planes", planes.len(), channels, map)?;
    region.check_inside(map)?;
    let mut out = Vec::with_capacity(channels * region.size.area());
    for plane in planes.chunks_exact(map.area()) {
        for row in plane.chunks_exact(map.width).skip(region.top).take(region.size.height) {
            out.extend_from_slice(&row[region.left..][..region.size.width]);
        }
    }
    Ok(out)
}

/// Brings planes to another size as [`Grid::resize`] has it: CHW in, CHW out. At their own size they are given back as they
/// are.
pub fn resize(planes: Vec<f32>, channels: usize, map: Size, target: Size) -> Result<Vec<f32>> {
    check_len("planes", planes.len(), channels, map)?;
    if map == target {
        return Ok(planes);
    }
    let grid = Grid::resize(map, Region::whole(map), target)?;
    let mut out = Vec::with_capacity(channels * target.area());
    for plane in planes.chunks_exact(map.area()) {
        out.extend(grid.bilinear_plane(plane, 0.0)?);
    }
    Ok(out)
}

/// Smooths every plane in place with a 3x3 Gaussian of sigma 0.8, `times` over. Beyond the border the pixels are
/// reflected without repeating the edge (a plane one pixel wide or high has nothing to reflect and repeats it).
pub fn gaussian_3x3(planes: &mut [f32], channels: usize, map: Size, times: usize) -> Result<()> {
    check_len("planes", planes.len(), channels, map)?;
    let Size { width, height } = map;
    let [centre, side] = gaussian_3();
    let mut rows = vec![0.0; width * height];
    for plane in planes.chunks_exact_mut(map.area()) {
        for _ in 0..times {
            rows.par_chunks_mut(width).zip(plane.par_chunks(width)).for_each(|(out, row)| {
                for x in 0..width {
                    let (a, b) = neighbours(x, width);
                    out[x] = centre * row[x] + side * (row[a] + row[b]);
                }
            });
            plane.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
                let (a, b) = neighbours(y, height);
                let row = |y: usize| &rows[y * width..][..width];
                let (above, here, below) = (row(a), row(y), row(b));
                for x in 0..width {
                    out[x] = centre * here[x] + side * (above[x] + below[x]);
                }
            });
        }
    }
    Ok(())
}

/// Weights of [`gaussian_3x3`] in one direction: of a pixel, and of each of its neighbours.
pub fn gaussian_3() -> [f32; 2] {
    let side = (-1.0f64 / (2.0 * 0.8 * 0.8)).exp();
    [(1.0 / (1.0 + 2.0 * side)) as f32, (side / (1.0 + 2.0 * side)) as f32]
}

/// The neighbours of pixel `i` of `n` in [`gaussian_3x3`].
pub fn neighbours(i: usize, n: usize) -> (usize, usize) {
    match (i, n) {
        (_, 1) => (0, 0),
        (0, _) => (1, 1),
        (i, n) if i + 1 == n => (i - 1, i - 1),
        (i, _) => (i - 1, i + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Affine;

    #[test]
    fn the_gaussian_keeps_constants_and_thin_planes() {
        for map in [Size::new(1, 1), Size::new(1, 3), Size::new(2, 2), Size::new(7, 5)] {
            let mut plane = vec![2.0; map.area()];
            gaussian_3x3(&mut plane, 1, map, 4).unwrap();
            assert!(plane.iter().all(|v| (v - 2.0).abs() < 1e-6));
        }
    }

    #[test]
    fn planes_grow_one_by_one() {
        let (map, target) = (Size::new(2, 1), Size::new(4, 1));
        assert_eq!(resize(vec![0.0, 4.0, 8.0, 0.0], 2, map, target).unwrap(), [0.0, 1.0, 3.0, 4.0, 8.0, 6.0, 2.0, 0.0]);
        assert_eq!(resize(vec![1.0, f32::NEG_INFINITY], 1, map, map).unwrap(), [1.0, f32::NEG_INFINITY]);
        assert!(
            resize(vec![0.0; 3], 2, map, target).is_err() && resize(vec![0.0; 2], 1, map, Size::new(0, 1)).is_err()
        );
    }

    #[test]
    fn wrong_sizes_are_named() {
        let map = Size::new(3, 2);
        let error = crop(&[0.0; 5], 1, map, Region::whole(map)).unwrap_err().to_string();
        assert!(error.contains("`planes` holds 5") && error.contains("2x3"), "{error}");
        let beyond = Region { left: 2, top: 0, size: Size::new(2, 2) };
        assert!(Grid::resize(map, beyond, map).is_err());
        assert!(Grid::resize(map, Region::whole(map), Size::new(0, 4)).is_err());
        assert!(Grid::affine(map, map, &Affine([[1.0, 0.1, 0.0], [0.0, 1.0, 0.0]])).is_err());
        assert!(check_len("x", 0, 0, Size::new(usize::MAX, 2)).is_err());
    }
}
