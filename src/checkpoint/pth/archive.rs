//! The zip archive: names, and where the bytes of each entry lie in the file.

use super::corrupt;
use crate::checkpoint::Checkpoint;
use crate::error::{Error, ErrorKind, Result};
// rawzip: no dependencies, no unsafe code, positioned reads, and it leaves equal names to us, of which the better known `zip`
// keeps the last one only. Nothing is inflated here.
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder, ZipLocator};
use std::collections::HashMap;

/// More entries than any model has tensors.
const MAX_ENTRIES: usize = 1 << 18;

/// Where an entry lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// First byte in the file.
    pub offset: u64,
    /// Length in bytes.
    pub bytes: u64,
}

/// The checkpoint as the archive reader wants it.
struct Bytes<'a>(&'a Checkpoint);

impl ReaderAt for Bytes<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let length = self.0.bytes().saturating_sub(offset).min(buffer.len() as u64) as usize;
        self.0.read_at(offset, &mut buffer[..length]).map_err(std::io::Error::other)?;
        Ok(length)
    }
}

struct Entry {
    way: ZipArchiveEntryWayfinder,
    is_plain: bool,
}

/// An opened archive of PyTorch.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Bytes<'a>>,
    checkpoint: &'a Checkpoint,
    /// By their names in the archive's folder.
    entries: HashMap<String, Entry>,
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub fn open(checkpoint: &'a Checkpoint) -> Result<Self> {
        let damaged = |e: rawzip::Error| corrupt(format!("the zip archive: {e}; it may have been cut short"));
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let zip = ZipLocator::new()
            .locate_in_reader(Bytes(checkpoint), &mut buffer, checkpoint.bytes())
            .map_err(|(_, e)| damaged(e))?;
        let mut all = HashMap::new();
        let mut records = zip.entries(&mut buffer);
        while let Some(record) = records.next_entry().map_err(damaged)? {
            let path = record.file_path();
            let name = std::str::from_utf8(path.as_ref()).map_err(|_| corrupt("an entry's name is not UTF-8"))?;
            let is_stored = record.compression_method() == CompressionMethod::STORE
                && record.compressed_size_hint() == record.uncompressed_size_hint();
            let entry = Entry { way: record.wayfinder(), is_plain: is_stored && !record.flags().is_encrypted() };
            if all.len() == MAX_ENTRIES {
                return Err(corrupt(format!("it has more than {MAX_ENTRIES} entries")));
            }
            if all.insert(name.to_owned(), entry).is_some() {
                return Err(corrupt(format!("it has two entries `{name}`")));
            }
        }
        if all.len() as u64 != zip.entries_hint() {
            return Err(corrupt(format!("its directory has {} entries instead of {}", all.len(), zip.entries_hint())));
        }
        let folder = folder(all.keys().map(String::as_str))?;
        let inside = |(name, entry): (String, Entry)| Some((name.strip_prefix(&folder)?.to_owned(), entry));
        let entries = all.into_iter().filter_map(inside).collect();
        Ok(Self { zip, checkpoint, entries })
    }

    /// Whether there is an entry of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Length of the whole file.
    pub fn file_bytes(&self) -> u64 {
        self.checkpoint.bytes()
    }

    /// Where the bytes of an entry lie.
    pub fn place(&self, name: &str) -> Result<Place> {
        let entry = self.entries.get(name).ok_or_else(|| corrupt(format!("it has no entry `{name}`")))?;
        if !entry.is_plain {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the entry `{name}` of this .pth is compressed, as PyTorch never does it: take the original file"
                ),
            ));
        }
        let found = self.zip.get_entry(entry.way).map_err(|e| corrupt(format!("entry `{name}`: {e}")))?;
        let (offset, end) = found.compressed_data_range();
        if end < offset || end > self.checkpoint.bytes() {
            return Err(corrupt(format!("entry `{name}` ends at byte {end}: the file was cut short")));
        }
        Ok(Place { offset, bytes: end - offset })
    }

    /// The bytes of an entry of at most `limit`.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let Place { offset, bytes } = self.place(name)?;
        if bytes > limit {
            return Err(corrupt(format!("entry `{name}` has {bytes} bytes; more than {limit} are not plausible")));
        }
        let mut buffer = vec![0; bytes as usize];
        self.checkpoint.read_at(offset, &mut buffer)?;
        Ok(buffer)
    }
}

/// The folder of the archive, with its slash: the stem of the file's first name, or `archive`.
fn folder<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<String> {
    let unknown = |message: &str| Err(Error::new(ErrorKind::UnknownModel, message));
    let parts = names.clone().filter_map(|name| name.split_once('/'));
    if parts.clone().any(|(_, rest)| rest == "constants.pkl" || rest.starts_with("code/")) {
        return unknown(
            "this is a TorchScript program, not a checkpoint: its tensors have lost the names by which a model is recognised. Use \
             the .safetensors or the plain .pth of the model (of Sapiens v1 the .pth without `torchscript` in its name)",
        );
    }
    if names.clone().any(is_exported) {
        return unknown(
            "this is a program exported by torch.export (.pt2), not a checkpoint: use the .safetensors or the plain .pth of the \
             model (of Sapiens v1 the .pth without `bfloat16` in its name)",
        );
    }
    let folders: Vec<&str> = parts.filter(|(_, rest)| *rest == "data.pkl").map(|(folder, _)| folder).collect();
    match folders.as_slice() {
        [one] => Ok(format!("{one}/")),
        [] => unknown(
            "this is a zip archive without `data.pkl`, so it was not saved by PyTorch; a model is a .safetensors or a .pth file",
        ),
        _ => Err(corrupt(format!("it has {} pickles", folders.len()))),
    }
}

/// Whether an archive of torch.export has an entry of this name: at its root, in later versions in a folder.
fn is_exported(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    matches!(file, "serialized_exported_program.json" | "archive_format")
}
