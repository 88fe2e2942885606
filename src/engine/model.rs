//! A loaded model: one session, or a shared backbone and one session per head.

use super::attention;
use super::load::{LoadOptions, Loaded};
use super::region::{Regional, is_regional};
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{Cells, WINDOWS, cut, proto::ModelProto, unfuse_attention};
use crate::preprocess::normalise;
use crate::runtime::{Device, Library, Session, SessionOptions, Tensor, View};
use crate::spec::{ModelFraming, ModelInfo, Task};

/// A model on a device. Shared freely between threads; runs of one model are serialised.
pub struct Model {
    name: String,
    info: ModelInfo,
    input: String,
    flip_test: bool,
    fused_attention: bool,
    wanted: Wanted,
    parts: Parts,
    watched: Vec<super::watch::Watched>,
    _temporary: Option<tempfile::TempDir>,
}

enum Parts {
    /// A single task.
    Whole(Session),
    /// A backbone run once per picture, and heads that take its feature map.
    Split { backbone: Session, heads: Vec<Head> },
}

/// What a task has for itself.
struct Head {
    task: Task,
    session: Session,
    /// If it can run for a part of the feature map.
    regional: Option<Regional>,
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
        let input = loaded
            .model
            .graph
            .iter()
            .flat_map(|g| &g.input)
            .map(|i| i.name.clone())
            .next()
            .ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the graph has no input"))?;
        let open = |part: &ModelProto| loaded.open(library, part, &options.session);
        let varying = SessionOptions { varying: true, ..options.session.clone() };
        let wanted = Wanted::new(&info, options);
        let parts = match info.tasks.as_slice() {
            [] => return Err(Error::new(ErrorKind::CorruptModel, "the model has no task")),
            [task] if !(options.regions && is_regional(*task)) => {
                Parts::Whole(open(&cut(&loaded.model, &[&input], wanted.of(*task))?)?)
            }
            tasks => Parts::Split {
                backbone: open(&cut(&loaded.model, &[&input], &["featmap"])?)?,
                heads: tasks
                    .iter()
                    .map(|&task| {
                        let part = cut(&loaded.model, &["featmap"], wanted.of(task))?;
                        if !(options.regions && is_regional(task)) {
                            return Ok(Head { task, session: open(&part)?, regional: None });
                        }
                        let (part, regional) = Regional::of(part)?;
                        Ok(Head { task, session: loaded.open(library, &part, &varying)?, regional: Some(regional) })
                    })
                    .collect::<Result<_>>()?,
            },
        };
        // Mapped files may go on Unix; elsewhere they must stay as long as the sessions.
        let temporary = if cfg!(unix) { None } else { loaded.temporary };
        Ok(Self {
            name,
            info,
            input,
            flip_test: options.flip_test,
            fused_attention,
            wanted,
            parts,
            watched: loaded.watched,
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

    /// Whether results are averaged with those of the mirrored picture.
    pub fn flip_test(&self) -> bool {
        self.flip_test
    }

    /// Whether attention runs as one operator. Where a listed device computes that wrongly (WebGPU on devices with
    /// subgroups of 4 lanes), it is written out: right, but slower and with much more memory.
    pub fn fused_attention(&self) -> bool {
        self.fused_attention
    }

    /// How often its sessions have run: the backbone that its heads share (or the whole of a single task), and each head.
    pub fn runs(&self) -> (u64, Vec<(Task, u64)>) {
        match &self.parts {
            Parts::Whole(session) => (session.runs(), Vec::new()),
            Parts::Split { backbone, heads } => {
                (backbone.runs(), heads.iter().map(|head| (head.task, head.session.runs())).collect())
            }
        }
    }

    fn first_session(&self) -> &Session {
        match &self.parts {
            Parts::Whole(session) => session,
            Parts::Split { backbone, .. } => backbone,
        }
    }

    /// Whether the outputs of a task are those of the network, before any decoding.
    pub(super) fn gives_raw(&self) -> bool {
        self.wanted.raw
    }

    /// Whether segmentation comes as labels and confidences rather than logits.
    pub(super) fn gives_labels(&self) -> bool {
        self.wanted.decoded_seg
    }

    /// Runs what several heads share. `pixels`: RGB8 HWC of the input size, one picture or several.
    pub(super) fn run_backbone(&self, pixels: &[u8]) -> Result<Backbone> {
        match &self.parts {
            Parts::Whole(_) => Ok(Backbone(None)),
            Parts::Split { backbone, .. } => {
                self.check_files()?;
                Ok(Backbone(Some(self.run_image(backbone, pixels, &["featmap"])?.remove(0))))
            }
        }
    }

    /// How a head runs for a part of the feature map, if the model is loaded so.
    pub(super) fn regional(&self, task: Task) -> Option<&Regional> {
        match &self.parts {
            Parts::Whole(_) => None,
            Parts::Split { heads, .. } => heads.iter().find(|head| head.task == task)?.regional.as_ref(),
        }
    }

    /// Runs a head (or the whole single-task model): the tensors of [`Wanted`], as many in a batch as there are pictures. With
    /// `cells` only for these of the feature map, the rest is 0.
    pub(super) fn run_head(
        &self,
        task: Task,
        pixels: &[u8],
        shared: &Backbone,
        cells: Option<&Cells>,
    ) -> Result<Vec<Tensor>> {
        self.check_files()?;
        let outputs = self.wanted.of(task);
        match (&self.parts, &shared.0) {
            (Parts::Split { heads, .. }, Some(featmap)) => {
                let head = heads.iter().find(|head| head.task == task);
                let head = head.ok_or_else(|| Error::invalid(format!("task `{task}` was not loaded")))?;
                let Some(regional) = &head.regional else {
                    return head.session.run(&[("featmap", featmap.view())], outputs);
                };
                let cells = cells.cloned().unwrap_or_else(|| regional.all());
                let windows = regional.values(&cells);
                let shape = [windows.len()];
                let inputs = [("featmap", featmap.view()), (WINDOWS, View::F32(&shape, &windows))];
                regional.restore(head.session.run(&inputs, outputs)?, &cells)
            }
            (Parts::Whole(session), _) => self.run_image(session, pixels, outputs),
            (Parts::Split { .. }, None) => Err(Error::new(ErrorKind::Runtime, "the backbone has not run")),
        }
    }

    fn check_files(&self) -> Result<()> {
        self.watched.iter().try_for_each(super::watch::Watched::check)
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

/// The graph values tasks are decoded from.
///
/// Segmentation is decoded from the logits unless the caller does without: the official pipeline scales them, not the
/// labels, to the image. The flip test averages before decoding, so it needs what the network gives.
/// Sapiens v1 scales normals to the image before it makes them unit vectors.
#[derive(Clone, Copy)]
struct Wanted {
    raw: bool,
    decoded_seg: bool,
    late_normals: bool,
}

impl Wanted {
    fn new(info: &ModelInfo, options: &LoadOptions) -> Self {
        let raw = info.raw || options.flip_test;
        let late_normals = info.framing == ModelFraming::Sapiens1;
        Self { raw, decoded_seg: options.decoded_seg && !raw, late_normals }
    }

    fn of(self, task: Task) -> &'static [&'static str] {
        match task {
            Task::Normal if self.late_normals => task.raw_outputs(),
            Task::Seg if !self.decoded_seg => task.raw_outputs(),
            _ if self.raw => task.raw_outputs(),
            _ => task.decoded_outputs(),
        }
    }
}
