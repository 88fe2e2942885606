//! Places of results, looked at before any work.

use sapiens::{Error, Result};
use std::path::Path;

/// Finds out whether a file can be written. `what` is the kind of file, for the one who gave a folder.
pub fn check_file(option: &str, what: &str, path: &Path) -> Result<()> {
    if path.is_dir() || path.file_name().is_none() {
        return Err(Error::invalid(format!("{option}: this is a folder; give the name of {what}")).at(path));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Error::invalid(format!("{option}: the folder of this file does not exist")).at(path));
    }
    // A pipe or a device is written to directly, and a link leads to a folder of its own.
    if path.is_symlink() || path.exists() && !path.is_file() {
        return Ok(());
    }
    probe(folder).map_err(|e| Error::io(&format!("write into the folder of this file ({option})"), path, e))
}

/// Finds out whether files can be made in a folder, which exists.
pub fn probe(folder: &Path) -> std::io::Result<()> {
    tempfile::Builder::new().prefix(".sapiens-").suffix(".partial").tempfile_in(folder).map(drop)
}
