//! Who may wait for whom: callbacks that must end before something is freed, and threads that must not wait for themselves.

use crate::error::{Error, ErrorKind, Result};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
    static IS_IN_EVENTS: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as a worker of a stream for the rest of its life.
pub(super) fn become_worker() {
    IS_WORKER.set(true);
}

/// Refuses what would wait for a worker on a worker: in a callback for immediate delivery. Not only its own: two that wait
/// for each other would never end.
pub(super) fn refuse_on_worker(what: &str) -> Result<()> {
    if !IS_WORKER.get() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::WrongThread,
        format!("{what} waits for a thread of the library, so it cannot be called on one, from an immediate callback"),
    ))
}

/// Runs the delivery of events, once at a time per thread.
pub(super) fn deliver(body: impl FnOnce()) -> Result<()> {
    struct Inside;
    impl Drop for Inside {
        fn drop(&mut self) {
            IS_IN_EVENTS.set(false);
        }
    }
    if IS_IN_EVENTS.replace(true) {
        return Err(Error::new(ErrorKind::WrongThread, "process_events was called from a callback that it is running"));
    }
    let _inside = Inside;
    body();
    Ok(())
}

/// Threads that wait in [`Gate::close`], of all gates, and for which threads.
static WAITS: Mutex<Vec<(ThreadId, Vec<ThreadId>)>> = Mutex::new(Vec::new());

/// A thread waits for callbacks of others as long as this lives.
struct Wait(ThreadId);

impl Wait {
    /// Refuses what would wait for itself: two callbacks on two threads that each end what the other belongs to.
    fn begin(waiter: ThreadId, others: Vec<ThreadId>) -> Result<Self> {
        let mut waits = WAITS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reached = others.clone();
        let mut at = 0;
        while let Some(thread) = reached.get(at).copied() {
            if thread == waiter {
                return Err(Error::new(
                    ErrorKind::WrongThread,
                    "this would wait for a callback that itself waits for the callback this is called from; call it \
                     again when they have ended",
                ));
            }
            let further = waits.iter().find(|(waiting, _)| *waiting == thread).map(|(_, others)| others);
            let new: Vec<_> = further.into_iter().flatten().filter(|t| !reached.contains(t)).copied().collect();
            reached.extend(new);
            at += 1;
        }
        waits.push((waiter, others));
        Ok(Self(waiter))
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        WAITS.lock().unwrap_or_else(PoisonError::into_inner).retain(|(waiter, _)| *waiter != self.0);
    }
}

#[derive(Default)]
struct State {
    is_closed: bool,
    inside: Vec<ThreadId>,
}

/// Callbacks of the host run inside; once closed, none runs any more.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    left: Condvar,
}

impl Gate {
    /// Calls the host, unless closed. A panic of the callback stays here.
    pub fn call(&self, callback: impl FnOnce()) {
        let thread = thread::current().id();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.is_closed {
                return;
            }
            state.inside.push(thread);
        }
        // A callback of the host that unwinds has no one to tell; the frame it was told about is complete.
        let _ = catch_unwind(AssertUnwindSafe(callback));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = state.inside.iter().rposition(|t| *t == thread) {
            state.inside.remove(at);
        }
        drop(state);
        self.left.notify_all();
    }

    /// Lets no callback begin any more, and waits for those of other threads to end.
    ///
    /// # Errors
    /// `WrongThread` where one of them waits for this thread; then it may still run.
    pub fn close(&self) -> Result<()> {
        let thread = thread::current().id();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_closed = true;
        loop {
            let others: Vec<_> = state.inside.iter().copied().filter(|t| *t != thread).collect();
            if others.is_empty() {
                return Ok(());
            }
            let _wait = Wait::begin(thread, others)?;
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn closing_waits_for_the_callback_of_another_thread() {
        let gate = Gate::default();
        let ((started, has_started), (go, may_go)) = (channel(), channel::<()>());
        thread::scope(|scope| {
            let gate = &gate;
            scope.spawn(move || {
                gate.call(|| {
                    started.send(()).unwrap();
                    may_go.recv().unwrap();
                });
            });
            has_started.recv().unwrap();
            let closing = scope.spawn(|| gate.close().unwrap());
            while !gate.state.lock().unwrap().is_closed {
                thread::yield_now();
            }
            assert!(!closing.is_finished());
            go.send(()).unwrap();
            closing.join().unwrap();
        });
        gate.call(|| panic!("a closed gate lets nobody in"));
    }

    #[test]
    fn a_callback_may_close_its_own_gate_and_may_panic() {
        let gate = Gate::default();
        gate.call(|| panic!("caught"));
        let mut has_run = false;
        gate.call(|| {
            gate.close().unwrap();
            has_run = true;
        });
        assert!(has_run);
    }

    #[test]
    fn events_do_not_nest() {
        let mut nested = None;
        deliver(|| nested = Some(deliver(|| {}))).unwrap();
        assert_eq!(nested.unwrap().unwrap_err().kind(), ErrorKind::WrongThread);
        deliver(|| {}).unwrap();
    }
}
