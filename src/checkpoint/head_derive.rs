//! Deriving the heads of a checkpoint from its tensors.

use super::check::Checker;
use super::head::{Conv, Head, HeadNorm, Linear, ScaleBranch};
use crate::error::{ErrorKind, Result};
use crate::spec::{DETECTOR_CHANNELS, Task};

/// Tasks with a head, and the name of its last layer.
const PREDICTORS: [(Task, &str); 6] = [
    (Task::Pose, "conv_pose"),
    (Task::Seg, "conv_seg"),
    (Task::Normal, "conv_normal"),
    (Task::Pointmap, "conv_pointmap"),
    (Task::Albedo, "conv_albedo"),
    (Task::Matting, "conv_matting"),
];

/// In front of all tensor names of a bundle's person detector.
const DETECTOR: &str = "decode_heads.detector.";

impl Head {
    /// All task heads of a checkpoint, and whether they are those of a bundle.
    pub(super) fn derive_all(check: &mut Checker<'_>, embed: usize) -> Result<(Vec<(Task, Self)>, bool)> {
        let source = check.source;
        let is_bundle = source.names().any(|name| name.starts_with("decode_heads."));
        let has_single = source.names().any(|name| name.starts_with("decode_head."));
        let mut heads = Vec::new();
        for (task, predictor) in PREDICTORS {
            let prefix = if is_bundle { format!("decode_heads.{task}.") } else { "decode_head.".to_string() };
            let present = match is_bundle {
                true => source.names().any(|name| name.starts_with(&prefix)),
                false => source.contains(&format!("{prefix}{predictor}.weight")),
            };
            if present {
                heads.push((task, Self::derive(check, task, prefix, predictor, embed)?));
            }
        }
        if !is_bundle && has_single && heads.is_empty() {
            let names: Vec<_> = PREDICTORS.iter().map(|(_, name)| format!("`decode_head.{name}.weight`")).collect();
            let message = format!("the head has no last layer: one of {} is missing", names.join(", "));
            return Err(source.error(ErrorKind::CorruptModel, message));
        }
        Ok((heads, is_bundle))
    }

    /// The person detector, if there is one: always with transposed convolutions (none leave the grid of patches).
    pub(super) fn derive_detector(check: &mut Checker<'_>, embed: usize) -> Result<Option<Self>> {
        if !check.source.names().any(|name| name.starts_with(DETECTOR)) {
            return Ok(None);
        }
        Self::deconv(check, DETECTOR.to_string(), "conv_detector", DETECTOR_CHANNELS, embed).map(Some)
    }

    fn derive(check: &mut Checker<'_>, task: Task, prefix: String, predictor: &str, embed: usize) -> Result<Self> {
        let out = match task {
            Task::Normal | Task::Pointmap | Task::Albedo => 3,
            Task::Matting => 4,
            _ => 0,
        };
        let is_deconv = |name: &str| name.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with("deconv_layers."));
        if check.source.names().any(is_deconv) {
            return Self::deconv(check, prefix, predictor, out, embed);
        }
        let mut channels = embed;
        let first_norm = format!("{prefix}input_conv.1.norm.weight");
        let norm = if check.has(&first_norm) { HeadNorm::ChannelRms } else { HeadNorm::Instance };
        let named = |name: String| (norm == HeadNorm::ChannelRms).then_some(name);
        let input_conv = plain_conv(check, format!("{prefix}input_conv.0"), channels, 0, 3, named(first_norm))?;
        channels = input_conv.output;
        let mut upsample = Vec::new();
        for key in keys(check, &format!("{prefix}upsample_blocks."), ".0", 0, 1) {
            let shape = check.shape(&format!("{key}.weight"), &[0, channels, 3, 3], "C")?;
            if shape[0] % 4 != 0 {
                let message =
                    format!("tensor `{key}.weight` has {} rows; a pixel shuffle needs a multiple of 4", shape[0]);
                return Err(check.error(message));
            }
            let norm = named(format!("{}2.norm.weight", key.strip_suffix('0').unwrap_or(&key)));
            check.expect(&format!("{key}.bias"), &shape[..1])?;
            norm.iter().try_for_each(|name| check.expect(name, &[shape[0] / 4]))?;
            upsample.push(Conv { key, input: channels, output: shape[0], kernel: 3, norm });
            channels = shape[0] / 4;
        }
        let conv = convs(check, &prefix, "conv_layers.", &mut channels, norm)?;
        let predictor = plain_conv(check, format!("{prefix}{predictor}"), channels, out, 1, None)?;
        let scale = match task {
            Task::Pointmap => Some(scale_branch(check, &prefix, embed)?),
            _ => None,
        };
        check_upscale(check, Self::PixelShuffle { prefix, input_conv, upsample, conv, predictor, norm, scale })
    }

    /// A head with `out` outputs, 0 where their number is free.
    fn deconv(check: &mut Checker<'_>, prefix: String, predictor: &str, out: usize, embed: usize) -> Result<Self> {
        let (mut channels, mut deconv) = (embed, Vec::new());
        for key in keys(check, &format!("{prefix}deconv_layers."), "", 0, 3) {
            let output = check.shape(&format!("{key}.weight"), &[channels, 0, 4, 4], "C")?[1];
            deconv.push(Conv { key, input: channels, output, kernel: 4, norm: None });
            channels = output;
        }
        let conv = convs(check, &prefix, "conv_layers.", &mut channels, HeadNorm::Instance)?;
        let predictor = plain_conv(check, format!("{prefix}{predictor}"), channels, out, 1, None)?;
        check_upscale(check, Self::Deconv { prefix, deconv, conv, predictor })
    }
}

impl Head {
    /// The head of a Sapiens v1 model, and its task by prefix and outputs; none in a pretrained model.
    pub(super) fn derive_sapiens1(check: &mut Checker<'_>, embed: usize) -> Result<Option<(Task, Self)>> {
        let source = check.source;
        let has = |prefix: &str| source.names().any(|name| name.starts_with(prefix));
        let (prefix, predictor) = match (has("head."), has("decode_head.")) {
            (true, true) => {
                let message = "it has both `head.*` (pose) and `decode_head.*`; a Sapiens v1 model has one head";
                return Err(source.error(ErrorKind::UnknownModel, message));
            }
            (true, false) => ("head.", "final_layer"),
            (false, true) => ("decode_head.", "conv_seg"),
            (false, false) => return Ok(None),
        };
        if let Some(name) = source.names().find(|name| name.starts_with(prefix) && name.ends_with(".running_mean")) {
            let message = format!(
                "the head has batch norms with ReLU (`{name}`); the official heads have instance norms with SiLU, and this \
                 library evaluates only these"
            );
            return Err(source.error(ErrorKind::Unsupported, message));
        }
        let head = Self::deconv(check, prefix.to_owned(), predictor, 0, embed)?;
        let task = match head.out() {
            _ if prefix == "head." => Task::Pose,
            1 => Task::Depth,
            3 => Task::Normal,
            _ => Task::Seg,
        };
        Ok(Some((task, head)))
    }
}

/// More layers than bring a patch back to pixels are a mistake in the names.
fn check_upscale(check: &Checker<'_>, head: Head) -> Result<Head> {
    let steps = match &head {
        Head::Deconv { deconv, .. } => deconv.len(),
        Head::PixelShuffle { upsample, .. } => upsample.len(),
    };
    if steps > 4 {
        let message = format!("the head `{}` doubles its map {steps} times; 4 times is full size", head.prefix());
        return Err(check.source.error(ErrorKind::Unsupported, message));
    }
    Ok(head)
}

/// `{list}{start + i*step}{suffix}` while such a tensor exists.
fn keys(check: &Checker<'_>, list: &str, suffix: &str, start: usize, step: usize) -> Vec<String> {
    let key = |i: usize| format!("{list}{}{suffix}", start + i * step);
    let present = |key: &String| check.has(&format!("{key}.weight")) || check.has(&format!("{key}.bias"));
    (0..).map(key).take_while(present).collect()
}

/// A convolution with bias; `output` 0 when it is free.
fn plain_conv(
    check: &mut Checker<'_>,
    key: String,
    input: usize,
    output: usize,
    kernel: usize,
    norm: Option<String>,
) -> Result<Conv> {
    let output = check.shape(&format!("{key}.weight"), &[output, input, kernel, kernel], "C")?[0];
    check.expect(&format!("{key}.bias"), &[output])?;
    norm.iter().try_for_each(|name| check.expect(name, &[output]))?;
    Ok(Conv { key, input, output, kernel, norm })
}

/// A list of convolutions (index 0, 3, 6, ...: norm and activation count too) with square kernels of odd side.
fn convs(check: &mut Checker<'_>, prefix: &str, list: &str, channels: &mut usize, norm: HeadNorm) -> Result<Vec<Conv>> {
    let list = format!("{prefix}{list}");
    let mut convs = Vec::new();
    for (i, key) in keys(check, &list, "", 0, 3).into_iter().enumerate() {
        let name = format!("{key}.weight");
        let kernel = check.shape(&name, &[0, *channels, 0, 0], "Ckk")?[2];
        if kernel % 2 == 0 {
            return Err(check.error(format!("tensor `{name}` has a kernel of {kernel}; it should be odd (1 or 3)")));
        }
        let norm = (norm == HeadNorm::ChannelRms).then(|| format!("{list}{}.norm.weight", 3 * i + 1));
        let conv = plain_conv(check, key, *channels, 0, kernel, norm)?;
        *channels = conv.output;
        convs.push(conv);
    }
    Ok(convs)
}

fn scale_branch(check: &mut Checker<'_>, prefix: &str, embed: usize) -> Result<ScaleBranch> {
    let mut channels = embed;
    let mut convs = Vec::new();
    for key in keys(check, &format!("{prefix}scale_conv_layers."), "", 0, 3) {
        let conv = plain_conv(check, key, channels, 0, 1, None)?;
        channels = conv.output;
        convs.push(conv);
    }
    let list = format!("{prefix}scale_final_layer.");
    let first = format!("{list}1.weight");
    let mut features = check.shape(&first, &[0, 0], "CF")?[1];
    if features % channels != 0 {
        let message = format!(
            "tensor `{first}` has {features} columns; it should be {channels} channels times a number of cells"
        );
        return Err(check.error(message));
    }
    let cells = features / channels;
    let mut linears = Vec::new();
    for key in keys(check, &list, "", 1, 2) {
        let output = check.shape(&format!("{key}.weight"), &[0, features], "C")?[0];
        check.expect(&format!("{key}.bias"), &[output])?;
        linears.push(Linear { key, input: features, output });
        features = output;
    }
    if let Some(last) = linears.last().filter(|last| last.output != 1) {
        let message = format!("tensor `{}.weight` has {} rows; the scale is 1 number", last.key, last.output);
        return Err(check.error(message));
    }
    Ok(ScaleBranch { convs, linears, cells })
}
