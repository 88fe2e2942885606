//! The scale of pointmaps blended over time, and whether consecutive ones tell of the same body.

use super::check_positive;
use super::map::{MapFrame, taps};
use super::normals::check_map;
use crate::error::{Error, Result};
use crate::geometry::{Affine, Size};
use crate::track::clock::{Clock, nanoseconds, seconds};
use ndarray::{Array3, ArrayView3};
use std::time::Duration;

/// Settings of a [`PointmapFilter`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointmapFilterOptions {
    /// What is older than this has faded to a third: seconds.
    pub time_constant_s: f32,
    /// Scales further apart than this factor are not blended: somebody else, or another place. Above 1.
    pub max_factor: f32,
    /// Points further apart than this in depth, after one scale for all, do not fit: metres.
    pub tolerance_m: f32,
    /// Share of points that do not fit above which two maps disagree, 0 to 1.
    pub max_misfits: f32,
    /// After a gap longer than this the filter begins anew.
    pub reset_after: Duration,
}

impl Default for PointmapFilterOptions {
    fn default() -> Self {
        Self {
            time_constant_s: 0.3,
            max_factor: 1.25,
            tolerance_m: 0.1,
            max_misfits: 0.25,
            reset_after: Duration::from_millis(500),
        }
    }
}

/// How a pointmap goes with the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Agreement {
    /// There is none before, or not in time.
    First,
    /// The same body, at most at another scale.
    Agrees,
    /// The same body at a scale so different that it was not blended.
    ScaleJump,
    /// Another shape: a limb has flipped in depth, or it is somebody else. Do not trust either of the two.
    Disagrees,
    /// Too few points lie in both to tell.
    TooFew,
}

impl Agreement {
    /// Whether nothing speaks against the map: not so of one that shows another shape than the one before.
    pub fn is_valid(self) -> bool {
        self != Self::Disagrees
    }
}

/// A pointmap at a steadied scale.
#[derive(Debug, Clone, PartialEq)]
pub struct FilteredPoints {
    /// HxWx3 metres, every point multiplied by `factor`; NaN where it was.
    pub points: Array3<f32>,
    /// What the points were multiplied by.
    pub factor: f32,
    /// How they go with those before.
    pub agreement: Agreement,
    /// Share of the compared points that do not fit, 0 to 1; 0 if none were compared.
    pub misfits: f32,
    /// How many points were compared.
    pub compared: usize,
}

/// Steadies the scale of the pointmaps of one person or of the whole image.
///
/// What flickers in a monocular pointmap from frame to frame is mostly its one scale. It is measured against the map before
/// by the median ratio of depths of points that correspond, after the motion is taken out: a person that is `g` times larger
/// in the image is `g` times nearer. The logarithm of the scale is blended exponentially in time. As every coordinate is
/// multiplied by the same factor, points stay on their rays.
#[derive(Debug, Clone)]
pub struct PointmapFilter {
    options: PointmapFilterOptions,
    clock: Clock,
    before: Option<Before>,
}

#[derive(Debug, Clone)]
struct Before {
    /// As delivered: steadied.
    points: Array3<f32>,
    image_from_map: Affine,
    log_factor: f64,
}

/// Assumed where timestamps stand still.
const NOMINAL_STEP: Duration = Duration::from_nanos(33_333_333);
/// Points compared at most, and at least.
const COMPARED: (usize, usize) = (20_000, 50);

impl PointmapFilter {
    /// A filter that has seen nothing.
    ///
    /// # Errors
    /// `InvalidArgument` for options out of their range.
    pub fn new(options: PointmapFilterOptions) -> Result<Self> {
        check_positive("time_constant_s", options.time_constant_s, false)?;
        check_positive("tolerance_m", options.tolerance_m, false)?;
        check_positive("max_factor", options.max_factor, false)?;
        if options.max_factor <= 1.0 {
            return Err(Error::invalid(format!("filter max_factor {}: must be above 1", options.max_factor)));
        }
        if !(0.0..=1.0).contains(&options.max_misfits) {
            return Err(Error::invalid(format!("filter max_misfits {}: must be from 0 to 1", options.max_misfits)));
        }
        Ok(Self { options, clock: Clock::new(NOMINAL_STEP), before: None })
    }

    /// Forgets what it has seen.
    pub fn reset(&mut self) {
        (self.before, self.clock) = (None, Clock::new(NOMINAL_STEP));
    }

    /// The points of a frame (HxWx3 metres in camera space, NaN where there is none) at a steadied scale.
    ///
    /// # Errors
    /// `InvalidArgument` for a map without three channels and for affine maps that cannot be undone.
    pub fn filter(&mut self, frame: &MapFrame, points: ArrayView3<f32>) -> Result<FilteredPoints> {
        let size = check_map("points", &points)?;
        frame.check()?;
        let step_ns = self.clock.advance(frame.timestamp_ns).step_ns;
        if step_ns > nanoseconds(self.options.reset_after) {
            self.before = None;
        }
        let old_share = (-seconds(step_ns) / f64::from(self.options.time_constant_s)).exp();
        let (log_factor, agreement, misfits, compared) = match &self.before {
            None => (0.0, Agreement::First, 0.0, 0),
            Some(before) => self.compare(before, frame, &points, size, old_share),
        };
        let factor = log_factor.exp() as f32;
        let steadied = points.mapv(|v| v * factor);
        let image_from_map = frame.image_from_map;
        self.before = Some(Before { points: steadied.clone(), image_from_map, log_factor });
        Ok(FilteredPoints { points: steadied, factor, agreement, misfits, compared })
    }

    fn compare(
        &self,
        before: &Before,
        frame: &MapFrame,
        points: &ArrayView3<f32>,
        size: Size,
        old_share: f64,
    ) -> (f64, Agreement, f32, usize) {
        let fading = before.log_factor * old_share;
        let mut depths = correspondences(before, frame, points, size); // now, before
        if depths.len() < COMPARED.1 {
            return (fading, Agreement::TooFew, 0.0, depths.len());
        }
        let growth = frame.growth().ln();
        let log_ratio = |&(now, then): &(f32, f32)| (f64::from(then) / f64::from(now)).ln() - growth;
        let middle = depths.len() / 2;
        let (_, median, _) = depths.select_nth_unstable_by(middle, |a, b| log_ratio(a).total_cmp(&log_ratio(b)));
        let shift = log_ratio(median);
        let is_misfit = |pair: &&(f32, f32)| {
            let metres = f64::from(pair.0) * shift.exp() * ((log_ratio(pair) - shift).exp() - 1.0);
            metres.abs() > self.options.tolerance_m.into()
        };
        let misfits = depths.iter().filter(is_misfit).count() as f32 / depths.len() as f32;
        if misfits > self.options.max_misfits {
            return (fading, Agreement::Disagrees, misfits, depths.len());
        }
        if shift.abs() > f64::from(self.options.max_factor).ln() {
            return (0.0, Agreement::ScaleJump, misfits, depths.len());
        }
        (shift * old_share, Agreement::Agrees, misfits, depths.len())
    }
}

/// Depths of points seen now and before, on a grid coarse enough.
fn correspondences(before: &Before, frame: &MapFrame, points: &ArrayView3<f32>, size: Size) -> Vec<(f32, f32)> {
    let Some(before_from_now) = frame.before_from_now(&before.image_from_map) else { return Vec::new() };
    let (height, width, _) = before.points.dim();
    let stride = ((size.area() as f64 / COMPARED.0 as f64).sqrt().ceil() as usize).max(1);
    let mut found = Vec::new();
    for y in (0..size.height).step_by(stride) {
        for x in (0..size.width).step_by(stride) {
            let now = points[[y, x, 2]];
            if !(now.is_finite() && now > 0.0) {
                continue;
            }
            let Some(taps) = taps(before_from_now.apply(x as f64, y as f64), Size::new(width, height)) else {
                continue;
            };
            // The nearest one: a mean over an edge would be a depth that nothing has.
            let nearest = taps.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let Some(((row, column), _)) = nearest else { continue };
            let then = before.points[[row, column, 2]];
            if then.is_finite() && then > 0.0 {
                found.push((now, then));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// A body at that depth with half a metre of relief; `flip` bends the right third of it the other way.
    fn body(depth: f32, flip: f32) -> Array3<f32> {
        Array3::from_shape_fn((20, 30, 3), |(y, x, c)| {
            let relief = 0.5 * (x as f32 / 29.0 - 0.5) * if x >= 18 { flip } else { 1.0 };
            let z = depth * (1.0 + relief / 3.0);
            match (y, c) {
                (0, _) => f32::NAN,
                (_, 0) => z * (x as f32 - 15.0) / 40.0,
                (_, 1) => z * (y as f32 - 10.0) / 40.0,
                _ => z,
            }
        })
    }

    fn filter() -> PointmapFilter {
        PointmapFilter::new(PointmapFilterOptions::default()).unwrap()
    }

    #[test]
    fn a_flickering_scale_is_calmed_on_the_rays() {
        let mut filter = filter();
        let (mut raw, mut calm) = (Vec::new(), Vec::new());
        for i in 0..40 {
            let found = body(3.0 * (1.0 + 0.05 * if i % 2 == 0 { 1.0 } else { -1.0 }), 1.0);
            let out = filter.filter(&MapFrame::still(i * 33 * MS, Affine::IDENTITY), found.view()).unwrap();
            let p = |m: &Array3<f32>| [m[[5, 5, 0]], m[[5, 5, 2]]];
            let ([x, z], [raw_x, raw_z]) = (p(&out.points), p(&found));
            assert!((x / z - raw_x / raw_z).abs() < 1e-6 && out.points[[0, 3, 2]].is_nan());
            assert_eq!(out.agreement, if i == 0 { Agreement::First } else { Agreement::Agrees });
            raw.push(raw_z);
            calm.push(z);
        }
        let swing = |v: &[f32]| v.windows(2).skip(20).map(|w| (w[1] - w[0]).abs()).sum::<f32>();
        assert!(swing(&calm) < 0.15 * swing(&raw), "{} {}", swing(&calm), swing(&raw));
    }

    #[test]
    fn who_comes_nearer_is_not_held_back() {
        let mut filter = filter();
        let mut image = 100.0f32;
        let mut worst = 0.0f32;
        for i in 0..30 {
            let depth = 5.0 * 0.98f32.powi(i);
            let next = 100.0 / 0.98f32.powi(i);
            let rect = |height| crate::geometry::Rect { x: 15.0, y: 10.0, width: 0.4 * height, height };
            let frame = MapFrame::still(i64::from(i) * 33 * MS, Affine::IDENTITY).with_person(rect(image), rect(next));
            // The map follows the person, as crops do.
            let frame = MapFrame { image_from_map: crop(rect(next)), ..frame };
            let out = filter.filter(&frame, body(depth, 1.0).view()).unwrap();
            worst = worst.max((out.factor - 1.0).abs());
            image = next;
        }
        assert!(worst < 1e-3, "{worst}");
    }

    fn crop(b: crate::geometry::Rect) -> Affine {
        let s = f64::from(b.height) / 20.0;
        Affine::scale_translate(s, s, f64::from(b.x), f64::from(b.y))
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        let mut filter = filter();
        let mut go =
            |ms: i64, map: Array3<f32>| filter.filter(&MapFrame::still(ms * MS, Affine::IDENTITY), map.view()).unwrap();
        go(0, body(3.0, 1.0));
        let flipped = go(33, body(3.0, -1.0));
        assert_eq!((flipped.agreement, flipped.factor), (Agreement::Disagrees, 1.0));
        assert!(flipped.misfits > 0.25, "{}", flipped.misfits);
        assert_eq!(go(66, body(3.0, -1.0)).agreement, Agreement::Agrees);
        let jump = go(99, body(6.0, -1.0));
        assert_eq!((jump.agreement, jump.factor), (Agreement::ScaleJump, 1.0));
        assert_eq!(go(130, Array3::from_elem((20, 30, 3), f32::NAN)).agreement, Agreement::TooFew);
        assert_eq!(go(160, body(6.0, 1.0)).agreement, Agreement::TooFew);
        assert_eq!(go(900, body(6.0, 1.0)).agreement, Agreement::First);
    }

    #[test]
    fn wrong_settings_are_named() {
        let options = PointmapFilterOptions { max_factor: 1.0, ..Default::default() };
        assert!(PointmapFilter::new(options).unwrap_err().to_string().contains("max_factor 1"));
        let options = PointmapFilterOptions { max_misfits: f32::NAN, ..Default::default() };
        assert!(PointmapFilter::new(options).unwrap_err().to_string().contains("max_misfits"));
        let flat = Array3::zeros((0, 6, 3));
        let error = filter().filter(&MapFrame::still(0, Affine::IDENTITY), flat.view()).unwrap_err().to_string();
        assert!(error.contains("0x6x3"), "{error}");
    }
}
