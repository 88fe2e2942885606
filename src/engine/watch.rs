//! Files that a model depends on while it runs: ONNX Runtime maps them, and a mapping of a file that has become shorter
//! ends the process. Looking first turns that into an error; only a change in the middle of a run goes unseen.

use crate::error::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file as it was.
pub(super) struct Watched {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Watched {
    /// The file as it is now.
    pub fn new(path: &Path) -> Result<Self> {
        let found = std::fs::metadata(path).map_err(|e| Error::io("open the model", path, e))?;
        Ok(Self { path: path.to_path_buf(), length: found.len(), modified: found.modified().ok() })
    }

    /// Refuses a file that is not what it was. A file that is gone but mapped does no harm.
    pub fn check(&self) -> Result<()> {
        let Ok(found) = std::fs::metadata(&self.path) else { return Ok(()) };
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
        std::fs::remove_file(&path).unwrap();
        watched.check().unwrap();
        assert!(Watched::new(&path).is_err());
    }
}
