//! What a stream needs of the engine.

use crate::engine::{Begun, Carried, Engine, FrameResult, Request};
use crate::error::Result;
use crate::image::{FrameFormat, Image, Plane};
use crate::spec::Task;

/// The pixels of a frame in work.
pub(super) enum Picture {
    /// Converted.
    Image(Image),
    /// As they came, packed: a device takes them so.
    Raw(Vec<u8>, FrameFormat),
}

impl Picture {
    /// The converted one.
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Image(image) => Some(image),
            Self::Raw(..) => None,
        }
    }
}

/// Runs the tasks of frames.
pub(super) trait Runner: Send + Sync {
    /// The tasks of each model.
    fn groups(&self) -> Vec<Vec<Task>>;

    /// Runs tasks on an image.
    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult>;

    /// Whether frames go to a device as they come; else the host makes images of them.
    fn takes_frames(&self) -> bool {
        false
    }

    /// Runs tasks on a frame.
    fn run_frame(&self, format: &FrameFormat, planes: &[Plane<'_>], request: &Request) -> Result<FrameResult> {
        self.run(&format.to_image(planes, Vec::new())?, request)
    }

    /// Brings a picture to the devices that will see it, before its turn.
    fn carry(&self, _: &Picture) -> Result<Carried> {
        Ok(Carried::default())
    }

    /// Runs tasks on a picture; maps may be left to be decoded later, if `in_parts`.
    fn begin(&self, picture: &Picture, _: Carried, request: &Request, _in_parts: bool) -> Result<Begun> {
        let result = match picture {
            Picture::Image(image) => self.run(image, request),
            Picture::Raw(bytes, format) => self.run_frame(format, &format.packed_planes(bytes)?, request),
        };
        result.map(Begun::from)
    }
}

impl Runner for Engine {
    fn groups(&self) -> Vec<Vec<Task>> {
        self.models().iter().map(|model| model.info().tasks.clone()).collect()
    }

    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult> {
        Engine::run(self, image, request)
    }

    fn takes_frames(&self) -> bool {
        let models = self.models();
        !models.is_empty() && models.iter().all(|model| model.frames_on_device())
    }

    fn run_frame(&self, format: &FrameFormat, planes: &[Plane<'_>], request: &Request) -> Result<FrameResult> {
        Engine::run_frame(self, format, planes, request)
    }

    fn carry(&self, picture: &Picture) -> Result<Carried> {
        match picture {
            Picture::Image(image) => Engine::carry(self, image),
            Picture::Raw(bytes, format) => self.carry_frame(format, &format.packed_planes(bytes)?),
        }
    }

    fn begin(&self, picture: &Picture, carried: Carried, request: &Request, in_parts: bool) -> Result<Begun> {
        let begun = match picture {
            Picture::Image(image) => Engine::begin(self, image, Some(carried), request),
            Picture::Raw(bytes, format) => {
                self.begin_frame(format, &format.packed_planes(bytes)?, Some(carried), request)
            }
        };
        if in_parts { begun } else { begun?.finish().map(Begun::from) }
    }
}
