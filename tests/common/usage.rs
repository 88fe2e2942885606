//! What a process has in use, and whether that grows.

/// What many equal pieces of work may add, in MB: what allocators and pages make of them. A picture kept per frame would be
/// 40 kB, a person's keypoints 4 kB.
const MOST_GROWTH_MB: f64 = 6.0;

#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub memory_mb: f64,
    threads: usize,
    handles: usize,
}

impl Usage {
    /// `None` where the system does not tell.
    pub fn now() -> Option<Self> {
        use testkit::process::{handles, resident_mb, threads};
        Some(Self { memory_mb: resident_mb()?, threads: threads()?, handles: handles()? })
    }

    /// Fails if more is in use than before.
    pub fn check(self, before: Self) -> Result<(), String> {
        let grown = self.memory_mb - before.memory_mb;
        if grown > MOST_GROWTH_MB {
            return Err(format!("{grown:.1} MB more memory than after the warm-up: {before:?}, {self:?}"));
        }
        if self.threads > before.threads || self.handles > before.handles {
            return Err(format!("threads or handles pile up: {before:?}, {self:?}"));
        }
        Ok(())
    }
}

/// Frames of a soak: `SAPIENS_SOAK_FRAMES`, otherwise `usual`.
pub fn frames(usual: usize) -> usize {
    let set = std::env::var("SAPIENS_SOAK_FRAMES").ok();
    set.map_or(usual, |n| n.parse().expect("SAPIENS_SOAK_FRAMES is a number"))
}
