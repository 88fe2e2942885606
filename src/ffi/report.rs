//! Exports that show a result to people: JSON and PNG, for debugging.

use super::document::document;
use super::enums::SapiensMapKind;
use super::guard::{guard, output, text};
use super::map::{check_scene, map_kind, maps_of, task_of};
use super::result::RESULTS;
use super::result_types::SapiensResult;
use super::status::{Failure, SapiensStatus, c_text};
use crate::export::overlay::SCORE_THRESHOLD;
use crate::export::picture::{Picture, write_png};
use crate::geometry::Size;
use crate::render::{MapPicture, Style};
use once_cell::sync::Lazy;
use std::ffi::c_char;

static STYLE: Lazy<Style> = Lazy::new(|| Style::new(SCORE_THRESHOLD));

/// Gives the result as a JSON text: all that the structures say but maps and pixels. `*json`: UTF-8, valid as long as the
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
        let text = held.json.get_or_try_init(|| document(&held.live).map(c_text))?;
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
        let text = held.json.get_or_try_init(|| document(&held.live).map(c_text))?;
        Ok(crate::file::write_atomic(path, |out| out.write_all(text.as_bytes()))?)
    })
}

/// Writes a map as a PNG file for people to look at, whole or not at all: labels in the palette, normals and albedo as
/// colours, points as depth, relative depth near bright, confidence and alpha in gray. `path`: UTF-8. Other arguments as for `sapiens_result_map`. UNSUPPORTED for
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
    guard(|| {
        let path = unsafe { text(path, "path")? };
        let held = RESULTS.get(result)?;
        let kind = map_kind(kind)?;
        let shown = match kind {
            SapiensMapKind::Labels => MapPicture::Labels,
            SapiensMapKind::Confidence => MapPicture::Confidence,
            SapiensMapKind::Normals => MapPicture::Normals,
            SapiensMapKind::Points => MapPicture::Depth,
            SapiensMapKind::Albedo => MapPicture::Albedo,
            SapiensMapKind::Alpha => MapPicture::Alpha,
            SapiensMapKind::Foreground => MapPicture::Foreground,
            SapiensMapKind::Depth => MapPicture::RelativeDepth,
            SapiensMapKind::Image => {
                check_scene(person)?;
                let image = held.live.picture.as_ref().ok_or(Failure::ABSENT)?;
                return Ok(write_png(path, Picture::new(image.size(), image.pixels())?)?);
            }
            SapiensMapKind::Features | SapiensMapKind::Tokens => {
                return Err(Failure::new(
                    SapiensStatus::Unsupported,
                    format!("kind is {}: features have no picture", kind as i32),
                ));
            }
        };
        let dated = maps_of(&held, person)?.get(task_of(kind)).ok_or(Failure::ABSENT)?;
        let maps = dated.value.to_host()?;
        let (size, rgb) = STYLE.map(maps.as_ref(), shown)?.ok_or(Failure::ABSENT)?;
        Ok(write_png(path, Picture::new(size, &rgb)?)?)
    })
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
    guard(|| {
        let path = unsafe { text(path, "path")? };
        let held = RESULTS.get(result)?;
        held.check()?;
        let live = &held.live;
        let Size { width, height } = live.image;
        let black = if live.picture.is_none() { vec![0; 3 * width * height] } else { Vec::new() };
        let picture = Picture::new(live.image, live.picture.as_ref().map_or(&black[..], |image| image.pixels()))?;
        let poses: Vec<_> = live.people.iter().filter_map(|p| Some(p.pose.as_ref()?.value.as_slice())).collect();
        Ok(write_png(path, Picture::new(live.image, &STYLE.skeletons(picture, &poses)?)?)?)
    })
}
