"""Whole pictures with a box per person, for the detector: `cargo run -p synth -- frames` writes them.

`image.npy` (N, S, S, 3): letterboxed pictures; `boxes.npy` (N, P, 5): x0 y0 x1 y1 in pixels of the square and 1 where
the row is used.
"""

from pathlib import Path

import numpy as np
import torch

import losses
from data import MEAN, STD, colour


class Frames:
    def __init__(self, folder, seed, size, batch=6):
        folder = Path(folder)
        self.image = np.load(folder / "image.npy", mmap_mode="r")
        self.boxes = np.load(folder / "boxes.npy", mmap_mode="r")
        if self.image.shape[1:] != (size, size, 3):
            raise SystemExit(f"{folder}/image.npy: {self.image.shape}, the detector sees {size}x{size}")
        self.rng, self.size, self.batch = np.random.default_rng(seed), size, batch

    def sample(self, i):
        image, boxes = np.array(self.image[i]), np.array(self.boxes[i])
        boxes = boxes[boxes[:, 4] > 0, :4]
        if self.rng.random() < 0.5:
            image = image[:, ::-1]
            boxes[:, [0, 2]] = self.size - 1 - boxes[:, [2, 0]]
        return colour(image, self.rng), boxes

    def losses(self, model):
        rows = [self.sample(int(i)) for i in self.rng.integers(len(self.image), size=self.batch)]
        x = np.stack([(image - MEAN) / STD for image, _ in rows]).transpose(0, 3, 1, 2)
        device = next(model.parameters()).device
        x = torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(device)
        out = model.decode_heads["detector"](model.backbone(x))
        return losses.detector(out.float(), [torch.from_numpy(b).to(device) for _, b in rows], self.size)
