//! Runs on request, so that another program decides when: two programs measured in turn share the noise of the machine.

use super::process;
use crate::console::say;
use sapiens::engine::FrameResult;
use sapiens::{Error, Result};
use serde_json::json;
use std::io::BufRead;
use std::process::ExitCode;

/// Says that it is ready, then runs once for every line of standard input, until that ends.
pub fn serve(load_ms: f64, once: impl Fn() -> Result<(FrameResult, f64)>) -> Result<ExitCode> {
    say!("{}", json!({"ready": true, "load_ms": load_ms, "anonymous_mb": process::anonymous_memory_mb()}));
    for line in std::io::stdin().lock().lines() {
        line.map_err(|e| Error::io("read", "standard input", e))?;
        let processor = process::processor_ms();
        let (_, ms) = once()?;
        let processor = process::processor_ms().zip(processor).map(|(end, start)| end - start);
        let memory = (process::peak_memory_mb(), process::anonymous_memory_mb());
        say!("{}", json!({"ms": ms, "processor_ms": processor, "peak_mb": memory.0, "anonymous_mb": memory.1}));
    }
    Ok(ExitCode::SUCCESS)
}
