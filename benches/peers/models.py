"""Sapiens2 models of the official sizes with random weights, made with Hugging Face transformers, and a picture."""
import math
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

# embed, query heads, layers
SIZES = {
    "tiny": (64, 4, 18),
    "0.1b": (768, 12, 12),
    "0.4b": (1024, 16, 24),
    "0.8b": (1280, 16, 32),
    "1b": (1536, 24, 40),
    "5b": (2432, 32, 56),
}
CHANNELS = {"pose": 308, "seg": 29, "normal": 3, "pointmap": 3, "albedo": 3}
CLASSES = {
    "pose": "Sapiens2ForPoseEstimation",
    "seg": "Sapiens2ForSemanticSegmentation",
    "normal": "Sapiens2ForNormalEstimation",
    "pointmap": "Sapiens2ForPointmapEstimation",
    # transformers has no albedo; its head is that of normals with another norm: `add_albedo_norms`.
    "albedo": "Sapiens2ForNormalEstimation",
}


def head(task, size):
    """Channels of the official head: upsampling, convolutions, and the scale branch of the pointmap."""
    if size == "tiny":
        up, conv = ([32, 24], [16, 16, 16]) if task == "pose" else ([32, 24, 16, 8], [8, 8, 8])
        conv = conv[:2] if task == "seg" else conv
        scale = dict(scale_conv_out_channels=[32, 16, 8], scale_final_hidden_sizes=[16, 8])
    else:
        large = size == "5b"
        up, conv = {
            "pose": ([1536, 1024], [768, 512, 256]) if size == "1b" else ([1024, 768], [512, 512, 256]),
            "seg": ([512, 256, 128, 64], [64, 64]),
            "normal": ([1536, 768, 512, 256], [128, 64, 32]) if large else ([768, 512, 256, 128], [64, 32, 16]),
            "albedo": ([1536, 768, 512, 256] if large else [768, 512, 256, 128], [64, 32, 16]),
            "pointmap": ([1536, 768, 768, 768], [128, 64, 32]) if large else ([1536, 768, 512, 256], [64, 32, 16]),
        }[task]
        scale = dict(scale_conv_out_channels=[1536, 512, 128], scale_final_hidden_sizes=[512, 128])
    shuffles = task in ("normal", "pointmap", "albedo")
    return dict(
        upsample_out_channels=up,
        upsample_kernel_sizes=[3 if shuffles else 4] * len(up),
        use_pixel_shuffle=shuffles,
        conv_out_channels=conv,
        conv_kernel_sizes=[3 if shuffles else 1] * len(conv),
        **(scale if task == "pointmap" else {}),
    )


def make(task, size, image, folder):
    """Writes `model.safetensors` with random weights; `image` is height, width. Returns its path."""
    embed, heads, layers = SIZES[size]
    config = transformers.Sapiens2Config(
        hidden_size=embed,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        intermediate_size=4 * embed,
        num_key_value_attention_heads=heads // 2,
        image_size=list(image),
        num_labels=CHANNELS[task],
        head_config=head(task, size),
    )
    torch.manual_seed(0)
    model = getattr(transformers, CLASSES[task])(config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim > 1 and "token" not in name:
                # So that every layer passes on what it gets, and the outputs say something about the picture.
                fan = value.shape[0] * 4 if "deconv" in name or value.shape[-1] == 4 else math.prod(value.shape[1:])
                torch.nn.init.normal_(value, std=fan**-0.5)
    model.save_pretrained(folder)
    if task == "albedo":
        write_albedo(model, folder)
    return Path(folder) / "model.safetensors"


class ChannelRms(torch.nn.Module):
    """The norm of the albedo head: over the channels of a pixel, with a weight per channel, eps 1e-6."""

    def __init__(self, channels):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-6) * self.weight.view(1, -1, 1, 1)


def add_albedo_norms(model):
    """Makes the head of normals that of albedo."""
    for layer in [model.decode_head.input_conv, *model.decode_head.upsample_layers, *model.decode_head.conv_layers]:
        layer.norm = ChannelRms(layer.norm.num_features)
    return model


def write_albedo(model, folder):
    """Adds what the file of normals lacks, under the names of official albedo files; transformers reads it as normals still."""
    path = Path(folder) / "model.safetensors"
    tensors = {k.replace("conv_normal", "conv_albedo"): v for k, v in load_file(path).items()}
    head = model.decode_head
    names = ["input_conv.1"] + [f"upsample_blocks.{i}.2" for i in range(len(head.upsample_layers))]
    names += [f"conv_layers.{3 * i + 1}" for i in range(len(head.conv_layers))]
    for name, layer in zip(names, [head.input_conv, *head.upsample_layers, *head.conv_layers]):
        tensors[f"decode_head.{name}.norm.weight"] = torch.ones(layer.norm.num_features)
    save_file(tensors, Path(folder) / "albedo.safetensors", metadata={"format": "pt"})


def checkpoint(task, folder):
    """The file that libsapiens loads."""
    return Path(folder) / ("albedo.safetensors" if task == "albedo" else "model.safetensors")


def picture(width, height):
    """RGB u8 with edges, gradients and noise."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width]
    planes = [255 * x / width, 255 * y / height, 127 + 120 * np.sin(x / 37) * np.cos(y / 53)]
    image = np.stack(planes, -1) + random.normal(0, 12, (height, width, 3))
    for _ in range(12):
        cx, cy, r = random.integers(width), random.integers(height), random.integers(20, height // 4)
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = random.integers(0, 256, 3)
    return image.clip(0, 255).astype(np.uint8)
