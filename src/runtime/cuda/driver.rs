//! The functions of NVIDIA's driver library, as `cuda.h` declares them, and its errors in words.

use crate::error::{Error, ErrorKind, Result};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};

/// Where the driver puts the library.
#[cfg(windows)]
const NAME: &str = "nvcuda.dll";
/// Where the driver puts the library.
#[cfg(not(windows))]
const NAME: &str = "libcuda.so.1";

/// `CUcontext`, `CUstream`, `CUevent`: pointers that nobody here follows.
pub(super) type Handle = usize;

/// `CU_EVENT_DISABLE_TIMING`.
pub(super) const EVENT_WITHOUT_TIMING: c_uint = 2;
/// `CU_STREAM_NON_BLOCKING`: it does not wait for the legacy default stream, nor that for it.
pub(super) const STREAM_NON_BLOCKING: c_uint = 1;
/// `CU_MEMORYTYPE_HOST`.
pub(super) const MEMORY_HOST: c_uint = 1;
/// `CU_MEMORYTYPE_DEVICE`.
pub(super) const MEMORY_DEVICE: c_uint = 2;
/// `CU_POINTER_ATTRIBUTE_MEMORY_TYPE`, an unsigned int.
pub(super) const ATTRIBUTE_MEMORY: c_int = 2;
/// `CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL`, an int.
pub(super) const ATTRIBUTE_ORDINAL: c_int = 9;
/// `CU_POINTER_ATTRIBUTE_RANGE_START_ADDR`, a pointer.
pub(super) const ATTRIBUTE_START: c_int = 11;
/// `CU_POINTER_ATTRIBUTE_RANGE_SIZE`, a size_t.
pub(super) const ATTRIBUTE_SIZE: c_int = 12;

/// `CUDA_ERROR_INVALID_VALUE`.
const INVALID_VALUE: c_int = 1;
/// `CUDA_ERROR_INVALID_HANDLE`.
const INVALID_HANDLE: c_int = 400;

/// `CUDA_MEMCPY2D`: rows of `width` bytes.
#[repr(C)]
#[derive(Debug, Default)]
pub(super) struct Copy2d {
    pub src_x: usize,
    pub src_y: usize,
    pub src_memory: c_uint,
    pub src_host: usize,
    pub src_device: u64,
    pub src_array: usize,
    pub src_pitch: usize,
    pub dst_x: usize,
    pub dst_y: usize,
    pub dst_memory: c_uint,
    pub dst_host: usize,
    pub dst_device: u64,
    pub dst_array: usize,
    pub dst_pitch: usize,
    pub width: usize,
    pub height: usize,
}

macro_rules! functions {
    ($($name:ident = $symbol:literal ($($argument:ty),*)),+ $(,)?) => {
        /// All of them answer a `CUresult`.
        pub(super) struct Functions {
            $(pub $name: unsafe extern "system" fn($($argument),*) -> c_int),+
        }

        impl Functions {
            /// # Safety
            /// The library is NVIDIA's driver, or has functions of the same types.
            unsafe fn of(library: &libloading::Library, path: &Path) -> Result<Self> {
                // SAFETY: as the caller says.
                Ok(Self { $($name: unsafe { function(library, path, $symbol)? }),+ })
            }
        }
    };
}

functions! {
    init = c"cuInit" (c_uint),
    error_string = c"cuGetErrorString" (c_int, *mut *const c_char),
    device_get = c"cuDeviceGet" (*mut c_int, c_int),
    primary_retain = c"cuDevicePrimaryCtxRetain" (*mut Handle, c_int),
    push = c"cuCtxPushCurrent_v2" (Handle),
    pop = c"cuCtxPopCurrent_v2" (*mut Handle),
    pointer_attribute = c"cuPointerGetAttribute" (*mut c_void, c_int, u64),
    stream_create = c"cuStreamCreate" (*mut Handle, c_uint),
    stream_context = c"cuStreamGetCtx" (Handle, *mut Handle),
    stream_synchronize = c"cuStreamSynchronize" (Handle),
    event_create = c"cuEventCreate" (*mut Handle, c_uint),
    event_record = c"cuEventRecord" (Handle, Handle),
    event_synchronize = c"cuEventSynchronize" (Handle),
    event_destroy = c"cuEventDestroy_v2" (Handle),
    copy_2d = c"cuMemcpy2DAsync_v2" (*const Copy2d, Handle),
}

/// # Safety
/// `F` is the type of this function.
unsafe fn function<F: Copy>(library: &libloading::Library, path: &Path, name: &CStr) -> Result<F> {
    // SAFETY: as the caller says.
    let found = unsafe { library.get::<F>(name.to_bytes_with_nul()) };
    found.map(|function| *function).map_err(|e| {
        let name = name.to_string_lossy();
        let message = format!("this is not NVIDIA's driver library, or one too old: it has no function {name}");
        Error::new(ErrorKind::Device, message).at(path).caused_by(e)
    })
}

/// The library, started.
pub(super) struct Driver {
    pub functions: Functions,
    pub path: PathBuf,
    _library: libloading::Library,
}

impl Driver {
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let path = path.map_or_else(|| PathBuf::from(NAME), Path::to_path_buf);
        // SAFETY: opening runs the initialisers of the driver's own library, or of a file that the caller names.
        let library = unsafe { libloading::Library::new(&path) }.map_err(|e| {
            let message = "CUDA memory: NVIDIA's driver library cannot be opened; it comes with the NVIDIA driver";
            Error::new(ErrorKind::Device, message).at(&path).caused_by(e)
        })?;
        // SAFETY: the types are those of cuda.h.
        let functions = unsafe { Functions::of(&library, &path)? };
        let driver = Self { functions, path, _library: library };
        // SAFETY: as declared.
        driver.check("CUDA memory", "start", unsafe { (driver.functions.init)(0) })?;
        Ok(driver)
    }

    /// `argument`: what the caller named and the driver did not like.
    pub fn check(&self, argument: &str, what: &str, status: c_int) -> Result<()> {
        if status == 0 {
            return Ok(());
        }
        let kind = match status {
            INVALID_VALUE | INVALID_HANDLE => ErrorKind::InvalidArgument,
            _ => ErrorKind::Device,
        };
        let words = self.words(status);
        let message = format!("{argument}: the NVIDIA driver could not {what}: {words} (CUDA error {status})");
        Err(Error::new(kind, message))
    }

    pub fn words(&self, status: c_int) -> String {
        let mut text: *const c_char = std::ptr::null();
        // SAFETY: the pointer is ours to write; for a number that it does not know the driver leaves it null.
        let known = unsafe { (self.functions.error_string)(status, &mut text) };
        if known != 0 || text.is_null() {
            return "no reason given".to_owned();
        }
        // SAFETY: a static text.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }
}
