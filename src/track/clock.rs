//! Steps between frames, from timestamps that are somebody else's.

use std::time::Duration;

/// A clock that only runs forward.
///
/// Where a timestamp is that of the frame before, or an earlier one (a host without timestamps, a clip that starts
/// again), the step counts as the nominal one, and the clock goes on from the new timestamp.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    nominal_ns: i64,
    last_timestamp_ns: Option<i64>,
    now_ns: i64,
}

/// What a timestamp means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// Since the frame before, more than 0 but for the first frame.
    pub step_ns: i64,
    /// Whether the nominal step was taken instead.
    pub is_repaired: bool,
}

impl Clock {
    pub fn new(nominal: Duration) -> Self {
        Self { nominal_ns: nanoseconds(nominal).max(1), last_timestamp_ns: None, now_ns: 0 }
    }

    /// The step to a frame, which is not taken.
    pub fn look(&self, timestamp_ns: i64) -> Step {
        let Some(last) = self.last_timestamp_ns else { return Step { step_ns: 0, is_repaired: false } };
        match timestamp_ns.checked_sub(last) {
            Some(step_ns) if step_ns > 0 => Step { step_ns, is_repaired: false },
            _ => Step { step_ns: self.nominal_ns, is_repaired: true },
        }
    }

    /// Goes on to a frame.
    pub fn advance(&mut self, timestamp_ns: i64) -> Step {
        let step = self.look(timestamp_ns);
        self.last_timestamp_ns = Some(timestamp_ns);
        self.now_ns = self.now_ns.saturating_add(step.step_ns);
        step
    }

    /// Nanoseconds since the first frame.
    pub fn now_ns(&self) -> i64 {
        self.now_ns
    }

    pub fn set_nominal(&mut self, nominal: Duration) {
        self.nominal_ns = nanoseconds(nominal).max(1);
    }
}

pub(super) fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

pub(super) fn seconds(ns: i64) -> f64 {
    ns as f64 * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_stands_still_or_runs_backwards_counts_as_the_nominal_step() {
        let mut clock = Clock::new(Duration::from_nanos(10));
        let mut go = |timestamp| {
            let Step { step_ns, is_repaired } = clock.advance(timestamp);
            (step_ns, is_repaired, clock.now_ns())
        };
        assert_eq!(go(500), (0, false, 0));
        assert_eq!(go(530), (30, false, 30));
        assert_eq!(go(530), (10, true, 40));
        assert_eq!(go(-7), (10, true, 50));
        assert_eq!(go(0), (7, false, 57));
        assert_eq!(go(i64::MIN), (10, true, 67));
        assert_eq!(go(i64::MAX), (10, true, 77), "a step too long to count");
        clock.set_nominal(Duration::MAX);
        assert_eq!(clock.look(0), Step { step_ns: i64::MAX, is_repaired: true });
    }
}
