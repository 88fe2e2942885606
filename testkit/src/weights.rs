//! Random checkpoints with original names, in which every branch matters.

use crate::file::Tensor;
use crate::rng::TorchRng;

/// What to make.
#[derive(Debug, Clone)]
pub struct Spec {
    /// `pretrain`, `pretrain_4k`, `pose`, `seg`, `normal`, `pointmap`, `albedo` or `matting`.
    pub task: String,
    pub embed: usize,
    pub heads: usize,
    pub layers: usize,
    pub tokenizer_layers: usize,
    /// Hidden width of the FFN as a multiple of `embed`.
    pub ffn: usize,
    /// Height and width of the input; only a scale branch depends on it.
    pub image: (usize, usize),
    /// Channels behind the upsampling layers, the convolutions, the scale convolutions and the scale's linear layers.
    pub up: Vec<usize>,
    pub conv: Vec<usize>,
    pub scale_conv: Vec<usize>,
    pub scale_hidden: Vec<usize>,
    pub seed: u64,
}

impl Spec {
    /// The tiny architecture of the references: 18 layers of 4 heads of 8, layers 8 and 9 with 2 key/value heads.
    pub fn tiny(task: &str, seed: u64) -> Self {
        let (up, conv) = match task {
            "pose" => (vec![24, 16], vec![16, 16, 16]),
            "seg" => (vec![24, 16, 12, 8], vec![8, 8]),
            _ => (vec![24, 16, 12, 8], vec![8, 8, 8]),
        };
        let image = match task {
            "pretrain_4k" => (512, 384),
            "pointmap" => (256, 192),
            _ => (128, 96),
        };
        Self {
            task: task.to_string(),
            embed: 32,
            heads: 4,
            layers: 18,
            tokenizer_layers: 2,
            ffn: 4,
            image,
            up,
            conv,
            scale_conv: vec![24, 16, 8],
            scale_hidden: vec![16, 8],
            seed,
        }
    }

    fn kv_heads(&self, layer: usize) -> usize {
        if layer < 8 || layer + 8 >= self.layers { self.heads } else { self.heads / 2 }
    }

    /// Names and shapes in the order of a state dict.
    pub fn keys(&self) -> Vec<(String, Vec<usize>)> {
        let e = self.embed;
        let is_pretrain = self.task.starts_with("pretrain");
        let p = if is_pretrain { "" } else { "backbone." };
        let mut keys = Keys(Vec::new());
        keys.add(format!("{p}cls_token"), &[1, 1, e]);
        keys.add(format!("{p}storage_tokens"), &[1, 8, e]);
        keys.layer(format!("{p}patch_embed.projection"), &[e, 3, 16, 16]);
        keys.add(format!("{p}rope_embed.periods"), &[e / self.heads / 4]);
        if self.task == "pretrain_4k" {
            keys.add("tokenizer.local_pos_embed".into(), &[1, 17, e]);
            keys.add("tokenizer.w_cls".into(), &[1, 1, e]);
            (0..self.tokenizer_layers)
                .for_each(|i| self.block(&mut keys, &format!("tokenizer.blocks.{i}."), self.heads, false));
        }
        (0..self.layers).for_each(|i| self.block(&mut keys, &format!("{p}blocks.{i}."), self.kv_heads(i), true));
        keys.add(format!("{p}ln1.weight"), &[e]);
        if !is_pretrain {
            self.head(&mut keys, "decode_head.");
        }
        keys.0
    }

    fn block(&self, keys: &mut Keys, b: &str, kv_heads: usize, is_main: bool) {
        let (e, d) = (self.embed, self.embed / self.heads);
        keys.add(format!("{b}ln1.weight"), &[e]);
        keys.layer(format!("{b}attn.wq"), &[e, e]);
        keys.layer(format!("{b}attn.wk"), &[kv_heads * d, e]);
        keys.layer(format!("{b}attn.wv"), &[kv_heads * d, e]);
        if is_main {
            keys.add(format!("{b}attn.q_norm.weight"), &[d]);
            keys.add(format!("{b}attn.k_norm.weight"), &[d]);
        }
        keys.layer(format!("{b}attn.proj"), &[e, e]);
        if is_main {
            keys.add(format!("{b}attn.gamma.weight"), &[e]);
        }
        keys.add(format!("{b}ln2.weight"), &[e]);
        keys.layer(format!("{b}ffn.w12"), &[2 * self.ffn * e, e]);
        keys.layer(format!("{b}ffn.w3"), &[e, self.ffn * e]);
    }

    fn head(&self, keys: &mut Keys, h: &str) {
        let is_albedo = self.task == "albedo";
        let is_deconv = matches!(self.task.as_str(), "pose" | "seg");
        let mut c = self.embed;
        if !is_deconv {
            keys.layer(format!("{h}input_conv.0"), &[c, c, 3, 3]);
            if is_albedo {
                keys.add(format!("{h}input_conv.1.norm.weight"), &[c]);
            }
        }
        for (i, &o) in self.up.iter().enumerate() {
            if is_deconv {
                keys.add(format!("{h}deconv_layers.{}.weight", 3 * i), &[c, o, 4, 4]);
            } else {
                keys.layer(format!("{h}upsample_blocks.{i}.0"), &[4 * o, c, 3, 3]);
            }
            if is_albedo {
                keys.add(format!("{h}upsample_blocks.{i}.2.norm.weight"), &[o]);
            }
            c = o;
        }
        let k = if is_deconv { 1 } else { 3 };
        for (i, &o) in self.conv.iter().enumerate() {
            keys.layer(format!("{h}conv_layers.{}", 3 * i), &[o, c, k, k]);
            if is_albedo {
                keys.add(format!("{h}conv_layers.{}.norm.weight", 3 * i + 1), &[o]);
            }
            c = o;
        }
        if self.task == "pointmap" {
            let (mut input, mut rows, mut columns) = (self.embed, self.image.0 / 16, self.image.1 / 16);
            for (i, &o) in self.scale_conv.iter().enumerate() {
                keys.layer(format!("{h}scale_conv_layers.{}", 3 * i), &[o, input, 1, 1]);
                (input, rows, columns) = (o, rows.div_ceil(2), columns.div_ceil(2));
            }
            let mut features = input * rows * columns;
            for (i, &o) in self.scale_hidden.iter().chain(&[1]).enumerate() {
                keys.layer(format!("{h}scale_final_layer.{}", 2 * i + 1), &[o, features]);
                features = o;
            }
        }
        let out = match self.task.as_str() {
            "pose" => 308,
            "seg" => 29,
            "matting" => 4,
            _ => 3,
        };
        keys.layer(format!("{h}conv_{}", self.task), &[out, c, 1, 1]);
    }
}

struct Keys(Vec<(String, Vec<usize>)>);

impl Keys {
    fn add(&mut self, name: String, shape: &[usize]) {
        self.0.push((name, shape.to_vec()));
    }

    fn layer(&mut self, key: String, shape: &[usize]) {
        self.add(format!("{key}.weight"), shape);
        self.add(format!("{key}.bias"), &shape[..1]);
    }
}

/// The tensors of a checkpoint, a function of names, shapes and seed.
pub fn make_checkpoint(spec: &Spec) -> Vec<Tensor> {
    let make = |(name, shape): (String, Vec<usize>)| {
        let data = match name.ends_with("rope_embed.periods") {
            true => periods(spec.embed / spec.heads),
            false => random_values(&name, &shape, spec.seed),
        };
        Tensor { name, shape, data }
    };
    spec.keys().into_iter().map(make).collect()
}

/// RoPE periods `100^(4k/D)`, rounded to bf16 once at the end (the original code also rounds the exponent).
pub fn periods(head_dim: usize) -> Vec<f32> {
    let period = |k: usize| 100f64.powf(4.0 * k as f64 / head_dim as f64);
    (0..head_dim / 4).map(|k| half::bf16::from_f64(period(k)).to_f32()).collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub(crate) fn random_values(name: &str, shape: &[usize], seed: u64) -> Vec<f32> {
    let count = shape.iter().product();
    // Only the lower 32 bits of a seed matter to the generator, so wrapping is harmless.
    let seed = u64::from(crc32(name.as_bytes())).wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(7919));
    let mut rng = TorchRng::new(seed);
    let mut values = rng.randn(count);
    let has = |part: &str| name.contains(part);
    let ends = |parts: &[&str]| parts.iter().any(|part| name.ends_with(part));
    if ends(&["q_norm.weight", "k_norm.weight"]) {
        values.iter_mut().for_each(|v| *v = (1.2 + 0.35 * *v).clamp(0.3, 2.4));
    } else if ends(&["gamma.weight"]) {
        values = rng.rand(count).into_iter().map(|v| v * 0.4 + 0.1).collect();
    } else if ends(&["ln1.weight", "ln2.weight", "norm.weight"]) {
        values.iter_mut().for_each(|v| *v = 1.0 + 0.2 * *v);
    } else if ends(&["cls_token", "storage_tokens", "w_cls"]) {
        values.iter_mut().for_each(|v| *v *= 0.5);
    } else if ends(&["local_pos_embed"]) {
        values.iter_mut().for_each(|v| *v *= 0.3);
    } else if ends(&[".bias"]) {
        let shift = if has("conv_albedo") {
            0.5
        } else if has("scale_final_layer.5") {
            1.3
        } else {
            0.0
        };
        values.iter_mut().for_each(|v| *v = 0.15 * *v + shift);
        if has("conv_pointmap") {
            values[2] += 3.0;
        }
    } else {
        let gain = gain(name) / (fan_in(name, shape) as f64).sqrt();
        values.iter_mut().for_each(|v| *v *= gain as f32);
    }
    values
}

fn fan_in(name: &str, shape: &[usize]) -> usize {
    match shape {
        [input, ..] if name.contains("deconv_layers") => input * 4,
        [_, input, height, width] => input * height * width,
        _ => shape[1],
    }
}

fn gain(name: &str) -> f64 {
    let has = |part: &str| name.contains(part);
    if has("patch_embed") {
        1.4
    } else if ["conv_layers", "upsample_blocks", "input_conv"].iter().any(|part| has(part)) {
        2f64.sqrt()
    } else if has("conv_albedo") {
        0.7
    } else if has("conv_matting") {
        1.5
    } else if has("scale_final_layer.5") {
        0.3
    } else if has(".wq.") || has(".wk.") {
        1.3
    } else {
        1.0
    }
}
