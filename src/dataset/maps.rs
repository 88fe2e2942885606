//! The maps of a label: read, checked against the size of the picture, and brought to the values that are compared.

use super::folder::Folder;
use super::label::Label;
use super::npy;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::Image;
use crate::skeleton::CLASS_COUNT;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use std::path::Path;

impl Label {
    /// The picture, upright.
    ///
    /// # Errors
    /// Those of [`Image::open`]; `InvalidArgument` if it is not of the size the label states.
    pub fn picture(&self, folder: &Folder) -> Result<Image> {
        let path = folder.resolve(&self.image)?;
        let picture = Image::open(&path)?;
        check_size("the picture", picture.size(), self.size).map_err(|e| e.at(&path))?;
        Ok(picture)
    }

    /// A class per pixel, row by row; `None` if not labelled. 0 is the background.
    ///
    /// # Errors
    /// As for all maps: `NotFound`, `Io` or `Image` for a file that cannot be read, `InvalidArgument` for another size,
    /// another kind of picture and values that cannot be; all name the file.
    pub fn classes(&self, folder: &Folder) -> Result<Option<Vec<u8>>> {
        self.map(folder, self.maps.classes.as_deref(), |path, size| {
            let DynamicImage::ImageLuma8(picture) = decode(path, size)? else {
                return Err(Error::invalid("an 8-bit gray PNG is needed, the class of each pixel as its level"));
            };
            let classes = picture.into_raw();
            if let Some(at) = classes.iter().position(|c| usize::from(*c) >= CLASS_COUNT) {
                let class = classes[at];
                return Err(Error::invalid(format!(
                    "{} holds class {class}; there are {CLASS_COUNT}, 0 to {}",
                    pixel(at, size),
                    CLASS_COUNT - 1
                )));
            }
            Ok(classes)
        })
    }

    /// A normal per pixel, three values each, in the camera frame; a vector shorter than 0.5 stands for none. `None` if
    /// not labelled.
    ///
    /// # Errors
    /// As for [`Label::classes`].
    pub fn normals(&self, folder: &Folder) -> Result<Option<Vec<f32>>> {
        self.map(folder, self.maps.normals.as_deref(), |path, size| {
            if is_npy(path) {
                return floats(path, size, 3);
            }
            let DynamicImage::ImageRgb16(picture) = decode(path, size)? else {
                return Err(Error::invalid("a 16-bit RGB PNG is needed, v / 65535 * 2 - 1, or an .npy array"));
            };
            Ok(picture.into_raw().into_iter().map(|v| (f64::from(v) / 65535.0 * 2.0 - 1.0) as f32).collect())
        })
    }

    /// A point per pixel, x, y, z in metres; a z that is not above 0 stands for none. From depth, the camera makes the rest. `None` if not
    /// labelled.
    ///
    /// # Errors
    /// As for [`Label::classes`].
    pub fn points(&self, folder: &Folder) -> Result<Option<Vec<f32>>> {
        if self.maps.points.is_some() {
            return self.map(folder, self.maps.points.as_deref(), |path, size| floats(path, size, 3));
        }
        let Some(camera) = self.camera else { return Ok(None) };
        self.map(folder, self.maps.depth.as_deref(), |path, size| {
            let depth = floats(path, size, 1)?;
            check_depth(&depth, size)?;
            let point = |(i, z): (usize, f32)| {
                let (u, v, z64) = ((i % size.width) as f64, (i / size.width) as f64, f64::from(z));
                [((u - camera.cx) / camera.fx * z64) as f32, ((v - camera.cy) / camera.fy * z64) as f32, z]
            };
            Ok(depth.into_iter().enumerate().flat_map(point).collect())
        })
    }

    /// Albedo per pixel, R, G, B from 0 to 1 as stored (sRGB). `None` if not labelled.
    ///
    /// # Errors
    /// As for [`Label::classes`].
    pub fn albedo(&self, folder: &Folder) -> Result<Option<Vec<f32>>> {
        self.map(folder, self.maps.albedo.as_deref(), |path, size| {
            let DynamicImage::ImageRgb8(picture) = decode(path, size)? else {
                return Err(Error::invalid("an 8-bit RGB PNG without alpha is needed"));
            };
            Ok(picture.into_raw().into_iter().map(|v| f32::from(v) / 255.0).collect())
        })
    }

    /// Coverage per pixel, 0 to 1. `None` if not labelled.
    ///
    /// # Errors
    /// As for [`Label::classes`].
    pub fn alpha(&self, folder: &Folder) -> Result<Option<Vec<f32>>> {
        self.map(folder, self.maps.alpha.as_deref(), |path, size| {
            let DynamicImage::ImageLuma8(picture) = decode(path, size)? else {
                return Err(Error::invalid("an 8-bit gray PNG is needed"));
            };
            Ok(picture.into_raw().into_iter().map(|v| f32::from(v) / 255.0).collect())
        })
    }

    fn map<T>(
        &self,
        folder: &Folder,
        file: Option<&str>,
        read: impl FnOnce(&Path, Size) -> Result<Vec<T>>,
    ) -> Result<Option<Vec<T>>> {
        let Some(file) = file else { return Ok(None) };
        let path = folder.resolve(file)?;
        read(&path, self.size).map(Some).map_err(|e| e.at(&path))
    }
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"))
}

fn pixel(index: usize, size: Size) -> String {
    format!("the pixel at column {}, row {}", index % size.width, index / size.width)
}

fn check_size(what: &str, found: Size, stated: Size) -> Result<()> {
    if found == stated {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{what} is {} wide and {} high; its label states {} and {}",
        found.width, found.height, stated.width, stated.height
    )))
}

/// A PNG of the right size; the size is compared before pixels are decoded.
fn decode(path: &Path, size: Size) -> Result<DynamicImage> {
    let damaged =
        |e: image::ImageError| Error::new(ErrorKind::Image, format!("cannot decode the map as PNG: {e}")).caused_by(e);
    let file = std::fs::File::open(path).map_err(|e| Error::io("read the map", path, e))?;
    let reader = ImageReader::with_format(std::io::BufReader::new(file), ImageFormat::Png);
    let decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size("the map", Size::new(width as usize, height as usize), size)?;
    DynamicImage::from_decoder(decoder).map_err(damaged)
}

/// An array of finite numbers, HxW or HxWx`channels`.
fn floats(path: &Path, size: Size, channels: usize) -> Result<Vec<f32>> {
    if !is_npy(path) {
        return Err(Error::invalid("an .npy array of float32 is needed"));
    }
    let shape = [size.height, size.width, channels];
    let values = npy::read_f32(path, if channels == 1 { &shape[..2] } else { &shape })?;
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        let (value, place) = (values[at], pixel(at / channels, size));
        return Err(Error::invalid(format!(
            "{place} holds {value}; finite numbers are needed, 0 where nothing is known"
        )));
    }
    Ok(values)
}

/// Fails for a depth below 0.
fn check_depth(depth: &[f32], size: Size) -> Result<()> {
    match depth.iter().position(|z| *z < 0.0) {
        None => Ok(()),
        Some(at) => {
            let (z, place) = (depth[at], pixel(at, size));
            Err(Error::invalid(format!("{place} has the depth {z}; metres in front of the camera are needed, or 0")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::npy::write_f32;
    use serde_json::json;

    #[test]
    fn depth_becomes_points_through_the_camera() {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| root.path().join(name);
        std::fs::create_dir(place("labels")).unwrap();
        std::fs::write(place("dataset.json"), r#"{"format":"sapiens-labels","version":1}"#).unwrap();
        std::fs::write(place("a.png"), b"").unwrap();
        let label = json!({"image": "a.png", "width": 3, "height": 2, "maps": {"depth": "a.npy"},
            "camera": {"fx": 2, "fy": 4, "cx": 1, "cy": 0.5}});
        std::fs::write(place("labels/a.json"), label.to_string()).unwrap();
        write_f32(place("a.npy"), Size::new(3, 2), &[2.0, 2.0, 0.0, 1.0, 1.0, 4.0]).unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let points = folder.label(0).unwrap().points(&folder).unwrap().unwrap();
        // Column 0 is one pixel left of the axis: x = -1 / 2 * z; row 0 half a pixel above it: y = -0.5 / 4 * z.
        assert_eq!(points[..3], [-1.0, -0.25, 2.0]);
        assert_eq!(points[6..9], [0.0, -0.0, 0.0]);
        assert_eq!(points[15..], [2.0, 0.5, 4.0]);
        assert_eq!(folder.label(0).unwrap().classes(&folder).unwrap(), None);
    }
}
