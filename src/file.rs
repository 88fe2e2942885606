//! Atomic writing: a reader finds the old file, the new one, or none, never half of one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// Writes `path` through a temporary file in the same folder that is renamed once `write` and the last flush have
/// succeeded, and removed if anything fails. An existing file is replaced; a symbolic link is followed. What is not a
/// regular file (a pipe, a device) cannot be replaced and is written to directly. The folder must exist.
///
/// The data is handed to the operating system but not forced to the disk: a power cut may still lose it.
pub fn write_atomic<F>(path: impl AsRef<Path>, write: F) -> Result<()>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let path = path.as_ref();
    if path.file_name().is_none() {
        return Err(Error::invalid("the output path has no file name").at(path));
    }
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            let message = "the output path is a folder; give the name of a file";
            Err(Error::new(ErrorKind::InvalidArgument, message).at(path))
        }
        Ok(meta) if !meta.is_file() => write_special(path, write),
        _ => write_and_rename(&resolved(path), path, write),
    }
    .map_err(|error| error.at(path))
}

fn write_special(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let file = File::options().write(true).open(path).map_err(|e| Error::io("open for writing", path, e))?;
    let mut out = BufWriter::new(file);
    write(&mut out).and_then(|()| out.flush()).map_err(|e| Error::io("write", path, e))
}

fn write_and_rename(target: &Path, shown: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut pending = Pending::create(target)?;
    // On an early return `pending` removes the temporary file.
    write(&mut pending).map_err(|e| Error::io("write", shown, e))?;
    pending.commit()
}

/// A file being written under a temporary name beside its final one. Dropped without [`Pending::commit`], it leaves
/// nothing behind.
pub struct Pending {
    out: BufWriter<tempfile::NamedTempFile>,
    target: PathBuf,
}

impl Pending {
    /// Opens the temporary file; the folder of `target` must exist.
    pub fn create(target: &Path) -> Result<Self> {
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let temporary = temporary_in(folder).map_err(|e| Error::io("create a file in the output folder", target, e))?;
        Ok(Self { out: BufWriter::with_capacity(1 << 20, temporary), target: target.to_path_buf() })
    }

    /// Forces what was written to the disk: a full disk may only show here, and a power cut later loses nothing.
    pub fn sync(&mut self) -> Result<()> {
        let result = self.out.flush().and_then(|()| self.out.get_ref().as_file().sync_all());
        result.map_err(|e| Error::io("write", &self.target, e))
    }

    /// Gives the file its final name.
    pub fn commit(self) -> Result<()> {
        let Self { out, target } = self;
        let temporary = out.into_inner().map_err(|e| Error::io("write", &target, e.into_error()))?;
        temporary.persist(&target).map_err(|e| Error::io("rename the finished file", &target, e.error))?;
        Ok(())
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A hidden file beside the target, with the permissions an ordinary new file would get.
fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sapiens-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // narrowed by the umask
    }
    builder.tempfile_in(folder)
}

/// The file a symbolic link stands for, so that the link itself survives the rename.
fn resolved(path: &Path) -> PathBuf {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        write_atomic(&path, |w| w.write_all(b"old")).unwrap();
        let error = write_atomic(&path, |w| {
            w.write_all(&[0; 200_000])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.path(), Some(path.as_path()));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["out.bin"]);
        write_atomic(&path, |w| w.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_panic_while_writing_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        let caught = std::panic::catch_unwind(|| write_atomic(&path, |_| panic!("on purpose")));
        assert!(caught.is_err());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn folders_and_missing_folders_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_atomic(folder.path(), |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let path = folder.path().join("missing").join("out.bin");
        let error = write_atomic(&path, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().ends_with(&format!("({})", path.display())), "{error}");
        assert!(write_atomic("", |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_readable_as_any_other_and_links_are_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, plain, link) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        write_atomic(&path, |w| w.write_all(b"1")).unwrap();
        fs::write(&plain, b"1").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomic(&link, |w| w.write_all(b"2")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"2");
    }

    /// A real "no space left on device", as the kernel says it.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_reported_with_the_systems_words() {
        for bytes in [10, 1_000_000] {
            let error = write_atomic("/dev/full", |w| w.write_all(&vec![1; bytes])).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.to_string().contains("No space left on device"), "{error}");
            assert!(error.to_string().ends_with("(/dev/full)"), "{error}");
        }
        use std::os::unix::fs::FileTypeExt;
        assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    }
}
