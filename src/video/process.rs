//! Processes of ffmpeg: started so that a Ctrl-C at the terminal does not reach them, heard so that they never wait.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Messages that are kept; the others are counted.
const KEPT: usize = 5;
const LONGEST: usize = 300;

/// A program that is to be started. It gets a process group of its own: a terminal sends Ctrl-C to everybody in the
/// group, and it is for us to say when a clip is finished.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(&mut command, 0x0000_0200); // CREATE_NEW_PROCESS_GROUP
    command
}

/// The argument that names a file and nothing else, whatever its name looks like.
pub(super) fn file(path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from("file:");
    argument.push(path);
    argument
}

pub(super) fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    shortened(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim())
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// What a process complained about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Complaints {
    pub count: u64,
    /// The first few.
    pub first: Vec<String>,
}

impl Complaints {
    pub fn add(&mut self, message: &str) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(shortened(message));
        }
    }
}

/// A process that is ended with its owner, and what it says on standard error.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    listener: Option<JoinHandle<()>>,
    complaints: Arc<Mutex<Complaints>>,
}

impl Running {
    /// Listens to a process whose standard error is a pipe and that was told `-loglevel level+...`. `heard` gets every
    /// line that is no complaint.
    pub fn listen(mut child: Child, mut heard: impl FnMut(&str) + Send + 'static) -> Self {
        let complaints = Arc::new(Mutex::new(Complaints::default()));
        let kept = Arc::clone(&complaints);
        let listener = child.stderr.take().map(|stderr| {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stderr);
                let mut line = Vec::new();
                loop {
                    line.clear();
                    // A line without an end must not fill the memory.
                    match reader.by_ref().take(1 << 16).read_until(b'\n', &mut line) {
                        Ok(0) | Err(_) => break,
                        Ok(_) => {}
                    }
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_end();
                    let complaint =
                        ["[error] ", "[fatal] ", "[panic] "].iter().find_map(|level| text.split_once(level));
                    match complaint {
                        Some((_, message)) => kept.lock().unwrap_or_else(PoisonError::into_inner).add(message),
                        None => heard(text),
                    }
                }
            })
        });
        Self { child, listener, complaints }
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for its end. Returns whether it succeeded, and everything it complained about.
    pub fn wait(&mut self) -> std::io::Result<(bool, Complaints)> {
        let status = self.child.wait()?;
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok((status.success(), complaints))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.listener.is_some() {
            let _ = self.child.kill();
            let _ = self.wait();
        }
    }
}
