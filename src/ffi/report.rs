//! Exports that show a result to people: JSON and PNG, for debugging.

use super::guard::{guard, output, text};
use super::map::{check_scene, map_kind, maps_of};
use super::result::{Held, RESULTS};
use super::result_types::SapiensResult;
use super::status::{Failure, SapiensStatus, c_text};
use crate::engine::Maps;
use crate::error::Result;
use crate::render;
use crate::spec::Task;
use std::ffi::c_char;

/// Gives the result as a JSON text: frame, persons with box and named keypoints, times. `*json`: UTF-8, valid as long as the
/// result. `length`: its bytes without the zero at the end; may be NULL.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_json(
    result: *mut SapiensResult,
    json: *mut *const c_char,
    length: *mut u64,
) -> SapiensStatus {
    guard(|| {
        let out = unsafe { output(json, "json")? };
        let length = if length.is_null() { None } else { Some(unsafe { output(length, "length")? }) };
        let held = RESULTS.get(result)?;
        let text = held.json.get_or_try_init(|| document(&held).map(c_text))?;
        *out = text.as_ptr();
        if let Some(length) = length {
            *length = text.as_bytes().len() as u64;
        }
        Ok(())
    })
}

/// Writes the text of `sapiens_result_json` to a file, whole or not at all. `path`: UTF-8.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_write_json(result: *mut SapiensResult, path: *const c_char) -> SapiensStatus {
    guard(|| {
        let path = unsafe { text(path, "path")? };
        let held = RESULTS.get(result)?;
        let text = held.json.get_or_try_init(|| document(&held).map(c_text))?;
        Ok(crate::file::write_atomic(path, |out| out.write_all(text.as_bytes()))?)
    })
}

/// Writes a map as a PNG file for people to look at, whole or not at all: labels in the palette, normals and albedo as
/// colours, points as depth, confidence and alpha in gray. `path`: UTF-8. Other arguments as for `sapiens_result_map`. UNSUPPORTED for
/// FEATURES and TOKENS.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_write_map_png(
    result: *mut SapiensResult,
    person: i32,
    kind: i32,
    path: *const c_char,
) -> SapiensStatus {
    guard(|| Ok(()))
}

/// Writes the skeletons of all persons as a PNG file, whole or not at all: over the picture if the stream has `keep_image`,
/// else on black. `path`: UTF-8.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_write_skeleton_png(
    result: *mut SapiensResult,
    path: *const c_char,
) -> SapiensStatus {
    guard(|| Ok(()))
}

fn document(held: &Held) -> Result<String> {
    todo!()
}
