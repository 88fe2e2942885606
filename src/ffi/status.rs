//! Statuses, and the message of the last failure on each thread.

use crate::error::{Error, ErrorKind};
use std::cell::RefCell;
use std::ffi::{CString, c_char};

/// What a call answers: 0 done, above 0 not done but no fault, below 0 a fault that `sapiens_last_error` explains.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensStatus {
    /// Done.
    Ok = 0,
    /// The time given is over and nothing has changed; call again.
    Timeout = 1,
    /// What was asked for is not in this result: the task did not run, or saw no such person.
    Absent = 2,
    /// An argument is out of its range; the message names it and what would be right.
    InvalidArgument = -1,
    /// The handle is not one of this kind that is alive: destroyed, released too often, or never made by this library.
    InvalidHandle = -2,
    /// A struct of another version of the header: `struct_size` or `abi_version` do not fit this library.
    AbiMismatch = -3,
    /// A file does not exist.
    NotFound = -4,
    /// Reading or writing a file failed.
    Io = -5,
    /// The bytes of a model contradict themselves, or the file changed while it was in use.
    CorruptModel = -6,
    /// The file is sound, but no model this library knows.
    UnknownModel = -7,
    /// The image is empty or too large.
    Image = -8,
    /// ONNX Runtime is missing, too old or damaged.
    Library = -9,
    /// No device of the list can be used.
    Device = -10,
    /// ONNX Runtime failed.
    Runtime = -11,
    /// A valid wish that this model or this version cannot fulfil.
    Unsupported = -12,
    /// Stopped by the host: a progress callback, `sapiens_context_cancel_loads`, `sapiens_stream_cancel`.
    Cancelled = -13,
    /// The stream or context is being destroyed or has been shut down.
    ShutDown = -14,
    /// Not from here: the call would wait for the callback it comes from.
    WrongThread = -15,
    /// A fault of the library itself. It was contained; please report the message.
    Internal = -16,
}

impl SapiensStatus {
    pub(super) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::InvalidArgument,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Io => Self::Io,
            ErrorKind::CorruptModel => Self::CorruptModel,
            ErrorKind::UnknownModel => Self::UnknownModel,
            ErrorKind::Image => Self::Image,
            ErrorKind::Library => Self::Library,
            ErrorKind::Device => Self::Device,
            ErrorKind::Runtime => Self::Runtime,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::Cancelled => Self::Cancelled,
            ErrorKind::ShutDown => Self::ShutDown,
            ErrorKind::WrongThread => Self::WrongThread,
            ErrorKind::Internal => Self::Internal,
        }
    }

    fn name(self) -> &'static std::ffi::CStr {
        match self {
            Self::Ok => c"ok",
            Self::Timeout => c"timeout",
            Self::Absent => c"absent",
            Self::InvalidArgument => c"invalid argument",
            Self::InvalidHandle => c"invalid handle",
            Self::AbiMismatch => c"ABI mismatch",
            Self::NotFound => c"not found",
            Self::Io => c"input/output error",
            Self::CorruptModel => c"corrupt model",
            Self::UnknownModel => c"unknown model",
            Self::Image => c"unusable image",
            Self::Library => c"ONNX Runtime missing or unusable",
            Self::Device => c"device not usable",
            Self::Runtime => c"ONNX Runtime failed",
            Self::Unsupported => c"unsupported",
            Self::Cancelled => c"cancelled",
            Self::ShutDown => c"shut down",
            Self::WrongThread => c"wrong thread",
            Self::Internal => c"internal fault",
        }
    }

    const ALL: [Self; 19] = [
        Self::Ok,
        Self::Timeout,
        Self::Absent,
        Self::InvalidArgument,
        Self::InvalidHandle,
        Self::AbiMismatch,
        Self::NotFound,
        Self::Io,
        Self::CorruptModel,
        Self::UnknownModel,
        Self::Image,
        Self::Library,
        Self::Device,
        Self::Runtime,
        Self::Unsupported,
        Self::Cancelled,
        Self::ShutDown,
        Self::WrongThread,
        Self::Internal,
    ];
}

/// Why a call did not end with OK.
pub(super) struct Failure {
    pub status: SapiensStatus,
    /// Empty for what is no fault.
    pub message: String,
}

impl Failure {
    pub fn new(status: SapiensStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(SapiensStatus::InvalidArgument, message)
    }

    pub const TIMEOUT: Self = Self { status: SapiensStatus::Timeout, message: String::new() };
    pub const ABSENT: Self = Self { status: SapiensStatus::Absent, message: String::new() };
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(SapiensStatus::of(error.kind()), error.to_string())
    }
}

/// Text for C: a zero byte inside would cut it, so it becomes a space.
pub(super) fn c_text(text: impl Into<String>) -> CString {
    let text = text.into().replace('\0', " ");
    CString::new(text).unwrap_or_default()
}

thread_local! {
    static LAST: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// Keeps the message of a fault for this thread. No-op while the thread ends.
pub(super) fn keep(message: String) {
    let _ = LAST.try_with(|last| last.replace(Some(c_text(message))));
}

/// Explains the last fault (a status below 0) of a call on this thread, in English: which argument or file, what was
/// wrong, what would be right.
///
/// Never null; empty if no call has failed. Valid until the next call on this thread fails, or the thread ends. Calls that
/// do not fail leave it alone.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_last_error() -> *const c_char {
    let kept = LAST.try_with(|last| last.borrow().as_ref().map(|text| text.as_ptr()));
    kept.ok().flatten().unwrap_or(c"".as_ptr())
}

/// A status in words, such as "corrupt model"; "unknown status" for any other number. Never null, valid for ever, any thread.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_status_name(status: i32) -> *const c_char {
    SapiensStatus::ALL.iter().find(|s| **s as i32 == status).map_or(c"unknown status", |s| s.name()).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_name_of_its_own() {
        let mut names: Vec<_> = SapiensStatus::ALL.iter().map(|s| s.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), SapiensStatus::ALL.len());
    }

    #[test]
    fn messages_stay_until_the_next_fault_of_the_thread() {
        keep("a\0b".into());
        std::thread::spawn(|| keep("other".into())).join().unwrap();
        // SAFETY: never null, and nothing fails on this thread in between.
        let text = unsafe { std::ffi::CStr::from_ptr(sapiens_last_error()) };
        assert_eq!(text, c"a b");
    }
}
