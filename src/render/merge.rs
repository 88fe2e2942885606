//! The maps of all people in one.

use super::panel::slice;
use crate::engine::{FrameResult, Maps};
use crate::error::{Error, Result};
use crate::spec::Task;
use std::borrow::Cow;

/// The maps of the scene and of all people in one, for pictures: later people cover earlier ones where they have
/// something to show. Maps can take gigabytes, so they are copied only where there is something to merge.
///
/// # Errors
/// `InvalidArgument` unless all maps are in image space: others lie on grids of their own.
pub fn merge(result: &FrameResult) -> Result<Cow<'_, Maps>> {
    result.people.iter().map(|p| &p.maps).chain([&result.scene]).try_for_each(|maps| check(maps, result))?;
    let shown: Vec<&Maps> = result.people.iter().map(|p| &p.maps).filter(|m| !m.is_empty()).collect();
    match shown.as_slice() {
        [] => return Ok(Cow::Borrowed(&result.scene)),
        [only] if result.scene.is_empty() => return Ok(Cow::Borrowed(only)),
        _ => {}
    }
    let mut merged = result.scene.clone();
    for maps in shown {
        cover(&mut merged.normal, &maps.normal, |n| n.iter().any(|v| *v != 0.0));
        cover(&mut merged.pointmap, &maps.pointmap, |p| p.iter().all(|v| v.is_finite()));
        match (&mut merged.depth, &maps.depth) {
            (Some(below), Some(above)) => below.zip_mut_with(above, |b, a| *b = if a.is_finite() { *a } else { *b }),
            (below @ None, Some(above)) => *below = Some(above.clone()),
            (_, None) => {}
        }
        cover(&mut merged.albedo, &maps.albedo, |a| a.iter().any(|v| *v > 0.0));
        match (&mut merged.seg, &maps.seg) {
            (Some(below), Some(above)) => {
                below.labels.zip_mut_with(&above.labels, |b, a| *b = if *a == 0 { *b } else { *a });
            }
            (below @ None, Some(above)) => *below = Some(above.clone()),
            (_, None) => {}
        }
        match (&mut merged.matting, &maps.matting) {
            (Some(below), Some(above)) => {
                // "Over": both are premultiplied.
                for ((y, x), alpha) in above.alpha.indexed_iter() {
                    let through = 1.0 - alpha;
                    below.alpha[[y, x]] = alpha + through * below.alpha[[y, x]];
                    for c in 0..3 {
                        below.foreground[[y, x, c]] =
                            above.foreground[[y, x, c]] + through * below.foreground[[y, x, c]];
                    }
                }
            }
            (below @ None, Some(above)) => *below = Some(above.clone()),
            (_, None) => {}
        }
    }
    Ok(Cow::Owned(merged))
}

fn check(maps: &Maps, result: &FrameResult) -> Result<()> {
    let matte = maps.matting.as_ref();
    let shapes = [
        maps.seg.as_ref().map(|m| m.labels.shape()),
        maps.normal.as_ref().map(|m| m.shape()),
        maps.pointmap.as_ref().map(|m| m.shape()),
        maps.albedo.as_ref().map(|m| m.shape()),
        maps.depth.as_ref().map(|m| m.shape()),
        matte.map(|m| m.alpha.shape()),
        matte.map(|m| m.foreground.shape()),
    ];
    let image = [result.image.height, result.image.width];
    let is_placed = maps.placed.iter().any(|(task, _)| *task != Task::Features);
    match shapes.into_iter().flatten().find(|shape| shape[..2] != image || is_placed) {
        Some(shape) => Err(Error::invalid(format!(
            "result: a map of {}x{} lies on a grid of its own, not on the image of {}; ask for maps in image space",
            shape[0], shape[1], result.image
        ))),
        None => Ok(()),
    }
}

fn cover(
    below: &mut Option<ndarray::Array3<f32>>,
    above: &Option<ndarray::Array3<f32>>,
    shows: impl Fn(&[f32]) -> bool,
) {
    match (below, above) {
        (Some(below), Some(above)) => {
            let Some(to) = below.as_slice_mut() else { return };
            for (to, from) in to.chunks_exact_mut(3).zip(slice(above).chunks_exact(3)) {
                if shows(from) {
                    to.copy_from_slice(from);
                }
            }
        }
        (below @ None, Some(above)) => *below = Some(above.clone()),
        (_, None) => {}
    }
}
