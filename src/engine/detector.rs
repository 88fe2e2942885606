//! The person detector: where the boxes come from that people's tasks look at.

use super::attention;
use super::load::{LoadOptions, ModelSource, checkpoint, convert_options, is_graph, materialise};
use crate::checkpoint::{Arch, Source};
use crate::convert::{ConvertOptions, DETECTOR_OUTPUT, Progress, plan_detector};
use crate::detect::{self, DetectOptions, Detection};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::Image;
use crate::onnx::unfuse_attention;
use crate::preprocess::letterbox;
use crate::runtime::{Device, Library, Session, View};
use crate::spec::ModelInfo;

/// A person detector on a device: a session, how it is to see a picture, and how its answer is read. Shared freely between
/// threads; runs are serialised.
pub struct Detector {
    name: String,
    info: ModelInfo,
    session: Session,
    family: Family,
    _temporary: Option<tempfile::TempDir>,
}

/// Who made a detector decides what it sees and what its answer means.
#[derive(Debug, Clone, Copy)]
enum Family {
    /// The head of a bundle: it sees the letterboxed picture and gives a centre map with distances.
    Bundle,
}

impl Detector {
    /// Loads the detector of a bundle. Of the options those about session, library, precision and rotary embedding count;
    /// `progress` as for [`Model::load`](super::Model::load).
    ///
    /// # Errors
    /// `Unsupported` if the source has no detector, with what has one; those of [`Model::load`](super::Model::load).
    pub fn load(source: &ModelSource, options: &LoadOptions, progress: &mut Progress) -> Result<Self> {
        let library = Library::load(options.library.as_deref())?;
        let Some(checkpoint) = bundle(source)? else { return Err(nowhere(std::slice::from_ref(source))) };
        Self::from_bundle(source, &checkpoint, library, options, progress).map_err(|e| source.locate(e))
    }

    fn from_bundle(
        source: &ModelSource,
        checkpoint: &Source,
        library: &'static Library,
        options: &LoadOptions,
        progress: &mut Progress,
    ) -> Result<Self> {
        // Its input size is its own, whatever that of the tasks is.
        let convert = ConvertOptions { input: None, tasks: None, ..convert_options(options) };
        let mut loaded = materialise(plan_detector(checkpoint, &convert)?, checkpoint, progress)?;
        if !attention::is_exact(library, &options.session.devices)? {
            unfuse_attention(&mut loaded.model);
        }
        let session = loaded.open(library, &loaded.model, &options.session)?;
        // Mapped files may go on Unix; elsewhere they must stay as long as the session.
        let temporary = if cfg!(unix) { None } else { loaded.temporary };
        let (name, info) = (source.to_string(), loaded.info);
        Ok(Self { name, info, session, family: Family::Bundle, _temporary: temporary })
    }

    /// The first of several sources that has a detector; the error of [`Detector::load`] if none has.
    pub(super) fn among(sources: &[ModelSource]) -> Result<&ModelSource> {
        for source in sources {
            if bundle(source)?.is_some() {
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

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.session.device()
    }

    /// The people in an image: sorted by score, boxes clipped to the image, at most 100 ([`detect::decode`]).
    ///
    /// # Errors
    /// `InvalidArgument` for options out of range, `Runtime` when ONNX Runtime fails.
    pub fn detect(&self, image: &Image, options: &DetectOptions) -> Result<Vec<Detection>> {
        options.check()?;
        match self.family {
            Family::Bundle => {
                let Size { width, height } = self.info.input;
                let framed = letterbox(image, self.info.input)?;
                let pixels = View::U8(&[1, height, width, 3], &framed.pixels);
                let found = self.session.run(&[("image", pixels)], &[DETECTOR_OUTPUT])?;
                match found.first().map(|maps| (maps.shape.as_slice(), maps)) {
                    Some((&[1, _, rows, columns], maps)) => {
                        detect::decode(maps.floats()?, Size::new(columns, rows), &framed.placement, options)
                    }
                    other => Err(Error::new(
                        ErrorKind::Runtime,
                        format!("expected maps 1xCxHxW from the detector, got {:?}", other.map(|(shape, _)| shape)),
                    )),
                }
            }
        }
    }
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Detector").field("name", &self.name).field("family", &self.family).finish_non_exhaustive()
    }
}

/// A checkpoint with a detector; `None` if the source has none.
fn bundle(source: &ModelSource) -> Result<Option<Source>> {
    if matches!(source, ModelSource::Path(path) if is_graph(path)) {
        return Ok(None);
    }
    let open = || {
        let checkpoint = checkpoint(source)?;
        let has_one = Arch::derive(&checkpoint)?.detector.is_some();
        Ok(has_one.then_some(checkpoint))
    };
    open().map_err(|e| source.locate(e))
}

/// None of these has a detector.
fn nowhere(sources: &[ModelSource]) -> Error {
    let names: Vec<_> = sources.iter().map(ToString::to_string).collect();
    let such_as = match bundle(&ModelSource::Demo) {
        Ok(Some(_)) => ", such as the embedded model `demo`",
        _ => "",
    };
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "detect: no person detector in {}; bundles with tensors `decode_heads.detector.*` have one{such_as}, official \
             checkpoints and converted graphs have none",
            names.join(", ")
        ),
    )
}
