//! The person detector DETR (Carion et al. 2020) over a ResNet: names and shapes as Hugging Face transformers stores them.

use super::check::Checker;
use super::names::{Naming, Source};
use super::unit::Unit;
use crate::error::Result;

/// In front of the backbone's tensors.
const BACKBONE: &str = "model.backbone.conv_encoder.model.";
/// Stages of a ResNet.
const STAGES: usize = 4;

/// A residual block of three convolutions, 1x1, 3x3 and 1x1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bottleneck {
    /// The three.
    pub units: [Unit; 3],
    /// 1x1, where what is added has another shape.
    pub shortcut: Option<Unit>,
}

/// One layer of the encoder or the decoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetrLayer {
    /// In front of its tensors.
    pub prefix: String,
    /// Hidden width of its two linear layers.
    pub hidden: usize,
}

/// Everything that names and shapes say. The number of heads and the dilation are not in them:
/// [`DetrConfig`](super::DetrConfig).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detr {
    /// 7x7, stride 2.
    pub stem: Unit,
    /// Four stages of blocks.
    pub stages: Vec<Vec<Bottleneck>>,
    /// Width of a token.
    pub width: usize,
    /// Layers of the encoder.
    pub encoder: Vec<DetrLayer>,
    /// Layers of the decoder.
    pub decoder: Vec<DetrLayer>,
    /// Objects it looks for.
    pub queries: usize,
    /// Classes, of which the last is none and the second a person.
    pub classes: usize,
    /// Number of trained parameters.
    pub parameters: u64,
}

impl Detr {
    /// Derives and checks it all.
    ///
    /// # Errors
    /// As for [`Arch::derive`](super::Arch::derive).
    pub fn derive(source: &Source) -> Result<Self> {
        source.require_naming(&[Naming::Detr, Naming::DetrTimm])?;
        let check = &mut Checker::new(source);
        let stem = unit(check, "embedder.embedder", [3, 0], 7)?;
        let mut stages: Vec<Vec<Bottleneck>> = Vec::new();
        let mut channels = stem.output;
        for stage in 0..STAGES {
            let prefix = format!("encoder.stages.{stage}.layers.");
            let mut blocks = Vec::new();
            for index in 0..check.count(&format!("{BACKBONE}{prefix}")) {
                let block = bottleneck(check, &format!("{prefix}{index}"), channels)?;
                channels = block.units[2].output;
                blocks.push(block);
            }
            stages.push(blocks);
        }
        let width = check.shape("model.input_projection.weight", &[0, channels, 1, 1], "D")?[0];
        check.expect("model.input_projection.bias", &[width])?;
        if !width.is_multiple_of(4) {
            let message = "tensor `model.input_projection.weight`: its rows should be a multiple of 4";
            return Err(check.error(message.to_owned()));
        }
        let mut layers = |part: &str, attentions: &[&str]| {
            let prefix = format!("model.{part}.layers.");
            let count = check.count(&prefix);
            let one = |index| layer(check, format!("{prefix}{index}."), width, attentions);
            (0..count).map(one).collect::<Result<Vec<_>>>()
        };
        let encoder = layers("encoder", &["self_attn"])?;
        let decoder = layers("decoder", &["self_attn", "encoder_attn"])?;
        check.layer_norm("model.decoder.layernorm", width)?;
        let queries = check.shape("model.query_position_embeddings.weight", &[0, width], "Q")?[0];
        let classes = check.shape("class_labels_classifier.weight", &[0, width], "C")?[0];
        check.expect("class_labels_classifier.bias", &[classes])?;
        for (index, rows) in [width, width, 4].into_iter().enumerate() {
            check.layer(&format!("bbox_predictor.layers.{index}"), &[rows, width])?;
        }
        if classes < 3 {
            let message =
                format!("tensor `class_labels_classifier.weight` has {classes} rows; a person is the second class");
            return Err(check.error(message));
        }
        check.finish("a DETR detector")?;
        let parameters = source.trained_elements(&|_| true);
        Ok(Self { stem, stages, width, encoder, decoder, queries, classes, parameters })
    }

    /// `detr-resnet-50`, `detr-resnet-101`, or `detr-resnet` of another depth.
    pub fn label(&self) -> &'static str {
        let blocks: Vec<usize> = self.stages.iter().map(Vec::len).collect();
        match blocks.as_slice() {
            [3, 4, 6, 3] => "detr-resnet-50",
            [3, 4, 23, 3] => "detr-resnet-101",
            _ => "detr-resnet",
        }
    }
}

fn unit(check: &mut Checker<'_>, key: &str, channels: [usize; 2], kernel: usize) -> Result<Unit> {
    let (weight, norm) = (format!("{BACKBONE}{key}.convolution.weight"), format!("{BACKBONE}{key}.normalization."));
    Unit::derive(check, weight, norm, channels, kernel)
}

fn bottleneck(check: &mut Checker<'_>, key: &str, input: usize) -> Result<Bottleneck> {
    let first = unit(check, &format!("{key}.layer.0"), [input, 0], 1)?;
    let second = unit(check, &format!("{key}.layer.1"), [first.output, 0], 3)?;
    let has_shortcut = check.has(&format!("{BACKBONE}{key}.shortcut.convolution.weight"));
    let third = unit(check, &format!("{key}.layer.2"), [second.output, if has_shortcut { 0 } else { input }], 1)?;
    let shortcut = match has_shortcut {
        true => Some(unit(check, &format!("{key}.shortcut"), [input, third.output], 1)?),
        false => None,
    };
    Ok(Bottleneck { units: [first, second, third], shortcut })
}

fn layer(check: &mut Checker<'_>, prefix: String, width: usize, attentions: &[&str]) -> Result<DetrLayer> {
    for attention in attentions {
        for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
            check.layer(&format!("{prefix}{attention}.{part}"), &[width, width])?;
        }
        check.layer_norm(&format!("{prefix}{attention}_layer_norm"), width)?;
    }
    let hidden = check.shape(&format!("{prefix}fc1.weight"), &[0, width], "F")?[0];
    check.expect(&format!("{prefix}fc1.bias"), &[hidden])?;
    check.layer(&format!("{prefix}fc2"), &[width, hidden])?;
    check.layer_norm(&format!("{prefix}final_layer_norm"), width)?;
    Ok(DetrLayer { prefix, hidden })
}

/// The name in transformers' own backbone of a tensor that is called as timm calls it; others are returned as they are.
pub(super) fn from_timm(name: &str) -> String {
    let translated = || {
        let (layer, field) = name.strip_prefix(BACKBONE)?.rsplit_once('.')?;
        let key = match layer {
            "conv1" => "embedder.embedder.convolution".to_owned(),
            "bn1" => "embedder.embedder.normalization".to_owned(),
            _ => {
                let (stage, rest) = layer.strip_prefix("layer")?.split_once('.')?;
                let (block, rest) = rest.split_once('.')?;
                let stage = stage.parse::<usize>().ok()?.checked_sub(1)?;
                let number = |text: &str| text.parse::<usize>().ok()?.checked_sub(1);
                let part = match rest {
                    "downsample.0" => "shortcut.convolution".to_owned(),
                    "downsample.1" => "shortcut.normalization".to_owned(),
                    _ => match (rest.strip_prefix("conv"), rest.strip_prefix("bn")) {
                        (Some(index), _) => format!("layer.{}.convolution", number(index)?),
                        (_, Some(index)) => format!("layer.{}.normalization", number(index)?),
                        _ => return None,
                    },
                };
                format!("encoder.stages.{stage}.layers.{block}.{part}")
            }
        };
        Some(format!("{BACKBONE}{key}.{field}"))
    };
    translated().unwrap_or_else(|| name.to_owned())
}
