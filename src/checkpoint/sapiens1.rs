//! The backbone of Sapiens v1: a plain vision transformer. What its names and shapes do not say (how many heads, how the patch
//! embedding is padded) follows from width and task, or is said by the caller ([`Hints`]).

use super::arch::{Arch, Layer};
use super::check::Checker;
use super::head::Head;
use super::names::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::spec::{PATCH, Task};

/// Heads of the official widths.
const HEADS: [(usize, usize); 4] = [(1024, 16), (1280, 16), (1536, 24), (1920, 32)];
/// Padding of the patch embedding with which pose, normals and the segmentation of CIHP and LIP were trained.
const PADDED: usize = 2;
/// Classes of CIHP and of LIP.
const PADDED_CLASSES: usize = 20;
/// More padding would make another patch.
const MAX_PADDING: usize = PATCH / 2 - 1;
/// The decoder of masked pretraining, which features do not need.
const DECODER: &str = "neck.";

/// What the tensors of a Sapiens v1 checkpoint do not say. Where a hint is `None`, the metadata entries `heads` and
/// `patch_padding` of a `.safetensors` count, then what the official models have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Attention heads, a divisor of the width. Known for the widths 1024, 1280, 1536 and 1920.
    pub heads: Option<usize>,
    /// Zeros on each side of the normalised picture, 0 to 7: each patch sees what lies this many pixels further to the left
    /// and above. Officially 2 for pose, normals and segmentation into 20 classes (CIHP, LIP), otherwise 0.
    pub patch_padding: Option<usize>,
}

/// What the backbone of Sapiens v1 has in place of storage tokens and rotary embedding. Its norms are layer norms with bias
/// (eps 1e-6), its queries, keys and values lie in one matrix, and its FFN is two layers with a GELU (erf) between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sapiens1 {
    /// Whether a CLS token stands in front: pretrained models have one, models of a task do not.
    pub has_cls: bool,
    /// The grid of patches that the stored `pos_embed` is for (its first row belongs to the CLS token).
    pub grid: Size,
    /// Padding of the patch embedding: [`Hints::patch_padding`].
    pub padding: usize,
}

impl Sapiens1 {
    /// The input size in pixels of the stored positions.
    pub fn input(&self) -> Size {
        Size::new(self.grid.width * PATCH, self.grid.height * PATCH)
    }

    /// Derives and checks the whole model.
    pub(super) fn derive(source: &Source) -> Result<Arch> {
        let mut check = Checker::new(source);
        let prefix = if source.names().any(|name| name.starts_with("backbone.")) { "backbone." } else { "" };
        let name = |rest: &str| format!("{prefix}{rest}");
        let projection = name("patch_embed.projection");
        let embed = check.shape(&format!("{projection}.weight"), &[0, 3, PATCH, PATCH], "E")?[0];
        check.expect(&format!("{projection}.bias"), &[embed])?;
        let cls = name("cls_token");
        let has_cls = check.has(&cls);
        if has_cls {
            check.expect(&cls, &[1, 1, embed])?;
        }
        let positions = name("pos_embed");
        let rows = check.shape(&positions, &[1, 0, embed], "T")?[1];
        let grid = grid(source, &positions, rows, has_cls)?;
        check.layer_norm(&name("ln1"), embed)?;
        let heads = heads(source, embed)?;
        let layers = name("layers.");
        let layers = (0..check.count(&layers)).map(|i| layer(&mut check, &format!("{layers}{i}."), embed, heads));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let heads_by_task: Vec<_> = Head::derive_sapiens1(&mut check, embed)?.into_iter().collect();
        if heads_by_task.is_empty() {
            source.names().filter(|name| name.starts_with(DECODER)).for_each(|name| check.allow(name.to_owned()));
        }
        check.finish("a Sapiens v1 model")?;
        let padding = padding(source, heads_by_task.first())?;
        Ok(Arch {
            prefix: prefix.to_owned(),
            embed,
            head_dim: embed / heads,
            heads,
            layers,
            patch: PATCH,
            storage_tokens: 0,
            tokenizer: None,
            rope_periods: None,
            sapiens1: Some(Self { has_cls, grid, padding }),
            heads_by_task,
            detector: None,
            is_bundle: false,
        })
    }
}

fn layer(check: &mut Checker<'_>, block: &str, embed: usize, heads: usize) -> Result<Layer> {
    let name = |rest: &str| format!("{block}{rest}");
    check.layer_norm(&name("ln1"), embed)?;
    check.layer(&name("attn.qkv"), &[3 * embed, embed])?;
    check.layer(&name("attn.proj"), &[embed, embed])?;
    check.layer_norm(&name("ln2"), embed)?;
    let ffn_hidden = check.shape(&name("ffn.layers.0.0.weight"), &[0, embed], "F")?[0];
    check.expect(&name("ffn.layers.0.0.bias"), &[ffn_hidden])?;
    check.layer(&name("ffn.layers.1"), &[embed, ffn_hidden])?;
    Ok(Layer { kv_heads: heads, ffn_hidden })
}

/// A number that the caller or the metadata gives, and which of them.
fn said(source: &Source, hint: Option<usize>, key: &str) -> Result<Option<(usize, ErrorKind)>> {
    if let Some(number) = hint {
        return Ok(Some((number, ErrorKind::InvalidArgument)));
    }
    let Some(text) = source.checkpoint().metadata().get(key) else { return Ok(None) };
    let number = text.trim().parse().map_err(|_| {
        source.error(ErrorKind::CorruptModel, format!("metadata entry `{key}` is `{text}`; it should be a number"))
    })?;
    Ok(Some((number, ErrorKind::CorruptModel)))
}

fn heads(source: &Source, embed: usize) -> Result<usize> {
    if let Some((heads, kind)) = said(source, source.hints().heads, "heads")? {
        return match heads > 0 && embed.is_multiple_of(heads) {
            true => Ok(heads),
            false => Err(source.error(kind, format!("heads: {heads} is no divisor of the model's width {embed}"))),
        };
    }
    HEADS.iter().find(|(width, _)| *width == embed).map(|(_, heads)| *heads).ok_or_else(|| {
        let known: Vec<_> = HEADS.iter().map(|(width, heads)| format!("{width} ({heads})")).collect();
        let message = format!(
            "heads: the number of attention heads does not stand in a Sapiens v1 checkpoint, and its width {embed} is not one \
             of those where it is known: {}. Give it to `sapiens convert` or `inspect` (`--heads`), or in the metadata of the \
             .safetensors (`heads`)",
            known.join(", ")
        );
        source.error(ErrorKind::Unsupported, message)
    })
}

fn padding(source: &Source, head: Option<&(Task, Head)>) -> Result<usize> {
    match said(source, source.hints().patch_padding, "patch_padding")? {
        Some((padding, _)) if padding <= MAX_PADDING => Ok(padding),
        Some((padding, kind)) => {
            let message = format!("patch padding: {padding} is more than {MAX_PADDING}, which would make another grid");
            Err(source.error(kind, message))
        }
        None => Ok(match head {
            Some((Task::Pose | Task::Normal, _)) => PADDED,
            Some((Task::Seg, head)) if head.out() == PADDED_CLASSES => PADDED,
            _ => 0,
        }),
    }
}

/// The grid that a table of positions is for: that of the metadata's input size, otherwise a square or one of 4:3.
fn grid(source: &Source, tensor: &str, rows: usize, has_cls: bool) -> Result<Size> {
    let patches = rows - usize::from(has_cls);
    if let Some(input) = source.checkpoint().metadata().get("input_size").and_then(|text| super::info::parse_size(text))
    {
        let grid = Size::new(input.width / PATCH, input.height / PATCH);
        if grid.width.checked_mul(grid.height) == Some(patches) {
            return Ok(grid);
        }
    }
    let side = patches.isqrt();
    let quarter = (patches / 12).isqrt();
    if patches > 0 && side * side == patches {
        Ok(Size::new(side, side))
    } else if patches > 0 && 12 * quarter * quarter == patches {
        Ok(Size::new(3 * quarter, 4 * quarter))
    } else {
        let cls = if has_cls { " and a class token" } else { "" };
        let message = format!(
            "tensor `{tensor}` has {rows} rows: {patches} patches{cls}, which fill neither a square nor a grid of 4:3; say their \
             grid in the metadata of the .safetensors (`input_size`, such as 1024x768)"
        );
        Err(source.error(ErrorKind::CorruptModel, message))
    }
}

impl Hints {
    /// An error where a hint is given for a model that has no use for it.
    pub(super) fn refuse_for(self, what: &str) -> Result<()> {
        let given = [("heads", self.heads), ("patch padding", self.patch_padding)];
        match given.into_iter().find(|(_, value)| value.is_some()) {
            Some((name, _)) => {
                Err(Error::invalid(format!("{name}: this is {what}, whose tensors say it; leave it out")))
            }
            None => Ok(()),
        }
    }
}
