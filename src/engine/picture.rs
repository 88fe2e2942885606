//! The picture of a request: on the host, and once on each device that frames it.

use super::begun::Carried;
use super::framer::{Framer, Surface, Uploaded};
use super::model::Model;
use crate::error::Result;
use crate::geometry::Size;
use crate::image::{FrameFormat, Image, Plane};
use crate::preprocess::{Plan, mirror};
use crate::runtime::{Device, DeviceTensor, Traffic};
use once_cell::unsync::OnceCell;

/// What a model sees: one picture of its input size behind the other.
pub(super) enum Seen {
    /// RGB8 HWC.
    Host(Vec<u8>),
    /// As [`Framer::crops`] leaves it.
    Device(DeviceTensor),
}

/// A picture on its way into models.
pub(super) struct Picture<'a> {
    size: Size,
    /// As a device takes it; `None` if the host has to convert it first.
    surface: Option<Surface<'a>>,
    source: Source<'a>,
    uploaded: Vec<(Device, Uploaded)>,
}

enum Source<'a> {
    Image(&'a Image),
    /// Converted when something on the host looks at it.
    Frame(&'a FrameFormat, &'a [Plane<'a>], OnceCell<Image>),
}

impl<'a> Picture<'a> {
    pub fn of_image(image: &'a Image) -> Self {
        let surface = Some(Surface::from(image));
        Self { size: image.size(), surface, source: Source::Image(image), uploaded: Vec::new() }
    }

    pub fn of_frame(format: &'a FrameFormat, planes: &'a [Plane<'a>]) -> Result<Self> {
        let surface = Surface::of_frame(format, planes)?;
        let source = Source::Frame(format, planes, OnceCell::new());
        Ok(Self { size: format.upright_size(), surface, source, uploaded: Vec::new() })
    }

    /// Takes what is on devices already.
    pub fn adopt(&mut self, carried: Carried) {
        self.uploaded.extend(carried.uploaded);
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// The picture on the host.
    pub fn image(&self) -> Result<&Image> {
        match &self.source {
            Source::Image(image) => Ok(image),
            Source::Frame(format, planes, image) => image.get_or_try_init(|| format.to_image(planes, Vec::new())),
        }
    }

    /// What a model sees, and its mirror images if it is flip-tested: made on its device where that frames.
    pub fn see(&mut self, model: &Model, plans: &[Plan], traffic: &mut Traffic) -> Result<(Seen, Option<Seen>)> {
        if let Some(framer) = model.framer()
            && let Some(uploaded) = self.on(framer, plans, traffic)?
        {
            let seen = Seen::Device(framer.crops(uploaded, plans, model.place()?, traffic)?);
            if !model.flip_test() {
                return Ok((seen, None));
            }
            let mirrored: Vec<_> = plans.iter().map(Plan::mirrored).collect();
            return Ok((seen, Some(Seen::Device(framer.crops(uploaded, &mirrored, None, traffic)?))));
        }
        let image = self.image()?;
        let framed = plans.iter().map(|plan| plan.apply(image)).collect::<Result<Vec<_>>>()?;
        let mirrored = if model.flip_test() {
            let each = framed.iter().map(|framed| mirror(&framed.pixels, framed.placement.input));
            Some(Seen::Host(each.collect::<Result<Vec<_>>>()?.concat()))
        } else {
            None
        };
        Ok((Seen::Host(joined(framed.into_iter().map(|framed| framed.pixels).collect())), mirrored))
    }

    /// The picture on the device of a framer, brought there by the first who asks; `None` if it or a crop is too large.
    fn on(&mut self, framer: &Framer, plans: &[Plan], traffic: &mut Traffic) -> Result<Option<&Uploaded>> {
        // The conversion of what no device takes is not for this framer alone.
        let surface = match self.surface {
            Some(surface) => surface,
            None => Surface::from(self.image()?),
        };
        if !framer.can(&surface, plans) {
            return Ok(None);
        }
        let known = self.uploaded.iter().position(|(device, _)| *device == framer.device());
        let at = match known {
            Some(at) => at,
            None => {
                let uploaded = framer.upload(&surface, traffic)?;
                self.uploaded.push((framer.device(), uploaded));
                self.uploaded.len() - 1
            }
        };
        Ok(self.uploaded.get(at).map(|(_, uploaded)| uploaded))
    }
}

/// Pictures behind one another; a single one is not copied.
fn joined(mut pictures: Vec<Vec<u8>>) -> Vec<u8> {
    if pictures.len() == 1 { pictures.remove(0) } else { pictures.concat() }
}
