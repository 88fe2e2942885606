//! What a converted graph says about itself, as metadata entries `sapiens.*`.

use super::head::DETECTOR_OUTPUT;
use crate::error::{Error, ErrorKind, Result};
use crate::file::write_atomic;
use crate::geometry::Size;
use crate::onnx::proto::{ModelProto, StringStringEntryProto, dimension};
use crate::spec::{Certificate, DetectorInfo, ModelInfo, Task};
use prost::Message;
use std::path::Path;

/// Version of the layout of inputs, outputs and metadata. Higher ones are refused.
const FORMAT: u32 = 1;
/// The measured error, as JSON.
const CERTIFICATE: &str = "sapiens.certificate";

/// The entries of a model, without the hash of its source when that is not known.
pub(super) fn entries(info: &ModelInfo) -> Vec<(&'static str, String)> {
    let tasks: Vec<_> = info.tasks.iter().map(|t| t.name()).collect();
    let detector = info.detector.filter(|_| tasks.is_empty());
    let tasks = if tasks.is_empty() { DETECTOR_OUTPUT.to_owned() } else { tasks.join(",") };
    let mut entries = vec![("sapiens.format", FORMAT.to_string()), ("sapiens.task", tasks)];
    if let Some(DetectorInfo { family, stride, .. }) = detector {
        entries.push(("sapiens.detector", family.to_string()));
        entries.push(("sapiens.stride", stride.to_string()));
    }
    entries.extend([
        ("sapiens.size", info.size.clone()),
        ("sapiens.parameters", info.parameters.to_string()),
        ("sapiens.input", info.input.to_string()),
        ("sapiens.framing", info.framing.to_string()),
        ("sapiens.heatmap", info.heatmap.to_string()),
        ("sapiens.rope", info.rope.to_string()),
        ("sapiens.precision", info.precision.to_string()),
        ("sapiens.normal_frame", info.normal_frame.to_string()),
        ("sapiens.raw", info.raw.to_string()),
        ("sapiens.source_sha256", info.source_sha256.clone()),
        ("sapiens.license", info.licence.to_string()),
    ]);
    // Graphs without it stay as they were.
    if info.winograd > 0 {
        entries.push(("sapiens.winograd", info.winograd.to_string()));
    }
    entries
}

/// Writes what a conversion was measured to cost into the metadata of a converted graph, in place of what stood there. A reader
/// finds the old graph or the new one.
///
/// # Errors
/// Those of reading the graph; `Io`.
pub fn set_certificate(path: &Path, certificate: &Certificate) -> Result<()> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("read the graph", path, e))?;
    let mut model = ModelProto::decode(bytes.as_slice())
        .map_err(|e| Error::new(ErrorKind::CorruptModel, format!("this is not an ONNX file: {e}")).at(path))?;
    read(&model).map_err(|e| e.at(path))?;
    let text = serde_json::to_string(certificate)
        .map_err(|e| Error::invalid(format!("certificate: it cannot be written as JSON: {e}")))?;
    model.metadata_props.retain(|entry| entry.key != CERTIFICATE);
    model.metadata_props.push(StringStringEntryProto::new(CERTIFICATE, text));
    write_atomic(path, |out| out.write_all(&model.encode_to_vec()))
}

/// Sets the hash of the source, once known.
pub(super) fn set_source(model: &mut ModelProto, sha256: &str) {
    for entry in &mut model.metadata_props {
        if entry.key == "sapiens.source_sha256" {
            sha256.clone_into(&mut entry.value);
        }
    }
}

/// Reads the metadata of a graph of tasks.
///
/// # Errors
/// `UnknownModel` for a graph that was not converted by this library, with what to do instead; `Unsupported` for one
/// converted by a later version, and for a detector; `CorruptModel` for entries that are missing or make no sense.
pub fn read_info(model: &ModelProto) -> Result<ModelInfo> {
    let info = read(model)?;
    if info.tasks.is_empty() {
        let message = "this graph is a person detector alone: give it as the detector (`--detector`), or load the bundle it \
                       was made from";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(info)
}

/// Reads the metadata of the graph of a detector.
///
/// # Errors
/// As for [`read_info`]; `Unsupported` for a graph of tasks.
pub fn read_detector_info(model: &ModelProto) -> Result<ModelInfo> {
    let info = read(model)?;
    if info.detector.is_none() {
        let message = "no person detector: this converted graph has tasks, and what it was converted from may have one";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(info)
}

/// What a declared value of the graph has along one axis, where that is fixed.
fn extent(model: &ModelProto, name: &str, axis: usize) -> Option<usize> {
    let mut declared = model.graph.iter().flat_map(|g| g.output.iter().chain(&g.value_info));
    let value = declared.find(|value| value.name == name)?;
    match value.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?.dim.get(axis)?.value.as_ref()? {
        dimension::Value::DimValue(extent) => usize::try_from(*extent).ok(),
        dimension::Value::DimParam(_) => None,
    }
}

fn read(model: &ModelProto) -> Result<ModelInfo> {
    let find = |key: &str| model.metadata_props.iter().find(|e| e.key == key).map(|e| e.value.as_str());
    let Some(format) = find("sapiens.format") else {
        let by = if model.producer_name.is_empty() { "an unnamed program" } else { &model.producer_name };
        return Err(Error::new(
            ErrorKind::UnknownModel,
            format!(
                "this ONNX graph was made by {by}, not by `sapiens convert`: its inputs, outputs and framing are \
                 unknown. Convert the original .safetensors checkpoint instead"
            ),
        ));
    };
    if format.parse::<u32>().map_or(true, |v| v > FORMAT) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "this graph has format {format}; this version of the library reads up to {FORMAT}. Convert it again"
            ),
        ));
    }
    let entry = |key: &str| {
        find(key).ok_or_else(|| Error::new(ErrorKind::CorruptModel, format!("the graph's metadata lacks `{key}`")))
    };
    let wrong = |key: &str, value: &str| {
        Error::new(
            ErrorKind::CorruptModel,
            format!("the graph's metadata entry `{key}` is `{value}`, which makes no sense"),
        )
    };
    fn parse<T: std::str::FromStr>(value: &str, error: impl Fn() -> Error) -> Result<T> {
        value.parse().map_err(|_| error())
    }
    macro_rules! field {
        ($key:literal) => {{
            let value = entry($key)?;
            parse(value, || wrong($key, value))?
        }};
    }
    let input = entry("sapiens.input")?;
    let size = input.split_once('x').and_then(|(h, w)| Some(Size::new(w.parse().ok()?, h.parse().ok()?)));
    let input = size.filter(|s| s.width > 0 && s.height > 0).ok_or_else(|| wrong("sapiens.input", input))?;
    let (tasks, detector) = match entry("sapiens.task")? {
        DETECTOR_OUTPUT => {
            let (family, stride) = (field!("sapiens.detector"), field!("sapiens.stride"));
            (Ok(Vec::new()), Some(DetectorInfo { family, input, stride }))
        }
        tasks => (tasks.split(',').map(str::parse::<Task>).collect::<Result<Vec<_>>>(), None),
    };
    Ok(ModelInfo {
        tasks: tasks.map_err(|e| Error::new(ErrorKind::CorruptModel, format!("the graph's metadata: {e}")))?,
        size: entry("sapiens.size")?.to_owned(),
        parameters: field!("sapiens.parameters"),
        input,
        // Declared as outputs or as inner values, whatever else the graph decodes.
        keypoints: extent(model, "keypoints", 1).or(extent(model, "heatmaps", 1)).unwrap_or(0),
        classes: extent(model, "logits", 1).unwrap_or(0),
        framing: field!("sapiens.framing"),
        heatmap: field!("sapiens.heatmap"),
        rope: field!("sapiens.rope"),
        precision: field!("sapiens.precision"),
        normal_frame: field!("sapiens.normal_frame"),
        raw: field!("sapiens.raw"),
        winograd: find("sapiens.winograd").map_or(Ok(0), |v| parse(v, || wrong("sapiens.winograd", v)))?,
        source_sha256: entry("sapiens.source_sha256")?.to_owned(),
        licence: field!("sapiens.license"),
        detector,
        // Nothing depends on it: one that a later version wrote in other words is not read.
        certificate: find(CERTIFICATE).and_then(|text| serde_json::from_str(text).ok()),
    })
}
