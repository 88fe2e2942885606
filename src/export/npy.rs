//! NumPy `.npy` files (format 1.0, little-endian, C order), as `numpy.load` reads them.

use std::io;
use std::path::Path;

use ndarray::{ArrayView, Dimension, ShapeBuilder};
use ndarray_npy::{WritableElement, WriteNpyError, WriteNpyExt};

use super::picture::check_len;
use crate::error::{Error, Result};
use crate::file::write_atomic;
use crate::geometry::Size;

/// Writes a `u8` array of shape (height, width): labels, an 8-bit matte.
pub fn write_u8(path: impl AsRef<Path>, size: Size, values: &[u8]) -> Result<()> {
    check_len("values", size, 1, values.len()).map_err(|e| e.at(&path))?;
    write(path.as_ref(), (size.height, size.width), values)
}

/// Writes an `f32` array of shape (height, width): depth in metres, alpha, confidence.
pub fn write_f32(path: impl AsRef<Path>, size: Size, values: &[f32]) -> Result<()> {
    check_len("values", size, 1, values.len()).map_err(|e| e.at(&path))?;
    write(path.as_ref(), (size.height, size.width), values)
}

/// Writes an `f32` array of shape (height, width, 3) from interleaved values: normals, points, colours.
pub fn write_f32x3(path: impl AsRef<Path>, size: Size, values: &[f32]) -> Result<()> {
    check_len("values", size, 3, values.len()).map_err(|e| e.at(&path))?;
    write(path.as_ref(), (size.height, size.width, 3), values)
}

/// Writes an `f32` array of any shape, row-major: dense features of shape (channels, rows, columns), keypoints (n, 3).
pub fn write_f32_shape(path: impl AsRef<Path>, shape: &[usize], values: &[f32]) -> Result<()> {
    write(path.as_ref(), shape, values)
}

fn write<T, D, S>(path: &Path, shape: S, values: &[T]) -> Result<()>
where
    T: WritableElement,
    D: Dimension,
    S: Into<ndarray::StrideShape<D>> + ShapeBuilder<Dim = D>,
{
    let array = ArrayView::from_shape(shape, values).map_err(|error| {
        Error::invalid(format!("values: {} values do not fit the shape: {error}", values.len())).at(path)
    })?;
    // `from_shape` accepts a slice that is too long; an array that drops values is never what was meant.
    if array.len() != values.len() {
        let message = format!("values: {} values for a shape of {}", values.len(), array.len());
        return Err(Error::invalid(message).at(path));
    }
    write_atomic(path, |out| {
        array.write_npy(out).map_err(|error| match error {
            WriteNpyError::Io(error) => error,
            other => io::Error::other(other),
        })
    })
}
