"""Trains the embedded model. `python train.py --help`; README.md says how the shipped one was made.

The learning rate is held, then falls to zero over the last `--decay` minutes, so that a run can be continued
(`--resume`) with more data as long as the fall has not begun.
"""

import argparse
import ctypes
import json
import sys
import tempfile
import time
from pathlib import Path

import torch

import losses
import metrics
import optim
from data import Arrays, Feeder
from frames import Frames
from model import Bundle, Config
from parallel import Peers


def keep_memory():
    """Lets glibc keep freed memory: returning tens of megabytes per operator to the system and faulting them in again
    took more time than the arithmetic."""
    if sys.platform == "linux":
        libc = ctypes.CDLL("libc.so.6")
        trim_threshold, mmap_max = -1, -4
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", nargs="+", required=True, help="folders of training arrays, FOLDER or FOLDER:WEIGHT")
    p.add_argument("--frames", help="folder of whole pictures with boxes, for the detector")
    p.add_argument("--val", help="folder of arrays with seeds that are not trained on")
    p.add_argument("--out", required=True, help="run folder: checkpoints and log.jsonl")
    p.add_argument("--resume", help="checkpoint to go on from")
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--decay", type=float, default=0, help="minutes at the end over which the rate falls to zero")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--dense", type=int, default=6, help="pictures of a batch that the dense heads see")
    p.add_argument("--only", nargs="+", default=[], metavar="TASK", help="train these heads, and leave the rest as it is",
                   choices=("pose", "seg", "normal", "pointmap", "albedo", "matting"))
    p.add_argument("--channels", type=int, default=128, help="heatmaps of a step that are compared")
    p.add_argument("--frames-every", type=int, default=3, help="steps between batches of the detector")
    p.add_argument("--place", type=float, default=0.6, help="weight of the location loss; 0 near the end of a run")
    p.add_argument("--muon-lr", type=float, default=0.02)
    p.add_argument("--adam-lr", type=float, default=1e-3)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda, cuda:1")
    p.add_argument("--processes", type=int, default=1, help="processes that share a step, on a CPU")
    p.add_argument("--threads", type=int, default=2, help="threads of each process")
    p.add_argument("--eval-minutes", type=float, default=10)
    p.add_argument("--eval-count", type=int, default=160)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--smoke", action="store_true", help="three steps and an evaluation, to see that everything works")
    return p.parse_args()


BODY = torch.tensor([*range(21), 41, 62, 69])
REST = torch.tensor(sorted(set(range(308)) - set(BODY.tolist())))


def step_losses(model, batch, dense, channels, place, only=()):
    """The losses of all heads, or of those in `only` on a backbone that stays as it is."""
    heads = model.decode_heads
    with torch.set_grad_enabled(not only):
        features = model.backbone(batch["input"])
    result = {}
    if not only or "pose" in only:
        rest = REST[torch.randperm(len(REST), device="cpu")[: max(channels - len(BODY), 0)]]
        channels = torch.cat([BODY, rest]).to(features.device)
        result |= losses.pose(heads["pose"], features, batch, channels, place)
    features, batch = features[:dense], {name: x[:dense] for name, x in batch.items()}
    target, canonical = losses.canonical_points(batch)
    # One pixel of four, another one each time: neighbours teach the same, and the losses cost as much as a head.
    pick = losses.one_of_four()
    batch = {name: pick(x) if name in losses.MAPS else x for name, x in batch.items()}
    mask = (batch["classes"] > 0)[:, None].float()

    def picked(task):
        return heads[task].predictor(pick(heads[task].trunk(features))).float()

    def pointmap():
        scale = heads["pointmap"].scale(features).float()
        return losses.pointmap(picked("pointmap"), scale, pick(target), canonical, batch, mask)

    maps = {
        "seg": lambda: losses.seg(picked("seg"), batch),
        "normal": lambda: losses.normal(picked("normal"), batch, mask),
        "pointmap": pointmap,
        "albedo": lambda: losses.albedo(picked("albedo"), batch, mask),
        "matting": lambda: losses.matting(picked("matting"), batch),
    }
    for task, loss in maps.items():
        if not only or task in only:
            result |= loss()
    return result


class Run:
    def __init__(self, a, peers):
        self.a, self.peers = a, peers
        self.out = Path(a.out)
        self.out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(a.seed)
        torch.set_num_threads(a.threads)
        self.device = torch.device(a.device)
        if self.device.type != "cpu":
            torch.set_default_device(self.device)
        saved = torch.load(a.resume, map_location=self.device, weights_only=True) if a.resume else None
        self.model = Bundle(Config(**saved["config"]) if saved else Config()).to(self.device)
        self.muon, self.adam = optim.build(self.model, a.adam_lr, 0.05)
        self.step, self.seen, self.spent = 0, 0, 0.0
        if saved:
            self.model.load_state_dict(saved["model"])
            self.muon.load_state_dict(saved["muon"])
            self.adam.load_state_dict(saved["adam"])
            self.step, self.seen, self.spent = saved["step"], saved["seen"], saved["spent"]
        self.average = {k: v.clone() for k, v in (saved["average"] if saved else self.model.state_dict()).items()}

    def log(self, **entry):
        if not self.peers.leads:
            return
        line = json.dumps({"step": self.step, "seen": self.seen, "minutes": round(self.spent / 60, 2), **entry})
        print(line, flush=True)
        with open(self.out / "log.jsonl", "a") as f:
            f.write(line + "\n")

    def save(self, name):
        if not self.peers.leads:
            return
        state = {
            "config": self.model.config.to_dict(),
            "model": self.model.state_dict(),
            "average": self.average,
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "step": self.step,
            "seen": self.seen,
            "spent": self.spent,
        }
        part = self.out / f"{name}.part"
        torch.save(state, part)
        part.rename(self.out / f"{name}.pt")

    def evaluate(self, arrays, limit):
        if not self.peers.leads:
            return
        own = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        result = metrics.evaluate(self.model, arrays, limit)
        self.model.load_state_dict(own)
        self.log(val=result)

    def update(self, loss, rate):
        """One step of the optimisers, unless the loss of a process is not finite."""
        self.adam.zero_grad(set_to_none=True)
        for p, _ in self.muon.params:
            p.grad = None
        loss.backward()
        total = loss.detach().clone()
        grads = [p.grad for p in self.model.parameters() if p.grad is not None]
        self.peers.sum([total, *grads])
        if not torch.isfinite(total):
            self.log(skipped="loss is not finite")
            return
        torch._foreach_div_(grads, self.peers.count)
        adam_params = [p for g in self.adam.param_groups for p in g["params"]]
        torch.nn.utils.clip_grad_norm_(adam_params, 5.0)
        for group in self.adam.param_groups:
            group["lr"] = self.a.adam_lr * rate
        self.adam.step()
        self.muon.step(self.a.muon_lr * rate, self.peers)
        self.step += 1
        self.seen += self.a.batch
        keep = min(0.998, 1 - 1 / (self.step * 0.1 + 2))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)

    def train(self):
        a, peers = self.a, self.peers
        seed = a.seed + self.step + 100_000 * peers.rank
        torch.manual_seed(seed)
        named = [entry.partition(":") for entry in a.data]
        folders, weights = [Arrays(f) for f, _, _ in named], [float(w or 1) for _, _, w in named]
        feeder = Feeder(folders, weights, a.batch // peers.count, seed)
        frames = None
        if a.frames:
            frames = Frames(a.frames, seed, self.model.config.detector_size, batch=max(1, 6 // peers.count))
        val = Arrays(a.val) if a.val else None
        self.log(start=vars(a))
        begin, last, next_eval, mean = time.time(), time.time(), a.eval_minutes * 60, {}
        elapsed, warm, tries = 0.0, self.step, 0
        while elapsed < a.minutes * 60 and not (a.smoke and tries == 3):
            fall = (a.minutes * 60 - elapsed) / (a.decay * 60) if a.decay else 1.0
            rate = min(1.0, (self.step - warm + 1) / 60, max(fall, 0.004))
            place = a.place * min(1.0, max(0.0, 2 * fall - 0.4)) if a.decay else a.place
            batch = {name: x.to(self.device) for name, x in feeder.next().items()}
            with torch.autocast(self.device.type, torch.bfloat16):
                parts = step_losses(self.model, batch, peers.share(a.dense, tries), a.channels, place, a.only)
                if frames and not a.only and tries % a.frames_every == 0:
                    parts |= frames.losses(self.model)
            self.update(sum(parts.values()), rate)
            tries += 1
            now = time.time()
            self.spent += now - last
            last, elapsed = now, peers.agree(now - begin)
            for name, value in parts.items():
                mean[name] = mean.get(name, value.item()) * 0.98 + value.item() * 0.02
            if tries % 50 == 0:
                speed = (self.step - warm) * a.batch / elapsed
                self.log(rate=round(rate, 3), per_second=round(speed, 1), loss={k: round(v, 3) for k, v in mean.items()})
                self.save("last")
            if val and elapsed > next_eval:
                next_eval += a.eval_minutes * 60
                self.evaluate(val, a.eval_count)
                last = time.time()
        self.save("last")
        if val:
            self.evaluate(val, 16 if a.smoke else max(a.eval_count, 320))


def work(rank, a, rendezvous):
    keep_memory()
    peers = Peers(rank, a.processes, rendezvous)
    Run(a, peers).train()
    peers.close()


def main():
    a = arguments()
    if a.batch % a.processes or a.dense < a.processes:
        raise SystemExit("--batch must be a multiple of --processes, and --dense at least as large")
    if a.processes > 1 and a.device != "cpu":
        raise SystemExit("--processes is for --device cpu")
    if a.processes == 1:
        return work(0, a, None)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, (a, f"{folder}/rendezvous"), nprocs=a.processes)


if __name__ == "__main__":
    main()
