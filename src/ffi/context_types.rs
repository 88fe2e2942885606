//! What the host fills in for a context and reads from it.

use super::enums::{SapiensDelivery, SapiensDeviceFraming, SapiensLogLevel, SapiensPrecision};
use super::guard::Sized32;
use super::version::SAPIENS_ABI_VERSION;
use std::ffi::{c_char, c_void};

/// A device, the loaded models, and the threads that work on them. Opaque; made by `sapiens_context_create`, freed by
/// `sapiens_context_destroy`. Every function that takes it may be called from any thread, at the same time.
pub struct SapiensContext {
    _private: [u8; 0],
}

/// Gets a log message, UTF-8 without a line feed, valid during the call. `level` is a `SapiensLogLevel`. With delivery IMMEDIATE it
/// runs on any thread, several at once, and must not call the library.
pub type SapiensLogCallback = Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// Told how far a load is, on the thread that loads: `done` of `total` bytes of a stage: "hash"
/// (the checkpoint is read once) or "weights" (they are converted). Answer 0 to go on; anything else stops the load with CANCELLED.
pub type SapiensProgressCallback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, stage: *const c_char, done: u64, total: u64) -> i32>;

/// How a context is made. Begin with SAPIENS_CONTEXT_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensContextOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// SAPIENS_ABI_VERSION of the caller's header.
    pub abi_version: u32,
    /// Path of the ONNX Runtime library, UTF-8; NULL: the environment variable SAPIENS_ORT, then beside libsapiens and beside
    /// the program. A process has one: the first one opened.
    pub onnxruntime_path: *const c_char,
    /// Devices in order of preference, separated by commas: "cpu", "webgpu", "cuda:N", "tensorrt:N", "openvino:cpu",
    /// "openvino:cpu-bf16", "openvino:gpu", "openvino:gpu-fp16", "openvino:npu", "directml:N", "coreml". NULL: "cpu". Only what is
    /// listed is used, the first that works.
    pub devices: *const c_char,
    /// Threads a run uses on the processor; 0: one per physical core.
    pub threads: u32,
    /// 1: weights of converted graphs stay mapped from their file: little memory, a slightly slower run.
    pub low_memory: u32,
    /// 1: results are averaged with those of the mirrored picture: a little more accurate, twice the time.
    pub flip_test: u32,
    /// A `SapiensLogLevel`; messages up to it are given to `log_callback`.
    pub log_level: i32,
    /// A `SapiensDelivery` for log messages.
    pub log_delivery: i32,
    /// 0.
    pub reserved: u32,
    /// Gets log messages; NULL: nothing is logged. Called until the context is destroyed, never after.
    pub log_callback: SapiensLogCallback,
    /// Given to `log_callback`.
    pub user_data: *mut c_void,
    /// A folder that keeps converted checkpoints and what devices compile, for the next load; it is made if it is not there, and
    /// may be shared by processes. "tensorrt:N" runs only models that `sapiens prebuild` has built into it. UTF-8; NULL: nothing is
    /// kept.
    pub cache_folder: *const c_char,
    /// Bytes that models may take together on their device, the detector included; 0: no limit. Those over it are evicted, the one asked
    /// for longest ago first and POSE last, and come back when a frame wants their tasks: `SapiensModelInfo.is_loaded`.
    pub memory_budget: u64,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensContextOptions {
    const NAME: &'static str = "SapiensContextOptions";
    const FIRST: usize = 64;
}

impl SapiensContextOptions {
    pub(super) const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        abi_version: SAPIENS_ABI_VERSION,
        onnxruntime_path: std::ptr::null(),
        devices: std::ptr::null(),
        threads: 0,
        low_memory: 0,
        flip_test: 0,
        log_level: SapiensLogLevel::Warning as i32,
        log_delivery: SapiensDelivery::Events as i32,
        reserved: 0,
        log_callback: None,
        user_data: std::ptr::null_mut(),
        cache_folder: std::ptr::null(),
        memory_budget: 0,
    };
}

/// How a model is loaded. Begin with SAPIENS_LOAD_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensLoadOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// `SapiensTask` bits to load of a model with several; 0: all.
    pub tasks: u32,
    /// A `SapiensPrecision`, for checkpoints; a converted graph has its own.
    pub precision: i32,
    /// Input size in pixels, for checkpoints; both 0: the model's own. Multiples of 16.
    pub input_width: u32,
    /// See `input_width`.
    pub input_height: u32,
    /// 1: heads of dense tasks can run for a part of the picture (`SapiensStreamOptions.regions`). Not with `winograd_bytes`, whose
    /// convolutions have fixed sizes.
    pub regions: u32,
    /// Told how far the load is; may be NULL. Called on the thread that loads, before the call returns.
    pub progress: SapiensProgressCallback,
    /// Given to `progress`.
    pub user_data: *mut c_void,
    /// For checkpoints, on a processor, in 32 bits: so many more bytes of weights may go into convolutions of the heads with less
    /// arithmetic (Winograd's minimal filtering). 0: none.
    pub winograd_bytes: u64,
    /// A `SapiensDeviceFraming`.
    pub device_framing: i32,
    /// 1: the device records the first run of the model and replays it (a CUDA graph, WebGPU's graph capture), one person at a time; its
    /// tensors are taken once. What it cannot record runs as ever, and `SapiensModelInfo.refused` says why. Detectors do not look at it.
    pub recorded: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensLoadOptions {
    const NAME: &'static str = "SapiensLoadOptions";
    const FIRST: usize = 40;
}

impl SapiensLoadOptions {
    pub(super) const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        tasks: 0,
        precision: SapiensPrecision::Default as i32,
        input_width: 0,
        input_height: 0,
        regions: 0,
        progress: None,
        user_data: std::ptr::null_mut(),
        winograd_bytes: 0,
        device_framing: SapiensDeviceFraming::Auto as i32,
        recorded: 0,
    };
}

/// A loaded model, and what really runs. Begin with SAPIENS_MODEL_INFO_INIT. The texts are never NULL and live as long as
/// the context.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensModelInfo {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// For `sapiens_context_unload`.
    pub id: u32,
    /// `SapiensTask` bits it predicts.
    pub tasks: u32,
    /// Pixels per row of the network input.
    pub input_width: u32,
    /// Rows of the network input.
    pub input_height: u32,
    /// The `SapiensPrecision` it runs in.
    pub precision: i32,
    /// Number of trained parameters.
    pub parameters: u64,
    /// The path it was loaded from, the name given to it, or "demo".
    pub name: *const c_char,
    /// Official size such as "0.4b", or "custom".
    pub size: *const c_char,
    /// Terms of the weights, in the words of who licenses them: those of Sapiens v1 are for non-commercial use only.
    pub licence: *const c_char,
    /// Where it runs, in the words of `SapiensContextOptions.devices`.
    pub device: *const c_char,
    /// ONNX Runtime's name of the execution provider that runs it.
    pub provider: *const c_char,
    /// Devices listed before it that could not be used, and why; "" if none.
    pub refused: *const c_char,
    /// SHA-256 of the checkpoint, hexadecimal; "" where nobody has read the whole file.
    pub source_sha256: *const c_char,
    /// Keypoints of its poses, for `sapiens_set_keypoint`; 0 without task POSE.
    pub keypoints: u32,
    /// Classes of its segmentation, background included, for `sapiens_set_class`; 0 without task SEG, and where nothing says.
    pub classes: u32,
    /// Bytes it takes on its device for one person at a time, about: weights and work space. What counts towards `memory_budget`.
    pub memory_bytes: u64,
    /// How long its last load took, in milliseconds; 0 without a memory budget.
    pub load_ms: f64,
    /// How often it was loaded: more than once only under a memory budget.
    pub loads: u32,
    /// How often it was evicted.
    pub evictions: u32,
    /// 1: it is on its device now; 0: it is evicted, and comes back when a frame wants its tasks.
    pub is_loaded: u32,
    /// 1: its pictures are framed on its device, and frames that lie there are read in place.
    pub frames_on_device: u32,
    /// What its precision costs, as `sapiens convert --certify` measured it: JSON, with the relative L2 of each task's raw output and
    /// the error in the task's own terms (keypoints in pixels, share of labels, degrees, ...); "" if nobody has.
    pub certificate: *const c_char,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensModelInfo {
    const NAME: &'static str = "SapiensModelInfo";
    const FIRST: usize = 88;
}

/// The ONNX Runtime of this process. Begin with SAPIENS_RUNTIME_INFO_INIT. The texts are never NULL and live for ever.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensRuntimeInfo {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// The file it was loaded from.
    pub path: *const c_char,
    /// Its version, such as "1.31.1".
    pub version: *const c_char,
    /// Execution providers compiled into it, separated by commas.
    pub providers: *const c_char,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensRuntimeInfo {
    const NAME: &'static str = "SapiensRuntimeInfo";
    const FIRST: usize = 32;
}
