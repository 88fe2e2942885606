//! What the host fills in for a stream and its frames.

use super::enums::{
    SapiensColor, SapiensDelivery, SapiensFraming, SapiensMapSpace, SapiensMemory, SapiensOverlap, SapiensPolicy,
    SapiensRegions,
};
use super::guard::Sized32;
use super::people_types::{SapiensFilterOptions, SapiensMapFilterOptions};
use super::result_types::SapiensResult;
use std::ffi::c_void;

/// One camera or clip: its frames in order, its queue. Opaque; made by `sapiens_stream_create`, freed by
/// `sapiens_stream_destroy` or with its context. Every function that takes it may be called from any thread; frames that
/// several threads submit at the same time are taken in an order of the library's choice.
pub struct SapiensStream {
    _private: [u8; 0],
}

/// For timeouts: wait as long as it takes.
pub const SAPIENS_WAIT_FOREVER: u32 = u32::MAX;

/// For `sapiens_stream_cancel`: every frame.
pub const SAPIENS_ALL_FRAMES: u64 = 0;

/// Gets a finished result. The library releases `result` after the call; `sapiens_result_retain` keeps it.
pub type SapiensResultCallback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, stream: *mut SapiensStream, result: *mut SapiensResult)>;

/// Told that the library does not touch the borrowed pixels of a frame any more. Called once per borrowed frame, on a thread of
/// the library or on the thread that cancels, destroys or shuts down. It must not call the library.
pub type SapiensReleaseCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, frame: u64)>;

/// How a stream works. Begin with SAPIENS_STREAM_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensStreamOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Frames that may wait, and results that may be kept, 1..64. One more frame is being worked on;
    /// where frames overlap those in work count as results to come. There is no other queue.
    pub depth: u32,
    /// A `SapiensPolicy`: what happens when there is no room.
    pub policy: i32,
    /// A `SapiensDelivery` for results.
    pub delivery: i32,
    /// A `SapiensMapSpace` for dense maps.
    pub map_space: i32,
    /// A `SapiensFraming`.
    pub framing: i32,
    /// `SapiensTask` bits to run; 0: all that are loaded. `sapiens_stream_set_task` refines them.
    pub tasks: u32,
    /// 1: results carry the picture that was looked at (map IMAGE; background of debug pictures).
    pub keep_image: u32,
    /// Time a frame should take at most, in nanoseconds, conversion and detector included; 0: no limit. Tasks that are due but would take longer, going by their
    /// recent times, wait for a later frame, those of the lowest priority first; see `SapiensTaskOptions`.
    pub budget_ns: i64,
    /// Gets results, for delivery EVENTS and IMMEDIATE; NULL for POLL.
    pub callback: SapiensResultCallback,
    /// Given to `callback`.
    pub user_data: *mut c_void,
    /// 1: in frames without boxes people are looked for with the detector of the context (`sapiens_context_load_detector`).
    pub detect: u32,
    /// The detector looks at every n-th frame, and sooner when somebody is hidden, new or unsure; in between people are looked
    /// for where they are expected. 0 or 1: at every frame. More needs `track` and the pose task.
    pub detect_every: u32,
    /// Finds count with a score above this, up to 1; 0: what is usual for the detector (0.3; DETR 0.5).
    pub detect_threshold: f32,
    /// Of two finds that overlap by more than this (intersection over union, up to 1) the less sure one goes; 0: what is
    /// usual for the detector (0.3; DETR 1; the demo model 0.5).
    pub detect_overlap: f32,
    /// 1: people get ids that last (`SapiensPerson.id`), found by the detector or given as boxes. Results then list everybody
    /// tracked, hidden people too, by id. A frame without boxes, on a stream without `detect`, is looked at where the people of
    /// earlier frames are expected.
    pub track: u32,
    /// A `SapiensPersonPolicy`: whom the tasks look at. Everybody is tracked. Needs `track`.
    pub person_policy: i32,
    /// How many the policy chooses; 0 with ALL.
    pub person_count: u32,
    /// People tracked at a time, up to 1000; 0: 256.
    pub max_people: u32,
    /// For NEAREST_TO: pixels of the upright image.
    pub person_x: f32,
    /// See `person_x`.
    pub person_y: f32,
    /// Finds of the detector need this score to begin a track, up to 1; 0: 0.1 more than to count.
    pub track_new_score: f32,
    /// How long somebody gone is remembered, in milliseconds; 0: 10 seconds.
    pub track_memory_ms: u32,
    /// 1: keypoints are steadied over time, beside the raw ones (`sapiens_result_filtered_pose`). Needs `track`.
    pub filter: u32,
    /// `SapiensTask` bits, NORMAL and POINTMAP: their maps are steadied over time, beside the raw ones
    /// (`sapiens_result_filtered_map`, `sapiens_result_points_check`). Maps of the whole image, and with `track` those of people.
    pub filter_maps: u32,
    /// How they are steadied, copied; NULL for the defaults.
    pub filter_options: *const SapiensFilterOptions,
    /// How maps are steadied, copied; NULL for the defaults.
    pub map_filter_options: *const SapiensMapFilterOptions,
    /// Memory in bytes that people looked at in one run of a model may take together, as far as it can be told beforehand; at
    /// least one is looked at. 0: 1 GiB; 1: one after the other.
    pub batch_memory: u64,
    /// A `SapiensRegions`: where the heads of dense tasks run. Models must be loaded for it (`SapiensLoadOptions.regions`).
    pub regions: i32,
    /// A `SapiensOverlap`: whether frames overlap.
    pub overlap: i32,
    /// `SapiensTask` bits: their maps stay on the device of their model, finished there, and cross to the host when they are asked for.
    /// `SapiensMap.memory` says where each lies. On a device that is not CUDA `sapiens_result_map` brings them to the host; and what the
    /// host has to decode comes there as ever, with a warning in the log: flip tests, regions, `filter_maps`, tasks other than SEG,
    /// NORMAL, POINTMAP, ALBEDO, MATTING, Sapiens v1.
    pub device_maps: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensStreamOptions {
    const NAME: &'static str = "SapiensStreamOptions";
    const FIRST: usize = 56;
}

impl SapiensStreamOptions {
    pub(super) const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        depth: 2,
        policy: SapiensPolicy::Block as i32,
        delivery: SapiensDelivery::Poll as i32,
        map_space: SapiensMapSpace::Model as i32,
        framing: SapiensFraming::Official as i32,
        tasks: 0,
        keep_image: 0,
        budget_ns: 0,
        callback: None,
        user_data: std::ptr::null_mut(),
        detect: 0,
        detect_every: 0,
        detect_threshold: 0.0,
        detect_overlap: 0.0,
        track: 0,
        person_policy: 0,
        person_count: 0,
        max_people: 0,
        person_x: 0.0,
        person_y: 0.0,
        track_new_score: 0.0,
        track_memory_ms: 0,
        filter: 0,
        filter_maps: 0,
        filter_options: std::ptr::null(),
        map_filter_options: std::ptr::null(),
        batch_memory: 0,
        regions: SapiensRegions::Whole as i32,
        overlap: SapiensOverlap::Auto as i32,
        device_maps: 0,
        reserved: 0,
    };
}

/// How often a task of a stream runs. Begin with SAPIENS_TASK_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensTaskOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Runs on every n-th frame; 1: on every frame; 0: never. In between, results carry what it last gave, with its age.
    pub every_n: u32,
    /// Where `budget_ns` is short, due tasks of a higher priority are chosen first. A task is put off `every_n` times in a row
    /// at most.
    pub priority: i32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensTaskOptions {
    const NAME: &'static str = "SapiensTaskOptions";
    const FIRST: usize = 12;
}

impl SapiensTaskOptions {
    pub(super) const DEFAULT: Self = Self { struct_size: size_of::<Self>() as u32, every_n: 1, priority: 0 };
}

/// A picture of the host. Begin with SAPIENS_IMAGE_INIT and fill in at least `format`, `width`, `height`, `row_stride`, `data`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensImage {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// A `SapiensPixelFormat`.
    pub format: i32,
    /// Pixels per row of the buffer, 1..16384.
    pub width: u32,
    /// Rows of the buffer, 1..16384; with `width` at most 2^27 pixels.
    pub height: u32,
    /// A `SapiensMemory`: where `data` and `chroma` lie, CPU or CUDA.
    pub memory: i32,
    /// A `SapiensOrientation`. Boxes and results are in pixels of the upright picture.
    pub orientation: i32,
    /// A `SapiensColor`; for NV12, else 0.
    pub color: i32,
    /// 0.
    pub reserved: u32,
    /// Bytes from one row to the next; negative: `data` is the last row in memory. Never guessed: at least the bytes of a row.
    pub row_stride: i64,
    /// The same for the rows of `chroma`; for NV12, else 0.
    pub chroma_stride: i64,
    /// The first row of the picture, and of the Y plane for NV12.
    pub data: *const c_void,
    /// The first row of the interleaved U, V plane; for NV12, else NULL.
    pub chroma: *const c_void,
    /// Time the picture was taken, in nanoseconds of any clock; results carry it.
    pub timestamp_ns: i64,
    /// CUDA: a CUstream. Without `event` the pixels are read when everything is done that is in it at the submit; NULL: the legacy default
    /// stream of the device's primary context, where the CUDA runtime works unless told otherwise. NULL for CPU.
    pub stream: *mut c_void,
    /// CUDA: a CUevent, recorded behind the work that writes the pixels; they are read when it has come, and `stream` is not looked at. With
    /// BORROW it must stay, and not be recorded again, until the release. NULL: `stream`. NULL for CPU.
    pub event: *mut c_void,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensImage {
    const NAME: &'static str = "SapiensImage";
    const FIRST: usize = 72;
}

impl SapiensImage {
    pub(super) const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        format: 0,
        width: 0,
        height: 0,
        memory: SapiensMemory::Cpu as i32,
        orientation: 0,
        color: SapiensColor::None as i32,
        reserved: 0,
        row_stride: 0,
        chroma_stride: 0,
        data: std::ptr::null(),
        chroma: std::ptr::null(),
        timestamp_ns: 0,
        stream: std::ptr::null_mut(),
        event: std::ptr::null_mut(),
    };
}

/// A box in pixels of the upright image, x right, y down; the right and lower edges are x + width and y + height.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SapiensBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Extent to the right, more than 0.
    pub width: f32,
    /// Extent downwards, more than 0.
    pub height: f32,
}

/// What is asked about a frame. Begin with SAPIENS_SUBMIT_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensSubmitOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// `SapiensTask` bits that may run on this frame; 0: those of the stream.
    pub tasks: u32,
    /// `SapiensSubmitFlags` bits.
    pub flags: u32,
    /// Number of boxes, up to 256; 0: the stream looks for people if it has `detect` or `track`, else the whole image is one.
    pub box_count: u32,
    /// One box per person, copied.
    pub boxes: *const SapiensBox,
    /// With BORROW: told when the pixels are free again. Not called if the submit does not answer OK.
    pub release: SapiensReleaseCallback,
    /// Given to `release`.
    pub user_data: *mut c_void,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensSubmitOptions {
    const NAME: &'static str = "SapiensSubmitOptions";
    const FIRST: usize = 40;
}

impl SapiensSubmitOptions {
    pub(super) const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        tasks: 0,
        flags: 0,
        box_count: 0,
        boxes: std::ptr::null(),
        release: None,
        user_data: std::ptr::null_mut(),
    };
}

/// What a stream has done. Begin with SAPIENS_STATISTICS_INIT. Every frame taken is counted once in one of `completed`, `failed`,
/// `dropped_frames`, `cancelled`, or is `waiting` or `working`. Times are moving averages in milliseconds, 0 before the first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensStatistics {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Frames taken.
    pub submitted: u64,
    /// Frames that gave a result without a fault.
    pub completed: u64,
    /// Frames that gave a result with a fault in it.
    pub failed: u64,
    /// Frames dropped before they were worked on.
    pub dropped_frames: u64,
    /// Results dropped because nobody fetched them.
    pub dropped_results: u64,
    /// Frames cancelled.
    pub cancelled: u64,
    /// Frames that wait.
    pub waiting: u32,
    /// Frames being worked on: 0 or 1, up to 4 where they overlap.
    pub working: u32,
    /// Results that wait to be fetched.
    pub finished: u32,
    /// People tracked in the newest completed frame, hidden ones too.
    pub tracks: u32,
    /// From submit to the beginning of the work.
    pub wait_ms: f64,
    /// Pixel format to RGB, orientation.
    pub convert_ms: f64,
    /// Image to network input.
    pub preprocess_ms: f64,
    /// ONNX Runtime.
    pub model_ms: f64,
    /// Network output to result.
    pub postprocess_ms: f64,
    /// From submit to the finished result.
    pub total_ms: f64,
    /// Frames of those completed that the detector looked at.
    pub detector_runs: u64,
    /// The detector, averaged over all frames: what detection costs at its cadence.
    pub detect_ms: f64,
    /// Models that were loaded again for a frame of this stream, because they had been evicted (`memory_budget` of the context).
    pub model_loads: u64,
    /// What that took, averaged over all frames.
    pub load_ms: f64,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensStatistics {
    const NAME: &'static str = "SapiensStatistics";
    const FIRST: usize = 120;
}
