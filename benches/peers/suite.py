"""The whole suite: every task against its peers, stages, memory, the goals of the project; a table, JSON and a plot.

    python3 suite.py --sapiens ../../target/release/sapiens --device cpu --size 0.4b --out performance

Writes OUT.json, OUT.md and OUT.png. On a machine with an NVIDIA GPU `../gpu.sh` installs what is needed and runs it.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import compare
import goals
import table

TASKS = compare.TASKS
# What is run in one turn must fit into the memory of the machine together.
CPU_CASES = [
    ("pose", "fp32,fp32:winograd={winograd}", "eager,export"),
    ("pose", "fp32,fp32:converted,fp32:converted:low-memory,fp32:converted:low-memory:cached", "bare"),
    *((task, "fp32,fp32:winograd={winograd}", "eager") for task in TASKS[1:]),
    ("pose", "fp32", "eager,compile,eager:bf16"),
]
# With a build for OpenVINO at hand: 32-bit weights, products in bfloat16.
OPENVINO_CASES = [(task, "fp32@openvino:cpu-bf16", "eager,eager:bf16") for task in TASKS]
GPU_CASES = [
    *((task, "fp16,bf16", "eager:bf16,compile:bf16") for task in TASKS),
    ("pose", "fp32", "eager,bare"),
]
WEBGPU_CASES = [(task, "fp32,fp16", "none") for task in TASKS]


def arguments():
    parser = compare.parser()
    parser.description = __doc__
    parser.add_argument("--tasks", default=",".join(TASKS), help="of these only")
    parser.add_argument("--winograd", type=int, default=3000, help="megabytes for the convolutions with less arithmetic")
    parser.add_argument("--runs", type=int, default=5, help="of each task for the table of stages")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="with what OUT.json has already")
    parser.set_defaults(rounds=3, out=Path("performance"))
    return parser.parse_args()


def cases(options):
    kind = options.device.split(":")[0]
    chosen = {"cpu": CPU_CASES, "webgpu": WEBGPU_CASES}.get(kind, GPU_CASES)
    if kind == "cpu" and os.environ.get("SAPIENS_ORT_OPENVINO"):
        chosen = chosen + OPENVINO_CASES
    wanted = options.tasks.split(",")
    return [case for case in chosen if case[0] in wanted]


def stages(options, task, extra):
    """What `sapiens bench` says of one task, or of several together: stages, throughput, memory, bytes to and from the device."""
    command = [str(options.sapiens), "bench", "--json", "--device", options.device, "--runs", str(options.runs)]
    for one in task.split("+"):
        own = argparse.Namespace(**{**vars(options), "task": one})
        checkpoint, _, _, image = compare.prepare(own)
        command += ["--model", str(checkpoint)]
    command += ["--image", str(image), "--input-size", options.input, "--rope", "fp32", "--task", task.replace("+", ",")]
    found = json.loads(subprocess.run(command + extra + shlex.split(options.options), check=True, stdout=subprocess.PIPE, text=True).stdout)
    return {"task": task, "options": " ".join(extra), **found}


def roof(device, seconds=3.0):
    """Rate of large matrix products in TFLOP/s, in fp32 and bf16: the most that a backbone could reach."""
    import torch

    size = 8192 if device.startswith(("cuda", "tensorrt")) else 2048
    where = "cuda" if size == 8192 else "cpu"
    found = {}
    for name in ("float32", "bfloat16"):
        a, b = (torch.randn(size, size, device=where).to(getattr(torch, name)) for _ in range(2))
        synchronise = torch.cuda.synchronize if where == "cuda" else (lambda: None)
        a @ b
        synchronise()
        count, since = 0, time.perf_counter()
        while time.perf_counter() - since < seconds:
            for _ in range(10 if where == "cuda" else 1):
                a @ b
                count += 1
            synchronise()
        found[name] = 2 * size**3 * count / (time.perf_counter() - since) / 1e12
    return found


def begun(options):
    """What an earlier run with --continue left, or an empty result."""
    path = options.out.with_suffix(".json")
    if options.go_on and path.exists():
        whole = json.loads(path.read_text())
        if (whole["size"], whole["device"], whole["input"]) == (options.size, options.device, options.input):
            return whole
        sys.exit(f"{path} is of another size, device or input; give another --out")
    asked = {"size": options.size, "device": options.device, "input": options.input}
    return {"machine": table.machine(), **asked, "roof_tflops": roof(options.device), "comparisons": [], "stages": []}


def main():
    options = arguments()
    compare.same_runtime()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    whole = begun(options)

    def save():
        options.out.with_suffix(".json").write_text(json.dumps(whole, indent=1) + "\n")

    failed = []
    for task, ours, peers in cases(options):
        own = {"task": task, "ours": ours.format(winograd=options.winograd), "peers": peers}
        if any(all(found[key] == own[key] for key in own) for found in whole["comparisons"]):
            continue
        try:
            found = compare.compare(argparse.Namespace(**{**vars(options), **own}))
        except compare.Ended as ended:
            failed.append(str(ended))
            continue
        print(table.comparison(found), flush=True)
        whole["comparisons"].append({**found, **own})
        save()
    chosen = options.tasks.split(",")
    precision = {"cpu": "fp32", "webgpu": "fp16"}.get(options.device.split(":")[0], "bf16")
    if not any(table.row(found, f"libsapiens {precision}") for found in whole["comparisons"]):
        # Not every device has half precision.
        precision = "fp32"
    for task in [*chosen, "+".join(chosen)] if len(chosen) > 1 else chosen:
        if not any(found["task"] == task for found in whole["stages"]):
            whole["stages"].append(stages(options, task, ["--live", "--precision", precision]))
            save()
    whole["goals"] = goals.judge(whole)
    save()
    parts = [table.heading(whole), goals.markdown(whole["goals"]), table.markdown(whole["comparisons"]), table.stages(whole)]
    text = "\n\n".join(parts)
    options.out.with_suffix(".md").write_text(text + "\n")
    table.plot(whole["comparisons"], options.out.with_suffix(".png"))
    print("\n" + text)
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
