//! A loaded model: one session, or a shared backbone and one session per head.

use super::attention;
use super::finisher::Finisher;
use super::framed::framed;
use super::framer::Framer;
use super::load::{LoadOptions, Loaded};
use super::memory::Footprint;
use super::parts::{Parts, Wanted, first_input, graphs};
use super::picture::Seen;
use super::prepared;
use super::region::Regional;
use super::turns::{Turn, Turns};
use super::watch::Watched;
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{Cells, WINDOWS, proto::ModelProto, unfuse_attention};
use crate::preprocess::normalise;
use crate::runtime::{Device, DeviceTensor, Input, Library, Session, SessionOptions, Tensor, Traffic, View};
use crate::spec::{ModelFraming, ModelInfo, Task};
use once_cell::sync::OnceCell;
use std::cell::RefCell;
use std::sync::Arc;

/// A model on a device. Shared freely between threads; runs of one model are serialised.
pub struct Model {
    name: String,
    info: ModelInfo,
    input: String,
    flip_test: bool,
    fused_attention: bool,
    wanted: Wanted,
    footprint: Footprint,
    parts: Parts,
    framer: Option<Arc<Framer>>,
    framing_refused: Option<Error>,
    watched: Arc<[Watched]>,
    turns: Option<Arc<Turns>>,
    library: &'static Library,
    finisher: OnceCell<Result<Arc<Finisher>>>,
    compiled: Option<std::path::PathBuf>,
    is_cached: bool,
    _temporary: Option<tempfile::TempDir>,
}

/// What the backbone made of a picture, so that several heads can use it: it stays on the device.
pub(super) struct Backbone(Option<DeviceTensor>);

impl Model {
    pub(super) fn new(
        name: String,
        library: &'static Library,
        mut loaded: Loaded,
        options: &LoadOptions,
    ) -> Result<Self> {
        let info = loaded.info.clone();
        let fused_attention = attention::is_exact(library, &options.session.devices)?;
        if !fused_attention {
            unfuse_attention(&mut loaded.model);
        }
        let input = first_input(&loaded.model)?.to_owned();
        let footprint = Footprint::of_graph(&loaded.model, &info, options)?;
        let compiled = loaded.compiled(library, options);
        let prepared_files = RefCell::new(Vec::new());
        let parts = |model: &ModelProto| -> Result<Parts> {
            let open = |part: &ModelProto, session: &SessionOptions, is_head: bool| {
                let cache = options.cache.as_deref().filter(|_| is_head && prepared::is_wanted(options));
                match cache.and_then(|cache| loaded.prepared(library, part, session, cache)) {
                    Some((session, files)) => {
                        prepared_files.borrow_mut().extend(files);
                        Ok(session)
                    }
                    None => loaded.open(library, part, session, compiled.as_deref()),
                }
            };
            Parts::open(graphs(model, &info, options)?, &options.session, open)
        };
        let (framed, framing_refused) = framed(&loaded.model, &input, library, options, &parts)?;
        let (parts, framer) = match framed {
            Some((parts, framer)) => (parts, Some(framer)),
            None => (parts(&loaded.model)?, None),
        };
        loaded.watched.extend(prepared_files.into_inner());
        // Mapped files may go on Unix; elsewhere they must stay as long as the sessions.
        let temporary = if cfg!(unix) { None } else { loaded.temporary };
        Ok(Self {
            name,
            input,
            flip_test: options.flip_test,
            fused_attention,
            wanted: Wanted::new(&info, options),
            footprint,
            info,
            parts,
            framer,
            framing_refused,
            watched: loaded.watched.into(),
            turns: options.turns.clone(),
            library,
            finisher: OnceCell::new(),
            is_cached: loaded.is_cached,
            compiled,
            _temporary: temporary,
        })
    }

    /// `demo` or the path it was loaded from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.parts.first().device()
    }

    /// Devices listed before it that did not work, and why.
    pub fn refused(&self) -> &[(Device, Error)] {
        self.parts.first().refused()
    }

    /// Whether graph and weights were in the cache ([`LoadOptions::cache`]).
    pub fn is_cached(&self) -> bool {
        self.is_cached
    }

    /// Where providers keep what they compile of it.
    pub(super) fn compiled(&self) -> Option<&std::path::Path> {
        self.compiled.as_deref()
    }

    /// Whether it looks at one picture per run, whatever memory there is: what its device needs.
    pub fn is_single(&self) -> bool {
        self.parts.is_single()
    }

    /// What it takes on its device.
    pub fn footprint(&self) -> Footprint {
        self.footprint
    }

    /// Whether results are averaged with those of the mirrored picture.
    pub fn flip_test(&self) -> bool {
        self.flip_test
    }

    /// Whether attention runs as one operator. Where a listed device computes that wrongly (WebGPU on devices with
    /// subgroups of 4 lanes), it is written out: right, but slower and with much more memory.
    pub fn fused_attention(&self) -> bool {
        self.fused_attention
    }

    /// Whether pictures are framed on its device.
    pub fn frames_on_device(&self) -> bool {
        self.framer.is_some()
    }

    /// Why pictures are framed on the host, where that was not asked for.
    pub fn framing_refused(&self) -> Option<&Error> {
        self.framing_refused.as_ref()
    }

    /// Why runs are not recorded on its device, where they were to be
    /// ([`ProviderOptions::recorded`](crate::runtime::ProviderOptions::recorded)): one reason for each session that is run plainly,
    /// that of a head by its task, that of the backbone or the whole without.
    pub fn recording_refused(&self) -> Vec<(Option<Task>, &Error)> {
        self.parts.sessions().filter_map(|(task, session)| Some((task, session.recording_refused()?))).collect()
    }

    /// How often its sessions have run on tensors of their own, recorded where the device does that: all of them together.
    pub fn fixed_runs(&self) -> u64 {
        self.parts.sessions().map(|(_, session)| session.fixed_runs()).sum()
    }

    /// Where its pictures are to be left, if its runs always read them from there, and nobody else is at it.
    pub(super) fn place(&self) -> Result<Option<DeviceTensor>> {
        self.parts.first().lend_input(&self.input)
    }

    pub(super) fn framer(&self) -> Option<&Framer> {
        self.framer.as_deref()
    }

    /// What makes maps of its outputs where they are.
    ///
    /// # Errors
    /// `Unsupported` where the host has to.
    pub(super) fn finisher(&self, task: Task) -> Result<&Arc<Finisher>> {
        let refuse = |why: &str| Err(Error::new(ErrorKind::Unsupported, why));
        if self.gives_raw() || (task == Task::Seg && !self.gives_labels()) {
            return refuse("the host decodes what this model gives: it is flip-tested, or was loaded without decoding");
        }
        if self.info.framing == ModelFraming::Sapiens1 {
            return refuse("maps of Sapiens v1 are enlarged on the host");
        }
        if self.regional(task).is_some() {
            return refuse("the host puts the parts together that models loaded for regions give");
        }
        let finisher = self.finisher.get_or_init(|| Finisher::of(self.library, self.device()));
        finisher.as_ref().map_err(|refused| Error::new(refused.kind(), refused.to_string()))
    }

    /// How often its sessions have run: the backbone that its heads share (or the whole of a single task), and each head.
    pub fn runs(&self) -> (u64, Vec<(Task, u64)>) {
        self.parts.runs()
    }

    /// Whether the outputs of a task are those of the network, before any decoding.
    pub(super) fn gives_raw(&self) -> bool {
        self.wanted.raw
    }

    /// Whether segmentation comes as labels and confidences rather than logits.
    pub(super) fn gives_labels(&self) -> bool {
        self.wanted.decoded_seg
    }

    /// Runs what several heads share, on one picture or several.
    pub(super) fn run_backbone(&self, seen: &Seen, traffic: &mut Traffic) -> Result<Backbone> {
        match &self.parts {
            Parts::Whole(_) => Ok(Backbone(None)),
            Parts::Split { backbone, .. } => {
                self.check_files()?;
                let _turn = self.turn(None);
                let keep = |image: Input| backbone.keep(&[(&self.input, image)], &["featmap"], traffic);
                Ok(Backbone(self.with_image(seen, keep)?.pop()))
            }
        }
    }

    /// How a head runs for a part of the feature map, if the model is loaded so.
    pub(super) fn regional(&self, task: Task) -> Option<&Regional> {
        self.parts.head(task)?.regional.as_ref()
    }

    /// Runs a head (or the whole single-task model): the tensors of [`Wanted`], as many in a batch as there are pictures. With
    /// `cells` only for these of the feature map, the rest is 0.
    pub(super) fn run_head(
        &self,
        task: Task,
        seen: &Seen,
        shared: &Backbone,
        cells: Option<&Cells>,
        traffic: &mut Traffic,
    ) -> Result<Vec<Tensor>> {
        let outputs = self.wanted.of(task);
        let Some(regional) = self.regional(task) else {
            return self.on_head(task, seen, shared, None, |session, inputs| session.fetch(inputs, outputs, traffic));
        };
        let cells = cells.cloned().unwrap_or_else(|| regional.all());
        let windows = regional.values(&cells);
        let found = self
            .on_head(task, seen, shared, Some(&windows), |session, inputs| session.fetch(inputs, outputs, traffic))?;
        regional.restore(found, &cells)
    }

    /// As [`Model::run_head`], everywhere, and what comes of it stays on the device.
    pub(super) fn keep_head(
        &self,
        task: Task,
        seen: &Seen,
        shared: &Backbone,
        traffic: &mut Traffic,
    ) -> Result<Vec<DeviceTensor>> {
        let outputs = self.wanted.of(task);
        self.on_head(task, seen, shared, None, |session, inputs| session.keep(inputs, outputs, traffic))
    }

    /// Calls `run` with the session of a head and what it takes, in the turn of this model.
    fn on_head<T>(
        &self,
        task: Task,
        seen: &Seen,
        shared: &Backbone,
        windows: Option<&[f32]>,
        run: impl FnOnce(&Session, &[(&str, Input)]) -> Result<T>,
    ) -> Result<T> {
        self.check_files()?;
        let _turn = self.turn(Some(task));
        match (&self.parts, &shared.0) {
            (parts @ Parts::Split { .. }, Some(featmap)) => {
                let head = parts.head(task).ok_or_else(|| Error::invalid(format!("task `{task}` was not loaded")))?;
                let featmap = ("featmap", Input::Device(featmap));
                let Some(windows) = windows else { return run(&head.session, &[featmap]) };
                let shape = [windows.len()];
                run(&head.session, &[featmap, (WINDOWS, Input::Host(View::F32(&shape, windows)))])
            }
            (Parts::Whole(session), _) => self.with_image(seen, |image| run(session, &[(&self.input, image)])),
            (Parts::Split { .. }, None) => Err(Error::new(ErrorKind::Runtime, "the backbone has not run")),
        }
    }

    fn check_files(&self) -> Result<()> {
        self.watched.iter().try_for_each(Watched::check)
    }

    /// The files that it depends on while it runs.
    pub(super) fn files(&self) -> Arc<[Watched]> {
        Arc::clone(&self.watched)
    }

    /// The device, where it is shared: others wait until this is dropped. Poses come first, and the backbone they hang on.
    fn turn(&self, task: Option<Task>) -> Option<Turn<'_>> {
        let is_urgent = task.map_or_else(|| self.info.tasks.contains(&Task::Pose), |task| task == Task::Pose);
        self.turns.as_ref().map(|turns| turns.take(is_urgent))
    }

    /// The pictures as the graph takes them.
    fn with_image<T>(&self, seen: &Seen, run: impl FnOnce(Input) -> Result<T>) -> Result<T> {
        let size = self.info.input;
        let bytes = 3 * size.width * size.height;
        match seen {
            Seen::Device(tensor) => run(Input::Device(tensor)),
            Seen::Host(pixels) => {
                let batch = pixels.len() / bytes.max(1);
                if self.info.raw {
                    let pictures = pixels.chunks_exact(bytes).map(|picture| normalise(picture, size));
                    let floats = pictures.collect::<Result<Vec<_>>>()?.concat();
                    return run(Input::Host(View::F32(&[batch, 3, size.height, size.width], &floats)));
                }
                let shape = [batch, size.height, size.width, 3];
                if self.framer.is_some() {
                    // Too large a picture for the device: the graph expects what that would have made.
                    let floats: Vec<f32> = pixels.iter().copied().map(f32::from).collect();
                    return run(Input::Host(View::F32(&shape, &floats)));
                }
                run(Input::Host(View::U8(&shape, pixels)))
            }
        }
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("name", &self.name).field("info", &self.info).finish_non_exhaustive()
    }
}
