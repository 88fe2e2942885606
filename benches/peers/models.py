"""Sapiens2 models of the official sizes with random weights, in Hugging Face transformers, and how a user of it runs them."""
import json
import math
from pathlib import Path

import numpy as np
import torch
import transformers

# embed, query heads, layers
SIZES = {
    "tiny": (64, 4, 18),
    "0.1b": (768, 12, 12),
    "0.4b": (1024, 16, 24),
    "0.8b": (1280, 16, 32),
    "1b": (1536, 24, 40),
    "5b": (2432, 32, 56),
}
CHANNELS = {"pose": 308, "seg": 29, "normal": 3, "pointmap": 3}
CLASSES = {
    "pose": "Sapiens2ForPoseEstimation",
    "seg": "Sapiens2ForSemanticSegmentation",
    "normal": "Sapiens2ForNormalEstimation",
    "pointmap": "Sapiens2ForPointmapEstimation",
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
            "pointmap": ([1536, 768, 768, 768], [128, 64, 32]) if large else ([1536, 768, 512, 256], [64, 32, 16]),
        }[task]
        scale = dict(scale_conv_out_channels=[1536, 512, 128], scale_final_hidden_sizes=[512, 128])
    shuffles = task in ("normal", "pointmap")
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
    return Path(folder) / "model.safetensors"


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


class Transformers:
    """Image in, keypoints or map out, by transformers' own processor and model."""

    def __init__(self, task, folder, device, dtype, compiled):
        config = json.loads((Path(folder) / "config.json").read_text())
        height, width = config["image_size"]
        self.task, self.device, self.dtype = task, device, dtype
        padded = task in ("normal", "pointmap")
        self.processor = transformers.Sapiens2ImageProcessor(size={"height": height, "width": width}, do_pad=padded)
        model = getattr(transformers, CLASSES[task]).from_pretrained(folder, dtype=dtype)
        self.model = model.eval().to(device)
        if compiled:
            self.model = torch.compile(self.model)

    def inputs(self, image):
        boxes = [[[0, 0, image.shape[1], image.shape[0]]]]
        own = dict(boxes=boxes) if self.task == "pose" else {}
        inputs = self.processor(images=[image], return_tensors="pt", device=self.device, **own)
        return inputs["pixel_values"].to(self.dtype), boxes

    @torch.inference_mode()
    def __call__(self, image):
        pixels, boxes = self.inputs(image)
        outputs = self.model(pixel_values=pixels)
        return self.finished(outputs, boxes, image.shape[:2])

    def finished(self, outputs, boxes, size):
        """What the user wants, on the processor."""
        if self.task == "pose":
            outputs.heatmaps = outputs.heatmaps.float()
            people = self.processor.post_process_pose_estimation(outputs, boxes=boxes)[0]
            return np.concatenate([people[0]["keypoints"].cpu(), people[0]["scores"].cpu()[:, None]], 1)
        if self.task == "seg":
            found = self.processor.post_process_semantic_segmentation(outputs, target_sizes=[size])[0]
        elif self.task == "normal":
            found = self.processor.post_process_normal_estimation(outputs, source_sizes=[size])[0]
        else:
            found = self.processor.post_process_pointmap_estimation(outputs, source_sizes=[size])[0]
        found = found if torch.is_tensor(found) else next(v for v in found.values() if torch.is_tensor(v))
        return found.float().cpu().numpy()
