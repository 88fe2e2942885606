//! Lines on standard output and standard error. `println!` panics when the reader has gone (`sapiens ... | head`) or the
//! disk behind a redirection is full; here the first ends nothing, and the second is an error at the end.

use sapiens::{Error, Result};
use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::Mutex;

/// The first failure of standard output.
static FAILED: Mutex<Option<std::io::Error>> = Mutex::new(None);

/// Writes a line to standard output.
pub fn write_out(line: Arguments) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush())
        && let Ok(mut failed) = FAILED.lock()
    {
        failed.get_or_insert(error);
    }
}

/// Writes a line to standard error; there is nowhere left to say that this failed.
pub fn write_err(line: Arguments) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether all of standard output arrived. A reader that stopped reading has what it wanted.
pub fn finish() -> Result<()> {
    match FAILED.lock().ok().and_then(|mut failed| failed.take()) {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::io("write", "standard output", error)),
        _ => Ok(()),
    }
}

/// A line on standard output.
macro_rules! say {
    ($($arg:tt)*) => { $crate::console::write_out(format_args!($($arg)*)) };
}

/// A line on standard error.
macro_rules! note {
    ($($arg:tt)*) => { $crate::console::write_err(format_args!($($arg)*)) };
}

pub(crate) use {note, say};
