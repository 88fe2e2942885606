//! A loaded model: one session, or a shared backbone and one session per head.

use super::attention;
use super::load::{LoadOptions, Loaded};
use super::memory::Footprint;
use super::turns::{Turn, Turns};
use super::watch::Watched;
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{cut, proto::ModelProto, unfuse_attention};
use crate::preprocess::normalise;
use crate::runtime::{Device, Library, Session, Tensor, View};
use crate::spec::{ModelFraming, ModelInfo, Task};
use std::sync::Arc;

/// A model on a device. Shared freely between threads; runs of one model are serialised.
pub struct Model {
    name: String,
    info: ModelInfo,
    input: String,
    flip_test: bool,
    fused_attention: bool,
    decoded_seg: bool,
    footprint: Footprint,
    parts: Parts,
    watched: Arc<[Watched]>,
    turns: Option<Arc<Turns>>,
    _temporary: Option<tempfile::TempDir>,
}

enum Parts {
    /// A single task.
    Whole(Session),
    /// A backbone run once per picture, and heads that take its feature map.
    Split { backbone: Session, heads: Vec<(Task, Session)> },
}

/// What the backbone made of a picture, so that several heads can use it.
pub(super) struct Backbone(Option<Tensor>);

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
        let graphs = parts(&loaded.model, &info, options)?;
        let footprint = Footprint::of_parts(&graphs);
        let mut sessions = graphs.iter().map(|part| loaded.open(library, part, &options.session));
        let mut next = || sessions.next().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "a part is missing")));
        let parts = match info.tasks.as_slice() {
            [_] => Parts::Whole(next()?),
            tasks => Parts::Split {
                backbone: next()?,
                heads: tasks.iter().map(|&task| Ok((task, next()?))).collect::<Result<_>>()?,
            },
        };
        // Mapped files may go on Unix; elsewhere they must stay as long as the sessions.
        let temporary = if cfg!(unix) { None } else { loaded.temporary };
        Ok(Self {
            name,
            input,
            flip_test: options.flip_test,
            fused_attention,
            decoded_seg: gives_labels(&info, options),
            footprint,
            info,
            parts,
            watched: loaded.watched.into(),
            turns: options.turns.clone(),
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
        self.first_session().device()
    }

    /// Devices listed before it that did not work, and why.
    pub fn refused(&self) -> &[(Device, Error)] {
        self.first_session().refused()
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

    fn first_session(&self) -> &Session {
        match &self.parts {
            Parts::Whole(session) => session,
            Parts::Split { backbone, .. } => backbone,
        }
    }

    /// Whether the outputs of a task are those of the network, before any decoding.
    pub(super) fn gives_raw(&self) -> bool {
        self.info.raw || self.flip_test
    }

    /// Whether segmentation comes as labels and confidences rather than logits.
    pub(super) fn gives_labels(&self) -> bool {
        self.decoded_seg
    }

    /// Runs what several heads share. `pixels`: RGB8 HWC of the input size, one picture or several.
    pub(super) fn run_backbone(&self, pixels: &[u8]) -> Result<Backbone> {
        match &self.parts {
            Parts::Whole(_) => Ok(Backbone(None)),
            Parts::Split { backbone, .. } => {
                self.check_files()?;
                let _turn = self.turn(None);
                Ok(Backbone(Some(self.run_image(backbone, pixels, &["featmap"])?.remove(0))))
            }
        }
    }

    /// Runs a head (or the whole single-task model): the tensors of [`wanted`], as many in a batch as there are pictures.
    pub(super) fn run_head(&self, task: Task, pixels: &[u8], shared: &Backbone) -> Result<Vec<Tensor>> {
        self.check_files()?;
        let late_normals = self.info.framing == ModelFraming::Sapiens1;
        let outputs = wanted(task, self.gives_raw(), self.decoded_seg, late_normals);
        let _turn = self.turn(Some(task));
        match (&self.parts, &shared.0) {
            (Parts::Split { heads, .. }, Some(featmap)) => {
                let session = heads.iter().find(|(t, _)| *t == task).map(|(_, s)| s);
                let session = session.ok_or_else(|| Error::invalid(format!("task `{task}` was not loaded")))?;
                session.run(&[("featmap", featmap.view())], outputs)
            }
            (Parts::Whole(session), _) => self.run_image(session, pixels, outputs),
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

    fn run_image(&self, session: &Session, pixels: &[u8], outputs: &[&str]) -> Result<Vec<Tensor>> {
        let size = self.info.input;
        let bytes = 3 * size.width * size.height;
        let batch = pixels.len() / bytes.max(1);
        if self.info.raw {
            let shape = [batch, 3, size.height, size.width];
            let pictures = pixels.chunks_exact(bytes).map(|picture| normalise(picture, size));
            let floats = pictures.collect::<Result<Vec<_>>>()?.concat();
            return session.run(&[(&self.input, View::F32(&shape, &floats))], outputs);
        }
        session.run(&[(&self.input, View::U8(&[batch, size.height, size.width, 3], pixels))], outputs)
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("name", &self.name).field("info", &self.info).finish_non_exhaustive()
    }
}

/// The graph of each session of a model: the whole for a single task, or the backbone and each head.
pub(super) fn parts(model: &ModelProto, info: &ModelInfo, options: &LoadOptions) -> Result<Vec<ModelProto>> {
    let input = first_input(model)?;
    let late_normals = info.framing == ModelFraming::Sapiens1;
    let raw = info.raw || options.flip_test;
    let outputs = |task: Task| wanted(task, raw, gives_labels(info, options), late_normals);
    match info.tasks.as_slice() {
        [] => Err(Error::new(ErrorKind::CorruptModel, "the model has no task")),
        [task] => Ok(vec![cut(model, &[input], outputs(*task))?]),
        tasks => {
            let backbone = std::iter::once(cut(model, &[input], &["featmap"]));
            backbone.chain(tasks.iter().map(|&task| cut(model, &["featmap"], outputs(task)))).collect()
        }
    }
}

fn first_input(model: &ModelProto) -> Result<&str> {
    let first = model.graph.iter().flat_map(|g| &g.input).map(|input| input.name.as_str()).next();
    first.ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the graph has no input"))
}

/// Whether segmentation comes as labels and confidences.
fn gives_labels(info: &ModelInfo, options: &LoadOptions) -> bool {
    options.decoded_seg && !info.raw && !options.flip_test
}

/// The graph values a task is decoded from.
///
/// Segmentation is decoded from the logits unless the caller does without: the official pipeline scales them, not the
/// labels, to the image. The flip test averages before decoding, so it needs what the network gives.
/// Sapiens v1 scales normals to the image before it makes them unit vectors: `late_normals`.
pub(super) fn wanted(task: Task, raw: bool, decoded_seg: bool, late_normals: bool) -> &'static [&'static str] {
    match task {
        Task::Normal if late_normals => task.raw_outputs(),
        Task::Seg if !decoded_seg => task.raw_outputs(),
        _ if raw => task.raw_outputs(),
        _ => task.decoded_outputs(),
    }
}
