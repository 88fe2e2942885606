//! The export that copies a dense map into memory of the host.

use super::convert::zero;
use super::convert_image::{Extent, Space, extent, space};
use super::enums::{SapiensElement, SapiensMapKind, SapiensMemory};
use super::guard::{check_pointer, flag, guard, read};
use super::map::{Reach, device_of_map, filtered_map, map_kind, raw_map};
use super::result::{Held, RESULTS};
use super::result_types::{SapiensMap, SapiensMapTarget, SapiensResult};
use super::status::{Failure, SapiensStatus};
use crate::runtime::{Cuda, CudaSource, CudaTarget, Device};
use std::borrow::Cow;

/// Copies a dense map into a buffer of the host: on the processor, or on a CUDA device. Rows of `width * channels` elements, as
/// `sapiens_result_map` describes the map.
///
/// `person`, `kind`: as for `sapiens_result_map`. `target`: where it goes.
///
/// On a CUDA device with `target->stream` the call does not wait: the result must be kept until the copy is done, of which `target->event`
/// tells. (Features, which are turned on the way, and pictures stored bottom up are waited for.) ABSENT as `sapiens_result_map`. Fails with
/// INVALID_ARGUMENT about the target, UNSUPPORTED (memory space), DEVICE without an NVIDIA driver or with its words.
///
/// # Safety
/// Pointers as the parameters say; `target->data` leads to `target->size` bytes that nobody else uses until the copy is done,
/// `target->stream` and `target->event` exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_copy_map(
    result: *mut SapiensResult,
    person: i32,
    kind: i32,
    target: *const SapiensMapTarget,
) -> SapiensStatus {
    guard(|| {
        let held = RESULTS.get(result)?;
        let target = unsafe { read(target, "target")? };
        zero(target.reserved, "target->reserved")?;
        let space = space(target.memory, "target->memory")?;
        check_pointer(target.data.cast::<u8>(), "target->data")?;
        check_waits(space, &target)?;
        let kind = map_kind(kind)?;
        let map = if flag(target.filtered, "target->filtered")? {
            filtered_map(&held, person, kind)?
        } else {
            // From device to device where both are one, row by row as they lie.
            let stays =
                space == Space::Cuda && target.row_stride > 0 && is_on(&held, person, kind, target.data as u64)?;
            raw_map(&held, person, kind, if stays { Reach::Anywhere } else { Reach::Host })?
        };
        let row = map.width as usize * pixel_bytes(&map);
        if row == 0 || map.height == 0 {
            return Err(Failure::ABSENT);
        }
        let place = extent(target.data as usize, target.row_stride, row, map.height as usize, "target->row_stride")?;
        if place.bytes as u64 > target.size {
            let (rows, stride, size, needed) = (map.height, target.row_stride, target.size, place.bytes);
            let message = format!("target->size is {size}; {rows} rows of {row} bytes, {stride} apart, need {needed}");
            return Err(Failure::invalid(message));
        }
        match space {
            Space::Cpu => {
                // SAFETY: the host vouches for `size` bytes, and these rows lie within them.
                unsafe { to_host(&map, &place, row) };
                Ok(())
            }
            Space::Cuda => unsafe { to_cuda(&map, &place, row, &target) },
        }
    })
}

/// Whether a map lies on the CUDA device that has this address.
fn is_on(held: &Held, person: i32, kind: SapiensMapKind, address: u64) -> Result<bool, Failure> {
    match device_of_map(held, person, kind)? {
        Some(Device::Cuda(device)) => Ok(Cuda::get()?.device_of(address, 1, "target->data")? == device),
        _ => Ok(false),
    }
}

/// Streams and events belong to CUDA, and an event to a stream.
fn check_waits(space: Space, target: &SapiensMapTarget) -> Result<(), Failure> {
    let (stream, event) = (!target.stream.is_null(), !target.event.is_null());
    match space {
        Space::Cpu if stream || event => {
            Err(Failure::invalid("target->stream and event are for SAPIENS_MEMORY_CUDA; leave them NULL"))
        }
        Space::Cuda if event && !stream => {
            Err(Failure::invalid("target->event is recorded in target->stream, which is NULL; give both, or none"))
        }
        _ => Ok(()),
    }
}

fn element_bytes(map: &SapiensMap) -> usize {
    if map.element == SapiensElement::U8 as i32 { 1 } else { size_of::<f32>() }
}

fn pixel_bytes(map: &SapiensMap) -> usize {
    map.channels as usize * element_bytes(map)
}

/// Whether rows of the map have no gaps, and their elements the order of the target.
fn has_plain_rows(map: &SapiensMap) -> bool {
    map.channel_stride == element_bytes(map) as i64 && map.pixel_stride == pixel_bytes(map) as i64
}

/// Writes row `y` of a map.
///
/// # Safety
/// `map` is a view that the library made, of a result that is held; `out` has the bytes of a row.
unsafe fn copy_row(map: &SapiensMap, y: usize, out: &mut [u8]) {
    let start = map.data.cast::<u8>().wrapping_offset(y as isize * map.row_stride as isize);
    if has_plain_rows(map) {
        // SAFETY: a whole row of the view.
        out.copy_from_slice(unsafe { std::slice::from_raw_parts(start, out.len()) });
        return;
    }
    let (element, channels) = (element_bytes(map), map.channels as usize);
    for (i, out) in out.chunks_exact_mut(element).enumerate() {
        let (x, c) = ((i / channels) as isize, (i % channels) as isize);
        let at = start.wrapping_offset(x * map.pixel_stride as isize + c * map.channel_stride as isize);
        // SAFETY: an element of the view.
        out.copy_from_slice(unsafe { std::slice::from_raw_parts(at, element) });
    }
}

/// # Safety
/// As [`copy_row`]; the rows of `place` can be written.
unsafe fn to_host(map: &SapiensMap, place: &Extent, row: usize) {
    let first = (place.start + place.first) as *mut u8;
    for y in 0..map.height as usize {
        let to = first.wrapping_offset(y as isize * place.stride);
        // SAFETY: as the caller says.
        unsafe { copy_row(map, y, std::slice::from_raw_parts_mut(to, row)) };
    }
}

/// # Safety
/// As [`copy_row`], and [`Cuda::write`].
unsafe fn to_cuda(map: &SapiensMap, place: &Extent, row: usize, target: &SapiensMapTarget) -> Result<(), Failure> {
    let (rows, is_downward) = (map.height as usize, place.stride > 0);
    let place = CudaTarget {
        start: place.start as u64,
        pitch: place.stride.unsigned_abs(),
        stream: (!target.stream.is_null()).then_some(target.stream as usize),
        event: (!target.event.is_null()).then_some(target.event as usize),
    };
    if map.memory == SapiensMemory::Cuda as i32 {
        let source = CudaSource::Device(map.data as u64, row * rows);
        // SAFETY: as the caller says; the result keeps the map.
        unsafe { Cuda::get()?.write(source, row, &place, false)? };
        return Ok(());
    }
    let is_plain = has_plain_rows(map) && map.row_stride == row as i64 && is_downward;
    let source = if is_plain {
        // SAFETY: the whole of the view.
        Cow::Borrowed(unsafe { std::slice::from_raw_parts(map.data.cast::<u8>(), row * rows) })
    } else {
        let mut turned = vec![0; row * rows];
        for (i, out) in turned.chunks_exact_mut(row).enumerate() {
            let y = if is_downward { i } else { rows - 1 - i };
            // SAFETY: as the caller says.
            unsafe { copy_row(map, y, out) };
        }
        Cow::Owned(turned)
    };
    // SAFETY: as the caller says; what was turned lives until the copy is done.
    unsafe { Cuda::get()?.write(CudaSource::Host(&source), row, &place, matches!(source, Cow::Owned(_)))? };
    Ok(())
}
