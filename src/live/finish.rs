//! The last part of a frame: its maps are decoded and steadied, what did not run is carried over, and the result goes out.

use super::cadence::Cadence;
use super::calm::{Calm, MapFilterOptions};
use super::keep::Kept;
use super::result::LiveResult;
use super::stream::Core;
use crate::engine::Begun;
use crate::error::{Error, Result};
use crate::runtime::LogLevel;
use crate::spec::Task;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// A frame whose people are known.
pub(super) struct Told {
    pub result: LiveResult,
    pub since: Instant,
    /// Whether nothing of older frames stands any more: the picture has another size or orientation.
    pub is_new: bool,
    /// Counts how often the filters of maps had to forget.
    pub forgets: u64,
    /// `None` after a fault.
    pub work: Option<Work>,
}

/// What is left to do.
pub(super) struct Work {
    pub begun: Begun,
    pub newest: Kept,
    /// Tasks of the stream that did not run on this frame.
    pub others: Vec<Task>,
    /// What the frame was asked about, if not about everything.
    pub wanted: Option<Vec<Task>>,
    pub filters: MapFilterOptions,
}

/// What it knows of older frames.
#[derive(Default)]
pub(super) struct Memory {
    kept: Kept,
    calm: Calm,
    forgets: u64,
}

/// Gives the result of a frame to whoever waits for it.
pub(super) fn finish(core: &Arc<Core>, memory: &mut Memory, told: Told) {
    let result = complete(core, memory, told);
    if let Err(error) = &result.outcome {
        core.log(LogLevel::Error, || format!("frame {} failed: {error}", result.frame));
    } else {
        core.log(LogLevel::Debug, || format!("frame {}: {:.1} ms", result.frame, result.total_ms));
    }
    if let Some(result) = core.queue.finish(result) {
        core.call_back(Arc::clone(&result));
        core.queue.rest(&result);
    }
}

fn complete(core: &Core, memory: &mut Memory, told: Told) -> LiveResult {
    let Told { mut result, since, is_new, forgets, work } = told;
    if is_new {
        memory.kept = Kept::default();
    }
    if memory.forgets != forgets {
        (memory.calm, memory.forgets) = (Calm::default(), forgets);
    }
    if let Some(work) = work {
        // What a panic leaves behind is only the memory of older frames, which are complete, and the filters, which forget.
        let outcome = catch_unwind(AssertUnwindSafe(|| fill(core, memory, work, &mut result)));
        result.outcome = outcome.unwrap_or_else(|panic| {
            core.forget_people();
            core.learn(Cadence::forget);
            memory.calm = Calm::default();
            Err(Error::of_panic(panic.as_ref()))
        });
    }
    if result.outcome.is_err() {
        (result.people, result.scene, result.filtered_scene, result.tasks) = Default::default();
        result.picture = None;
    }
    result.total_ms = since.elapsed().as_secs_f64() * 1e3;
    result
}

fn fill(core: &Core, memory: &mut Memory, work: Work, result: &mut LiveResult) -> Result<()> {
    let Work { begun, mut newest, others, wanted, filters } = work;
    let mut found = begun.finish().inspect_err(|_| core.learn(Cadence::forget))?;
    result.timings.append(&mut found.timings);
    newest.attach(found, result.frame, result.timestamp_ns);
    memory.calm.steady(&filters, &mut newest);
    if !newest.people.is_empty() {
        newest.fill(&memory.kept, &others);
    }
    memory.kept = newest.clone();
    if let Some(wanted) = &wanted {
        newest = newest.only(wanted);
    }
    (result.people, result.scene, result.filtered_scene) = (newest.people, newest.scene, newest.filtered_scene);
    Ok(())
}
