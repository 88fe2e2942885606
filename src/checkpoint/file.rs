//! A checkpoint file: its header (safetensors) or pickle (PyTorch) is checked when it is opened, the data is read in ranges
//! when asked for.
//!
//! Weights can be larger than memory, so nothing is loaded; and a mapping would turn a file that shrinks under us into
//! a crash, so ranges are read with positioned reads, which several threads may do at once.

use super::header::{self, DType, LENGTH_BYTES, MAX_HEADER_BYTES, TensorInfo};
use super::{pth, sniff, strided};
use crate::error::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes converted at a time: the only memory needed beside the result.
const CHUNK_BYTES: usize = 1 << 20;

enum Data {
    File(File, Option<SystemTime>),
    Bytes(Box<dyn AsRef<[u8]> + Send + Sync>),
}

/// An opened checkpoint. Cheap to hold: only names, shapes and offsets are in memory. Usable from several threads.
pub struct Checkpoint {
    data: Data,
    path: Option<PathBuf>,
    bytes: u64,
    tensors: BTreeMap<String, TensorInfo>,
    metadata: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Opens a file and checks its header.
    ///
    /// # Errors
    /// `NotFound` or `Io` when it cannot be read, `UnknownModel` when it is neither a safetensors nor a PyTorch file (the
    /// message says what it looks like), `CorruptModel` when the header contradicts itself or the length of the file,
    /// `Unsupported` for a PyTorch file that is compressed or big-endian.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        // On Windows a directory cannot be opened at all, and the message would speak of permissions.
        let kind = std::fs::metadata(path).map_err(|e| Error::io("open the checkpoint", path, e))?;
        if kind.is_dir() {
            return Err(Error::invalid("this is a folder; name the .safetensors or .pth file in it").at(path));
        }
        if !kind.is_file() {
            return Err(Error::invalid("this is a pipe or a device; a checkpoint is a regular file").at(path));
        }
        let file = File::open(path).map_err(|e| Error::io("open the checkpoint", path, e))?;
        let found = file.metadata().map_err(|e| Error::io("open the checkpoint", path, e))?;
        let data = Data::File(file, found.modified().ok());
        Self::new(data, Some(path.to_path_buf()), found.len()).map_err(|e| e.at(path))
    }

    /// A checkpoint in memory, such as the embedded demo model. Errors as for [`Checkpoint::open`].
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self> {
        let length = bytes.as_ref().len() as u64;
        Self::new(Data::Bytes(Box::new(bytes)), None, length)
    }

    /// Names and shapes of 32-bit tensors: nothing can be read of it.
    pub(super) fn without_data(tensors: Vec<(String, Vec<usize>)>) -> Self {
        let mut offset = 0;
        let tensors = tensors.into_iter().map(|(name, shape)| {
            let bytes = 4 * shape.iter().map(|&n| n as u64).product::<u64>();
            offset += bytes;
            (name, TensorInfo { dtype: DType::F32, shape, offset: offset - bytes, bytes, strides: None })
        });
        let tensors = tensors.collect();
        Self { data: Data::Bytes(Box::new([])), path: None, bytes: offset, tensors, metadata: BTreeMap::new() }
    }

    fn new(data: Data, path: Option<PathBuf>, bytes: u64) -> Result<Self> {
        let mut checkpoint = Self { data, path, bytes, tensors: BTreeMap::new(), metadata: BTreeMap::new() };
        let mut start = vec![0; bytes.min(sniff::SNIFF_BYTES as u64) as usize];
        checkpoint.read_at(0, &mut start)?;
        let header = if pth::is_archive(&start) {
            pth::read(&checkpoint)?
        } else {
            let header_bytes = check_start(&start, bytes)?;
            let mut json = vec![0; header_bytes as usize];
            checkpoint.read_at(LENGTH_BYTES, &mut json)?;
            header::parse(&json, bytes)?
        };
        checkpoint.tensors = header.tensors;
        checkpoint.metadata = header.metadata;
        Ok(checkpoint)
    }

    /// The tensor names as stored, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Type, shape and place of a tensor, by the name in the file.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(name)
    }

    /// The text entries of the header (`__metadata__`).
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The file, unless the checkpoint lies in memory.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Length of the whole file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of trained parameters: all elements except the `rope_embed.periods` buffer, which is not trained.
    pub fn parameters(&self) -> u64 {
        let trained = self.tensors.iter().filter(|(name, _)| !name.ends_with("rope_embed.periods"));
        trained.map(|(_, info)| info.elements()).sum()
    }

    /// SHA-256 of the whole file, hexadecimal.
    pub fn sha256(&self) -> Result<String> {
        self.sha256_with(&mut |_, _| Ok(()))
    }

    /// As [`Checkpoint::sha256`]; `progress(done_bytes, total_bytes)` is called about once per megabyte and stops the
    /// work by returning an error.
    pub fn sha256_with(&self, progress: &mut dyn FnMut(u64, u64) -> Result<()>) -> Result<String> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut done = 0;
        while done < self.bytes {
            let part = (self.bytes - done).min(CHUNK_BYTES as u64) as usize;
            self.read_at(done, &mut buffer[..part])?;
            hash.update(&buffer[..part]);
            done += part as u64;
            progress(done, self.bytes)?;
        }
        Ok(hex(&hash.finalize()))
    }

    /// All elements of a tensor as 32-bit floats, in the order of the file.
    ///
    /// # Errors
    /// `CorruptModel` when the tensor does not exist, `Unsupported` when its type is no float, `Io`.
    pub fn read_f32(&self, name: &str) -> Result<Vec<f32>> {
        let elements = self.require(name)?.elements() as usize;
        self.read_f32_range(name, 0..elements)
    }

    /// Some elements of a tensor as 32-bit floats. Errors as for [`Checkpoint::read_f32`], and `InvalidArgument` when the
    /// range ends beyond the tensor.
    pub fn read_f32_range(&self, name: &str, elements: Range<usize>) -> Result<Vec<f32>> {
        let info = self.require(name)?;
        let Some(size) = info.dtype.element_bytes() else {
            let message = format!("tensor `{name}` has type {}; readable are F32, F16, BF16 and F64", info.dtype);
            return Err(self.locate(Error::new(ErrorKind::Unsupported, message)));
        };
        if elements.start > elements.end || elements.end as u64 > info.elements() {
            let total = info.elements();
            return Err(self.locate(Error::invalid(format!("elements {elements:?} of `{name}`: it has {total}"))));
        }
        if let Some(strides) = &info.strides {
            let mut span = vec![0; (strided::span(&info.shape, strides) * size) as usize];
            self.read_at(info.offset, &mut span)?;
            let mut values = Vec::with_capacity(elements.len());
            let bytes = strided::in_order(&span, size as usize, &info.shape, strides, elements);
            convert(info.dtype, &bytes, &mut values);
            return Ok(values);
        }
        let mut values = Vec::with_capacity(elements.len());
        let mut buffer = vec![0; CHUNK_BYTES.min(elements.len() * size as usize)];
        let (mut at, end) = (info.offset + elements.start as u64 * size, info.offset + elements.end as u64 * size);
        while at < end {
            let part = (end - at).min(buffer.len() as u64) as usize;
            self.read_at(at, &mut buffer[..part])?;
            convert(info.dtype, &buffer[..part], &mut values);
            at += part as u64;
        }
        Ok(values)
    }

    /// Fills `buffer` with the bytes of the file from `offset` on: for copying weights unchanged.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let result = match &self.data {
            Data::File(file, _) => read_exact_at(file, offset, buffer),
            Data::Bytes(bytes) => usize::try_from(offset)
                .ok()
                .and_then(|start| (**bytes).as_ref().get(start..start.checked_add(buffer.len())?))
                .map(|range| buffer.copy_from_slice(range))
                .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into()),
        };
        result.map_err(|e| {
            if let Err(changed) = self.check_unchanged() {
                return changed;
            }
            let message = format!("cannot read {} bytes at {offset}: {e}", buffer.len());
            self.locate(Error::new(ErrorKind::Io, message).caused_by(e))
        })
    }

    /// Whether everything read so far belongs together: the file is as it was when it was opened. A file that was renamed
    /// or deleted since is.
    ///
    /// # Errors
    /// `CorruptModel` if its length or time of modification is another one.
    pub fn check_unchanged(&self) -> Result<()> {
        let Data::File(file, modified) = &self.data else { return Ok(()) };
        let failed = |e| self.locate(Error::new(ErrorKind::Io, format!("cannot look at the checkpoint: {e}")));
        let found = file.metadata().map_err(failed)?;
        if found.len() == self.bytes && found.modified().ok() == *modified {
            return Ok(());
        }
        let (before, now) = (self.bytes, found.len());
        Err(self.locate(Error::new(
            ErrorKind::CorruptModel,
            format!("the checkpoint changed while it was read (it had {before} bytes, now {now}); load it again"),
        )))
    }

    /// Adds the path of this checkpoint to an error.
    pub(super) fn locate(&self, error: Error) -> Error {
        match &self.path {
            Some(path) => error.at(path),
            None => error,
        }
    }

    fn require(&self, name: &str) -> Result<&TensorInfo> {
        self.tensors.get(name).ok_or_else(|| {
            self.locate(Error::new(ErrorKind::CorruptModel, format!("the checkpoint has no tensor `{name}`")))
        })
    }
}

/// Length of the header, if the first bytes can be those of a safetensors file.
fn check_start(start: &[u8], file_bytes: u64) -> Result<u64> {
    let corrupt = |message: String| Error::new(ErrorKind::CorruptModel, message);
    if file_bytes == 0 {
        return Err(corrupt("the file is empty".into()));
    }
    let length = start.get(..LENGTH_BYTES as usize).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let is_json = start.get(LENGTH_BYTES as usize) == Some(&b'{');
    match length {
        Some(length) if is_json && length <= MAX_HEADER_BYTES && length <= file_bytes - LENGTH_BYTES => Ok(length),
        // A length field followed by JSON is a safetensors file, whatever its first bytes resemble.
        Some(length) if is_json && length <= MAX_HEADER_BYTES => Err(corrupt(format!(
            "the header should have {length} bytes, but the file has {file_bytes}: it was cut short"
        ))),
        Some(length) if is_json && length >> 40 == 0 => {
            Err(corrupt(format!("the header claims {length} bytes; more than {MAX_HEADER_BYTES} is not plausible")))
        }
        _ => match sniff::looks_like(start) {
            Some(what) => Err(Error::new(
                ErrorKind::UnknownModel,
                format!("this is not a safetensors file or a .pth of today: it looks like {what}"),
            )),
            None if length.is_none() => Err(corrupt(format!("the file has only {file_bytes} bytes"))),
            None => Err(Error::new(
                ErrorKind::UnknownModel,
                "this is not a safetensors file, which begins with the length of a JSON header, and not a PyTorch .pth, which is \
                 a zip archive",
            )),
        },
    }
}

fn convert(dtype: DType, bytes: &[u8], values: &mut Vec<f32>) {
    match dtype {
        DType::F32 => values.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
        DType::F16 => values.extend(bytes.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32())),
        DType::BF16 => values.extend(bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32())),
        DType::F64 => values.extend(
            bytes.chunks_exact(8).map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32),
        ),
        DType::Other(_) => {}
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                buffer = &mut buffer[n..];
                offset += n as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
/// Hexadecimal, as digests are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
