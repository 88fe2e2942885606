//! Ctrl-C and termination: the work stops at the next safe point and takes its unfinished files with it.

use sapiens::{Error, ErrorKind, Result};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What shells report for a program ended by Ctrl-C: 128 + SIGINT.
const EXIT_CODE: u8 = 130;

/// From here on SIGINT, SIGTERM and SIGHUP only raise a flag; a second one ends the program at once.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_CODE.into());
        }
    })
    .map_err(|e| Error::new(ErrorKind::Io, format!("cannot listen for Ctrl-C: {e}")).caused_by(e))
}

/// Fails once the user wants to stop.
pub fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) { Err(Error::new(ErrorKind::Cancelled, "interrupted")) } else { Ok(()) }
}

/// The exit status for an error.
pub fn exit_code(error: &Error) -> ExitCode {
    if error.kind() == ErrorKind::Cancelled { ExitCode::from(EXIT_CODE) } else { ExitCode::FAILURE }
}
