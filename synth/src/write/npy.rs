//! `.npy` files that are written row by row.

use super::Result;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// An array under construction: `count` rows of `shape`.
pub struct RowWriter {
    file: BufWriter<File>,
    row_bytes: usize,
    left: usize,
}

impl RowWriter {
    /// `kind` is NumPy's name of the type, such as `|u1` or `<f4`, of `size` bytes.
    pub fn create(path: &Path, kind: &str, size: usize, count: usize, shape: &[usize]) -> Result<Self> {
        let sides: Vec<String> = std::iter::once(count).chain(shape.iter().copied()).map(|n| n.to_string()).collect();
        let shape_text = format!("({},)", sides.join(", "));
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape_text}, }}");
        // Magic, version and length take 10 bytes; data begins at a multiple of 64.
        let padding = 63 - (10 + header.len()) % 64;
        header.push_str(&" ".repeat(padding));
        header.push('\n');
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(b"\x93NUMPY\x01\x00")?;
        file.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        Ok(Self { file, row_bytes: size * shape.iter().product::<usize>(), left: count })
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[u8]) -> Result {
        if row.len() != self.row_bytes || self.left == 0 {
            return Err(
                format!("a row of {} bytes; rows have {}, {} are left", row.len(), self.row_bytes, self.left).into()
            );
        }
        self.left -= 1;
        Ok(self.file.write_all(row)?)
    }

    /// Flushes; an error if rows are missing.
    pub fn finish(mut self) -> Result {
        self.file.flush()?;
        if self.left > 0 {
            return Err(format!("{} rows are missing", self.left).into());
        }
        Ok(())
    }
}

/// Little-endian bytes.
pub fn f32_bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray_npy::read_npy;

    #[test]
    fn numpy_reads_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let mut writer = RowWriter::create(&path, "<f4", 4, 2, &[3]).unwrap();
        writer.push(&f32_bytes([1.0, 2.0, 3.0])).unwrap();
        assert!(writer.push(&[0; 4]).is_err(), "a short row");
        writer.push(&f32_bytes([4.0, 5.0, 6.0])).unwrap();
        assert!(writer.push(&[0; 12]).is_err(), "a row too many");
        writer.finish().unwrap();
        let array: ndarray::Array2<f32> = read_npy(&path).unwrap();
        assert_eq!(array, ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert!(RowWriter::create(&path, "|u1", 1, 2, &[3]).unwrap().finish().is_err(), "no rows");
    }
}
