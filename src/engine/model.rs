//! A loaded model: one session, or a shared backbone and one session per head.

use super::attention;
use super::framer::{DeviceFraming, Framer};
use super::load::{LoadOptions, Loaded};
use super::memory::Footprint;
use super::parts::{Parts, Wanted, first_input, graphs};
use super::picture::Seen;
use super::prepared;
use super::region::Regional;
use super::turns::{Turn, Turns};
use super::watch::Watched;
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{Cells, WINDOWS, proto::ModelProto, unfuse_attention, widen_input};
use crate::preprocess::normalise;
use crate::runtime::{Device, DeviceTensor, Input, Library, SessionOptions, Tensor, Traffic, View};
use crate::spec::{ModelInfo, Task};
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
        self.check_files()?;
        let outputs = self.wanted.of(task);
        let _turn = self.turn(Some(task));
        match (&self.parts, &shared.0) {
            (parts @ Parts::Split { .. }, Some(featmap)) => {
                let head = parts.head(task).ok_or_else(|| Error::invalid(format!("task `{task}` was not loaded")))?;
                let featmap = ("featmap", Input::Device(featmap));
                let Some(regional) = &head.regional else {
                    return head.session.fetch(&[featmap], outputs, traffic);
                };
                let cells = cells.cloned().unwrap_or_else(|| regional.all());
                let windows = regional.values(&cells);
                let shape = [windows.len()];
                let inputs = [featmap, (WINDOWS, Input::Host(View::F32(&shape, &windows)))];
                regional.restore(head.session.fetch(&inputs, outputs, traffic)?, &cells)
            }
            (Parts::Whole(session), _) => {
                self.with_image(seen, |image| session.fetch(&[(&self.input, image)], outputs, traffic))
            }
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

/// The sessions of a model whose pictures a device frames, with its framer, where that is wanted and works; else why it does not.
#[expect(clippy::type_complexity, reason = "said once, in the line above")]
fn framed(
    model: &ModelProto,
    input: &str,
    library: &'static Library,
    options: &LoadOptions,
    parts: &dyn Fn(&ModelProto) -> Result<Parts>,
) -> Result<(Option<(Parts, Arc<Framer>)>, Option<Error>)> {
    if !options.device_framing.is_wanted(&options.session.devices) {
        return Ok((None, None));
    }
    let is_must = options.device_framing == DeviceFraming::On;
    let mut wide = model.clone();
    if !widen_input(&mut wide, input) {
        let message = "device framing: this graph does not take bytes";
        return if is_must { Err(Error::new(ErrorKind::Unsupported, message)) } else { Ok((None, None)) };
    }
    let (framer, refused) = framer_of(library, options)?;
    let Some(framer) = framer else { return Ok((None, refused)) };
    let parts = parts(&wide)?;
    // A device of the list may frame that the model could not be loaded on.
    if framer.works_for(parts.device()) {
        return Ok((Some((parts, framer)), refused));
    }
    if is_must {
        let message = format!("device framing: the model runs on {}, which cannot", parts.device());
        return Err(Error::new(ErrorKind::Device, message));
    }
    Ok((None, refused))
}

/// The framer of the first listed device that has one, and why those before it have none.
fn framer_of(library: &'static Library, options: &LoadOptions) -> Result<(Option<Arc<Framer>>, Option<Error>)> {
    let mut refused = None;
    for &device in &options.session.devices {
        if !options.device_framing.is_wanted(&[device]) {
            break;
        }
        match Framer::of(library, device) {
            Ok(framer) => return Ok((Some(framer), None)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if options.device_framing == DeviceFraming::On => Err(error),
        refused => Ok((None, refused)),
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("name", &self.name).field("info", &self.info).finish_non_exhaustive()
    }
}
