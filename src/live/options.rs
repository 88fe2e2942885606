//! How a stream works, and what it does about people.

use super::cadence::TaskSetting;
use super::calm::MapFilterOptions;
use super::finder::DetectSetting;
use super::queue::Policy;
use crate::engine::{MapSpace, Regions};
use crate::error::{Error, Result};
use crate::preprocess::Framing;
use crate::spec::Task;
use crate::track::TrackOptions;
use crate::track::filter::KeypointFilterOptions;
use std::time::Duration;

/// How results reach the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Fetched with [`Stream::poll`](super::Stream::poll).
    #[default]
    Poll,
    /// Given to the callback inside [`Context::process_events`](super::Context::process_events).
    Events,
    /// Given to the callback on the worker, which waits for it.
    Immediate,
}

/// Whether the frames of a stream overlap: while the models run on one, the next is converted and brought to the device, and the
/// maps of the one before are decoded, on a thread each. What is found is the same, and results keep their order.
///
/// Frames in work count as results to come: with a depth of 2 two frames overlap, with 3 or more three. A frame that is taken ahead is
/// not replaced by a newer one any more. With a time budget maps are decoded within their frame, since what they take counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overlap {
    /// On where the first device of the context is not the processor, which is busy with the models, and no frame is dropped
    /// ([`Policy::Block`]).
    #[default]
    Auto,
    /// Always.
    On,
    /// Never: one thread does all of it.
    Off,
}

/// How a stream works.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// Frames that may wait, and results that may be kept, 1..=64.
    pub depth: usize,
    /// What happens when there is no room.
    pub policy: Policy,
    /// Grid on which dense maps are delivered.
    pub space: MapSpace,
    /// How an image is brought to the models.
    pub framing: Framing,
    /// The tasks that run; none stands for all that are loaded, on every frame.
    pub tasks: Vec<TaskSetting>,
    /// Time a frame should take at most, with conversion and detector.
    pub budget: Option<Duration>,
    /// Memory of the people of a frame that are looked at in one run: [`Request::batch_memory`](crate::engine::Request::batch_memory).
    pub batch_memory: Option<u64>,
    /// Where the heads of dense tasks run; models must be loaded for it ([`LoadRequest::regions`](super::LoadRequest::regions)). On
    /// frames on which segmentation does not run, `Seg` is `Boxes`.
    pub regions: Regions,
    /// Whether results carry the picture.
    pub keep_picture: bool,
    /// How results reach the host.
    pub delivery: Delivery,
    /// Whether frames overlap.
    pub overlap: Overlap,
    /// Tasks whose maps stay on the device of their model: [`Request::device_maps`](crate::engine::Request::device_maps). Those that are
    /// steadied ([`PeopleOptions::maps`]) come to the host.
    pub device_maps: Vec<Task>,
    /// Whether people are looked for, get ids, and calm keypoints and maps.
    pub people: PeopleOptions,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            depth: 2,
            policy: Policy::Block,
            space: MapSpace::Model,
            framing: Framing::Official,
            tasks: Vec::new(),
            budget: None,
            batch_memory: None,
            regions: Regions::Whole,
            keep_picture: false,
            delivery: Delivery::Poll,
            overlap: Overlap::Auto,
            device_maps: Vec::new(),
            people: PeopleOptions::default(),
        }
    }
}

/// What a stream does about people. Nothing by default: the host's boxes are people, or else the whole image is one.
#[derive(Debug, Clone, Default)]
pub struct PeopleOptions {
    /// Looks for people with the context's detector, in frames that come without boxes.
    pub detect: Option<DetectSetting>,
    /// Gives people ids, chooses among them, and makes the detector rest ([`TrackOptions::detect_every`]). Boxes of the host
    /// count as those of a detector that is sure of them. Frames without boxes, on streams without detection, look where the
    /// people of earlier frames are expected.
    pub track: Option<TrackOptions>,
    /// Steadies keypoints, beside the raw ones; needs `track`.
    pub filter: Option<KeypointFilterOptions>,
    /// Steadies normals and pointmaps, beside the raw ones. Those of the whole image always, those of people with `track`.
    pub maps: MapFilterOptions,
}

/// What a host asks of a stream that is at work.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub options: Option<PeopleOptions>,
    pub expects_entry: bool,
}

impl PeopleOptions {
    /// Checks the ranges, and whether the options fit together.
    ///
    /// # Errors
    /// `InvalidArgument` names the option and its range.
    pub fn check(&self) -> Result<()> {
        if let Some(setting) = self.detect {
            setting.check()?;
        }
        if let Some(options) = &self.track {
            options.check()?;
        }
        self.maps.check()?;
        let Some(options) = &self.filter else { return Ok(()) };
        options.check()?;
        if self.track.is_none() {
            return Err(Error::invalid(
                "filtering without tracking: a filter must know whose keypoints it gets; track too",
            ));
        }
        Ok(())
    }
}
