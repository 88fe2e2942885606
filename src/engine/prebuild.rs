//! Doing ahead of time what a load would have to do: converting, compiling, building engines.

use super::cache::{Fingerprint, note};
use super::load::{LoadOptions, ModelSource};
use super::model::Model;
use super::run::{Engine, Request};
use crate::checkpoint::hex;
use crate::convert::Progress;
use crate::error::{Error, Result};
use crate::image::Image;
use crate::runtime::{BuildRecord, Device, Engines, Library};
use crate::spec::Task;
use std::path::PathBuf;
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

/// Loads a model with a cache folder on each device of the options by itself and runs it once on a black picture, so that
/// everything that can be kept is in the cache: the converted checkpoint, TensorRT's engines and timings, what OpenVINO and CoreML
/// compile. Later loads with the same options take it from there; a record beside it says so. `started` is told which device is
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
        let mut model = run_once(source, &own, progress)?;
        let (was_converted, mut folders) = (model.is_cached(), vec![model.compiled().map(PathBuf::from)]);
        if model.info().tasks.contains(&Task::Seg) && !own.flip_test {
            // Streams want labels, pictures want logits: two graphs.
            own.decoded_seg = !own.decoded_seg;
            model = run_once(source, &own, progress)?;
            folders.push(model.compiled().map(PathBuf::from));
        }
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
        for folder in folders.into_iter().flatten() {
            let folder = note(&folder, &record, device)?;
            built.push(Prebuilt { record: record.clone(), folder, was_converted });
        }
    }
    Ok(built)
}

fn run_once(source: &ModelSource, options: &LoadOptions, progress: &mut Progress) -> Result<std::sync::Arc<Model>> {
    let model = std::sync::Arc::new(Model::load(source, options, progress)?);
    let size = model.info().input;
    let black = Image::from_rgb8(size, vec![0; 3 * size.area()])?;
    Engine::from_models([std::sync::Arc::clone(&model)])?.run(&black, &Request::default())?;
    Ok(model)
}
