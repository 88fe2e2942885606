//! How boxes move: a Kalman filter with constant velocity, its noise proportional to the size of the person.
//!
//! SORT (Bewley et al. 2016) and its descendants filter a vector of position and size together; as all their noise is
//! diagonal per coordinate, four filters of two numbers each are the same thing. Centre, width and height as in BoT-SORT
//! (Aharon et al. 2022). Time is real: process noise is that of a white acceleration over the step.

use crate::geometry::Rect;

/// A coordinate and its speed, with their covariance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    pub x: f64,
    pub v: f64,
    pub xx: f64,
    pub xv: f64,
    pub vv: f64,
}

impl Axis {
    /// At `x` for the first time; standard deviations of the position and of the speed.
    pub fn new(x: f64, position: f64, speed: f64) -> Self {
        Self { x, v: 0.0, xx: position * position, xv: 0.0, vv: speed * speed }
    }

    /// Goes on by `dt` seconds. `noise` is what the speed drifts by in a second (standard deviation).
    pub fn predict(&mut self, dt: f64, noise: f64) {
        let q = noise * noise;
        self.x += self.v * dt;
        self.xx += dt * (2.0 * self.xv + dt * self.vv) + q * dt * dt * dt / 3.0;
        self.xv += dt * self.vv + q * dt * dt / 2.0;
        self.vv += q * dt;
    }

    /// Takes in a measured position with its standard deviation.
    pub fn update(&mut self, measured: f64, deviation: f64) {
        let innovation = self.xx + deviation * deviation;
        let (gain_x, gain_v) = (self.xx / innovation, self.xv / innovation);
        let error = measured - self.x;
        self.x += gain_x * error;
        self.v += gain_v * error;
        self.vv -= gain_v * self.xv;
        self.xv *= 1.0 - gain_x;
        self.xx *= 1.0 - gain_x;
    }

    /// Lets the speed fade, by half in `half_life` seconds.
    fn fade(&mut self, dt: f64, half_life: f64) {
        let rest = (-dt / half_life).exp2();
        self.v *= rest;
        self.xv *= rest;
        self.vv *= rest * rest;
    }
}

/// Standard deviations, as shares of the longer side of the box.
const MEASURED: f64 = 0.04;
const FIRST_SPEED: f64 = 0.7;
const SPEED_DRIFT: f64 = 0.5;
const SIZE_DRIFT: f64 = 0.4;
/// Sizes do not go on changing for long: seconds.
const SIZE_HALF_LIFE: f64 = 0.15;
/// Steps longer than this say nothing more about where somebody is: seconds.
const LONGEST_STEP: f64 = 10.0;
/// No side of a box gets shorter than this: pixels.
const SHORTEST_SIDE: f64 = 1.0;

/// How quickly the usual size follows the boxes: share of a new one.
const USUAL_PACE: f64 = 0.05;
/// Boxes narrower or lower than usual by less than this factor are those of somebody who walks or bends.
const USUAL_RANGE: f64 = 1.25;
/// Boxes much smaller than usual count as little as those of this factor.
const MOST_CUT: f64 = 4.0;

/// Where a box is and how it moves: centre x, centre y, width, height.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Motion {
    axes: [Axis; 4],
    /// Width and height over the last second or so.
    usual: [f64; 2],
}

fn parts(bbox: Rect) -> [f64; 4] {
    let [x, y, width, height] = [bbox.x, bbox.y, bbox.width, bbox.height].map(f64::from);
    [x + width / 2.0, y + height / 2.0, width, height]
}

impl Motion {
    pub fn new(bbox: Rect) -> Self {
        let parts = parts(bbox);
        let size = parts[2].max(parts[3]);
        let axis = |i: usize| {
            let speed = if i < 2 { FIRST_SPEED } else { SIZE_DRIFT };
            Axis::new(parts[i], MEASURED * size, speed * size)
        };
        Self { axes: std::array::from_fn(axis), usual: [parts[2], parts[3]] }
    }

    pub fn predict(&mut self, dt: f64) {
        let dt = dt.min(LONGEST_STEP);
        let size = self.size();
        for (i, axis) in self.axes.iter_mut().enumerate() {
            axis.predict(dt, if i < 2 { SPEED_DRIFT } else { SIZE_DRIFT } * size);
            if i >= 2 {
                axis.fade(dt, SIZE_HALF_LIFE);
                if axis.x < SHORTEST_SIDE {
                    (axis.x, axis.v) = (SHORTEST_SIDE, 0.0);
                }
            }
        }
    }

    /// Takes in a box; the less sure (0 to 1), the less it counts. So does one that is smaller than usual along its axis: what
    /// hides somebody moves the centre of what is left, and that is no motion of the person.
    pub fn update(&mut self, bbox: Rect, score: f64) {
        let parts = parts(bbox);
        let deviation = MEASURED * self.size().max(parts[2]).max(parts[3]) * (3.0 - 2.0 * score);
        for (i, (axis, measured)) in self.axes.iter_mut().zip(parts).enumerate() {
            let cut = (self.usual[i % 2] / parts[2 + i % 2] / USUAL_RANGE).clamp(1.0, MOST_CUT);
            axis.update(measured, deviation * cut * cut);
        }
        for (usual, now) in self.usual.iter_mut().zip(&parts[2..]) {
            *usual += USUAL_PACE * score * (now - *usual);
        }
    }

    /// Out of sight: goes on at its usual size as it cruised before it was covered.
    pub fn coast(&mut self, cruise: &Cruise) {
        for (axis, cruise) in self.axes[..2].iter_mut().zip(&cruise.axes) {
            (axis.x, axis.v) = (cruise.x, cruise.v);
        }
        for (axis, usual) in self.axes[2..].iter_mut().zip(self.usual) {
            (axis.x, axis.v) = (usual, 0.0);
        }
    }

    /// The longer side, in pixels.
    pub fn size(&self) -> f64 {
        self.axes[2].x.max(self.axes[3].x).max(SHORTEST_SIDE)
    }

    pub fn centre(&self) -> [f64; 2] {
        [self.axes[0].x, self.axes[1].x]
    }

    /// Pixels per second.
    pub fn velocity(&self) -> [f64; 2] {
        [self.axes[0].v, self.axes[1].v]
    }

    pub fn bbox(&self) -> Rect {
        let [cx, cy, width, height] = self.axes.map(|axis| axis.x);
        let (width, height) = (width.max(SHORTEST_SIDE), height.max(SHORTEST_SIDE));
        let [x, y, width, height] = [cx - width / 2.0, cy - height / 2.0, width, height].map(|v| v as f32);
        Rect { x, y, width, height }
    }
}

/// Standard deviations of a [`Cruise`], as shares of the longer side: of the trunk, of the centre of a box, of the speed after
/// a second.
const TRUNK: f64 = 0.02;
const CENTRE: f64 = 0.08;
const CRUISE_DRIFT: f64 = 0.25;
/// How quickly the place of the trunk in the box is learnt: share of a new one.
const PLACE_PACE: f64 = 0.1;

/// Where somebody is heading: a slower filter than [`Motion`], of the trunk where keypoints show it. The box of somebody who
/// walks breathes with arms and legs, and what covers part of it moves its centre; the trunk goes straight on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cruise {
    axes: [Axis; 2],
    /// Of the trunk against the centre of the box, once known.
    trunk: Option<[f64; 2]>,
}

impl Cruise {
    pub fn new(bbox: Rect) -> Self {
        let parts = parts(bbox);
        let size = parts[2].max(parts[3]);
        Self { axes: std::array::from_fn(|i| Axis::new(parts[i], CENTRE * size, FIRST_SPEED * size)), trunk: None }
    }

    pub fn predict(&mut self, dt: f64, size: f64) {
        self.axes.iter_mut().for_each(|axis| axis.predict(dt.min(LONGEST_STEP), CRUISE_DRIFT * size));
    }

    /// Takes in a box, how sure it is (0 to 1), and where the trunk is, if that is known.
    pub fn update(&mut self, bbox: Rect, score: f64, trunk: Option<[f64; 2]>, size: f64) {
        let parts = parts(bbox);
        if let Some(seen) = trunk {
            let now = [seen[0] - parts[0], seen[1] - parts[1]];
            let place = self.trunk.get_or_insert(now);
            (0..2).for_each(|i| place[i] += PLACE_PACE * score * (now[i] - place[i]));
        }
        for (i, axis) in self.axes.iter_mut().enumerate() {
            match trunk.zip(self.trunk) {
                Some((seen, place)) => axis.update(seen[i] - place[i], TRUNK * size),
                None => axis.update(parts[i], CENTRE * size * (3.0 - 2.0 * score)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> Rect {
        Rect { x, y: 50.0, width: 40.0, height: 100.0 }
    }

    #[test]
    fn a_steady_walk_is_learnt_and_goes_on_through_a_gap_whatever_the_frame_rate() {
        for fps in [10.0, 30.0, 120.0] {
            let mut motion = Motion::new(at(0.0));
            let frames = (2.0 * fps) as usize;
            for i in 1..=frames {
                motion.predict(1.0 / fps);
                motion.update(at((60.0 * i as f64 / fps) as f32), 1.0); // 60 pixels per second
            }
            let [vx, vy] = motion.velocity();
            assert!((vx - 60.0).abs() < 2.0 && vy.abs() < 1e-6, "{fps}: {vx} {vy}");
            motion.predict(1.0);
            assert!((motion.bbox().x - 180.0).abs() < 4.0, "{fps}: {:?}", motion.bbox());
            assert!((motion.bbox().height - 100.0).abs() < 0.5);
        }
    }

    #[test]
    fn somebody_who_goes_behind_something_does_not_slow_down() {
        let mut motion = Motion::new(at(0.0));
        for i in 1..=60 {
            motion.predict(1.0 / 30.0);
            let x = 4.0 * i as f32;
            // A wall from 210 on.
            motion.update(Rect { width: (210.0 - x).min(40.0), ..at(x) }, if i > 47 { 0.4 } else { 0.9 });
            if i == 51 {
                break;
            }
        }
        assert!(motion.velocity()[0] > 90.0, "{:?}", motion.velocity());
        assert!(motion.bbox().width > 30.0, "{:?}", motion.bbox());
    }

    #[test]
    fn a_shrinking_box_does_not_vanish() {
        let mut motion = Motion::new(at(0.0));
        for i in 1..8 {
            motion.predict(0.03);
            motion.update(Rect { width: 40.0 - 5.0 * i as f32, ..at(0.0) }, 1.0);
        }
        motion.predict(1.0);
        motion.predict(1e9);
        assert!(motion.bbox().is_valid() && motion.bbox().width >= 1.0, "{:?}", motion.bbox());
    }

    #[test]
    fn no_step_changes_nothing_and_the_unsure_count_less() {
        let mut motion = Motion::new(at(10.0));
        let before = motion.clone();
        motion.predict(0.0);
        assert_eq!(motion, before);
        let mut unsure = motion.clone();
        motion.predict(0.03);
        unsure.predict(0.03);
        motion.update(at(20.0), 1.0);
        unsure.update(at(20.0), 0.1);
        assert!(motion.bbox().x > unsure.bbox().x + 0.5);
    }
}
