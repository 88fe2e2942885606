//! Names, links and colours of what the models predict, so that no binding repeats them.

use super::enums::{SapiensKeypointGroup, SapiensTask};
use super::guard::{Sized32, check_struct, guard, output, write};
use super::status::{Failure, SapiensStatus, c_text};
use crate::skeleton::{
    CLASS_COUNT, CLASS_COUNTS, Class, KEYPOINT_COUNT, KEYPOINT_COUNTS, KeypointSet, class_set, keypoint_counterpart,
    keypoint_set,
};
use once_cell::sync::Lazy;
use std::ffi::{CString, c_char};

/// A keypoint of an official set. Begin with SAPIENS_KEYPOINT_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensKeypointInfo {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Which keypoint it becomes in the mirrored image; itself on the plane of symmetry.
    pub flip: u32,
    /// Its name; left and right are those of the person. Valid for ever.
    pub name: *const c_char,
    /// The `SapiensKeypointGroup` it belongs to.
    pub group: i32,
    /// Standard deviation of the annotation relative to the size of the person (the constants of COCO's OKS).
    pub sigma: f32,
    /// R, G, B to draw it with.
    pub color: [u8; 3],
    /// 0.
    pub reserved: [u8; 5],
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensKeypointInfo {
    const NAME: &'static str = "SapiensKeypointInfo";
    const FIRST: usize = 32;
}

/// A line to draw between two keypoints. Begin with SAPIENS_LINK_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensLinkInfo {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Index of the keypoint it starts at.
    pub from: u32,
    /// Index of the keypoint it ends at.
    pub to: u32,
    /// R, G, B to draw it with.
    pub color: [u8; 3],
    /// 0.
    pub reserved: u8,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensLinkInfo {
    const NAME: &'static str = "SapiensLinkInfo";
    const FIRST: usize = 16;
}

/// A class of the segmentation: its index is the value of map LABELS, 0 the background. Begin with SAPIENS_CLASS_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensClassInfo {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// The class it becomes in the mirrored image.
    pub flip: u32,
    /// Its name; left and right are those of the person. Valid for ever.
    pub name: *const c_char,
    /// R, G, B of the palette.
    pub color: [u8; 3],
    /// 0.
    pub reserved: [u8; 5],
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensClassInfo {
    const NAME: &'static str = "SapiensClassInfo";
    const FIRST: usize = 24;
}

/// Names as C wants them, by how many a set holds.
type Names = Lazy<Vec<Vec<CString>>>;

static KEYPOINT_NAMES: Names = Lazy::new(|| {
    let sets = KEYPOINT_COUNTS.into_iter().filter_map(keypoint_set);
    sets.map(|set| set.names.iter().map(|name| c_text(*name)).collect()).collect()
});
static CLASS_NAMES: Names = Lazy::new(|| {
    let sets = CLASS_COUNTS.into_iter().filter_map(class_set);
    sets.map(|set| set.iter().map(|class| c_text(class.name)).collect()).collect()
});

/// Gives the number of keypoints of Sapiens2, whose set `sapiens_keypoint` describes.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_keypoint_count(count: *mut u32) -> SapiensStatus {
    guard(|| {
        *unsafe { output(count, "count")? } = KEYPOINT_COUNT as u32;
        Ok(())
    })
}

/// Describes keypoint `index` of Sapiens2. Models of Sapiens v1 may have other sets: `sapiens_set_keypoint`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_keypoint(index: u32, info: *mut SapiensKeypointInfo) -> SapiensStatus {
    guard(|| unsafe { describe_keypoint(KEYPOINT_COUNT as u32, index, info) })
}

/// Describes keypoint `index` of the set of `keypoints` keypoints: `SapiensPose.count`, `SapiensModelInfo.keypoints`. There are
/// sets of 308 (Sapiens2, Sapiens v1), 133 (v1, COCO-WholeBody) and 17 (v1, COCO). ABSENT for any other number: such a model
/// has keypoints of its own, without names.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_set_keypoint(
    keypoints: u32,
    index: u32,
    info: *mut SapiensKeypointInfo,
) -> SapiensStatus {
    guard(|| unsafe { describe_keypoint(keypoints, index, info) })
}

unsafe fn describe_keypoint(keypoints: u32, index: u32, info: *mut SapiensKeypointInfo) -> Result<(), Failure> {
    unsafe { check_struct(info, "info")? };
    let k = set_of(keypoints)?;
    let i = at(index, k.names.len(), "keypoint")?;
    let groups = [
        (&k.groups.body, SapiensKeypointGroup::Body),
        (&k.groups.foot, SapiensKeypointGroup::Foot),
        (&k.groups.left_hand, SapiensKeypointGroup::LeftHand),
        (&k.groups.right_hand, SapiensKeypointGroup::RightHand),
        (&k.groups.extra, SapiensKeypointGroup::Extra),
        (&k.groups.face, SapiensKeypointGroup::Face),
    ];
    let group = groups.iter().find(|(members, _)| members.contains(&i)).map_or(SapiensKeypointGroup::Extra, |g| g.1);
    let found = SapiensKeypointInfo {
        struct_size: 0,
        flip: k.flip[i] as u32,
        name: name_of(&KEYPOINT_NAMES, k.names.len(), i)?,
        group: group as i32,
        sigma: k.sigmas[i],
        color: k.colors[i],
        reserved: [0; 5],
    };
    unsafe { write(info, "info", found) }
}

/// Gives the number of lines of the skeleton of Sapiens2.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_link_count(count: *mut u32) -> SapiensStatus {
    guard(|| unsafe { count_links(KEYPOINT_COUNT as u32, count) })
}

/// Describes line `index` of the skeleton of Sapiens2.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_link(index: u32, info: *mut SapiensLinkInfo) -> SapiensStatus {
    guard(|| unsafe { describe_link(KEYPOINT_COUNT as u32, index, info) })
}

/// Gives the number of lines of the skeleton of `keypoints` keypoints. ABSENT as `sapiens_set_keypoint`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_set_link_count(keypoints: u32, count: *mut u32) -> SapiensStatus {
    guard(|| unsafe { count_links(keypoints, count) })
}

/// Describes line `index` of the skeleton of `keypoints` keypoints. ABSENT as `sapiens_set_keypoint`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_set_link(keypoints: u32, index: u32, info: *mut SapiensLinkInfo) -> SapiensStatus {
    guard(|| unsafe { describe_link(keypoints, index, info) })
}

unsafe fn count_links(keypoints: u32, count: *mut u32) -> Result<(), Failure> {
    let out = unsafe { output(count, "count")? };
    *out = set_of(keypoints)?.links.len() as u32;
    Ok(())
}

unsafe fn describe_link(keypoints: u32, index: u32, info: *mut SapiensLinkInfo) -> Result<(), Failure> {
    unsafe { check_struct(info, "info")? };
    let links = &set_of(keypoints)?.links;
    let link = &links[at(index, links.len(), "link")?];
    let (from, to) = (link.from as u32, link.to as u32);
    unsafe { write(info, "info", SapiensLinkInfo { struct_size: 0, from, to, color: link.color, reserved: 0 }) }
}

/// Gives the keypoint of the set of `to` keypoints that means the same place of the body as keypoint `index` of the set of
/// `from` keypoints. ABSENT where that set has no such place, and for numbers that are in no official set; `*counterpart` is
/// left alone then.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_keypoint_counterpart(
    from: u32,
    index: u32,
    to: u32,
    counterpart: *mut u32,
) -> SapiensStatus {
    guard(|| {
        let out = unsafe { output(counterpart, "counterpart")? };
        let i = at(index, set_of(from)?.names.len(), "keypoint")?;
        *out = keypoint_counterpart(from as usize, i, to as usize).ok_or(Failure::ABSENT)? as u32;
        Ok(())
    })
}

/// Gives the number of classes of the segmentation of Sapiens2, background included.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_class_count(count: *mut u32) -> SapiensStatus {
    guard(|| {
        *unsafe { output(count, "count")? } = CLASS_COUNT as u32;
        Ok(())
    })
}

/// Describes class `index` of the segmentation of Sapiens2. Models of Sapiens v1 have other classes: `sapiens_set_class`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_class(index: u32, info: *mut SapiensClassInfo) -> SapiensStatus {
    guard(|| unsafe { describe_class(CLASS_COUNT as u32, index, info) })
}

/// Describes class `index` of the set of `classes` classes: `SapiensMap.classes`, `SapiensModelInfo.classes`. There are sets of
/// 29 (Sapiens2), 28 (Sapiens v1: without eyeglasses, so that the labels from 2 on are one less) and 20 (v1, CIHP and LIP).
/// ABSENT for any other number: such a model has classes of its own, without names.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_set_class(classes: u32, index: u32, info: *mut SapiensClassInfo) -> SapiensStatus {
    guard(|| unsafe { describe_class(classes, index, info) })
}

unsafe fn describe_class(classes: u32, index: u32, info: *mut SapiensClassInfo) -> Result<(), Failure> {
    unsafe { check_struct(info, "info")? };
    let set = class_set(classes as usize).ok_or(Failure::ABSENT)?;
    let i = at(index, set.len(), "class")?;
    let Class { color, flip, .. } = set[i];
    let name = name_of(&CLASS_NAMES, set.len(), i)?;
    let found = SapiensClassInfo { struct_size: 0, flip: flip.into(), name, color, reserved: [0; 5] };
    unsafe { write(info, "info", found) }
}

fn set_of(keypoints: u32) -> Result<&'static KeypointSet, Failure> {
    keypoint_set(keypoints as usize).ok_or(Failure::ABSENT)
}

fn name_of(names: &Names, count: usize, index: usize) -> Result<*const c_char, Failure> {
    let name = names.iter().find(|set| set.len() == count).and_then(|set| set.get(index));
    name.map(|name| name.as_ptr()).ok_or(Failure::ABSENT)
}

/// The name of a task, such as "pose", for one `SapiensTask` bit; "unknown task" for anything else. Never null, valid for
/// ever.
#[unsafe(no_mangle)]
pub extern "C" fn sapiens_task_name(task: u32) -> *const c_char {
    let named = [
        (SapiensTask::Pose, c"pose"),
        (SapiensTask::Seg, c"seg"),
        (SapiensTask::Normal, c"normal"),
        (SapiensTask::Pointmap, c"pointmap"),
        (SapiensTask::Albedo, c"albedo"),
        (SapiensTask::Matting, c"matting"),
        (SapiensTask::Features, c"features"),
        (SapiensTask::Depth, c"depth"),
    ];
    named.iter().find(|(bit, _)| *bit as u32 == task).map_or(c"unknown task", |(_, name)| *name).as_ptr()
}

fn at(index: u32, count: usize, what: &str) -> Result<usize, Failure> {
    let i = index as usize;
    if i < count {
        Ok(i)
    } else {
        Err(Failure::invalid(format!("index is {index}; there are {count} {what}s, from 0")))
    }
}
