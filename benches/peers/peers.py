"""What a user would otherwise pick, image in, result out: transformers as it is or compiled, and a plain ONNX export of it."""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers

import models


class Transformers:
    """Image in, keypoints or map out, by transformers' own processor and model."""

    def __init__(self, task, folder, device, dtype, compiled):
        config = json.loads((Path(folder) / "config.json").read_text())
        height, width = config["image_size"]
        self.task, self.device, self.dtype = task, device, dtype
        padded = task in ("normal", "pointmap", "albedo")
        self.processor = transformers.Sapiens2ImageProcessor(size={"height": height, "width": width}, do_pad=padded)
        model = getattr(transformers, models.CLASSES[task]).from_pretrained(folder, dtype=dtype)
        if task == "albedo":
            models.add_albedo_norms(model).to(dtype)
        self.model = model.eval().to(device)
        if compiled:
            self.model = torch.compile(self.model)

    def inputs(self, image):
        boxes = [[[0, 0, image.shape[1], image.shape[0]]]]
        own = dict(boxes=boxes) if self.task == "pose" else {}
        inputs = self.processor(images=[image], return_tensors="pt", device=self.device, **own)
        return inputs["pixel_values"].to(self.dtype), boxes

    @torch.inference_mode()
    def __call__(self, image):
        pixels, boxes = self.inputs(image)
        outputs = self.model(pixel_values=pixels)
        return self.finished(outputs, boxes, image.shape[:2])

    def finished(self, outputs, boxes, size):
        """What the user wants, on the processor."""
        if self.task == "pose":
            outputs.heatmaps = outputs.heatmaps.float()
            people = self.processor.post_process_pose_estimation(outputs, boxes=boxes)[0]
            return np.concatenate([people[0]["keypoints"].cpu(), people[0]["scores"].cpu()[:, None]], 1)
        if self.task == "seg":
            found = self.processor.post_process_semantic_segmentation(outputs, target_sizes=[size])[0]
        elif self.task == "normal":
            found = self.processor.post_process_normal_estimation(outputs, source_sizes=[size])[0]
        else:
            if self.task == "albedo":
                outputs = argparse.Namespace(pointmaps=outputs.normals.clamp(0, 1), scales=None)
            found = self.processor.post_process_pointmap_estimation(outputs, source_sizes=[size])[0]
        found = found if torch.is_tensor(found) else next(v for v in found.values() if torch.is_tensor(v))
        return found.float().cpu().numpy()


class Exported(Transformers):
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
        names = {"pose": ["heatmaps"], "seg": ["logits"], "pointmap": ["pointmaps", "scales"]}.get(self.task, ["normals"])
        return self.finished(argparse.Namespace(**dict(zip(names, values))), boxes, image.shape[:2])


class Bare:
    """A graph that libsapiens converted, in the Python package of ONNX Runtime, its input ready: nothing around the session."""

    def __init__(self, folder, device, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        provider = "CPUExecutionProvider" if device == "cpu" else "CUDAExecutionProvider"
        self.session = onnxruntime.InferenceSession(str(Path(folder) / "fp32.onnx"), options, providers=[provider])
        name, shape = self.session.get_inputs()[0].name, self.session.get_inputs()[0].shape
        random = np.random.default_rng(0)
        shape = [n if isinstance(n, int) else 1 for n in shape]
        self.feeds = {name: random.integers(0, 256, shape, dtype=np.uint8)}
        raw = {"heatmaps", "logits", "featmap"}
        self.outputs = [o.name for o in self.session.get_outputs() if o.name not in raw]

    def __call__(self, image):
        return self.session.run(self.outputs, self.feeds)[0]
