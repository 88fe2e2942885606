"""A quick look at a model while it trains. The figures that count come from `sapiens eval`."""

import torch
import torch.nn.functional as F

import losses
from data import collate, sample

COCO = [0, 1, 2, 3, 4, 5, 6, 7, 8, 62, 41, 9, 10, 11, 12, 13, 14]


def peaks(heatmaps, size):
    """Positions (N, K, 2) in pixels and heights (N, K); a parabola through the logarithm of the neighbours."""
    n, k, rows, columns = heatmaps.shape
    height, index = heatmaps.flatten(2).max(-1)
    x, y = index % columns, index // columns
    padded = F.pad(heatmaps, (1, 1, 1, 1), mode="replicate").clamp_min(1e-4).log()
    i, j = torch.arange(n)[:, None], torch.arange(k)[None]

    def offset(before, at, after):
        bend = before + after - 2 * at
        return torch.where(bend < -1e-4, (0.5 * (before - after) / bend).clamp(-0.5, 0.5), torch.zeros_like(bend))

    at = padded[i, j, y + 1, x + 1]
    dx = offset(padded[i, j, y + 1, x], at, padded[i, j, y + 1, x + 2])
    dy = offset(padded[i, j, y, x + 1], at, padded[i, j, y + 2, x + 1])
    (width, height_px) = size
    position = torch.stack([(x + dx) * (width - 1) / (columns - 1), (y + dy) * (height_px - 1) / (rows - 1)], -1)
    return position, height


@torch.no_grad()
def evaluate(model, arrays, limit):
    model.eval()
    device = next(model.parameters()).device
    sums, confusion, scores = {}, torch.zeros(29, 29), ([], [])

    def add(name, value):
        sums.setdefault(name, []).append(float(value))

    for start in range(0, min(limit, arrays.count), 16):
        batch = collate([sample(arrays, i) for i in range(start, min(start + 16, limit, arrays.count))])
        batch = {name: x.to(device) for name, x in batch.items()}
        with torch.autocast(device.type, torch.bfloat16):
            out = model(batch["input"])
        points, scale = out.pop("pointmap")
        out = {name: x.float() for name, x in out.items()}
        height, width = batch["classes"].shape[1:]
        position, score = peaks(out["pose"], (width, height))
        distance = (position - batch["keypoints"]).norm(dim=-1)
        visible, mask = batch["visibility"], (batch["classes"] > 0)[:, None].float()
        for n in range(len(distance)):
            rows = torch.where(mask[n, 0].any(1))[0]
            box = float(rows.max() - rows.min() + 1) if len(rows) else float(height)
            body = distance[n, COCO][visible[n, COCO] > 0]
            if len(body):
                add("pck05", (body < 0.05 * box).float().mean())
                add("pck10", (body < 0.1 * box).float().mean())
            if (visible[n] == 2).any():
                add("error308", distance[n][visible[n] == 2].mean() / box)
        scores[0].append(score[visible == 2])
        scores[1].append(score[visible == 0])
        pair = batch["classes"].long() * 29 + out["seg"].argmax(1)
        confusion += torch.bincount(pair.flatten(), minlength=841).view(29, 29).float()
        cosine = (F.normalize(out["normal"], dim=1) * batch["normal"]).sum(1, keepdim=True).clamp(-1, 1)
        add("normal_deg", torch.rad2deg((cosine.acos() * mask).sum() / mask.sum()))
        target, true_scale = losses.canonical_points(batch)
        metric = points.float() / scale.float()[:, :, None, None]
        truth = target / true_scale[:, None, None, None]
        relative = ((metric - truth).norm(dim=1) / truth.norm(dim=1).clamp_min(1e-3))[mask[:, 0] > 0]
        add("points_rel", relative.mean())
        add("albedo_mae", (((out["albedo"].clamp(0, 1) - batch["albedo"]).abs() * mask).sum() / mask.sum() / 3))
        add("alpha_mae", (out["matting"][:, 3].sigmoid() - batch["alpha"]).abs().mean())
    iou = confusion.diag() / (confusion.sum(0) + confusion.sum(1) - confusion.diag()).clamp_min(1)
    result = {name: round(sum(v) / len(v), 4) for name, v in sums.items()}
    result["miou"] = round(iou[confusion.sum(1) > 0].mean().item(), 4)
    result["score_visible"] = round(torch.cat(scores[0]).mean().item(), 3)
    result["score_absent"] = round(torch.cat(scores[1]).mean().item(), 3)
    model.train()
    return result
