//! What `sapiens prebuild` has built, as records beside it: which model, for which device, ONNX Runtime and machine.

use super::fingerprint::Fingerprint;
use crate::checkpoint::hex;
use crate::error::{Error, Result};
use crate::file::write_atomic;
use crate::runtime::{BuildRecord, Device, Library};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What providers compile lies in this folder of the cache, by version of ONNX Runtime, model and device.
const PROVIDERS: &str = "providers";

/// Where providers keep what they compile of the model `key`; each device has a folder in it.
pub(in crate::engine) fn record_folder(cache: &Path, library: &Library, key: &str) -> PathBuf {
    cache.join(PROVIDERS).join(library.version()).join(key)
}

/// Records that everything a load on `device` needs is in the cache.
pub(in crate::engine) fn note(folder: &Path, record: &BuildRecord, device: Device) -> Result<PathBuf> {
    let folder = BuildRecord::folder(folder, device);
    std::fs::create_dir_all(&folder).map_err(|e| Error::io("create the cache folder", &folder, e))?;
    let path = folder.join(BuildRecord::FILE);
    let text = serde_json::to_vec_pretty(record)
        .map_err(|e| Error::invalid(format!("the record of a build cannot be written as JSON: {e}")))?;
    write_atomic(&path, |out| out.write_all(&text))?;
    Ok(folder)
}

/// A model that was built before, and whether it can be used now.
#[derive(Debug, Clone, Serialize)]
pub struct BuiltModel {
    /// What was recorded.
    #[serde(flatten)]
    pub record: BuildRecord,
    /// Where it lies.
    pub folder: PathBuf,
    /// Why a load now would not use it; `None` if it fits.
    pub obstacle: Option<String>,
}

/// All models that were built into a cache folder, sorted by name and device. Without an ONNX Runtime its version is not compared.
///
/// # Errors
/// `Io` if the folder cannot be listed. A record that cannot be read is left out.
pub fn built_models(cache: &Path, library: Option<&Library>) -> Result<Vec<BuiltModel>> {
    std::fs::read_dir(cache).map_err(|e| Error::io("list the cache folder", cache, e))?;
    let mut folders = vec![cache.join(PROVIDERS)];
    // Version, model, device.
    for _ in 0..3 {
        let inner = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        folders = inner.map(|entry| entry.path()).collect();
    }
    let mut found: Vec<BuiltModel> = folders
        .into_iter()
        .filter_map(|folder| {
            let record = BuildRecord::read(&folder)?;
            let obstacle = obstacle(&record, library);
            Some(BuiltModel { record, folder, obstacle })
        })
        .collect();
    found.sort_by_key(|built| (built.record.model.clone(), built.record.device.clone()));
    Ok(found)
}

fn obstacle(record: &BuildRecord, library: Option<&Library>) -> Option<String> {
    if let Some(library) = library.filter(|library| library.version() != record.onnxruntime) {
        return Some(format!("it was built by ONNX Runtime {}, this one is {}", record.onnxruntime, library.version()));
    }
    if !record.fits_machine() {
        return Some(format!("it was built on another machine: {}", record.machine));
    }
    match Fingerprint::of(Path::new(&record.model)) {
        Ok(now) if hex(&now.0) == record.fingerprint => None,
        Ok(_) => Some("the model's file has changed since".to_owned()),
        Err(_) => Some("the model's file is not there".to_owned()),
    }
}
