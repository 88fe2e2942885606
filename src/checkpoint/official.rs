//! The official sizes of Sapiens2 as checkpoints without data: for plans about models that are not here. Nothing that loads a model
//! looks anything up here ([`Arch::derive`](super::Arch::derive)).

use super::file::Checkpoint;
use super::names::Source;
use crate::error::Result;
use crate::geometry::Size;
use crate::spec::Task;

/// Sizes by width, heads and blocks.
const SIZES: [(&str, usize, usize, usize); 5] =
    [("0.1b", 768, 12, 12), ("0.4b", 1024, 16, 24), ("0.8b", 1280, 16, 32), ("1b", 1536, 24, 40), ("5b", 2432, 32, 56)];
/// What every one of them sees.
const INPUT: Size = Size::new(768, 1024);
/// Tokens beside CLS that are no patches.
const STORAGE_TOKENS: usize = 8;
/// Blocks at both ends with as many key and value heads as query heads; those between have half of them.
const UNGROUPED: usize = 8;

/// The sizes for which there is an official model of a task, smallest first.
pub fn official_sizes(task: Task) -> Vec<&'static str> {
    let has = |size: &&str| match task {
        Task::Features => true,
        Task::Matting => *size == "1b",
        Task::Depth => false,
        _ => *size != "0.1b",
    };
    SIZES.iter().map(|(size, ..)| *size).filter(has).collect()
}

/// The tensors of an official model, without data: everything but reading weights works. `None` if there is no such model.
///
/// # Errors
/// None for the sizes of [`official_sizes`]; those of [`Source::new`] else.
pub fn official(size: &str, task: Task) -> Result<Option<Source>> {
    let Some(&(name, embed, heads, layers)) = SIZES.iter().find(|(name, ..)| *name == size) else { return Ok(None) };
    if !official_sizes(task).contains(&name) {
        return Ok(None);
    }
    let mut table = Table { tensors: Vec::new(), embed };
    table.backbone(if task == Task::Features { "" } else { "backbone." }, heads, layers);
    if task != Task::Features {
        table.head(task, size);
    }
    Source::new(Checkpoint::without_data(table.tensors)).map(Some)
}

struct Table {
    tensors: Vec<(String, Vec<usize>)>,
    embed: usize,
}

impl Table {
    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.tensors.push((name.into(), shape.to_vec()));
    }

    /// Weight `shape` and a bias of its first extent.
    fn biased(&mut self, name: &str, shape: &[usize]) {
        self.add(format!("{name}.weight"), shape);
        self.add(format!("{name}.bias"), &shape[..1]);
    }

    fn backbone(&mut self, prefix: &str, heads: usize, layers: usize) {
        let (embed, head_dim) = (self.embed, self.embed / heads);
        self.add(format!("{prefix}cls_token"), &[1, 1, embed]);
        self.add(format!("{prefix}storage_tokens"), &[1, STORAGE_TOKENS, embed]);
        self.biased(&format!("{prefix}patch_embed.projection"), &[embed, 3, 16, 16]);
        for i in 0..layers {
            let block = format!("{prefix}blocks.{i}.");
            let is_grouped = i >= UNGROUPED && i + UNGROUPED < layers;
            let keys = if is_grouped { heads / 2 * head_dim } else { embed };
            self.add(format!("{block}ln1.weight"), &[embed]);
            self.biased(&format!("{block}attn.wq"), &[embed, embed]);
            self.biased(&format!("{block}attn.wk"), &[keys, embed]);
            self.biased(&format!("{block}attn.wv"), &[keys, embed]);
            self.add(format!("{block}attn.q_norm.weight"), &[head_dim]);
            self.add(format!("{block}attn.k_norm.weight"), &[head_dim]);
            self.biased(&format!("{block}attn.proj"), &[embed, embed]);
            self.add(format!("{block}attn.gamma.weight"), &[embed]);
            self.add(format!("{block}ln2.weight"), &[embed]);
            self.biased(&format!("{block}ffn.w12"), &[8 * embed, embed]);
            self.biased(&format!("{block}ffn.w3"), &[embed, 4 * embed]);
        }
        self.add(format!("{prefix}ln1.weight"), &[embed]);
    }

    fn head(&mut self, task: Task, size: &str) {
        const PREFIX: &str = "decode_head.";
        let (up, conv, outputs) = head_channels(task, size);
        let is_albedo = task == Task::Albedo;
        let mut channels = self.embed;
        let kernel = if matches!(task, Task::Pose | Task::Seg) {
            for (i, &output) in up.iter().enumerate() {
                self.add(format!("{PREFIX}deconv_layers.{}.weight", 3 * i), &[channels, output, 4, 4]);
                channels = output;
            }
            1
        } else {
            self.biased(&format!("{PREFIX}input_conv.0"), &[channels, channels, 3, 3]);
            if is_albedo {
                self.add(format!("{PREFIX}input_conv.1.norm.weight"), &[channels]);
            }
            for (i, &output) in up.iter().enumerate() {
                self.biased(&format!("{PREFIX}upsample_blocks.{i}.0"), &[4 * output, channels, 3, 3]);
                if is_albedo {
                    self.add(format!("{PREFIX}upsample_blocks.{i}.2.norm.weight"), &[output]);
                }
                channels = output;
            }
            3
        };
        for (i, &output) in conv.iter().enumerate() {
            self.biased(&format!("{PREFIX}conv_layers.{}", 3 * i), &[output, channels, kernel, kernel]);
            if is_albedo {
                self.add(format!("{PREFIX}conv_layers.{}.norm.weight", 3 * i + 1), &[output]);
            }
            channels = output;
        }
        if task == Task::Pointmap {
            self.scale_branch(PREFIX);
        }
        self.biased(&format!("{PREFIX}conv_{task}"), &[outputs, channels, 1, 1]);
    }

    fn scale_branch(&mut self, prefix: &str) {
        let (mut channels, mut map) = (self.embed, Size::new(INPUT.width / 16, INPUT.height / 16));
        for (i, output) in [1536, 512, 128].into_iter().enumerate() {
            self.biased(&format!("{prefix}scale_conv_layers.{}", 3 * i), &[output, channels, 1, 1]);
            (channels, map) = (output, Size::new(map.width.div_ceil(2), map.height.div_ceil(2)));
        }
        let mut features = channels * map.area();
        for (i, output) in [512, 128, 1].into_iter().enumerate() {
            self.biased(&format!("{prefix}scale_final_layer.{}", 2 * i + 1), &[output, features]);
            features = output;
        }
    }
}

/// Channels behind the upsampling layers, those behind the convolutions, and the outputs.
fn head_channels(task: Task, size: &str) -> (&'static [usize], &'static [usize], usize) {
    let large = size == "5b";
    match task {
        Task::Pose if size == "1b" => (&[1536, 1024], &[768, 512, 256], 308),
        Task::Pose => (&[1024, 768], &[512, 512, 256], 308),
        Task::Seg => (&[512, 256, 128, 64], &[64, 64], 29),
        Task::Pointmap if large => (&[1536, 768, 768, 768], &[128, 64, 32], 3),
        Task::Pointmap => (&[1536, 768, 512, 256], &[64, 32, 16], 3),
        _ => (
            if large { &[1536, 768, 512, 256] } else { &[768, 512, 256, 128] },
            if large && task == Task::Normal { &[128, 64, 32] } else { &[64, 32, 16] },
            if task == Task::Matting { 4 } else { 3 },
        ),
    }
}
