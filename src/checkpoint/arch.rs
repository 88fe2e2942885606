//! The architecture of a checkpoint, from tensor names and shapes alone: nothing about a size is looked up, so
//! irregular, fine-tuned and shrunken models work, and every tensor is checked against the rest.

use super::check::Checker;
use super::head::Head;
use super::names::{Naming, Source};
use super::sapiens1::Sapiens1;
use crate::error::{ErrorKind, Result};
use crate::geometry::Size;
use crate::spec::{PATCH, Task, WINDOW};

/// Largest side of a detector's input: the whole picture at once, so more only exhausts memory.
const MAX_DETECTOR_SIDE: usize = 4096;

/// One transformer block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Key and value heads; fewer than query heads where they are grouped (query head i uses kv head i*kv/heads).
    pub kv_heads: usize,
    /// Hidden width of the FFN. Where it is gated (not in v1), `w12` has twice as many rows, gate first.
    pub ffn_hidden: usize,
}

/// The window tokenizer of the 4K model: blocks without rotary embedding, QK norm and layer scale. Its tensors have
/// the prefix `{prefix}tokenizer.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokenizer {
    /// Its blocks, `blocks.0` first.
    pub layers: Vec<Layer>,
    /// Side of the square window of patches that becomes one token.
    pub window: usize,
    /// Query heads.
    pub heads: usize,
}

/// Everything that the names and shapes of a checkpoint say.
#[derive(Debug, Clone, PartialEq)]
pub struct Arch {
    /// In front of every backbone tensor: `backbone.` in task models and bundles, nothing in a pretrained model.
    pub prefix: String,
    /// Width of a token.
    pub embed: usize,
    /// Width of one attention head.
    pub head_dim: usize,
    /// Query heads: `embed / head_dim`.
    pub heads: usize,
    /// The blocks, `{prefix}blocks.0` first; of v1 `{prefix}layers.0`.
    pub layers: Vec<Layer>,
    /// Side of a patch in pixels.
    pub patch: usize,
    /// Storage (register) tokens behind the CLS token.
    pub storage_tokens: usize,
    /// Present in the 4K model.
    pub tokenizer: Option<Tokenizer>,
    /// The stored `rope_embed.periods` (`head_dim / 4` values), if the file has them.
    pub rope_periods: Option<Vec<f32>>,
    /// What is different in Sapiens v1; `None` for Sapiens2.
    pub sapiens1: Option<Sapiens1>,
    /// The heads, in the order of [`Task::ALL`]; none for a pretrained backbone.
    pub heads_by_task: Vec<(Task, Head)>,
    /// The person detector of a bundle (`decode_heads.detector.*`). It is no task: it finds the boxes that tasks look at.
    pub detector: Option<Head>,
    /// Whether the heads are called `decode_heads.<task>.*`.
    pub is_bundle: bool,
}

impl Arch {
    /// Derives and checks it all.
    ///
    /// # Errors
    /// `CorruptModel` names a missing or misshapen tensor and the shape it should have, `UnknownModel` lists tensors
    /// that do not belong, `Unsupported` names a tensor whose element type cannot be read.
    pub fn derive(source: &Source) -> Result<Self> {
        source.require_naming(&[Naming::Original, Naming::Transformers, Naming::Sapiens1])?;
        if source.naming() == Naming::Sapiens1 {
            return Sapiens1::derive(source);
        }
        source.hints().refuse_for("a Sapiens2 model").map_err(|e| source.checkpoint().locate(e))?;
        let mut check = Checker::new(source);
        let bare_marks = ["cls_token", "storage_tokens", "patch_embed.projection.weight", "ln1.weight"];
        let prefix = if bare_marks.iter().any(|name| check.has(name)) { "" } else { "backbone." };
        let mut arch = Self::derive_backbone(&mut check, prefix)?;
        (arch.heads_by_task, arch.is_bundle) = Head::derive_all(&mut check, arch.embed)?;
        arch.detector = Head::derive_detector(&mut check, arch.embed)?;
        check.finish("a Sapiens2 model")?;
        Ok(arch)
    }

    fn derive_backbone(check: &mut Checker<'_>, prefix: &str) -> Result<Self> {
        let name = |rest: &str| format!("{prefix}{rest}");
        let projection = name("patch_embed.projection");
        let embed = check.shape(&format!("{projection}.weight"), &[0, 3, PATCH, PATCH], "E")?[0];
        check.expect(&format!("{projection}.bias"), &[embed])?;
        check.expect(&name("cls_token"), &[1, 1, embed])?;
        let storage_tokens = check.shape(&name("storage_tokens"), &[1, 0, embed], "S")?[1];
        check.expect(&name("ln1.weight"), &[embed])?;
        check.allow(name("mask_token"));

        let first = name("blocks.0.attn.q_norm.weight");
        let head_dim = check.shape(&first, &[0], "D")?[0];
        if embed % head_dim != 0 || head_dim % 4 != 0 {
            let message = format!(
                "tensor `{first}` has {head_dim} elements; the head width should be a multiple of 4 that divides {embed}"
            );
            return Err(check.error(message));
        }
        let dims = Dims { embed, head_dim, heads: embed / head_dim };
        let blocks = name("blocks.");
        let layers = (0..check.count(&blocks)).map(|i| dims.layer(check, &format!("{blocks}{i}."), true));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let tokenizer = dims.tokenizer(check, &name("tokenizer."))?;

        let periods = name("rope_embed.periods");
        let rope_periods = match check.has(&periods) {
            true => {
                check.expect(&periods, &[head_dim / 4])?;
                let values = check.source.read(&periods)?;
                if let Some(wrong) = values.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
                    return Err(check.error(format!("tensor `{periods}` contains {wrong}; periods are positive")));
                }
                Some(values)
            }
            false => None,
        };
        let Dims { embed, head_dim, heads } = dims;
        Ok(Self {
            prefix: prefix.to_string(),
            embed,
            head_dim,
            heads,
            layers,
            patch: PATCH,
            storage_tokens,
            tokenizer,
            rope_periods,
            sapiens1: None,
            heads_by_task: Vec::new(),
            detector: None,
            is_bundle: false,
        })
    }

    /// The head of a task.
    pub fn head(&self, task: Task) -> Option<&Head> {
        self.heads_by_task.iter().find(|(t, _)| *t == task).map(|(_, head)| head)
    }

    /// What the model predicts: its heads, or the features of a pretrained backbone.
    pub fn tasks(&self) -> Vec<Task> {
        match self.heads_by_task.as_slice() {
            [] => vec![Task::Features],
            heads => heads.iter().map(|(task, _)| *task).collect(),
        }
    }

    /// Number of tokens in front of the patch tokens: CLS and storage; of v1 CLS at most.
    pub fn prefix_tokens(&self) -> usize {
        usize::from(self.sapiens1.is_none_or(|v1| v1.has_cls)) + self.storage_tokens
    }

    /// Side in pixels of what becomes one token, of which input sides must be multiples: 16, or 64 for the 4K model.
    pub fn stride(&self) -> usize {
        self.patch * self.tokenizer.as_ref().map_or(1, |tokenizer| tokenizer.window)
    }

    /// The grid of tokens (or feature map) for an input size in pixels.
    pub fn grid(&self, input: Size) -> Size {
        Size::new(input.width / self.stride(), input.height / self.stride())
    }

    /// Checks an input size: multiples of the stride, and what a scale branch needs.
    ///
    /// # Errors
    /// `InvalidArgument` with what would be right.
    pub fn check_input(&self, input: Size) -> Result<()> {
        self.check_stride(input)?;
        match self.scale_branch() {
            Some(scale) if !scale.fits(self.grid(input)) => {
                let right = self.default_input().map_or("no 3:4 size fits".into(), |size| format!("{size} fits"));
                Err(crate::Error::invalid(format!(
                    "input size {input}: the scale branch of the pointmap head needs {} cells at its end, this gives {}; \
                     {right}",
                    scale.cells,
                    scale.cells_of(self.grid(input)).area()
                )))
            }
            _ => Ok(()),
        }
    }

    /// Checks an input size of the detector, which no scale branch limits.
    ///
    /// # Errors
    /// `InvalidArgument` with what would be right.
    pub fn check_detector_input(&self, input: Size) -> Result<()> {
        if input.width.max(input.height) > MAX_DETECTOR_SIDE {
            return Err(crate::Error::invalid(format!(
                "input size {input}: a detector sees at most {MAX_DETECTOR_SIDE} pixels per side"
            )));
        }
        self.check_stride(input)
    }

    fn check_stride(&self, input: Size) -> Result<()> {
        let stride = self.stride();
        if input.width == 0
            || input.height == 0
            || !input.width.is_multiple_of(stride)
            || !input.height.is_multiple_of(stride)
        {
            return Err(crate::Error::invalid(format!(
                "input size {input}: height and width of this model's input must be multiples of {stride}"
            )));
        }
        Ok(())
    }

    /// The usual input: in v1 that of the stored positions, otherwise 1024x768, for the 4K model 4096x3072, for a scale branch
    /// that does not fit it the largest 3:4 size (in steps of 64x48) that does.
    pub fn default_input(&self) -> Option<Size> {
        if let Some(v1) = self.sapiens1 {
            return Some(v1.input());
        }
        let usual = if self.tokenizer.is_some() { Size::new(3072, 4096) } else { Size::new(768, 1024) };
        let Some(scale) = self.scale_branch() else { return Some(usual) };
        let step = self.stride() / self.patch;
        let others = (1..=96).rev().map(|n| Size::new(48 * n * step, 64 * n * step));
        std::iter::once(usual).chain(others).find(|&size| scale.fits(self.grid(size)))
    }

    fn scale_branch(&self) -> Option<&super::ScaleBranch> {
        self.heads_by_task.iter().find_map(|(_, head)| head.scale())
    }
}

struct Dims {
    embed: usize,
    head_dim: usize,
    heads: usize,
}

impl Dims {
    /// Checks one block; `is_main` for the encoder, whose blocks have QK norms and a layer scale.
    fn layer(&self, check: &mut Checker<'_>, block: &str, is_main: bool) -> Result<Layer> {
        let &Self { embed, head_dim, heads } = self;
        let name = |rest: &str| format!("{block}{rest}");
        check.expect(&name("ln1.weight"), &[embed])?;
        check.expect(&name("ln2.weight"), &[embed])?;
        check.layer(&name("attn.wq"), &[embed, embed])?;
        check.layer(&name("attn.proj"), &[embed, embed])?;
        let key = name("attn.wk.weight");
        let rows = check.shape(&key, &[0, embed], "K")?[0];
        let kv_heads = rows / head_dim;
        if rows % head_dim != 0 || heads % kv_heads != 0 {
            let message = format!(
                "tensor `{key}` has {rows} rows; with {heads} heads of {head_dim} it should have {head_dim} times a \
                 divisor of {heads}"
            );
            return Err(check.error(message));
        }
        check.layer(&name("attn.wk"), &[rows, embed])?;
        check.layer(&name("attn.wv"), &[rows, embed])?;
        if is_main {
            check.expect(&name("attn.q_norm.weight"), &[head_dim])?;
            check.expect(&name("attn.k_norm.weight"), &[head_dim])?;
            check.expect(&name("attn.gamma.weight"), &[embed])?;
        }
        let ffn_hidden = check.shape(&name("ffn.w3.weight"), &[embed, 0], "F")?[1];
        check.expect(&name("ffn.w3.bias"), &[embed])?;
        check.layer(&name("ffn.w12"), &[2 * ffn_hidden, embed])?;
        Ok(Layer { kv_heads, ffn_hidden })
    }

    fn tokenizer(&self, check: &mut Checker<'_>, prefix: &str) -> Result<Option<Tokenizer>> {
        if !check.source.names().any(|name| name.starts_with(prefix)) {
            return Ok(None);
        }
        check.expect(&format!("{prefix}w_cls"), &[1, 1, self.embed])?;
        check.expect(&format!("{prefix}local_pos_embed"), &[1, WINDOW * WINDOW + 1, self.embed])?;
        let blocks = format!("{prefix}blocks.");
        let layers = (0..check.count(&blocks)).map(|i| self.layer(check, &format!("{blocks}{i}."), false));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        if let Some(i) = layers.iter().position(|layer| layer.kv_heads != self.heads) {
            let message = format!("`{blocks}{i}` has fewer key/value heads than query heads; a tokenizer has as many");
            return Err(check.source.error(ErrorKind::Unsupported, message));
        }
        Ok(Some(Tokenizer { layers, window: WINDOW, heads: self.heads }))
    }
}
