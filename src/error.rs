//! The one error type of the library: a kind for programs, a sentence for people.

use std::fmt;
use std::path::{Path, PathBuf};

/// Result of every fallible call in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the terms a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or option is out of its range; the message names it and the range.
    InvalidArgument,
    /// A file, folder, library or device does not exist.
    NotFound,
    /// Reading or writing failed (permission, disk full, interrupted).
    Io,
    /// The bytes of a model file contradict themselves (truncated, overlapping tensors, ...).
    CorruptModel,
    /// The file is sound but is not a model this library knows.
    UnknownModel,
    /// An image could not be decoded, or its size is outside the supported range.
    Image,
    /// ONNX Runtime is missing, too old, or refused to load.
    Library,
    /// The requested device or execution provider cannot be used.
    Device,
    /// ONNX Runtime failed while loading a graph or running it.
    Runtime,
    /// The request is valid but this model or build cannot do it.
    Unsupported,
    /// The caller cancelled the operation.
    Cancelled,
    /// What was called is being destroyed or has been shut down.
    ShutDown,
    /// The call would wait for the thread or callback it comes from.
    WrongThread,
    /// A fault of the library itself, contained.
    Internal,
}

/// An error: kind, message, the path concerned (printed last) and the underlying cause.
#[derive(thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A new error. The message says what was wrong and what would be right.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, source: None }
    }

    /// Shorthand for [`ErrorKind::InvalidArgument`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// Wraps an I/O error met while doing `action` ("read", "create", ...) on `path`.
    pub fn io(action: &str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Self::new(kind, format!("cannot {action}: {source}")).at(path).caused_by(source)
    }

    /// A panic that was caught: a fault of this library.
    pub(crate) fn of_panic(panic: &(dyn std::any::Any + Send)) -> Self {
        let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let words = words.unwrap_or("no message");
        Self::new(ErrorKind::Internal, format!("a fault inside libsapiens: {words}"))
    }

    /// Names the file concerned, unless an inner layer already did.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.path.get_or_insert_with(|| path.as_ref().to_path_buf());
        self
    }

    /// Keeps the underlying error for `source()`.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What a program should branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The file concerned, if any.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.path {
            Some(path) => write!(f, " ({})", path.display()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_last_and_the_innermost_wins() {
        let error = Error::new(ErrorKind::CorruptModel, "header is cut short").at("inner.bin").at("outer.bin");
        assert_eq!(error.to_string(), "header is cut short (inner.bin)");
        assert_eq!(error.kind(), ErrorKind::CorruptModel);
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(Error::io("read", "x", source).kind(), ErrorKind::NotFound);
    }
}
