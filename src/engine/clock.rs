//! What took how long.

use super::result::Timing;
use std::time::Instant;

pub(super) struct Clock<'a> {
    since: Instant,
    timings: &'a mut Vec<Timing>,
}

impl<'a> Clock<'a> {
    pub fn new(timings: &'a mut Vec<Timing>) -> Self {
        Self { since: Instant::now(), timings }
    }

    pub fn stop(&mut self, stage: String) {
        let now = Instant::now();
        let ms = now.duration_since(self.since).as_secs_f64() * 1e3;
        self.since = now;
        match self.timings.iter_mut().find(|t| t.stage == stage) {
            Some(known) => known.ms += ms,
            None => self.timings.push(Timing { stage, ms }),
        }
    }
}
