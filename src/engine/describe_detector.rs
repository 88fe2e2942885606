//! What a checkpoint that is a person detector alone is, in words.

use super::describe::{Description, family_text, task_text};
use crate::checkpoint::{Detr, Naming, RtmDet, Source};
use crate::convert::detector_info;
use crate::error::Result;
use crate::geometry::Size;

/// Describes RTMDet or DETR.
pub(super) fn describe(source: &Source) -> Result<Description> {
    let info = detector_info(source)?;
    let Size { width, height } = info.input;
    let (backbone, head) = match source.naming() {
        Naming::RtmDet => {
            let det = RtmDet::derive(source)?;
            let blocks: Vec<String> = det.stages.iter().map(|stage| stage.csp.blocks.len().to_string()).collect();
            let widths: Vec<String> = det.stages.iter().map(|stage| stage.csp.last.output.to_string()).collect();
            (
                format!("CSPNeXt, stages of {} blocks, {} channels", blocks.join(", "), widths.join(", ")),
                format!(
                    "RTMDet: {} levels of {} channels, {} class(es), input {height}x{width} (height x width)",
                    det.levels.len(),
                    det.out[0].output,
                    det.classes
                ),
            )
        }
        _ => {
            let detr = Detr::derive(source)?;
            let blocks: Vec<String> = detr.stages.iter().map(|blocks| blocks.len().to_string()).collect();
            (
                format!("ResNet, stages of {} blocks", blocks.join(", ")),
                format!(
                    "DETR: {} + {} layers, width {}, {} queries, {} classes, shorter side {height}, longer one up to {width}",
                    detr.encoder.len(),
                    detr.decoder.len(),
                    detr.width,
                    detr.queries,
                    detr.classes
                ),
            )
        }
    };
    Ok(Description {
        kind: "person detector".into(),
        family: family_text(&info),
        task: task_text(&info),
        info,
        dtype: source.main_dtype().map_or_else(|| "nothing".into(), |d| d.to_string()),
        tensors: source.checkpoint().names().count(),
        backbone: Some(backbone),
        heads: vec![head],
    })
}
