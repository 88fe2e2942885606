//! The person detector RTMDet (Lyu et al. 2022): backbone, neck and head by their names and shapes, of any depth and width.

use super::check::Checker;
use super::names::{Naming, Source};
use super::unit::Unit;
use crate::error::Result;
use crate::spec::RTMDET_STRIDES;

/// The stage of the backbone that pools at several scales, and whose blocks have no residual.
const LAST_STAGE: usize = 4;
/// Label of the official size by width of the stem and blocks per stage. Only a label: nothing is derived from it.
const MEDIUM: (usize, [usize; 4]) = (48, [2, 4, 4, 2]);

/// One block: two convolutions, of which the second is separated into a depthwise and a pointwise one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CspBlock {
    /// 3x3.
    pub first: Unit,
    /// 5x5, per channel.
    pub depthwise: Unit,
    /// 1x1.
    pub pointwise: Unit,
}

/// A cross stage partial layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csp {
    /// In front of all its tensors.
    pub prefix: String,
    /// Into the blocks.
    pub main: Unit,
    /// Around them.
    pub short: Unit,
    /// The blocks.
    pub blocks: Vec<CspBlock>,
    /// Behind the two, put together.
    pub last: Unit,
    /// Whether channels are weighed before that (`attention.fc`).
    pub has_attention: bool,
    /// Whether blocks add to what they get.
    pub has_residual: bool,
}

/// One stage of the backbone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CspStage {
    /// 3x3, stride 2.
    pub down: Unit,
    /// Pooling at several scales between two convolutions; in the last stage.
    pub pooling: Option<[Unit; 2]>,
    /// The layer of blocks.
    pub csp: Csp,
}

/// The convolutions of the head for one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtmLevel {
    /// In front of `rtm_cls`: the score of each class.
    pub classes: Vec<Unit>,
    /// In front of `rtm_reg`: distances to the edges.
    pub edges: Vec<Unit>,
}

/// Everything that names and shapes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtmDet {
    /// Three 3x3 convolutions, the first with stride 2.
    pub stem: Vec<Unit>,
    /// Four stages.
    pub stages: Vec<CspStage>,
    /// 1x1, top down.
    pub reduce: [Unit; 2],
    /// After each of the two enlargements.
    pub top_down: [Csp; 2],
    /// 3x3, stride 2.
    pub downsamples: [Unit; 2],
    /// After each of them.
    pub bottom_up: [Csp; 2],
    /// 3x3, of the three levels.
    pub out: [Unit; 3],
    /// The head's levels; weights of convolutions are shared between them, norms are not.
    pub levels: Vec<RtmLevel>,
    /// Classes; a person is the first.
    pub classes: usize,
    /// Number of trained parameters.
    pub parameters: u64,
}

impl RtmDet {
    /// Derives and checks it all.
    ///
    /// # Errors
    /// As for [`Arch::derive`](super::Arch::derive).
    pub fn derive(source: &Source) -> Result<Self> {
        source.require_naming(&[Naming::RtmDet])?;
        let check = &mut Checker::new(source);
        let stem0 = unit(check, "backbone.stem.0", [3, 0], 3)?;
        let stem1 = unit(check, "backbone.stem.1", [stem0.output, 0], 3)?;
        let stem2 = unit(check, "backbone.stem.2", [stem1.output, 0], 3)?;
        let mut width = stem2.output;
        let mut stages = Vec::new();
        for index in 1..=LAST_STAGE {
            stages.push(stage(check, index, width)?);
            width = stages[index - 1].csp.last.output;
        }
        let [c3, c4, c5] = [1, 2, 3].map(|i| stages[i].csp.last.output);

        let reduce0 = unit(check, "neck.reduce_layers.0", [c5, 0], 1)?;
        let top0 = csp(check, "neck.top_down_blocks.0", reduce0.output + c4, false, false)?;
        let reduce1 = unit(check, "neck.reduce_layers.1", [top0.last.output, 0], 1)?;
        let top1 = csp(check, "neck.top_down_blocks.1", reduce1.output + c3, false, false)?;
        let down0 = unit(check, "neck.downsamples.0", [top1.last.output, 0], 3)?;
        let bottom0 = csp(check, "neck.bottom_up_blocks.0", down0.output + reduce1.output, false, false)?;
        let down1 = unit(check, "neck.downsamples.1", [bottom0.last.output, 0], 3)?;
        let bottom1 = csp(check, "neck.bottom_up_blocks.1", down1.output + reduce0.output, false, false)?;
        let out0 = unit(check, "neck.out_convs.0", [top1.last.output, 0], 3)?;
        let out1 = unit(check, "neck.out_convs.1", [bottom0.last.output, out0.output], 3)?;
        let out2 = unit(check, "neck.out_convs.2", [bottom1.last.output, out0.output], 3)?;

        let mut levels = Vec::new();
        let mut classes = 0;
        for level in 0..RTMDET_STRIDES.len() {
            let found = RtmLevel {
                classes: branch(check, "cls_convs", level, out0.output)?,
                edges: branch(check, "reg_convs", level, out0.output)?,
            };
            let width = |units: &[Unit]| units.last().map_or(out0.output, |unit| unit.output);
            let key = format!("bbox_head.rtm_cls.{level}");
            classes = check.shape(&format!("{key}.weight"), &[classes, width(&found.classes), 1, 1], "C")?[0];
            check.expect(&format!("{key}.bias"), &[classes])?;
            check.layer(&format!("bbox_head.rtm_reg.{level}"), &[4, width(&found.edges), 1, 1])?;
            levels.push(found);
        }
        check.finish("an RTMDet detector")?;
        Ok(Self {
            stem: vec![stem0, stem1, stem2],
            stages,
            reduce: [reduce0, reduce1],
            top_down: [top0, top1],
            downsamples: [down0, down1],
            bottom_up: [bottom0, bottom1],
            out: [out0, out1, out2],
            levels,
            classes,
            parameters: parameters(source),
        })
    }

    /// `rtmdet-m`, or `rtmdet` of another size.
    pub fn label(&self) -> &'static str {
        let blocks: Vec<usize> = self.stages.iter().map(|stage| stage.csp.blocks.len()).collect();
        let is_medium = self.stem.last().is_some_and(|unit| unit.output == MEDIUM.0) && blocks == MEDIUM.1;
        if is_medium { "rtmdet-m" } else { "rtmdet" }
    }
}

fn unit(check: &mut Checker<'_>, key: &str, channels: [usize; 2], kernel: usize) -> Result<Unit> {
    Unit::derive(check, format!("{key}.conv.weight"), format!("{key}.bn."), channels, kernel)
}

fn stage(check: &mut Checker<'_>, index: usize, input: usize) -> Result<CspStage> {
    let key = format!("backbone.stage{index}");
    let down = unit(check, &format!("{key}.0"), [input, 0], 3)?;
    if index < LAST_STAGE {
        let csp = csp(check, &format!("{key}.1"), down.output, true, true)?;
        return Ok(CspStage { down, pooling: None, csp });
    }
    let half = unit(check, &format!("{key}.1.conv1"), [down.output, 0], 1)?;
    // What it gets, and its maximum at three scales.
    let whole = unit(check, &format!("{key}.1.conv2"), [4 * half.output, 0], 1)?;
    let csp = csp(check, &format!("{key}.2"), whole.output, true, false)?;
    Ok(CspStage { down, pooling: Some([half, whole]), csp })
}

fn csp(check: &mut Checker<'_>, key: &str, input: usize, has_attention: bool, has_residual: bool) -> Result<Csp> {
    let main = unit(check, &format!("{key}.main_conv"), [input, 0], 1)?;
    let short = unit(check, &format!("{key}.short_conv"), [input, 0], 1)?;
    let blocks = format!("{key}.blocks.");
    let blocks = (0..check.count(&blocks)).map(|i| block(check, &format!("{blocks}{i}"), main.output));
    let blocks = blocks.collect::<Result<Vec<_>>>()?;
    let both = main.output + short.output;
    if has_attention {
        check.layer(&format!("{key}.attention.fc"), &[both, both, 1, 1])?;
    }
    let last = unit(check, &format!("{key}.final_conv"), [both, 0], 1)?;
    Ok(Csp { prefix: format!("{key}."), main, short, blocks, last, has_attention, has_residual })
}

fn block(check: &mut Checker<'_>, key: &str, width: usize) -> Result<CspBlock> {
    let first = unit(check, &format!("{key}.conv1"), [width, 0], 3)?;
    let depthwise = format!("{key}.conv2.depthwise_conv");
    let (weight, norm) = (format!("{depthwise}.conv.weight"), format!("{depthwise}.bn."));
    let depthwise = Unit::depthwise(check, weight, norm, first.output, 5)?;
    let pointwise = unit(check, &format!("{key}.conv2.pointwise_conv"), [first.output, width], 1)?;
    Ok(CspBlock { first, depthwise, pointwise })
}

/// The convolutions of one branch of the head. Files that store shared weights once have them at the first level.
fn branch(check: &mut Checker<'_>, name: &str, level: usize, input: usize) -> Result<Vec<Unit>> {
    let mut units: Vec<Unit> = Vec::new();
    for index in 0..check.count(&format!("bbox_head.{name}.0.")) {
        let of = |level: usize| format!("bbox_head.{name}.{level}.{index}.conv.weight");
        let weight = if check.has(&of(level)) { of(level) } else { of(0) };
        let input = units.last().map_or(input, |unit| unit.output);
        let norm = format!("bbox_head.{name}.{level}.{index}.bn.");
        units.push(Unit::derive(check, weight, norm, [input, 0], 3)?);
    }
    Ok(units)
}

/// All elements but the statistics of the norms; what the levels share counts once.
fn parameters(source: &Source) -> u64 {
    let is_again = |name: &str| {
        let rest = name.strip_prefix("bbox_head.cls_convs.").or_else(|| name.strip_prefix("bbox_head.reg_convs."));
        name.ends_with(".conv.weight") && rest.is_some_and(|rest| !rest.starts_with("0."))
    };
    source.trained_elements(&|name| !is_again(name))
}
