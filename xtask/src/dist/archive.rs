//! A folder as a .tar.gz whose bytes depend on the files alone: sorted, one date, no owner.

use crate::process::Fault;
use flate2::{Compression, GzBuilder};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// Packs `folder` under its own name. `date`: seconds since 1970.
pub fn pack(folder: &Path, archive: &Path, date: u64) -> Result<(), Fault> {
    let write = || -> std::io::Result<()> {
        let file = BufWriter::new(File::create(archive)?);
        let mut tar = Builder::new(GzBuilder::new().mtime(0).write(file, Compression::new(6)));
        let name = PathBuf::from(folder.file_name().unwrap_or_default());
        append(&mut tar, folder, &name, date)?;
        tar.into_inner()?.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    };
    write().map_err(Fault::io("write", archive))
}

fn append(tar: &mut Builder<impl Write>, path: &Path, name: &Path, date: u64) -> std::io::Result<()> {
    let metadata = path.symlink_metadata()?;
    let mut header = Header::new_gnu();
    header.set_mtime(date);
    header.set_size(0);
    if metadata.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        header.set_mode(0o777);
        tar.append_link(&mut header, name, fs::read_link(path)?)
    } else if metadata.is_dir() {
        header.set_entry_type(EntryType::Directory);
        header.set_mode(0o755);
        tar.append_data(&mut header, name.join(""), std::io::empty())?;
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            names.push(entry?.file_name());
        }
        names.sort();
        names.iter().try_for_each(|inner| append(tar, &path.join(inner), &name.join(inner), date))
    } else {
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if is_executable(name) { 0o755 } else { 0o644 });
        header.set_size(metadata.len());
        tar.append_data(&mut header, name, File::open(path)?)
    }
}

/// By place, not by the mode on disk: the same on every machine. Shared libraries need no such mode.
fn is_executable(name: &Path) -> bool {
    name.parent().is_some_and(|folder| folder.ends_with("bin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_archive() {
        let root = std::env::temp_dir().join(format!("xtask-archive-{}", std::process::id()));
        let digest = |round: &str, names: &[&str]| {
            let folder = root.join(round).join("pack-1");
            for name in names {
                fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
                fs::write(folder.join(name), name).unwrap();
            }
            let archive = root.join(round).join("a.tar.gz");
            pack(&folder, &archive, 1_000_000_000).unwrap();
            crate::process::digest::<sha2::Sha256>(&archive).unwrap()
        };
        let first = digest("1", &["bin/tool", "lib/b", "lib/a"]);
        let second = digest("2", &["lib/a", "lib/b", "bin/tool"]);
        assert_eq!(first, second);
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(File::open(root.join("1/a.tar.gz")).unwrap()));
        let entries = tar.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap())
        });
        let expected = [
            ("pack-1/", 0o755),
            ("pack-1/bin/", 0o755),
            ("pack-1/bin/tool", 0o755),
            ("pack-1/lib/", 0o755),
            ("pack-1/lib/a", 0o644),
            ("pack-1/lib/b", 0o644),
        ];
        assert_eq!(entries.collect::<Vec<_>>(), expected.map(|(name, mode)| (name.to_owned(), mode)));
        fs::remove_dir_all(&root).unwrap();
    }
}
