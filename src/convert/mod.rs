//! From a checkpoint to an ONNX graph.
//!
//! [`plan`] builds the graph and lists which weights it needs and how each is made from the checkpoint's tensors;
//! [`plan_detector`] does so for the person detector of a bundle, which sees another picture than the tasks; [`write()`] streams them into a file beside the graph, one tensor at a time; [`to_folder`] into a file for the moment;
//! [`in_memory`] keeps them in one buffer.
//! [`read_info`] is the way back: what a graph converted here says about itself.

mod attention;
mod backbone;
mod decode;
mod detector;
mod head;
mod metadata;
mod net;
mod patch;
mod positions;
mod rope;
mod sapiens1;
mod stream;
mod weights;
mod winograd;
mod write;

pub use detector::{DETR_OUTPUTS, RTMDET_OUTPUTS, RTMDET_RAW_OUTPUTS, detector_info};
pub use head::DETECTOR_OUTPUT;
pub use metadata::{read_detector_info, read_info, set_certificate};
pub use weights::{Progress, Stage};
pub use write::{InMemory, in_memory, to_folder, write};

use crate::checkpoint::{Arch, Source, model_info};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::onnx::proto::ModelProto;
use crate::spec::{ModelInfo, Precision, Rope, Rotation, Task};
use net::Net;

/// How a checkpoint becomes a graph.
#[derive(Debug, Clone, Default)]
pub struct ConvertOptions {
    /// Element type of weights and products; `None` for fp32.
    pub precision: Option<Precision>,
    /// Input size in pixels; `None` for the model's own.
    pub input: Option<Size>,
    /// Normalised floats in, undecoded outputs out.
    pub raw: bool,
    /// Arithmetic of the rotary embedding; `None` for what the model was trained with, and for Sapiens v1, which has none.
    pub rope: Option<Rope>,
    /// How the rotation itself is evaluated with bfloat16 tables.
    pub rotation: Rotation,
    /// The heads to convert; `None` for all.
    pub tasks: Option<Vec<Task>>,
    /// So many more bytes of weights may go into convolutions with less arithmetic (Winograd's minimal filtering), where that
    /// pays on a processor; fp32 only. 0: none.
    pub winograd: u64,
}

/// A graph, and how to make its weights.
pub struct Plan {
    /// The graph; its weights are declared as external data without a place.
    pub model: ModelProto,
    /// What the model is.
    pub info: ModelInfo,
    jobs: Vec<weights::Job>,
}

impl Plan {
    /// Bytes of all weights.
    pub fn weight_bytes(&self) -> u64 {
        self.jobs.iter().map(|job| job.bytes() as u64).sum()
    }
}

/// Builds the graph of a checkpoint.
///
/// Inputs and outputs: with `raw` the input is `input` (float, Nx3xHxW, normalised RGB) and the outputs are those of
/// [`Task::raw_outputs`]; without, the input is `image` (bytes, NxHxWx3, RGB) and the outputs are those of
/// [`Task::decoded_outputs`], with the raw ones declared as inner values so that a part can be cut out at them.
///
/// # Errors
/// `InvalidArgument` for an input size or task that the model cannot have; those of [`Arch::derive`].
pub fn plan(source: &Source, options: &ConvertOptions) -> Result<Plan> {
    let mut arch = Arch::derive(source)?;
    let mut info = info_with(source, &arch, options)?;
    info.detector = None;
    if arch.sapiens1.is_some() && options.rope.is_some() {
        return Err(Error::invalid("rope: Sapiens v1 has no rotary embedding; leave it out"));
    }
    if let Some(tasks) = &options.tasks {
        for task in tasks {
            if !info.tasks.contains(task) && *task != Task::Features {
                let names: Vec<_> = info.tasks.iter().map(|t| t.name()).collect();
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("this model has no head for `{task}`; it has {}", names.join(", ")),
                ));
            }
        }
        info.tasks = Task::ALL.into_iter().filter(|t| tasks.contains(t)).collect();
        if info.tasks.is_empty() {
            return Err(Error::invalid("tasks: the list is empty; name at least one"));
        }
        if info.tasks.len() > 1 && info.tasks.contains(&Task::Features) {
            return Err(Error::invalid("tasks: features stand alone; load the model a second time for its heads"));
        }
    }
    // A head that is not converted does not limit the input size.
    arch.heads_by_task.retain(|(task, _)| info.tasks.contains(task));
    if let Some(input) = options.input {
        arch.check_input(input)?;
        info.input = input;
    }
    let grid = arch.grid(info.input);
    let heads = arch.heads_by_task.iter().map(|(_, head)| head);
    let chosen = winograd::choose(heads, grid, info.precision, options.winograd);
    info.winograd = chosen.len();
    let mut net = Net::new(&arch, &info, options.rotation);
    net.winograd = chosen;
    let tokens = backbone::build(&mut net, grid);
    for &task in &info.tasks {
        head::build(&mut net, task, grid, &tokens)?;
    }
    let (builder, jobs) = net.into_parts();
    let model = builder.finish("sapiens", &metadata::entries(&info));
    Ok(Plan { model, info, jobs })
}

/// Builds the graph of a person detector: of a bundle the backbone at the detector's input size and its head, or the whole of a
/// checkpoint that is a detector alone.
///
/// The input is that of [`plan`]; the outputs are [`DETECTOR_OUTPUT`], [`RTMDET_OUTPUTS`] or [`DETR_OUTPUTS`]. With `raw` it is
/// the value `input` (normalised floats N x 3 x H x W; of RTMDet blue comes first), and the outputs of RTMDet are
/// [`RTMDET_RAW_OUTPUTS`]. `info` of the plan has no task and the detector's input size. `tasks` and `rope` of the options have
/// no meaning for a detector alone.
///
/// # Errors
/// `Unsupported` if there is no detector, `InvalidArgument` for an input size that it cannot have, and for a detector alone in
/// half precision; those of [`Arch::derive`].
pub fn plan_detector(source: &Source, options: &ConvertOptions) -> Result<Plan> {
    if let Some(plan) = detector::plan(source, options)? {
        return Ok(plan);
    }
    let arch = Arch::derive(source)?;
    let mut info = info_with(source, &arch, options)?;
    let (Some(head), Some(detector)) = (&arch.detector, &mut info.detector) else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "this model has no person detector: only a bundle with tensors `decode_heads.detector.*` has one, or is one \
             (RTMDet, DETR)",
        ));
    };
    if let Some(input) = options.input {
        arch.check_detector_input(input)?;
        detector.input = input;
    }
    info.input = detector.input;
    info.tasks.clear();
    let mut net = Net::new(&arch, &info, options.rotation);
    let grid = arch.grid(info.input);
    let tokens = backbone::build(&mut net, grid);
    head::build_detector(&mut net, head, grid, &tokens);
    let (builder, jobs) = net.into_parts();
    let model = builder.finish("sapiens detector", &metadata::entries(&info));
    Ok(Plan { model, info, jobs })
}

/// The facts of a checkpoint, as these options change them.
fn info_with(source: &Source, arch: &Arch, options: &ConvertOptions) -> Result<ModelInfo> {
    let info = model_info(source, arch)?;
    Ok(ModelInfo {
        precision: options.precision.unwrap_or(Precision::Fp32),
        rope: options.rope.unwrap_or(info.rope),
        raw: options.raw,
        ..info
    })
}
