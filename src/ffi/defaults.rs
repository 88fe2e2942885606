//! The initial values of the structures that hosts fill in, for languages that cannot use the `_INIT` macros.

use super::context_types::{SapiensContextOptions, SapiensLoadOptions};
use super::guard::{Sized32, check_struct_size, guard, write_whole};
use super::people_types::{SapiensFilterOptions, SapiensMapFilterOptions};
use super::status::{Failure, SapiensStatus};
use super::stream_types::{SapiensImage, SapiensStreamOptions, SapiensSubmitOptions, SapiensTaskOptions};

/// Writes the default options, as SAPIENS_CONTEXT_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_context_options_default(
    options: *mut SapiensContextOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensContextOptions::DEFAULT) })
}

/// Writes the default options, as SAPIENS_LOAD_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_load_options_default(
    options: *mut SapiensLoadOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensLoadOptions::DEFAULT) })
}

/// Writes the default options, as SAPIENS_STREAM_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_options_default(
    options: *mut SapiensStreamOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensStreamOptions::DEFAULT) })
}

/// Writes the default options, as SAPIENS_FILTER_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_filter_options_default(
    options: *mut SapiensFilterOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensFilterOptions::DEFAULT) })
}

/// Writes the default options, as SAPIENS_MAP_FILTER_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_map_filter_options_default(
    options: *mut SapiensMapFilterOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensMapFilterOptions::DEFAULT) })
}

/// Writes the default options, as SAPIENS_TASK_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_task_options_default(
    options: *mut SapiensTaskOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensTaskOptions::DEFAULT) })
}

/// Writes an empty description, as SAPIENS_IMAGE_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_image_default(image: *mut SapiensImage, struct_size: u32) -> SapiensStatus {
    guard(|| unsafe { fill(image, struct_size, SapiensImage::DEFAULT) })
}

/// Writes the default options, as SAPIENS_SUBMIT_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_submit_options_default(
    options: *mut SapiensSubmitOptions,
    struct_size: u32,
) -> SapiensStatus {
    guard(|| unsafe { fill(options, struct_size, SapiensSubmitOptions::DEFAULT) })
}

unsafe fn fill<T: Sized32>(pointer: *mut T, struct_size: u32, value: T) -> Result<(), Failure> {
    check_struct_size::<T>(struct_size as usize, "struct_size")?;
    unsafe { write_whole(pointer, struct_size, value) }
}
