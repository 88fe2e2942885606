"""Image in, keypoints or map out: `sapiens bench` against what a user would otherwise pick, in turn, on one machine.

    python3 compare.py --sapiens ../../target/release/sapiens --task pose --size 0.4b --peers eager,export --rounds 5

Prints a table of ratios (ours / theirs, medians over the rounds), and writes OUT.json and OUT.png.
"""
import argparse
import json
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


class Process:
    """A program that runs once per line."""

    def __init__(self, name, command):
        self.name, self.rounds = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.load_ms = self.answer()["load_ms"]

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(f"{self.name} ended with status {self.process.wait()}")

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sapiens", required=True, type=Path, help="the program, built with --release")
    parser.add_argument("--task", default="pose", choices=["pose", "seg", "normal", "pointmap"])
    parser.add_argument("--size", default="0.4b", choices=["tiny", "0.1b", "0.4b", "0.8b", "1b", "5b"])
    parser.add_argument("--input", default="1024x768", help="height x width")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--peers", default="eager,compile,export", help="none, or eager, compile, export; KIND:bf16 for another type")
    parser.add_argument("--ours", default="fp32", help="ways of running ours: PRECISION, PRECISION:low-memory, PRECISION:winograd=MB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: as each of them chooses")
    parser.add_argument("--frame", default="1920x1080", help="width x height of the picture")
    parser.add_argument("--work", type=Path, default=Path("peers-work"), help="where models are kept")
    parser.add_argument("--out", type=Path, default=Path("peers"), help="OUT.json, OUT.png")
    return parser.parse_args()


def agree(ours, theirs):
    """Both must do the same work. Pictures are resized by different rules, so keypoints of random weights scatter: most agree."""
    distance = np.linalg.norm(ours[:, :2] - theirs[:, :2], axis=1)
    share = float((distance < 8).mean())
    print(f"keypoints within 8 pixels of transformers': {share:.0%}, median distance {np.median(distance):.2f}")
    if share < 0.5:
        sys.exit("the two do not compute the same; no times are compared")
    return share


def main():
    options = arguments()
    height, width = map(int, options.input.split("x"))
    folder = options.work / f"{options.task}-{options.size}-{options.input}"
    if not (folder / "model.safetensors").exists():
        sys.path.insert(0, str(HERE))
        import models

        folder.mkdir(parents=True, exist_ok=True)
        models.make(options.task, options.size, (height, width), folder)
    picture = options.work / f"{options.frame}.npy"
    image = picture.with_suffix(".png")
    if not (picture.exists() and image.exists()):
        sys.path.insert(0, str(HERE))
        import models
        from PIL import Image

        pixels = models.picture(*map(int, options.frame.split("x")))
        np.save(picture, pixels)
        Image.fromarray(pixels).save(image)

    model = ["--model", str(folder / "model.safetensors"), "--task", options.task, "--device", options.device]
    model += ["--input-size", options.input, "--rope", "fp32", "--threads", str(options.threads)]
    processes = []
    for ours in options.ours.split(","):
        precision, *modes = ours.split(":")
        extra = [word for mode in modes for word in f"--{mode}".split("=")]
        command = [str(options.sapiens), "bench", "--image", str(image), "--on-request", "--precision", precision]
        processes.append(Process(f"libsapiens {ours}", command + model + extra))
    theirs = folder / "theirs.npy"
    for peer in [] if options.peers == "none" else options.peers.split(","):
        kind, _, dtype = peer.partition(":")
        command = [sys.executable, str(HERE / "worker.py"), kind, options.task, str(folder), str(picture)]
        command += ["--device", options.device, "--dtype", dtype or "fp32", "--threads", str(options.threads)]
        save = ["--save", str(theirs)] if peer == "eager" else []
        processes.append(Process({"export": "torch.onnx.export"}.get(kind, f"PyTorch {kind} {dtype or 'fp32'}"), command + save))

    agreement = None
    if options.task == "pose" and "eager" in options.peers.split(","):
        out = folder / "out"
        run = [str(options.sapiens), "run", str(image), "--out", str(out), "--save", "json"]
        subprocess.run(run + model, check=True, stdout=subprocess.DEVNULL)
        found = json.loads((out / f"{image.stem}.json").read_text())["people"][0]["keypoints"]
        agreement = agree(np.array([[k["x"], k["y"]] for k in found]), np.load(theirs))

    for number in range(options.rounds + 1):
        for process in processes:
            answer = process.run()
            # The first round warms up.
            if number:
                process.rounds.append(answer)
    for process in processes:
        process.close()
    report(options, processes, agreement)


def report(options, processes, agreement):
    def median(process, key):
        values = [r[key] for r in process.rounds if r[key] is not None]
        return statistics.median(values) if values else float("nan")

    rows = []
    for process in processes:
        rows.append(
            {
                "name": process.name,
                "load_ms": process.load_ms,
                **{key: median(process, key) for key in ("ms", "processor_ms", "peak_mb", "anonymous_mb")},
                "rounds": process.rounds,
            }
        )
    ours = rows[0]
    print(f"{options.task} {options.size}, {options.input}, {options.device}, {options.rounds} rounds in turn")
    print(f"{'':24} {'ms':>10} {'processor':>10} {'peak MB':>9} {'anonymous':>9} {'load ms':>9}   ours/theirs: time, processor time")
    for row in rows:
        ratios = f"{ours['ms'] / row['ms']:.2f} {ours['processor_ms'] / row['processor_ms']:.2f}" if row is not ours else ""
        numbers = f"{row['ms']:10.1f} {row['processor_ms']:10.1f} {row['peak_mb']:9.0f} {row['anonymous_mb']:9.0f}"
        print(f"{row['name']:24} {numbers} {row['load_ms']:9.0f}   {ratios}")
    machine = {"processor": platform.processor() or platform.machine(), "system": platform.platform()}
    whole = {"task": options.task, "size": options.size, "input": options.input, "device": options.device}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**whole, "machine": machine, "agreement": agreement, "rows": rows}, indent=1)
    options.out.with_suffix(".json").write_text(text + "\n")
    plot(options, rows)


def plot(options, rows):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot

    figure, axis = pyplot.subplots(figsize=(7, 0.5 + 0.45 * len(rows)), layout="constrained")
    times = [row["ms"] for row in rows]
    colours = ["tab:orange" if row["name"].startswith("libsapiens") else "tab:gray" for row in rows]
    bars = axis.barh([row["name"] for row in rows], times, color=colours)
    axis.bar_label(bars, [f"{t:.0f} ms" for t in times], padding=3)
    axis.invert_yaxis()
    axis.margins(x=0.15)
    axis.set_xlabel(f"{options.task} {options.size} {options.input} on {options.device}: image in, result out")
    figure.savefig(options.out.with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
