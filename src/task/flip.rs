//! Averaging with the output for the mirrored input.

use crate::error::Result;
use crate::geometry::Size;
use crate::image::planes::check_len;
use rayon::prelude::*;

/// `planes[c](x) = (planes[c](x) + sign(c) * flipped[source(c)](width - 1 - x)) / 2`, for `channels` planes of `map`.
pub(super) fn average(
    planes: &mut [f32],
    flipped: &[f32],
    channels: usize,
    map: Size,
    source: impl Fn(usize) -> usize + Sync,
    sign: impl Fn(usize) -> f32 + Sync,
) -> Result<()> {
    check_len("planes", planes.len(), channels, map)?;
    check_len("flipped", flipped.len(), channels, map)?;
    let area = map.area();
    planes.par_chunks_mut(area).enumerate().for_each(|(c, plane)| {
        let mirrored = &flipped[source(c) * area..][..area];
        let sign = sign(c);
        for (row, mirrored) in plane.chunks_exact_mut(map.width).zip(mirrored.chunks_exact(map.width)) {
            for (value, other) in row.iter_mut().zip(mirrored.iter().rev()) {
                *value = 0.5 * (*value + sign * other);
            }
        }
    });
    Ok(())
}
