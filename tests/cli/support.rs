//! A folder to work in, the program, and readers of what it writes that share no code with the writers.

use serde_json::Value;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The ONNX Runtime library of the tests.
#[track_caller]
pub fn library() -> PathBuf {
    let path = std::env::var_os("SAPIENS_ORT").map(PathBuf::from).unwrap_or_default();
    assert!(
        path.is_file(),
        "SAPIENS_ORT names no ONNX Runtime library (`{}`): run `cargo xtask fetch-ort` and set it to the file it \
         prints, or run `cargo xtask test`, which does both",
        path.display()
    );
    path
}

pub fn asset(name: &str) -> String {
    format!("{}/assets/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A folder of its own, in which the program runs.
pub struct Sandbox(tempfile::TempDir);

impl Sandbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// A copy of a sample picture.
    pub fn picture(&self, name: &str) {
        std::fs::copy(asset("standing.jpg"), self.path(name)).unwrap();
    }

    /// A golden checkpoint under its own name.
    pub fn checkpoint(&self, name: &str) -> String {
        let file = format!("{name}.safetensors");
        std::fs::copy(testkit::golden_checkpoint(name), self.path(&file)).unwrap();
        file
    }

    /// Everything in the folder and below, hidden files too; folders end in `/`.
    pub fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                if path.is_dir() {
                    found.push(format!("{name}/"));
                    walk(&path, &format!("{name}/"), found);
                } else {
                    found.push(name);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.0.path(), "", &mut found);
        found.sort();
        found
    }

    /// The program in this folder, with the library of the tests.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sapiens"));
        command.args(args).current_dir(self.0.path()).env("SAPIENS_ORT", library());
        command
    }

    /// Runs it; it must succeed without an error. Returns what it printed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(&mut self.command(args));
        assert!(ran.code == Some(0) && ran.errors().is_empty(), "{args:?}: {ran:?}");
        ran
    }

    /// Runs it with these lines on its standard input; it must succeed without an error.
    #[track_caller]
    pub fn told(&self, args: &[&str], lines: &str) -> Ran {
        let mut input = tempfile::tempfile().unwrap();
        input.write_all(lines.as_bytes()).and_then(|()| input.rewind()).unwrap();
        let ran = Ran::of(self.command(args).stdin(input));
        assert!(ran.code == Some(0) && ran.errors().is_empty(), "{args:?}: {ran:?}");
        ran
    }

    /// Runs it; it must refuse with one error that holds all the fragments, and leave the folder as it was.
    #[track_caller]
    pub fn refused(&self, args: &[&str], fragments: &[&str]) -> Ran {
        let before = self.files();
        let ran = Ran::of(&mut self.command(args));
        ran.assert_one_error(fragments);
        assert_eq!(self.files(), before, "{args:?} left files: {ran:?}");
        ran
    }
}

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        // A program just copied is busy as long as another test, starting one of its own, holds the open copy.
        for _ in 0..100 {
            match command.output() {
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
                output => return Self::from(output.unwrap()),
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("{command:?} stays busy")
    }

    pub fn errors(&self) -> Vec<&str> {
        self.err.lines().filter(|line| line.starts_with("error:")).collect()
    }

    /// Non-zero exit status, exactly one line with an error, no panic.
    #[track_caller]
    pub fn assert_one_error(&self, fragments: &[&str]) {
        assert!(self.code.is_some_and(|code| code != 0 && code != 101), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        let [error] = self.errors()[..] else { panic!("not one error: {self:?}") };
        for fragment in fragments {
            assert!(error.contains(fragment), "`{fragment}` in: {error}");
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("messages are UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A NumPy file: type, shape, and its values as f64.
pub struct Npy {
    pub descr: String,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

impl Npy {
    pub fn open(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{}", path.display());
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = std::str::from_utf8(&bytes[10..start]).unwrap();
        let after = |key: &str| header.split_once(&format!("'{key}':")).expect(key).1.trim_start();
        assert!(after("fortran_order").starts_with("False"), "{header}");
        let descr = after("descr")[1..].split('\'').next().unwrap().to_owned();
        let shape = after("shape")[1..].split(')').next().unwrap();
        let shape: Vec<usize> =
            shape.split(',').map(str::trim).filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
        let data = &bytes[start..];
        let values: Vec<f64> = match descr.as_str() {
            "|u1" => data.iter().map(|&b| f64::from(b)).collect(),
            "<f4" => data.chunks(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect(),
            other => panic!("{other}"),
        };
        assert_eq!(values.len(), shape.iter().product::<usize>(), "{}", path.display());
        Self { descr, shape, values }
    }

    pub fn is(&self, descr: &str, shape: &[usize]) -> bool {
        self.descr == descr && self.shape == shape
    }

    pub fn all_in(&self, low: f64, high: f64) -> bool {
        self.values.iter().all(|v| (low..=high).contains(v))
    }

    /// Lengths of the vectors of three.
    pub fn norms(&self) -> impl Iterator<Item = f64> {
        self.values.chunks(3).map(|v| v.iter().map(|x| x * x).sum::<f64>().sqrt())
    }
}

/// Vertex count of a binary PLY whose body is as long as its header says.
pub fn ply_vertices(path: &Path) -> usize {
    let bytes = std::fs::read(path).unwrap();
    let end = bytes.windows(11).position(|w| w == b"end_header\n").expect("a header") + 11;
    let header = std::str::from_utf8(&bytes[..end]).unwrap();
    assert!(header.starts_with("ply\nformat binary_little_endian 1.0\n"), "{header}");
    let count = header.lines().find_map(|l| l.strip_prefix("element vertex ")).unwrap().parse().unwrap();
    let floats = header.lines().filter(|l| l.starts_with("property float")).count();
    let colours = header.lines().filter(|l| l.starts_with("property uchar")).count();
    assert_eq!(bytes.len() - end, count * (4 * floats + colours), "{header}");
    count
}
