//! The picture of a request: on the host or a CUDA device, and once on each device that frames it.

use super::begun::Carried;
use super::framer::{Framer, Surface, Uploaded};
use super::model::Model;
use crate::error::Result;
use crate::geometry::Size;
use crate::image::{FrameFormat, Image, Plane};
use crate::preprocess::{Plan, mirror};
use crate::runtime::{CudaFrame, Device, DeviceTensor, Traffic};
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
    uploads: Uploads,
}

/// A picture on the devices that have it.
#[derive(Default)]
pub(super) struct Uploads(Vec<(Device, Uploaded)>);

impl Uploads {
    /// The picture on the device of a framer, brought there by the first who asks.
    pub fn on(&mut self, framer: &Framer, surface: &Surface, traffic: &mut Traffic) -> Result<&Uploaded> {
        let at = match self.0.iter().position(|(device, _)| *device == framer.device()) {
            Some(at) => at,
            None => {
                self.0.push((framer.device(), framer.upload(surface, traffic)?));
                self.0.len() - 1
            }
        };
        Ok(&self.0[at].1)
    }
}

enum Source<'a> {
    Image(&'a Image),
    /// Converted when something on the host looks at it.
    Frame(&'a FrameFormat, &'a [Plane<'a>], OnceCell<Image>),
    /// Brought to the host when something there looks at it.
    Cuda(&'a CudaFrame, OnceCell<Image>),
}

impl Source<'_> {
    fn image(&self, traffic: &mut Traffic) -> Result<&Image> {
        match self {
            Self::Image(image) => Ok(image),
            Self::Frame(format, planes, image) => image.get_or_try_init(|| format.to_image(planes, Vec::new())),
            Self::Cuda(frame, image) => image.get_or_try_init(|| {
                traffic.to_host += frame.format().packed_bytes() as u64;
                frame.to_image()
            }),
        }
    }
}

impl<'a> Picture<'a> {
    pub fn of_image(image: &'a Image) -> Self {
        let surface = Some(Surface::from(image));
        Self { size: image.size(), surface, source: Source::Image(image), uploads: Uploads::default() }
    }

    pub fn of_frame(format: &'a FrameFormat, planes: &'a [Plane<'a>]) -> Result<Self> {
        let surface = Surface::of_frame(format, planes)?;
        let source = Source::Frame(format, planes, OnceCell::new());
        Ok(Self { size: format.upright_size(), surface, source, uploads: Uploads::default() })
    }

    /// Waits until the pixels are there.
    pub fn of_cuda(frame: &'a CudaFrame) -> Result<Self> {
        let (size, surface) = (frame.format().upright_size(), Surface::of_cuda(frame)?);
        Ok(Self { size, surface, source: Source::Cuda(frame, OnceCell::new()), uploads: Uploads::default() })
    }

    /// Takes what is on devices already.
    pub fn adopt(&mut self, carried: Carried) {
        self.uploads = carried.uploads;
    }

    /// Gives it to others, where it is on devices.
    pub fn into_uploads(self) -> Uploads {
        self.uploads
    }

    /// One framing of it on the device of a framer; `None` if the host has to make it.
    pub fn crop(&mut self, framer: &Framer, plan: &Plan, traffic: &mut Traffic) -> Result<Option<DeviceTensor>> {
        let plans = std::slice::from_ref(plan);
        match self.on(framer, plans, traffic)? {
            Some(uploaded) => framer.crops(uploaded, plans, None, traffic).map(Some),
            None => Ok(None),
        }
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// The picture on the host.
    pub fn image(&self, traffic: &mut Traffic) -> Result<&Image> {
        self.source.image(traffic)
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
        let image = self.image(traffic)?;
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
            Some(surface) if surface.is_for(framer.device()) => surface,
            _ => Surface::from(self.source.image(traffic)?),
        };
        if !framer.can(&surface, plans) {
            return Ok(None);
        }
        self.uploads.on(framer, &surface, traffic).map(Some)
    }
}

/// Pictures behind one another; a single one is not copied.
fn joined(mut pictures: Vec<Vec<u8>>) -> Vec<u8> {
    if pictures.len() == 1 { pictures.remove(0) } else { pictures.concat() }
}
