//! Labels beside predictions, to look at: what no number tells.

use super::evaluation::Compared;
use super::person::PersonMaps;
use super::survey::compared;
use crate::dataset::{Folder, Label};
use crate::error::{Error, Result};
use crate::export::maps::{self, NO_VALUE};
use crate::export::overlay::SCORE_THRESHOLD;
use crate::export::picture::{Foreground, Picture};
use crate::export::sheet::{Sheet, panel_size};
use crate::geometry::Size;
use crate::measure::{Normals, Points};
use crate::render::{Style, labelled_pose, slice};
use crate::spec::Task;
use crate::task::pose::Keypoint;
use std::path::Path;

/// A contact sheet with a row per picture: the picture, then for every task its label and what was predicted.
///
/// Keypoints are drawn as by [`Style`]: labelled ones whether hidden or not, predicted ones from a score of 0.3 on. Normals,
/// depth and albedo are drawn where they are compared, the depth that was predicted in the colours of the labelled one.
/// Tasks that a picture has no label for are gray fields.
pub struct ComparisonSheet {
    sheet: Sheet,
    style: Style,
    tasks: Vec<Task>,
}

/// A label and its prediction: RGB8 of the size of the picture.
type Pair = [Vec<u8>; 2];

impl ComparisonSheet {
    /// An empty sheet with columns for these tasks and panels for pictures of about this size.
    ///
    /// # Errors
    /// `InvalidArgument` without tasks, and for one that nothing can be drawn of.
    pub fn new(tasks: &[Task], picture: Size, title: impl Into<String>) -> Result<Self> {
        if tasks.is_empty() {
            return Err(Error::invalid("`tasks` is empty: a sheet shows keypoints and maps; boxes are not drawn"));
        }
        let mut columns = vec!["picture".to_owned()];
        for task in tasks {
            let name = name(*task).ok_or_else(|| Error::invalid(format!("task `{task}`: it has no picture")))?;
            columns.extend(["label", "predicted"].map(|whose| format!("{name}, {whose}")));
        }
        let sheet = Sheet::new(columns, panel_size(picture))?.with_title(title);
        Ok(Self { sheet, style: Style::new(SCORE_THRESHOLD), tasks: tasks.to_vec() })
    }

    /// Number of pictures so far.
    pub fn len(&self) -> usize {
        self.sheet.len()
    }

    /// Whether there are no pictures yet.
    pub fn is_empty(&self) -> bool {
        self.sheet.is_empty()
    }

    /// Adds a picture; what stays in memory are its panels.
    ///
    /// # Errors
    /// Those of the label's maps; `InvalidArgument` if the label is of another size than the picture.
    pub fn push(&mut self, folder: &Folder, label: &Label, seen: &Compared) -> Result<()> {
        let pairs = self.pairs(folder, label, seen).map_err(|e| e.at(&label.path))?;
        let size = seen.picture.size();
        let mut row = vec![Some(Picture::new(size, seen.picture.pixels())?)];
        for pair in &pairs {
            match pair {
                Some([label, found]) => {
                    row.extend([Some(Picture::new(size, label)?), Some(Picture::new(size, found)?)])
                }
                None => row.extend([None, None]),
            }
        }
        self.sheet.push_row(label.path.file_stem().unwrap_or_default().to_string_lossy(), &row)
    }

    /// Draws the sheet and writes it as PNG.
    ///
    /// # Errors
    /// `Io` if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.sheet.write(path)
    }

    fn pairs(&self, folder: &Folder, label: &Label, seen: &Compared) -> Result<Vec<Option<Pair>>> {
        let (size, found) = (seen.picture.size(), &seen.found.scene);
        let PersonMaps { classes, alpha, mask } = PersonMaps::read(folder, label, found)?;
        let is_person = |i: usize| mask.as_ref().is_none_or(|mask| mask.get(i).is_some_and(|on| *on));
        let pair = |task: &Task| {
            Ok(match task {
                Task::Pose => Some(self.skeletons(label, seen)?),
                Task::Seg => match (&classes, &found.seg) {
                    (Some(label), Some(seg)) => Some([
                        self.style.classes(size, label, None)?,
                        self.style.classes(size, slice(&seg.labels), seg.classes)?,
                    ]),
                    _ => None,
                },
                Task::Normal => match (label.normals(folder)?, &found.normal) {
                    (Some(label), Some(normal)) => {
                        let shown = compared_pixels(&label, |i, n| is_person(i) && Normals::is_label(n));
                        both([&label, slice(normal)], |n| masked(size, maps::normals(size, n)?, &shown))?
                    }
                    _ => None,
                },
                Task::Pointmap => match (label.points(folder)?, &found.pointmap) {
                    (Some(label), Some(points)) => {
                        let shown = compared_pixels(&label, |i, p| is_person(i) && Points::is_label(p));
                        let [label, found] = [&label, slice(points)].map(depth);
                        // Without a range there is no pixel that would need one.
                        let range_m = maps::depth_range(size, &label, Some(only(&shown)))?.unwrap_or_default();
                        both([&label, &found], |z| maps::depth_between(size, z, Some(only(&shown)), range_m))?
                    }
                    _ => None,
                },
                Task::Albedo => match (label.albedo(folder)?, &found.albedo) {
                    (Some(label), Some(albedo)) => {
                        let shown = compared_pixels(&label, |i, _| is_person(i));
                        both([&label, slice(albedo)], |rgb| masked(size, maps::albedo(size, rgb)?, &shown))?
                    }
                    _ => None,
                },
                Task::Matting => match (&alpha, &found.matting) {
                    (Some(label), Some(matte)) => {
                        both([label, slice(&matte.alpha)], |alpha| maps::matte_rgb(size, alpha))?
                    }
                    _ => None,
                },
                Task::Depth | Task::Features => None,
            })
        };
        let compared = |task: &Task| if seen.tasks.contains(task) { pair(task) } else { Ok(None) };
        self.tasks.iter().map(compared).collect()
    }

    /// Everybody who is labelled, and everybody whom pose was run on.
    fn skeletons(&self, label: &Label, seen: &Compared) -> Result<Pair> {
        let labelled = compared(&label.people).into_iter().filter_map(|p| p.keypoints.as_ref()).map(|points| {
            labelled_pose(points.iter().map(|p| [p.x as f32, p.y as f32, f32::from(p.visibility as u8)]))
        });
        let labelled: Vec<Vec<Keypoint>> = labelled.collect();
        let labelled: Vec<&[Keypoint]> = labelled.iter().map(Vec::as_slice).collect();
        let found: Vec<&[Keypoint]> = seen.found.people.iter().filter_map(|p| p.pose.as_deref()).collect();
        let picture = Picture::new(seen.picture.size(), seen.picture.pixels())?;
        Ok([self.style.skeletons(picture, &labelled)?, self.style.skeletons(picture, &found)?])
    }
}

/// What is drawn of a task.
fn name(task: Task) -> Option<&'static str> {
    Some(match task {
        Task::Pose => "keypoints",
        Task::Seg => "classes",
        Task::Normal => "normals",
        Task::Pointmap => "depth",
        Task::Albedo => "albedo",
        Task::Matting => "alpha",
        // No label is for the depth of Sapiens v1.
        Task::Depth | Task::Features => return None,
    })
}

/// A label and its prediction, drawn alike.
fn both<T>([label, found]: [&[T]; 2], draw: impl Fn(&[T]) -> Result<Vec<u8>>) -> Result<Option<Pair>> {
    Ok(Some([draw(label)?, draw(found)?]))
}

/// 1 where labels of three values are compared, 0 elsewhere.
fn compared_pixels(labels: &[f32], is_compared: impl Fn(usize, [f32; 3]) -> bool) -> Vec<u8> {
    labels.as_chunks().0.iter().enumerate().map(|(i, label)| u8::from(is_compared(i, *label))).collect()
}

fn only(shown: &[u8]) -> Foreground<'_> {
    Foreground::Labels { labels: shown, background: 0 }
}

fn masked(size: Size, mut rgb: Vec<u8>, shown: &[u8]) -> Result<Vec<u8>> {
    maps::paint_background(size, &mut rgb, only(shown), NO_VALUE)?;
    Ok(rgb)
}

fn depth(points: &[f32]) -> Vec<f32> {
    points.chunks_exact(3).map(|p| p[2]).collect()
}
