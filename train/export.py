"""Writes the bundle that libsapiens embeds from a checkpoint of `train.py`, and values to test the library against.

The weights, rounded to fp16 (the periods of the rotary embedding stay fp32), as a safetensors file in the
`sapiens2-bundle` format. The same checkpoint gives the same bytes. With `--expected`, what the network answers in fp32
on those rounded weights for one picture: as whole input (stretched) and letterboxed for the detector.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from data import MEAN, STD
from model import Bundle, Config

# The bundle is compiled into the library; the expected values are checked in beside the tests.
LARGEST_BUNDLE, LARGEST_EXPECTED = 8_000_000, 2_500_000
EXACT = "backbone.rope_embed.periods"
DTYPES = {"float16": "F16", "float32": "F32", "uint8": "U8"}
# What is stored of an output: start, stop, step per dimension.
EVERY = [None, None, None]
SLICES = {
    "heatmaps": [EVERY, [0, None, 21], EVERY, EVERY],
    "logits": [EVERY, EVERY, [0, None, 6], [0, None, 6]],
    **{name: [EVERY, EVERY, [0, None, 3], [0, None, 3]] for name in ("normal", "pointmap", "albedo", "matting")},
}


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint", help="CHECKPOINT.pt of train.py")
    p.add_argument("--out", required=True, help="the bundle, .safetensors")
    p.add_argument("--expected", help="also write expected values, .safetensors; needs --picture")
    p.add_argument("--picture", help="picture of one person, 3:4")
    p.add_argument("--weights", choices=("last", "average"), default="last", help="once the rate has fallen to zero the last "
                   "ones are better, before that the averaged ones")
    p.add_argument("--source", help="what the weights were trained on, for the header (default: from the checkpoint)")
    a = p.parse_args()
    if bool(a.expected) != bool(a.picture):
        p.error("--expected and --picture go together")
    return a


def rounded(weights):
    """The weights as they are stored; refuses what would not survive it."""
    stored = {}
    for name, value in weights.items():
        if not torch.isfinite(value).all():
            raise SystemExit(f"{name}: holds values that are not finite; this checkpoint is of no use")
        value = value.detach().cpu().float()
        if name != EXACT:
            half = value.half()
            if not torch.isfinite(half).all():
                raise SystemExit(f"{name}: {value.abs().max():.0f} is beyond fp16, which ends at 65504")
            value = half
        stored[name] = value.contiguous().numpy()
    return stored


def safetensors(tensors, metadata):
    """The bytes of a file: wide elements first (so that all are aligned), then by name, unlike the official writer with
    an order of the metadata."""
    header, parts, end = {"__metadata__": dict(sorted(metadata.items()))}, [], 0
    for name, x in sorted(tensors.items(), key=lambda entry: (-entry[1].itemsize, entry[0])):
        data = np.ascontiguousarray(x, x.dtype.newbyteorder("<")).tobytes()
        offsets = [end, end + len(data)]
        header[name] = {"dtype": DTYPES[x.dtype.name], "shape": list(x.shape), "data_offsets": offsets}
        parts.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def write(path, data, limit):
    if len(data) > limit:
        raise SystemExit(f"{path}: would have {len(data)} bytes; at most {limit} are wanted")
    path = Path(path)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
    print(f"{path}: {len(data)} bytes")


def describe(config, saved, source):
    """The header of the bundle: what libsapiens cannot read from the tensors. Version 2: UDP heatmaps."""
    trained = f"trained on procedurally rendered people: {saved['seen']} pictures in {saved['spent'] / 60:.0f} minutes"
    entries = {
        "format": "sapiens2-bundle",
        "version": "2",
        "input_size": f"{config.height}x{config.width}",
        "rope": "fp32",
        "framing": "person fills most of a 3:4 picture; stretch",
        "license": "MIT OR Apache-2.0",
        "source": source or trained,
    }
    if "detector" in config.tasks:
        entries["detector_input_size"] = f"{config.detector_size}x{config.detector_size}"
    return entries


def planes(pixels):
    """RGB (H, W, 3) as the bytes (1, 3, H, W) before normalisation."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]


def normalised(planes_u8):
    return torch.from_numpy((planes_u8.astype(np.float32) - MEAN[:, None, None]) / STD[:, None, None])


def letterboxed(pixels, side):
    """As the library does it: bilinear, centred on black."""
    height, width = pixels.shape[:2]
    scale = min(side / width, side / height)
    width, height = (min(max(int(n * scale), 1), side) for n in (width, height))
    left, top = (side - width) // 2, (side - height) // 2
    square = np.zeros((side, side, 3), np.uint8)
    inner = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    square[top : top + height, left : left + width] = inner
    return square


@torch.inference_mode()
def answers(config, stored, picture):
    """Tensors and metadata of the expected values."""
    model = Bundle(config).eval()
    model.load_state_dict({name: torch.from_numpy(x).float() for name, x in stored.items()})
    bgr = cv2.imread(str(picture))
    if bgr is None:
        raise SystemExit(f"{picture}: cannot be read as a picture")
    pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    size = config.width, config.height
    result = {"input": planes(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))}
    out = model(normalised(result["input"]))
    points, result["scale"] = out["pointmap"]
    complete = {"heatmaps": out["pose"], "logits": out["seg"], "pointmap": points}
    complete |= {name: out[name] for name in ("normal", "albedo")}
    # The library's graphs give the matte after the sigmoid, as the official head does.
    complete["matting"] = out["matting"].sigmoid()
    result["logits_argmax"] = out["seg"].argmax(1).to(torch.uint8)
    for name, x in complete.items():
        result[f"{name}_sub"] = x[tuple(slice(*cut) for cut in SLICES[name])]
    note = f"{Path(picture).name}, area-resized to {size[0]}x{size[1]}"
    if "detector" in config.tasks:
        result["detector_input"] = planes(letterboxed(pixels, config.detector_size))
        result["detector"] = model(normalised(result["detector_input"]), ["detector"])["detector"]
        note += f"; letterboxed to {config.detector_size}x{config.detector_size} for the detector"
    note += "; inputs are RGB u8 before normalisation"
    result = {name: x if isinstance(x, np.ndarray) else x.contiguous().numpy() for name, x in result.items()}
    for name, x in result.items():
        if x.dtype == np.float32 and not np.isfinite(x).all():
            raise SystemExit(f"{name}: the network's answer is not finite")
    return result, {"sub": json.dumps(SLICES, sort_keys=True), "note": note}


def main():
    a = arguments()
    torch.set_num_threads(1)
    saved = torch.load(a.checkpoint, map_location="cpu", weights_only=True)
    if not isinstance(saved, dict) or not {"config", "model", "average", "seen", "spent"} <= saved.keys():
        raise SystemExit(f"{a.checkpoint}: no checkpoint of train.py")
    config, stored = Config(**saved["config"]), rounded(saved["model" if a.weights == "last" else "average"])
    parameters = sum(x.size for name, x in stored.items() if name != EXACT)
    print(f"{parameters} parameters, trained on {saved['seen']} pictures")
    write(a.out, safetensors(stored, describe(config, saved, a.source)), LARGEST_BUNDLE)
    if a.expected:
        write(a.expected, safetensors(*answers(config, stored, a.picture)), LARGEST_EXPECTED)


if __name__ == "__main__":
    main()
