//! For every pixel of a target, where in a map its value comes from.

use super::{Region, check_len};
use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
use ndarray::{Array2, Array3};
use rayon::prelude::*;
use std::ops::Range;

/// Where one target column (or row) takes its value from: `(1 - weight) * lo + weight * hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tap {
    /// Index before the position.
    pub lo: usize,
    /// Index after it; the same as `lo` at the last pixel.
    pub hi: usize,
    /// Share of `hi`, 0..1.
    pub weight: f32,
}

impl Tap {
    /// The tap at `position`, moved to the nearest of the pixels `start..start + n`.
    fn at(position: f64, start: usize, n: usize) -> Self {
        let (first, last) = (start as f64, (start + n - 1) as f64);
        let position = if position > first { position.min(last) } else { first };
        let lo = position as usize;
        Self { lo, hi: (lo + 1).min(start + n - 1), weight: (position - lo as f64) as f32 }
    }

    /// The interpolated value.
    #[inline]
    pub fn of(self, values: &[f32]) -> f32 {
        values[self.lo] * (1.0 - self.weight) + values[self.hi] * self.weight
    }

    /// The closer of the two indices.
    #[inline]
    pub fn nearest(self) -> usize {
        if self.weight < 0.5 { self.lo } else { self.hi }
    }
}

/// One direction of a [`Grid`].
#[derive(Debug, Clone)]
struct Axis {
    taps: Vec<Tap>,
    /// Targets that lie on the map. The taps of the others are those of the edge.
    inside: Range<usize>,
    /// Whether target and map are the same pixels.
    is_identity: bool,
}

impl Axis {
    fn new(taps: Vec<Tap>, inside: Range<usize>, n: usize) -> Self {
        let is_same = |(i, tap): (usize, &Tap)| tap.lo == i && tap.weight == 0.0;
        let is_identity = inside == (0..n) && taps.len() == n && taps.iter().enumerate().all(is_same);
        Self { taps, inside, is_identity }
    }

    fn resize(start: usize, n: usize, map: usize, target: usize) -> Self {
        let scale = n as f64 / target as f64;
        let position = |i: usize| start as f64 + ((i as f64 + 0.5) * scale - 0.5);
        Self::new((0..target).map(|i| Tap::at(position(i), start, n)).collect(), 0..target, map)
    }

    fn affine(scale: f64, offset: f64, n: usize, target: usize) -> Self {
        let position = |i: usize| scale * i as f64 + offset;
        let is_inside = |i: &usize| (-0.5..=n as f64 - 0.5).contains(&position(*i));
        // The map is monotonic, so what lies inside is one run.
        let inside = match (0..target).find(is_inside) {
            Some(first) => first..(first..target).find(|i| !is_inside(i)).unwrap_or(target),
            None => 0..0,
        };
        Self::new((0..target).map(|i| Tap::at(position(i), 0, n)).collect(), inside, n)
    }
}

/// For every pixel of a target image, the pixels of a map it takes its value from.
///
/// Rows and columns are independent, so a target row needs one interpolated map row. The rooms above choose the values
/// "outside": those of target pixels that the map does not cover.
///
/// Where target and map are the same pixels, values are copied. Interpolation would give the same numbers, except that it
/// may turn -0 to 0 and lets NaN and infinity spread to neighbours of no weight.
#[derive(Debug, Clone)]
pub struct Grid {
    map: Size,
    columns: Axis,
    rows: Axis,
}

impl Grid {
    /// Resizes a region of the map to the target as `torch.nn.functional.interpolate(mode="bilinear",
    /// align_corners=False, antialias=False)` does: half-pixel centres, positions beyond the outer centres held there.
    /// Nothing is outside.
    pub fn resize(map: Size, region: Region, target: Size) -> Result<Self> {
        region.check_inside(map)?;
        check_target(target)?;
        Ok(Self {
            map,
            columns: Axis::resize(region.left, region.size.width, map.width, target.width),
            rows: Axis::resize(region.top, region.size.height, map.height, target.height),
        })
    }

    /// Samples the map where an axis-aligned `map_from_target` points to (pixel centres at integers on both sides).
    ///
    /// Outside are targets that fall off the area of the map's pixels, `-0.5 <= x <= width - 0.5`; between the outer
    /// centres and that border the edge pixels are repeated.
    pub fn affine(map: Size, target: Size, map_from_target: &Affine) -> Result<Self> {
        let [[sx, shear_x, tx], [shear_y, sy, ty]] = map_from_target.0;
        Region::whole(map).check_inside(map)?;
        check_target(target)?;
        if shear_x != 0.0 || shear_y != 0.0 {
            return Err(Error::invalid(
                "`map_from_target` rotates or shears; only scale and translation are supported",
            ));
        }
        if ![sx, sy, tx, ty].iter().all(|v| v.is_finite()) {
            return Err(Error::invalid("`map_from_target` holds numbers that are not finite"));
        }
        let columns = Axis::affine(sx, tx, map.width, target.width);
        Ok(Self { map, columns, rows: Axis::affine(sy, ty, map.height, target.height) })
    }

    /// Size of the map that is sampled.
    pub fn map(&self) -> Size {
        self.map
    }

    /// Size of the target.
    pub fn target(&self) -> Size {
        Size::new(self.columns.taps.len(), self.rows.taps.len())
    }

    /// Whether every target pixel is the map pixel at the same place.
    pub fn is_identity(&self) -> bool {
        self.columns.is_identity && self.rows.is_identity
    }

    /// Taps of all target columns.
    pub fn columns(&self) -> &[Tap] {
        &self.columns.taps
    }

    /// Target columns that lie on the map.
    pub fn columns_inside(&self) -> Range<usize> {
        self.columns.inside.clone()
    }

    /// Taps of all target rows.
    pub fn rows(&self) -> &[Tap] {
        &self.rows.taps
    }

    /// Target rows that lie on the map.
    pub fn rows_inside(&self) -> Range<usize> {
        self.rows.inside.clone()
    }

    /// The tap of a target row, `None` where it is outside. Panics beyond the target.
    pub fn row(&self, y: usize) -> Option<Tap> {
        self.rows.inside.contains(&y).then(|| self.rows.taps[y])
    }

    /// Bilinear samples of `channels` planes: CHW in, an HxWxC image out.
    pub fn bilinear(&self, planes: &[f32], channels: usize, outside: f32) -> Result<Array3<f32>> {
        check_len("planes", planes.len(), channels, self.map)?;
        let Size { width, height } = self.target();
        let area = self.map.area();
        if self.is_identity() {
            let out = interleave(planes, channels, self.map);
            return Array3::from_shape_vec((height, width, channels), out).map_err(shape_error);
        }
        let mut out = vec![outside; width * height * channels];
        out.par_chunks_mut(width * channels).enumerate().for_each_init(Vec::new, |between, (y, target)| {
            let Some(row) = self.row(y) else { return };
            for c in 0..channels {
                self.lerp_rows(&planes[c * area..][..area], row, 0..self.map.width, between);
                for x in self.columns_inside() {
                    target[x * channels + c] = self.columns.taps[x].of(between);
                }
            }
        });
        Array3::from_shape_vec((height, width, channels), out).map_err(shape_error)
    }

    /// Bilinear samples of one plane: HxW out.
    pub fn bilinear_plane(&self, plane: &[f32], outside: f32) -> Result<Array2<f32>> {
        let Size { width, height } = self.target();
        let image = self.bilinear(plane, 1, outside)?;
        image.into_shape_with_order((height, width)).map_err(shape_error)
    }

    /// The nearest pixel of one plane: HxW out.
    pub fn nearest<T: Copy + Send + Sync>(&self, plane: &[T], outside: T) -> Result<Array2<T>> {
        check_len("plane", plane.len(), 1, self.map)?;
        let Size { width, height } = self.target();
        if self.is_identity() {
            return Array2::from_shape_vec((height, width), plane.to_vec()).map_err(shape_error);
        }
        let mut out = vec![outside; width * height];
        out.par_chunks_mut(width).enumerate().for_each(|(y, target)| {
            let Some(row) = self.row(y) else { return };
            let source = &plane[row.nearest() * self.map.width..][..self.map.width];
            for x in self.columns_inside() {
                target[x] = source[self.columns.taps[x].nearest()];
            }
        });
        Array2::from_shape_vec((height, width), out).map_err(shape_error)
    }

    /// The columns `range` of the map row at `row`, interpolated between the two pixel rows of `plane`.
    #[inline]
    pub fn lerp_rows(&self, plane: &[f32], row: Tap, range: Range<usize>, out: &mut Vec<f32>) {
        let upper = &plane[row.lo * self.map.width..][range.clone()];
        let lower = &plane[row.hi * self.map.width..][range];
        out.clear();
        out.extend(upper.iter().zip(lower).map(|(a, b)| a * (1.0 - row.weight) + b * row.weight));
    }
}

/// CHW to HWC.
fn interleave(planes: &[f32], channels: usize, map: Size) -> Vec<f32> {
    if channels == 1 {
        return planes.to_vec();
    }
    let (area, mut out) = (map.area(), vec![0.0; planes.len()]);
    out.par_chunks_mut(map.width * channels).enumerate().for_each(|(y, out)| {
        let row = |c: usize| &planes[c * area + y * map.width..][..map.width];
        if let Some(out) = (channels == 3).then_some(out.as_chunks_mut::<3>().0) {
            let values = row(0).iter().zip(row(1)).zip(row(2));
            out.iter_mut().zip(values).for_each(|(out, ((a, b), c))| *out = [*a, *b, *c]);
            return;
        }
        for c in 0..channels {
            out[c..].iter_mut().step_by(channels).zip(row(c)).for_each(|(out, value)| *out = *value);
        }
    });
    out
}

fn check_target(target: Size) -> Result<()> {
    match target.width.checked_mul(target.height) {
        Some(area) if area > 0 => Ok(()),
        _ => Err(Error::invalid(format!("the target size {target} (HxW) is empty or too large"))),
    }
}

fn shape_error(error: ndarray::ShapeError) -> Error {
    Error::invalid("the target is too large for an array").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::super::crop;
    use super::*;

    #[test]
    fn enlarging_twice_takes_quarters_and_holds_the_edges() {
        let map = Size::new(2, 1);
        let grid = Grid::resize(map, Region::whole(map), Size::new(4, 1)).unwrap();
        assert_eq!(grid.bilinear_plane(&[0.0, 4.0], 9.0).unwrap().into_raw_vec_and_offset().0, [0.0, 1.0, 3.0, 4.0]);
        assert_eq!(grid.nearest(&[5u8, 6], 9).unwrap().into_raw_vec_and_offset().0, [5, 5, 6, 6]);
    }

    #[test]
    fn a_region_does_not_see_its_surroundings() {
        let map = Size::new(4, 3);
        let region = Region { left: 1, top: 1, size: Size::new(2, 1) };
        let plane = [9.0, 9.0, 9.0, 9.0, 9.0, 1.0, 3.0, 9.0, 9.0, 9.0, 9.0, 9.0];
        let grid = Grid::resize(map, region, Size::new(4, 2)).unwrap();
        let row = [1.0, 1.5, 2.5, 3.0];
        assert_eq!(grid.bilinear_plane(&plane, 0.0).unwrap().into_raw_vec_and_offset().0, [row, row].concat());
        assert_eq!(crop(&plane, 1, map, region).unwrap(), [1.0, 3.0]);
    }

    #[test]
    fn an_affine_grid_reproduces_a_ramp_and_marks_the_outside() {
        let map = Size::new(5, 4);
        let plane: Vec<f32> = (0..20).map(|i| (i % 5) as f32 + 10.0 * (i / 5) as f32).collect();
        let map_from_target = Affine::scale_translate(0.5, 0.25, -1.0, 0.5);
        let out = Grid::affine(map, Size::new(20, 20), &map_from_target).unwrap().bilinear_plane(&plane, -1.0).unwrap();
        for ((y, x), value) in out.indexed_iter() {
            let (u, v) = map_from_target.apply(x as f64, y as f64);
            let expected = match !(-0.5..=4.5).contains(&u) || v > 3.5 {
                true => -1.0,
                false => u.clamp(0.0, 4.0) + 10.0 * v.clamp(0.0, 3.0),
            };
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{x} {y}");
        }
    }

    #[test]
    fn the_same_pixels_are_copied_and_agree_with_interpolation() {
        let map = Size::new(7, 5);
        let planes: Vec<f32> = (0..4 * map.area()).map(|i| (i as f32 * 0.37).sin()).collect();
        let same = [
            Grid::resize(map, Region::whole(map), map).unwrap(),
            Grid::affine(map, map, &Affine::scale_translate(1.0, 1.0, 0.0, 0.0)).unwrap(),
        ];
        for grid in same {
            assert!(grid.is_identity());
            let mut slow = grid.clone();
            slow.rows.is_identity = false;
            for channels in [1, 3, 4] {
                let planes = &planes[..channels * map.area()];
                assert_eq!(
                    grid.bilinear(planes, channels, 9.0).unwrap(),
                    slow.bilinear(planes, channels, 9.0).unwrap()
                );
            }
            let plane = &planes[..map.area()];
            assert_eq!(grid.nearest(plane, 9.0).unwrap(), slow.nearest(plane, 9.0).unwrap());
        }
        let (left, region) = (Size::new(6, 5), Region { left: 0, top: 0, size: Size::new(6, 5) });
        let shift = Affine::scale_translate(1.0, 1.0, 0.5, 0.0);
        assert!(!Grid::resize(map, region, left).unwrap().is_identity());
        assert!(!Grid::affine(map, map, &shift).unwrap().is_identity());
        assert!(!Grid::resize(map, Region::whole(map), Size::new(7, 6)).unwrap().is_identity());
    }

    #[test]
    fn copies_keep_nan_where_it_is() {
        let map = Size::new(3, 1);
        let grid = Grid::resize(map, Region::whole(map), map).unwrap();
        let out = grid.bilinear_plane(&[1.0, f32::NAN, -0.0], 0.0).unwrap();
        assert!(out[[0, 0]] == 1.0 && out[[0, 1]].is_nan() && out[[0, 2]].is_sign_negative());
    }

    #[test]
    fn a_grid_that_misses_the_map_is_all_outside() {
        let map = Size::new(2, 2);
        let away = Affine::scale_translate(1.0, 1.0, 100.0, 0.0);
        let out = Grid::affine(map, Size::new(3, 3), &away).unwrap().bilinear(&[1.0; 8], 2, 0.5).unwrap();
        assert!(out.iter().all(|v| *v == 0.5));
    }
}
