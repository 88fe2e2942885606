//! Whether a file is the one it was, without reading gigabytes.

use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Read from the start of the file, where a safetensors header is.
const START: u64 = 256 << 10;
/// Blocks read from the rest, the last of them at its end, and their length.
const BLOCKS: u64 = 64;
const BLOCK: u64 = 4 << 10;

/// SHA-256 of a file's path, length, time of change, first bytes and blocks spread over the rest. Another file, or the same one
/// written again, has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    pub fn of(path: &Path) -> Result<Self> {
        let failed = |e| Error::io("read the model", path, e);
        let full = path.canonicalize().map_err(failed)?;
        let mut file = File::open(&full).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        let mut hash = Sha256::new();
        hash.update(full.to_string_lossy().as_bytes());
        hash.update(found.len().to_le_bytes());
        let changed = found.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        hash.update(changed.map_or(0, |age| age.as_nanos()).to_le_bytes());
        let mut bytes = Vec::new();
        file.by_ref().take(START).read_to_end(&mut bytes).map_err(failed)?;
        let rest = found.len().saturating_sub(START);
        for i in 1..=BLOCKS {
            let end = START + (u128::from(rest) * u128::from(i) / u128::from(BLOCKS)) as u64;
            if rest > 0 {
                file.seek(SeekFrom::Start(end.saturating_sub(BLOCK).max(START))).map_err(failed)?;
                file.by_ref().take(BLOCK).read_to_end(&mut bytes).map_err(failed)?;
            }
        }
        hash.update(&bytes);
        Ok(Self(hash.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_has_another_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let mut bytes = vec![7u8; 3_000_000];
        let when = UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let write = |path: &Path, bytes: &[u8], when| {
            std::fs::write(path, bytes).unwrap();
            File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
            Fingerprint::of(path).unwrap()
        };
        let first = write(&path, &bytes, when);
        assert_eq!(write(&path, &bytes, when), first);
        // Time, length, first byte, last byte, name.
        assert_ne!(write(&path, &bytes, when + std::time::Duration::from_nanos(1)), first);
        assert_ne!(write(&path, &bytes[1..], when), first);
        for at in [0, bytes.len() - 1] {
            bytes[at] ^= 1;
            assert_ne!(write(&path, &bytes, when), first, "byte {at}");
            bytes[at] ^= 1;
        }
        assert_ne!(write(&folder.path().join("other"), &bytes, when), first);
        assert!(Fingerprint::of(&folder.path().join("none")).is_err());
        // Shorter than what is read.
        assert_ne!(write(&path, b"", when), write(&path, b"x", when));
    }
}
