//! PyTorch `.pth` files: a zip archive of raw storages and one pickle that says which tensors lie in them.
//!
//! Only tensors are read, and nothing is executed: the pickle names functions, of which those that make tensors are known
//! here by name and all others become opaque objects. Storages lie uncompressed in the archive, so that a tensor is a range of
//! the file like in a safetensors file, with strides where its elements do not lie in order.

mod archive;
mod gather;
mod object;
mod pickle;
mod rebuild;

use super::file::Checkpoint;
use super::header::Header;
use crate::error::{Error, ErrorKind, Result};
use archive::Archive;
use std::collections::BTreeMap;

/// Longest pickle that is read: a model of a thousand tensors has one of 0.1 MB.
const MAX_PICKLE_BYTES: u64 = 32 << 20;

/// Whether a file begins like a zip archive.
pub(super) fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

/// The tensors of the state dict in the archive.
///
/// # Errors
/// `UnknownModel` for another kind of zip archive, `Unsupported` for one that this reader does not do (compressed,
/// big-endian), `CorruptModel` where the archive or its pickle contradicts itself.
pub(super) fn read(checkpoint: &Checkpoint) -> Result<Header> {
    let archive = Archive::open(checkpoint)?;
    check_byte_order(&archive)?;
    let pickle = archive.read("data.pkl", MAX_PICKLE_BYTES)?;
    let objects = pickle::load(&pickle)?;
    let tensors = gather::tensors(&objects, &archive)?;
    Ok(Header { tensors, metadata: BTreeMap::new() })
}

/// Files from before this entry existed are little-endian.
fn check_byte_order(archive: &Archive) -> Result<()> {
    if !archive.contains("byteorder") {
        return Ok(());
    }
    match archive.read("byteorder", 64)?.trim_ascii() {
        b"little" => Ok(()),
        b"big" => Err(Error::new(
            ErrorKind::Unsupported,
            "this .pth was saved on a big-endian machine: save it again on a little-endian one, or use the .safetensors file",
        )),
        other => Err(corrupt(format!("its byte order is `{}`; known is `little`", String::from_utf8_lossy(other)))),
    }
}

/// An archive that contradicts itself.
fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::CorruptModel, format!("this PyTorch .pth is damaged: {what}"))
}
