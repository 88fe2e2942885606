//! What a process takes of this machine, where the system tells (Linux).

/// Memory of this process that is in RAM now, in MB.
pub fn resident_mb() -> Option<f64> {
    status("VmRSS:").map(|kb| kb / 1024.0)
}

/// The most that it was so far, in MB.
pub fn peak_mb() -> Option<f64> {
    status("VmHWM:").map(|kb| kb / 1024.0)
}

/// Threads of this process.
pub fn threads() -> Option<usize> {
    status("Threads:").map(|count| count as usize)
}

/// Files, sockets and pipes that it has open.
pub fn handles() -> Option<usize> {
    std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

fn status(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
