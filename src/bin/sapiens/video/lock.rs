//! One run at a time writes the results of a clip.

use sapiens::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A file that a run holds while it works. The system lets go of it when the process ends, however it ends.
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// `InvalidArgument` if another run has it.
    pub fn take(path: &Path) -> Result<Self> {
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(path);
            let file = file.map_err(|e| Error::io("create the lock of this clip's results", path, e))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let message =
                        "another run is writing the results of this clip; wait for it, or choose another --out";
                    return Err(Error::invalid(message).at(path));
                }
                Err(TryLockError::Error(e)) => {
                    return Err(Error::io("lock the results of this clip", path, e));
                }
            }
            // A run that ended just now may have removed the file between the two: a lock on it locks nobody out.
            if is_still(&file, path) {
                return Ok(Self { file, path: path.to_path_buf() });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |meta: std::fs::Metadata| (meta.dev(), meta.ino());
    file.metadata().map(id).ok() == std::fs::metadata(path).map(id).ok()
}

/// Elsewhere a removed file cannot be opened while anybody has it.
#[cfg(not(unix))]
fn is_still(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.lock");
        std::fs::write(&path, b"left by a run that was killed").unwrap();
        let lock = Lock::take(&path).unwrap();
        let message = Lock::take(&path).err().unwrap().to_string();
        assert!(message.contains("another run") && message.contains("c.lock"), "{message}");
        drop(lock);
        assert!(!path.exists());
        drop(Lock::take(&path).unwrap());
    }

    /// However runs end and begin, two never hold it.
    #[test]
    fn one_at_a_time_in_a_storm() {
        use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.lock");
        let (holders, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(SeqCst) < 200 {
                        let Ok(lock) = Lock::take(&path) else { continue };
                        assert_eq!(holders.fetch_add(1, SeqCst), 0);
                        taken.fetch_add(1, SeqCst);
                        holders.fetch_sub(1, SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }
}
