//! Log messages on their way to the host.

use super::gate::Gate;
use crate::error::Result;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use crate::runtime::LogLevel;

/// Takes messages; called from any thread if immediate.
pub type LogSink = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// What is logged, and to whom.
pub struct Log {
    /// The least urgent messages that are given.
    pub level: LogLevel,
    /// Whether `callback` runs at once on whatever thread has something to say, or inside `process_events`.
    pub is_immediate: bool,
    /// Gets the messages.
    pub callback: LogSink,
}

/// Messages kept until the next `process_events`.
const MAX_WAITING: usize = 1024;

#[derive(Default)]
struct Waiting {
    messages: VecDeque<(LogLevel, String)>,
    lost: usize,
}

/// The log of a context.
pub(super) struct Hub {
    /// `None`: nobody wants to know.
    level: Option<LogLevel>,
    is_immediate: bool,
    sink: RwLock<Option<Arc<LogSink>>>,
    gate: Gate,
    waiting: Mutex<Waiting>,
    /// Held while messages are delivered, so that two threads do not mix them up.
    turn: Mutex<()>,
}

impl Hub {
    pub fn new(log: Option<Log>) -> Self {
        Self {
            level: log.as_ref().map(|log| log.level),
            is_immediate: log.as_ref().is_some_and(|log| log.is_immediate),
            sink: RwLock::new(log.map(|log| Arc::new(log.callback))),
            gate: Gate::default(),
            waiting: Mutex::default(),
            turn: Mutex::new(()),
        }
    }

    /// Whether anybody wants to know.
    pub fn wants(&self, level: LogLevel) -> bool {
        self.level.is_some_and(|least| level <= least)
    }

    /// Inside the gate, so that the host's data is not used, nor dropped here, once it is closed.
    fn call(&self, level: LogLevel, message: &str) {
        self.gate.call(|| {
            let sink = self.sink.read().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(sink) = sink {
                sink(level, message);
            }
        });
    }

    /// Notes a message.
    pub fn say(&self, level: LogLevel, message: impl FnOnce() -> String) {
        if !self.wants(level) {
            return;
        }
        if self.is_immediate {
            return self.call(level, &message());
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.messages.len() == MAX_WAITING {
            waiting.messages.pop_front();
            waiting.lost += 1;
        }
        waiting.messages.push_back((level, message()));
    }

    /// Gives what waits to the host, as far as it was there at the beginning.
    pub fn deliver(&self) {
        if self.is_immediate {
            return;
        }
        let Ok(_turn) = self.turn.try_lock() else { return };
        let Waiting { messages, lost } =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if lost > 0 {
            let message = format!("{lost} older messages were lost: process_events is called too rarely");
            self.call(LogLevel::Warning, &message);
        }
        for (level, message) in messages {
            self.call(level, &message);
        }
    }

    /// Ends it: the callback never runs again, and is dropped.
    ///
    /// # Errors
    /// Those of [`Gate::close`].
    pub fn close(&self) -> Result<()> {
        self.gate.close()?;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).messages.clear();
        let sink = self.sink.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(sink);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collecting(is_immediate: bool) -> (Hub, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let callback: LogSink = Box::new(move |_, text| sink.lock().unwrap().push(text.to_owned()));
        (Hub::new(Some(Log { level: LogLevel::Info, is_immediate, callback })), seen)
    }

    #[test]
    fn messages_wait_for_events_and_the_oldest_go_first() {
        let (hub, seen) = collecting(false);
        hub.say(LogLevel::Debug, || unreachable!("nobody wants it"));
        (0..MAX_WAITING + 2).for_each(|i| hub.say(LogLevel::Info, || i.to_string()));
        assert!(seen.lock().unwrap().is_empty());
        hub.deliver();
        let seen = seen.lock().unwrap();
        assert!(seen[0].starts_with("2 older messages were lost"), "{}", seen[0]);
        assert_eq!((seen.len(), seen[1].as_str()), (MAX_WAITING + 1, "2"));
    }

    #[test]
    fn immediate_messages_do_not_wait_and_a_closed_log_is_silent() {
        let (hub, seen) = collecting(true);
        hub.say(LogLevel::Error, || "now".into());
        hub.close().unwrap();
        hub.say(LogLevel::Error, || "never".into());
        assert_eq!(*seen.lock().unwrap(), ["now"]);
    }
}
