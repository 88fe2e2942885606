//! What ONNX Runtime logs, passed on to whoever asked for it instead of being printed into the host's console.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

/// Urgency of a log message, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Something asked for did not happen.
    Error,
    /// It happened otherwise than one might think.
    Warning,
    /// What happens now and then.
    Info,
    /// What happens all the time.
    Debug,
}

/// Takes messages, on any thread. It must not open sessions or add and remove sinks.
pub type LogSink = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// For [`remove_log_sink`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSinkId(u64);

#[derive(Default)]
struct Sinks {
    all: Vec<(LogSinkId, Arc<LogSink>)>,
    last: u64,
}

static SINKS: RwLock<Sinks> = RwLock::new(Sinks { all: Vec::new(), last: 0 });

/// Adds a sink. Without any, messages are dropped: what matters is in the errors that calls return.
pub fn add_log_sink(sink: LogSink) -> LogSinkId {
    let mut sinks = SINKS.write().unwrap_or_else(PoisonError::into_inner);
    sinks.last += 1;
    let id = LogSinkId(sinks.last);
    sinks.all.push((id, Arc::new(sink)));
    id
}

/// Removes a sink. One that another thread is in may still finish.
pub fn remove_log_sink(id: LogSinkId) {
    SINKS.write().unwrap_or_else(PoisonError::into_inner).all.retain(|(known, _)| *known != id);
}

/// The function ONNX Runtime calls. Nothing may unwind into it.
pub(super) fn logger() -> ort::logging::LoggerFunction {
    Arc::new(|level, _category: &str, _id: &str, _place: &str, message: &str| pass(from_ort(level), message))
}

fn pass(level: LogLevel, message: &str) {
    let sinks: Vec<_> = SINKS.read().unwrap_or_else(PoisonError::into_inner).all.iter().map(|s| s.1.clone()).collect();
    for sink in sinks {
        let _ = catch_unwind(AssertUnwindSafe(|| sink(level, message)));
    }
}

fn from_ort(level: ort::logging::LogLevel) -> LogLevel {
    match level {
        ort::logging::LogLevel::Fatal | ort::logging::LogLevel::Error => LogLevel::Error,
        ort::logging::LogLevel::Warning => LogLevel::Warning,
        ort::logging::LogLevel::Info => LogLevel::Info,
        ort::logging::LogLevel::Verbose => LogLevel::Debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn every_sink_hears_it_even_beside_one_that_panics() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let panicking = add_log_sink(Box::new(|_, _| panic!("caught")));
        let sink = Arc::clone(&heard);
        let id = add_log_sink(Box::new(move |level, text| sink.lock().unwrap().push((level, text.to_owned()))));
        pass(LogLevel::Warning, "one");
        remove_log_sink(id);
        remove_log_sink(panicking);
        pass(LogLevel::Warning, "two");
        assert_eq!(*heard.lock().unwrap(), [(LogLevel::Warning, "one".to_owned())]);
    }
}
