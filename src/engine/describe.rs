//! What a file is, without loading it; whether a device works.

use super::load::{ModelSource, checkpoint, is_graph, read_graph};
use crate::checkpoint::{Arch, Head, HeadNorm, Hints, Source, model_info};
use crate::convert;
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::proto::{ModelProto, dimension};
use crate::onnx::{Builder, Dim, Element};
use crate::runtime::{Device, Engines, Library, ModelBytes, Session, SessionOptions, View};
use crate::spec::{DetectorInfo, ModelFraming, ModelInfo, Precision, Task};
use prost::Message;
use serde::Serialize;
use std::path::Path;

/// What a model file is.
#[derive(Debug, Clone, Serialize)]
pub struct Description {
    /// `checkpoint`, `bundle` (one backbone, several heads), `converted graph`, `person detector` or `converted person
    /// detector`.
    pub kind: String,
    /// `Sapiens2` or `Sapiens v1`; of a detector alone its kind.
    pub family: String,
    /// Its tasks in one word: `pose`, or several joined by `+`; of a detector `detection`.
    pub task: String,
    /// Facts that a converted model also carries.
    #[serde(flatten)]
    pub info: ModelInfo,
    /// Element type most of the weights are stored in.
    pub dtype: String,
    /// Number of tensors.
    pub tensors: usize,
    /// The backbone in words.
    pub backbone: Option<String>,
    /// Each head in words, a person detector last; for a converted graph its outputs.
    pub heads: Vec<String>,
}

/// Describes a `.safetensors` or `.pth` checkpoint or a converted `.onnx` graph from its header.
///
/// # Errors
/// As for loading it; weights are not read.
pub fn describe(path: &Path) -> Result<Description> {
    describe_with(path, Hints::default())
}

/// Describes a checkpoint of Sapiens v1 whose tensors do not say everything; any other file refuses hints.
///
/// # Errors
/// As for [`describe`]; `InvalidArgument` for hints that a file cannot have.
pub fn describe_with(path: &Path, hints: Hints) -> Result<Description> {
    let described = match is_graph(path) {
        true if hints != Hints::default() => {
            Err(Error::invalid("heads and patch padding are built into a converted graph; leave them out"))
        }
        true => describe_graph(path),
        false => describe_source(&Source::open(path)?.with_hints(hints)),
    };
    described.map_err(|e| e.at(path))
}

fn describe_graph(path: &Path) -> Result<Description> {
    let model = read_graph(path)?;
    let detector = convert::read_detector_info(&model).ok();
    let info = match detector {
        Some(info) => info,
        None => convert::read_info(&model)?,
    };
    let tensors = model.graph.iter().flat_map(|g| &g.initializer).filter(|t| t.data_location == 1).count();
    // In the words that safetensors has for element types, as for checkpoints.
    let dtype = match info.precision {
        Precision::Fp32 => "F32",
        Precision::Fp16 => "F16",
        Precision::Bf16 => "BF16",
    };
    let mut heads: Vec<String> = info
        .tasks
        .iter()
        .map(|&task| {
            let names = if info.raw { task.raw_outputs() } else { task.decoded_outputs() };
            outputs_text(task.name(), &|name| names.contains(&name), &model)
        })
        .collect();
    if let Some(detector) = info.detector {
        heads.push(outputs_text(detector.family.name(), &|_| true, &model));
    }
    Ok(Description {
        task: task_text(&info),
        kind: if info.detector.is_some() { "converted person detector" } else { "converted graph" }.into(),
        family: family_text(&info),
        info,
        dtype: dtype.into(),
        tensors,
        backbone: None,
        heads,
    })
}

/// What a converted graph gives for a task: names and shapes of the outputs.
fn outputs_text(task: &str, is_its: &dyn Fn(&str) -> bool, model: &ModelProto) -> String {
    let outputs = model.graph.iter().flat_map(|g| &g.output).filter(|o| is_its(&o.name));
    let texts: Vec<_> = outputs
        .map(|output| {
            let shape =
                output.r#type.iter().filter_map(|t| t.tensor_type.as_ref()?.shape.as_ref()).flat_map(|s| &s.dim);
            let dims: Vec<_> = shape
                .map(|d| match &d.value {
                    Some(dimension::Value::DimValue(extent)) => extent.to_string(),
                    Some(dimension::Value::DimParam(name)) => name.clone(),
                    None => "?".to_owned(),
                })
                .collect();
            format!("{} [{}]", output.name, dims.join(", "))
        })
        .collect();
    format!("{task}: outputs {}", texts.join(", "))
}

fn describe_source(source: &Source) -> Result<Description> {
    if source.naming().detector().is_some() {
        return super::describe_detector::describe(source);
    }
    let arch = Arch::derive(source)?;
    let info = model_info(source, &arch)?;
    let kv = arch.layers.iter().filter(|l| l.kv_heads != arch.heads).count();
    let mut backbone =
        format!("{} layers, width {}, {} heads of {}", arch.layers.len(), arch.embed, arch.heads, arch.head_dim);
    if kv > 0 {
        backbone += &format!(", {kv} layers with grouped keys");
    }
    if let Some(tokenizer) = &arch.tokenizer {
        backbone += &format!(", window tokenizer of {} layers", tokenizer.layers.len());
    }
    if let Some(v1) = arch.sapiens1 {
        let cls = if v1.has_cls { "class token, " } else { "" };
        backbone += &format!(", {cls}{} x {} positions, patch padding {}", v1.grid.height, v1.grid.width, v1.padding);
    }
    let mut heads: Vec<String> = arch.heads_by_task.iter().map(|(task, head)| head_text(task.name(), head)).collect();
    if let (Some(head), Some(detector)) = (&arch.detector, info.detector) {
        let (text, DetectorInfo { input, stride, .. }) = (head_text("person detector", head), detector);
        heads.push(format!("{text}, input {input} (height x width), stride {stride}"));
    }
    Ok(Description {
        task: task_text(&info),
        kind: if arch.is_bundle { "bundle" } else { "checkpoint" }.into(),
        family: family_text(&info),
        info,
        dtype: source.main_dtype().map_or_else(|| "nothing".into(), |d| d.to_string()),
        tensors: source.checkpoint().names().count(),
        backbone: Some(backbone),
        heads,
    })
}

pub(super) fn family_text(info: &ModelInfo) -> String {
    match info.detector {
        Some(detector) if info.tasks.is_empty() => detector.family.to_string(),
        _ if info.framing == ModelFraming::Sapiens1 => "Sapiens v1".into(),
        _ => "Sapiens2".into(),
    }
}

pub(super) fn task_text(info: &ModelInfo) -> String {
    if info.tasks.is_empty() {
        return "detection".into();
    }
    info.tasks.iter().map(|t| t.name()).collect::<Vec<_>>().join("+")
}

fn head_text(name: &str, head: &Head) -> String {
    let list = |convs: &[crate::checkpoint::Conv], divisor: usize| {
        convs.iter().map(|c| (c.output / divisor).to_string()).collect::<Vec<_>>().join(", ")
    };
    match head {
        Head::Deconv { deconv, conv, .. } => {
            format!("{name}: deconv [{}], conv [{}], {} channels", list(deconv, 1), list(conv, 1), head.out())
        }
        Head::PixelShuffle { upsample, conv, norm, scale, .. } => {
            let norm = if *norm == HeadNorm::ChannelRms { ", channel RMS norm" } else { "" };
            let scale = if scale.is_some() { ", scale branch" } else { "" };
            let (up, conv) = (list(upsample, 4), list(conv, 1));
            format!("{name}: pixel shuffle [{up}], conv [{conv}], {} channels{norm}{scale}", head.out())
        }
    }
}

/// The tasks a source has, from its header.
pub(super) fn tasks_of(source: &ModelSource) -> Result<Vec<Task>> {
    match source {
        ModelSource::Path(path) => Ok(describe(path)?.info.tasks),
        _ => checkpoint(source).and_then(|c| Ok(Arch::derive(&c)?.tasks())).map_err(|e| source.locate(e)),
    }
}

/// Runs a graph of one addition on a device: whether it works at all.
///
/// # Errors
/// `Device` with the reason it does not.
pub fn try_device(library: &'static Library, device: Device) -> Result<()> {
    let mut b = Builder::new();
    let dims = [Dim::Batch, Dim::Fixed(2)];
    let x = b.input("x", Element::F32, &dims);
    let y = b.op("Add", &[&x, &x], &[]);
    let y = b.rename(&y, "y");
    b.output(&y, Element::F32, &dims);
    let graph = b.finish("probe", &[]).encode_to_vec();
    let mut options = SessionOptions { devices: vec![device], ..SessionOptions::default() };
    // One addition takes no minutes.
    options.providers.engines = Engines::Build;
    let session = Session::open(library, ModelBytes { graph: &graph, folder: None, weights: None }, &options)?;
    let found = session.run(&[("x", View::F32(&[1, 2], &[1.0, 2.5]))], &["y"])?;
    match found.first().map(|t| t.floats()).transpose()? {
        Some([2.0, 5.0]) => Ok(()),
        other => Err(Error::new(ErrorKind::Device, format!("device {device} computes [1, 2.5] * 2 = {other:?}"))),
    }
}
