//! Exports about the detector of a context.

use super::context::CONTEXTS;
use super::context_types::{SapiensContext, SapiensLoadOptions, SapiensModelInfo};
use super::convert::{load_request, precision_number};
use super::guard::{check_struct, guard, read_or, write};
use super::model::{progress_of, source_of};
use super::status::{Failure, SapiensStatus};
use std::ffi::c_char;

/// Loads the person detector of the context, in place of one loaded before: streams with `detect` use it from their next
/// frame on. Blocks, as `sapiens_context_load`, and is cancelled likewise. It runs beside the models, not in turn with them.
///
/// `path`: UTF-8; a checkpoint of RTMDet (`.pth`) or DETR (`.safetensors`), a bundle with a detector, or an `.onnx` graph
/// written by `sapiens convert`. NULL: that of the demo model inside the library. `options`: NULL for the defaults; `tasks` is
/// 0, the input size is the detector's.
///
/// Fails with UNSUPPORTED if the file has no detector, and as `sapiens_context_load`; the detector before stays then.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_load_detector(
    context: *mut SapiensContext,
    path: *const c_char,
    options: *const SapiensLoadOptions,
) -> SapiensStatus {
    guard(|| {
        let host = CONTEXTS.get(context)?;
        let options = unsafe { read_or(options, "options", SapiensLoadOptions::DEFAULT)? };
        let source = unsafe { source_of(path)? };
        let request = load_request(&options)?;
        Ok(host.live.load_detector(&source, &request, &mut progress_of(&options))?)
    })
}

/// Takes the detector away; a frame in work finishes with it. OK also if there is none.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_unload_detector(context: *mut SapiensContext) -> SapiensStatus {
    guard(|| {
        CONTEXTS.get(context)?.live.unload_detector()?;
        Ok(())
    })
}

/// Describes the detector, with `id` and `tasks` 0. ABSENT if none is loaded.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_detector(
    context: *mut SapiensContext,
    info: *mut SapiensModelInfo,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let host = CONTEXTS.get(context)?;
        let found = host.live.detector().ok_or(Failure::ABSENT)?;
        let refused: Vec<_> = found.refused.iter().map(|(device, reason)| format!("{device}: {reason}")).collect();
        let described = SapiensModelInfo {
            struct_size: 0,
            id: 0,
            tasks: 0,
            input_width: found.info.input.width as u32,
            input_height: found.info.input.height as u32,
            precision: precision_number(found.info.precision),
            parameters: found.info.parameters,
            name: host.text(found.name.as_str()),
            size: host.text(found.family.to_string()),
            licence: host.text(found.info.licence.name()),
            device: host.text(found.device.to_string()),
            provider: host.text(found.device.provider()),
            refused: host.text(refused.join("; ")),
            source_sha256: host.text(found.info.source_sha256.as_str()),
            keypoints: 0,
            classes: 0,
            memory_bytes: found.footprint.total(1),
            load_ms: 0.0,
            loads: 1,
            evictions: 0,
            is_loaded: 1,
            frames_on_device: u32::from(found.frames_on_device),
            certificate: host.text(String::new()),
        };
        unsafe { write(info, "info", described) }
    })
}
