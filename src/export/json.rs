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
    /// What a stream says about the frame beside what is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamRecord>,
    /// The models that took part, detector first.
    pub models: Vec<ModelRecord>,
    /// Milliseconds per stage, in the order they were added.
    pub timings_ms: serde_json::Map<String, serde_json::Value>,
    /// The people, in the order of the result.
    pub persons: Vec<PersonRecord>,
}

/// A frame among those of its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamRecord {
    /// Why there is nothing else in it, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Tasks that ran on this very frame; what others gave is older.
    pub tasks: Vec<String>,
    /// Whether the detector looked at it.
    pub detector_ran: bool,
    /// Frames that were dropped since the one before.
    pub dropped_before: u64,
    /// From submit to the beginning of the work.
    #[serde(serialize_with = "round_ms")]
    pub wait_ms: f64,
    /// From submit to the finished result.
    #[serde(serialize_with = "round_ms")]
    pub total_ms: f64,
    /// How the pointmap of the whole image goes with the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsRecord>,
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

/// Who somebody is, from frame to frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackRecord {
    /// From 1, never given twice by a stream.
    pub id: u64,
    /// `tentative`, `confirmed` or `lost`.
    pub state: String,
    /// Frames since the first sighting, this one included.
    pub age_frames: u64,
    /// Nanoseconds since the first sighting.
    pub age_ns: i64,
    /// Nanoseconds since the last.
    pub unseen_ns: i64,
    /// Frames in a row in which the person was looked for and not found.
    pub missed_frames: u32,
    /// Sightings in all.
    pub sightings: u32,
    /// Whether tasks look at this person.
    pub is_chosen: bool,
    /// The box of the motion model: x, y, width, height in pixels.
    #[serde(serialize_with = "round_pixels", deserialize_with = "nan_numbers")]
    pub estimate: [f32; 4],
    /// Pixels per second of its centre: to the right, downwards.
    #[serde(serialize_with = "round_pixels", deserialize_with = "nan_numbers")]
    pub velocity: [f32; 2],
}

/// How a pointmap goes with the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointsRecord {
    /// `first`, `agrees`, `scale_jump`, `disagrees` or `too_few`.
    pub agreement: String,
    /// `false`: they show different shapes; trust neither.
    pub is_valid: bool,
    /// What the raw points were multiplied by to get the steadied ones.
    pub factor: f32,
    /// Share of the compared points that do not fit.
    #[serde(serialize_with = "round_score", deserialize_with = "nan_from_null")]
    pub misfits: f32,
    /// How many points were compared.
    pub compared: usize,
    /// Frames since the pointmap was made.
    pub age_frames: u64,
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
    #[serde(rename = "box", serialize_with = "round_pixels", deserialize_with = "nan_numbers")]
    pub box_xywh: [f32; 4],
    /// How sure the detector is of the box, 0 to 1; left out for a box that was given.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "round_known")]
    pub detection_score: Option<f32>,
    /// Where the box is from: `image`, `host`, `detector`, `keypoints` or `prediction`. Of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Which of the given boxes it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub box_index: Option<usize>,
    /// Who it is, if the stream tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackRecord>,
    /// Tasks there is something of: `pose`, or maps of this person's own. Of a stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// Frames since the one in which the keypoints were found. Of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keypoints_age_frames: Option<u64>,
    /// How the pointmap of this person goes with the one before, if the stream compares them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsRecord>,
    /// Mean over the finite scores of all keypoints; NaN (`null`) without any.
    #[serde(serialize_with = "round_score", deserialize_with = "nan_from_null")]
    pub mean_score: f32,
    /// In the order of the skeleton, as found.
    pub keypoints: Vec<KeypointRecord>,
    /// The same, steadied over time, if the stream filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Vec<KeypointRecord>>,
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
            stream: None,
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
        let scores = keypoints.iter().map(|k| f64::from(k[2])).filter(|s| s.is_finite());
        let (sum, count) = scores.fold((0.0, 0_u32), |(sum, count), score| (sum + score, count + 1));
        Ok(Self {
            box_xywh: [person.x, person.y, person.width, person.height],
            detection_score: None,
            origin: None,
            box_index: None,
            track: None,
            tasks: Vec::new(),
            keypoints_age_frames: None,
            points: None,
            mean_score: (sum / f64::from(count)) as f32,
            keypoints: KeypointRecord::all(names, keypoints)?,
            filtered: None,
        })
    }
}

impl KeypointRecord {
    /// `(x, y, score)` per name; extra names or keypoints are an error.
    pub fn all<N: AsRef<str>>(names: &[N], keypoints: &[[f32; 3]]) -> Result<Vec<Self>> {
        if names.len() != keypoints.len() {
            return Err(Error::invalid(format!("keypoints: {} for {} names", keypoints.len(), names.len())));
        }
        let record = |(name, &[x, y, score]): (&N, &[f32; 3])| Self { name: name.as_ref().to_owned(), x, y, score };
        Ok(names.iter().zip(keypoints).map(record).collect())
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

fn round_ms<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*value, 100.0))
}

fn round_pixels<S: Serializer, const N: usize>(values: &[f32; N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|v| rounded(f64::from(*v), 100.0)))
}

fn nan_from_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

fn nan_numbers<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[f32; N], D::Error> {
    let values = Vec::<Option<f32>>::deserialize(deserializer)?;
    let numbers: Vec<f32> = values.into_iter().map(|v| v.unwrap_or(f32::NAN)).collect();
    let count = numbers.len();
    numbers.try_into().map_err(|_| serde::de::Error::invalid_length(count, &"as many numbers as the field has"))
}
