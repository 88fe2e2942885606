//! The pictures of a result: one panel per task, in the official palettes.

use crate::engine::{FrameResult, Maps};
use crate::error::Result;
use crate::export::maps::{self, Backdrop, MATTE_GREEN, NO_VALUE};
use crate::export::overlay::{OverlayKeypoint, OverlayLink, PointStyle, SkeletonStyle, Weight, skeleton_overlay};
use crate::export::picture::{Foreground, Picture};
use crate::geometry::Size;
use crate::image::Image;
use crate::skeleton::{self, CLASS_COUNTS, Class, KEYPOINT_COUNTS, KeypointSet, class_set, keypoint_set};
use crate::spec::Task;
use crate::task::matting::Matte;
use crate::task::pose::Keypoint;

/// How skeletons and labels are drawn.
pub struct Style {
    skeletons: Vec<Skeleton>,
    /// By number of classes: that of Sapiens2 first.
    palettes: Vec<(usize, Vec<[u8; 3]>)>,
    threshold: f32,
}

/// How one set of keypoints is drawn.
struct Skeleton {
    points: Vec<PointStyle>,
    links: Vec<OverlayLink>,
}

impl Skeleton {
    fn new(set: &KeypointSet) -> Self {
        let weight = |i: usize| {
            if set.groups.body.contains(&i) || set.groups.foot.contains(&i) { Weight::Body } else { Weight::Fine }
        };
        let points = set.colors.iter().enumerate().map(|(i, &color)| PointStyle { color, weight: weight(i) }).collect();
        let link = |l: &skeleton::Link| {
            let fine = weight(l.from) == Weight::Fine || weight(l.to) == Weight::Fine;
            OverlayLink {
                from: l.from,
                to: l.to,
                color: l.color,
                weight: if fine { Weight::Fine } else { Weight::Body },
            }
        };
        Self { points, links: set.links.iter().map(link).collect() }
    }
}

/// Colours for all labels: classes beyond the official ones (fine-tuned heads) get grays of their own.
fn palette(classes: &[Class]) -> Vec<[u8; 3]> {
    let grays = (0..=u8::MAX).map(|i| [i.wrapping_mul(97) / 2 + 64; 3]);
    classes.iter().map(|c| c.color).chain(grays).take(256).collect()
}

impl Style {
    /// Keypoints with a score below `threshold` are left out.
    pub fn new(threshold: f32) -> Self {
        let skeletons = KEYPOINT_COUNTS.into_iter().filter_map(keypoint_set).map(Skeleton::new).collect();
        let palettes = CLASS_COUNTS.into_iter().filter_map(|n| Some((n, palette(class_set(n)?)))).collect();
        Self { skeletons, palettes, threshold }
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
            Task::Pose => {
                let poses: Vec<&[Keypoint]> = result.people.iter().filter_map(|p| p.pose.as_deref()).collect();
                if poses.is_empty() { None } else { Some(self.skeletons(picture, &poses)?) }
            }
            Task::Seg => match &merged.seg {
                Some(seg) => Some(maps::segmentation_overlay(picture, slice(&seg.labels), self.palette(seg.classes))?),
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
            Task::Depth => match &merged.depth {
                Some(depth) => Some(maps::relative_depth(size, slice(depth), foreground(merged))?),
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
        })
    }

    /// The colours of classes alone, one class per pixel; RGB8. `count`: how many classes there are, which names their palette;
    /// that of Sapiens2 where it names none.
    pub fn classes(&self, size: Size, labels: &[u8], count: Option<usize>) -> Result<Vec<u8>> {
        maps::segmentation(size, labels, self.palette(count))
    }

    fn palette(&self, count: Option<usize>) -> &[[u8; 3]] {
        let known = self.palettes.iter().find(|(known, _)| Some(*known) == count).or(self.palettes.first());
        known.map_or(&[], |(_, palette)| palette)
    }

    /// Skeletons over a picture, RGB8 of its size. Keypoints in its pixels.
    pub fn skeletons(&self, picture: Picture<'_>, poses: &[&[Keypoint]]) -> Result<Vec<u8>> {
        let people: Vec<Vec<OverlayKeypoint>> =
            poses.iter().map(|pose| pose.iter().map(overlay_point).collect()).collect();
        let people: Vec<&[OverlayKeypoint]> = people.iter().map(Vec::as_slice).collect();
        let count = people.iter().map(|p| p.len()).max().unwrap_or(0);
        // Keypoints of no official set have no known links and colours.
        let plain =
            || Skeleton { points: vec![PointStyle { color: [255; 3], weight: Weight::Body }; count], links: vec![] };
        let unknown;
        let known = match self.skeletons.iter().find(|known| known.points.len() == count) {
            Some(known) => known,
            None => {
                unknown = plain();
                &unknown
            }
        };
        let style = SkeletonStyle { points: &known.points, links: &known.links, score_threshold: self.threshold };
        skeleton_overlay(picture, &people, &style)
    }
}

/// Labelled keypoints as a pose to draw, from x, y and v: 0 not labelled, 1 hidden, 2 visible. Half of v is the score, so
/// that the usual threshold shows hidden ones too.
pub fn labelled_pose(points: impl IntoIterator<Item = [f32; 3]>) -> Vec<Keypoint> {
    points.into_iter().map(|[x, y, v]| Keypoint { x, y, score: v / 2.0 }).collect()
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
