//! The person detector: where the boxes come from that people's tasks look at.

use super::attention;
use super::begun::Carried;
use super::framed::framed;
use super::framer::{Framer, is_read_there};
use super::load::{
    LoadOptions, Loaded, ModelSource, checkpoint, convert_options, graph_with, is_graph, made, read_graph,
};
use super::memory::Footprint;
use super::picture::Picture;
use super::watch::Watched;
use crate::checkpoint::{Arch, Naming, Source};
use crate::convert::{
    ConvertOptions, DETECTOR_OUTPUT, DETR_OUTPUTS, Progress, RTMDET_OUTPUTS, plan_detector, read_detector_info,
};
use crate::detect::{self, DetectOptions, Detection};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::{FrameFormat, Image, Plane};
use crate::onnx::{proto::ModelProto, unfuse_attention};
use crate::preprocess::{Plan, letterbox_plan, scaled_plan, upper_left_plan};
use crate::runtime::{CudaFrame, Device, Input, Library, Session, Tensor, Traffic, View};
use crate::spec::{DetectorFamily, ModelInfo};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What graphs of detectors call the picture.
const INPUT: &str = "image";

/// A person detector on a device: a session, how it is to see a picture, and how its answer is read. Shared freely between
/// threads; runs are serialised.
pub struct Detector {
    name: String,
    info: ModelInfo,
    session: Session,
    framer: Option<Arc<Framer>>,
    framing_refused: Option<Error>,
    family: DetectorFamily,
    footprint: Footprint,
    watched: Vec<Watched>,
    is_cached: bool,
    compiled: Option<PathBuf>,
    _temporary: Option<tempfile::TempDir>,
}

impl Detector {
    /// Loads a detector: that of a bundle, a checkpoint of RTMDet or DETR, or a graph converted from one. Of the options those
    /// about session, library and the detector's input count, for that of a bundle precision and rotary embedding too;
    /// `progress` as for [`Model::load`](super::Model::load).
    ///
    /// # Errors
    /// `Unsupported` if the source has no detector, with what has one; those of [`Model::load`](super::Model::load).
    pub fn load(source: &ModelSource, options: &LoadOptions, progress: &mut Progress) -> Result<Self> {
        let library = Library::load(options.library.as_deref())?;
        let mut load = || match source {
            ModelSource::Path(path) if is_graph(path) => {
                if options.detector_input.is_some() {
                    return Err(Error::invalid(
                        "input size of the detector: a converted graph has it built in; give it to `sapiens convert`",
                    ));
                }
                graph_with(path, options, read_detector_info)
            }
            _ => {
                let checkpoint = with_detector(source)?.ok_or_else(|| nowhere(std::slice::from_ref(source)))?;
                let is_alone = checkpoint.naming().detector().is_some();
                let convert = ConvertOptions {
                    // Its input size is its own, whatever that of the tasks is.
                    input: options.detector_input,
                    tasks: None,
                    precision: if is_alone { None } else { options.precision },
                    ..convert_options(options)
                };
                made(plan_detector(&checkpoint, &convert)?, &checkpoint, options, progress)
            }
        };
        load().and_then(|loaded| Self::open(source, library, loaded, options)).map_err(|e| source.locate(e))
    }

    fn open(
        source: &ModelSource,
        library: &'static Library,
        mut loaded: Loaded,
        options: &LoadOptions,
    ) -> Result<Self> {
        if loaded.info.raw {
            let message =
                "this graph was converted with --raw, without what reads its answer; convert it again without";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if !attention::is_exact(library, &options.session.devices)? {
            unfuse_attention(&mut loaded.model);
        }
        let compiled = loaded.compiled(library, options);
        let open = |graph: &ModelProto| loaded.open(library, graph, &options.session, compiled.as_deref());
        let (framed, framing_refused) = framed(&loaded.model, INPUT, library, options, &open)?;
        let (session, framer) = match framed {
            Some((session, framer)) => (session, Some(framer)),
            None => (open(&loaded.model)?, None),
        };
        // Mapped files may go on Unix; elsewhere they must stay as long as the session.
        let temporary = if cfg!(unix) { None } else { loaded.temporary };
        let (name, info, watched, is_cached) = (source.to_string(), loaded.info, loaded.watched, loaded.is_cached);
        let family = info.detector.map_or(DetectorFamily::Bundle, |detector| detector.family);
        let footprint = Footprint::of_graphs([&loaded.model]);
        Ok(Self {
            name,
            info,
            session,
            framer,
            framing_refused,
            family,
            footprint,
            watched,
            is_cached,
            compiled,
            _temporary: temporary,
        })
    }

    /// The options that are usual for the detector of a source, from its header ([`DetectOptions::of`]).
    ///
    /// # Errors
    /// As for loading it.
    pub fn usual_options(source: &ModelSource) -> Result<DetectOptions> {
        family_of(source).map(DetectOptions::of).map_err(|e| source.locate(e))
    }

    /// The first of several sources that has a detector; the error of [`Detector::load`] if none has.
    pub(super) fn among(sources: &[ModelSource]) -> Result<&ModelSource> {
        for source in sources {
            if with_detector(source)?.is_some() {
                return Ok(source);
            }
        }
        Err(nowhere(sources))
    }

    /// `demo` or the path it was loaded from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is: facts of the model it belongs to, with the detector's input size and without tasks.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Who made it.
    pub fn family(&self) -> DetectorFamily {
        self.family
    }

    /// What it takes on its device; of a DETR, which sees pictures of many sizes, the weights only.
    pub fn footprint(&self) -> Footprint {
        self.footprint
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.session.device()
    }

    /// Devices listed before it that did not work, and why.
    pub fn refused(&self) -> &[(Device, Error)] {
        self.session.refused()
    }

    /// Whether graph and weights were in the cache ([`LoadOptions::cache`]).
    pub fn is_cached(&self) -> bool {
        self.is_cached
    }

    /// Where providers keep what they compile of it.
    pub(super) fn compiled(&self) -> Option<&Path> {
        self.compiled.as_deref()
    }

    /// Whether pictures are framed on its device ([`LoadOptions::device_framing`]).
    pub fn frames_on_device(&self) -> bool {
        self.framer.is_some()
    }

    /// Why pictures are framed on the host, where that was not asked for.
    pub fn framing_refused(&self) -> Option<&Error> {
        self.framing_refused.as_ref()
    }

    pub(super) fn framer(&self) -> Option<&Framer> {
        self.framer.as_deref()
    }

    /// The people in an image: sorted by score, at most 100 ([`detect::decode`], [`detect::decode_rtmdet`],
    /// [`detect::decode_detr`]).
    ///
    /// # Errors
    /// `InvalidArgument` for options out of range, `Runtime` when ONNX Runtime fails.
    pub fn detect(&self, image: &Image, options: &DetectOptions) -> Result<Vec<Detection>> {
        self.detect_in(&mut Picture::of_image(image), options, &mut Traffic::default())
    }

    /// As [`Detector::detect`], in a raw frame: its device frames it as it lies, where [`Detector::frames_on_device`]. `carried`: where it
    /// is on devices already; what it is brought to is added.
    ///
    /// # Errors
    /// Those of [`Detector::detect`] and [`FrameFormat::to_image`].
    pub fn detect_frame(
        &self,
        format: &FrameFormat,
        planes: &[Plane<'_>],
        carried: &mut Carried,
        options: &DetectOptions,
    ) -> Result<Vec<Detection>> {
        self.detect_carried(Picture::of_frame(format, planes)?, carried, options)
    }

    /// The same in an image.
    ///
    /// # Errors
    /// Those of [`Detector::detect`].
    pub fn detect_image(
        &self,
        image: &Image,
        carried: &mut Carried,
        options: &DetectOptions,
    ) -> Result<Vec<Detection>> {
        self.detect_carried(Picture::of_image(image), carried, options)
    }

    /// The same in a frame on a CUDA device.
    ///
    /// # Errors
    /// Those of [`Detector::detect`] and [`CudaFrame::fetch`].
    pub fn detect_cuda(
        &self,
        frame: &CudaFrame,
        carried: &mut Carried,
        options: &DetectOptions,
    ) -> Result<Vec<Detection>> {
        self.detect_carried(Picture::of_cuda(frame)?, carried, options)
    }

    /// Whether [`Detector::detect_cuda`] reads this frame where it lies.
    pub fn takes(&self, frame: &CudaFrame) -> bool {
        is_read_there(frame, self.framer())
    }

    fn detect_carried(
        &self,
        mut picture: Picture,
        carried: &mut Carried,
        options: &DetectOptions,
    ) -> Result<Vec<Detection>> {
        let mut traffic = std::mem::take(&mut carried.traffic);
        picture.adopt(std::mem::take(carried));
        let found = self.detect_in(&mut picture, options, &mut traffic);
        *carried = Carried { uploads: picture.into_uploads(), traffic };
        found
    }

    pub(super) fn detect_in(
        &self,
        picture: &mut Picture<'_>,
        options: &DetectOptions,
        traffic: &mut Traffic,
    ) -> Result<Vec<Detection>> {
        options.check()?;
        self.watched.iter().try_for_each(Watched::check)?;
        let (size, input) = (picture.size(), self.info.input);
        let (plan, names): (_, &[&str]) = match self.family {
            DetectorFamily::Bundle => (letterbox_plan(size, input)?, &[DETECTOR_OUTPUT]),
            DetectorFamily::RtmDet => (upper_left_plan(size, input)?, &RTMDET_OUTPUTS),
            DetectorFamily::Detr => (scaled_plan(size, input)?, &DETR_OUTPUTS),
        };
        let found = self.see(picture, &plan, names, traffic)?;
        let placement = &plan.placement;
        let shapes: Vec<&[usize]> = found.iter().map(|tensor| tensor.shape.as_slice()).collect();
        match (self.family, shapes.as_slice()) {
            (DetectorFamily::Bundle, &[&[1, _, rows, columns]]) => {
                detect::decode(found[0].floats()?, Size::new(columns, rows), placement, options)
            }
            (DetectorFamily::RtmDet, &[&[1, _, _], &[1, _, 4]]) => {
                detect::decode_rtmdet(found[0].floats()?, found[1].floats()?, placement, options)
            }
            (DetectorFamily::Detr, &[&[1, _, classes], &[1, _, 4]]) => {
                detect::decode_detr(found[0].floats()?, found[1].floats()?, classes, size, options)
            }
            (family, shapes) => Err(Error::new(
                ErrorKind::Runtime,
                format!("the detector ({family}) answered with the shapes {shapes:?}, which make no sense"),
            )),
        }
    }
}

impl Detector {
    /// Runs the graph on what it is to see of a picture, framed on its device where that can.
    fn see(&self, picture: &mut Picture, plan: &Plan, names: &[&str], traffic: &mut Traffic) -> Result<Vec<Tensor>> {
        if let Some(framer) = self.framer()
            && let Some(seen) = picture.crop(framer, plan, traffic)?
        {
            return self.session.fetch(&[(INPUT, Input::Device(&seen))], names, traffic);
        }
        let pixels = plan.apply(picture.image(traffic)?)?.pixels;
        let Size { width, height } = plan.placement.input;
        let shape = [1, height, width, 3];
        if self.framer.is_none() {
            return self.session.fetch(&[(INPUT, Input::Host(View::U8(&shape, &pixels)))], names, traffic);
        }
        // Too large a picture for the device: the graph expects what that would have made.
        let floats: Vec<f32> = pixels.into_iter().map(f32::from).collect();
        self.session.fetch(&[(INPUT, Input::Host(View::F32(&shape, &floats)))], names, traffic)
    }
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Detector").field("name", &self.name).field("family", &self.family).finish_non_exhaustive()
    }
}

/// Who made the detector of a source.
pub(super) fn family_of(source: &ModelSource) -> Result<DetectorFamily> {
    if let ModelSource::Path(path) = source
        && is_graph(path)
    {
        let info = read_detector_info(&read_graph(path)?)?;
        return Ok(info.detector.map_or(DetectorFamily::Bundle, |detector| detector.family));
    }
    let checkpoint = with_detector(source)?.ok_or_else(|| nowhere(std::slice::from_ref(source)))?;
    Ok(match checkpoint.naming() {
        Naming::RtmDet => DetectorFamily::RtmDet,
        Naming::Detr | Naming::DetrTimm => DetectorFamily::Detr,
        Naming::Original | Naming::Transformers | Naming::Sapiens1 => DetectorFamily::Bundle,
    })
}

/// A checkpoint with a detector, or that is one; `None` if the source has none.
fn with_detector(source: &ModelSource) -> Result<Option<Source>> {
    if matches!(source, ModelSource::Path(path) if is_graph(path)) {
        return Ok(None);
    }
    let open = || {
        let checkpoint = checkpoint(source)?;
        let has_one = checkpoint.naming().detector().is_some() || Arch::derive(&checkpoint)?.detector.is_some();
        Ok(has_one.then_some(checkpoint))
    };
    open().map_err(|e| source.locate(e))
}

/// None of these has a detector.
fn nowhere(sources: &[ModelSource]) -> Error {
    let names: Vec<_> = sources.iter().map(ToString::to_string).collect();
    let such_as = match with_detector(&ModelSource::Demo) {
        Ok(Some(_)) => ", such as the embedded model `demo`",
        _ => "",
    };
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "detect: no person detector in {}; bundles with tensors `decode_heads.detector.*` have one{such_as}, official \
             checkpoints and converted graphs have none: name a detector beside them (`--detector`: RTMDet or DETR)",
            names.join(", ")
        ),
    )
}
