"""The embedded model: a small network of the Sapiens2 architecture, one backbone and one head per task.

Module names are the tensor names of official checkpoints (`backbone.*`, and `decode_heads.<task>.*` with the official
names inside a head), so `state_dict()` is the bundle that libsapiens reads.
"""

import math
from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

PATCH = 16


@dataclass
class Config:
    """Sizes of the network; everything libsapiens needs to know it reads from the tensors."""

    height: int = 256
    width: int = 192
    embed: int = 192
    heads: int = 6
    # Key/value heads of each layer: fewer than `heads` in the middle, as in the official models (grouped queries).
    kv_heads: tuple = (6, 6, 3, 3, 3, 3, 6, 6)
    ffn: int = 256
    storage_tokens: int = 8
    pose_deconv: tuple = (64, 64)
    pose_conv: tuple = (96, 96, 96)
    seg_deconv: tuple = (48, 24, 16, 16)
    seg_conv: tuple = (16, 16)
    dense_input: int = 48
    dense_upsample: tuple = (24, 16, 12, 8)
    dense_conv: tuple = (8, 8, 8)
    scale_conv: tuple = (48, 32, 16)
    scale_linear: tuple = (32, 16)
    detector_deconv: tuple = (48,)
    detector_conv: tuple = (48,)
    detector_size: int = 256
    tasks: tuple = ("pose", "seg", "normal", "pointmap", "albedo", "matting", "detector")
    extra: dict = field(default_factory=dict)

    def to_dict(self):
        return asdict(self)


class Rope(nn.Module):
    """Rotary position embedding over the patch grid, in fp32 with exact periods."""

    def __init__(self, head_dim, base=100.0):
        super().__init__()
        exponent = 2 * torch.arange(head_dim // 4, dtype=torch.float32) / (head_dim // 2)
        self.register_buffer("periods", base**exponent)
        self.cache = {}

    def forward(self, rows, columns):
        if (rows, columns) not in self.cache:
            y = torch.arange(0.5, rows, device="cpu") / rows
            x = torch.arange(0.5, columns, device="cpu") / columns
            grid = 2 * torch.stack(torch.meshgrid(y, x, indexing="ij"), -1).flatten(0, 1) - 1
            angle = (2 * math.pi * grid[:, :, None] / self.periods.cpu()).flatten(1, 2).tile(2)
            device = self.periods.device
            self.cache[rows, columns] = angle.sin().to(device), angle.cos().to(device)
        return self.cache[rows, columns]


def rotate(x, sin, cos):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


class Rms(nn.RMSNorm):
    """RMS norm whose weights follow the input's type (mixed types leave PyTorch's fast path)."""

    def forward(self, x):
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)


class LayerScale(nn.Module):
    def __init__(self, width, init):
        super().__init__()
        self.weight = nn.Parameter(torch.full((width,), init))

    def forward(self, x):
        return x * self.weight


class Attention(nn.Module):
    def __init__(self, width, heads, kv_heads):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = heads, kv_heads, width // heads
        self.wq = nn.Linear(width, width)
        self.wk = nn.Linear(width, kv_heads * self.head_dim)
        self.wv = nn.Linear(width, kv_heads * self.head_dim)
        self.q_norm = Rms(self.head_dim, eps=1e-6)
        self.k_norm = Rms(self.head_dim, eps=1e-6)
        self.proj = nn.Linear(width, width)
        self.gamma = LayerScale(width, 0.5)

    def forward(self, x, sin, cos):
        batch, tokens, _ = x.shape

        def split(t, heads):
            return t.view(batch, tokens, heads, self.head_dim).transpose(1, 2)

        # The tables are the identity for the class and storage tokens.
        q = rotate(self.q_norm(split(self.wq(x), self.heads)), sin, cos)
        k = rotate(self.k_norm(split(self.wk(x), self.kv_heads)), sin, cos)
        v = split(self.wv(x), self.kv_heads)
        if self.kv_heads != self.heads:
            repeat = self.heads // self.kv_heads
            k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        # Written out: at 201 tokens its backward pass is four times as fast on a CPU as the fused kernel's.
        scores = (q * self.head_dim**-0.5).to(v.dtype) @ k.to(v.dtype).transpose(-1, -2)
        out = scores.softmax(-1).to(v.dtype) @ v
        return self.gamma(self.proj(out.transpose(1, 2).reshape(batch, tokens, -1)))


class SwiGlu(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.w12 = nn.Linear(width, 2 * hidden)
        self.w3 = nn.Linear(hidden, width)

    def forward(self, x):
        gate, value = self.w12(x).chunk(2, -1)
        return self.w3(F.silu(gate) * value)


class Block(nn.Module):
    def __init__(self, width, heads, kv_heads, hidden):
        super().__init__()
        self.ln1 = Rms(width, eps=1e-6)
        self.attn = Attention(width, heads, kv_heads)
        self.ln2 = Rms(width, eps=1e-6)
        self.ffn = SwiGlu(width, hidden)

    def forward(self, x, sin, cos):
        x = x + self.attn(self.ln1(x), sin, cos)
        return x + self.ffn(self.ln2(x))


class PatchEmbed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.projection = nn.Conv2d(3, width, PATCH, PATCH)

    def forward(self, x):
        return self.projection(x)


class Backbone(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.patch_embed = PatchEmbed(c.embed)
        self.cls_token = nn.Parameter(torch.randn(1, 1, c.embed) * 0.02)
        self.storage_tokens = nn.Parameter(torch.randn(1, c.storage_tokens, c.embed) * 0.02)
        self.rope_embed = Rope(c.embed // c.heads)
        self.blocks = nn.ModuleList([Block(c.embed, c.heads, kv, c.ffn) for kv in c.kv_heads])
        self.ln1 = Rms(c.embed, eps=1e-6)
        self.prefix = 1 + c.storage_tokens
        for module in self.modules():
            if isinstance(module, nn.Linear):
                std = 0.8 * (2 / (module.in_features + module.out_features)) ** 0.5
                nn.init.trunc_normal_(module.weight, std=std)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.patch_embed.projection.weight, std=0.03)
        nn.init.zeros_(self.patch_embed.projection.bias)
        for block in self.blocks:
            # The residual branches start small, so that a deep stack starts near the identity.
            block.attn.proj.weight.data *= 0.5
            block.ffn.w3.weight.data *= 0.5

    def forward(self, x):
        batch = x.shape[0]
        x = self.patch_embed(x)
        rows, columns = x.shape[-2:]
        tokens = [self.cls_token.expand(batch, -1, -1), self.storage_tokens.expand(batch, -1, -1)]
        x = torch.cat([*tokens, x.flatten(2).transpose(1, 2)], 1)
        sin, cos = self.rope_embed(rows, columns)
        sin = F.pad(sin, (0, 0, self.prefix, 0))
        cos = F.pad(cos, (0, 0, self.prefix, 0), value=1.0)
        for block in self.blocks:
            x = block(x, sin, cos)
        x = self.ln1(x)[:, self.prefix :]
        return x.transpose(1, 2).reshape(batch, -1, rows, columns)


class ChannelRms(nn.Module):
    """RMS norm over the channels of each pixel; the official albedo head has it where the others have instance norm."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.Module()
        self.norm.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        # The sum in fp32, the maps in the type they come in.
        scale = torch.rsqrt(x.square().mean(1, keepdim=True, dtype=torch.float32) + 1e-6)
        return x * scale.to(x.dtype) * self.norm.weight.to(x.dtype)[:, None, None]


class InstanceNorm(nn.Module):
    """Per channel over the whole map, no weights."""

    def __init__(self, _channels):
        super().__init__()

    def forward(self, x):
        return F.instance_norm(x, eps=1e-5)


def init_head(head, predictor, gain):
    for module in head.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            mode = "fan_in" if isinstance(module, nn.Conv2d) else "fan_out"
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="linear")
            nn.init.zeros_(module.bias)
    predictor.weight.data *= gain


class DeconvHead(nn.Module):
    """Pose and segmentation (and the detector): transposed convolutions, 1x1 convolutions, predictor."""

    def __init__(self, width, deconv, conv, task, out, gain):
        super().__init__()
        layers, channels = [], width
        for c in deconv:
            layers += [nn.ConvTranspose2d(channels, c, 4, 2, 1, bias=False), InstanceNorm(c), nn.SiLU()]
            channels = c
        self.deconv_layers = nn.Sequential(*layers)
        layers = []
        for c in conv:
            layers += [nn.Conv2d(channels, c, 1), InstanceNorm(c), nn.SiLU()]
            channels = c
        self.conv_layers = nn.Sequential(*layers)
        self.predictor_name = f"conv_{task}"
        setattr(self, self.predictor_name, nn.Conv2d(channels, out, 1))
        init_head(self, self.predictor, gain)

    @property
    def predictor(self):
        return getattr(self, self.predictor_name)

    def trunk(self, x):
        """Everything before the predictor, which may then be asked for some pixels or channels only."""
        return self.conv_layers(self.deconv_layers(x))

    def forward(self, x):
        return self.predictor(self.trunk(x))


class DenseHead(nn.Module):
    """Normal, pointmap, albedo, matting: convolution, pixel shuffles, refinement convolutions, predictor."""

    def __init__(self, c: Config, task, out):
        super().__init__()
        norm = ChannelRms if task == "albedo" else InstanceNorm

        def conv(a, b):
            return [nn.Conv2d(a, b, 3, padding=1), norm(b), nn.SiLU()]

        self.input_conv = nn.Sequential(*conv(c.embed, c.dense_input))
        blocks, channels = [], c.dense_input
        for o in c.dense_upsample:
            layers = [nn.Conv2d(channels, 4 * o, 3, padding=1), nn.PixelShuffle(2), norm(o), nn.SiLU()]
            blocks.append(nn.Sequential(*layers))
            channels = o
        self.upsample_blocks = nn.Sequential(*blocks)
        layers = []
        for o in c.dense_conv:
            layers += conv(channels, o)
            channels = o
        self.conv_layers = nn.Sequential(*layers)
        self.predictor_name = f"conv_{task}"
        setattr(self, self.predictor_name, nn.Conv2d(channels, out, 1))
        if task == "pointmap":
            self.add_scale_branch(c)
        init_head(self, self.predictor, 0.5)

    def add_scale_branch(self, c: Config):
        layers, channels = [], c.embed
        rows, columns = c.height // PATCH, c.width // PATCH
        for o in c.scale_conv:
            layers += [nn.Conv2d(channels, o, 1, 2), InstanceNorm(o), nn.SiLU()]
            channels, rows, columns = o, -(-rows // 2), -(-columns // 2)
        self.scale_conv_layers = nn.Sequential(*layers)
        layers, features = [nn.Flatten()], channels * rows * columns
        for o in c.scale_linear:
            layers += [nn.Linear(features, o), nn.SiLU()]
            features = o
        self.scale_final_layer = nn.Sequential(*layers, nn.Linear(features, 1))

    @property
    def predictor(self):
        return getattr(self, self.predictor_name)

    def trunk(self, x):
        """Everything before the predictor, which may then be asked for some pixels only."""
        return self.conv_layers(self.upsample_blocks(self.input_conv(x)))

    def scale(self, x):
        """The pointmap's canonical scale, (N, 1)."""
        return self.scale_final_layer(self.scale_conv_layers(x))

    def forward(self, x):
        y = self.predictor(self.trunk(x))
        return (y, self.scale(x)) if hasattr(self, "scale_conv_layers") else y


class Bundle(nn.Module):
    """The backbone and all heads."""

    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.backbone = Backbone(c)
        make = {
            "pose": lambda: DeconvHead(c.embed, c.pose_deconv, c.pose_conv, "pose", 308, 0.1),
            "seg": lambda: DeconvHead(c.embed, c.seg_deconv, c.seg_conv, "seg", 29, 0.5),
            "detector": lambda: DeconvHead(c.embed, c.detector_deconv, c.detector_conv, "detector", 5, 0.1),
            "normal": lambda: DenseHead(c, "normal", 3),
            "pointmap": lambda: DenseHead(c, "pointmap", 3),
            "albedo": lambda: DenseHead(c, "albedo", 3),
            "matting": lambda: DenseHead(c, "matting", 4),
        }
        self.decode_heads = nn.ModuleDict({task: make[task]() for task in c.tasks})
        if "detector" in c.tasks:
            # Most cells hold no person: start at a probability of about one in fifty.
            self.decode_heads["detector"].predictor.bias.data[0] = -4.0

    def forward(self, x, tasks=None):
        features = self.backbone(x)
        tasks = tasks or [t for t in self.config.tasks if t != "detector"]
        return {task: self.decode_heads[task](features) for task in tasks}
