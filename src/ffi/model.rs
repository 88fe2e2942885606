//! Exports about the models of a context.

use super::context::{CONTEXTS, Host};
use super::context_types::{SapiensContext, SapiensLoadOptions, SapiensModelInfo};
use super::convert::{UserData, load_request, precision_number, task_mask};
use super::guard::{check_struct, guard, optional_text, output, read_or, slice, text, write};
use super::status::{Failure, SapiensStatus};
use crate::convert::Stage;
use crate::engine::ModelSource;
use crate::error::{Error, ErrorKind};
use crate::live::ModelReport;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Loads a model and adds its tasks to the context. Blocks, for seconds with large models: call it from a thread of your
/// own where that matters. Streams keep running; they run the new tasks from their next frame on.
///
/// `path`: UTF-8; an official `.safetensors` checkpoint as downloaded, or an `.onnx` graph written by `sapiens convert`.
/// NULL: the small demo model inside the library. `options`: NULL for the defaults. `model_id`: may be NULL.
///
/// Fails with NOT_FOUND, IO, CORRUPT_MODEL, UNKNOWN_MODEL about the file; LIBRARY, DEVICE about where it should run;
/// INVALID_ARGUMENT if a loaded model already has one of its tasks; CANCELLED.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_load(
    context: *mut SapiensContext,
    path: *const c_char,
    options: *const SapiensLoadOptions,
    model_id: *mut u32,
) -> SapiensStatus {
    guard(|| {
        let host = CONTEXTS.get(context)?;
        let options = unsafe { read_or(options, "options", SapiensLoadOptions::DEFAULT)? };
        let source = unsafe { source_of(path)? };
        unsafe { load(&host, source, &options, model_id) }
    })
}

/// As `sapiens_context_load`, from the bytes of a `.safetensors` checkpoint in memory (from an asset package, say). They are
/// copied; `name` stands for the path in messages and in `SapiensModelInfo.name`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_load_memory(
    context: *mut SapiensContext,
    name: *const c_char,
    data: *const c_void,
    size: u64,
    options: *const SapiensLoadOptions,
    model_id: *mut u32,
) -> SapiensStatus {
    guard(|| {
        let host = CONTEXTS.get(context)?;
        let options = unsafe { read_or(options, "options", SapiensLoadOptions::DEFAULT)? };
        let name = unsafe { text(name, "name")? }.to_owned();
        let size = usize::try_from(size).map_err(|_| Failure::invalid(format!("size is {size}: more than memory")))?;
        let bytes: Arc<[u8]> = unsafe { slice(data.cast::<u8>(), size, "data")? }.into();
        unsafe { load(&host, ModelSource::Bytes { name, bytes }, &options, model_id) }
    })
}

unsafe fn load(
    host: &Host,
    source: ModelSource,
    options: &SapiensLoadOptions,
    model_id: *mut u32,
) -> Result<(), Failure> {
    let out = if model_id.is_null() { None } else { Some(unsafe { output(model_id, "model_id")? }) };
    let id = host.live.load(&source, &load_request(options)?, &mut progress_of(options))?;
    if let Some(out) = out {
        *out = id.number();
    }
    Ok(())
}

/// A path, or the demo model.
///
/// # Safety
/// `path` is null or leads to bytes that end in zero.
pub(super) unsafe fn source_of(path: *const c_char) -> Result<ModelSource, Failure> {
    match unsafe { optional_text(path, "path")? } {
        None => Ok(ModelSource::Demo),
        Some("") => Err(Failure::invalid("path is empty; NULL stands for the demo model")),
        Some(path) => Ok(ModelSource::Path(path.into())),
    }
}

/// Tells the host how far a load is, and stops it if the host says so.
pub(super) fn progress_of(options: &SapiensLoadOptions) -> impl FnMut(Stage, u64, u64) -> crate::Result<()> {
    let (user_data, callback) = (UserData(options.user_data), options.progress);
    move |stage, done, total| {
        let user_data = &user_data;
        let Some(callback) = callback else { return Ok(()) };
        let stage = match stage {
            Stage::Hash => c"hash",
            Stage::Weights => c"weights",
        };
        // SAFETY: a function of the host, given with this user data, called on the thread of the host's own call.
        match unsafe { callback(user_data.0, stage.as_ptr(), done, total) } {
            0 => Ok(()),
            _ => Err(Error::new(ErrorKind::Cancelled, "the progress callback stopped the load")),
        }
    }
}

/// Stops the loads of this context that are in progress; they answer CANCELLED as soon as the stage they are in lets them.
/// Later loads are not affected.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_cancel_loads(context: *mut SapiensContext) -> SapiensStatus {
    guard(|| {
        CONTEXTS.get(context)?.live.cancel_loads();
        Ok(())
    })
}

/// Takes a model and its tasks away. A frame in work finishes with it; its memory goes with the last of these.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_unload(context: *mut SapiensContext, model_id: u32) -> SapiensStatus {
    guard(|| Ok(CONTEXTS.get(context)?.live.unload(model_id.into())?))
}

/// Gives the number of loaded models.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_model_count(context: *mut SapiensContext, count: *mut u32) -> SapiensStatus {
    guard(|| {
        let out = unsafe { output(count, "count")? };
        *out = CONTEXTS.get(context)?.live.models().len() as u32;
        Ok(())
    })
}

/// Describes a loaded model; `index` counts from 0 in the order of loading.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_model(
    context: *mut SapiensContext,
    index: u32,
    info: *mut SapiensModelInfo,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let host = CONTEXTS.get(context)?;
        let models = host.live.models();
        let model = models.get(index as usize).ok_or_else(|| {
            Failure::invalid(format!("index is {index}; {} models are loaded, counted from 0", models.len()))
        })?;
        unsafe { write(info, "info", model_info(&host, model)) }
    })
}

fn model_info(host: &Host, model: &ModelReport) -> SapiensModelInfo {
    let refused: Vec<_> = model.refused.iter().map(|(device, reason)| format!("{device}: {reason}")).collect();
    // Numbers, texts and lists of them: nothing that JSON cannot say.
    let certificate = model.info.certificate.as_ref().and_then(|found| serde_json::to_string(found).ok());
    SapiensModelInfo {
        struct_size: 0,
        id: model.id.number(),
        tasks: task_mask(&model.info.tasks),
        input_width: model.info.input.width as u32,
        input_height: model.info.input.height as u32,
        precision: precision_number(model.info.precision),
        parameters: model.info.parameters,
        name: host.text(model.name.as_str()),
        size: host.text(model.info.size.as_str()),
        licence: host.text(model.info.licence.name()),
        device: host.text(model.device.to_string()),
        provider: host.text(model.device.provider()),
        refused: host.text(refused.join("; ")),
        source_sha256: host.text(model.info.source_sha256.as_str()),
        keypoints: model.info.keypoints as u32,
        classes: model.info.classes as u32,
        memory_bytes: model.footprint.total(1),
        load_ms: model.fate.load_ms,
        loads: model.fate.loads,
        evictions: model.fate.evictions,
        is_loaded: u32::from(model.fate.is_loaded),
        frames_on_device: u32::from(model.frames_on_device),
        certificate: host.text(certificate.unwrap_or_default()),
    }
}
