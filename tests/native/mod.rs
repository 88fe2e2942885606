//! C and C++ programs against the header and the shared library of this build: compiled, run, watched. Nothing is skipped: a missing
//! compiler is a failure that names the package.

#![allow(dead_code)] // each test binary uses its part

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// No program of the tests takes nearly as long: it hangs.
const TIMEOUT: Duration = Duration::from_secs(1200);

/// A language and its standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    C(&'static str),
    Cpp(&'static str),
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of `libsapiens.so` as cargo built it for this test.
pub fn library_folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().unwrap().to_path_buf();
    let library = folder.join(format!("{}sapiens{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX));
    assert!(library.is_file(), "{} is missing: it is built with the tests", library.display());
    folder
}

/// The files below a folder whose names end with one of `endings`, in order; folders directly in it whose names are in `without`
/// are left out. Panics if there is none.
pub fn files(folder: &Path, endings: &[&str], without: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        let entries = std::fs::read_dir(&next).unwrap_or_else(|e| panic!("{}: {e}", next.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                let is_left_out = next == folder && without.contains(&name);
                open.extend((!is_left_out).then_some(path));
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{}: no {endings:?}", folder.display());
    found
}

/// A program and the folder it lies in, which goes with it.
pub struct Program {
    folder: tempfile::TempDir,
    exe: PathBuf,
    sanitized: bool,
}

/// How a program is compiled.
pub struct Build<'a> {
    pub language: Language,
    /// Relative to the root of the repository.
    pub sources: &'a [&'a str],
    pub flags: &'a [&'a str],
    /// Whether AddressSanitizer and UndefinedBehaviorSanitizer watch it.
    pub sanitized: bool,
}

impl Build<'_> {
    /// Compiles and links against the shared library; panics with what the compiler says.
    pub fn program(&self) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let exe = folder.path().join("program");
        let library = library_folder();
        // The loader looks for the versioned name.
        #[cfg(unix)]
        std::os::unix::fs::symlink(library.join("libsapiens.so"), folder.path().join("libsapiens.so.1")).unwrap();
        let mut command = self.compiler();
        command.args(self.sources).arg("-o").arg(&exe).arg("-L").arg(&library);
        command.args(["-lsapiens", "-lm", "-pthread"]).args(self.flags.iter().filter(|f| f.starts_with("-l")));
        succeed(&mut command);
        Program { folder, exe, sanitized: self.sanitized }
    }

    /// Compiles without linking.
    pub fn check(&self) {
        succeed(self.compiler().args(["-fsyntax-only"]).args(self.sources));
    }

    fn compiler(&self) -> Command {
        let (name, variable, standard) = match self.language {
            Language::C(standard) => ("cc", "CC", standard),
            Language::Cpp(standard) => ("c++", "CXX", standard),
        };
        let compiler = std::env::var(variable).unwrap_or_else(|_| name.to_owned());
        let mut command = Command::new(compiler);
        command.current_dir(root()).arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Werror", "-g", "-O1"]);
        command.args(["-Iinclude", "-Ibindings/cpp", "-Itests/c"]);
        if self.sanitized {
            command.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]);
        }
        command.args(self.flags.iter().filter(|flag| !flag.starts_with("-l")));
        command
    }
}

impl Program {
    /// Where the program lies: a place for files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.exe);
        command.args(arguments);
        self.prepare(&mut command);
        command
    }

    /// The program under valgrind: leaks and bad accesses of our code are errors.
    pub fn under_valgrind(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--error-exitcode=97", "--leak-check=full", "--show-leak-kinds=definite"]);
        command.args(["--errors-for-leak-kinds=definite", "--num-callers=40", "--fair-sched=yes"]);
        command.arg(format!("--suppressions={}", root().join("tests/c/valgrind.supp").display()));
        command.arg(&self.exe).args(arguments);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).env("LD_LIBRARY_PATH", self.folder.path());
        if self.sanitized {
            // Leaks of ONNX Runtime's own globals are not ours to fix: valgrind looks at leaks.
            command.env("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=0").env("UBSAN_OPTIONS", "print_stacktrace=1");
        }
    }

    /// Runs it; panics if it fails or hangs. Its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        run(&mut self.command(arguments))
    }
}

/// Runs a command to its end; panics if it fails or hangs.
pub fn run(command: &mut Command) -> String {
    let output = finish(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// Runs a command; a hang is killed and is a failure.
pub fn finish(command: &mut Command) -> Output {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|e| panic!("{}", missing(command, &e)));
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(TIMEOUT) {
        Ok(output) => output.unwrap(),
        Err(_) => {
            Command::new("kill").args(["-9", &id.to_string()]).status().ok();
            panic!("{command:?} hangs: killed after {:?}", start.elapsed());
        }
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{}", missing(command, &e)));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn missing(command: &Command, error: &std::io::Error) -> String {
    format!(
        "{} cannot be run ({error}); on Debian: apt-get install gcc g++ clang valgrind binutils, or set CC and CXX",
        command.get_program().display()
    )
}
