//! The keypoints document: what was seen in one picture, as JSON that any language reads.
//!
//! Numbers are rounded (pixels to 0.01, scores to 0.0001, times to 0.01 ms) and always valid JSON: what is not finite
//! becomes `null`, and `null` reads back as NaN.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::file::write_atomic;
use crate::geometry::{Rect, Size};

/// Value of [`KeypointsDocument::format`].
pub const FORMAT: &str = "libsapiens-keypoints";
/// Value of [`KeypointsDocument::version`]; grows when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// One document per picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeypointsDocument {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`] when written.
    pub version: u32,
    /// The picture.
    pub image: ImageRecord,
    /// Number of the frame in its stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// When it was taken, in nanoseconds of the clock of whoever submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ns: Option<i64>,
    /// The models that took part, detector first.
    pub models: Vec<ModelRecord>,
    /// Milliseconds per stage, in the order they were added.
    pub timings_ms: serde_json::Map<String, serde_json::Value>,
    /// The people, in the order of the result.
    pub persons: Vec<PersonRecord>,
}

/// The picture that coordinates refer to: x right, y down, pixel centres at integers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// As the caller named it; characters that are not Unicode are replaced.
    pub path: String,
    /// Pixels per row, after the orientation of the file was applied.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

/// What ran. Fields that are not known are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Task: `detection`, `pose`.
    pub task: String,
    /// Name or file name.
    pub name: String,
    /// `fp32`, `fp16` or `bf16`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// Execution provider that really ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// SHA-256 of the weights' source, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<String>,
    /// Licence of the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// x, y, width, height in pixels.
    #[serde(rename = "box", serialize_with = "round_box", deserialize_with = "nan_box")]
    pub box_xywh: [f32; 4],
    /// How sure the detector is of the box, 0 to 1; left out for a box that was given.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "round_known")]
    pub detection_score: Option<f32>,
    /// Mean over the finite scores of all keypoints; NaN (`null`) without any.
    #[serde(serialize_with = "round_score", deserialize_with = "nan_from_null")]
    pub mean_score: f32,
    /// In the order of the skeleton.
    pub keypoints: Vec<KeypointRecord>,
}

/// One keypoint in image pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeypointRecord {
    /// Name in the skeleton.
    pub name: String,
    /// To the right.
    #[serde(serialize_with = "round_px", deserialize_with = "nan_from_null")]
    pub x: f32,
    /// Downwards.
    #[serde(serialize_with = "round_px", deserialize_with = "nan_from_null")]
    pub y: f32,
    /// Confidence, about 0 to 1.
    #[serde(serialize_with = "round_score", deserialize_with = "nan_from_null")]
    pub score: f32,
}

impl KeypointsDocument {
    /// A document without models, timings and people.
    pub fn new(image_path: impl AsRef<Path>, size: Size) -> Self {
        let path = image_path.as_ref().to_string_lossy().into_owned();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            image: ImageRecord { path, width: size.width, height: size.height },
            frame: None,
            timestamp_ns: None,
            models: Vec::new(),
            timings_ms: serde_json::Map::new(),
            persons: Vec::new(),
        }
    }

    /// Notes how long a stage took; a second note of the same name replaces the first.
    pub fn add_timing_ms(&mut self, stage: impl Into<String>, ms: f64) {
        self.timings_ms.insert(stage.into(), serde_json::Value::from(rounded(ms, 100.0))); // null if not finite
    }

    /// The text that [`KeypointsDocument::write`] writes.
    ///
    /// # Errors
    /// `Internal` if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n").map_err(|e| Error::new(ErrorKind::Internal, format!("no JSON: {e}")).caused_by(e))
    }

    /// Writes the document, indented, ending in a line feed.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        write_atomic(path, |out| {
            serde_json::to_writer_pretty(&mut *out, self).map_err(std::io::Error::from)?;
            out.write_all(b"\n")
        })
    }

    /// Reads a document back; fails on other formats and on versions newer than [`VERSION`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, e))?;
        let wrong = |message: String| Error::new(ErrorKind::InvalidArgument, message).at(path);
        let document: Self =
            serde_json::from_slice(&bytes).map_err(|e| wrong(format!("not a keypoints document: {e}")).caused_by(e))?;
        if document.format != FORMAT || document.version > VERSION {
            let (format, version) = (&document.format, document.version);
            return Err(wrong(format!("format {format:?} version {version}; expected {FORMAT:?} up to {VERSION}")));
        }
        Ok(document)
    }
}

impl PersonRecord {
    /// A person from a box and `(x, y, score)` per name; extra names or keypoints are an error.
    pub fn new<N: AsRef<str>>(person: Rect, names: &[N], keypoints: &[[f32; 3]]) -> Result<Self> {
        if names.len() != keypoints.len() {
            return Err(Error::invalid(format!("keypoints: {} for {} names", keypoints.len(), names.len())));
        }
        let scores = keypoints.iter().map(|k| f64::from(k[2])).filter(|s| s.is_finite());
        let (sum, count) = scores.fold((0.0, 0_u32), |(sum, count), score| (sum + score, count + 1));
        let record =
            |(name, &[x, y, score]): (&N, &[f32; 3])| KeypointRecord { name: name.as_ref().to_owned(), x, y, score };
        Ok(Self {
            box_xywh: [person.x, person.y, person.width, person.height],
            detection_score: None,
            mean_score: (sum / f64::from(count)) as f32,
            keypoints: names.iter().zip(keypoints).map(record).collect(),
        })
    }
}

/// Rounded to `1 / steps` in f64, whose shortest decimal form has no noise digits; never `-0.0`.
fn rounded(value: f64, steps: f64) -> f64 {
    let scaled = value * steps;
    if scaled.is_finite() { scaled.round() / steps + 0.0 } else { value }
}

fn round_px<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(f64::from(*value), 100.0)) // serde_json writes null for NaN and infinities
}

fn round_score<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(f64::from(*value), 10_000.0))
}

fn round_known<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    round_score(&value.unwrap_or(f32::NAN), serializer)
}

fn round_box<S: Serializer>(values: &[f32; 4], serializer: S) -> Result<S::Ok, S::Error> {
    values.map(|v| rounded(f64::from(v), 100.0)).serialize(serializer)
}

fn nan_from_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

fn nan_box<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f32; 4], D::Error> {
    Ok(<[Option<f32>; 4]>::deserialize(deserializer)?.map(|v| v.unwrap_or(f32::NAN)))
}
