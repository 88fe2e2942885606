//! Labelled folders in the format `sapiens-labels` (docs/labels.md): what `sapiens eval` reads.

use super::Result;
use super::npy::{RowWriter, f32_bytes};
use crate::render::Rendered;
use crate::scene::Camera;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageBuffer, Luma, Rgb};
use serde_json::json;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A labelled folder under construction. Pictures may be added from any thread, in any order.
pub struct FolderWriter {
    root: PathBuf,
    /// 1 to 100, or `None` for PNG.
    quality: Option<u8>,
    count: AtomicUsize,
}

impl FolderWriter {
    /// Starts an empty folder.
    ///
    /// # Errors
    /// If it exists and is not empty, or cannot be made.
    pub fn create(root: &Path, quality: Option<u8>) -> Result<Self> {
        if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(format!("{}: is not empty; give a new folder", root.display()).into());
        }
        for part in ["images", "labels", "maps"] {
            fs::create_dir_all(root.join(part)).map_err(|e| format!("{}: {e}", root.join(part).display()))?;
        }
        Ok(Self { root: root.to_path_buf(), quality, count: AtomicUsize::new(0) })
    }

    /// Adds a picture with its labels. `sequence` is the name of a sequence and the number of the frame in it.
    pub fn add(&self, name: &str, r: &Rendered, camera: &Camera, sequence: Option<(&str, usize)>) -> Result {
        let (w, h) = (r.width as u32, r.height as u32);
        let image = self.picture(name, r)?;
        let map = |kind: &str, extension: &str| format!("maps/{name}.{kind}.{extension}");
        let save = |path: &str, bytes: &[u8], color| {
            image::save_buffer(self.root.join(path), bytes, w, h, color).map_err(|e| format!("{path}: {e}"))
        };
        let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
        let paths = [
            map("classes", "png"),
            map("normals", "png"),
            map("depth", "npy"),
            map("albedo", "png"),
            map("alpha", "png"),
        ];
        save(&paths[0], &r.classes, ExtendedColorType::L8)?;
        let wide = |v: f32| ((v + 1.0) / 2.0 * 65535.0).round() as u16;
        let normals: Vec<u16> = r.normals.iter().flat_map(|n| n.to_array().map(wide)).collect();
        let normals = ImageBuffer::<Rgb<u16>, _>::from_raw(w, h, normals).ok_or("normals of another size")?;
        normals.save(self.root.join(&paths[1]))?;
        let mut depth = RowWriter::create(&self.root.join(&paths[2]), "<f4", 4, r.height, &[r.width])?;
        r.depth.chunks_exact(r.width).try_for_each(|line| depth.push(&f32_bytes(line.iter().copied())))?;
        depth.finish()?;
        let albedo: Vec<u8> = r.albedo.iter().flat_map(|a| a.to_array().map(byte)).collect();
        save(&paths[3], &albedo, ExtendedColorType::Rgb8)?;
        let alpha: Vec<u8> = r.alpha.iter().map(|a| byte(*a)).collect();
        let alpha = ImageBuffer::<Luma<u8>, _>::from_raw(w, h, alpha).ok_or("alpha of another size")?;
        alpha.save(self.root.join(&paths[4]))?;
        let people: Vec<_> = r.people.iter().filter(|p| p.area >= 16.0).collect();
        let mut label = json!({
            "image": image, "width": w, "height": h,
            "camera": {"fx": camera.focal, "fy": camera.focal, "cx": camera.center.x, "cy": camera.center.y},
            "maps": {
                "classes": paths[0], "normals": paths[1], "depth": paths[2], "albedo": paths[3], "alpha": paths[4],
            },
            "people": people,
        });
        if let Some((sequence, frame)) = sequence {
            label["sequence"] = sequence.into();
            label["frame"] = frame.into();
        }
        fs::write(self.root.join(format!("labels/{name}.json")), serde_json::to_string(&label)?)?;
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn picture(&self, name: &str, r: &Rendered) -> Result<String> {
        let (w, h) = (r.width as u32, r.height as u32);
        let bytes = r.rgb.as_flattened();
        Ok(match self.quality {
            None => {
                let path = format!("images/{name}.png");
                image::save_buffer(self.root.join(&path), bytes, w, h, ExtendedColorType::Rgb8)?;
                path
            }
            Some(quality) => {
                let path = format!("images/{name}.jpg");
                let file = BufWriter::new(File::create(self.root.join(&path))?);
                JpegEncoder::new_with_quality(file, quality).encode(bytes, w, h, ExtendedColorType::Rgb8)?;
                path
            }
        })
    }

    /// Writes `dataset.json`: from now on the folder is complete.
    pub fn finish(self, source: &str) -> Result {
        let count = self.count.into_inner();
        let classes: Vec<_> = sapiens::skeleton::classes().iter().map(|c| c.name).collect();
        let meta = json!({
            "format": "sapiens-labels", "version": 1, "count": count, "source": source,
            "keypoints": sapiens::skeleton::keypoints().names, "classes": classes,
        });
        Ok(fs::write(self.root.join("dataset.json"), serde_json::to_string_pretty(&meta)?)?)
    }
}
