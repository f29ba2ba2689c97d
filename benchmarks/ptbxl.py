"""Train and evaluate on PTB-XL (or a part of it in the official layout) and print the table.

    python benchmarks/ptbxl.py ../shared/data/ptbxl_z
    python benchmarks/ptbxl.py ptb-xl --tasks superclass --architectures inceptiontime --seeds 0 1 2
    python benchmarks/ptbxl.py ptb-xl --recipe default --set '{"epochs": 20}' --subject age sex

Each training learns from folds 1-8 (a fifth of them, whole patients, is its validation part) and is
evaluated once on fold 9. Every run is a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import einthoven
from einthoven.spec import SUBJECT_INPUTS
from einthoven.train.recipes import DEFAULT, RECIPES

TRAIN_FOLDS = range(1, 9)
TEST_FOLDS = (9,)
DATASET = "ptbxl"


def main() -> None:
    arguments = _arguments()
    home = arguments.home or Path(tempfile.mkdtemp(prefix="einthoven-bench-"))
    if arguments.one:
        architecture, task, seed = arguments.one
        print(json.dumps(_one(home, architecture, task, int(seed), arguments)))
        return
    _import(home, arguments.data)
    print(_header(arguments), flush=True)
    for task in arguments.tasks:
        for architecture in arguments.architectures:
            for seed in arguments.seeds:
                print(_row(_in_a_process(home, arguments, architecture, task, seed)), flush=True)


def _import(home: Path, data: Path) -> None:
    bench = einthoven.Workbench(home)
    if DATASET not in [dataset.name for dataset in bench.datasets()]:
        outcome = bench.import_files(data, dataset=DATASET, layout="ptbxl")
        print(f"{outcome.n_read} ECGs read, {outcome.n_refused} refused, in {outcome.seconds:.1f} s", file=sys.stderr)


def _one(home: Path, architecture: str, task: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    bench = einthoven.Workbench(home)
    began = time.perf_counter()
    trained = bench.train(
        DATASET, task, architecture=architecture, folds=TRAIN_FOLDS, seed=seed, recipe=arguments.recipe,
        settings=arguments.set, subject=arguments.subject,
    )  # fmt: skip
    minutes = (time.perf_counter() - began) / 60
    report = bench.evaluate(trained.model, DATASET, folds=TEST_FOLDS)
    statistics = bench.workspace.models.model(trained.model).statistics
    found = report.evaluation
    return {
        "architecture": architecture, "task": task, "seed": seed,
        "n_train": trained.split.n_train, "n_validation": trained.split.n_validation, "n": found.n,
        "weighted_f1": found.weighted_f1, "macro_f1": found.macro_f1, "macro_auroc": found.macro_auroc,
        "accuracy": found.accuracy, "epochs": len(statistics["epochs"]), "best_epoch": trained.best_epoch,
        "ms": statistics["ms_per_ecg_and_epoch"], "minutes": minutes, "peak_mb": _peak_mb(),
        "parity": max(trained.parity_logits, trained.parity_probabilities or 0.0), "warnings": list(found.warnings),
    }  # fmt: skip


def _in_a_process(home: Path, arguments: argparse.Namespace, architecture: str, task: str, seed: int) -> dict[str, Any]:
    command = [
        sys.executable,
        __file__,
        str(arguments.data),
        "--home",
        str(home),
        "--one",
        architecture,
        task,
        str(seed),
    ]
    command += ["--recipe", arguments.recipe, "--set", json.dumps(arguments.set), "--subject", *arguments.subject]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _peak_mb() -> float:
    """Peak resident memory of this process, MB."""
    import psutil

    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):  # Windows
        return float(info.peak_wset) / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _header(arguments: argparse.Namespace) -> str:
    import os

    command = " ".join(["python", *sys.argv])
    return "\n".join(
        [
            f"{time.strftime('%Y-%m-%d')}, {platform.platform()}, {os.cpu_count()} cores: `{command}`",
            "",
            "| task | architecture | seed | n train + validation / test | weighted F1 | macro F1 | macro AUROC "
            "| ms per ECG and epoch | epochs (best) | minutes | peak MB | parity |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
        ]
    )


def _row(result: dict[str, Any]) -> str:
    def number(name: str) -> str:
        return "-" if result[name] is None else f"{result[name]:.3f}"

    cells = [
        result["task"], result["architecture"], result["seed"],
        f"{result['n_train']} + {result['n_validation']} / {result['n']}",
        number("weighted_f1"), number("macro_f1"), number("macro_auroc"), f"{result['ms']:.1f}",
        f"{result['epochs']} ({result['best_epoch']})", f"{result['minutes']:.1f}", f"{result['peak_mb']:.0f}",
        f"{result['parity']:.0e}",
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with ptbxl_database.csv and records100 or records500")
    parser.add_argument("--home", type=Path, help="installation to use (default: a new temporary one)")
    parser.add_argument("--tasks", nargs="+", default=["superclass-single", "superclass"])
    parser.add_argument("--architectures", nargs="+", default=["xceptiontime", "inceptiontime"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--recipe", default=DEFAULT, choices=list(RECIPES))
    parser.add_argument("--set", type=json.loads, default={}, help="settings to change, as a JSON object")
    parser.add_argument("--subject", nargs="*", default=[], choices=SUBJECT_INPUTS, help="what the model is told")
    parser.add_argument("--one", nargs=3, metavar=("ARCHITECTURE", "TASK", "SEED"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
