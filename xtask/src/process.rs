//! Running other programs, telling what went wrong, and timing.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Why a command or a step did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Something this machine lacks (a program, a driver, the network); with it, the step could have run.
    Blocked(String),
    /// Anything else.
    Failed(String),
}

impl Fault {
    /// Something is missing on this machine.
    pub fn blocked(message: impl Into<String>) -> Self {
        Self::Blocked(message.into())
    }

    /// Something is wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A file operation that failed: `doing` is a verb ("read"), `path` what it was done to.
    pub fn io<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |error| Self::failed(format!("cannot {doing} {}: {error}", path.display()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(message) | Self::Failed(message) => f.write_str(message),
        }
    }
}

/// A command as one line, for messages.
pub fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Runs with the terminal inherited; fails on a non-zero exit.
pub fn run(command: &mut Command) -> Result<(), Fault> {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(Fault::failed(format!("`{}` failed ({status})", line_of(command)))) }
}

/// Runs and returns what it wrote to standard output; on failure the message carries its standard error.
pub fn output(command: &mut Command) -> Result<String, Fault> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Fault::failed(format!("`{}` failed ({}):\n{}", line_of(command), output.status, said.trim_end())))
}

/// Runs, showing every line of standard output as it comes and handing it to `see`; true when it exited with zero.
pub fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool, Fault> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(command, &error))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&bytes);
            print!("{text}");
            see(text.trim_end());
            bytes.clear();
        }
    }
    let status = child.wait().map_err(|error| cannot_start(command, &error))?;
    Ok(status.success())
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Fault {
    let message = format!("cannot run `{}`: {error}", line_of(command));
    if error.kind() == std::io::ErrorKind::NotFound { Fault::Blocked(message) } else { Fault::Failed(message) }
}

/// The cargo that started us, in the root of the workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(crate::options::root());
    command
}

/// A program, to be run in the root of the workspace.
pub fn command_in_root(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(crate::options::root());
    command
}

/// The file of that name in one of the folders of PATH.
pub fn which(program: &str) -> Option<PathBuf> {
    let suffixes: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(&std::env::var_os("PATH")?)
        .flat_map(|dir| suffixes.iter().map(move |suffix| dir.join(format!("{program}{suffix}"))))
        .find(|path| path.is_file())
}

/// Hexadecimal digest of a file, read in pieces.
pub fn digest<D: sha2::Digest>(path: &Path) -> Result<String, Fault> {
    let mut file = std::fs::File::open(path).map_err(Fault::io("open", path))?;
    let mut hash = D::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).map_err(Fault::io("read", path))? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            count => hash.update(&piece[..count]),
        }
    }
}

/// The result of `work` and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// A duration for people: `0.42 s`, `12.3 s`, `3 min 05 s`.
pub fn readable(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds < 10.0 => format!("{seconds:.2} s"),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ => format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        let path = std::env::temp_dir().join(format!("xtask-digest-{}", std::process::id()));
        std::fs::write(&path, "abc").unwrap();
        let sha256 = digest::<sha2::Sha256>(&path).unwrap();
        let sha512 = digest::<sha2::Sha512>(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(sha512.starts_with("ddaf35a193617abacc417349ae204131") && sha512.len() == 128);
    }

    #[test]
    fn a_missing_program_is_blocked_and_a_failing_one_failed() {
        assert!(matches!(run(&mut Command::new("no-such-program-here")), Err(Fault::Blocked(_))));
        assert!(matches!(run(cargo(&["no-such-command"]).stderr(Stdio::null())), Err(Fault::Failed(_))));
    }

    #[test]
    fn times_read_well() {
        assert_eq!(readable(Duration::from_millis(420)), "0.42 s");
        assert_eq!(readable(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(readable(Duration::from_secs(185)), "3 min 05 s");
    }
}
