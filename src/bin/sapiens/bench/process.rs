//! What this process has used so far.

/// Highest resident memory in MiB; `None` where the system does not tell.
pub fn peak_memory_mb() -> Option<f64> {
    status_mb("VmHWM:")
}

/// Resident memory that no file backs, in MiB: what a mapped weight file does not count towards.
pub fn anonymous_memory_mb() -> Option<f64> {
    status_mb("RssAnon:")
}

fn status_mb(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(field))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// Processor time of all threads in milliseconds; `None` where the system does not tell.
#[cfg(unix)]
pub fn processor_ms() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6)
}

/// Processor time of all threads in milliseconds; `None` where the system does not tell.
#[cfg(not(unix))]
pub fn processor_ms() -> Option<f64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_that_are_used_show() {
        let (before, memory) = (processor_ms().unwrap(), anonymous_memory_mb().unwrap());
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(anonymous_memory_mb().unwrap() > memory + 48.0);
        while processor_ms().unwrap() < before + 20.0 {
            std::hint::black_box(block.iter().map(|&v| u64::from(v)).sum::<u64>());
        }
        assert!(peak_memory_mb().unwrap() >= anonymous_memory_mb().unwrap());
    }
}
