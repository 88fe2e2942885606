//! Normals blended over time where nothing moves.

use super::check_positive;
use super::map::{MapFrame, taps};
use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
use crate::track::clock::{Clock, nanoseconds, seconds};
use ndarray::{Array3, ArrayView3};
use rayon::prelude::*;
use std::time::Duration;

/// Settings of a [`NormalFilter`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalFilterOptions {
    /// What is older than this has faded to a third: seconds.
    pub time_constant_s: f32,
    /// Up to this angle between the old and the new normal the surface counts as at rest: degrees.
    pub still_degrees: f32,
    /// From this angle on it has moved, and the new normal stands alone: degrees, above `still_degrees`.
    pub moving_degrees: f32,
    /// After a gap longer than this the filter begins anew.
    pub reset_after: Duration,
}

impl Default for NormalFilterOptions {
    fn default() -> Self {
        Self {
            time_constant_s: 0.1,
            still_degrees: 12.0,
            moving_degrees: 35.0,
            reset_after: Duration::from_millis(500),
        }
    }
}

/// Steadies the normals of one person or of the whole image: per pixel an exponential mean over time of where the surface was
/// then, gated by the angle between old and new.
#[derive(Debug, Clone)]
pub struct NormalFilter {
    options: NormalFilterOptions,
    clock: Clock,
    before: Option<(Array3<f32>, Affine)>,
}

/// Assumed where timestamps stand still.
const NOMINAL_STEP: Duration = Duration::from_nanos(33_333_333);

impl NormalFilter {
    /// A filter that has seen nothing.
    ///
    /// # Errors
    /// `InvalidArgument` for options out of their range.
    pub fn new(options: NormalFilterOptions) -> Result<Self> {
        check_positive("time_constant_s", options.time_constant_s, false)?;
        check_positive("still_degrees", options.still_degrees, true)?;
        if !(options.moving_degrees > options.still_degrees && options.moving_degrees <= 180.0) {
            return Err(Error::invalid(format!(
                "filter moving_degrees {}: must be above still_degrees {} and at most 180",
                options.moving_degrees, options.still_degrees
            )));
        }
        Ok(Self { options, clock: Clock::new(NOMINAL_STEP), before: None })
    }

    /// Forgets what it has seen.
    pub fn reset(&mut self) {
        (self.before, self.clock) = (None, Clock::new(NOMINAL_STEP));
    }

    /// The normals of a frame (HxWx3, unit vectors, 0 where there is none), steadied: unit vectors, 0 at the same pixels.
    /// A pixel that was outside the map before, on its background or at an edge, or whose normal has turned, is as found.
    ///
    /// # Errors
    /// `InvalidArgument` for a map without three channels and for affine maps that cannot be undone.
    pub fn filter(&mut self, frame: &MapFrame, normals: ArrayView3<f32>) -> Result<Array3<f32>> {
        let size = check_map("normals", &normals)?;
        frame.check()?;
        let step_ns = self.clock.advance(frame.timestamp_ns).step_ns;
        if step_ns > nanoseconds(self.options.reset_after) {
            self.before = None;
        }
        let mut out = normals.as_standard_layout().into_owned();
        let before = self.before.take();
        let known = before.as_ref().and_then(|(map, image)| Some((map, frame.before_from_now(image)?)));
        if let (Some((map, before_from_now)), Some(values)) = (known, out.as_slice_mut()) {
            let old_share = (-seconds(step_ns) / f64::from(self.options.time_constant_s)).exp() as f32;
            let (height, width, _) = map.dim();
            values.par_chunks_exact_mut(3 * size.width.max(1)).enumerate().for_each(|(y, row)| {
                for (x, n) in row.chunks_exact_mut(3).enumerate() {
                    let at = before_from_now.apply(x as f64, y as f64);
                    if let Some(old) = sample(map, at, Size::new(width, height)) {
                        self.blend(n, old, old_share);
                    }
                }
            });
        }
        self.before = Some((out.clone(), frame.image_from_map));
        Ok(out)
    }

    fn blend(&self, new: &mut [f32], old: [f32; 3], old_share: f32) {
        let dot: f32 = new.iter().zip(old).map(|(a, b)| a * b).sum();
        if !dot.is_finite() || new.iter().all(|v| *v == 0.0) {
            return;
        }
        let angle = dot.clamp(-1.0, 1.0).acos().to_degrees();
        let NormalFilterOptions { still_degrees, moving_degrees, .. } = self.options;
        let rest = ((moving_degrees - angle) / (moving_degrees - still_degrees)).clamp(0.0, 1.0);
        let share = old_share * rest;
        let mixed: [f32; 3] = std::array::from_fn(|i| new[i] + share * (old[i] - new[i]));
        let length = mixed.iter().map(|v| v * v).sum::<f32>().sqrt();
        if length > 1e-3 {
            new.iter_mut().zip(mixed).for_each(|(n, m)| *n = m / length);
        }
    }
}

/// The mean of the four normals around a place, at unit length; `None` if one of those that count is missing.
fn sample(map: &Array3<f32>, at: (f64, f64), size: Size) -> Option<[f32; 3]> {
    let mut sum = [0.0; 3];
    for ((row, column), share) in taps(at, size)?.into_iter().filter(|(_, share)| *share > 0.0) {
        let n: [f32; 3] = std::array::from_fn(|c| map[[row, column, c]]);
        if n.iter().all(|v| *v == 0.0) {
            return None;
        }
        sum.iter_mut().zip(n).for_each(|(sum, n)| *sum += share * n);
    }
    let length = sum.iter().map(|v| v * v).sum::<f32>().sqrt();
    (length > 0.5).then(|| sum.map(|v| v / length))
}

/// Fails unless a map has three channels and some pixels.
pub(super) fn check_map(name: &str, map: &ArrayView3<f32>) -> Result<Size> {
    let (height, width, channels) = map.dim();
    if channels == 3 && height > 0 && width > 0 {
        return Ok(Size::new(width, height));
    }
    Err(Error::invalid(format!("`{name}` is {height}x{width}x{channels}; a map of HxWx3, not empty, is needed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Normals that lean to the right by these degrees, everywhere but in the first column.
    fn leaning(degrees: f32) -> Array3<f32> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Array3::from_shape_fn((4, 6, 3), |(_, x, c)| if x == 0 { 0.0 } else { [sin, 0.0, -cos][c] })
    }

    fn angle(map: &Array3<f32>) -> f32 {
        map[[2, 3, 0]].atan2(-map[[2, 3, 2]]).to_degrees()
    }

    #[test]
    fn flicker_is_calmed_and_motion_is_not() {
        let mut filter = NormalFilter::new(NormalFilterOptions::default()).unwrap();
        let mut go = |ms: i64, degrees: f32| {
            let raw = leaning(degrees);
            let out = filter.filter(&MapFrame::still(ms * MS, Affine::IDENTITY), raw.view()).unwrap();
            assert_eq!(raw, leaning(degrees));
            assert!(out.outer_iter().all(|row| row[[0, 0]] == 0.0 && row[[0, 2]] == 0.0), "the background stays");
            angle(&out)
        };
        assert!((go(0, 0.0) - 0.0).abs() < 1e-4);
        let flicker = go(33, 6.0);
        assert!(flicker > 1.0 && flicker < 2.5, "{flicker}");
        assert!((go(66, 60.0) - 60.0).abs() < 1e-3, "moved: as found");
        assert!((go(2000, 55.0) - 55.0).abs() < 1e-3, "a gap: as found");
        let again = go(2000, 50.0);
        assert!(again > 50.5 && again < 55.0, "the same time: a nominal step later, {again}");
    }

    #[test]
    fn the_old_is_taken_from_where_the_person_was() {
        let mut filter = NormalFilter::new(NormalFilterOptions::default()).unwrap();
        filter.filter(&MapFrame::still(0, Affine::IDENTITY), leaning(0.0).view()).unwrap();
        // Everything has moved three pixels to the right, out of the map for the most part.
        let moved = Affine::scale_translate(1.0, 1.0, 3.0, 0.0);
        let frame = MapFrame { timestamp_ns: 33 * MS, image_from_map: Affine::IDENTITY, moved };
        let out = filter.filter(&frame, leaning(6.0).view()).unwrap();
        let at = |x: usize| out[[1, x, 0]].atan2(-out[[1, x, 2]]).to_degrees();
        assert!(
            (at(2) - 6.0).abs() < 1e-3 && (at(3) - 6.0).abs() < 1e-3 && at(4) < 3.0,
            "{} {} {}",
            at(2),
            at(3),
            at(4)
        );
    }

    #[test]
    fn maps_of_another_size_and_nonsense() {
        let mut filter = NormalFilter::new(NormalFilterOptions::default()).unwrap();
        let frame = MapFrame::still(0, Affine::IDENTITY);
        filter.filter(&frame, leaning(0.0).view()).unwrap();
        let large = Array3::from_elem((9, 9, 3), f32::NAN);
        assert!(filter.filter(&frame, large.view()).unwrap().iter().all(|v| v.is_nan()));
        assert!(
            filter.filter(&frame, leaning(5.0).view()).unwrap().iter().all(|v| v.is_finite()),
            "NaN does not spread"
        );
        let flat = Array3::zeros((4, 6, 2));
        assert!(filter.filter(&frame, flat.view()).unwrap_err().to_string().contains("4x6x2"));
        let singular = MapFrame::still(0, Affine::scale_translate(0.0, 1.0, 0.0, 0.0));
        assert!(filter.filter(&singular, leaning(0.0).view()).unwrap_err().to_string().contains("image_from_map"));
        let options = NormalFilterOptions { moving_degrees: 5.0, ..Default::default() };
        assert!(NormalFilter::new(options).unwrap_err().to_string().contains("moving_degrees 5"));
    }
}
