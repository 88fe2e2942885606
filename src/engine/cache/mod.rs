//! A folder that keeps what loading a model costs: the graph and weights made of a checkpoint, heads as ONNX Runtime optimised them,
//! and what execution providers compile.
//!
//! An entry is named by what it was made from and how: the checkpoint's path, size, time of change and samples of its bytes, and
//! the planned graph. It is made under a temporary name and renamed, so that another process finds it whole or not at all; two
//! that make the same one at the same time both succeed. A damaged entry is made again.

mod built;
mod fingerprint;

pub use built::{BuiltModel, built_models};
pub(super) use built::{note, record_folder};
pub(super) use fingerprint::Fingerprint;

use super::load::{Loaded, external_data};
use super::watch::Watched;
use crate::checkpoint::{Source, hex};
use crate::convert::{self, InMemory, Plan, Progress};
use crate::error::{Error, Result};
use crate::onnx::proto::ModelProto;
use prost::Message;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Raised when weights are made otherwise from the same checkpoint for the same graph.
const FORMAT: u32 = 1;
/// Converted checkpoints lie in this folder of the cache.
const CONVERTED: &str = "converted";
/// Optimised heads in this one.
const OPTIMISED: &str = "optimised";
/// In an entry: the graph, and what it should be.
const GRAPH: &str = "graph.onnx";
const ENTRY: &str = "entry.json";
/// In front of names that are not yet, or no longer, an entry.
const PASSING: &str = ".passing-";
/// What was left by a process that died is older than this.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// What an entry should be.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The checkpoint, for people who look into the folder; empty for what was made of several files.
    source: String,
    /// SHA-256 of the graph.
    graph: String,
    /// Length of the weights in bytes.
    weights: u64,
}

/// What a load of this plan from this file is called; `None` for a checkpoint in memory.
pub(super) fn key(plan: &Plan, source: &Source) -> Result<Option<String>> {
    let Some(path) = source.checkpoint().path() else { return Ok(None) };
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_le_bytes());
    hash.update(Fingerprint::of(path)?.0);
    hash.update(plan.model.encode_to_vec());
    Ok(Some(hex(&hash.finalize())[..32].to_owned()))
}

/// What a converted graph and the weights beside it are called.
pub(super) fn graph_key(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(Fingerprint::of(path)?.0);
    let mut data = path.as_os_str().to_owned();
    data.push(".data");
    if Path::new(&data).is_file() {
        hash.update(Fingerprint::of(Path::new(&data))?.0);
    }
    Ok(hex(&hash.finalize())[..32].to_owned())
}

/// The graph and weights of a plan: from the cache, or made and put there.
///
/// # Errors
/// `Io` about the cache; those of making the weights.
pub(super) fn converted(
    cache: &Path,
    key: &str,
    plan: Plan,
    source: &Source,
    progress: &mut Progress,
) -> Result<Loaded> {
    let info = plan.info.clone();
    let name = source.checkpoint().path().map(|path| path.display().to_string()).unwrap_or_default();
    let fill = |folder: &Path| Ok(convert::to_folder(plan, source, folder, progress)?.encode_to_vec());
    let found = kept(&cache.join(CONVERTED), key, name, fill)?;
    Ok(Loaded {
        folder: Some(found.folder),
        watched: found.watched,
        key: Some(key.to_owned()),
        is_cached: found.is_old,
        ..Loaded::new(found.model, info)
    })
}

/// A graph as ONNX Runtime optimised it: from the cache, or made by `fill`, as for [`kept`].
///
/// # Errors
/// `Io` about the cache; those of `fill`.
pub(super) fn optimised(cache: &Path, key: &str, fill: impl FnOnce(&Path) -> Result<Vec<u8>>) -> Result<Found> {
    kept(&cache.join(OPTIMISED), key, String::new(), fill)
}

/// The entry `key` of a folder. If it is not there, or damaged, `fill` writes its weights into a folder and returns its graph.
fn kept(folder: &Path, key: &str, source: String, fill: impl FnOnce(&Path) -> Result<Vec<u8>>) -> Result<Found> {
    fs::create_dir_all(folder).map_err(|e| Error::io("create the cache folder", folder, e))?;
    let entry = folder.join(key);
    if let Some(found) = open(&entry, true) {
        return Ok(found);
    }
    sweep(folder);
    let made = make(folder, source, fill)?;
    // Another process may have been faster, or a damaged entry is in the way.
    for _ in 0..3 {
        if fs::rename(made.path(), &entry).is_ok() {
            // What has its final name is not removed.
            let _ = made.keep();
            return match open(&entry, false) {
                Some(found) => Ok(found),
                None => {
                    Err(Error::new(crate::ErrorKind::Io, "the cache gave back another entry than was written")
                        .at(entry))
                }
            };
        }
        if let Some(found) = open(&entry, true) {
            return Ok(found);
        }
        set_aside(folder, &entry);
    }
    Err(Error::new(crate::ErrorKind::Io, "the cache folder takes no new entry; remove what has this name").at(entry))
}

/// An entry.
pub(super) struct Found {
    /// The graph as it is stored, and what this library reads of it.
    pub graph: Vec<u8>,
    model: ModelProto,
    pub folder: PathBuf,
    pub watched: Vec<Watched>,
    is_old: bool,
}

/// An entry that is whole.
fn open(entry: &Path, is_old: bool) -> Option<Found> {
    let should: Entry = serde_json::from_slice(&fs::read(entry.join(ENTRY)).ok()?).ok()?;
    let graph = fs::read(entry.join(GRAPH)).ok()?;
    let is_whole = hex(&Sha256::digest(&graph)) == should.graph
        && fs::metadata(entry.join(InMemory::WEIGHTS)).ok()?.len() == should.weights;
    if !is_whole {
        return None;
    }
    let model = ModelProto::decode(graph.as_slice()).ok()?;
    let folder = entry.canonicalize().ok()?;
    let watched = external_data(&model, &folder).ok()?;
    Some(Found { graph, model, folder, watched, is_old })
}

/// A new entry under a name that passes.
fn make(folder: &Path, source: String, fill: impl FnOnce(&Path) -> Result<Vec<u8>>) -> Result<tempfile::TempDir> {
    let passing = tempfile::Builder::new().prefix(PASSING).tempdir_in(folder);
    let passing = passing.map_err(|e| Error::io("create an entry of the cache", folder, e))?;
    let graph = fill(passing.path())?;
    let weights = passing.path().join(InMemory::WEIGHTS);
    let synced = fs::File::options().write(true).open(&weights).and_then(|file| {
        file.sync_all()?;
        Ok(file.metadata()?.len())
    });
    let length = synced.map_err(|e| Error::io("write the weights", &weights, e))?;
    let entry = Entry { source, graph: hex(&Sha256::digest(&graph)), weights: length };
    let text = serde_json::to_vec_pretty(&entry)
        .map_err(|e| Error::invalid(format!("the entry of the cache cannot be written as JSON: {e}")))?;
    for (name, bytes) in [(GRAPH, &graph), (ENTRY, &text)] {
        let path = passing.path().join(name);
        fs::write(&path, bytes).map_err(|e| Error::io("write an entry of the cache", &path, e))?;
    }
    Ok(passing)
}

/// Takes what is in the way to a passing name and removes it; whoever has mapped it keeps it until then.
fn set_aside(folder: &Path, entry: &Path) {
    if let Ok(aside) = tempfile::Builder::new().prefix(PASSING).tempdir_in(folder) {
        let _ = fs::rename(entry, aside.path().join("old"));
    }
}

/// Removes what processes that died have left.
fn sweep(folder: &Path) {
    let is_abandoned = |entry: &fs::DirEntry| {
        let age =
            entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| SystemTime::now().duration_since(t).ok());
        entry.file_name().to_string_lossy().starts_with(PASSING) && age.is_some_and(|age| age > ABANDONED)
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(is_abandoned) {
        let _ = fs::remove_dir_all(entry.path());
    }
}
