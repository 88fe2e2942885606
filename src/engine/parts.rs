//! The sessions of a model: one for a single task, or a backbone that is run once per picture and a head per task.

use super::load::LoadOptions;
use super::prepared;
use super::region::{Regional, is_regional};
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{cut, proto::ModelProto};
use crate::runtime::{Device, Session, SessionOptions};
use crate::spec::{ModelFraming, ModelInfo, Task};

/// What is loaded of a model.
pub(super) enum Parts {
    /// A single task.
    Whole(Session),
    /// A backbone run once per picture, and heads that take its feature map.
    Split { backbone: Session, heads: Vec<Head> },
}

/// What a task has for itself.
pub(super) struct Head {
    pub task: Task,
    pub session: Session,
    /// If it can run for a part of the feature map.
    pub regional: Option<Regional>,
}

/// The graph of one session.
pub(super) struct Part {
    pub graph: ModelProto,
    /// `None`: the backbone.
    task: Option<Task>,
    regional: Option<Regional>,
}

/// The graph of each session of a model: the whole for a single task, or the backbone and each head.
///
/// # Errors
/// `CorruptModel` for a graph without inputs, and for a model without tasks.
pub(super) fn graphs(model: &ModelProto, info: &ModelInfo, options: &LoadOptions) -> Result<Vec<Part>> {
    let input = first_input(model)?;
    let wanted = Wanted::new(info, options);
    let is_windowed = |task: Task| options.regions && is_regional(task);
    let is_apart = |task: Task| is_windowed(task) || (prepared::is_wanted(options) && task != Task::Features);
    let head = |&task: &Task| -> Result<Part> {
        let graph = cut(model, &["featmap"], wanted.of(task))?;
        if !is_windowed(task) {
            return Ok(Part { graph, task: Some(task), regional: None });
        }
        let (graph, regional) = Regional::of(graph)?;
        Ok(Part { graph, task: Some(task), regional: Some(regional) })
    };
    match info.tasks.as_slice() {
        [] => Err(Error::new(ErrorKind::CorruptModel, "the model has no task")),
        &[task] if !is_apart(task) => {
            let graph = cut(model, &[input], wanted.of(task))?;
            Ok(vec![Part { graph, task: Some(task), regional: None }])
        }
        tasks => {
            let graph = cut(model, &[input], &["featmap"])?;
            let backbone = Part { graph, task: None, regional: None };
            std::iter::once(Ok(backbone)).chain(tasks.iter().map(head)).collect()
        }
    }
}

/// The name of the input that takes pictures.
pub(super) fn first_input(model: &ModelProto) -> Result<&str> {
    let first = model.graph.iter().flat_map(|g| &g.input).map(|input| input.name.as_str()).next();
    first.ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the graph has no input"))
}

impl Parts {
    /// Opens a session of each graph; `open` is told whether it is a head.
    pub fn open(
        graphs: Vec<Part>,
        options: &SessionOptions,
        open: impl Fn(&ModelProto, &SessionOptions, bool) -> Result<Session>,
    ) -> Result<Self> {
        let varying = SessionOptions { varying: true, ..options.clone() };
        let (mut first, mut heads) = (None, Vec::new());
        let is_whole = graphs.len() == 1;
        for Part { graph, task, regional } in graphs {
            let is_head = task.is_some() && !is_whole;
            let session = open(&graph, if regional.is_some() { &varying } else { options }, is_head)?;
            match task {
                Some(task) if !is_whole => heads.push(Head { task, session, regional }),
                _ => first = Some(session),
            }
        }
        let first = first.ok_or_else(|| Error::new(ErrorKind::Internal, "a model has no first session"))?;
        Ok(if is_whole { Self::Whole(first) } else { Self::Split { backbone: first, heads } })
    }

    /// The one that sees the picture.
    pub fn first(&self) -> &Session {
        match self {
            Self::Whole(session) => session,
            Self::Split { backbone, .. } => backbone,
        }
    }

    pub fn device(&self) -> Device {
        self.first().device()
    }

    /// All of them, the first first, heads with their task.
    pub fn sessions(&self) -> impl Iterator<Item = (Option<Task>, &Session)> {
        let heads = match self {
            Self::Whole(_) => &[],
            Self::Split { heads, .. } => heads.as_slice(),
        };
        std::iter::once((None, self.first())).chain(heads.iter().map(|head| (Some(head.task), &head.session)))
    }

    /// Of a task that is loaded beside others.
    pub fn head(&self, task: Task) -> Option<&Head> {
        match self {
            Self::Whole(_) => None,
            Self::Split { heads, .. } => heads.iter().find(|head| head.task == task),
        }
    }

    /// Whether one of them takes one picture per run. A head can have ended on another device of the list than the backbone.
    pub fn is_single(&self) -> bool {
        match self {
            Self::Whole(session) => session.is_single(),
            Self::Split { backbone, heads } => {
                backbone.is_single() || heads.iter().any(|head| head.session.is_single())
            }
        }
    }

    /// How often the first has run, and each head.
    pub fn runs(&self) -> (u64, Vec<(Task, u64)>) {
        match self {
            Self::Whole(session) => (session.runs(), Vec::new()),
            Self::Split { backbone, heads } => {
                (backbone.runs(), heads.iter().map(|head| (head.task, head.session.runs())).collect())
            }
        }
    }
}

/// The graph values tasks are decoded from.
///
/// Segmentation is decoded from the logits unless the caller does without: the official pipeline scales them, not the
/// labels, to the image. The flip test averages before decoding, so it needs what the network gives.
/// Sapiens v1 scales normals to the image before it makes them unit vectors.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub raw: bool,
    pub decoded_seg: bool,
    late_normals: bool,
}

impl Wanted {
    pub fn new(info: &ModelInfo, options: &LoadOptions) -> Self {
        let raw = info.raw || options.flip_test;
        let late_normals = info.framing == ModelFraming::Sapiens1;
        Self { raw, decoded_seg: options.decoded_seg && !raw, late_normals }
    }

    pub fn of(self, task: Task) -> &'static [&'static str] {
        match task {
            Task::Normal if self.late_normals => task.raw_outputs(),
            Task::Seg if !self.decoded_seg => task.raw_outputs(),
            _ if self.raw => task.raw_outputs(),
            _ => task.decoded_outputs(),
        }
    }
}
