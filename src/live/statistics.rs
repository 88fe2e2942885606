//! Counts and times of a stream.

use super::result::LiveResult;
use crate::engine::Timing;

/// What a stream has done. Times are moving averages in milliseconds, 0 before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// Frames taken: the sum of all that follow up to `working`.
    pub submitted: u64,
    /// Frames that gave a result without a fault.
    pub completed: u64,
    /// Frames that gave a result with a fault in it.
    pub failed: u64,
    /// Frames dropped before they were worked on.
    pub dropped_frames: u64,
    /// Frames cancelled.
    pub cancelled: u64,
    /// Frames that wait.
    pub waiting: usize,
    /// Frames being worked on: 0 or 1, up to 4 where they overlap ([`Overlap`](super::Overlap)).
    pub working: usize,
    /// Results that wait to be fetched.
    pub finished: usize,
    /// Frames of those completed that the detector looked at.
    pub detector_runs: u64,
    /// People tracked in the newest of those completed, hidden ones too.
    pub tracks: usize,
    /// Results dropped because nobody fetched them.
    pub dropped_results: u64,
    /// From submit to the beginning of the work.
    pub wait_ms: f64,
    /// Pixel format to RGB, orientation.
    pub convert_ms: f64,
    /// The detector; averaged over all frames, so that it tells what detection costs at its cadence.
    pub detect_ms: f64,
    /// Models that were loaded again for a frame of this stream, because they had been evicted ([`super::ContextOptions::memory_budget`]).
    pub model_loads: u64,
    /// What that took, averaged over all frames.
    pub load_ms: f64,
    /// Image to network input.
    pub preprocess_ms: f64,
    /// ONNX Runtime.
    pub model_ms: f64,
    /// Network output to result.
    pub postprocess_ms: f64,
    /// From submit to the finished result.
    pub total_ms: f64,
}

impl Statistics {
    /// Counts a frame that gave a result.
    pub(super) fn count(&mut self, result: &LiveResult) {
        if result.outcome.is_ok() {
            self.note(result.wait_ms, result.total_ms, &result.timings);
            self.completed += 1;
            self.model_loads += result.timings.iter().filter(|t| t.stage.starts_with("load ")).count() as u64;
            self.detector_runs += u64::from(result.detector_ran);
            self.tracks = result.people.iter().filter(|person| person.track.is_some()).count();
        } else {
            self.failed += 1;
        }
    }

    /// Adds the times of a frame. What has no stage in `timings` did not run.
    fn note(&mut self, wait_ms: f64, total_ms: f64, timings: &[Timing]) {
        let sum = |kinds: &[&str]| -> f64 {
            let of_kind = |t: &&Timing| kinds.contains(&t.stage.split(' ').next().unwrap_or_default());
            timings.iter().filter(of_kind).map(|t| t.ms).sum()
        };
        for (average, ms) in [
            (&mut self.wait_ms, wait_ms),
            (&mut self.convert_ms, sum(&["convert"])),
            (&mut self.detect_ms, sum(&["detect"])),
            (&mut self.load_ms, sum(&["load"])),
            (&mut self.preprocess_ms, sum(&["preprocess"])),
            (&mut self.model_ms, sum(&["backbone", "model"])),
            (&mut self.postprocess_ms, sum(&["postprocess"])),
            (&mut self.total_ms, total_ms),
        ] {
            *average = moving(*average, ms, self.completed == 0);
        }
    }
}

/// The moving average after one more value.
pub(super) fn moving(average: f64, value: f64, is_first: bool) -> f64 {
    const WEIGHT: f64 = 0.1;
    if is_first { value } else { average + WEIGHT * (value - average) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_summed_by_kind() {
        let timing = |stage: &str, ms| Timing { stage: stage.into(), ms };
        let timings = [timing("convert", 1.0), timing("backbone pose+seg", 2.0), timing("model pose", 4.0)];
        let mut statistics = Statistics::default();
        statistics.note(0.5, 9.0, &timings);
        assert_eq!((statistics.convert_ms, statistics.model_ms, statistics.postprocess_ms), (1.0, 6.0, 0.0));
        statistics.completed = 1;
        statistics.note(0.5, 19.0, &timings);
        assert_eq!((statistics.wait_ms, statistics.total_ms), (0.5, 10.0));
    }
}
