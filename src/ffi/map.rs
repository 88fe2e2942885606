//! The exports that give dense maps.

use super::convert_people::agreement_number;
use super::enums::{SapiensElement, SapiensMapKind, SapiensMemory};
use super::guard::{check_struct, guard, write};
use super::result::{Held, RESULTS, age, flat};
use super::result_types::{SAPIENS_SCENE, SapiensMap, SapiensPointsCheck, SapiensResult};
use super::status::{Failure, SapiensStatus};
use crate::engine::{DeviceMap, MapKind, Maps};
use crate::geometry::Affine;
use crate::live::{CalmMaps, LiveMaps, LivePerson, PointsCheck};
use crate::runtime::{Device, View};
use crate::spec::Task;
use ndarray::{ArrayView, Dimension};
use std::ffi::c_void;

/// Gives a dense map as a view of memory that the result owns, valid as long as the result. `map->memory` says where that is:
/// on a CUDA device for tasks of `SapiensStreamOptions.device_maps` on one, else on the processor.
///
/// `person`: from 0, or SAPIENS_SCENE: with framing OFFICIAL most models look at the whole image for dense tasks, and their maps are
/// those of the scene. `kind`: a `SapiensMapKind`. ABSENT if there is no such map for this person or scene.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_map(
    result: *mut SapiensResult,
    person: i32,
    kind: i32,
    map: *mut SapiensMap,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(map, "map")? };
        let found = raw_map(&*RESULTS.get(result)?, person, map_kind(kind)?, Reach::Anywhere)?;
        unsafe { write(map, "map", found) }
    })
}

/// As `sapiens_result_map`, steadied over time: `SapiensStreamOptions.filter_maps`. The raw map is that of
/// `sapiens_result_map`, of the same frame and on the same grid. ABSENT where that is, where the stream does not steady it, and for
/// every kind but NORMALS and POINTS.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_filtered_map(
    result: *mut SapiensResult,
    person: i32,
    kind: i32,
    map: *mut SapiensMap,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(map, "map")? };
        let found = filtered_map(&*RESULTS.get(result)?, person, map_kind(kind)?)?;
        unsafe { write(map, "map", found) }
    })
}

/// Says how the pointmap of a person, or of SAPIENS_SCENE, goes with the one before. ABSENT where
/// `sapiens_result_filtered_map` has no points.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_points_check(
    result: *mut SapiensResult,
    person: i32,
    check: *mut SapiensPointsCheck,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(check, "check")? };
        let held = RESULTS.get(result)?;
        let dated = calm_of(&held, person)?.points.as_ref().ok_or(Failure::ABSENT)?;
        let PointsCheck { agreement, factor, misfits, compared } = dated.value;
        let found = SapiensPointsCheck {
            struct_size: 0,
            agreement: agreement_number(agreement),
            is_valid: u32::from(agreement.is_valid()),
            factor,
            misfits,
            compared: u32::try_from(compared).unwrap_or(u32::MAX),
            timestamp_ns: dated.timestamp_ns,
            age_frames: age(&held.live, dated.frame),
            reserved: 0,
        };
        unsafe { write(check, "check", found) }
    })
}

/// Where a view may lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Where the map is.
    Anywhere,
    /// In memory of the processor.
    Host,
}

/// The view that `sapiens_result_map` gives.
pub(super) fn raw_map(held: &Held, person: i32, kind: SapiensMapKind, reach: Reach) -> Result<SapiensMap, Failure> {
    if kind != SapiensMapKind::Image {
        return dated_view(held, maps_of(held, person)?, kind, reach);
    }
    check_scene(person)?;
    image(held).ok_or(Failure::ABSENT)
}

/// The view that `sapiens_result_filtered_map` gives.
pub(super) fn filtered_map(held: &Held, person: i32, kind: SapiensMapKind) -> Result<SapiensMap, Failure> {
    dated_view(held, &calm_of(held, person)?.maps, kind, Reach::Host)
}

fn dated_view(held: &Held, maps: &LiveMaps, kind: SapiensMapKind, reach: Reach) -> Result<SapiensMap, Failure> {
    let dated = maps.get(task_of(kind)).ok_or(Failure::ABSENT)?;
    let map = match kind_on_device(kind).and_then(|kind| dated.value.device_map(kind)) {
        Some(map) => device_view(map, reach, &dated.value.image_from_map(task_of(kind)))?,
        None => view(&dated.value, kind).ok_or(Failure::ABSENT)?,
    };
    Ok(SapiensMap { timestamp_ns: dated.timestamp_ns, age_frames: age(&held.live, dated.frame), ..map })
}

const KINDS: [SapiensMapKind; 11] = [
    SapiensMapKind::Labels,
    SapiensMapKind::Confidence,
    SapiensMapKind::Normals,
    SapiensMapKind::Points,
    SapiensMapKind::Albedo,
    SapiensMapKind::Alpha,
    SapiensMapKind::Foreground,
    SapiensMapKind::Features,
    SapiensMapKind::Tokens,
    SapiensMapKind::Image,
    SapiensMapKind::Depth,
];

pub(super) fn map_kind(number: i32) -> Result<SapiensMapKind, Failure> {
    KINDS
        .into_iter()
        .find(|k| *k as i32 == number)
        .ok_or_else(|| Failure::invalid(format!("kind is {number}; a SapiensMapKind is 0..{}", KINDS.len() - 1)))
}

/// The task a map comes from.
pub(super) fn task_of(kind: SapiensMapKind) -> Task {
    match kind {
        SapiensMapKind::Labels | SapiensMapKind::Confidence => Task::Seg,
        SapiensMapKind::Normals => Task::Normal,
        SapiensMapKind::Points => Task::Pointmap,
        SapiensMapKind::Albedo => Task::Albedo,
        SapiensMapKind::Alpha | SapiensMapKind::Foreground | SapiensMapKind::Image => Task::Matting,
        SapiensMapKind::Features | SapiensMapKind::Tokens => Task::Features,
        SapiensMapKind::Depth => Task::Depth,
    }
}

/// Only the scene has this map.
pub(super) fn check_scene(person: i32) -> Result<(), Failure> {
    if person == SAPIENS_SCENE {
        return Ok(());
    }
    Err(Failure::invalid(format!("person is {person}; the image belongs to SAPIENS_SCENE (-1)")))
}

/// The maps of a person or the scene.
pub(super) fn maps_of(held: &Held, person: i32) -> Result<&LiveMaps, Failure> {
    Ok(seen(held, person)?.map_or(&held.live.scene, |who| &who.maps))
}

fn calm_of(held: &Held, person: i32) -> Result<&CalmMaps, Failure> {
    Ok(seen(held, person)?.map_or(&held.live.filtered_scene, |who| &who.filtered_maps))
}

/// A person, or `None` for the scene.
fn seen(held: &Held, person: i32) -> Result<Option<&LivePerson>, Failure> {
    held.check()?;
    if person == SAPIENS_SCENE {
        return Ok(None);
    }
    let index = u32::try_from(person).map_err(|_| {
        Failure::invalid(format!("person is {person}; it counts from 0, SAPIENS_SCENE (-1) is the whole image"))
    })?;
    held.person(index).map(Some)
}

/// The device that a map stayed on; `None`: it is on the host, or not there.
pub(super) fn device_of_map(held: &Held, person: i32, kind: SapiensMapKind) -> Result<Option<Device>, Failure> {
    let maps = maps_of(held, person)?;
    let map = maps.get(task_of(kind)).zip(kind_on_device(kind)).and_then(|(dated, kind)| dated.value.device_map(kind));
    Ok(map.map(|map| map.device()))
}

/// The map of the engine; `None` for what devices do not finish.
fn kind_on_device(kind: SapiensMapKind) -> Option<MapKind> {
    Some(match kind {
        SapiensMapKind::Labels => MapKind::Labels,
        SapiensMapKind::Confidence => MapKind::Confidence,
        SapiensMapKind::Normals => MapKind::Normals,
        SapiensMapKind::Points => MapKind::Points,
        SapiensMapKind::Albedo => MapKind::Albedo,
        SapiensMapKind::Alpha => MapKind::Alpha,
        SapiensMapKind::Foreground => MapKind::Foreground,
        SapiensMapKind::Features | SapiensMapKind::Tokens | SapiensMapKind::Image | SapiensMapKind::Depth => {
            return None;
        }
    })
}

/// A view of a map that stayed on its device; a copy on the host where it is not to, or has no address there.
fn device_view(map: &DeviceMap, reach: Reach, image_from_map: &Affine) -> Result<SapiensMap, Failure> {
    let there = match (reach, map.device()) {
        (Reach::Anywhere, Device::Cuda(_)) => map.address(),
        _ => None,
    };
    let (memory, data) = match there {
        Some(address) => (SapiensMemory::Cuda, address as usize as *const c_void),
        None => (
            SapiensMemory::Cpu,
            match map.to_host()?.view() {
                View::F32(_, values) => values.as_ptr().cast(),
                View::U8(_, values) => values.as_ptr().cast(),
                View::I32(_, values) => values.as_ptr().cast(),
            },
        ),
    };
    let (element, bytes) = match map.kind() {
        MapKind::Labels => (SapiensElement::U8, 1),
        _ => (SapiensElement::F32, size_of::<f32>() as i64),
    };
    let (size, channels) = (map.size(), map.kind().channels());
    let pixel = bytes * channels as i64;
    Ok(SapiensMap {
        struct_size: 0,
        element: element as i32,
        memory: memory as i32,
        width: size.width as u32,
        height: size.height as u32,
        channels: channels as u32,
        data,
        row_stride: pixel * size.width as i64,
        pixel_stride: pixel,
        channel_stride: bytes,
        image_from_map: flat(image_from_map),
        timestamp_ns: 0,
        age_frames: 0,
        classes: map.classes().map_or(0, |count| count as u32),
    })
}

fn view(maps: &Maps, kind: SapiensMapKind) -> Option<SapiensMap> {
    let affine = maps.image_from_map(task_of(kind));
    Some(match kind {
        SapiensMapKind::Labels => {
            let seg = maps.seg.as_ref()?;
            let classes = seg.classes.map_or(0, |count| count as u32);
            SapiensMap { classes, ..of(seg.labels.view(), SapiensElement::U8, &affine) }
        }
        SapiensMapKind::Confidence => of(maps.seg.as_ref()?.confidence.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Normals => of(maps.normal.as_ref()?.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Points => of(maps.pointmap.as_ref()?.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Albedo => of(maps.albedo.as_ref()?.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Alpha => of(maps.matting.as_ref()?.alpha.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Foreground => of(maps.matting.as_ref()?.foreground.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Features => {
            // Channels first: the view is turned so that rows and columns lead.
            let planes = maps.features.as_ref()?.featmap.view().permuted_axes([1, 2, 0]);
            of(planes, SapiensElement::F32, &affine)
        }
        SapiensMapKind::Tokens => of(maps.features.as_ref()?.tokens.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Depth => of(maps.depth.as_ref()?.view(), SapiensElement::F32, &affine),
        SapiensMapKind::Image => return None,
    })
}

/// A view of an array `rows x columns` or `rows x columns x channels`, whatever its strides.
fn of<T, D: Dimension>(array: ArrayView<'_, T, D>, element: SapiensElement, image_from_map: &Affine) -> SapiensMap {
    let (shape, strides) = (array.shape(), array.strides());
    let bytes = |axis: usize| strides.get(axis).map_or(size_of::<T>() as i64, |s| *s as i64 * size_of::<T>() as i64);
    let extent = |axis: usize| shape.get(axis).map_or(1, |n| *n as u32);
    SapiensMap {
        struct_size: 0,
        element: element as i32,
        memory: SapiensMemory::Cpu as i32,
        width: extent(1),
        height: extent(0),
        channels: extent(2),
        data: array.as_ptr().cast(),
        row_stride: bytes(0),
        pixel_stride: bytes(1),
        channel_stride: bytes(2),
        image_from_map: flat(image_from_map),
        timestamp_ns: 0,
        age_frames: 0,
        classes: 0,
    }
}

fn image(held: &Held) -> Option<SapiensMap> {
    let picture = held.live.picture.as_ref()?;
    let (width, height) = (picture.size().width, picture.size().height);
    let array = ArrayView::from_shape((height, width, 3), picture.pixels()).ok()?;
    let map = of(array, SapiensElement::U8, &Affine::IDENTITY);
    Some(SapiensMap { timestamp_ns: held.live.timestamp_ns, ..map })
}
