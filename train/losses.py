"""What each head is trained towards. Batches come from data.py; all maps are NCHW."""

import torch
import torch.nn.functional as F

from data import MEAN, STD

SIGMA = 1.5  # of the heatmaps' peaks, in cells; the official 6 at a quarter of the resolution
FACE = 70  # first keypoint of the dense face
CONTRAST = 12.0  # softmax temperature of the location loss
CANONICAL_FOCAL = 192.0  # pixels at the input's width; the pointmap is predicted as if seen with it


def group_weights(count=308):
    """Body and feet count more than each of the many face points."""
    w = torch.full((count,), 0.5)
    w[:21] = 2.0
    w[[41, 62, 69]] = 2.0
    w[21:63] = torch.maximum(w[21:63], torch.tensor(0.7))
    return w


KEYPOINT_WEIGHT = group_weights()
# Rare classes weigh more; measured shares of the pixels to the power of -0.5, held in a range.
CLASS_WEIGHT = torch.tensor(
    [0.4, 2.5, 3.0, 2.4, 2.2] + [3.0] * 8 + [1.5] + [3.0] * 8 + [3.0, 1.0] + [3.0] * 5
)


def heatmap_targets(keypoints, size, cells):
    """Gaussians around the keypoints. UDP: the centres of the first and last cells lie on those of the pixels."""
    (width, height), (columns, rows) = size, cells
    x = keypoints[..., 0:1] * (columns - 1) / (width - 1)
    y = keypoints[..., 1:2] * (rows - 1) / (height - 1)
    gx = torch.exp(-((torch.arange(columns) - x) ** 2) / (2 * SIGMA**2))
    gy = torch.exp(-((torch.arange(rows) - y) ** 2) / (2 * SIGMA**2))
    return gy[..., :, None] * gx[..., None, :]


def pose(head, features, batch, channels, location_weight):
    """Height (squared error) and place (cross entropy) of the peaks of some `channels`.

    A keypoint that is not in the picture has an empty map, and missing that weighs as much as missing a peak: the score
    of the library is the height of the peak.
    """
    x = head.trunk(features)
    predictor = head.predictor
    h = F.conv2d(x, predictor.weight[channels], predictor.bias[channels]).float()
    # Hidden joints are to be guessed; a face that is turned away is not there.
    visible = torch.where((channels >= FACE) & (batch["visibility"][:, channels] == 1), 0, batch["visibility"][:, channels])
    present = (visible > 0).float()
    height, width = batch["image"].shape[1:3]
    target = heatmap_targets(batch["keypoints"][:, channels], (width, height), (h.shape[3], h.shape[2]))
    target = target * present[..., None, None]
    weight = KEYPOINT_WEIGHT.to(h.device)[channels] * torch.where(visible == 1, 0.7, 1.0)
    error = ((h - target).square() * (1 + 8 * target)).sum((2, 3))
    error = error * weight * torch.where(visible > 0, 1.0, 4.0)
    losses = {"pose": 0.08 * error.mean()}
    if location_weight > 0:
        log_p = F.log_softmax((CONTRAST * h).flatten(2), -1)
        q = target.flatten(2)
        q = q / (q.sum(-1, keepdim=True) + 1e-6)
        w = weight * present
        entropy = -(log_p * q).sum(-1) - 3.7
        losses["place"] = location_weight * (entropy * w).sum() / (w.sum() + 1e-6)
    return losses


MAPS = ("input", "classes", "normal", "depth", "albedo", "alpha")


def one_of_four():
    """A function that takes every second row and column of a map, from a random start."""
    row, column = torch.randint(2, (2,), device="cpu").tolist()
    return lambda x: x[..., row::2, column::2]


def person_mean(x, mask):
    return (x * mask).sum() / (mask.sum() * x.shape[1] + 1)


def seg(out, batch):
    target = batch["classes"].long()
    ce = F.cross_entropy(out, target, weight=CLASS_WEIGHT.to(out.device))
    # Overlap of each class (soft Dice), so that small parts are not outvoted.
    p = out.softmax(1)
    flat = target.flatten()
    count = torch.bincount(flat, minlength=29).float()
    own = p.gather(1, target[:, None]).flatten()
    overlap = torch.zeros(29).scatter_add(0, flat, own)
    seen = (count > 8).float()
    dice = 1 - (2 * overlap + 1) / (p.sum((0, 2, 3)) + count + 1)
    return {"seg": 2 * ce, "dice": 0.5 * (dice * seen).sum() / seen.sum()}


def normal(out, batch, mask):
    n = batch["normal"]
    unit = F.normalize(out, dim=1, eps=1e-4)
    angle = person_mean(1 - (unit * n).sum(1, keepdim=True), mask)
    return {"normal": 4 * angle + person_mean((out - n).abs(), mask) * 2}


def canonical_points(batch):
    """Points as seen with the canonical focal length, and the scale that leads there.

    The optical axis is taken through the middle of the picture: nothing in a crop tells where it was.
    """
    height, width = batch["classes"].shape[1:]
    focal = batch["camera"][:, 0, None, None]
    scale = CANONICAL_FOCAL / focal
    z = batch["depth"] * scale
    x = (torch.arange(width) - (width - 1) / 2)[None, None, :] / focal * z
    y = (torch.arange(height) - (height - 1) / 2)[None, :, None] / focal * z
    return torch.stack([x, y, z], 1), scale[:, 0, 0]


def pointmap(out, scale_out, target, scale, batch, mask):
    """`target` and `scale` are those of `canonical_points`, the former where `out` is."""
    # A zoomed picture lies about its focal length: its absolute depth teaches less.
    trust = 0.25 + 0.75 * batch["centered"]
    count = mask.sum((2, 3), keepdim=True) + 1
    depth = (target[:, 2:] * mask).sum((2, 3), keepdim=True) / count + 1e-3
    error = (out - target) / depth * mask
    shape = (error - error.sum((2, 3), keepdim=True) / count) * mask
    per_image = error.abs().sum((1, 2, 3)) / count[:, 0, 0, 0]
    shape = shape.abs().sum((1, 2, 3)) / count[:, 0, 0, 0]
    present = (mask.sum((1, 2, 3)) > 12).float()
    ratio = (scale_out[:, 0] / scale - 1).abs()
    return {
        "points": ((2 * trust * per_image + 6 * shape) * present).mean(),
        "scale": (ratio * trust * present).mean(),
    }


def albedo(out, batch, mask):
    return {"albedo": 6 * person_mean((out - batch["albedo"]).abs(), mask)}


def matting(out, batch):
    alpha = batch["alpha"][:, None]
    picture = (batch["input"] * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]) / 255
    p = out.sigmoid()
    losses = {"alpha": 2 * F.binary_cross_entropy_with_logits(out[:, 3:], alpha) + 2 * (p[:, 3:] - alpha).abs().mean()}
    # Premultiplied colour: black outside the person, the picture's own where nothing shines through.
    error = (p[:, :3] - picture.clamp(0, 1) * alpha).abs()
    losses["colour"] = 6 * person_mean(error, (alpha > 0).float()) + error.mean()
    return losses


def detector(out, boxes, size):
    """Centre map (penalty-reduced focal loss, Zhou et al. 2019) and distances to the box edges (GIoU).

    `boxes`: a list of (n, 4) tensors, x0 y0 x1 y1 in pixels of the square input of `size` pixels.
    """
    cells = out.shape[-1]
    stride = size / cells
    centre = stride * (torch.arange(cells) + 0.5) - 0.5
    heat, overlap, count = [], 0.0, 0
    for i, b in enumerate(boxes):
        target = torch.zeros(cells, cells)
        for x0, y0, x1, y1 in b.tolist():
            cx, cy, w, h = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
            sx, sy = max(w / 8, stride / 2), max(h / 8, stride / 2)
            g = torch.exp(-((centre[None] - cx) ** 2) / (2 * sx * sx) - (centre[:, None] - cy) ** 2 / (2 * sy * sy))
            row, column = (int(min(max(round((v + 0.5) / stride - 0.5), 0), cells - 1)) for v in (cy, cx))
            g[row, column] = 1.0
            target = torch.maximum(target, g)
            near = (g > 0.6).nonzero()
            d = out[i, 1:, near[:, 0], near[:, 1]].clamp(-6, 4).exp() * 32
            x, y = centre[near[:, 1]], centre[near[:, 0]]
            p = torch.stack([x - d[0], y - d[1], x + d[2], y + d[3]])
            t = torch.tensor([x0, y0, x1, y1])[:, None]
            inter = (torch.minimum(p[2], t[2]) - torch.maximum(p[0], t[0])).clamp(min=0)
            inter = inter * (torch.minimum(p[3], t[3]) - torch.maximum(p[1], t[1])).clamp(min=0)
            union = (p[2] - p[0]) * (p[3] - p[1]) + w * h - inter
            hull = (torch.maximum(p[2], t[2]) - torch.minimum(p[0], t[0]))
            hull = hull * (torch.maximum(p[3], t[3]) - torch.minimum(p[1], t[1]))
            giou = inter / union - (hull - union) / hull
            overlap = overlap + ((1 - giou) * g[near[:, 0], near[:, 1]]).sum() / g[near[:, 0], near[:, 1]].sum()
            count += 1
        heat.append(target)
    target = torch.stack(heat)
    logit = out[:, 0]
    p = logit.sigmoid()
    positive = (target == 1).float()
    focal = positive * (1 - p).square() * F.logsigmoid(logit)
    focal = focal + (1 - positive) * (1 - target) ** 4 * p.square() * F.logsigmoid(-logit)
    n = max(count, 1)
    return {"centre": -focal.sum() / n * 0.5, "box": overlap / n * 2 if count else out.sum() * 0}
