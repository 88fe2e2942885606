//! The detector of a context.

use super::context::{Context, LoadRequest};
use super::finder::Finder;
use crate::convert::{Progress, Stage};
use crate::engine::{Detector, Footprint, LoadOptions, ModelSource};
use crate::error::{Error, Result};
use crate::runtime::{Device, LogLevel};
use crate::spec::{DetectorFamily, ModelInfo};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A loaded detector and what really runs.
#[derive(Debug, Clone)]
pub struct DetectorReport {
    /// Path or name.
    pub name: String,
    /// What it is: its input size, and facts of the model it belongs to.
    pub info: ModelInfo,
    /// Who made it.
    pub family: DetectorFamily,
    /// What it takes on its device.
    pub footprint: Footprint,
    /// Where it runs.
    pub device: Device,
    /// Devices listed before it that could not be used, and why.
    pub refused: Vec<(Device, String)>,
    /// Whether pictures are framed there ([`LoadRequest::device_framing`]).
    pub frames_on_device: bool,
}

impl DetectorReport {
    pub(super) fn of(detector: &Detector) -> Self {
        Self {
            name: detector.name().to_owned(),
            info: detector.info().clone(),
            family: detector.family(),
            footprint: detector.footprint(),
            device: detector.device(),
            refused: {
                let devices = detector.refused().iter().map(|(device, error)| (*device, error.to_string()));
                let framing = detector.framing_refused().map(|error| (detector.device(), format!("framing: {error}")));
                devices.chain(framing).collect()
            },
            frames_on_device: detector.frames_on_device(),
        }
    }
}

#[derive(Default)]
struct Loaded {
    finder: Option<Arc<dyn Finder>>,
    report: Option<DetectorReport>,
}

/// Where the detector of a context is; a lock of its own, held for moments.
#[derive(Default)]
pub(super) struct Slot(Mutex<Loaded>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Loaded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a detector in the place of the one before, if `may_still` says so under the lock.
    pub fn set(
        &self,
        finder: Arc<dyn Finder>,
        report: DetectorReport,
        may_still: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let mut loaded = self.lock();
        may_still()?;
        let before = std::mem::replace(&mut *loaded, Loaded { finder: Some(finder), report: Some(report) });
        drop(loaded);
        drop(before);
        Ok(())
    }

    #[cfg(test)]
    pub fn set_for_test(&self, finder: Arc<dyn Finder>) {
        self.lock().finder = Some(finder);
    }

    /// Takes the detector away. Whether there was one.
    pub fn clear(&self) -> bool {
        let before = std::mem::take(&mut *self.lock());
        before.finder.is_some()
    }

    pub fn finder(&self) -> Option<Arc<dyn Finder>> {
        self.lock().finder.clone()
    }

    pub fn report(&self) -> Option<DetectorReport> {
        self.lock().report.clone()
    }
}

impl Context {
    /// Loads the person detector of this context, in place of one loaded before: streams that detect use it from their next
    /// frame on. The source is that of [`Detector::load`]: a bundle such as the embedded model, a checkpoint of RTMDet or DETR,
    /// or a graph converted from one. It runs beside the models, not in turn with them. Blocks; any thread.
    ///
    /// # Errors
    /// Those of [`Detector::load`]; `InvalidArgument` if the request names tasks or has memory for Winograd; `Cancelled`; `ShutDown`.
    pub fn load_detector(&self, source: &ModelSource, request: &LoadRequest, progress: &mut Progress) -> Result<()> {
        if request.tasks.is_some() {
            return Err(Error::invalid("tasks: a detector has none; leave them out"));
        }
        if request.winograd > 0 {
            return Err(Error::invalid("winograd: it is for the heads of tasks; leave it out for a detector"));
        }
        let options = LoadOptions {
            precision: request.precision,
            detector_input: request.input,
            device_framing: request.device_framing,
            ..self.load.clone()
        };
        let begun = self.begin_load()?;
        let mut watched = |stage: Stage, done: u64, total: u64| {
            self.go_on(begun)?;
            progress(stage, done, total)
        };
        let detector = Arc::new(Detector::load(source, &options, &mut watched)?);
        let report = DetectorReport::of(&detector);
        let bytes = detector.footprint().total(1);
        // Before it takes the place of another one: a model beside it must still fit.
        self.shelf.check_beside(bytes)?;
        self.detector.set(detector, report.clone(), || self.go_on(begun))?;
        self.shelf.set_aside(bytes);
        self.log(LogLevel::Info, || format!("{}: loaded as detector on {}", report.name, report.device));
        Ok(())
    }

    /// Takes the detector away; a frame in work finishes with it. Whether there was one.
    ///
    /// # Errors
    /// `ShutDown`.
    pub fn unload_detector(&self) -> Result<bool> {
        self.check_alive()?;
        self.shelf.set_aside(0);
        Ok(self.detector.clear())
    }

    /// The loaded detector.
    pub fn detector(&self) -> Option<DetectorReport> {
        self.detector.report()
    }

    /// What people are looked for with, as of now.
    pub(super) fn finder(&self) -> Option<Arc<dyn Finder>> {
        self.detector.finder()
    }

    #[cfg(test)]
    pub(super) fn set_finder(&self, finder: Arc<dyn Finder>) {
        self.detector.set_for_test(finder);
    }
}
