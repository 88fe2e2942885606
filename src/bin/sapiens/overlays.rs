//! The pictures of a result: one panel per task, in the official palettes.

use sapiens::Result;
use sapiens::engine::{FrameResult, Maps};
use sapiens::export::maps::{self, Backdrop, MATTE_GREEN, NO_VALUE};
use sapiens::export::overlay::{OverlayKeypoint, OverlayLink, PointStyle, SkeletonStyle, Weight, skeleton_overlay};
use sapiens::export::picture::{Foreground, Picture};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::skeleton;
use sapiens::spec::Task;
use sapiens::task::matting::Matte;
use sapiens::task::pose::Keypoint;
use std::borrow::Cow;

/// How the skeleton is drawn: asked of the library once.
pub struct Style {
    points: Vec<PointStyle>,
    links: Vec<OverlayLink>,
    palette: Vec<[u8; 3]>,
    threshold: f32,
}

impl Style {
    pub fn new(threshold: f32) -> Self {
        let k = skeleton::keypoints();
        let weight = |i: usize| {
            if k.groups.body.contains(&i) || k.groups.foot.contains(&i) { Weight::Body } else { Weight::Fine }
        };
        let points = k.colors.iter().enumerate().map(|(i, &color)| PointStyle { color, weight: weight(i) }).collect();
        let link = |l: &skeleton::Link| {
            let fine = weight(l.from) == Weight::Fine || weight(l.to) == Weight::Fine;
            OverlayLink {
                from: l.from,
                to: l.to,
                color: l.color,
                weight: if fine { Weight::Fine } else { Weight::Body },
            }
        };
        let links = k.links.iter().map(link).collect();
        // Classes beyond the official ones (fine-tuned heads) get grays of their own.
        let official = skeleton::classes().iter().map(|c| c.color);
        let palette = official.chain((0..=u8::MAX).map(|i| [i.wrapping_mul(97) / 2 + 64; 3])).take(256).collect();
        Self { points, links, palette, threshold }
    }

    /// The picture of one task, RGB8, size of the image; `None` if the task did not run or has no picture.
    pub fn panel(&self, task: Task, image: &Image, result: &FrameResult, merged: &Maps) -> Result<Option<Vec<u8>>> {
        let size = image.size();
        let picture = Picture::new(size, image.pixels())?;
        let masked = |mut rgb: Vec<u8>| -> Result<Vec<u8>> {
            if let Some(mask) = foreground(merged) {
                maps::paint_background(size, &mut rgb, mask, NO_VALUE)?;
            }
            Ok(rgb)
        };
        Ok(match task {
            Task::Features => None,
            Task::Pose => self.skeletons(picture, result)?,
            Task::Seg => match &merged.seg {
                Some(seg) => Some(maps::segmentation_overlay(picture, slice(&seg.labels), &self.palette)?),
                None => None,
            },
            Task::Normal => match &merged.normal {
                Some(normal) => Some(masked(maps::normals(size, slice(normal))?)?),
                None => None,
            },
            Task::Pointmap => match &merged.pointmap {
                Some(points) => {
                    let depth: Vec<f32> = slice(points).chunks_exact(3).map(|p| p[2]).collect();
                    Some(maps::depth(size, &depth, foreground(merged))?)
                }
                None => None,
            },
            Task::Albedo => match &merged.albedo {
                Some(albedo) => Some(masked(maps::albedo(size, slice(albedo))?)?),
                None => None,
            },
            Task::Matting => match &merged.matting {
                Some(m) => {
                    Some(maps::composite(size, &foreground_rgb(m), slice(&m.alpha), Backdrop::Color(MATTE_GREEN))?)
                }
                None => None,
            },
            _ => None,
        })
    }

    fn skeletons(&self, picture: Picture<'_>, result: &FrameResult) -> Result<Option<Vec<u8>>> {
        let people: Vec<Vec<OverlayKeypoint>> = result
            .people
            .iter()
            .filter_map(|p| p.pose.as_ref())
            .map(|pose| pose.iter().map(overlay_point).collect())
            .collect();
        if people.is_empty() {
            return Ok(None);
        }
        let people: Vec<&[OverlayKeypoint]> = people.iter().map(Vec::as_slice).collect();
        let count = people.iter().map(|p| p.len()).max().unwrap_or(0);
        // Another set of keypoints than the official one has no known links and colours.
        let plain = vec![PointStyle { color: [255; 3], weight: Weight::Body }; count];
        let is_official = count == self.points.len();
        let style = SkeletonStyle {
            points: if is_official { &self.points } else { &plain },
            links: if is_official { &self.links } else { &[] },
            score_threshold: self.threshold,
        };
        Ok(Some(skeleton_overlay(picture, &people, &style)?))
    }
}

fn overlay_point(k: &Keypoint) -> OverlayKeypoint {
    OverlayKeypoint { x: k.x, y: k.y, score: k.score }
}

/// The premultiplied foreground for pictures: no part of it can be brighter than its coverage, whatever a model says
/// about the colour of what is not there.
pub fn foreground_rgb(matte: &Matte) -> Vec<f32> {
    let pixels = slice(&matte.foreground).chunks_exact(3).zip(slice(&matte.alpha));
    pixels.flat_map(|(rgb, alpha)| [rgb[0], rgb[1], rgb[2]].map(|c| c.min(*alpha))).collect()
}

/// The elements of a map in memory order; maps are made row-major.
pub fn slice<T, D: ndarray::Dimension>(map: &ndarray::Array<T, D>) -> &[T] {
    map.as_slice().unwrap_or_default()
}

/// Which pixels are a person, by the best map there is.
pub fn foreground(maps: &Maps) -> Option<Foreground<'_>> {
    match (&maps.matting, &maps.seg) {
        (Some(m), _) => Some(Foreground::Alpha { alpha: slice(&m.alpha), at_least: 0.5 }),
        (None, Some(s)) => Some(Foreground::Labels { labels: slice(&s.labels), background: 0 }),
        (None, None) => None,
    }
}

/// The maps of the scene and of all people in one, for pictures: later people cover earlier ones where they have
/// something to show. Maps can take gigabytes, so they are copied only where there is something to merge.
pub fn merge(result: &FrameResult) -> Cow<'_, Maps> {
    let shown: Vec<&Maps> = result.people.iter().map(|p| &p.maps).filter(|m| !m.is_empty()).collect();
    match shown.as_slice() {
        [] => return Cow::Borrowed(&result.scene),
        [only] if result.scene.is_empty() => return Cow::Borrowed(only),
        _ => {}
    }
    let mut merged = result.scene.clone();
    for maps in shown {
        cover(&mut merged.normal, &maps.normal, |n| n.iter().any(|v| *v != 0.0));
        cover(&mut merged.pointmap, &maps.pointmap, |p| p.iter().all(|v| v.is_finite()));
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
    Cow::Owned(merged)
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

/// The picture's own size for a sheet panel.
pub fn panel_size(size: Size) -> Size {
    let side = 320.0 / size.height.max(1) as f64;
    Size::new(((size.width as f64 * side) as usize).clamp(160, 480), 320)
}
