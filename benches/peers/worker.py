"""One peer in a process of its own: runs once per line of standard input and answers with a line of JSON.

    worker.py KIND TASK FOLDER PICTURE.npy [--device cpu] [--dtype fp32] [--threads 0] [--save OUT.npy]

KIND: `eager`, `compile` (torch.compile), `export` (a plain torch.onnx.export in ONNX Runtime), `bare` (the graph of libsapiens
in ONNX Runtime, nothing around it).
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

import peers

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def memory_mb(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return None


def main():
    parser = argparse.ArgumentParser()
    for name in ("kind", "task", "folder", "picture"):
        parser.add_argument(name)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="fp32", choices=DTYPES)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--save")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    image = np.load(options.picture)
    since = time.perf_counter()
    if options.kind == "bare":
        peer = peers.Bare(options.folder, options.device, options.threads)
    elif options.kind == "export":
        peer = peers.Exported(options.task, options.folder, options.device, options.dtype, options.threads)
    else:
        compiled = options.kind == "compile"
        peer = peers.Transformers(options.task, options.folder, options.device, DTYPES[options.dtype], compiled)
    # What is compiled is compiled on the first call.
    found = peer(image)
    if options.save:
        np.save(options.save, found)
    print(json.dumps({"ready": True, "load_ms": (time.perf_counter() - since) * 1e3}), flush=True)
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        peer(image)  # ends with its results in the memory of the processor, so nothing is left running on a GPU
        print(
            json.dumps(
                {
                    "ms": (time.perf_counter() - wall) * 1e3,
                    "processor_ms": (time.process_time() - processor) * 1e3,
                    "peak_mb": memory_mb("VmHWM"),
                    "anonymous_mb": memory_mb("RssAnon"),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
