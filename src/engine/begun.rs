//! A frame in parts: its picture brought to the devices ahead of the run, its dense maps decoded after it.

use super::clock::Clock;
use super::framer::{Framer, Surface};
use super::infer::{RawOutputs, decode_map};
use super::model::Model;
use super::picture::{Picture, Uploads};
use super::region::{Regions, blank_outside};
use super::result::{FrameResult, Maps, Person};
use super::run::{Engine, MapSpace, Request};
use crate::error::Result;
use crate::geometry::Rect;
use crate::image::{FrameFormat, Image, Plane};
use crate::preprocess::Placement;
use crate::runtime::{CudaFrame, Traffic};
use crate::spec::Task;
use std::sync::Arc;

/// A picture that lies on the devices that will frame it. The host still needs it for what frames there.
#[derive(Default)]
pub struct Carried {
    pub(super) uploads: Uploads,
    /// What was given to the devices.
    pub traffic: Traffic,
}

impl Engine {
    /// Brings an image to the devices that will frame it, for [`Engine::begin`].
    ///
    /// # Errors
    /// `Device` or `Runtime` when ONNX Runtime fails.
    pub fn carry(&self, image: &Image) -> Result<Carried> {
        self.carry_surface(Some(Surface::from(image)))
    }

    /// The same with a raw frame, for [`Engine::begin_frame`]. Nothing is brought anywhere where the host has to convert it first.
    ///
    /// # Errors
    /// Those of [`Engine::carry`], and those of [`FrameFormat::check`].
    pub fn carry_frame(&self, format: &FrameFormat, planes: &[Plane<'_>]) -> Result<Carried> {
        self.carry_surface(Surface::of_frame(format, planes)?)
    }

    /// The same with a frame in the memory of a CUDA device, for [`Engine::begin_cuda`]: its pixels are waited for.
    ///
    /// # Errors
    /// Those of [`Engine::carry`] and [`CudaFrame::bytes`].
    pub fn carry_cuda(&self, frame: &CudaFrame) -> Result<Carried> {
        self.carry_surface(Surface::of_cuda(frame)?)
    }

    /// As [`Engine::run`], but dense maps are left to be decoded by [`Begun::finish`]: on another thread, while the next frame runs.
    /// Not with regions from segmentation, which need its map during the run. `carried`: the image where it is on devices already; the default: nowhere.
    ///
    /// # Errors
    /// Those of [`Engine::run`].
    pub fn begin(&self, image: &Image, carried: Carried, request: &Request) -> Result<Begun> {
        self.begin_with(Picture::of_image(image), carried, request)
    }

    /// The same with a raw frame, as [`Engine::run_frame`].
    ///
    /// # Errors
    /// Those of [`Engine::run_frame`].
    pub fn begin_frame(
        &self,
        format: &FrameFormat,
        planes: &[Plane<'_>],
        carried: Carried,
        request: &Request,
    ) -> Result<Begun> {
        self.begin_with(Picture::of_frame(format, planes)?, carried, request)
    }

    /// The same with a frame in the memory of a CUDA device, as [`Engine::run_cuda`].
    ///
    /// # Errors
    /// Those of [`Engine::run_cuda`].
    pub fn begin_cuda(&self, frame: &CudaFrame, carried: Carried, request: &Request) -> Result<Begun> {
        self.begin_with(Picture::of_cuda(frame)?, carried, request)
    }

    fn begin_with(&self, mut picture: Picture<'_>, carried: Carried, request: &Request) -> Result<Begun> {
        picture.adopt(carried);
        let mut left = (request.regions != Regions::Seg).then(Vec::new);
        let result = self.look(picture, request, &mut left)?;
        Ok(match left {
            Some(left) if !left.is_empty() => Begun::new(result, Left::rest(left, request.space)),
            _ => result.into(),
        })
    }

    fn carry_surface(&self, surface: Option<Surface>) -> Result<Carried> {
        let mut carried = Carried::default();
        let Some(surface) = surface else { return Ok(carried) };
        let takes = |framer: &&Framer| surface.is_for(framer.device()) && framer.takes(&surface);
        for framer in self.models().iter().filter_map(|model| model.framer()).filter(takes) {
            carried.uploads.on(framer, &surface, &mut carried.traffic)?;
        }
        Ok(carried)
    }
}

/// What is left to do for the maps of a frame.
pub type Rest = Box<dyn FnOnce(&mut FrameResult) -> Result<()> + Send>;

/// A frame whose models have run: boxes and keypoints are there, dense maps may still have to be decoded.
pub struct Begun {
    /// What is known so far.
    pub result: FrameResult,
    rest: Option<Rest>,
}

impl Begun {
    /// `rest` adds what is missing.
    pub fn new(result: FrameResult, rest: Rest) -> Self {
        Self { result, rest: Some(rest) }
    }

    /// Does the rest of the work: no device is needed for it.
    ///
    /// # Errors
    /// Those of the decoding.
    pub fn finish(mut self) -> Result<FrameResult> {
        if let Some(rest) = self.rest.take() {
            rest(&mut self.result)?;
        }
        Ok(self.result)
    }
}

impl From<FrameResult> for Begun {
    fn from(result: FrameResult) -> Self {
        Self { result, rest: None }
    }
}

/// What a head gave, on its way to a map.
pub(super) struct Left {
    pub model: Arc<Model>,
    pub task: Task,
    pub placement: Placement,
    pub raw: RawOutputs,
    /// Of this person; of the scene without.
    pub person: Option<usize>,
    pub region: Option<Rect>,
}

impl Left {
    /// Decodes the map into where it belongs.
    pub fn decode(mut self, space: MapSpace, people: &mut [Person], scene: &mut Maps) -> Result<()> {
        let maps = self.person.and_then(|i| people.get_mut(i)).map_or(scene, |person| &mut person.maps);
        decode_map(&self.model, self.task, self.placement, &mut self.raw, space, maps)?;
        if let Some(region) = self.region {
            blank_outside(maps, self.task, region);
        }
        Ok(())
    }

    /// Decodes all of them later.
    pub fn rest(all: Vec<Self>, space: MapSpace) -> Rest {
        Box::new(move |result| {
            for left in all {
                let (task, mut clock) = (left.task, Clock::new(&mut result.timings));
                left.decode(space, &mut result.people, &mut result.scene)?;
                clock.stop(format!("postprocess {task}"));
            }
            Ok(())
        })
    }
}
