//! What a stream says about one frame.

use crate::engine::{Maps, Timing};
use crate::error::Error;
use crate::geometry::{Affine, Rect, Size};
use crate::image::Image;
use crate::runtime::Traffic;
use crate::spec::Task;
use crate::task::pose::Keypoint;
use crate::track::filter::Agreement;
use crate::track::{Track, TrackState};
use std::sync::Arc;

/// A value and the frame it was made from.
#[derive(Debug, Clone)]
pub struct Dated<T> {
    /// The value.
    pub value: T,
    /// Number of the frame.
    pub frame: u64,
    /// Timestamp of the frame.
    pub timestamp_ns: i64,
}

/// Maps of several tasks, each perhaps of another frame.
#[derive(Debug, Clone, Default)]
pub struct LiveMaps(pub(super) Vec<(Task, Dated<Arc<Maps>>)>);

impl LiveMaps {
    /// The maps of a task; only that task's fields are set in them.
    pub fn get(&self, task: Task) -> Option<&Dated<Arc<Maps>>> {
        self.0.iter().find(|(known, _)| *known == task).map(|(_, maps)| maps)
    }

    /// The tasks there is something of.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        self.0.iter().map(|(task, _)| *task)
    }
}

/// How a pointmap goes with the one before of the same person or scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointsCheck {
    /// Whether both tell of the same body.
    pub agreement: Agreement,
    /// What the raw points were multiplied by to get the steadied ones.
    pub factor: f32,
    /// Share of the compared points that do not fit, 0 to 1; 0 if none were compared.
    pub misfits: f32,
    /// How many points were compared.
    pub compared: usize,
}

/// Maps steadied over time: of the frame and on the grid of the raw ones.
#[derive(Debug, Clone, Default)]
pub struct CalmMaps {
    /// Normals and points, if the stream filters them.
    pub maps: LiveMaps,
    /// About the pointmap in it.
    pub points: Option<Dated<PointsCheck>>,
}

/// Where the box of a person comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BoxOrigin {
    /// It is the whole image: nobody said where people are.
    #[default]
    Image,
    /// The host gave it with the frame.
    Host,
    /// The detector found it in this frame.
    Detector,
    /// It is around the keypoints that were found where the person was expected.
    Keypoints,
    /// Nobody found anything in this frame: it is where the motion leads.
    Prediction,
}

/// What is known about one person.
#[derive(Debug, Clone)]
pub struct LivePerson {
    /// Where the person is, in pixels of the upright image. May reach beyond it.
    pub bbox: Rect,
    /// Where that comes from.
    pub origin: BoxOrigin,
    /// Which of the frame's boxes it is, if it is one.
    pub box_index: Option<usize>,
    /// How sure the box is, 0 to 1: the score of the detector, or of the last observation of a track. `None` for a box that
    /// the host gave and nobody tracks, and for the whole image.
    pub score: Option<f32>,
    /// Who it is and since when, if the stream tracks.
    pub track: Option<Track>,
    /// Keypoints in pixels of the upright image, as found.
    pub pose: Option<Dated<Arc<Vec<Keypoint>>>>,
    /// The same, steadied over time, if the stream filters; always of the frame of `pose`.
    pub filtered: Option<Dated<Arc<Vec<Keypoint>>>>,
    /// Maps of this person's crop, as found.
    pub maps: LiveMaps,
    /// The same, steadied over time, if the stream tracks and filters them.
    pub filtered_maps: CalmMaps,
    /// Which of those seen in the frame it is.
    pub(super) seen: Option<usize>,
}

impl LivePerson {
    /// Whether results of earlier frames still stand for this person: not for somebody who was not looked at, or not found.
    pub(super) fn is_current(&self) -> bool {
        self.track.is_none_or(|track| track.is_selected && track.state != TrackState::Lost && track.missed_frames == 0)
    }
}

/// Everything about one frame. Never changes.
#[derive(Debug)]
pub struct LiveResult {
    /// Number of the frame, from 1.
    pub frame: u64,
    /// Timestamp the frame came with.
    pub timestamp_ns: i64,
    /// Size of the upright image.
    pub image: Size,
    /// From pixels of the upright image to pixels of the submitted buffer.
    pub buffer_from_image: Affine,
    /// Why there is nothing in it, if so.
    pub outcome: Result<(), Error>,
    /// Tasks that ran on this very frame.
    pub tasks: Vec<Task>,
    /// One per box, in the order of the frame; one for the whole image without boxes; with a detector those it found, the
    /// surest first. With tracking everybody who is tracked, hidden people too, by id.
    pub people: Vec<LivePerson>,
    /// Whether the detector looked at this frame.
    pub detector_ran: bool,
    /// Maps of the whole image, as found.
    pub scene: LiveMaps,
    /// The same, steadied over time, if the stream filters them.
    pub filtered_scene: CalmMaps,
    /// What took how long, in the order of the work.
    pub timings: Vec<Timing>,
    /// Bytes given to the models of the tasks from the memory of the host, and back; those of the detector are not in it.
    pub traffic: Traffic,
    /// From submit to the beginning of the work, in milliseconds.
    pub wait_ms: f64,
    /// From submit to the finished result, in milliseconds.
    pub total_ms: f64,
    /// The picture that was looked at, if the stream keeps it.
    pub picture: Option<Arc<Image>>,
    /// Frames of this stream that were dropped between the previous one worked on and this one.
    pub dropped_before: u64,
}
