//! Is a shared library complete? The dynamic loader maps the parts of a file without looking at its length, and a
//! process that touches what is missing dies of SIGBUS. A download that broke off must be an error instead.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes of the ELF header and of one program header, 64-bit.
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// The file's length and the length its loadable parts need, if it is shorter. Files in another format are for the
/// loader to judge.
pub(super) fn cut_short(path: &Path) -> std::io::Result<Option<(u64, u64)>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut header = Vec::new();
    file.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
    // 64-bit, little-endian; the only layout of the systems ONNX Runtime is built for.
    if header.len() < HEADER || !header.starts_with(b"\x7fELF\x02\x01") {
        return Ok(None);
    }
    let (at, entry, count) = (number(&header, 0x20, 8), number(&header, 0x36, 2), number(&header, 0x38, 2));
    let table_end = at.saturating_add(entry * count);
    if table_end > length {
        return Ok(Some((length, table_end)));
    }
    if entry < PROGRAM_HEADER as u64 {
        return Ok(None);
    }
    let mut table = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(entry * count).read_to_end(&mut table)?;
    let ends = table.chunks_exact(entry as usize).map(|part| number(part, 8, 8).saturating_add(number(part, 32, 8)));
    let needed = ends.max().unwrap_or(0);
    Ok((needed > length).then_some((length, needed)))
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes[at..at + width].iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_whole_program_is_whole_and_half_of_it_is_not() {
        let own = std::env::current_exe().unwrap();
        assert_eq!(cut_short(&own).unwrap(), None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut");
        let mut start = Vec::new();
        File::open(&own).unwrap().take(5000).read_to_end(&mut start).unwrap();
        for length in [64, 70, 4096, 5000] {
            std::fs::write(&path, &start[..length]).unwrap();
            let (found, needed) = cut_short(&path).unwrap().unwrap();
            assert!(found == length as u64 && needed > found, "{found} {needed}");
        }
        // Too short for a header, or something else: not judged here.
        for bytes in [&start[..63], b"", b"text"] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(cut_short(&path).unwrap(), None);
        }
        // Absurd numbers overflow nothing.
        start[0x20..0x28].fill(0xff);
        std::fs::write(&path, &start).unwrap();
        assert_eq!(cut_short(&path).unwrap(), Some((5000, u64::MAX)));
    }
}
