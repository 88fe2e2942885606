//! The lines of a clip's results: a header, then one per frame. They are also what a run that goes on learns from: numbers
//! are rounded before the tracker sees them, so that reading them back gives the very same.

use sapiens::geometry::Rect;
use sapiens::task::pose::Keypoint;
use serde::{Deserialize, Serialize};

pub const FORMAT: &str = "libsapiens-video";
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u32,
    /// The clip, as it was named.
    pub source: String,
    pub width: usize,
    pub height: usize,
    /// Frames per second on average, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<f64>,
    /// What ran: `pose`, file, device, licence.
    pub models: Vec<ModelLine>,
    /// Names of the keypoints, in the order of the lists below.
    pub keypoints: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelLine {
    pub task: String,
    pub name: String,
    pub device: String,
    pub license: String,
}

/// A frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameLine {
    pub frame: u64,
    pub timestamp_ns: i64,
    /// The container has no time for this frame.
    #[serde(default, skip_serializing_if = "is_false")]
    pub timestamp_assumed: bool,
    /// Whether the detector looked at it.
    pub detected: bool,
    /// Whether maps of it were written.
    #[serde(default, skip_serializing_if = "is_false")]
    pub maps: bool,
    /// Why there is nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub people: Vec<PersonLine>,
    /// Everything that was found, and given to the tracker.
    pub observations: Vec<ObservationLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonLine {
    pub id: u64,
    /// `tentative`, `confirmed`, `lost`.
    pub state: String,
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    pub score: f32,
    pub selected: bool,
    pub age_frames: u64,
    /// Since the last sighting; 0 if seen now.
    pub unseen_ns: i64,
    /// Which of the observations this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keypoints: Option<Vec<Point>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Vec<Point>>,
    /// Only in the file of smoothed lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothed: Option<Vec<Point>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservationLine {
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    pub score: f32,
    /// The id in whose planned box it was looked for; none for a box of the detector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_for: Option<u64>,
    /// Only where no person above has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keypoints: Option<Vec<Point>>,
}

/// x, y, score; `null` for what is not a finite number.
pub type Point = [Option<f32>; 3];

fn is_false(value: &bool) -> bool {
    !value
}

/// Pixels to 0.01, scores to 0.0001.
pub fn rounded(pose: &[Keypoint]) -> Vec<Keypoint> {
    let of = |k: &Keypoint| Keypoint { x: round(k.x, 100.0), y: round(k.y, 100.0), score: round(k.score, 10_000.0) };
    pose.iter().map(of).collect()
}

pub fn rounded_box(bbox: Rect) -> Rect {
    let [x, y, width, height] = [bbox.x, bbox.y, bbox.width, bbox.height].map(|v| round(v, 100.0));
    Rect { x, y, width, height }
}

pub fn round(value: f32, steps: f64) -> f32 {
    ((f64::from(value) * steps).round() / steps + 0.0) as f32
}

pub fn points(pose: &[Keypoint]) -> Vec<Point> {
    let known = |value: f32| value.is_finite().then_some(value);
    pose.iter().map(|k| [known(k.x), known(k.y), known(k.score)]).collect()
}

pub fn pose(points: &[Point]) -> Vec<Keypoint> {
    let of = |p: &Point| {
        let [x, y, score] = p.map(|v| v.unwrap_or(f32::NAN));
        Keypoint { x, y, score }
    };
    points.iter().map(of).collect()
}

pub fn array(bbox: Rect) -> [f32; 4] {
    [bbox.x, bbox.y, bbox.width, bbox.height]
}

pub fn rect([x, y, width, height]: [f32; 4]) -> Rect {
    Rect { x, y, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_back_is_what_the_tracker_saw() {
        let values = (0..20_000).map(|i| (i as f32 * 0.737_13 - 3_000.0).sin() * i as f32);
        let found: Vec<Keypoint> =
            values.map(|v| Keypoint { x: v, y: v * 1.7, score: (v * 0.01).fract().abs() }).collect();
        let seen = rounded(&found);
        let text = serde_json::to_string(&points(&seen)).unwrap();
        let read: Vec<Point> = serde_json::from_str(&text).unwrap();
        assert_eq!(pose(&read), seen);
        assert!(text.len() < found.len() * 30, "{}", text.len());
        let odd = [Keypoint { x: f32::NAN, y: f32::INFINITY, score: 0.5 }];
        assert_eq!(serde_json::to_string(&points(&rounded(&odd))).unwrap(), "[[null,null,0.5]]");
    }
}
