//! The file of lines: appended to frame by frame, taken up again by a run that goes on.

use super::line::{FORMAT, FrameLine, Header, VERSION};
use sapiens::{Error, ErrorKind, Result};
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The lines of a clip.
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// A new file, with its header.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io("create the file of lines", path, e))?;
        let mut journal = Self { file, path: path.to_path_buf() };
        journal.append(header)?;
        Ok(journal)
    }

    /// Takes up an earlier file: `each` gets its frames. A last line that was not finished goes.
    pub fn resume(path: &Path, header: &Header, mut each: impl FnMut(FrameLine) -> Result<()>) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path);
        let mut file = file.map_err(|e| Error::io("open the lines of the earlier run", path, e))?;
        let mut reader = BufReader::new(&mut file);
        let (mut whole, mut number) = (0u64, 0usize);
        let mut text = Vec::new();
        let wrong = |number: usize, what: &str| {
            let message = format!("line {number} of the earlier run {what}; --restart begins anew");
            Error::new(ErrorKind::InvalidArgument, message).at(path)
        };
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(|e| Error::io("read", path, e))?;
            if length == 0 || !text.ends_with(b"\n") {
                break;
            }
            number += 1;
            if number == 1 {
                let found: Header =
                    serde_json::from_slice(&text).map_err(|e| wrong(1, &format!("is no header ({e})")).caused_by(e))?;
                if found.format != FORMAT || found.version != VERSION || found != *header {
                    return Err(wrong(1, "is the header of another clip, model or device"));
                }
            } else {
                let line = serde_json::from_slice(&text);
                each(line.map_err(|e| wrong(number, &format!("cannot be read ({e})")).caused_by(e))?)?;
            }
            whole += length as u64;
        }
        if number == 0 {
            return Self::create(path, header);
        }
        file.set_len(whole)
            .and_then(|()| file.seek(SeekFrom::Start(whole)))
            .map_err(|e| Error::io("write", path, e))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Adds a line; it is with the operating system when this returns.
    pub fn append(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec(line)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("no JSON: {e}")).at(&self.path).caused_by(e))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(|e| Error::io("write", &self.path, e))
    }
}

/// Lines of frames that have to be drawn, asked for from the first to the last.
pub enum Lines {
    Kept(HashMap<u64, FrameLine>),
    /// In a file that is complete.
    Stored(Box<Reader>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Kept(HashMap::new())
    }
}

impl Lines {
    /// That of a frame; `None` if nothing is known about it.
    pub fn of(&mut self, frame: u64) -> Result<Option<FrameLine>> {
        match self {
            Self::Kept(lines) => Ok(lines.remove(&frame)),
            Self::Stored(reader) => {
                while reader.ahead.as_ref().is_none_or(|line| line.frame < frame) {
                    let Some(line) = reader.next()? else { return Ok(None) };
                    reader.ahead = Some(line);
                }
                Ok(reader.ahead.take_if(|line| line.frame == frame && line.error.is_none()))
            }
        }
    }
}

/// Reads a file of lines that is complete.
pub struct Reader {
    pub header: Header,
    file: BufReader<File>,
    path: PathBuf,
    ahead: Option<FrameLine>,
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io("open the file of lines", path, e))?;
        let mut file = BufReader::new(file);
        let header = read(&mut file, path)?.ok_or_else(|| Error::invalid("no header is in this file").at(path))?;
        Ok(Self { header, file, path: path.to_path_buf(), ahead: None })
    }

    /// The next frame; `None` after the last.
    #[allow(clippy::should_implement_trait)] // an iterator of results ends twice
    pub fn next(&mut self) -> Result<Option<FrameLine>> {
        read(&mut self.file, &self.path)
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &mut BufReader<File>, path: &Path) -> Result<Option<T>> {
    let mut text = Vec::new();
    if file.read_until(b'\n', &mut text).map_err(|e| Error::io("read", path, e))? == 0 {
        return Ok(None);
    }
    let line = serde_json::from_slice(&text);
    line.map(Some).map_err(|e| Error::invalid(format!("a line of this file cannot be read: {e}")).at(path).caused_by(e))
}
