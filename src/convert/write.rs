//! Writing a planned graph: weights streamed into a file beside it, or gathered in one buffer.

use super::weights::{Job, Progress, Stage};
use super::{Plan, metadata};
use crate::checkpoint::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::file::Pending;
use crate::onnx::proto::{GraphProto, ModelProto};
use prost::Message;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Weights start at multiples of this, so that a memory-mapped file can be used in place.
const ALIGNMENT: u64 = 64;

/// A graph with its weights in memory.
pub struct InMemory {
    /// The graph; its external data has the location [`InMemory::WEIGHTS`].
    pub model: ModelProto,
    /// The bytes of that external data.
    pub weights: Arc<[u8]>,
}

impl InMemory {
    /// The file name that stands for the buffer.
    pub const WEIGHTS: &'static str = "weights";
}

/// Where each weight comes to lie, and how long the file becomes.
fn layout<'a>(jobs: impl Iterator<Item = &'a Job>) -> (Vec<u64>, u64) {
    let mut end = 0u64;
    let offsets = jobs
        .map(|job| {
            let offset = end.next_multiple_of(ALIGNMENT);
            end = offset + job.bytes() as u64;
            offset
        })
        .collect();
    (offsets, end)
}

fn graph_of(model: &mut ModelProto) -> Result<&mut GraphProto> {
    model.graph.as_mut().ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the planned model holds no graph"))
}

fn place<'a>(graph: &mut GraphProto, places: impl Iterator<Item = (&'a Job, &'a str, u64)>) {
    let mut tensors: HashMap<String, &mut crate::onnx::proto::TensorProto> =
        graph.initializer.iter_mut().map(|t| (t.name.clone(), t)).collect();
    for (job, location, offset) in places {
        if let Some(tensor) = tensors.get_mut(&job.name) {
            tensor.set_external(location, offset, job.bytes() as u64);
        }
    }
}

/// Makes all weights in one buffer.
///
/// # Errors
/// Those of reading the checkpoint, and what `progress` returns.
pub fn in_memory(plan: Plan, source: &Source, progress: &mut Progress) -> Result<InMemory> {
    let (offsets, total) = layout(plan.jobs.iter());
    let bytes = usize::try_from(total)
        .map_err(|_| Error::new(ErrorKind::Unsupported, format!("{total} bytes of weights do not fit this machine")))?;
    let mut weights: Arc<[u8]> = std::iter::repeat_n(0, bytes).collect();
    let buffer = Arc::get_mut(&mut weights)
        .ok_or_else(|| Error::new(ErrorKind::Runtime, "the weight buffer is shared before it is filled"))?;
    for (job, &offset) in plan.jobs.iter().zip(&offsets) {
        let made = job.make(source)?;
        buffer[offset as usize..][..made.len()].copy_from_slice(&made);
        progress(Stage::Weights, offset + made.len() as u64, total)?;
    }
    source.checkpoint().check_unchanged()?;
    let mut model = plan.model;
    place(graph_of(&mut model)?, plan.jobs.iter().zip(&offsets).map(|(job, &offset)| (job, InMemory::WEIGHTS, offset)));
    Ok(InMemory { model, weights })
}

/// Streams all weights into a file of `folder`, for a model too large to gather in memory; the graph refers to it by
/// name.
///
/// # Errors
/// `Io`, those of reading the checkpoint, and what `progress` returns.
pub fn to_folder(plan: Plan, source: &Source, folder: &Path, progress: &mut Progress) -> Result<ModelProto> {
    let Plan { mut model, jobs, .. } = plan;
    let jobs: Vec<&Job> = jobs.iter().collect();
    let (offsets, total) = layout(jobs.iter().copied());
    let path = folder.join(InMemory::WEIGHTS);
    stream(&jobs, &offsets, total, source, &path, progress)?.commit()?;
    place(graph_of(&mut model)?, jobs.iter().zip(&offsets).map(|(job, &offset)| (*job, InMemory::WEIGHTS, offset)));
    Ok(model)
}

/// Writes the weights one after the other; at most one is in memory.
fn stream(
    jobs: &[&Job],
    offsets: &[u64],
    total: u64,
    source: &Source,
    path: &Path,
    progress: &mut Progress,
) -> Result<Pending> {
    let mut data = Pending::create(path)?;
    let mut written = 0u64;
    for (job, &offset) in jobs.iter().zip(offsets) {
        let made = job.make(source)?;
        let gap = usize::try_from(offset - written).unwrap_or(0);
        let result = data.write_all(&[0; ALIGNMENT as usize][..gap]).and_then(|()| data.write_all(&made));
        result.map_err(|e| Error::io("write the weights", path, e))?;
        written = offset + made.len() as u64;
        progress(Stage::Weights, written, total)?;
    }
    source.checkpoint().check_unchanged()?;
    Ok(data)
}

/// Writes `out` and, beside it, `<out>.data` with the weights. Weights that the checkpoint already holds in the right
/// form stay there when it lies in the same folder (and is a plain file). At no time does a partial file carry the
/// final name.
///
/// Returns the plan's facts with the hash of the checkpoint.
///
/// # Errors
/// `Io` (disk full, permissions), those of reading the checkpoint, and what `progress` returns; nothing is left behind.
pub fn write(plan: Plan, source: &Source, out: &Path, progress: &mut Progress) -> Result<crate::spec::ModelInfo> {
    let Plan { mut model, mut info, jobs } = plan;
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let name = out
        .file_name()
        .and_then(|n| n.to_str())
        .ok_or_else(|| Error::invalid("output: the path must end in a file name of plain characters").at(out))?;
    let data_name = format!("{name}.data");
    let data_path = folder.join(&data_name);
    refuse_overwriting(source, &[out, &data_path])?;
    if let Some(folder) = [out, &data_path].into_iter().find(|target| target.is_dir()) {
        return Err(Error::invalid("output: there is a folder of this name; choose another").at(folder));
    }

    info.source_sha256 = source.checkpoint().sha256_with(&mut |done, total| progress(Stage::Hash, done, total))?;
    metadata::set_source(&mut model, &info.source_sha256);

    let neighbour = neighbour_name(source, &folder);
    let (kept, copied): (Vec<&Job>, Vec<&Job>) =
        jobs.iter().partition(|job| neighbour.is_some() && job.in_place(source).is_some());
    let (offsets, total) = layout(copied.iter().copied());
    let graph = graph_of(&mut model)?;
    place(graph, copied.iter().zip(&offsets).map(|(job, &offset)| (*job, data_name.as_str(), offset)));
    if let Some(neighbour) = &neighbour {
        let places = kept.iter().filter_map(|job| Some((*job, neighbour.as_str(), job.in_place(source)?)));
        place(graph, places);
    }

    let mut data = stream(&copied, &offsets, total, source, &data_path, progress)?;
    data.sync()?;
    let mut graph = Pending::create(out)?;
    graph.write_all(&model.encode_to_vec()).map_err(|e| Error::io("write the graph", out, e))?;
    graph.sync()?;
    // The last moment to stop: writing out to the disk can have taken long.
    progress(Stage::Weights, total, total)?;
    source.checkpoint().check_unchanged()?;
    // The data first: a graph under its final name always finds its weights.
    let is_new = !data_path.exists();
    data.commit()?;
    graph.commit().inspect_err(|_| {
        if is_new {
            let _ = std::fs::remove_file(&data_path);
        }
    })?;
    Ok(info)
}

/// The checkpoint's file name, if the graph can refer to it: same folder, no link (ONNX Runtime follows none).
fn neighbour_name(source: &Source, folder: &Path) -> Option<String> {
    let path = source.checkpoint().path()?;
    let own = match path.parent() {
        Some(own) if !own.as_os_str().is_empty() => own,
        _ => Path::new("."),
    };
    let same = own.canonicalize().ok()? == folder.canonicalize().ok()?;
    let plain = path.symlink_metadata().ok()?.is_file();
    (same && plain).then(|| path.file_name()?.to_str().map(str::to_owned)).flatten()
}

fn refuse_overwriting(source: &Source, targets: &[&Path]) -> Result<()> {
    let Some(own) = source.checkpoint().path().and_then(|p| p.canonicalize().ok()) else { return Ok(()) };
    match targets.iter().find(|t| t.canonicalize().is_ok_and(|t| t == own)) {
        Some(target) => {
            Err(Error::invalid("output: this would overwrite the checkpoint; choose another name").at(target))
        }
        None => Ok(()),
    }
}
