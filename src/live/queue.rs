//! The queue of a stream: frames that wait, the one in work, results that wait. Bounded, and nothing else is.

use super::frame::Frame;
use super::result::LiveResult;
use super::statistics::Statistics;
use crate::error::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What happens when frames come faster than they are worked on, or results faster than they are fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing is dropped: who submits waits for room, and the worker waits for results to be fetched.
    #[default]
    Block,
    /// The oldest waiting frame, or the oldest unfetched result, goes.
    DropOldest,
    /// One frame waits and one result is kept, the newest.
    LatestOnly,
}

/// What became of a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// Taken; the number of the frame, from 1.
    Taken(u64),
    /// There was no room in time; nothing was taken.
    Timeout,
}

/// A frame that waits.
pub(super) struct Job {
    pub number: u64,
    pub frame: Frame,
    pub since: Instant,
    pub dropped_before: u64,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// The frames in work, in their order, and whether their results are still wanted.
    working: VecDeque<(u64, bool)>,
    finished: VecDeque<Arc<LiveResult>>,
    last_number: u64,
    dropped_since: u64,
    is_closed: bool,
    statistics: Statistics,
}

impl State {
    fn is_wanted(&self, number: u64) -> bool {
        self.working.iter().any(|&(working, is_wanted)| working == number && is_wanted)
    }

    /// A frame is not in work any more.
    fn leave(&mut self, number: u64) {
        self.working.retain(|(working, _)| *working != number);
    }
}

pub(super) struct Queue {
    depth: usize,
    policy: Policy,
    /// Whether results wait to be fetched; else they are handed over at once.
    keeps_results: bool,
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    pub fn new(depth: usize, policy: Policy, keeps_results: bool) -> Self {
        let depth = if policy == Policy::LatestOnly { 1 } else { depth };
        Self { depth, policy, keeps_results, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a frame. `on_taken` is told its number before any worker sees it. `timeout`: `None` waits for ever. Also gives
    /// the frames that had to go: to be dropped by the caller, which may call the host, so not under the lock.
    pub fn submit(
        &self,
        frame: Frame,
        timeout: Option<Duration>,
        on_taken: &dyn Fn(u64),
    ) -> Result<(Submitted, Vec<Job>)> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut dropped = Vec::new();
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return Err(closed());
            }
            if state.waiting.len() < self.depth {
                break;
            }
            if self.policy != Policy::Block {
                dropped.extend(state.waiting.pop_front());
                state.statistics.dropped_frames += 1;
                state.dropped_since += 1;
                continue;
            }
            match self.wait(state, deadline) {
                Some(woken) => state = woken,
                None => return Ok((Submitted::Timeout, dropped)),
            }
        }
        state.last_number += 1;
        state.statistics.submitted += 1;
        let number = state.last_number;
        on_taken(number);
        state.waiting.push_back(Job { number, frame, since: Instant::now(), dropped_before: 0 });
        drop(state);
        self.changed.notify_all();
        Ok((Submitted::Taken(number), dropped))
    }

    /// Waits for a change; `None` when the time is over. Without a deadline (none given, or beyond what the clock can
    /// hold) it is never over.
    fn wait<'a>(&self, state: MutexGuard<'a, State>, deadline: Option<Instant>) -> Option<MutexGuard<'a, State>> {
        match deadline {
            Some(deadline) => {
                let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
                let (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
                Some(state)
            }
            None => Some(self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// The next frame to work on; `None` when the stream ends.
    pub fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            // Frames in work are results to come.
            let results = state.finished.len() + state.working.len();
            let has_room = !self.keeps_results || self.policy != Policy::Block || results < self.depth;
            if has_room && let Some(mut job) = state.waiting.pop_front() {
                // The oldest go first: all that were dropped came before this one.
                job.dropped_before = std::mem::take(&mut state.dropped_since);
                state.working.push_back((job.number, true));
                drop(state);
                self.changed.notify_all();
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a frame in work is still wanted, asked before anything comes of it; else it is in work no longer.
    pub fn begin(&self, number: u64) -> bool {
        let mut state = self.lock();
        if state.is_wanted(number) {
            return true;
        }
        state.statistics.cancelled += 1;
        state.leave(number);
        drop(state);
        self.changed.notify_all();
        false
    }

    /// Takes the result of a frame in work. Gives it back if it is to be handed over at once, after which
    /// [`Queue::rest`] must follow.
    pub fn finish(&self, result: LiveResult) -> Option<Arc<LiveResult>> {
        let mut dropped = Vec::new();
        let mut state = self.lock();
        if !state.is_wanted(result.frame) {
            state.statistics.cancelled += 1;
            state.leave(result.frame);
            drop(state);
            self.changed.notify_all();
            return None;
        }
        let result = Arc::new(result);
        if !self.keeps_results {
            return Some(result);
        }
        state.statistics.count(&result);
        while state.finished.len() >= self.depth {
            dropped.extend(state.finished.pop_front());
            state.statistics.dropped_results += 1;
        }
        state.leave(result.frame);
        state.finished.push_back(result);
        drop(state);
        self.changed.notify_all();
        drop(dropped);
        None
    }

    /// The result has been handed over: its frame is not in work any more.
    pub fn rest(&self, result: &LiveResult) {
        let mut state = self.lock();
        state.statistics.count(result);
        state.leave(result.frame);
        drop(state);
        self.changed.notify_all();
    }

    /// Fetches the oldest result; `None` when the time is over.
    pub fn poll(&self, timeout: Option<Duration>) -> Result<Option<Arc<LiveResult>>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        loop {
            if let Some(result) = state.finished.pop_front() {
                drop(state);
                self.changed.notify_all();
                return Ok(Some(result));
            }
            if state.is_closed {
                return Err(closed());
            }
            match self.wait(state, deadline) {
                Some(woken) => state = woken,
                None => return Ok(None),
            }
        }
    }

    /// Number of results that wait.
    pub fn finished(&self) -> usize {
        self.lock().finished.len()
    }

    /// Waits until nothing waits or is in work; `false` when the time is over.
    pub fn flush(&self, timeout: Option<Duration>) -> Result<bool> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() && state.working.is_empty() {
                return Ok(true);
            }
            if state.is_closed {
                return Err(closed());
            }
            match self.wait(state, deadline) {
                Some(woken) => state = woken,
                None => return Ok(false),
            }
        }
    }

    /// Takes one frame back, or all.
    pub fn cancel(&self, number: Option<u64>) {
        let is_meant = |candidate: u64| number.is_none_or(|number| number == candidate);
        let mut state = self.lock();
        let (cancelled, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.waiting).into_iter().partition(|job| is_meant(job.number));
        state.waiting = left.into();
        state.statistics.cancelled += cancelled.len() as u64;
        state.working.iter_mut().filter(|(number, _)| is_meant(*number)).for_each(|(_, is_wanted)| *is_wanted = false);
        drop(state);
        self.changed.notify_all();
        drop(cancelled);
    }

    /// Ends everything: waiting frames and results go, waiting callers wake up.
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let (waiting, finished) = (std::mem::take(&mut state.waiting), std::mem::take(&mut state.finished));
        state.statistics.cancelled += waiting.len() as u64;
        state.statistics.dropped_results += finished.len() as u64;
        state.working.iter_mut().for_each(|(_, is_wanted)| *is_wanted = false);
        drop(state);
        self.changed.notify_all();
        drop((waiting, finished));
    }

    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    pub fn statistics(&self) -> Statistics {
        let state = self.lock();
        Statistics {
            waiting: state.waiting.len(),
            working: state.working.len(),
            finished: state.finished.len(),
            ..state.statistics
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::ShutDown, "stream: it is being destroyed or has been shut down")
}
