//! Doing ahead of time what a load would have to do: converting, compiling, building engines.

use super::cache::{Fingerprint, note};
use super::describe::tasks_of;
use super::detector::{Detector, family_of};
use super::load::{LoadOptions, ModelSource};
use super::model::Model;
use super::run::{Engine, Request};
use crate::checkpoint::hex;
use crate::convert::Progress;
use crate::detect::DetectOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::Image;
use crate::runtime::{BuildRecord, Device, Engines, Library};
use crate::spec::Task;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What was built for one device.
#[derive(Debug, Clone)]
pub struct Prebuilt {
    /// The record written beside it.
    pub record: BuildRecord,
    /// The folder with what the provider compiled; with nothing but the record where it keeps nothing.
    pub folder: PathBuf,
    /// Whether the checkpoint had been converted into the cache before.
    pub was_converted: bool,
}

/// Loads what a file has, a model, its detector or a detector alone, with a cache folder on each device of the options by itself and runs
/// it once on a black picture, so that everything that can be kept is in the cache: the converted checkpoint, TensorRT's engines and
/// timings, what OpenVINO and CoreML compile. Later loads with the same options take it from there; a record beside it says so. `started` is told which device is
/// worked on.
///
/// # Errors
/// `InvalidArgument` without a cache folder, and for a model that is no file; those of loading and running the model.
pub fn prebuild(
    source: &ModelSource,
    options: &LoadOptions,
    started: &mut dyn FnMut(Device),
    progress: &mut Progress,
) -> Result<Vec<Prebuilt>> {
    let ModelSource::Path(path) = source else {
        return Err(Error::invalid("model: only a file can be built ahead of time; the embedded model is small"));
    };
    if options.cache.is_none() {
        return Err(Error::invalid("cache: name the folder to build into"));
    }
    let library = Library::load(options.library.as_deref())?;
    let fingerprint = hex(&Fingerprint::of(path)?.0);
    let full = path.canonicalize().map_err(|e| Error::io("open the model", path, e))?;
    let mut built = Vec::new();
    for &device in &options.session.devices {
        started(device);
        let since = Instant::now();
        let mut own = options.clone();
        own.session.devices = vec![device];
        own.session.providers.engines = Engines::Build;
        let (was_converted, folders) = run_once(source, &mut own, progress)?;
        let record = BuildRecord {
            model: full.display().to_string(),
            fingerprint: fingerprint.clone(),
            device: device.to_string(),
            provider: device.provider().to_owned(),
            onnxruntime: library.version().to_owned(),
            machine: BuildRecord::this_machine(device),
            sapiens: env!("CARGO_PKG_VERSION").to_owned(),
            build_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        for folder in folders {
            let folder = note(&folder, &record, device)?;
            built.push(Prebuilt { record: record.clone(), folder, was_converted });
        }
    }
    Ok(built)
}

/// Loads and runs the tasks of a source, and its detector; tells whether it had been converted before, and where providers keep what they
/// compiled.
fn run_once(source: &ModelSource, options: &mut LoadOptions, progress: &mut Progress) -> Result<(bool, Vec<PathBuf>)> {
    let (mut was_converted, mut folders) = (true, Vec::new());
    let tasks = tasks_of(source)?;
    if !tasks.is_empty() {
        let model = run_model(source, options, progress)?;
        was_converted &= model.is_cached();
        folders.extend(model.compiled().map(PathBuf::from));
        if model.info().tasks.contains(&Task::Seg) && !options.flip_test {
            // Streams want labels, pictures want logits: two graphs.
            options.decoded_seg = !options.decoded_seg;
            folders.extend(run_model(source, options, progress)?.compiled().map(PathBuf::from));
        }
    }
    if has_detector(source)? {
        let detector = Detector::load(source, options, progress)?;
        let size = detector.info().input;
        detector.detect(&black(size)?, &DetectOptions::of(detector.family()))?;
        was_converted &= detector.is_cached();
        folders.extend(detector.compiled().map(PathBuf::from));
    }
    Ok((was_converted, folders))
}

fn has_detector(source: &ModelSource) -> Result<bool> {
    match family_of(source) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(false),
        Err(error) => Err(error),
    }
}

fn run_model(source: &ModelSource, options: &LoadOptions, progress: &mut Progress) -> Result<Arc<Model>> {
    let model = Arc::new(Model::load(source, options, progress)?);
    let picture = black(model.info().input)?;
    Engine::from_models([Arc::clone(&model)])?.run(&picture, &Request::default())?;
    Ok(model)
}

fn black(size: Size) -> Result<Image> {
    Image::from_rgb8(size, vec![0; 3 * size.area()])
}
