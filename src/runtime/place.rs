//! Where this code lies on disk: in the shared library of libsapiens, or in the program it was linked into.
#![allow(unsafe_code)] // the loader of the operating system is asked

use std::path::PathBuf;

/// The folder of the file this code was loaded from, links resolved; `None` if the loader does not say.
pub(super) fn own_folder() -> Option<PathBuf> {
    Some(own_file()?.canonicalize().ok()?.parent()?.to_path_buf())
}

#[cfg(unix)]
fn own_file() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is that of a function of ours, and `info` is large enough; the call keeps no pointer.
    let known = unsafe { libc::dladdr(own_file as fn() -> Option<PathBuf> as *const libc::c_void, info.as_mut_ptr()) };
    // SAFETY: every field of the zeroed struct is valid: numbers and pointers.
    let info = unsafe { info.assume_init() };
    if known == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: not null, and a text of the loader that stays as long as this code is loaded.
    let path = PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(info.dli_fname) }.to_bytes()));
    // A relative name is relative to the working folder of the time of loading, and may be the first word of the command line.
    if path.is_absolute() { Some(path) } else { mapped_file(own_file as fn() -> Option<PathBuf> as usize) }
}

/// The file mapped at an address, from the kernel.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn mapped_file(address: usize) -> Option<PathBuf> {
    file_at(address, &std::fs::read_to_string("/proc/self/maps").ok()?)
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn mapped_file(_: usize) -> Option<PathBuf> {
    None
}

/// Finds an address in lines such as `7f2c4000-7f2c8000 r-xp 00002000 fe:00 1234    /usr/lib/libsapiens.so.1`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn file_at(address: usize, maps: &str) -> Option<PathBuf> {
    maps.lines().find_map(|line| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        // No other column holds a slash.
        let path = line.get(line.find('/')?..)?;
        (start..end).contains(&address).then(|| PathBuf::from(path))
    })
}

#[cfg(windows)]
fn own_file() -> Option<PathBuf> {
    use std::os::windows::ffi::OsStringExt;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleFileNameW,
        GetModuleHandleExW,
    };

    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    let mut module = std::ptr::null_mut();
    // SAFETY: with FROM_ADDRESS the second argument is an address in the module, here that of a function of ours.
    let known =
        unsafe { GetModuleHandleExW(flags, own_file as fn() -> Option<PathBuf> as *const u16, &raw mut module) };
    if known == 0 {
        return None;
    }
    // The longest path Windows knows; a shorter buffer would cut the name.
    let mut name = vec![0_u16; 32_768];
    // SAFETY: the module is the one this code runs from, so it stays loaded; the size is that of the buffer.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32) } as usize;
    (length > 0 && length < name.len()).then(|| PathBuf::from(std::ffi::OsString::from_wide(&name[..length])))
}

#[cfg(not(any(unix, windows)))]
fn own_file() -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linked_into_a_program_the_folder_is_the_programs() {
        let program = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(own_folder().as_deref(), program.parent());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_names_the_same_file_and_nothing_for_other_addresses() {
        let program = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(mapped_file(own_file as fn() -> Option<PathBuf> as usize), Some(program));
        assert_eq!(mapped_file(0), None);
        let maps = "1000-2000 r-xp 00000000 fe:00 7    /a b/libx.so.1\n2000-3000 rw-p 00000000 00:00 0 [heap]\n";
        assert_eq!(file_at(0x1fff, maps), Some("/a b/libx.so.1".into()));
        assert_eq!(file_at(0x2000, maps), None);
    }
}
