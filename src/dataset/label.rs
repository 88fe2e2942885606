//! One label: what is known about one picture.

use crate::error::{Error, Result};
use crate::geometry::{Rect, Size};
use crate::measure::{LabelPoint, Visibility};
use crate::skeleton::KEYPOINT_COUNT;
use crate::spec::Task;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Largest coordinate that is believed, in pixels.
const MAX_COORDINATE: f64 = 1e6;

/// What is known about one picture.
#[derive(Debug, Clone)]
pub struct Label {
    /// The file it was read from.
    pub path: PathBuf,
    /// The picture, relative to the folder.
    pub image: String,
    /// Size of the picture, and so of every map.
    pub size: Size,
    /// Pinhole camera, if known.
    pub camera: Option<Camera>,
    /// The people.
    pub people: Vec<LabelledPerson>,
    pub(super) maps: MapFiles,
}

/// A pinhole camera without distortion, in pixels with centres at integers: `u = fx * x / z + cx`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Camera {
    /// Focal length across.
    pub fx: f64,
    /// Focal length down.
    pub fy: f64,
    /// Column of the optical axis.
    pub cx: f64,
    /// Row of the optical axis.
    pub cy: f64,
}

/// What is known about one person.
#[derive(Debug, Clone)]
pub struct LabelledPerson {
    /// The box in pixels.
    pub bbox: Rect,
    /// Area of the person's mask in square pixels, if the label states it.
    pub area_px: Option<f64>,
    /// The 308 keypoints in the official order, if labelled.
    pub keypoints: Option<Vec<LabelPoint>>,
}

impl LabelledPerson {
    /// Whether any keypoint is labelled.
    pub fn has_keypoints(&self) -> bool {
        self.keypoints.iter().flatten().any(|k| k.visibility != Visibility::Unlabelled)
    }
}

/// Files of the maps, relative to the folder.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct MapFiles {
    pub classes: Option<String>,
    pub normals: Option<String>,
    pub depth: Option<String>,
    pub points: Option<String>,
    pub albedo: Option<String>,
    pub alpha: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    image: String,
    width: usize,
    height: usize,
    camera: Option<Camera>,
    #[serde(default)]
    maps: MapFiles,
    #[serde(default)]
    people: Vec<PersonRecord>,
}

#[derive(Deserialize)]
struct PersonRecord {
    #[serde(rename = "box")]
    bbox: [f64; 4],
    area: Option<f64>,
    keypoints: Option<Vec<[f64; 3]>>,
}

impl Label {
    pub(super) fn parse(text: &[u8], path: &Path) -> Result<Self> {
        let record: Record =
            serde_json::from_slice(text).map_err(|e| Error::invalid(format!("no label: {e}")).caused_by(e))?;
        let size = Size::new(record.width, record.height);
        crate::image::check_size(size.width as u64, size.height as u64)?;
        if let Some(camera) = record.camera {
            check_camera(camera)?;
        }
        let Record { image, camera, maps, people, .. } = record;
        if maps.depth.is_some() && maps.points.is_none() && camera.is_none() {
            return Err(Error::invalid("`maps.depth` needs `camera` (fx, fy, cx, cy), which the label does not have"));
        }
        let person = |(i, record): (usize, PersonRecord)| {
            person(record, size).map_err(|e| Error::invalid(format!("`people[{i}]`: {e}")))
        };
        let people = people.into_iter().enumerate().map(person).collect::<Result<_>>()?;
        Ok(Self { path: path.to_path_buf(), image, size, camera, people, maps })
    }

    /// The files it names: the picture and the maps.
    pub(super) fn files(&self) -> Vec<(&'static str, &str)> {
        let maps = &self.maps;
        let all = [
            ("picture", Some(&self.image)),
            ("map of classes", maps.classes.as_ref()),
            ("map of normals", maps.normals.as_ref()),
            ("map of depth", maps.depth.as_ref()),
            ("map of points", maps.points.as_ref()),
            ("map of albedo", maps.albedo.as_ref()),
            ("map of alpha", maps.alpha.as_ref()),
        ];
        all.into_iter().filter_map(|(what, file)| Some((what, file?.as_str()))).collect()
    }

    /// The tasks whose results can be compared with this label.
    pub fn tasks(&self) -> Vec<Task> {
        let maps = &self.maps;
        let all = [
            (Task::Pose, self.people.iter().any(LabelledPerson::has_keypoints)),
            (Task::Seg, maps.classes.is_some()),
            (Task::Normal, maps.normals.is_some()),
            (Task::Pointmap, maps.depth.is_some() || maps.points.is_some()),
            (Task::Albedo, maps.albedo.is_some()),
            (Task::Matting, maps.alpha.is_some()),
        ];
        all.into_iter().filter(|(_, there)| *there).map(|(task, _)| task).collect()
    }
}

fn check_camera(camera: Camera) -> Result<()> {
    let Camera { fx, fy, cx, cy } = camera;
    let is_centre = |v: f64| v.abs() <= MAX_COORDINATE;
    if [fx, fy].iter().all(|f| *f > 0.0 && *f <= MAX_COORDINATE) && is_centre(cx) && is_centre(cy) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`camera` is fx {fx}, fy {fy}, cx {cx}, cy {cy}; finite pixels are needed, fx and fy above 0"
    )))
}

fn person(record: PersonRecord, image: Size) -> Result<LabelledPerson> {
    let [x, y, width, height] = record.bbox;
    let is_placed = x + width > 0.0 && y + height > 0.0 && x < image.width as f64 && y < image.height as f64;
    let is_believable = record.bbox.iter().all(|v| v.abs() <= MAX_COORDINATE) && width > 0.0 && height > 0.0;
    if !is_believable || !is_placed {
        return Err(Error::invalid(format!(
            "`box` is {x}, {y}, {width}, {height}; x, y, width and height in pixels are needed, that meet the picture"
        )));
    }
    if let Some(area) = record.area.filter(|a| !(*a > 0.0 && *a <= MAX_COORDINATE * MAX_COORDINATE)) {
        return Err(Error::invalid(format!("`area` is {area}; square pixels above 0 are needed")));
    }
    let bbox = Rect { x: x as f32, y: y as f32, width: width as f32, height: height as f32 };
    let keypoints = record.keypoints.map(points).transpose()?;
    Ok(LabelledPerson { bbox, area_px: record.area, keypoints })
}

fn points(records: Vec<[f64; 3]>) -> Result<Vec<LabelPoint>> {
    if records.len() != KEYPOINT_COUNT {
        return Err(Error::invalid(format!(
            "`keypoints` has {} entries; {KEYPOINT_COUNT} are needed, those without a label as [0, 0, 0]",
            records.len()
        )));
    }
    let point = |(i, [x, y, v]): (usize, [f64; 3])| {
        let visibility = match v {
            0.0 => Visibility::Unlabelled,
            1.0 => Visibility::Hidden,
            2.0 => Visibility::Visible,
            _ => {
                let message =
                    format!("`keypoints[{i}]`: v is {v}; 0 (not labelled), 1 (hidden) or 2 (visible) is needed");
                return Err(Error::invalid(message));
            }
        };
        if visibility != Visibility::Unlabelled && !(x.abs() <= MAX_COORDINATE && y.abs() <= MAX_COORDINATE) {
            return Err(Error::invalid(format!("`keypoints[{i}]` is at {x}, {y}; pixels are needed")));
        }
        Ok(LabelPoint { x, y, visibility })
    };
    records.into_iter().enumerate().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(label: &Value) -> Result<Label> {
        Label::parse(label.to_string().as_bytes(), Path::new("a.json"))
    }

    fn label() -> Value {
        let mut keypoints = vec![json!([0, 0, 0]); KEYPOINT_COUNT];
        keypoints[0] = json!([10.5, 20, 2]);
        json!({"image": "images/a.jpg", "width": 40, "height": 30, "sequence": "s", "frame": 3,
            "camera": {"fx": 50, "fy": 50, "cx": 19.5, "cy": 14.5}, "maps": {"depth": "maps/a.npy"},
            "people": [{"id": 0, "box": [1, 2, 30, 20], "keypoints": keypoints}]})
    }

    #[test]
    fn a_label_says_what_it_labels() {
        let parsed = parse(&label()).unwrap();
        assert_eq!(parsed.tasks(), [Task::Pose, Task::Pointmap]);
        assert_eq!(parsed.files(), [("picture", "images/a.jpg"), ("map of depth", "maps/a.npy")]);
        let nose = parsed.people[0].keypoints.as_ref().unwrap()[0];
        assert_eq!(nose, LabelPoint { x: 10.5, y: 20.0, visibility: Visibility::Visible });
        let bare = parse(&json!({"image": "a.jpg", "width": 4, "height": 3})).unwrap();
        assert!(bare.tasks().is_empty() && bare.people.is_empty());
    }

    #[test]
    fn what_cannot_be_is_named() {
        let cases: [(&str, Value, &str); 12] = [
            ("/width", json!(0), "no pixels"),
            ("/width", json!(-1), "no label"),
            ("/camera", Value::Null, "`camera`"),
            ("/camera/fx", json!(0), "`camera` is fx 0"),
            ("/people/0/box", json!([1, 2, 0, 20]), "`people[0]`: `box`"),
            ("/people/0/box", json!([40, 2, 5, 20]), "meet the picture"),
            ("/people/0/box", json!([1, 2, 3]), "no label"),
            ("/people/0/box/0", json!(1e300), "`box`"),
            ("/people/0/keypoints", json!([[1, 2, 2]]), "has 1 entries; 308"),
            ("/people/0/keypoints/5", json!([1, 2, 3]), "`keypoints[5]`: v is 3"),
            ("/people/0/keypoints/0", json!([1e30, 2, 2]), "`keypoints[0]` is at"),
            ("/people/0/keypoints/0", json!([null, 2, 2]), "no label"),
        ];
        for (place, value, says) in cases {
            let mut wrong = label();
            *wrong.pointer_mut(place).unwrap() = value;
            let message = parse(&wrong).unwrap_err().to_string();
            assert!(message.contains(says), "{place}: {message}");
        }
        let mut wrong = label();
        wrong["people"][0]["area"] = json!(0);
        assert!(parse(&wrong).unwrap_err().to_string().contains("`area` is 0"));
        assert!(Label::parse(b"[NaN]", Path::new("a.json")).is_err());
    }
}
