"""Where the time of a training step goes, by torch.profiler: which operators take which share of it.

    python benchmarks/what_limits.py [--architectures xceptiontime inceptiontime] [--recipe paper] [--threads 1]

Trains on 128 random ECGs of 12 leads x 1000 samples by the real loop for two epochs, all layers, in batches of 16, with
a rate that is given (no search). Shares are of an operator's own time on the processor, without what it calls; what
is below 1 % is left out.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

LEADS, SAMPLES, CLASSES, RATE = 12, 1000, 5, 100.0
LEARNED, JUDGED, BATCH = 128, 16, 16
LEAST_SHARE = 0.01


def main() -> None:
    arguments = _arguments()
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, load {os.getloadavg()[0]:.1f}\n")
    for architecture in arguments.architectures:
        print(f"**{architecture}, `{arguments.recipe}`**\n\n| operator | share of time | calls |\n|---|---|---|")
        for name, share, calls in shares(architecture, arguments.recipe, arguments.threads):
            if share >= LEAST_SHARE:
                print(f"| {name} | {share:.0%} | {calls} |")
        print()


def shares(architecture: str, recipe: str, threads: int) -> list[tuple[str, float, int]]:
    """(operator, share of the time, calls), the largest first."""
    from torch.profiler import ProfilerActivity, profile

    from einthoven.models.building import build_network
    from einthoven.spec import ModelSpec, standard_steps
    from einthoven.task import TaskClass
    from einthoven.train import TrainingData, loop
    from einthoven.train.recipes import config_of

    spec = ModelSpec("single-label", tuple(TaskClass(name) for name in "ABCDE"), standard_steps(band=None))
    changes = {"epochs": 2, "least_steps": 0, "maximum_rate": 1e-3, "batch_size": BATCH, "threads": threads}
    config = config_of(recipe, changes, method="scratch", seed=0)
    network = build_network(architecture, spec, window=config.window_samples(RATE))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((LEARNED + JUDGED, LEADS, SAMPLES), dtype=np.float32)
    y = rng.integers(0, CLASSES, LEARNED + JUDGED)
    data = TrainingData(x[:LEARNED], y[:LEARNED], x[LEARNED:], y[LEARNED:])
    with tempfile.TemporaryDirectory() as folder, profile(activities=[ProfilerActivity.CPU]) as seen:
        loop.train(network, data, spec, config, checkpoint=Path(folder) / "best.safetensors")
    found = seen.key_averages()
    total = sum(one.self_cpu_time_total for one in found)
    each = [(one.key, one.self_cpu_time_total / total, one.count) for one in found]
    return sorted(each, key=lambda one: -one[1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", nargs="+", default=["xceptiontime", "inceptiontime"])
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
