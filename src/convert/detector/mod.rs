//! Person detectors that are models of their own: RTMDet and DETR.

mod detr;
mod layers;
mod rtmdet;

pub use detr::DETR_OUTPUTS;
pub use rtmdet::{RTMDET_OUTPUTS, RTMDET_RAW_OUTPUTS};

use super::{ConvertOptions, Plan, metadata};
use crate::checkpoint::{Detr, DetrConfig, Naming, RtmDet, Source};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::onnx::cut;
use crate::spec::{
    DetectorFamily, DetectorInfo, HeatmapCodec, Licence, ModelFraming, ModelInfo, NormalFrame, Precision,
    RTMDET_STRIDES, Rope,
};
use layers::Layers;

/// Largest side of an input: the whole picture at once, so more only exhausts memory.
const MAX_SIDE: usize = 4096;
/// Input of RTMDet: a square of this side.
const RTMDET_SIDE: usize = 640;
/// Input of DETR: the shorter side of the picture as height, the longest that the other may have as width.
const DETR_LIMITS: Size = Size::new(1333, 800);

/// The facts of a checkpoint that is a detector alone, without converting it.
///
/// # Errors
/// `UnknownModel` for one that is none; those of [`Arch::derive`](crate::checkpoint::Arch::derive).
pub fn detector_info(source: &Source) -> Result<ModelInfo> {
    match source.naming() {
        Naming::RtmDet => Ok(rtmdet_info(&RtmDet::derive(source)?)),
        _ => {
            let detr = Detr::derive(source)?;
            let config = DetrConfig::of(source, &detr)?;
            Ok(detr_info(&detr, config))
        }
    }
}

/// Builds the graph; `None` for a checkpoint that is no detector alone.
pub(super) fn plan(source: &Source, options: &ConvertOptions) -> Result<Option<Plan>> {
    if source.naming().detector().is_none() {
        return Ok(None);
    }
    if options.precision.is_some_and(|precision| precision != Precision::Fp32) {
        return Err(Error::invalid("precision: a detector alone is converted in fp32"));
    }
    let mut net = Layers::default();
    let (info, raw): (_, &[&str]) = match source.naming() {
        Naming::RtmDet => {
            let det = RtmDet::derive(source)?;
            let info = with_input(rtmdet_info(&det), options.input, check_rtmdet_input)?;
            rtmdet::build(&mut net, &det, info.input);
            (info, &RTMDET_RAW_OUTPUTS)
        }
        _ => {
            let detr = Detr::derive(source)?;
            let config = DetrConfig::of(source, &detr)?;
            let info = with_input(detr_info(&detr, config), options.input, check_detr_input)?;
            detr::build(&mut net, &detr, config);
            (info, &DETR_OUTPUTS)
        }
    };
    let info = ModelInfo { raw: options.raw, ..info };
    let Layers { b, jobs } = net;
    let mut model = b.finish("sapiens detector", &metadata::entries(&info));
    if options.raw {
        model = cut(&model, &["input"], raw)?;
    }
    // What only decoding needs is not in a raw graph.
    let needed = |name: &String| model.graph.iter().flat_map(|g| &g.initializer).any(|t| t.name == *name);
    let jobs = jobs.into_iter().filter(|job| needed(&job.name)).collect();
    Ok(Some(Plan { model, info, jobs }))
}

fn rtmdet_info(det: &RtmDet) -> ModelInfo {
    let input = Size::new(RTMDET_SIDE, RTMDET_SIDE);
    info(DetectorFamily::RtmDet, det.label().to_owned(), det.parameters, input, RTMDET_STRIDES[0])
}

fn detr_info(detr: &Detr, config: DetrConfig) -> ModelInfo {
    let label = format!("{}{}", detr.label(), if config.is_dilated { "-dc5" } else { "" });
    info(DetectorFamily::Detr, label, detr.parameters, DETR_LIMITS, if config.is_dilated { 16 } else { 32 })
}

/// What does not exist in a detector (framing, heatmap, RoPE, normals) has the values that change nothing.
fn info(family: DetectorFamily, size: String, parameters: u64, input: Size, stride: usize) -> ModelInfo {
    ModelInfo {
        tasks: Vec::new(),
        size,
        parameters,
        input,
        keypoints: 0,
        classes: 0,
        framing: ModelFraming::Official,
        heatmap: HeatmapCodec::Udp,
        rope: Rope::Fp32,
        precision: Precision::Fp32,
        normal_frame: NormalFrame::Camera,
        raw: false,
        winograd: 0,
        source_sha256: String::new(),
        licence: Licence::Unknown,
        detector: Some(DetectorInfo { family, input, stride }),
        certificate: None,
    }
}

fn with_input(mut info: ModelInfo, input: Option<Size>, check: fn(Size) -> Result<()>) -> Result<ModelInfo> {
    if let Some(input) = input {
        check(input)?;
        info.input = input;
        if let Some(detector) = &mut info.detector {
            detector.input = input;
        }
    }
    Ok(info)
}

fn check_rtmdet_input(input: Size) -> Result<()> {
    let step = RTMDET_STRIDES[2];
    if input.width == input.height && (step..=MAX_SIDE).contains(&input.width) && input.width.is_multiple_of(step) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "input size {input}: RTMDet sees a square, of a multiple of {step} up to {MAX_SIDE}, such as 640x640"
    )))
}

fn check_detr_input(input: Size) -> Result<()> {
    if (32..=input.width).contains(&input.height) && input.width <= MAX_SIDE {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "input size {input}: DETR scales the shorter side of the picture to the first number and the longer one to at most \
         the second, from 32 to {MAX_SIDE}, such as 800x1333"
    )))
}
