//! What a stream needs of the engine.

use super::frame::BorrowedCuda;
use crate::engine::{Begun, Carried, Engine, FrameResult, Request};
use crate::error::Result;
use crate::image::{FrameFormat, Image};
use crate::runtime::CudaFrame;
use crate::spec::Task;

/// The pixels of a frame in work.
pub(super) enum Picture {
    /// Converted.
    Image(Image),
    /// As they came, packed: a device takes them so.
    Raw(Vec<u8>, FrameFormat),
    /// On a CUDA device, read where they lie.
    Cuda(Box<dyn BorrowedCuda>),
}

impl Picture {
    /// The converted one.
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Image(image) => Some(image),
            Self::Raw(..) | Self::Cuda(_) => None,
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

    /// Whether this frame is read where it lies.
    fn takes_cuda(&self, _: &CudaFrame) -> bool {
        false
    }

    /// Brings a picture to the devices that will see it, before its turn.
    fn carry(&self, _: &Picture) -> Result<Carried> {
        Ok(Carried::default())
    }

    /// Runs tasks on a picture; maps may be left to be decoded later, if `in_parts`.
    fn begin(&self, picture: &Picture, _: Carried, request: &Request, _in_parts: bool) -> Result<Begun> {
        let result = match picture {
            Picture::Image(image) => self.run(image, request),
            Picture::Raw(bytes, format) => {
                self.run(&format.to_image(&format.packed_planes(bytes)?, Vec::new())?, request)
            }
            Picture::Cuda(borrowed) => self.run(&borrowed.frame().to_image()?, request),
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

    fn takes_cuda(&self, frame: &CudaFrame) -> bool {
        self.takes(frame)
    }

    fn carry(&self, picture: &Picture) -> Result<Carried> {
        match picture {
            Picture::Image(image) => Engine::carry(self, image),
            Picture::Raw(bytes, format) => self.carry_frame(format, &format.packed_planes(bytes)?),
            Picture::Cuda(borrowed) => self.carry_cuda(borrowed.frame()),
        }
    }

    fn begin(&self, picture: &Picture, carried: Carried, request: &Request, in_parts: bool) -> Result<Begun> {
        let begun = match picture {
            Picture::Image(image) => Engine::begin(self, image, carried, request),
            Picture::Raw(bytes, format) => self.begin_frame(format, &format.packed_planes(bytes)?, carried, request),
            Picture::Cuda(borrowed) => self.begin_cuda(borrowed.frame(), carried, request),
        };
        if in_parts { begun } else { begun?.finish().map(Begun::from) }
    }
}
