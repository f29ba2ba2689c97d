"""From a superclass model to bundle branch blocks and infarcts with few labels, against from scratch and ridge.

    python benchmarks/transfer.py ../shared/data/ptbxl_z --home H --out transfer.jsonl --seeds 0 1 --jobs 2
    python benchmarks/transfer.py --out transfer.jsonl --table

Cross-validation within folds 1-8 of PTB-XL: each quarter of the folds is answered by models that saw the other three
only, the superclass model from which they go on included. `--final` instead learns from folds 1-8 and answers fold 9,
once, when all choices are made. Of the training folds so many labels are known as `--sizes` says: whole patients, the
same ones for every method; a larger set holds the smaller ones of its seed, and each class begins with two patients
where it has them. The superclass model has seen all ECGs of the training folds, with their superclasses: few labels of
the new task, many of another one. Answers of the quarters are pooled for the numbers.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import stored_runs
from ptbxl import DATASET, ONE_PROCESS, TRAIN_FOLDS, import_once, model_name
from stored_runs import NUMBERS, Run, cell, markdown

import einthoven
from einthoven.errors import EinthovenError
from einthoven.store.types import Item, ItemQuery
from einthoven.task import Answer
from einthoven.train.recipes import DEFAULT, RECIPES

TASKS = ("bbb", "infarct")
BASE_TASK = "superclass"
QUARTERS = ((1, 2), (3, 4), (5, 6), (7, 8))
FINAL = ((9,),)
RIDGE = "random_convolutions"
METHODS = ("scratch", "head-then-whole", "whole", "ridge")
SIZES = (50, 100, 200, 0)
PER_CLASS = 2


def main() -> None:
    arguments = _arguments()
    if arguments.table:
        print("\n".join(tables(stored_runs.read(arguments.out))))
        return
    if arguments.data is None:
        raise SystemExit("Name the folder that holds ptbxl_database.csv, or give --table.")
    if arguments.block is not None:
        _block(arguments, **json.loads(arguments.block))
        return
    _check_settings(arguments)
    import_once(arguments.home, arguments.data)
    blocks = [
        {"architecture": architecture, "tested": list(part)}
        for architecture in arguments.architectures
        for part in (FINAL if arguments.final else QUARTERS)
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        codes = list(pool.map(lambda block: _in_a_process(arguments, block), blocks))
    raise SystemExit(max(codes))


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"recipe": arguments.recipe, "settings": arguments.set, "settings_fine": arguments.set_fine}


def _check_settings(arguments: argparse.Namespace) -> None:
    """A file holds runs of one recipe with one set of changes."""
    wanted = _settings(arguments)
    for run in stored_runs.read(arguments.out):
        if any(run[key] != value for key, value in wanted.items()):
            raise SystemExit(f"{arguments.out} holds runs of other settings ({run['recipe']}). Give another --out.")


def _in_a_process(arguments: argparse.Namespace, block: Mapping[str, Any]) -> int:
    command = [sys.executable, __file__, *sys.argv[1:], "--home", str(arguments.home), "--block", json.dumps(block)]
    surroundings = {**os.environ, **dict.fromkeys(ONE_PROCESS, str(arguments.threads))}
    return subprocess.run(command, check=False, env=surroundings).returncode


def _block(arguments: argparse.Namespace, architecture: str, tested: Sequence[int]) -> None:
    """All runs of an architecture that are tested on the same folds, the superclass model first."""
    bench = einthoven.Workbench(arguments.home)
    learned = [fold for fold in TRAIN_FOLDS if fold not in tested]
    done = {_key(run) for run in stored_runs.read(arguments.out)}
    for seed in arguments.seeds:
        for task in arguments.tasks:
            for n in arguments.sizes:
                names = _some(bench, task, learned, n=n, seed=seed)
                if n and len(names) < n:
                    print(f"{task}: folds {learned} have {len(names)} labels, no {n}.", file=sys.stderr, flush=True)
                    continue
                for method in arguments.methods:
                    about = {
                        "task": task, "architecture": architecture, "method": method, "n": n, "seed": seed,
                        "tested": list(tested), **_settings(arguments),
                    }  # fmt: skip
                    if _key(about) not in done:
                        stored_runs.append(arguments.out, _one(bench, arguments, about, names, learned))


def _key(run: Run) -> tuple[Any, ...]:
    # The ridge model is the same whatever the architecture that it stands beside.
    architecture = RIDGE if run["method"] == "ridge" else run["architecture"]
    return run["task"], architecture, run["method"], run["n"], run["seed"], tuple(run["tested"])


def _one(
    bench: einthoven.Workbench,
    arguments: argparse.Namespace,
    about: Mapping[str, Any],
    names: Sequence[str],
    learned: Sequence[int],
) -> dict[str, Any]:
    method, seed, threads = about["method"], about["seed"], {"threads": arguments.threads}
    part = "".join(map(str, about["tested"]))
    few = _task_of_some(bench, about["task"], names, f"{about['task']} n{about['n']} seed {seed} not {part}")
    began = time.perf_counter()
    try:
        if method in ("scratch", "ridge"):
            architecture = RIDGE if method == "ridge" else about["architecture"]
            trained = bench.train(
                DATASET, few, architecture=architecture, folds=learned, seed=seed, recipe=arguments.recipe,
                settings=threads if method == "ridge" else {**threads, **arguments.set},
            )  # fmt: skip
        else:
            base = _base(bench, arguments, about["architecture"], learned)
            began = time.perf_counter()
            trained = bench.train(
                DATASET, few, from_model=base, method=method, folds=learned, seed=seed, recipe=arguments.recipe,
                settings={**threads, **arguments.set_fine},
            )  # fmt: skip
    except EinthovenError as error:
        raise SystemExit(f"{about}: {error}") from None
    run = {
        **about, "n_labels": len(names), "n_train": trained.split.n_train, "n_validation": trained.split.n_validation,
        "best_epoch": trained.best_epoch, "minutes": (time.perf_counter() - began) / 60, "load": os.getloadavg()[0],
        **_answered(bench, trained.model, about["task"], about["tested"]),
    }  # fmt: skip
    bench.workspace.models.delete(trained.model)
    shown = " ".join(str(about[key]) for key in ("task", "architecture", "method", "n", "seed", "tested"))
    print(f"{time.strftime('%H:%M:%S')} {shown}: {run['minutes']:.1f} minutes", file=sys.stderr, flush=True)
    return run


def _base(bench: einthoven.Workbench, arguments: argparse.Namespace, architecture: str, learned: Sequence[int]) -> str:
    """The superclass model of these folds; trained when it is not there."""
    folds = "".join(map(str, learned))
    name = model_name(f"base {architecture} {arguments.recipe} folds {folds} {json.dumps(arguments.set)}")
    if not bench.workspace.models.has(name):
        began = time.perf_counter()
        bench.train(
            DATASET, BASE_TASK, architecture=architecture, folds=learned, recipe=arguments.recipe,
            settings={"threads": arguments.threads, **arguments.set}, name=name,
        )  # fmt: skip
        print(f"{name}: {(time.perf_counter() - began) / 60:.1f} minutes", file=sys.stderr, flush=True)
    return name


def _some(bench: einthoven.Workbench, task: str, folds: Sequence[int], *, n: int, seed: int) -> list[str]:
    """File names of the ECGs whose label is known; `n` 0: all."""
    store = bench.workspace.store
    answers = store.task(DATASET, task).answers
    items = [item for item in store.items(DATASET, ItemQuery(folds=tuple(folds)))[1] if item.file_name in answers]
    return whole_patients(items, answers, n=n or len(items), seed=seed)


def whole_patients(items: Sequence[Item], answers: Mapping[str, Answer], *, n: int, seed: int) -> list[str]:
    """Patients in an order of chance, the first two of each class in front, until there are `n` ECGs.

    What is taken for a smaller `n` is the beginning of what is taken for a larger one.
    """
    own: dict[str, list[str]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.file_name):
        own[item.subject or item.file_name].append(item.file_name)
    patients = [str(patient) for patient in np.random.default_rng(seed).permutation(sorted(own))]
    front: dict[str, None] = {}
    of_class: dict[Any, int] = defaultdict(int)
    for patient in patients:
        for answer in {answers[name] for name in own[patient]}:
            of_class[answer] += 1
            if of_class[answer] <= PER_CLASS:
                front[patient] = None
    taken: list[str] = []
    for patient in [*front, *(patient for patient in patients if patient not in front)]:
        if len(taken) >= n:
            break
        taken += own[patient]
    return taken


def _task_of_some(bench: einthoven.Workbench, task: str, names: Sequence[str], few: str) -> str:
    """A task of the data set with the labels of these ECGs only."""
    answers = bench.workspace.store.task(DATASET, task).answers
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["file_name", "label"])
            writer.writerows([name, *_words(answers[name])] for name in names)
        bench.import_labels(DATASET, path, task=few, kind="single-label")
    return few


def _words(answer: Answer) -> tuple[str, ...]:
    return answer if isinstance(answer, tuple) else ()


def _answered(bench: einthoven.Workbench, model: str, task: str, folds: Sequence[int]) -> dict[str, Any]:
    """The answers for all classes of the task; one that was not among the few labels has probability 0."""
    store = bench.workspace.store
    asked = store.task(DATASET, task)
    items = {item.file_name: item for item in store.items(DATASET, ItemQuery(folds=tuple(folds)))[1]}
    table = bench.predict(model, dataset=DATASET, folds=folds)
    if table.refused:
        raise SystemExit(f"{len(table.refused)} ECGs could not be answered: {table.refused[0].reason}")
    rows = []
    for row in table.rows:
        name, values = row.prediction.file_name, dict(zip(table.classes, row.prediction.values, strict=True))
        ordered = [values.get(one, 0.0) for one in asked.class_names]
        rows.append((name, ordered, asked.answers.get(name), items[name].subject))
    spec = bench.workspace.models.model(model).spec
    return stored_runs.answers(replace(spec, classes=asked.classes, thresholds=()), rows)


def pooled(parts: Sequence[Run]) -> Run:
    """The answers of all quarters together."""
    ordered = sorted(parts, key=lambda run: run["tested"])
    joined = {key: [one for run in ordered for one in run[key]] for key in ("names", "patients", "truth", "scores")}
    counts = {key: float(np.mean([run[key] for run in ordered])) for key in ("n_labels", "minutes")}
    return {**ordered[0], **joined, **counts}


def tables(runs: Sequence[Run]) -> Iterator[str]:
    """Numbers by method and number of labels, and what each method gains over from scratch and over ridge."""
    by_test: dict[tuple[str, bool], dict[tuple[Any, ...], dict[int, dict[str, Run]]]] = {}
    for run in runs:
        final = run["tested"] == list(FINAL[0])
        architecture = "" if run["method"] == "ridge" else run["architecture"]
        group = (run["n"] or np.inf, architecture, run["method"])
        seeds = by_test.setdefault((run["task"], final), {}).setdefault(group, defaultdict(dict))
        seeds[run["seed"]][str(run["tested"])] = run
    for (task, final), groups in by_test.items():
        parts = len(FINAL if final else QUARTERS)
        whole = {
            group: [pooled([*found.values()]) for _, found in sorted(seeds.items()) if len(found) == parts]
            for group, seeds in groups.items()
        }
        whole = {group: found for group, found in sorted(whole.items()) if found}
        where = "fold 9" if final else "cross-validation in folds 1-8"
        if not whole:
            yield f"### {task}, {where}: no method has answered all parts yet\n"
            continue
        yield f"### {task}, {where}: {len(next(iter(whole.values()))[0]['names'])} ECGs\n"
        yield _numbers_table(whole) + "\n"
        yield _gains_table(whole) + "\n"


def _size(n: float, runs: Sequence[Run]) -> str:
    labels = np.mean([run["n_labels"] for run in runs])
    return f"all ({labels:.0f})" if np.isinf(n) else f"{n:.0f}"


def _numbers_table(whole: Mapping[tuple[Any, ...], Sequence[Run]]) -> str:
    names = NUMBERS["single-label"]
    rows = []
    for (n, architecture, method), runs in whole.items():
        found = stored_runs.of_runs(runs)
        numbers = [cell(found.overall[name]) for name in names]
        minutes = np.mean([run["minutes"] for run in runs])
        rows.append([_size(n, runs), f"{architecture} {method}".strip(), len(runs), *numbers, f"{minutes:.1f}"])
    return markdown(["labels", "method", "seeds", *names.values(), "minutes"], rows)


def _gains_table(whole: Mapping[tuple[Any, ...], Sequence[Run]]) -> str:
    names = NUMBERS["single-label"]
    rows = []
    for (n, architecture, method), runs in whole.items():
        if method in ("scratch", "ridge"):
            continue
        for other in ((n, architecture, "scratch"), (n, "", "ridge")):
            seeds = {run["seed"] for run in runs} & {run["seed"] for run in whole.get(other, ())}
            if not seeds:
                continue
            found = stored_runs.between(*([run for run in of if run["seed"] in seeds] for of in (runs, whole[other])))
            numbers = [cell(found.overall[name], signed=True) for name in names]
            rows.append([_size(n, runs), f"{architecture} {method} minus {other[2]}", len(seeds), *numbers])
    return markdown(["labels", "difference, paired", "seeds", *names.values()], rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder of PTB-XL, with ptbxl_database.csv")
    parser.add_argument("--home", type=Path, help="installation, where the superclass models stay (default: temporary)")
    parser.add_argument("--out", type=Path, required=True, help="file of runs, one JSON object a line")
    parser.add_argument("--table", action="store_true", help="print what is in --out")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--architectures", nargs="+", default=["xresnet1d"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="labelled ECGs; 0: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--recipe", default=DEFAULT, choices=list(RECIPES))
    parser.add_argument("--set", type=json.loads, default={}, help="settings to change, as a JSON object")
    parser.add_argument("--set-fine", type=json.loads, default={}, help="the same for going on from a model")
    parser.add_argument("--final", action="store_true", help="learn from folds 1-8 and answer fold 9, once")
    parser.add_argument("--threads", type=int, default=1, help="processor threads of each process")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--block", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.home is None:
        arguments.home = Path(tempfile.mkdtemp(prefix="einthoven-transfer-"))
    return arguments


if __name__ == "__main__":
    main()
