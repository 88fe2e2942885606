//! Contact sheets: pictures beside their labels, and pictures side by side.

use super::Result;
use crate::render::Rendered;
use image::{ExtendedColorType, save_buffer};
use sapiens::export::maps;
use sapiens::export::overlay::SCORE_THRESHOLD;
use sapiens::export::picture::Picture;
use sapiens::export::sheet::Sheet;
use sapiens::geometry::Size;
use sapiens::render::{Style, labelled_pose};
use sapiens::task::pose::Keypoint;
use std::path::Path;

/// One row per picture: the picture, keypoints, classes, normals, depth, albedo, alpha.
pub fn write_sheet<'a>(path: &Path, pictures: impl Iterator<Item = (String, &'a Rendered)>, panel: usize) -> Result {
    let columns = ["picture", "keypoints", "classes", "normals", "depth", "albedo", "alpha"];
    let mut sheet = Sheet::new(columns, Size::new(panel, panel * 4 / 3))?;
    for (name, r) in pictures {
        let size = Size::new(r.width, r.height);
        let panels = panels(r)?;
        let panels: Vec<_> = panels.iter().map(|p| Picture::new(size, p).map(Some)).collect::<sapiens::Result<_>>()?;
        sheet.push_row(name, &panels)?;
    }
    Ok(sheet.write(path)?)
}

fn panels(r: &Rendered) -> Result<Vec<Vec<u8>>> {
    let size = Size::new(r.width, r.height);
    let rgb = r.rgb.as_flattened();
    let poses: Vec<Vec<Keypoint>> = r.people.iter().map(|p| labelled_pose(p.keypoints.iter().copied())).collect();
    let poses: Vec<&[Keypoint]> = poses.iter().map(Vec::as_slice).collect();
    let style = Style::new(SCORE_THRESHOLD);
    // As a viewer of normal maps expects: x right, y up, towards the camera.
    let normals: Vec<f32> = r.normals.iter().flat_map(|n| [n.x, -n.y, -n.z]).collect();
    let albedo: Vec<f32> = r.albedo.iter().flat_map(|a| a.to_array()).collect();
    let far: Vec<f32> = r.depth.iter().map(|d| if *d > 0.0 { *d } else { f32::NAN }).collect();
    Ok(vec![
        rgb.to_vec(),
        style.skeletons(Picture::new(size, rgb)?, &poses)?,
        style.classes(size, &r.classes, None)?,
        maps::normals(size, &normals)?,
        maps::depth(size, &far, None)?,
        maps::albedo(size, &albedo)?,
        maps::matte_rgb(size, &r.alpha)?,
    ])
}

/// Pictures of one size in a grid.
pub struct Mosaic {
    columns: usize,
    size: Option<(usize, usize)>,
    pictures: Vec<Vec<[u8; 3]>>,
}

impl Mosaic {
    /// A grid of so many columns.
    pub fn new(columns: usize) -> Self {
        Self { columns: columns.max(1), size: None, pictures: Vec::new() }
    }

    /// Adds a picture; all must have the size of the first.
    pub fn push(&mut self, r: &Rendered) -> Result {
        let size = (r.width, r.height);
        if *self.size.get_or_insert(size) != size {
            return Err(format!("a picture of {}x{} among others of another size", r.width, r.height).into());
        }
        self.pictures.push(r.rgb.clone());
        Ok(())
    }

    /// Writes it.
    pub fn write(&self, path: &Path) -> Result {
        let (w, h) = self.size.ok_or("no pictures")?;
        let rows = self.pictures.len().div_ceil(self.columns);
        let mut rgb = vec![[255u8; 3]; self.columns * w * rows * h];
        for (i, picture) in self.pictures.iter().enumerate() {
            let (x0, y0) = (i % self.columns * w, i / self.columns * h);
            for (y, line) in picture.chunks_exact(w).enumerate() {
                let at = (y0 + y) * self.columns * w + x0;
                rgb[at..at + w].copy_from_slice(line);
            }
        }
        let (width, height) = ((self.columns * w) as u32, (rows * h) as u32);
        Ok(save_buffer(path, rgb.as_flattened(), width, height, ExtendedColorType::Rgb8)?)
    }
}
