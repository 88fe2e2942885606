"""Image in, keypoints or map out: `sapiens bench` against what a user would otherwise pick, in turn, on one machine.

    python3 compare.py --sapiens ../../target/release/sapiens --task pose --size 0.4b --peers eager,export --rounds 5

Prints a table of ratios (the first of ours / each other, medians over the rounds) and writes OUT.json.
"""
import argparse
import functools
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

import table

HERE = Path(__file__).resolve().parent
TASKS = ["pose", "seg", "normal", "pointmap", "albedo"]
NAMES = {"export": "torch.onnx.export", "bare": "bare session"}


class Ended(Exception):
    """A program ended before its time; it has said why itself."""


class Process:
    """A program that runs once per line."""

    def __init__(self, name, command, environment=None):
        self.name, self.rounds = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.ready = self.answer()

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise Ended(f"{self.name} ended with status {self.process.wait()}")

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sapiens", required=True, type=Path, help="the program, built with --release")
    parser.add_argument("--task", default="pose", choices=TASKS)
    parser.add_argument("--size", default="0.4b", choices=["tiny", "0.1b", "0.4b", "0.8b", "1b", "5b"])
    parser.add_argument("--input", default="1024x768", help="height x width")
    parser.add_argument("--device", default="cpu", help="of libsapiens: cpu, openvino:cpu-bf16, webgpu, cuda:0, ...")
    parser.add_argument(
        "--peers",
        default="eager,compile,export",
        help="none, or some of eager, compile, export, bare; KIND:bf16 for another type",
    )
    parser.add_argument(
        "--ours",
        default="fp32",
        help="ways of running ours: PRECISION and of it :converted (before, to an .onnx file), :low-memory, :winograd=MB, "
        ":cached (the load after the one that fills a cache folder); "
        "@DEVICE at the end for another one than --device",
    )
    parser.add_argument("--options", default="", help="more options of libsapiens, in one argument: \"--cache DIR\"")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: as each of them chooses")
    parser.add_argument("--frame", default="1920x1080", help="width x height of the picture")
    parser.add_argument("--work", type=Path, default=Path("peers-work"), help="where models are kept")
    parser.add_argument("--out", type=Path, default=Path("peers.json"))
    return parser


def prepare(options):
    """The model and the picture, made once; returns the checkpoint, the folder of the model, the picture as .npy and .png."""
    import models
    from PIL import Image

    folder = options.work / f"{options.task}-{options.size}-{options.input}"
    if not models.checkpoint(options.task, folder).exists():
        folder.mkdir(parents=True, exist_ok=True)
        models.make(options.task, options.size, tuple(map(int, options.input.split("x"))), folder)
    picture = options.work / f"{options.frame}.npy"
    image = picture.with_suffix(".png")
    if not (picture.exists() and image.exists()):
        pixels = models.picture(*map(int, options.frame.split("x")))
        np.save(picture, pixels)
        Image.fromarray(pixels).save(image)
    return models.checkpoint(options.task, folder), folder, picture, image


def environment(device):
    """What a program of ours needs to find the build of ONNX Runtime for a device."""
    known = dict(os.environ)
    library = known.get("SAPIENS_ORT_OPENVINO")
    if device.startswith("openvino") and library:
        # OpenVINO's own libraries lie beside it.
        folders = [str(Path(library).parent), known.get("LD_LIBRARY_PATH")]
        known.update(SAPIENS_ORT=library, LD_LIBRARY_PATH=":".join(filter(None, folders)))
    return known


def agreement(options, model, device, folder, image, theirs):
    """Both must do the same work: the share of keypoints within 8 pixels, of equal labels, or how values correlate.

    Pictures are resized by slightly different rules, so the results of random weights scatter: most must agree.
    """
    out = folder / "out"
    save = "json" if options.task == "pose" else "npy"
    run = [str(options.sapiens), "run", str(image), "--out", str(out), "--save", save, "--device", device]
    subprocess.run(run + model, check=True, stdout=subprocess.DEVNULL, env=environment(device))
    if options.task == "pose":
        found = json.loads((out / f"{image.stem}.json").read_text())["persons"][0]["keypoints"]
        ours = np.array([[k["x"], k["y"]] for k in found])
        share = float((np.linalg.norm(ours - np.load(theirs)[:, :2], axis=1) < 8).mean())
    elif options.task == "seg":
        share = float((np.load(out / f"{image.stem}_seg.npy") == np.load(theirs)).mean())
    else:
        ours = np.load(out / f"{image.stem}_{options.task}.npy")
        values = np.moveaxis(np.load(theirs), 0, -1)
        finite = np.isfinite(ours) & np.isfinite(values)
        share = float(np.corrcoef(ours[finite], values[finite])[0, 1])
    print(f"agreement of {device} with transformers: {share:.3f}", flush=True)
    if not share > 0.5:
        sys.exit(f"{options.task}: the two do not compute the same ({share:.3f}); no times are compared")
    return share


@functools.cache
def convert(sapiens, checkpoint, built, precision):
    """What `sapiens convert` makes of the checkpoint; once, because a model that is loaded must not change."""
    graph = checkpoint.with_name(f"{precision}.onnx")
    command = [str(sapiens), "convert", str(checkpoint), str(graph), "--precision", precision, *built]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return graph


def same_runtime():
    """Both sides use the ONNX Runtime of the Python package, unless SAPIENS_ORT names one for ours."""
    import importlib.util

    found = importlib.util.find_spec("onnxruntime")
    libraries = sorted(Path(found.origin).parent.glob("capi/libonnxruntime.so.*")) if found else []
    if libraries:
        os.environ.setdefault("SAPIENS_ORT", str(libraries[0]))


def compare(options):
    """Runs all in turn; returns what is written to OUT.json."""
    same_runtime()
    checkpoint, folder, picture, image = prepare(options)
    common = ["--task", options.task, "--threads", str(options.threads)]
    common += shlex.split(options.options)
    built = ("--input-size", options.input, "--rope", "fp32")
    model = ["--model", str(checkpoint), *common, *built]
    processes, devices, left_out = [], [], []

    def start(*arguments):
        """What a device cannot do (half precision, say) is left out, and said; the others are compared."""
        try:
            processes.append(Process(*arguments))
        except Ended as ended:
            left_out.append(str(ended))
            return False
        return True

    for ours in options.ours.split(","):
        way, _, device = ours.partition("@")
        device = device or options.device
        precision, *modes = way.split(":")
        converted = "converted" in modes
        extra = [word for mode in modes if mode not in ("converted", "cached") for word in f"--{mode}".split("=")]
        command = [str(options.sapiens), "bench", "--image", str(image), "--on-request", "--device", device, *extra]
        if converted:
            command += ["--model", str(convert(options.sapiens, checkpoint, built, precision)), *common]
        else:
            command += [*model, "--precision", precision]
        if "cached" in modes:
            command += ["--cache", str(folder / "cache")]
            Process("filling the cache", command, environment(device)).close()
        if start(f"libsapiens {ours}", command, environment(device)):
            devices.append(device)
    if not processes:
        raise Ended(f"{options.task}: no way of running ours works: {'; '.join(left_out)}")
    peers = [] if options.peers == "none" else options.peers.split(",")
    theirs = folder / "theirs.npy"
    # OpenVINO's processor is that of PyTorch; TensorRT's GPU is CUDA's.
    kind, _, index = options.device.partition(":")
    device = f"cuda:{index or 0}" if kind in ("cuda", "tensorrt") else "cpu"
    for peer in peers:
        kind, _, dtype = peer.partition(":")
        if kind == "bare":
            convert(options.sapiens, checkpoint, built, "fp32")
        command = [sys.executable, str(HERE / "worker.py"), kind, options.task, str(folder), str(picture)]
        command += ["--device", device, "--dtype", dtype or "fp32", "--threads", str(options.threads)]
        save = ["--save", str(theirs)] if peer == "eager" else []
        start(NAMES.get(kind, f"PyTorch {kind} {dtype or 'fp32'}"), command + save)
    agreed = None
    if "eager" in peers and any(process.name == "PyTorch eager fp32" for process in processes):
        # Sorted, so that runs can be compared.
        agreed = {device: agreement(options, model, device, folder, image, theirs) for device in sorted(set(devices))}
    for number in range(options.rounds + 1):
        for process in processes:
            answer = process.run()
            # The first round warms up.
            if number:
                process.rounds.append(answer)
    for process in processes:
        process.close()
    asked = {key: getattr(options, key) for key in ("task", "size", "input", "device", "rounds", "threads", "frame")}
    rows = [{"name": p.name, "load_ms": p.ready["load_ms"], "rounds": p.rounds} for p in processes]
    return {**asked, "machine": table.machine(), "agreement": agreed, "rows": rows, "left_out": left_out}


def main():
    options = parser().parse_args()
    try:
        found = compare(options)
    except Ended as ended:
        sys.exit(str(ended))
    print(table.comparison(found))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
