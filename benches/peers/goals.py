"""What the project set out to reach, and whether it did."""
import table

# GFLOP of the backbone of each size at 1024 x 768, two per multiply-add.
BACKBONE = {"0.1b": 1051, "0.4b": 3367, "0.8b": 5200, "1b": 9400, "5b": 31000}
EAGER, EXPORT, BARE = "PyTorch eager fp32", "torch.onnx.export", "bare session"
LOW = "libsapiens fp32:converted:low-memory:cached"


def best(whole, task, theirs, field=None):
    """The smallest ratio of ours to theirs, and whose it is."""
    found = []
    for one in whole["comparisons"]:
        for row in one["rows"] if one["task"] == task else []:
            share = table.ratio(one, row["name"], theirs, field) if row["name"].startswith("libsapiens") else None
            if share is not None:
                found.append((share, row["name"]))
    return min(found, default=(None, None))


def low_memory(whole):
    """Anonymous megabytes, load in seconds, time against the same graph with prepacked weights."""
    for one in whole["comparisons"]:
        row = table.row(one, LOW)
        if row:
            against = table.ratio(one, LOW, "libsapiens fp32:converted")
            return table.median(row, "anonymous_mb"), row["load_ms"] / 1e3, against
    return None, None, None


def stage(whole, task):
    return next((s for s in whole["stages"] if s["task"] == task), None)


def judge(whole):
    """A list of (goal, limit, value, reached, by); a value of None was not measured here."""
    size, cpu = whole["size"], whole["device"] == "cpu"
    rows = []

    def goal(name, limit, value, by=None, least=False):
        reached = None if value is None else bool(value >= limit if least else value <= limit)
        rows.append({"goal": name, "limit": f"{'>=' if least else '<='} {limit}", "value": value, "reached": reached, "by": by})

    if cpu:
        goal(f"CPU, pose {size}, end to end / PyTorch eager", 0.47, *best(whole, "pose", EAGER))
        goal(f"CPU, pose {size}, end to end / naive export", 0.82, *best(whole, "pose", EXPORT))
        for task in ("seg", "normal", "pointmap", "albedo"):
            goal(f"CPU, {task} {size}, end to end / PyTorch eager", 0.50, *best(whole, task, EAGER))
        memory, load, against = low_memory(whole)
        goal(f"CPU low memory, pose {size}: anonymous MB", 800, memory, LOW)
        goal(f"CPU low memory, pose {size}: load in s", 0.3, load, LOW)
        goal(f"CPU low memory, pose {size}: run / with prepacked weights", 1.05, against, LOW)
        goal(f"CPU, pose {size}, whole frame / bare session", 1.01, *best(whole, "pose", BARE))
    else:
        goal(f"GPU, pose {size}, end to end / PyTorch bf16 compile", 0.5, *best(whole, "pose", "PyTorch compile bf16", "ms"))
        pose, several = stage(whole, "pose"), next((s for s in whole["stages"] if "+" in s["task"]), None)
        by = pose["options"] if pose else None
        goal(f"GPU, pose {size}: frames per second", 100, pose and pose["frames_per_second"], by, least=True)
        goal(f"GPU, five tasks of {size}: frames per second", 15, several and several["frames_per_second"], by, least=True)
        share = None
        if pose and size in BACKBONE:
            ms = sum(v["median"] for name, v in pose["stages_ms"].items() if name.startswith(("model", "backbone")))
            # The head is counted as time but not as work: the share of the backbone alone is higher.
            share = BACKBONE[size] / ms / whole["roof_tflops"]["bfloat16"]
        goal("GPU, share of the measured bf16 matrix roof, of the work of the backbone in the time of the model", 0.6, share, by, least=True)
    for one in whole["stages"]:
        total = one["total_ms"]["median"]
        outside = total - sum(v["median"] for name, v in one["stages_ms"].items() if name.startswith(("model", "backbone")))
        goal(f"{one['task']}: time outside of the sessions / in them", 0.01, outside / (total - outside))
        # To the host go results only: tests/device.rs. Beside the frame, tables of weights go to the device for each task.
        excess = one["bytes_per_run"]["to_device"] - 3 * one["image"]["width"] * one["image"]["height"]
        goal(f"{one['task']}: bytes to the device beyond the frame", 65536 * len(one["task"].split("+")), excess)
    return rows


def markdown(rows):
    lines = ["| goal | limit | measured | reached | with |", "|---|---|---|---|---|"]
    for row in rows:
        value = "not measured" if row["value"] is None else f"{row['value']:.3g}"
        reached = {True: "yes", False: "**no**", None: "not measured"}[row["reached"]]
        lines.append(f"| {row['goal']} | {row['limit']} | {value} | {reached} | {row['by'] or ''} |")
    return "\n".join(lines)
