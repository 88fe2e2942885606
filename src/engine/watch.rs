//! Files that a model depends on while it runs: ONNX Runtime maps them, and a mapping of a file that has become shorter
//! ends the process. Looking first turns that into an error; only a change in the middle of a run goes unseen.

use crate::error::{Error, ErrorKind, Result};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file as it was.
pub(super) struct Watched {
    path: PathBuf,
    /// Kept open: what is mapped is the file, which can become short after its name is gone.
    file: File,
    length: u64,
    modified: Option<SystemTime>,
}

impl Watched {
    /// The file as it is now.
    pub fn new(path: &Path) -> Result<Self> {
        let failed = |e| Error::io("open the model", path, e);
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        // The working directory may be another one at the next look.
        let path = std::path::absolute(path).map_err(failed)?;
        Ok(Self { path, file, length: found.len(), modified: found.modified().ok() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses a file that is not what it was, and a name that stands for another one. A file whose name is gone does no
    /// harm: it stays as long as it is mapped.
    pub fn check(&self) -> Result<()> {
        self.compare(&self.file.metadata().map_err(|e| Error::io("look at the model", &self.path, e))?)?;
        std::fs::metadata(&self.path).map_or(Ok(()), |found| self.compare(&found))
    }

    fn compare(&self, found: &Metadata) -> Result<()> {
        if found.len() == self.length && found.modified().ok() == self.modified {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::CorruptModel,
            format!(
                "the file of this model changed while it was in use (it had {} bytes, now {}); unload the model and load it again",
                self.length,
                found.len()
            ),
        )
        .at(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_noticed_and_a_missing_file_is_not_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        std::fs::write(&path, [1; 8]).unwrap();
        let watched = Watched::new(&path).unwrap();
        watched.check().unwrap();
        std::fs::write(&path, [1; 4]).unwrap();
        let error = watched.check().unwrap_err();
        assert!(error.to_string().contains("had 8 bytes, now 4") && error.path() == Some(&path), "{error}");
        std::fs::write(&path, [1; 8]).unwrap();
        let watched = Watched::new(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        watched.check().unwrap();
        assert!(Watched::new(&path).is_err());
    }

    #[test]
    fn a_relative_name_is_kept_as_an_absolute_one() {
        assert!(Watched::new(Path::new("Cargo.toml")).unwrap().path.is_absolute());
    }
}
