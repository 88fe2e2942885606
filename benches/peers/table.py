"""Tables and the plot of what was measured."""
import platform
import statistics
from pathlib import Path


def machine():
    """What the numbers were measured on."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
        cores = sum(line.startswith("processor") for line in lines)
    except (OSError, StopIteration):
        cores = None
    found = {"processor": name, "cores": cores, "system": platform.platform()}
    try:
        import torch

        found["torch"] = torch.__version__
        if torch.cuda.is_available():
            found["gpu"] = torch.cuda.get_device_name(0)
    except ImportError:
        pass
    return found


def key(found):
    """What is compared: on a processor its time, which other jobs of the machine disturb less, elsewhere that of the clock."""
    return "processor_ms" if found["device"].startswith(("cpu", "openvino:cpu")) else "ms"


def median(row, field):
    values = [r[field] for r in row["rounds"] if r.get(field) is not None]
    return statistics.median(values) if values else float("nan")


def row(found, name):
    """The row of that name, or None."""
    return next((r for r in found["rows"] if r["name"] == name), None)


def ratio(found, ours, theirs, field=None):
    """Median over the rounds of ours / theirs in that round; None if one of them was not measured."""
    ours, theirs = row(found, ours), row(found, theirs)
    field = field or key(found)
    if ours is None or theirs is None:
        return None
    return statistics.median(a[field] / b[field] for a, b in zip(ours["rounds"], theirs["rounds"]))


def comparison(found):
    """Plain text: a line per program."""
    first = found["rows"][0]["name"]
    lines = [f"{found['task']} {found['size']}, {found['input']}, {found['device']}, {found['rounds']} rounds in turn"]
    lines.append(f"{'':28}{'ms':>10} {'processor':>10} {'peak MB':>8} {'anonymous':>9} {'load ms':>8}   {first} / it: time, processor")
    for r in found["rows"]:
        numbers = f"{median(r, 'ms'):10.1f} {median(r, 'processor_ms'):10.1f} {median(r, 'peak_mb'):8.0f}"
        numbers += f" {median(r, 'anonymous_mb'):9.0f} {r['load_ms']:8.0f}"
        ratios = "" if r["name"] == first else "   " + " ".join(
            f"{ratio(found, first, r['name'], field):.3f}" for field in ("ms", "processor_ms")
        )
        lines.append(f"{r['name']:28}{numbers}{ratios}")
    lines += [f"left out: {reason}" for reason in found.get("left_out", [])]
    return "\n".join(lines)


def markdown(results):
    """A row per task and program: the ratio to the first peer of each comparison, memory, load."""
    lines = ["| task | program | time / PyTorch eager | ms | anonymous MB | load s |", "|---|---|---|---|---|---|"]
    for found in results:
        for r in found["rows"]:
            share = ratio(found, r["name"], "PyTorch eager fp32")
            share = "" if share is None else f"{share:.2f}"
            lines.append(
                f"| {found['task']} {found['size']} | {r['name']} | {share} | {median(r, 'ms'):.0f} "
                f"| {median(r, 'anonymous_mb'):.0f} | {r['load_ms'] / 1e3:.1f} |"
            )
        lines += [f"| {found['task']} {found['size']} | left out: {reason} | | | | |" for reason in found.get("left_out", [])]
    return "\n".join(lines)


def heading(whole):
    """The machine in words."""
    machine = whole["machine"]
    named = ", ".join(str(machine[k]) for k in ("gpu", "processor", "system", "torch") if machine.get(k))
    roof = ", ".join(f"{kind} {rate:.2f} TFLOP/s" for kind, rate in whole["roof_tflops"].items())
    return f"{named}, {machine['cores']} cores; matrix products of PyTorch: {roof}; device `{whole['device']}`, size {whole['size']}."


def stages(whole):
    """A row per task and stage: median and 99th percentile, then the totals, cold start and memory."""
    lines = ["| task | stage | median ms | p99 ms |", "|---|---|---|---|"]
    for one in whole["stages"]:
        for name, ms in [*one["stages_ms"].items(), ("total", one["total_ms"])]:
            lines.append(f"| {one['task']} | {name} | {ms['median']:.2f} | {ms['p99']:.2f} |")
    lines += ["", "| task | frames/s | load s | first run s | peak MB | anonymous MB |", "|---|---|---|---|---|---|"]
    for one in whole["stages"]:
        memory, load, first = one["memory_mb"], one["load_ms"] / 1e3, (one["first_run_ms"] or 0) / 1e3
        numbers = [memory.get("peak") or float("nan"), memory.get("anonymous") or float("nan")]
        lines.append(f"| {one['task']} | {one['frames_per_second']:.3g} | {load:.2f} | {first:.2f} | {numbers[0]:.0f} | {numbers[1]:.0f} |")
    return "\n".join(lines)


def plot(results, path):
    """Bars: the time of each program, PyTorch eager of the same task and run = 1; the median where a program was in several runs."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot

    eager, shares = "PyTorch eager fp32", {}
    for found in results:
        for r in found["rows"] if row(found, eager) else []:
            task = f"{found['task']} {found['size']}"
            shares.setdefault(task, {}).setdefault(r["name"], []).append(ratio(found, r["name"], eager))
    names = sorted({name for own in shares.values() for name in own}, key=lambda name: (not name.startswith("libsapiens"), name))
    figure, axis = pyplot.subplots(figsize=(9, 3.8), layout="constrained")
    width = 0.9 / max(len(names), 1)
    ours, theirs = pyplot.get_cmap("Oranges"), pyplot.get_cmap("Greys")
    counts = {True: 0, False: 0}
    for name in names:
        own = name.startswith("libsapiens")
        counts[own] += 1
        colour = (ours if own else theirs)(0.9 - 0.17 * counts[own])
        # Only the programs that a task has take room in its group.
        places, bars = [], []
        for i, known in enumerate(shares.values()):
            if name in known:
                there = [other for other in names if other in known]
                places.append(i + (there.index(name) - (len(there) - 1) / 2) * width)
                bars.append(statistics.median(known[name]))
        drawn = axis.bar(places, bars, width, color=colour, label=name)
        axis.bar_label(drawn, [f"{b:.2f}" for b in bars], padding=1, fontsize=7)
    axis.set_xticks(range(len(shares)), list(shares))
    axis.set_ylabel("time, PyTorch eager fp32 = 1")
    axis.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
