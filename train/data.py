"""Training arrays as `cargo run -p synth -- arrays` writes them, and their augmentation.

A folder of `.npy` arrays, one row per rendered picture (read through memory maps), and `arrays.json`, which says what
they hold. Pixel centres are at integers.
"""

import json
import threading
from pathlib import Path
from queue import Queue

import cv2
import numpy as np
import torch

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
# Left and right of the 29 classes: swapped when a picture is mirrored.
CLASS_PAIRS = [(5, 14), (6, 15), (7, 16), (8, 17), (9, 18), (10, 19), (11, 20), (12, 21)]
FIELDS = ("image", "classes", "normal", "depth", "alpha", "albedo", "keypoints", "visibility", "camera")


class Arrays:
    """One folder. `flip[i]` is the keypoint that keypoint i becomes in a mirrored picture."""

    def __init__(self, folder):
        folder = Path(folder)
        meta = json.loads((folder / "arrays.json").read_text())
        if meta.get("format") != "sapiens-arrays" or meta.get("version") != 1:
            raise SystemExit(f"{folder}/arrays.json: not a sapiens-arrays folder of version 1")
        self.count, self.flip = meta["count"], np.array(meta["flip"])
        self.rows = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in FIELDS}
        for name, rows in self.rows.items():
            if len(rows) < self.count:
                raise SystemExit(f"{folder}/{name}.npy: {len(rows)} rows, arrays.json says {self.count}")
        self.size = self.rows["image"].shape[2:0:-1]  # width, height

    def row(self, i):
        r = {name: np.array(rows[i]) for name, rows in self.rows.items()}
        r["normal"] = r["normal"].astype(np.float32) / 127
        r["depth"] = r["depth"].astype(np.float32)
        r["alpha"] = r["alpha"].astype(np.float32) / 255
        r["albedo"] = r["albedo"].astype(np.float32) / 255
        r["centered"] = True
        return r


def class_flip():
    table = np.arange(29, dtype=np.uint8)
    for a, b in CLASS_PAIRS:
        table[a], table[b] = b, a
    return table


CLASS_FLIP = class_flip()


def mirror(r, flip):
    for name in ("image", "classes", "normal", "depth", "alpha", "albedo"):
        r[name] = np.ascontiguousarray(r[name][:, ::-1])
    width = r["image"].shape[1]
    r["classes"] = CLASS_FLIP[r["classes"]]
    r["normal"] = r["normal"] * np.array([-1, 1, 1], np.float32)
    r["keypoints"] = r["keypoints"][flip]
    r["keypoints"][:, 0] = width - 1 - r["keypoints"][:, 0]
    r["visibility"] = r["visibility"][flip]
    r["camera"][2] = width - 1 - r["camera"][2]


def zoom(r, rng):
    """Scale and shift, as a box that is a little off or a crop of a crop; black outside, as in the library."""
    height, width = r["classes"].shape
    a = float(np.exp(rng.uniform(-0.3, 0.3)))
    slack = 0.05 + 0.4 * abs(a - 1)
    tx = (width - 1) / 2 * (1 - a) + rng.uniform(-slack, slack) * width
    ty = (height - 1) / 2 * (1 - a) + rng.uniform(-slack, slack) * height
    matrix = np.array([[a, 0, tx], [0, a, ty]], np.float32)

    def warp(x, flags):
        return cv2.warpAffine(x, matrix, (width, height), flags=flags)

    classes = warp(r["classes"], cv2.INTER_NEAREST)
    if (classes > 0).mean() < 0.05:
        return
    r["classes"] = classes
    r["image"] = warp(r["image"], cv2.INTER_LINEAR)
    r["alpha"] = warp(r["alpha"], cv2.INTER_LINEAR)
    for name in ("normal", "depth", "albedo"):
        r[name] = warp(r[name], cv2.INTER_NEAREST)
    p = r["keypoints"] = r["keypoints"] * a + np.array([tx, ty], np.float32)
    inside = (p[:, 0] >= 0) & (p[:, 0] <= width - 1) & (p[:, 1] >= 0) & (p[:, 1] <= height - 1)
    r["visibility"] = np.where(inside, r["visibility"], 0).astype(np.uint8)
    fx, fy, cx, cy = r["camera"]
    r["camera"] = np.array([fx * a, fy * a, cx * a + tx, cy * a + ty], np.float32)
    r["centered"] = False


def colour(image, rng):
    x = image.astype(np.float32)
    if rng.random() < 0.1:
        x[:] = x.mean(2, keepdims=True)
    if rng.random() < 0.3:
        x = 255 * (x / 255) ** float(np.exp(rng.uniform(-0.35, 0.35)))
    x = (x - 127) * rng.uniform(0.75, 1.25) + 127 + rng.uniform(-20, 20)
    x = x * (1 + rng.normal(0, 0.05, 3)).astype(np.float32)
    if rng.random() < 0.15:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 1.2))
    return np.clip(x, 0, 255)


def patch(image, rng):
    """Something in front: a rectangle of one colour or of noise. Its labels stay: hidden parts are to be guessed."""
    height, width = image.shape[:2]
    w, h = (int(rng.uniform(0.05, 0.25) * n) for n in (width, height))
    x, y = rng.integers(0, width - w), rng.integers(0, height - h)
    fill = rng.uniform(0, 255, 3) if rng.random() < 0.5 else rng.uniform(0, 255, (h, w, 3))
    image[y : y + h, x : x + w] = fill


def sample(arrays, i, rng=None):
    """Row `i` as tensors' sources; augmented when a generator is given."""
    r = arrays.row(i)
    if rng is not None:
        if rng.random() < 0.5:
            mirror(r, arrays.flip)
        if rng.random() < 0.5:
            zoom(r, rng)
        r["image"] = colour(r["image"], rng)
        if rng.random() < 0.08:
            patch(r["image"], rng)
    r["input"] = ((r["image"].astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)
    r["normal"] = r["normal"].transpose(2, 0, 1)
    r["albedo"] = r["albedo"].transpose(2, 0, 1)
    r["centered"] = np.float32(r["centered"])
    return r


def collate(rows):
    stack = {name: np.ascontiguousarray(np.stack([r[name] for r in rows])) for name in rows[0]}
    return {name: torch.from_numpy(x) for name, x in stack.items()}


class Feeder:
    """Augmented batches from background threads; every folder is drawn by its weight."""

    def __init__(self, folders, weights, batch, seed, threads=1):
        self.folders, self.batch = folders, batch
        self.weights = np.array(weights, float) / np.sum(weights)
        self.queue = Queue(6)
        for t in range(threads):
            threading.Thread(target=self.work, args=(seed + t,), daemon=True).start()

    def work(self, seed):
        cv2.setNumThreads(1)
        rng = np.random.default_rng(seed)
        while True:
            rows = []
            for k in rng.choice(len(self.folders), self.batch, p=self.weights):
                arrays = self.folders[k]
                rows.append(sample(arrays, int(rng.integers(arrays.count)), rng))
            self.queue.put(collate(rows))

    def next(self):
        return self.queue.get()
