"""Milliseconds per ECG and epoch of a training, and what limits it.

    python benchmarks/train_speed.py [--architectures xceptiontime inceptiontime] [--ecgs 1500] [--epochs 3]
    python benchmarks/train_speed.py --device cuda

Trains on random ECGs of 12 leads x 1000 samples (their content does not matter for the time) by the real loop, each
way in a process of its own: all layers in full precision and in bfloat16, the recipe `default`, the head alone (its
pass through the frozen layers spread over 20 epochs), and all layers as plain torch has them (`plain`: torch's own
depthwise gradient, memory given back), with which the others are to be compared, since machines differ and are shared.
The validation part is a tenth; an epoch's time includes it. "Share of peak": arithmetic of the epoch by torch's own
count over its time, as a part of what a product of two large matrices of that precision reaches in the same process.

On a GPU there is no `plain` way, "seconds" is the best epoch (the aim for 1500 ECGs is at most 1), memory is that of
the GPU, and the matrices are multiplied as the training does (TensorFloat-32). At least four epochs: the first tries
out ways to convolve. Where a batch of 256 takes much less time for an ECG than one of 16, the GPU waits for Python.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

LEADS, SAMPLES, CLASSES, RATE = 12, 1000, 5, 100.0
WAYS = ("plain", "all layers", "all layers, bf16", "default recipe", "head only", "rate search")
GPU_WAYS = (
    "all layers",
    "all layers, bf16",
    "all layers, batches of 256",
    "default recipe",
    "head only",
    "rate search",
)
GPU_EPOCHS = 4
HEAD_EPOCHS = 20


def main() -> None:
    arguments = _arguments()
    if arguments.device == "cuda":
        arguments.ways = arguments.ways or list(GPU_WAYS)
        arguments.epochs = max(GPU_EPOCHS, arguments.epochs)
    arguments.ways = arguments.ways or list(WAYS)
    if arguments.one:
        print(json.dumps(_one(*arguments.one, arguments)))
        return
    print(
        f"{time.strftime('%Y-%m-%d %H:%M')}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, ",
        end="",
    )
    print(f"load {os.getloadavg()[0]:.1f}{_gpu(arguments.device)}: `python {' '.join(sys.argv)}`\n")
    print("| architecture | way | ms per ECG and epoch | over plain | share of peak | peak MB | seconds |")
    print("|---|---|---|---|---|---|---|")
    for architecture in arguments.architectures:
        plain = None
        for way in arguments.ways:
            found = _in_a_process(architecture, way)
            plain = found["ms"] if way == "plain" else plain
            ratio = "" if plain is None or found["ms"] is None else f"{found['ms'] / plain:.2f}"
            share = "" if found["share"] is None else f"{found['share']:.0%}"
            ms = "" if found["ms"] is None else f"{found['ms']:.1f}"
            print(
                f"| {architecture} | {way} | {ms} | {ratio} | {share} | {found['mb']:.0f} | {found['s']:.1f} |",
                flush=True,
            )


def _in_a_process(architecture: str, way: str) -> dict[str, Any]:
    command = [sys.executable, *sys.argv, "--one", architecture, way]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _one(architecture: str, way: str, arguments: argparse.Namespace) -> dict[str, Any]:

    from einthoven.models.building import build_network
    from einthoven.spec import ModelSpec, standard_steps
    from einthoven.task import TaskClass
    from einthoven.train import TrainingData, loop
    from einthoven.train.recipes import config_of

    spec = ModelSpec("single-label", tuple(TaskClass(name) for name in "ABCDE"), standard_steps(band=None))
    rng = np.random.default_rng(0)
    n, m = arguments.ecgs - arguments.ecgs // 10, arguments.ecgs // 10
    x = rng.standard_normal((n + m, LEADS, SAMPLES), dtype=np.float32)
    y = rng.integers(0, CLASSES, n + m)
    changes: dict[str, Any] = {
        "epochs": arguments.epochs,
        "patience": 1000,
        "maximum_rate": 1e-3,
        "threads": arguments.threads,
        "device": arguments.device,
        "devices": arguments.devices,
    }
    recipe = "default" if way == "default recipe" else "paper"
    if way == "all layers, bf16":
        changes["precision"] = "bf16"
    if way == "all layers, batches of 256":
        changes["batch_size"] = 256
    if way == "head only":
        changes["epochs"] = HEAD_EPOCHS
    if way == "rate search":
        changes |= {"epochs": 1, "maximum_rate": None}
    config = config_of(recipe, changes, method="head" if way == "head only" else "scratch", seed=0)
    if way == "plain":
        _make_plain()
    window = config.window_samples(RATE)
    network = build_network(architecture, spec, window=window)
    with tempfile.TemporaryDirectory() as folder:
        data = TrainingData(x[:n], y[:n], x[n:], y[n:])
        result = loop.train(network, data, spec, config, checkpoint=Path(folder) / "best.safetensors")
    if way == "rate search":
        return {"ms": None, "share": None, "mb": _peak_mb(arguments.device), "s": result.rate_search["seconds"]}
    if way == "head only":
        return {
            "ms": 1000 * result.seconds / HEAD_EPOCHS / (n + m),
            "share": None,
            "mb": _peak_mb(arguments.device),
            "s": result.seconds,
        }
    seconds = min(epoch.seconds for epoch in result.epochs)  # the first pays for warming up, others for what else runs
    peak = _peak_mb(arguments.device)
    share = None if window else _flops(network, n, m) / seconds / _matrix_speed(arguments.device, config.precision)
    on_gpu = arguments.device == "cuda"
    return {"ms": 1000 * seconds / (n + m), "share": share, "mb": peak, "s": seconds if on_gpu else result.seconds}


def _make_plain() -> None:
    from einthoven.models.networks import depthwise
    from einthoven.train import loop

    depthwise.SHORTEST = 10**6
    loop.reused_memory = contextlib.nullcontext


def _flops(network: Any, n: int, m: int) -> float:
    """Of an epoch: forward and backward for n ECGs, forward for m."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    x = torch.randn(2, LEADS, SAMPLES)
    with FlopCounterMode(display=False) as forward, torch.no_grad():
        network(x)
    return (3 * n + m) * forward.get_total_flops() / 2


def _matrix_speed(device: str, precision: str) -> float:
    """Operations a second of a product of matrices of 2048 x 2048 (8192 x 8192 on a GPU), best of five."""
    import torch

    from einthoven.train.machine import fast_products

    size = 8192 if device == "cuda" else 2048
    kind = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    a, b = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    best = np.inf
    with fast_products(torch.device(device)):
        for _ in range(5):
            began = time.perf_counter()
            (a @ b)[0, 0].item()  # waits for the GPU
            best = min(best, time.perf_counter() - began)
    return float(2 * size**3 / best)


def _gpu(device: str) -> str:
    if device != "cuda":
        return ""
    import torch

    return f", {torch.cuda.get_device_name()}"


def _peak_mb(device: str) -> float:
    import resource

    if device == "cuda":
        import torch

        return torch.cuda.max_memory_reserved() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", nargs="+", default=["xceptiontime", "inceptiontime"])
    parser.add_argument("--ways", nargs="+", choices=sorted({*WAYS, *GPU_WAYS}))
    parser.add_argument("--ecgs", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, help="default: one per core")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--devices", type=int, default=1, help="so many GPUs together (no share of peak, no memory)")
    parser.add_argument("--one", nargs=2, metavar=("ARCHITECTURE", "WAY"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
