//! Exports about results as a whole and their persons.

use super::convert::task_mask;
use super::convert_people::{origin_number, state_number};
use super::guard::{check_struct, guard, output, write};
use super::result_types::{SapiensKeypoint, SapiensPerson, SapiensPose, SapiensResult, SapiensResultInfo};
use super::status::{Failure, SapiensStatus, c_text};
use super::stream_types::SapiensBox;
use super::table::Table;
use crate::geometry::{Affine, Rect};
use crate::live::{Dated, LivePerson, LiveResult};
use crate::spec::Task;
use crate::task::pose::Keypoint;
use once_cell::sync::OnceCell;
use std::ffi::{CString, c_char};
use std::sync::Arc;

/// A result, and the texts made of it on demand.
pub(super) struct Held {
    pub live: Arc<LiveResult>,
    message: CString,
    stages: Vec<CString>,
    pub json: OnceCell<CString>,
}

impl From<Arc<LiveResult>> for Held {
    fn from(live: Arc<LiveResult>) -> Self {
        let message = c_text(live.outcome.as_ref().err().map_or_else(String::new, ToString::to_string));
        let stages = live.timings.iter().map(|t| c_text(t.stage.as_str())).collect();
        Self { live, message, stages, json: OnceCell::new() }
    }
}

impl Held {
    /// A frame that failed has nothing to read: the answer is its fault.
    pub fn check(&self) -> Result<(), Failure> {
        let Err(error) = &self.live.outcome else { return Ok(()) };
        Err(Failure::new(SapiensStatus::of(error.kind()), format!("frame {} failed: {error}", self.live.frame)))
    }

    pub fn person(&self, index: u32) -> Result<&LivePerson, Failure> {
        self.check()?;
        let people = &self.live.people;
        people.get(index as usize).ok_or_else(|| {
            Failure::invalid(format!("person is {index}; this result has {}, counted from 0", people.len()))
        })
    }
}

pub(super) static RESULTS: Table<Held> = Table::new(3, "result");

/// Adds a reference: one more `sapiens_result_release` is due.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_retain(result: *mut SapiensResult) -> SapiensStatus {
    guard(|| RESULTS.retain(result))
}

/// Gives a reference back and sets `*result` to NULL; the last one frees the result and everything read from it. Safe with
/// `*result` NULL. Releasing more often than there are references fails with INVALID_HANDLE.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_release(result: *mut *mut SapiensResult) -> SapiensStatus {
    guard(|| {
        let handle = unsafe { output(result, "result")? };
        if !handle.is_null() {
            RESULTS.release(*handle)?;
        }
        *handle = std::ptr::null_mut();
        Ok(())
    })
}

/// Describes a result. Look at `info->status` first: a frame that failed has no persons and no maps, and functions that read
/// them answer with its fault.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_info(
    result: *mut SapiensResult,
    info: *mut SapiensResultInfo,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let held = RESULTS.get(result)?;
        let live = &held.live;
        let found = SapiensResultInfo {
            struct_size: 0,
            status: live.outcome.as_ref().err().map_or(SapiensStatus::Ok, |e| SapiensStatus::of(e.kind())) as i32,
            message: held.message.as_ptr(),
            frame: live.frame,
            timestamp_ns: live.timestamp_ns,
            image_width: live.image.width as u32,
            image_height: live.image.height as u32,
            buffer_from_image: flat(&live.buffer_from_image),
            person_count: live.people.len() as u32,
            tasks: task_mask(&live.tasks),
            dropped_before: live.dropped_before,
            wait_ms: live.wait_ms,
            total_ms: live.total_ms,
            timing_count: live.timings.len() as u32,
            detector_ran: u32::from(live.detector_ran),
            to_device_bytes: live.traffic.to_device,
            to_host_bytes: live.traffic.to_host,
        };
        unsafe { write(info, "info", found) }
    })
}

/// Gives the name and the milliseconds of stage `index`, such as "model pose", in the order of the work. `*stage` is valid
/// as long as the result.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_timing(
    result: *mut SapiensResult,
    index: u32,
    stage: *mut *const c_char,
    ms: *mut f64,
) -> SapiensStatus {
    guard(|| {
        let (stage, ms) = unsafe { (output(stage, "stage")?, output(ms, "ms")?) };
        let held = RESULTS.get(result)?;
        let count = held.stages.len();
        let (name, timing) =
            held.stages.get(index as usize).zip(held.live.timings.get(index as usize)).ok_or_else(|| {
                Failure::invalid(format!("index is {index}; this result has {count} stages, counted from 0"))
            })?;
        (*stage, *ms) = (name.as_ptr(), timing.ms);
        Ok(())
    })
}

/// Describes a person; `person` counts from 0.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_person(
    result: *mut SapiensResult,
    person: u32,
    info: *mut SapiensPerson,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(info, "info")? };
        let held = RESULTS.get(result)?;
        let who = held.person(person)?;
        let pose = who.pose.iter().map(|_| Task::Pose);
        let tasks: Vec<Task> = pose.chain(who.maps.tasks()).collect();
        let track = who.track;
        let velocity = track.map_or([0.0; 2], |t| t.velocity);
        let found = SapiensPerson {
            struct_size: 0,
            tasks: task_mask(&tasks),
            bbox: c_box(who.bbox),
            origin: origin_number(who.origin),
            state: state_number(track.map(|t| t.state)),
            id: track.map_or(0, |t| t.id.number()),
            score: who.score.unwrap_or(-1.0),
            box_index: who.box_index.map_or(-1, |i| i as i32),
            age_frames: track.map_or(0, |t| u32::try_from(t.age_frames).unwrap_or(u32::MAX)),
            missed_frames: track.map_or(0, |t| t.missed_frames),
            age_ns: track.map_or(0, |t| t.age_ns),
            unseen_ns: track.map_or(0, |t| t.unseen_ns),
            estimate: c_box(track.map_or(who.bbox, |t| t.estimate)),
            velocity_x: velocity[0],
            velocity_y: velocity[1],
            sightings: track.map_or(0, |t| t.hits),
            is_chosen: u32::from(track.is_none_or(|t| t.is_selected)),
        };
        unsafe { write(info, "info", found) }
    })
}

/// Gives the pose of a person; `person` counts from 0. ABSENT if the pose task has not looked at this person yet.
/// `pose->keypoints` is valid as long as the result.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_pose(
    result: *mut SapiensResult,
    person: u32,
    pose: *mut SapiensPose,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(pose, "pose")? };
        unsafe { write_pose(&*RESULTS.get(result)?, person, pose, |who| who.pose.as_ref()) }
    })
}

/// As `sapiens_result_pose`, steadied over time: `SapiensStreamOptions.filter`. The raw pose is that of
/// `sapiens_result_pose`, always of the same frame. ABSENT where that is, and if the stream does not filter.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_result_filtered_pose(
    result: *mut SapiensResult,
    person: u32,
    pose: *mut SapiensPose,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(pose, "pose")? };
        unsafe { write_pose(&*RESULTS.get(result)?, person, pose, |who| who.filtered.as_ref()) }
    })
}

type DatedPose = Dated<Arc<Vec<Keypoint>>>;

unsafe fn write_pose(
    held: &Held,
    person: u32,
    pose: *mut SapiensPose,
    which: fn(&LivePerson) -> Option<&DatedPose>,
) -> Result<(), Failure> {
    let who = held.person(person)?;
    let dated = which(who).ok_or(Failure::ABSENT)?;
    let keypoints: &[Keypoint] = &dated.value;
    let found = SapiensPose {
        struct_size: 0,
        count: keypoints.len() as u32,
        keypoints: keypoints.as_ptr().cast::<SapiensKeypoint>(),
        stride: size_of::<Keypoint>() as u32,
        age_frames: age(&held.live, dated.frame),
        bbox: c_box(who.bbox),
        timestamp_ns: dated.timestamp_ns,
    };
    unsafe { write(pose, "pose", found) }
}

// Hosts read the keypoints of the engine in place.
const _: () = assert!(
    size_of::<Keypoint>() == size_of::<SapiensKeypoint>()
        && align_of::<Keypoint>() == align_of::<SapiensKeypoint>()
        && std::mem::offset_of!(Keypoint, x) == std::mem::offset_of!(SapiensKeypoint, x)
        && std::mem::offset_of!(Keypoint, y) == std::mem::offset_of!(SapiensKeypoint, y)
        && std::mem::offset_of!(Keypoint, score) == std::mem::offset_of!(SapiensKeypoint, score)
);

/// Frames since `frame`.
pub(super) fn age(result: &LiveResult, frame: u64) -> u32 {
    u32::try_from(result.frame.saturating_sub(frame)).unwrap_or(u32::MAX)
}

/// Row by row.
pub(super) fn flat(map: &Affine) -> [f64; 6] {
    let [[a, b, c], [d, e, f]] = map.0;
    [a, b, c, d, e, f]
}

fn c_box(rect: Rect) -> SapiensBox {
    SapiensBox { x: rect.x, y: rect.y, width: rect.width, height: rect.height }
}
