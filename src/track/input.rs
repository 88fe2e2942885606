//! What a tracker is told about a frame.

use super::TrackId;
use super::person::Sighting;
use crate::geometry::{Rect, Size};
use crate::task::pose::Keypoint;

/// Boxes with larger coordinates or sides are no boxes: pixels.
const LARGEST: f32 = 1e6;

/// Somebody who was found in a frame.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// The box in image pixels. Of a planned box: the planned one; the tracker makes a better one from the keypoints.
    pub bbox: Rect,
    /// How sure the detector is, 0 to 1; of no meaning for a planned box.
    pub score: f32,
    /// `None` for a box that a detector (or the host) gave; whose box it is if it was planned.
    pub planned_for: Option<TrackId>,
    /// The pose found in the box, in image pixels. Keypoints of an official set (308, 133 or 17) count by their groups and official sigmas, any other
    /// number all the same. A planned box without them says nothing.
    pub keypoints: Option<&'a [Keypoint]>,
    /// A descriptor of how the person looks, of any length and always the same, such as the class token of the features
    /// task: it tells whether somebody new is somebody remembered.
    pub appearance: Option<&'a [f32]>,
}

impl<'a> Observation<'a> {
    /// A box of a detector.
    pub fn detected(bbox: Rect, score: f32) -> Self {
        Self { bbox, score, planned_for: None, keypoints: None, appearance: None }
    }

    /// A pose that was looked for in a planned box.
    pub fn planned(id: TrackId, bbox: Rect, keypoints: &'a [Keypoint]) -> Self {
        Self { bbox, score: 1.0, planned_for: Some(id), keypoints: Some(keypoints), appearance: None }
    }

    /// With the pose found in the box.
    #[must_use]
    pub fn with_keypoints(self, keypoints: &'a [Keypoint]) -> Self {
        Self { keypoints: Some(keypoints), ..self }
    }

    /// With a descriptor.
    #[must_use]
    pub fn with_appearance(self, appearance: &'a [f32]) -> Self {
        Self { appearance: Some(appearance), ..self }
    }

    /// Why it cannot be used, if so.
    pub(super) fn fault(&self, image: Size) -> Option<Ignored> {
        let [x0, y0, x1, y1] = self.bbox.xyxy();
        if !self.score.is_finite() {
            return Some(Ignored::Score);
        }
        if !self.bbox.is_valid() || ![x0, y0, x1, y1].iter().all(|v| v.abs() <= LARGEST) {
            return Some(Ignored::Box);
        }
        // Pixels reach half a pixel beyond their centres.
        let is_inside = x1 > -0.5 && y1 > -0.5 && x0 < image.width as f32 - 0.5 && y0 < image.height as f32 - 0.5;
        (!is_inside).then_some(Ignored::Outside)
    }

    pub(super) fn sighting(&self) -> Sighting<'a> {
        Sighting {
            bbox: self.bbox,
            score: self.score.clamp(0.0, 1.0),
            keypoints: self.keypoints,
            appearance: self.appearance,
            is_detected: true,
        }
    }
}

/// Why an observation was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ignored {
    /// Its score is not finite.
    Score,
    /// Its box is not finite, has no extent, or reaches beyond a million pixels.
    Box,
    /// Its box lies wholly outside the image.
    Outside,
    /// It was planned for somebody who is not tracked, or for whom there is another observation.
    Nobody,
}

/// What was found in a frame.
#[derive(Debug, Clone, Copy)]
pub struct FrameInput<'a> {
    /// The frame's own time in nanoseconds, from any origin. Frames may be missing. One that is not later than that of the
    /// frame before counts as [`TrackOptions::nominal_step`](super::TrackOptions::nominal_step) later.
    pub timestamp_ns: i64,
    /// Size of the image.
    pub image: Size,
    /// Whether a detector (or the host) has looked for everybody: who is then not among the observations was not seen.
    pub detector_ran: bool,
    /// What was found, in any order: boxes of the detector, planned boxes, or both.
    pub observations: &'a [Observation<'a>],
}
