//! What a checkpoint is: the facts that travel with a converted model.

use super::arch::Arch;
use super::head::Head;
use super::header::DType;
use super::names::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::spec::{
    DetectorFamily, DetectorInfo, HeatmapCodec, Licence, ModelFraming, ModelInfo, NormalFrame, Precision, Rope, Task,
};

/// Official labels by width, blocks and heads, of Sapiens2. Only labels: nothing is derived from them.
const LABELS: [(&str, usize, usize, usize, bool); 6] = [
    ("0.1b", 768, 12, 12, false),
    ("0.4b", 1024, 24, 16, false),
    ("0.8b", 1280, 32, 16, false),
    ("1b", 1536, 40, 24, false),
    ("1b-4k", 1536, 40, 24, true),
    ("5b", 2432, 56, 32, false),
];

/// Those of Sapiens v1.
const LABELS_1: [(&str, usize, usize, usize); 4] =
    [("0.3b", 1024, 24, 16), ("0.6b", 1280, 32, 16), ("1b", 1536, 40, 24), ("2b", 1920, 48, 32)];

/// What a detector sees where its bundle does not say.
const DETECTOR_INPUT: Size = Size::new(256, 256);

/// Facts about a checkpoint, as far as the file tells them.
///
/// `precision` is that of the stored weights (fp32 for bf16, which has no half-precision equivalent), `raw` is false and
/// `source_sha256` is empty: reading gigabytes to hash them is the caller's decision
/// ([`Checkpoint::sha256`](super::Checkpoint::sha256)).
///
/// A bundle (`decode_heads.*`) says in its metadata what an official file does not need to: `input_size` (`HxW`), `rope`
/// (`fp32` or `bf16`), `license` and, for a person detector, `detector_input_size` (`HxW`, 256x256 without). All its
/// tasks see stretched input; its heatmaps are half-pixel in format version 1, unbiased (UDP) in version 2.
///
/// # Errors
/// `CorruptModel` for metadata that cannot be right, `Unsupported` for a newer bundle format.
pub fn model_info(source: &Source, arch: &Arch) -> Result<ModelInfo> {
    let metadata = source.checkpoint().metadata();
    let get = |key: &str| metadata.get(key).map(String::as_str);
    let is_bundle = get("format") == Some("sapiens2-bundle") || arch.is_bundle;
    let heatmap = match get("version") {
        _ if !is_bundle => HeatmapCodec::Udp,
        Some("1") => HeatmapCodec::HalfPixel,
        Some("2") => HeatmapCodec::Udp,
        version => {
            let version = version.unwrap_or("(none)");
            let message = format!("this bundle has format version {version}; this library reads versions 1 and 2");
            return Err(source.error(ErrorKind::Unsupported, message));
        }
    };
    let wrong = |key: &str, value: &str, right: &str| {
        let message = format!("metadata entry `{key}` is `{value}`; it should be {right}");
        source.error(ErrorKind::CorruptModel, message)
    };
    let input = match get("input_size") {
        Some(text) => parse_size(text).ok_or_else(|| wrong("input_size", text, "height x width, such as 1024x768"))?,
        None => arch.default_input().ok_or_else(|| {
            source.error(ErrorKind::Unsupported, "no 3:4 input size fits the scale branch of the pointmap head")
        })?,
    };
    arch.check_input(input).map_err(|e| source.error(ErrorKind::CorruptModel, e.to_string()))?;
    let detector = match &arch.detector {
        Some(head) => {
            let input = match get("detector_input_size") {
                Some(text) => parse_size(text)
                    .ok_or_else(|| wrong("detector_input_size", text, "height x width, such as 256x256"))?,
                None => DETECTOR_INPUT,
            };
            let place = |e: Error| source.error(ErrorKind::CorruptModel, format!("`detector_input_size`: {e}"));
            arch.check_detector_input(input).map_err(place)?;
            Some(DetectorInfo { family: DetectorFamily::Bundle, input, stride: arch.stride() / head.upscale() })
        }
        None => None,
    };
    let rope = match get("rope") {
        Some(text) => text.parse().map_err(|_: Error| wrong("rope", text, "`fp32` or `bf16`"))?,
        // It has none.
        None if arch.sapiens1.is_some() => Rope::Fp32,
        None => Rope::Bf16,
    };
    let licence = match get("license") {
        Some(text) => text.parse().unwrap_or(Licence::Unknown),
        None if is_bundle => Licence::Unknown,
        None if arch.sapiens1.is_some() => Licence::Sapiens1,
        None => Licence::Sapiens2,
    };
    Ok(ModelInfo {
        tasks: arch.tasks(),
        size: label(arch).to_string(),
        parameters: source.checkpoint().parameters(),
        input,
        keypoints: arch.head(Task::Pose).map_or(0, Head::out),
        classes: arch.head(Task::Seg).map_or(0, Head::out),
        framing: match arch.sapiens1 {
            Some(_) => ModelFraming::Sapiens1,
            None if is_bundle => ModelFraming::Stretch,
            None => ModelFraming::Official,
        },
        heatmap,
        rope,
        precision: if source.main_dtype() == Some(DType::F16) { Precision::Fp16 } else { Precision::Fp32 },
        normal_frame: NormalFrame::Camera,
        raw: false,
        winograd: 0,
        source_sha256: String::new(),
        licence,
        detector,
        certificate: None,
    })
}

fn label(arch: &Arch) -> &'static str {
    if arch.sapiens1.is_some() {
        let key = (arch.embed, arch.layers.len(), arch.heads);
        let same = |&&(_, embed, layers, heads): &&(&str, usize, usize, usize)| (embed, layers, heads) == key;
        return LABELS_1.iter().find(same).map_or("custom", |found| found.0);
    }
    let key = (arch.embed, arch.layers.len(), arch.heads, arch.tokenizer.is_some());
    let same = |&&(_, embed, layers, heads, tokenizer): &&(&str, usize, usize, usize, bool)| {
        (embed, layers, heads, tokenizer) == key
    };
    LABELS.iter().find(same).map_or("custom", |found| found.0)
}

/// `HxW`.
pub(super) fn parse_size(text: &str) -> Option<Size> {
    let (height, width) = text.split_once('x')?;
    Some(Size::new(width.trim().parse().ok()?, height.trim().parse().ok()?))
}
