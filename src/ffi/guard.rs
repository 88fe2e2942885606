//! What every export goes through: no panic leaves the library, faults become a status and a message; and the checks of
//! the pointers that hosts give.
#![allow(unsafe_code)] // pointers of the host are followed here, after a null check

use super::status::{Failure, SapiensStatus, keep};
use crate::error::Error;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an export.
pub(super) fn guard(body: impl FnOnce() -> Result<(), Failure>) -> SapiensStatus {
    // What a panic leaves half done is behind locks that are taken over when poisoned, or goes with the frame.
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return SapiensStatus::Ok,
        Ok(Err(failure)) => failure,
        Err(panic) => Error::of_panic(panic.as_ref()).into(),
    };
    if (failure.status as i32) < 0 {
        keep(failure.message);
    }
    failure.status
}

/// A structure of the host that begins with its own size.
///
/// # Safety
/// Plain data (`repr(C)`, integers, floats, raw pointers, optional functions) whose first field is `struct_size: u32`, and
/// for which all zero bytes are a valid value.
pub(super) unsafe trait Sized32: Copy {
    /// As in C.
    const NAME: &'static str;
    /// Its size in the first version of the header: no caller can have a smaller one.
    const FIRST: usize;
}

/// Reads a structure, of this version or another: what an older caller does not know keeps the zero that stands for the
/// default, what a newer one knows must be zero.
///
/// # Safety
/// `pointer` is null or leads to as many readable bytes as its first field says.
pub(super) unsafe fn read<T: Sized32>(pointer: *const T, argument: &str) -> Result<T, Failure> {
    let (bytes, known) = (unsafe { size_of_struct(pointer, argument)? }, size_of::<T>());
    // SAFETY: the host vouches for `bytes` bytes; a byte has no alignment.
    let given = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), bytes) };
    if given.iter().skip(known).any(|&byte| byte != 0) {
        return Err(Failure::new(
            SapiensStatus::AbiMismatch,
            format!(
                "{argument}: uses fields of {} that this library ({} bytes of them) does not know; update it",
                T::NAME,
                known
            ),
        ));
    }
    // SAFETY: all zero is a valid value of these types.
    let mut value = unsafe { std::mem::zeroed::<T>() };
    // SAFETY: both sides have at least this many bytes and do not overlap.
    unsafe { std::ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut value).cast::<u8>(), bytes.min(known)) };
    Ok(value)
}

/// As [`read`]; null stands for the defaults.
///
/// # Safety
/// As [`read`].
pub(super) unsafe fn read_or<T: Sized32>(pointer: *const T, argument: &str, default: T) -> Result<T, Failure> {
    if pointer.is_null() { Ok(default) } else { unsafe { read(pointer, argument) } }
}

/// Checks an output structure before any work is done.
///
/// # Safety
/// As [`read`].
pub(super) unsafe fn check_struct<T: Sized32>(pointer: *const T, argument: &str) -> Result<(), Failure> {
    unsafe { size_of_struct(pointer, argument) }.map(|_| ())
}

/// Fills an output structure of any version: as much as the caller knows; `struct_size` stays the caller's.
///
/// # Safety
/// As [`read`], and writable.
pub(super) unsafe fn write<T: Sized32>(pointer: *mut T, argument: &str, value: T) -> Result<(), Failure> {
    let bytes = unsafe { size_of_struct(pointer, argument)? }.min(size_of::<T>());
    let skip = size_of::<u32>();
    // SAFETY: the host vouches for `bytes` bytes behind the pointer, and `value` is as long.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (&raw const value).cast::<u8>().add(skip),
            pointer.cast::<u8>().add(skip),
            bytes - skip,
        );
    }
    Ok(())
}

unsafe fn size_of_struct<T: Sized32>(pointer: *const T, argument: &str) -> Result<usize, Failure> {
    check_pointer(pointer, argument)?;
    // SAFETY: not null, aligned, and every such structure begins with its size.
    let bytes = unsafe { pointer.cast::<u32>().read() } as usize;
    check_struct_size::<T>(bytes, &format!("{argument}->struct_size"))?;
    Ok(bytes)
}

/// More than a page of unknown fields is not a newer version but a forgotten initialiser.
pub(super) fn check_struct_size<T: Sized32>(bytes: usize, what: &str) -> Result<(), Failure> {
    if (T::FIRST..=size_of::<T>() + 4096).contains(&bytes) {
        return Ok(());
    }
    let (name, known) = (T::NAME, size_of::<T>());
    Err(Failure::new(
        SapiensStatus::AbiMismatch,
        format!("{what} is {bytes}, but {name} has {known} bytes; begin with its _INIT value"),
    ))
}

/// Writes a structure and its size; what the caller has beyond it becomes zero.
///
/// # Safety
/// `pointer` is null or leads to `struct_size` writable bytes.
pub(super) unsafe fn write_whole<T: Sized32>(pointer: *mut T, struct_size: u32, value: T) -> Result<(), Failure> {
    check_pointer(pointer, "options")?;
    // SAFETY: the host vouches for `struct_size` bytes, which begin with the size.
    unsafe {
        pointer.cast::<u8>().write_bytes(0, struct_size as usize);
        pointer.cast::<u32>().write(struct_size);
        write(pointer, "options", value)
    }
}

/// Refuses null and what cannot be a `T` at all.
pub(super) fn check_pointer<T>(pointer: *const T, argument: &str) -> Result<(), Failure> {
    if pointer.is_null() {
        return Err(Failure::invalid(format!("{argument} is NULL")));
    }
    if !pointer.is_aligned() {
        return Err(Failure::invalid(format!(
            "{argument} is no valid pointer: it is not aligned to {}",
            align_of::<T>()
        )));
    }
    Ok(())
}

/// Where a result goes; checked before the work, written after it.
///
/// # Safety
/// `pointer` is null or leads to a writable `T`.
pub(super) unsafe fn output<'a, T>(pointer: *mut T, argument: &str) -> Result<&'a mut T, Failure> {
    check_pointer(pointer, argument)?;
    // SAFETY: checked, and writable by contract.
    Ok(unsafe { &mut *pointer })
}

/// A text of the host, UTF-8.
///
/// # Safety
/// `pointer` is null or leads to bytes that end in zero.
pub(super) unsafe fn text<'a>(pointer: *const c_char, argument: &str) -> Result<&'a str, Failure> {
    check_pointer(pointer, argument)?;
    // SAFETY: not null, and ends in zero by contract.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|e| Failure::invalid(format!("{argument} is not UTF-8 (byte {})", e.valid_up_to())))
}

/// As [`text`]; null stands for none.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn optional_text<'a>(pointer: *const c_char, argument: &str) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() { Ok(None) } else { unsafe { text(pointer, argument) }.map(Some) }
}

/// An array of the host; null only if it is empty.
///
/// # Safety
/// `pointer` is null or leads to `count` readable `T`.
pub(super) unsafe fn slice<'a, T>(pointer: *const T, count: usize, argument: &str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    check_pointer(pointer, argument)?;
    let bytes = count.checked_mul(size_of::<T>()).filter(|n| *n <= isize::MAX as usize);
    let end = bytes.and_then(|n| (pointer as usize).checked_add(n));
    if end.is_none() {
        return Err(Failure::invalid(format!("{argument}: {count} elements do not fit into memory")));
    }
    // SAFETY: not null, aligned, within the address space, readable by contract.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// 0 or 1.
pub(super) fn flag(value: u32, argument: &str) -> Result<bool, Failure> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::invalid(format!("{argument} is {value}; it must be 0 or 1"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Sample {
        struct_size: u32,
        first: u32,
        added_later: u64,
    }

    // SAFETY: integers only.
    unsafe impl Sized32 for Sample {
        const NAME: &'static str = "Sample";
        const FIRST: usize = 8;
    }

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(guard(|| panic!("boom {}", 1)), SapiensStatus::Internal);
        // SAFETY: never null.
        let text = unsafe { CStr::from_ptr(super::super::status::sapiens_last_error()) };
        assert_eq!(text, c"a fault inside libsapiens: boom 1");
    }

    #[test]
    fn structs_of_other_versions_are_read() {
        let full = Sample { struct_size: 16, first: 7, added_later: 9 };
        // SAFETY: as large as they say, or larger.
        unsafe {
            assert_eq!(read(&full, "sample").ok(), Some(full));
            let older = Sample { struct_size: 8, ..full };
            assert_eq!(read(&older, "sample").ok(), Some(Sample { added_later: 0, ..older }));
            let mut newer = [[0_u64; 4], [0, 0, 0, 1]];
            newer.iter_mut().for_each(|words| words[0] = 32 | 7 << 32);
            assert_eq!(read(newer[0].as_ptr().cast::<Sample>(), "sample").map(|s| s.first).ok(), Some(7));
            let unknown = read(newer[1].as_ptr().cast::<Sample>(), "sample").err().unwrap();
            assert_eq!(unknown.status, SapiensStatus::AbiMismatch);
            for size in [0, 7, 5000, u32::MAX] {
                let wrong = read(&Sample { struct_size: size, ..full }, "sample").err().unwrap();
                assert!(wrong.message.contains(&format!("sample->struct_size is {size}")), "{}", wrong.message);
            }
            assert!(read(std::ptr::null::<Sample>(), "sample").is_err());
        }
    }

    #[test]
    fn an_older_caller_gets_what_it_knows() {
        let mut older = Sample { struct_size: 8, first: 0, added_later: 5 };
        // SAFETY: larger than it says.
        unsafe { write(&mut older, "sample", Sample { struct_size: 16, first: 1, added_later: 2 }) }.ok().unwrap();
        assert_eq!(older, Sample { struct_size: 8, first: 1, added_later: 5 });
    }
}
