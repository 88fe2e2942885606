//! What the host reads from a result.

use super::guard::Sized32;
use super::stream_types::SapiensBox;
use std::ffi::{c_char, c_void};

/// Everything about one frame. Opaque, never changes, counts its references: `sapiens_result_retain` adds one,
/// `sapiens_result_release` takes one away and frees it with the last. Any thread may read it. It outlives its stream, its
/// context and `sapiens_shutdown_all`. Pointers read from it are valid until its last reference is released.
pub struct SapiensResult {
    _private: [u8; 0],
}

/// In place of a person's index: the maps of the whole image.
pub const SAPIENS_SCENE: i32 = -1;

/// About a result as a whole. Begin with SAPIENS_RESULT_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensResultInfo {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// A `SapiensStatus`: OK, or why there is nothing in it.
    pub status: i32,
    /// The fault in words; "" if there is none. Never NULL.
    pub message: *const c_char,
    /// Number of the frame, from 1, as `sapiens_stream_submit` gave it.
    pub frame: u64,
    /// `SapiensImage.timestamp_ns` of the frame.
    pub timestamp_ns: i64,
    /// Width of the upright image in pixels.
    pub image_width: u32,
    /// Height of the upright image in pixels.
    pub image_height: u32,
    /// Affine map from upright pixels to pixels of the submitted buffer, row by row:
    /// `x' = m[0] x + m[1] y + m[2]`, `y' = m[3] x + m[4] y + m[5]`. Pixel centres are at integers.
    pub buffer_from_image: [f64; 6],
    /// Number of persons.
    pub person_count: u32,
    /// `SapiensTask` bits that ran on this very frame; others in it are older.
    pub tasks: u32,
    /// Frames of this stream that were dropped since the previous result.
    pub dropped_before: u64,
    /// From submit to the beginning of the work, in milliseconds.
    pub wait_ms: f64,
    /// From submit to the finished result, in milliseconds.
    pub total_ms: f64,
    /// Number of stages `sapiens_result_timing` knows.
    pub timing_count: u32,
    /// 1: the detector looked at this frame.
    pub detector_ran: u32,
    /// Bytes given to the models of the tasks from the memory of the host: pictures, tables. Counted also where the device is the
    /// processor; the detector's are in it only where it frames on its device, from the same picture.
    pub to_device_bytes: u64,
    /// Bytes that they gave back into it, and those of the frame where it lay on a device and had to be brought to the host. Not those of
    /// maps that stayed on a device (`SapiensStreamOptions.device_maps`) and are asked for later.
    pub to_host_bytes: u64,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensResultInfo {
    const NAME: &'static str = "SapiensResultInfo";
    const FIRST: usize = 128;
}

/// A keypoint in pixels of the upright image, x right, y down, pixel centres at integers.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SapiensKeypoint {
    /// Column.
    pub x: f32,
    /// Row.
    pub y: f32,
    /// Height of the peak of the heatmap: about 1 for a sure find, 0 for none. Not a probability.
    pub score: f32,
}

/// The pose of a person. Begin with SAPIENS_POSE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensPose {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Number of keypoints; `sapiens_set_keypoint` with it names them.
    pub count: u32,
    /// `count` keypoints.
    pub keypoints: *const SapiensKeypoint,
    /// Bytes from one keypoint to the next.
    pub stride: u32,
    /// Frames since the one it was found in: 0 for this one.
    pub age_frames: u32,
    /// The box of the person.
    pub bbox: SapiensBox,
    /// Timestamp of the frame it was found in.
    pub timestamp_ns: i64,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensPose {
    const NAME: &'static str = "SapiensPose";
    const FIRST: usize = 48;
}

/// A dense map: a view of memory that the result owns; nobody writes there. Begin with SAPIENS_MAP_INIT.
///
/// Element c of pixel (x, y) is at `data + y * row_stride + x * pixel_stride + c * channel_stride` (bytes).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensMap {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// A `SapiensElement`.
    pub element: i32,
    /// A `SapiensMemory`: where `data` lies. CUDA (a CUdeviceptr of the model's device, written when the result is given, to be read until it
    /// is released) for tasks of `SapiensStreamOptions.device_maps`, else CPU; `sapiens_result_copy_map` brings it elsewhere.
    pub memory: i32,
    /// Pixels per row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Elements per pixel.
    pub channels: u32,
    /// First element of the first pixel.
    pub data: *const c_void,
    /// Bytes from one row to the next.
    pub row_stride: i64,
    /// Bytes from one pixel to the next in a row.
    pub pixel_stride: i64,
    /// Bytes from one channel of a pixel to the next.
    pub channel_stride: i64,
    /// Affine map from map pixels to upright image pixels, row by row, as `SapiensResultInfo.buffer_from_image`.
    pub image_from_map: [f64; 6],
    /// Timestamp of the frame it was made from.
    pub timestamp_ns: i64,
    /// Frames since the one it was made from: 0 for this one.
    pub age_frames: u32,
    /// LABELS: how many classes the model tells apart, for `sapiens_set_class`; 0 where nothing says, and for other maps.
    pub classes: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensMap {
    const NAME: &'static str = "SapiensMap";
    const FIRST: usize = 120;
}

/// Where `sapiens_result_copy_map` puts a map. Begin with SAPIENS_MAP_TARGET_INIT.
///
/// Element c of pixel (x, y) goes to `data + y * row_stride + (x * channels + c) * size of an element` (bytes).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensMapTarget {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// A `SapiensMemory`: where `data` lies, CPU or CUDA.
    pub memory: i32,
    /// 1: the map of `sapiens_result_filtered_map` instead of that of `sapiens_result_map`.
    pub filtered: u32,
    /// 0.
    pub reserved: u32,
    /// Where the first row goes.
    pub data: *mut c_void,
    /// Bytes from one row to the next, at least those of a row; negative: `data` is the last row in memory.
    pub row_stride: i64,
    /// Bytes that may be written, from the lowest row on.
    pub size: u64,
    /// CUDA: a CUstream that the copy is put into; the call does not wait for it, and the result must be kept until the copy is done. NULL:
    /// the copy is done when the call returns, after nothing in particular. CU_STREAM_LEGACY stands for the legacy default stream. NULL
    /// for CPU.
    pub stream: *mut c_void,
    /// CUDA: a CUevent of the context of `stream`, recorded in it behind the copy; NULL: none. NULL without `stream`.
    pub event: *mut c_void,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensMapTarget {
    const NAME: &'static str = "SapiensMapTarget";
    const FIRST: usize = 56;
}

/// A person of a result. Begin with SAPIENS_PERSON_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensPerson {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// `SapiensTask` bits this person has something of: a pose, or maps of its own. Other maps are those of SAPIENS_SCENE.
    pub tasks: u32,
    /// Where the person is. May reach beyond the image.
    pub bbox: SapiensBox,
    /// A `SapiensBoxOrigin`: where the box comes from.
    pub origin: i32,
    /// A `SapiensTrackState`.
    pub state: i32,
    /// Who it is: from 1, the same from frame to frame, never given twice by a stream; 0 if the stream does not track.
    pub id: u64,
    /// How sure the box is, 0 to 1; negative where nobody knows: the whole image, a box of the host that is not tracked.
    pub score: f32,
    /// Which of the boxes of the submit it is; -1 if none.
    pub box_index: i32,
    /// Frames since the first sighting, this one included; 0 if the stream does not track, as all that follows.
    pub age_frames: u32,
    /// Frames in a row in which this person was looked for and not found.
    pub missed_frames: u32,
    /// Since the first sighting, in nanoseconds.
    pub age_ns: i64,
    /// Since the last sighting, in nanoseconds.
    pub unseen_ns: i64,
    /// The box as the motion model has it: calmer.
    pub estimate: SapiensBox,
    /// Motion of its centre in pixels per second.
    pub velocity_x: f32,
    /// See `velocity_x`.
    pub velocity_y: f32,
    /// Sightings in all.
    pub sightings: u32,
    /// 1: chosen by `SapiensStreamOptions.person_policy`: the tasks look at this person.
    pub is_chosen: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensPerson {
    const NAME: &'static str = "SapiensPerson";
    const FIRST: usize = 24;
}

/// How a pointmap goes with the one before. Begin with SAPIENS_POINTS_CHECK_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensPointsCheck {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// A `SapiensAgreement`.
    pub agreement: i32,
    /// 0: the two pointmaps show different shapes (DISAGREES): trust neither. 1: nothing speaks against it.
    pub is_valid: u32,
    /// What the raw points were multiplied by to get the steadied ones.
    pub factor: f32,
    /// Share of the compared points that do not fit, 0 to 1; 0 if none were compared.
    pub misfits: f32,
    /// How many points were compared.
    pub compared: u32,
    /// Timestamp of the frame the pointmap was made from.
    pub timestamp_ns: i64,
    /// Frames since that one: 0 for this one.
    pub age_frames: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensPointsCheck {
    const NAME: &'static str = "SapiensPointsCheck";
    const FIRST: usize = 40;
}
