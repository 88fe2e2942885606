//! People from frame to frame: ids that last, boxes in between detections, calm keypoints and maps.
//!
//! A [`Tracker`] belongs to one stream. Per frame: [`Tracker::plan`] says whether the detector should run and which boxes
//! to look at without it; [`Tracker::choose`] which of the detector's boxes deserve a pose; [`Tracker::update`] takes what
//! was found and tells who is who. It starts no thread, runs no model, and the same calls always give the same ids.
//!
//! ```
//! use sapiens::geometry::{Rect, Size};
//! use sapiens::track::{FrameInput, Observation, TrackOptions, TrackState, Tracker};
//!
//! let mut tracker = Tracker::new(TrackOptions::default())?;
//! let image = Size::new(1920, 1080);
//! for frame in 0..3 {
//!     let timestamp_ns = frame * 33_333_333;
//!     let plan = tracker.plan(timestamp_ns, image);
//!     assert!(plan.detect.is_some()); // every frame, unless `detect_every` says otherwise
//!     let bbox = Rect { x: 100.0 + 4.0 * frame as f32, y: 50.0, width: 200.0, height: 600.0 };
//!     let observations = [Observation::detected(bbox, 0.9)];
//!     let now = tracker.update(&FrameInput { timestamp_ns, image, detector_ran: true, observations: &observations });
//!     assert_eq!((now.tracks[0].id.number(), now.tracks[0].state), (1, TrackState::Confirmed));
//! }
//! # Ok::<(), sapiens::Error>(())
//! ```
//!
//! The method is ByteTrack's (Zhang et al., ECCV 2022, <https://arxiv.org/abs/2110.06864>): sure boxes are associated first,
//! unsure ones then keep alive who is left. From OC-SORT (Cao et al., CVPR 2023, <https://arxiv.org/abs/2203.14360>) come the
//! consistency of direction, the re-update after a gap and the recovery by last observations. Similarity is intersection over
//! union mixed with COCO's object keypoint similarity; assignment is optimal (Kuhn-Munkres). See `docs/tracking.md`.
//!
//! [`filter`] steadies keypoints, normals and pointmaps.

mod associate;
mod clock;
pub mod filter;
mod input;
mod memory;
mod motion;
mod options;
mod person;
mod plan;
mod pose;
mod result;
#[cfg(test)]
mod tests;
mod tracker;

pub use input::{FrameInput, Ignored, Observation};
pub use options::{PersonPolicy, TrackOptions};
pub use plan::{DetectReason, Plan, PlannedBox};
pub use result::{Track, TrackId, TrackState, TrackedFrame};
pub use tracker::Tracker;
