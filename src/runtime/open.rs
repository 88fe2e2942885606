//! Opening a graph on one device.

use super::providers::{ProviderOptions, dispatch, prepare_cache};
use super::session::{ModelBytes, SessionOptions, turn};
use super::{Device, Library, reason, runtime_error};
use crate::error::{Error, ErrorKind, Result};
use ort::session::builder::SessionBuilder;
use std::sync::Arc;

/// The name of the free first extent of inputs and outputs.
pub(super) const BATCH: &str = "batch";

/// A session, and why its runs are not recorded although they were to be.
pub(super) type Opened = (ort::session::Session, Option<Error>);

/// Opens a graph, recorded where that is wanted and the device can: it must be able to run all of it.
pub(super) fn open_recorded(
    library: &'static Library,
    model: ModelBytes,
    options: &SessionOptions,
    device: Device,
) -> Result<Opened> {
    if !options.records(device) {
        return open_on(library, model, options, device, false).map(|session| (session, None));
    }
    let refused = match open_on(library, model, options, device, false) {
        Ok(session) => return Ok((session, None)),
        Err(error) => error,
    };
    let providers = ProviderOptions { recorded: false, ..options.providers.clone() };
    let plain = SessionOptions { providers, ..options.clone() };
    open_on(library, model, &plain, device, false).map(|session| (session, Some(refused)))
}

/// `strict`: an operator that the device lacks is an error.
pub(super) fn open_on(
    library: &'static Library,
    model: ModelBytes,
    options: &SessionOptions,
    device: Device,
    strict: bool,
) -> Result<ort::session::Session> {
    let _turn = turn(device);
    let build = || -> Result<SessionBuilder, ort::Error> {
        let mut builder = SessionBuilder::new(&library.environment)?
            .with_intra_threads(options.threads)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_prepacking(!options.low_memory)?
            .with_memory_pattern(!options.varying)?;
        builder = options.optimised.apply(builder)?;
        if strict && device != Device::Cpu {
            builder = builder.with_disable_cpu_fallback()?;
        } else {
            // Without its arena the processor provider gives memory back after each operator.
            let processor = ort::ep::CPU::default().with_arena_allocator(!options.low_memory).build();
            builder = builder.with_execution_providers([processor])?;
        }
        if options.is_single(device) {
            builder = builder.with_dimension_override(BATCH, 1)?;
        }
        if matches!(device, Device::DirectMl(_)) {
            // That provider refuses patterns of memory and nodes in parallel.
            builder = builder.with_memory_pattern(false)?.with_parallel_execution(false)?;
        }
        if let Some(folder) = model.folder {
            builder = builder
                .with_config_entry("session.model_external_initializers_file_folder_path", folder.to_string_lossy())?;
        }
        if let Some((name, bytes)) = model.weights {
            builder = builder.with_external_initializer_file_in_memory(name, Arc::clone(bytes))?;
        }
        Ok(builder)
    };
    let providers = dispatch(device, options)?;
    prepare_cache(device, options)?;
    let mut builder = build().map_err(|e| runtime_error("ONNX Runtime refused the session options", &e))?;
    if !providers.is_empty() {
        builder = builder.with_execution_providers(providers).map_err(|e| {
            Error::new(ErrorKind::Device, format!("device {device} cannot be used: {}", reason(e.message())))
        })?;
    }
    builder.commit_from_memory(model.graph).map_err(|e| {
        let kind = if device == Device::Cpu { ErrorKind::Runtime } else { ErrorKind::Device };
        Error::new(kind, format!("ONNX Runtime could not load the model on {device}: {}", reason(e.message())))
    })
}
