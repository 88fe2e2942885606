//! Labelled folders made of what the demo model says about a sample picture: its own predictions are perfect labels.

use crate::support::{Sandbox, asset, library};
use sapiens::engine::{Engine, LoadOptions, Maps, ModelSource, Request};
use sapiens::export::{npy, picture};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::runtime::SessionOptions;
use sapiens::spec::Task;
use sapiens::task::pose::Keypoint;
use serde_json::{Value, json};

/// The person of the sample picture.
pub const BOX: Rect = Rect { x: 120.0, y: 40.0, width: 340.0, height: 700.0 };
/// Size of the sample picture.
pub const SIZE: Size = Size::new(576, 768);

/// What the demo model predicts.
pub struct Predictions {
    /// Of the person in [`BOX`].
    pub pose: Vec<Keypoint>,
    /// Of the person in the whole picture.
    pub whole_pose: Vec<Keypoint>,
    pub maps: Maps,
}

impl Predictions {
    pub fn new() -> Self {
        let session = SessionOptions { threads: 1, ..SessionOptions::default() };
        let options = LoadOptions { session, library: Some(library()), ..LoadOptions::default() };
        let engine = Engine::load(&[ModelSource::Demo], &options, &mut |_, _, _| Ok(())).unwrap();
        let image = Image::open(asset("standing.jpg")).unwrap();
        assert_eq!(image.size(), SIZE);
        let request = Request { boxes: vec![BOX], tasks: Some(vec![Task::Pose]), ..Request::default() };
        let pose = engine.run(&image, &request).unwrap().people[0].pose.clone().unwrap();
        let whole = engine.run(&image, &Request::default()).unwrap();
        Self { pose, whole_pose: whole.people[0].pose.clone().unwrap(), maps: whole.scene }
    }

    pub fn classes(&self) -> Vec<u8> {
        self.maps.seg.as_ref().unwrap().labels.iter().copied().collect()
    }

    pub fn normals(&self) -> Vec<f32> {
        self.maps.normal.as_ref().unwrap().iter().copied().collect()
    }

    pub fn points(&self) -> Vec<f32> {
        self.maps.pointmap.as_ref().unwrap().iter().copied().collect()
    }

    pub fn albedo(&self) -> Vec<f32> {
        self.maps.albedo.as_ref().unwrap().iter().copied().collect()
    }

    pub fn alpha(&self) -> Vec<f32> {
        self.maps.matting.as_ref().unwrap().alpha.iter().copied().collect()
    }
}

pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().map(|v| (v * 255.0).round() as u8).collect()
}

/// Keypoints as labels: all visible but every fifth, which is hidden.
pub fn keypoints(pose: &[Keypoint]) -> Value {
    pose.iter().enumerate().map(|(i, k)| json!([k.x, k.y, if i % 5 == 4 { 1 } else { 2 }])).collect()
}

/// An empty labelled folder `d`.
pub fn folder(sandbox: &Sandbox) {
    for folder in ["d", "d/labels", "d/images", "d/maps"] {
        std::fs::create_dir(sandbox.path(folder)).unwrap();
    }
    about(sandbox, &json!({"format": "sapiens-labels", "version": 1, "source": "the model itself"}));
    sandbox.picture("d/images/a.jpg");
}

pub fn about(sandbox: &Sandbox, about: &Value) {
    sandbox.write("d/dataset.json", about.to_string().as_bytes());
}

/// A label of the sample picture with nothing labelled.
pub fn label() -> Value {
    json!({"image": "images/a.jpg", "width": SIZE.width, "height": SIZE.height, "maps": {}, "people": []})
}

pub fn write_label(sandbox: &Sandbox, name: &str, label: &Value) {
    sandbox.write(&format!("d/labels/{name}.json"), label.to_string().as_bytes());
}

/// Writes the maps of one label and names them in it.
pub struct MapWriter<'a> {
    pub sandbox: &'a Sandbox,
    pub name: &'a str,
    pub label: Value,
}

impl<'a> MapWriter<'a> {
    pub fn new(sandbox: &'a Sandbox, name: &'a str) -> Self {
        Self { sandbox, name, label: label() }
    }

    fn place(&mut self, map: &str, ending: &str) -> std::path::PathBuf {
        let file = format!("maps/{}.{map}.{ending}", self.name);
        self.label["maps"][map] = json!(file);
        self.sandbox.path("d").join(file)
    }

    /// Every map as predicted.
    pub fn all(&mut self, found: &Predictions) {
        self.classes(&found.classes());
        self.normals(&found.normals());
        self.points(&found.points());
        self.albedo(&bytes(&found.albedo()));
        self.alpha(&bytes(&found.alpha()));
    }

    pub fn classes(&mut self, classes: &[u8]) {
        picture::write_gray_png(self.place("classes", "png"), SIZE, classes).unwrap();
    }

    pub fn normals(&mut self, normals: &[f32]) {
        npy::write_f32x3(self.place("normals", "npy"), SIZE, normals).unwrap();
    }

    /// As 16-bit PNG.
    pub fn normals_png(&mut self, normals: &[f32]) {
        let levels: Vec<u16> = normals.iter().map(|v| ((v + 1.0) / 2.0 * 65535.0).round() as u16).collect();
        let (width, height) = (SIZE.width as u32, SIZE.height as u32);
        let picture = image::ImageBuffer::<image::Rgb<u16>, _>::from_raw(width, height, levels).unwrap();
        picture.save(self.place("normals", "png")).unwrap();
    }

    pub fn points(&mut self, points: &[f32]) {
        npy::write_f32x3(self.place("points", "npy"), SIZE, points).unwrap();
    }

    pub fn albedo(&mut self, albedo: &[u8]) {
        let picture = picture::Picture::new(SIZE, albedo).unwrap();
        picture::write_png(self.place("albedo", "png"), picture).unwrap();
    }

    pub fn alpha(&mut self, alpha: &[u8]) {
        picture::write_gray_png(self.place("alpha", "png"), SIZE, alpha).unwrap();
    }

    pub fn person(&mut self, keypoints: Value) {
        let people = self.label["people"].as_array_mut().unwrap();
        people.push(json!({"id": people.len(), "box": [BOX.x, BOX.y, BOX.width, BOX.height], "keypoints": keypoints}));
    }

    pub fn write(&self) {
        write_label(self.sandbox, self.name, &self.label);
    }
}
