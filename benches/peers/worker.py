"""One peer in a process of its own: runs once per line of standard input and answers with a line of JSON.

    worker.py KIND TASK FOLDER PICTURE.npy [--device cpu] [--dtype fp32] [--threads 0] [--save OUT.npy]

KIND: `eager`, `compile` (torch.compile), `export` (a plain torch.onnx.export in ONNX Runtime).
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

import models

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Exported(models.Transformers):
    """The graph that torch.onnx.export makes of the model as it is, in ONNX Runtime; the processor of transformers around it."""

    def __init__(self, task, folder, device, dtype, threads):
        import onnxruntime

        super().__init__(task, folder, "cpu", torch.float32, compiled=False)
        path = Path(folder) / "export" / "model.onnx"
        if not path.exists():
            path.parent.mkdir()
            height, width = self.processor.size["height"], self.processor.size["width"]
            torch.onnx.export(
                self.model, (torch.zeros(1, 3, height, width),), str(path), dynamo=True, external_data=True, verbose=False
            )
        self.model = None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        providers = ["CPUExecutionProvider"] if device == "cpu" else ["CUDAExecutionProvider"]
        self.session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        if self.session.get_providers()[0] != providers[0]:
            sys.exit(f"ONNX Runtime fell back to {self.session.get_providers()[0]}")

    def __call__(self, image):
        pixels, boxes = self.inputs(image)
        feeds = {self.session.get_inputs()[0].name: pixels.float().cpu().numpy()}
        values = [torch.from_numpy(v) for v in self.session.run(None, feeds)]
        names = {"pose": ["heatmaps"], "seg": ["logits"], "normal": ["normals"], "pointmap": ["pointmaps", "scales"]}
        return self.finished(argparse.Namespace(**dict(zip(names[self.task], values))), boxes, image.shape[:2])


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
    if options.kind == "export":
        peer = Exported(options.task, options.folder, options.device, options.dtype, options.threads)
    else:
        compiled = options.kind == "compile"
        peer = models.Transformers(options.task, options.folder, options.device, DTYPES[options.dtype], compiled)
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
