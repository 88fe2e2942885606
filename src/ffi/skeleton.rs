//! Names, links and colours of what the models predict, so that no binding repeats them.

use super::enums::{SapiensKeypointGroup, SapiensTask};
use super::guard::{Sized32, check_struct, guard, output, write};
use super::status::{Failure, SapiensStatus, c_text};
use crate::skeleton::{class_flip, classes, keypoints};
use once_cell::sync::Lazy;
use std::ffi::{CString, c_char};

/// A keypoint of the official set. Begin with SAPIENS_KEYPOINT_INFO_INIT.
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

static KEYPOINT_NAMES: Lazy<Vec<CString>> = Lazy::new(|| keypoints().names.iter().map(|n| c_text(*n)).collect());
static CLASS_NAMES: Lazy<Vec<CString>> = Lazy::new(|| classes().iter().map(|c| c_text(c.name)).collect());

/// Gives the number of keypoints of the official set.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_keypoint_count(count: *mut u32) -> SapiensStatus {
    guard(|| {
        *unsafe { output(count, "count")? } = keypoints().names.len() as u32;
        Ok(())
    })
}

/// Describes keypoint `index` of the official set.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_keypoint(index: u32, info: *mut SapiensKeypointInfo) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let (k, i) = (keypoints(), at(index, keypoints().names.len(), "keypoint")?);
        let groups = [
            (&k.groups.body, SapiensKeypointGroup::Body),
            (&k.groups.foot, SapiensKeypointGroup::Foot),
            (&k.groups.left_hand, SapiensKeypointGroup::LeftHand),
            (&k.groups.right_hand, SapiensKeypointGroup::RightHand),
            (&k.groups.extra, SapiensKeypointGroup::Extra),
            (&k.groups.face, SapiensKeypointGroup::Face),
        ];
        let group =
            groups.iter().find(|(members, _)| members.contains(&i)).map_or(SapiensKeypointGroup::Extra, |g| g.1);
        let found = SapiensKeypointInfo {
            struct_size: 0,
            flip: k.flip[i] as u32,
            name: KEYPOINT_NAMES[i].as_ptr(),
            group: group as i32,
            sigma: k.sigmas[i],
            color: k.colors[i],
            reserved: [0; 5],
        };
        unsafe { write(info, "info", found) }
    })
}

/// Gives the number of lines of the skeleton.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_link_count(count: *mut u32) -> SapiensStatus {
    guard(|| {
        *unsafe { output(count, "count")? } = keypoints().links.len() as u32;
        Ok(())
    })
}

/// Describes line `index` of the skeleton.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_link(index: u32, info: *mut SapiensLinkInfo) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let link = &keypoints().links[at(index, keypoints().links.len(), "link")?];
        let (from, to) = (link.from as u32, link.to as u32);
        unsafe { write(info, "info", SapiensLinkInfo { struct_size: 0, from, to, color: link.color, reserved: 0 }) }
    })
}

/// Gives the number of classes of the segmentation, background included.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_class_count(count: *mut u32) -> SapiensStatus {
    guard(|| {
        *unsafe { output(count, "count")? } = classes().len() as u32;
        Ok(())
    })
}

/// Describes class `index` of the segmentation.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_class(index: u32, info: *mut SapiensClassInfo) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let i = at(index, classes().len(), "class")?;
        let found = SapiensClassInfo {
            struct_size: 0,
            flip: class_flip()[i].into(),
            name: CLASS_NAMES[i].as_ptr(),
            color: classes()[i].color,
            reserved: [0; 5],
        };
        unsafe { write(info, "info", found) }
    })
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
