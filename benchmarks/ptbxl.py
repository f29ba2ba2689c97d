"""Train on PTB-XL (or a part of it in the official layout), look at fold 9 once, and print tables with intervals.

    python benchmarks/ptbxl.py ../shared/data/ptbxl_z --home H --out runs.jsonl --tasks superclass superclass-single \
        --architectures xceptiontime inceptiontime --seeds 0 1 2 --jobs 2 --threads 1
    python benchmarks/ptbxl.py --out runs.jsonl --table

Each training learns from folds 1-8 (a fifth of them, whole patients, is its validation part) and answers fold 9 once.
Every finished run is a line of `--out` with its answers: what was cut goes on at the next run, and tables are made
from the lines. The trained models stay in `--home`. Runs are processes of their own: their peak memory is theirs, and
`--jobs` of them go side by side. Intervals are 95 % percentiles of 1,000 resamples of patients; differences are paired.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import stored_runs
from stored_runs import NUMBERS, Run, cell, digits_of, markdown

import einthoven
from einthoven.errors import EinthovenError
from einthoven.spec import SUBJECT_INPUTS
from einthoven.store.types import ItemQuery
from einthoven.train.recipes import DEFAULT, RECIPES

TRAIN_FOLDS = range(1, 9)
TEST_FOLDS = (9,)
DATASET = "ptbxl"
ONE_PROCESS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main() -> None:
    arguments = _arguments()
    if arguments.table:
        print("\n".join(tables(stored_runs.read(arguments.out), arguments.pair)))
        return
    if arguments.data is None:
        raise SystemExit("Name the folder that holds ptbxl_database.csv, or give --table.")
    if arguments.one:
        print(json.dumps(_one(arguments, **json.loads(arguments.one))))
        return
    import_once(arguments.home, arguments.data)
    if not _all(arguments):
        raise SystemExit(1)


def import_once(home: Path, data: Path) -> None:
    """The data set in the installation at `home`, imported when it is not there."""
    bench = einthoven.Workbench(home)
    if DATASET not in [dataset.name for dataset in bench.datasets()]:
        outcome = bench.import_files(data, dataset=DATASET, layout="ptbxl")
        print(f"{outcome.n_read} ECGs read, {outcome.n_refused} refused, in {outcome.seconds:.1f} s", file=sys.stderr)


def label_of(architecture: str, recipe: str, settings: dict[str, Any], subject: Sequence[str]) -> str:
    """What distinguishes a way of training: `xresnet1d:default,epochs=20+age+sex`."""
    changed = "".join(f",{name}={value}" for name, value in sorted(settings.items()) if name != "threads")
    return f"{architecture}:{recipe}{changed}" + "".join(f"+{name}" for name in subject)


def _all(arguments: argparse.Namespace) -> bool:
    """Make every run that is not there yet, `--jobs` at a time; whether all went through."""
    wanted = [
        {"task": task, "architecture": architecture, "seed": seed}
        for seed in arguments.seeds
        for task in arguments.tasks
        for architecture in arguments.architectures
    ]
    lock = Lock()

    def make(one: dict[str, Any]) -> bool:
        with lock:
            if _key(_about(arguments, **one)) in {_key(run) for run in stored_runs.read(arguments.out)}:
                return True
        began = time.strftime("%H:%M:%S")
        run = in_a_process(__file__, arguments, one)
        if run is None:
            return False
        with lock:
            stored_runs.append(arguments.out, run)
        print(f"{began} to {time.strftime('%H:%M:%S')}: {_row(run)}", file=sys.stderr, flush=True)
        return True

    with ThreadPoolExecutor(arguments.jobs) as pool:
        return all(list(pool.map(make, wanted)))


def in_a_process(program: str, arguments: argparse.Namespace, one: dict[str, Any]) -> Run | None:
    """One run in a process of its own; None when it failed, which is told."""
    command = [sys.executable, program, str(arguments.data), "--home", str(arguments.home), "--out", str(arguments.out)]
    command += ["--recipe", arguments.recipe, "--set", json.dumps(arguments.set), "--one", json.dumps(one)]
    command += ["--threads", str(arguments.threads), "--subject", *arguments.subject]
    surroundings = {**os.environ, **dict.fromkeys(ONE_PROCESS, str(arguments.threads))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    if done.returncode != 0:
        print(f"{one} failed:\n{done.stderr[-3000:]}", file=sys.stderr, flush=True)
        return None
    result: Run = json.loads(done.stdout.splitlines()[-1])
    return result


def _about(arguments: argparse.Namespace, task: str, architecture: str, seed: int) -> dict[str, Any]:
    label = label_of(architecture, arguments.recipe, arguments.set, arguments.subject)
    return {
        "task": task, "architecture": architecture, "seed": seed, "label": label, "recipe": arguments.recipe,
        "settings": arguments.set, "subject": list(arguments.subject),
        "model": model_name(f"{task} {label} seed {seed}"),
    }  # fmt: skip


def _key(run: Run) -> tuple[Any, ...]:
    return run["task"], run["label"], run["seed"]


def model_name(text: str) -> str:
    """As the shelf of models allows it."""
    return re.sub(r"[^A-Za-z0-9_.=+-]+", " ", text)[:80].strip()


def _one(arguments: argparse.Namespace, task: str, architecture: str, seed: int) -> dict[str, Any]:
    bench = einthoven.Workbench(arguments.home)
    about = _about(arguments, task, architecture, seed)
    name, began = about["model"], time.perf_counter()
    if not bench.workspace.models.has(name):  # a run that was cut after its training goes on here
        try:
            bench.train(
                DATASET, task, architecture=architecture, folds=TRAIN_FOLDS, seed=seed, recipe=arguments.recipe,
                settings={"threads": arguments.threads, **arguments.set}, subject=arguments.subject, name=name,
            )  # fmt: skip
        except EinthovenError as error:
            raise SystemExit(str(error)) from None
    minutes = (time.perf_counter() - began) / 60
    statistics = bench.workspace.models.model(name).statistics
    return {
        **about, "n_train": statistics["n_train"], "n_validation": statistics["n_validation"],
        "epochs": len(statistics["epochs"]), "best_epoch": statistics["best_epoch"],
        "parameters": statistics["parameters"], "ms": statistics["ms_per_ecg_and_epoch"], "minutes": minutes,
        "peak_mb": peak_mb(), "parity": max(value or 0.0 for value in statistics["parity"].values()),
        "date": time.strftime("%Y-%m-%d"), "load": os.getloadavg()[0], "machine": platform.platform(),
        **answered(bench, name, task, TEST_FOLDS),
    }  # fmt: skip


def answered(bench: einthoven.Workbench, model: str, task: str, folds: Sequence[int]) -> dict[str, Any]:
    """A model's answers for these folds beside the task's labels, as a run holds them."""
    store = bench.workspace.store
    truth = store.task(DATASET, task).answers
    items = {item.file_name: item for item in store.items(DATASET, ItemQuery(folds=tuple(folds)))[1]}
    table = bench.predict(model, dataset=DATASET, folds=folds)
    if table.refused:
        raise SystemExit(f"{len(table.refused)} ECGs could not be answered: {table.refused[0].reason}")
    spec = bench.workspace.models.model(model).spec
    rows = [
        (row.prediction.file_name, row.prediction.values, truth.get(row.prediction.file_name),
         items[row.prediction.file_name].subject)
        for row in table.rows
    ]  # fmt: skip
    return stored_runs.answers(spec, rows)


def peak_mb() -> float:
    """Peak resident memory of this process, MB."""
    import psutil

    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):  # Windows
        return float(info.peak_wset) / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _row(run: Run) -> str:
    found = stored_runs.of_runs([run])
    numbers = ", ".join(
        f"{title} {cell(found.overall[name], digits_of(name))}" for name, title in NUMBERS[run["kind"]].items()
    )
    return f"{run['task']} {run['label']} seed {run['seed']}: {numbers}; {run['minutes']:.1f} minutes"


def tables(runs: Sequence[Run], pairs: Sequence[Sequence[str]] = ()) -> Iterator[str]:
    """What there is, task by task: every seed, their mean and the mean of their answers; differences; classes."""
    by_task: dict[str, dict[str, dict[int, Run]]] = defaultdict(lambda: defaultdict(dict))
    for run in runs:
        by_task[run["task"]][run["label"]][run["seed"]] = run
    for task, found in by_task.items():
        groups = {label: [seeds[seed] for seed in sorted(seeds)] for label, seeds in found.items()}
        first = next(iter(groups.values()))[0]
        patients = len({patient or name for patient, name in zip(first["patients"], first["names"], strict=True)})
        yield f"### {task}: {len(first['names'])} ECGs of {patients} patients in fold 9\n"
        yield _numbers_table(groups) + "\n"
        labels = [*groups]
        wanted = [pair for pair in pairs if {*pair} <= {*labels}] or [(other, labels[0]) for other in labels[1:]]
        if wanted:
            yield _differences_table(groups, wanted) + "\n"
        if first["kind"] != "regression":
            yield _class_table(groups) + "\n"
        every = [stored_runs.notes(stored_runs.of_runs(group)) for group in groups.values()]
        said = dict.fromkeys(text for texts in every for text in texts)
        yield "".join(f"- {text}\n" for text in said)


def _numbers_table(groups: dict[str, list[Run]]) -> str:
    names = NUMBERS[next(iter(groups.values()))[0]["kind"]]
    rows: list[list[object]] = []
    for label, runs in groups.items():
        rows += [_line(label, str(run["seed"]), names, [run], [run]) for run in runs]
        if len(runs) > 1:
            rows.append(_line(f"**{label}**", f"mean of {len(runs)}", names, runs, runs))
            rows.append(_line(f"**{label}**", f"{len(runs)} together", names, [stored_runs.ensemble(runs)], []))
    header = ["model", "seed", "n train + validation", *names.values(), "epochs (best)", "ms", "minutes", "peak MB"]
    return markdown(header, rows)


def _line(label: str, seed: str, names: dict[str, str], judged: Sequence[Run], cost: Sequence[Run]) -> list[object]:
    found = stored_runs.of_runs(judged)
    numbers = [cell(found.overall[name], digits_of(name)) for name in names]
    first = judged[0]

    def mean(name: str, form: str) -> str:
        return form.format(sum(run[name] for run in cost) / len(cost)) if cost else ""

    return [
        label, seed, f"{first['n_train']} + {first['n_validation']}", *numbers,
        f"{mean('epochs', '{:.0f}')} ({mean('best_epoch', '{:.0f}')})" if cost else "", mean("ms", "{:.1f}"),
        mean("minutes", "{:.1f}"), mean("peak_mb", "{:.0f}"),
    ]  # fmt: skip


def _differences_table(groups: dict[str, list[Run]], pairs: Sequence[Sequence[str]]) -> str:
    names = NUMBERS[next(iter(groups.values()))[0]["kind"]]
    rows = []
    for first, second in pairs:
        seeds = {run["seed"] for run in groups[first]} & {run["seed"] for run in groups[second]}
        if not seeds:
            continue
        of = [[run for run in groups[label] if run["seed"] in seeds] for label in (first, second)]
        found = stored_runs.between(*of)
        numbers = [cell(found.overall[name], digits_of(name), signed=True) for name in names]
        rows.append([f"{first} minus {second}", ", ".join(map(str, sorted(seeds))), *numbers])
    return markdown(["difference, paired", "seeds", *names.values()], rows)


def _class_table(groups: dict[str, list[Run]]) -> str:
    first = next(iter(groups.values()))[0]
    truth = stored_runs.judged_of(first).truth
    counted = (f"{name} (n = {int(n)})" for name, n in zip(first["classes"], truth.sum(axis=0), strict=True))
    header = ["AUROC, mean of the seeds", *counted]
    found = {label: stored_runs.of_runs(runs).per_class for label, runs in groups.items()}
    return markdown(header, [[label, *(cell(of["auroc"]) for of in per.values())] for label, per in found.items()])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder of PTB-XL, with ptbxl_database.csv")
    parser.add_argument("--home", type=Path, help="installation, where the models stay (default: temporary)")
    parser.add_argument("--out", type=Path, help="file of runs, one JSON object a line (default: runs.jsonl in --home)")
    parser.add_argument("--table", action="store_true", help="print what is in --out")
    parser.add_argument("--pair", nargs=2, action="append", default=[], metavar=("FIRST", "SECOND"),
                        help="with --table: labels to compare (default: each with the first)")  # fmt: skip
    parser.add_argument("--tasks", nargs="+", default=["superclass-single", "superclass"])
    parser.add_argument("--architectures", nargs="+", default=["xceptiontime", "inceptiontime"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--recipe", default=DEFAULT, choices=list(RECIPES))
    parser.add_argument("--set", type=json.loads, default={}, help="settings to change, as a JSON object")
    parser.add_argument("--subject", nargs="*", default=[], choices=SUBJECT_INPUTS, help="what the model is told")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="processor threads of each run")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.home is None:
        arguments.home = Path(tempfile.mkdtemp(prefix="einthoven-bench-"))
    if arguments.out is None:
        arguments.out = arguments.home / "runs.jsonl"
    return arguments


if __name__ == "__main__":
    main()
