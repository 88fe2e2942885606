//! The One-Euro filter of a point in the plane (Casiez, Roussel and Vogel, CHI 2012, <https://gery.casiez.net/1euro/>).

/// How calm and how quick the filter of a keypoint is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneEuro {
    /// Cutoff of a point at rest, in Hz; lower is calmer.
    pub min_cutoff_hz: f32,
    /// Hz added per person height per second of speed; higher follows quicker.
    pub beta: f32,
    /// Cutoff of the speed itself, in Hz.
    pub speed_cutoff_hz: f32,
}

/// The state of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub at: [f64; 2],
    /// Pixels per second, smoothed.
    speed: [f64; 2],
    last: [f64; 2],
}

impl Point {
    pub fn new(at: [f64; 2]) -> Self {
        Self { at, speed: [0.0; 2], last: at }
    }

    /// Takes in a position `dt` seconds (above 0) later. `size` is the height of the person in pixels. Both coordinates
    /// follow with the cutoff of the speed along the path, so that the filter has no favourite direction.
    pub fn filter(&mut self, to: [f64; 2], dt: f64, size: f64, settings: &OneEuro) -> [f64; 2] {
        let share = smoothing(settings.speed_cutoff_hz.into(), dt);
        for i in 0..2 {
            self.speed[i] += share * ((to[i] - self.last[i]) / dt - self.speed[i]);
        }
        let speed = self.speed[0].hypot(self.speed[1]) / size;
        let share = smoothing(f64::from(settings.min_cutoff_hz) + f64::from(settings.beta) * speed, dt);
        for i in 0..2 {
            self.at[i] += share * (to[i] - self.at[i]);
        }
        self.last = to;
        self.at
    }
}

/// Share of the new value in exponential smoothing with that cutoff: `1 / (1 + tau / dt)`, `tau = 1 / (2 pi cutoff)`.
fn smoothing(cutoff_hz: f64, dt: f64) -> f64 {
    let tau = 1.0 / (std::f64::consts::TAU * cutoff_hz);
    1.0 / (1.0 + tau / dt)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: OneEuro = OneEuro { min_cutoff_hz: 1.0, beta: 2.0, speed_cutoff_hz: 1.0 };

    #[test]
    fn the_first_steps_by_hand() {
        // dt 0.1 s: share of the speed 1 / (1 + (1 / 2 pi) / 0.1) = 0.385870; speed 10 / 0.1 * that = 38.5870 px/s,
        // 0.385870 heights/s; cutoff 1.771740 Hz, share 0.526795.
        let mut point = Point::new([0.0, 0.0]);
        let [x, y] = point.filter([10.0, 0.0], 0.1, 100.0, &SETTINGS);
        assert!((x - 5.26795).abs() < 1e-4 && y == 0.0, "{x}");
    }

    #[test]
    fn twice_the_size_gives_twice_the_picture() {
        let path = |i: i32| [f64::from(i * i), f64::from(i) * 0.3];
        let run = |scale: f64| {
            let mut point = Point::new([0.0, 0.0]);
            (1..9).map(|i| point.filter(path(i).map(|v| v * scale), 0.03, 100.0 * scale, &SETTINGS)).collect::<Vec<_>>()
        };
        for (small, large) in run(1.0).iter().zip(run(2.0)) {
            assert!((small[0] * 2.0 - large[0]).abs() < 1e-9 && (small[1] * 2.0 - large[1]).abs() < 1e-9);
        }
    }
}
