//! Reading `.npy` files of 32-bit floats of a known shape. The file comes from others: its header is read before any
//! memory is asked for.

use crate::error::{Error, Result};
use std::path::Path;

/// Longest header that is read.
const MAX_HEADER: usize = 1 << 16;

/// The values of an `f32` array of exactly this shape, row-major.
///
/// # Errors
/// `NotFound` or `Io` if the file cannot be read, `InvalidArgument` for another type, order or shape.
pub(super) fn read_f32(path: &Path, shape: &[usize]) -> Result<Vec<f32>> {
    let expected: usize = shape.iter().product();
    let size = std::fs::metadata(path).map_err(|e| Error::io("read the array", path, e))?.len();
    if size > (expected * 4 + MAX_HEADER) as u64 {
        let message = format!("the file has {size} bytes; an f32 array of shape {shape:?} is smaller");
        return Err(Error::invalid(message).at(path));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::io("read the array", path, e))?;
    parse(&bytes, shape).map_err(|e| e.at(path))
}

fn parse(bytes: &[u8], shape: &[usize]) -> Result<Vec<f32>> {
    let (header, data) = split(bytes).ok_or_else(|| Error::invalid("no .npy file, or it is cut short"))?;
    let descr = text_after(header, "descr").and_then(|t| t.strip_prefix(['\'', '"'])?.split(['\'', '"']).next());
    if descr != Some("<f4") {
        return Err(Error::invalid(format!(
            "the array is of type `{}`; `<f4` (float32, little-endian) is needed",
            descr.unwrap_or_default()
        )));
    }
    if !text_after(header, "fortran_order").is_some_and(|t| t.starts_with("False")) {
        return Err(Error::invalid("the array is in Fortran order; save numpy.ascontiguousarray of it"));
    }
    let found = text_after(header, "shape").and_then(sides);
    if found.as_deref() != Some(shape) {
        let found = found.unwrap_or_default();
        return Err(Error::invalid(format!("the array has the shape {found:?}; {shape:?} is needed")));
    }
    if data.len() != shape.iter().product::<usize>() * 4 {
        return Err(Error::invalid(format!(
            "{} bytes of values for the shape {shape:?}: cut short or too long",
            data.len()
        )));
    }
    Ok(data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

/// Header text and values.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (length, rest) = match rest.first()? {
        1 => (usize::from(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?)), rest.get(4..)?),
        _ => (u32::from_le_bytes(rest.get(2..6)?.try_into().ok()?) as usize, rest.get(6..)?),
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// What follows a key of the header's dictionary.
fn text_after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{key}'"))?;
    Some(header[at + key.len() + 2..].trim_start().strip_prefix(':')?.trim_start())
}

/// `(3, 4, )` as numbers.
fn sides(text: &str) -> Option<Vec<usize>> {
    let inner = text.strip_prefix('(')?.split(')').next()?;
    inner.split(',').map(str::trim).filter(|s| !s.is_empty()).map(|s| s.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder};
    use ndarray_npy::WriteNpyExt;

    #[test]
    fn arrays_come_back_and_others_are_named() {
        let mut bytes = Vec::new();
        let array = Array2::from_shape_vec((2, 3), vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.5]).unwrap();
        array.write_npy(&mut bytes).unwrap();
        assert_eq!(parse(&bytes, &[2, 3]).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
        let says = |bytes: &[u8], shape: &[usize]| parse(bytes, shape).unwrap_err().to_string();
        assert!(says(&bytes, &[3, 2]).contains("[2, 3]; [3, 2]"));
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end], &[2, 3]).is_err(), "{end}");
        }
        let mut wide = Vec::new();
        array.mapv(f64::from).write_npy(&mut wide).unwrap();
        assert!(says(&wide, &[2, 3]).contains("`<f8`"));
        let mut columns = Vec::new();
        Array2::<f32>::zeros((2, 3).f()).write_npy(&mut columns).unwrap();
        assert!(says(&columns, &[2, 3]).contains("Fortran"));
    }
}
