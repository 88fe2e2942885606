//! Coloured point clouds as binary little-endian PLY.

use std::io::Write;
use std::path::Path;

use super::picture::{Foreground, Picture, check_len};
use crate::error::Result;
use crate::file::write_atomic;

/// A pointmap with the picture it was made from: one point per pixel.
#[derive(Debug, Clone, Copy)]
pub struct PointCloud<'a> {
    /// The picture, for size and colours.
    pub picture: Picture<'a>,
    /// Interleaved x, y, z in metres, camera space: x right, y down, z forward. `height * width * 3` values.
    pub points_m: &'a [f32],
    /// Interleaved unit normals in the same space, if the file is to carry them.
    pub normals: Option<&'a [f32]>,
    /// Pixels to keep; all of them without it.
    pub foreground: Option<Foreground<'a>>,
}

/// Writes the finite points of the foreground and returns how many there were. Properties: `float x y z`, with normals
/// `float nx ny nz` (0 0 0 where a normal is not finite), then `uchar red green blue`. Coordinates are not changed.
pub fn write_ply(path: impl AsRef<Path>, cloud: &PointCloud<'_>) -> Result<usize> {
    let path = path.as_ref();
    check(cloud).map_err(|error| error.at(path))?;
    let (points, _) = cloud.points_m.as_chunks::<3>();
    let (colors, _) = cloud.picture.rgb().as_chunks::<3>();
    let normals = cloud.normals.map(|n| n.as_chunks::<3>().0);
    let keeps = |i: usize| {
        points[i].iter().all(|v| v.is_finite()) && cloud.foreground.as_ref().is_none_or(|mask| mask.contains(i))
    };
    // Two passes over the mask instead of a copy of the cloud: the header comes first and needs the count.
    let count = (0..points.len()).filter(|&i| keeps(i)).count();
    write_atomic(path, |out| {
        out.write_all(header(count, normals.is_some()).as_bytes())?;
        for i in (0..points.len()).filter(|&i| keeps(i)) {
            write_vector(out, points[i])?;
            if let Some(normals) = normals {
                let normal = normals[i];
                write_vector(out, if normal.iter().all(|v| v.is_finite()) { normal } else { [0.0; 3] })?;
            }
            out.write_all(&colors[i])?;
        }
        Ok(())
    })?;
    Ok(count)
}

fn check(cloud: &PointCloud<'_>) -> Result<()> {
    let size = cloud.picture.size();
    check_len("points", size, 3, cloud.points_m.len())?;
    if let Some(normals) = cloud.normals {
        check_len("normals", size, 3, normals.len())?;
    }
    cloud.foreground.as_ref().map_or(Ok(()), |mask| mask.check(size))
}

fn header(count: usize, with_normals: bool) -> String {
    let normals = if with_normals { "property float nx\nproperty float ny\nproperty float nz\n" } else { "" };
    format!(
        "ply\nformat binary_little_endian 1.0\ncomment libsapiens: metres, camera space, x right, y down, z forward\n\
         element vertex {count}\nproperty float x\nproperty float y\nproperty float z\n{normals}\
         property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n"
    )
}

fn write_vector(out: &mut dyn Write, vector: [f32; 3]) -> std::io::Result<()> {
    let mut bytes = [0; 12];
    for (to, value) in bytes.chunks_exact_mut(4).zip(vector) {
        to.copy_from_slice(&value.to_le_bytes());
    }
    out.write_all(&bytes)
}
