//! NVIDIA's management library, which comes with the driver: which cards there are, and their memory. Opened only when asked.
#![allow(unsafe_code)] // functions of a foreign library

use crate::error::{Error, ErrorKind, Result};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

/// The memory of a device, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceMemory {
    /// What the driver calls it.
    pub name: String,
    /// All of it.
    pub total: u64,
    /// What nobody uses now.
    pub free: u64,
}

/// Where the driver puts the library.
#[cfg(windows)]
const NAME: &str = "nvml.dll";
/// Where the driver puts the library.
#[cfg(not(windows))]
const NAME: &str = "libnvidia-ml.so.1";

/// `nvmlMemory_t`.
#[repr(C)]
#[derive(Default)]
struct Memory {
    total: u64,
    free: u64,
    used: u64,
}

/// `nvmlDevice_t`.
type Handle = *mut c_void;
/// `NVML_DEVICE_NAME_V2_BUFFER_SIZE`.
const NAME_BYTES: usize = 96;

/// The library, initialised; ended on drop.
pub struct Nvml {
    library: libloading::Library,
    path: PathBuf,
}

impl Nvml {
    /// Opens the library: that of the driver, or another one by its path.
    ///
    /// # Errors
    /// `NotFound` where there is none (no NVIDIA driver), `Library` for a file that is something else, `Device` with the words of the driver
    /// where it does not start.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let path = path.map_or_else(|| PathBuf::from(NAME), Path::to_path_buf);
        // SAFETY: opening runs the initialisers of the driver's own library, or of a file that the caller names.
        let library = unsafe { libloading::Library::new(&path) }.map_err(|e| {
            let message = "NVIDIA's management library cannot be opened; it comes with the NVIDIA driver";
            Error::new(ErrorKind::NotFound, message).at(&path).caused_by(e)
        })?;
        let nvml = Self { library, path };
        // SAFETY: `nvmlReturn_t nvmlInit_v2(void)`.
        let init = unsafe { nvml.function::<unsafe extern "C" fn() -> c_int>(c"nvmlInit_v2")? };
        // SAFETY: as declared.
        if let Err(error) = nvml.check("start", unsafe { init() }) {
            // It was not started, so it must not be ended; a driver's library stays where it is anyway.
            std::mem::forget(nvml);
            return Err(error);
        }
        Ok(nvml)
    }

    /// The memory of each card, in the order of the driver (by PCI bus). CUDA numbers its devices by speed unless
    /// `CUDA_DEVICE_ORDER=PCI_BUS_ID` is set, and leaves out what `CUDA_VISIBLE_DEVICES` does not list.
    ///
    /// # Errors
    /// `Device` with the words of the driver.
    pub fn devices(&self) -> Result<Vec<DeviceMemory>> {
        let mut count: c_uint = 0;
        // SAFETY: `nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *)`.
        let get = unsafe { self.function::<unsafe extern "C" fn(*mut c_uint) -> c_int>(c"nvmlDeviceGetCount_v2")? };
        // SAFETY: the number is ours to write.
        self.check("count its cards", unsafe { get(&mut count) })?;
        (0..count).map(|index| self.device(index)).collect()
    }

    fn device(&self, index: c_uint) -> Result<DeviceMemory> {
        let (mut handle, mut memory, mut name): (Handle, _, _) =
            (null_mut(), Memory::default(), [0 as c_char; NAME_BYTES]);
        // SAFETY: the signatures of nvml.h, unchanged since these versions of the functions exist; all that is written is ours, and the
        // length of the name is passed along.
        unsafe {
            let by_index: unsafe extern "C" fn(c_uint, *mut Handle) -> c_int =
                *self.function(c"nvmlDeviceGetHandleByIndex_v2")?;
            let memory_of: unsafe extern "C" fn(Handle, *mut Memory) -> c_int =
                *self.function(c"nvmlDeviceGetMemoryInfo")?;
            let name_of: unsafe extern "C" fn(Handle, *mut c_char, c_uint) -> c_int =
                *self.function(c"nvmlDeviceGetName")?;
            self.check(&format!("open card {index}"), by_index(index, &mut handle))?;
            self.check(&format!("tell the memory of card {index}"), memory_of(handle, &mut memory))?;
            // The last byte stays zero.
            self.check(
                &format!("tell the name of card {index}"),
                name_of(handle, name.as_mut_ptr(), NAME_BYTES as c_uint - 1),
            )?;
        }
        // SAFETY: the array ends in a zero.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy().into_owned();
        Ok(DeviceMemory { name, total: memory.total, free: memory.free })
    }

    /// # Safety
    /// `F` is the type of this function.
    unsafe fn function<F>(&self, name: &CStr) -> Result<libloading::Symbol<'_, F>> {
        // SAFETY: as the caller says.
        unsafe { self.library.get(name.to_bytes_with_nul()) }.map_err(|e| {
            let name = name.to_string_lossy();
            let message = format!("this is not NVIDIA's management library, or one too old: it has no function {name}");
            Error::new(ErrorKind::Library, message).at(&self.path).caused_by(e)
        })
    }

    fn check(&self, what: &str, status: c_int) -> Result<()> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: `const char *nvmlErrorString(nvmlReturn_t)`: static texts, for any number.
        let words = unsafe {
            self.function::<unsafe extern "C" fn(c_int) -> *const c_char>(c"nvmlErrorString")
                .ok()
                .map(|text| text(status))
                .filter(|text| !text.is_null())
                .map(|text| CStr::from_ptr(text).to_string_lossy().into_owned())
        };
        let words = words.unwrap_or_else(|| "no reason given".to_owned());
        Err(Error::new(ErrorKind::Device, format!("the NVIDIA driver could not {what}: {words} (NVML error {status})")))
    }
}

impl Drop for Nvml {
    fn drop(&mut self) {
        // SAFETY: `nvmlReturn_t nvmlShutdown(void)`; started in `open`.
        if let Ok(shutdown) = unsafe { self.function::<unsafe extern "C" fn() -> c_int>(c"nvmlShutdown") } {
            // SAFETY: as above. There is nobody to tell that it failed.
            unsafe { shutdown() };
        }
    }
}

impl std::fmt::Debug for Nvml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nvml").field("path", &self.path).finish_non_exhaustive()
    }
}
