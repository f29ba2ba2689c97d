"""Compare ways of training by patient-grouped cross-validation within folds 1-8 of PTB-XL (or a part of it).

    python benchmarks/recipes.py ../shared/data/ptbxl_z --out runs.jsonl --task superclass --architecture xresnet1d \
        --variant paper= --variant "cycle=schedule:one-cycle,maximum_rate:0.003"

Each variant is the recipe `paper` with the settings that are named (NAME:VALUE, commas between; `recipe:NAME` begins
with another). For each held-out fold the rest of folds 1-8 is trained on, a fifth of it (whole patients) being the
validation part; the held-out fold (`--hold 2`: and the one behind it) is answered once, with the thresholds that the
validation part chose (`--half`: from 0.5 on). Folds 9 and 10 are never read. Every answer is a line of `--out`,
so that a run that was cut goes on; `--table` prints what is there, with differences to the first variant paired by
fold and seed. `--compare ARCHITECTURE:VARIANT` pools the answers of all folds that a way of training shares with that
one (same task, seed 0, all ECGs), and gives paired differences with 95 % intervals over 1,000 resamples of patients.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import einthoven
from einthoven.evaluate import evaluate, judged
from einthoven.labels.splits import SplitItem
from einthoven.metrics.bootstrap import compared
from einthoven.metrics.entry import Judged
from einthoven.models import ARCHITECTURES
from einthoven.spec import ModelSpec, standard_steps
from einthoven.store.types import ItemQuery
from einthoven.tensors import prepare, subject_of, targets
from einthoven.train import TrainConfig
from einthoven.train.benchmark.candidates import Candidate, Ecgs
from einthoven.train.benchmark.folds import Fold, fold_without
from einthoven.train.recipes import RECIPES

DATASET = "ptbxl"
FOLDS = tuple(range(1, 9))
NUMBERS = ("macro_auroc", "weighted_f1", "macro_f1")


@dataclass(frozen=True)
class Comparable:
    """All ECGs of folds 1-8 that have an answer."""

    spec: ModelSpec
    names: list[str]
    subjects: list[str | None]
    folds: npt.NDArray[np.int64]
    answers: list[Any]
    arrays: Ecgs


def main() -> None:
    arguments = _arguments()
    if arguments.table:
        _table(arguments.out)
        return
    ecgs = _read(arguments)
    if arguments.compare:
        print("\n".join(_compared(ecgs, list(_lines(arguments.out)), arguments.task, arguments.compare)))
        return
    done = {_key(line) for line in _lines(arguments.out)}
    for seed in arguments.seeds:
        for fold in arguments.folds:
            for text in arguments.variant:
                name, settings = _variant(text)
                about = {
                    "task": arguments.task, "architecture": arguments.architecture, "variant": name, "fold": fold,
                    "seed": seed, "n": arguments.n,
                }  # fmt: skip
                if _key(about) in done:
                    continue
                found = _one(ecgs, arguments, settings, fold, seed)
                with arguments.out.open("a") as file:
                    file.write(json.dumps({**about, "settings": settings, **found}) + "\n")
                shown = " ".join(f"{n} {found[n]:.3f}" for n in (*NUMBERS, "minutes") if found[n] is not None)
                print(f"{about} {shown}", file=sys.stderr, flush=True)


def _one(
    ecgs: Comparable, arguments: argparse.Namespace, settings: dict[str, Any], fold: int, seed: int
) -> dict[str, Any]:
    from einthoven.train.benchmark.fitting import answer

    out = np.isin(ecgs.folds, range(fold, fold + arguments.hold))
    rest = np.flatnonzero(~out)
    if arguments.n:
        rest = _some(ecgs, rest, arguments.n, seed)
    held = np.flatnonzero(out)
    used = np.union1d(rest, held)
    items = [SplitItem(ecgs.names[k], ecgs.subjects[k], ecgs.answers[k]) for k in used]
    of_used = fold_without([ecgs.names[k] for k in held], items, number=fold, seed=seed)
    parts = Fold(fold, used[of_used.train], used[of_used.validation], held)
    entry = ARCHITECTURES.require(arguments.architecture)
    recipe = RECIPES[settings.get("recipe", "paper")].settings
    config = TrainConfig.from_json({**recipe, "seed": seed, "threads": arguments.threads, "device": "cpu", **settings})
    candidate = Candidate(
        entry.name, entry.title, entry.name, "", ecgs.spec, config, closed_form=entry.fit == "closed_form"
    )
    with tempfile.TemporaryDirectory() as folder:
        found = answer(candidate, ecgs.arrays, parts, folder=Path(folder))
    thresholds = () if arguments.half else found.thresholds
    numbers = evaluate(
        ecgs.spec.kind, ecgs.spec.class_names, ecgs.arrays.y[held], found.scores,
        thresholds=thresholds or ecgs.spec.threshold_values,
    )  # fmt: skip
    return {
        **{name: getattr(numbers, name) for name in NUMBERS},
        "epochs": found.epochs, "best_epoch": found.best_epoch, "n_train": len(parts.train), "n_test": len(held),
        "ms": found.cost.epoch_ms, "minutes": found.seconds / 60, "load": os.getloadavg()[0],
        "thresholds": list(thresholds), "names": [ecgs.names[k] for k in held],
        "scores": np.round(found.scores, 5).tolist(),
    }  # fmt: skip


def _some(ecgs: Comparable, rest: npt.NDArray[np.int64], n: int, seed: int) -> npt.NDArray[np.int64]:
    """About n ECGs of whole patients."""
    rng = np.random.default_rng(seed)
    subjects = [ecgs.subjects[k] or ecgs.names[k] for k in rest]
    chosen: list[int] = []
    for subject in rng.permutation(sorted(set(subjects))):
        if len(chosen) >= n:
            break
        chosen += [k for k, own in zip(rest.tolist(), subjects, strict=True) if own == subject]
    return np.array(sorted(chosen))


def _read(arguments: argparse.Namespace) -> Comparable:
    bench = einthoven.Workbench(arguments.home)
    if DATASET not in [dataset.name for dataset in bench.datasets()]:
        bench.import_files(arguments.data, dataset=DATASET, layout="ptbxl")
    store = bench.workspace.store
    task = store.task(DATASET, arguments.task)
    _, items = store.items(DATASET, ItemQuery(folds=FOLDS))
    items = tuple(item for item in items if item.file_name in task.answers)
    present = {name for item in items for name in _names(task.answers[item.file_name])}
    classes = task.classes if task.kind != "single-label" else tuple(c for c in task.classes if c.name in present)
    steps = standard_steps(scaling=arguments.scaling)
    spec = ModelSpec(task.kind, classes, steps, task.name, task.unit, subject=tuple(arguments.subject))
    told = np.stack([subject_of(item.age, item.sex, spec) for item in items]) if spec.subject else None
    answers = [task.answers[item.file_name] for item in items]
    arrays = Ecgs(
        np.stack([prepare(store.load(item), spec).array for item in items]), targets(answers, spec), told,
        [item.subject or item.file_name for item in items],
    )  # fmt: skip
    folds = np.array([item.fold for item in items])
    return Comparable(
        spec, [item.file_name for item in items], [item.subject for item in items], folds, answers, arrays
    )


def _names(answer: Any) -> tuple[str, ...]:
    return answer if isinstance(answer, tuple) else ()


def _variant(text: str) -> tuple[str, dict[str, Any]]:
    name, _, rest = text.partition("=")
    settings: dict[str, Any] = {}
    kinds = {one.name: one for one in fields(TrainConfig)}
    for pair in filter(None, rest.split(",")):
        key, value = pair.split(":", 1)
        if key not in kinds:
            raise SystemExit(f"Training has no setting {key!r}.")
        try:
            settings[key] = json.loads(value)
        except ValueError:
            settings[key] = value
    return name, settings


def _key(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("task", "architecture", "variant", "fold", "seed", "n"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from map(json.loads, path.read_text().splitlines())


def _table(path: Path) -> None:
    runs: dict[tuple[Any, ...], dict[tuple[int, int], dict[str, Any]]] = defaultdict(dict)
    for line in _lines(path):
        group = (line["task"], line["n"], line["architecture"], line["variant"])
        runs[group][line["fold"], line["seed"]] = line
    first: dict[tuple[Any, ...], Any] = {}
    print("| task | n | architecture | variant | runs | macro AUROC | weighted F1 | macro F1 | epochs | ms | minutes |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for group, found in runs.items():
        base = first.setdefault(group[:3], found)
        cells = []
        for name in NUMBERS:
            mean = np.mean([run[name] for run in found.values()])
            both = [key for key in found if key in base]
            change = np.array([found[key][name] - base[key][name] for key in both])
            spread = change.std(ddof=1) / np.sqrt(len(change)) if len(change) > 1 else np.nan
            cells.append(f"{mean:.3f}" + (f" ({change.mean():+.3f} +- {spread:.3f})" if found is not base else ""))
        for name, form in (("epochs", "{:.0f}"), ("ms", "{:.1f}"), ("minutes", "{:.1f}")):
            known = [run[name] for run in found.values() if run[name] is not None]
            cells.append(form.format(np.mean(known)) if known else "")
        print("| " + " | ".join([*map(str, group), str(len(found)), *cells]) + " |")


def _compared(ecgs: Comparable, lines: list[dict[str, Any]], task: str, to: str) -> Iterator[str]:
    """Rows of a table, in the order of the lines."""
    ways: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for line in lines:
        if (line["task"], line["seed"], line["n"]) == (task, 0, 0):
            ways[f"{line['architecture']}:{line['variant']}"][line["fold"]] = line
    yield f"| way, minus {to} | folds | ECGs | macro AUROC | weighted F1 | macro F1 |"
    yield "|---|---|---|---|---|---|"
    for way, of_folds in ways.items():
        shared = sorted({*of_folds} & {*ways[to]})
        if way == to or not shared:
            continue
        ours, theirs = (_pooled(ecgs, [runs[fold] for fold in shared]) for runs in (of_folds, ways[to]))
        patients = [ecgs.arrays.patients[place] for place in _places(ecgs, [of_folds[fold] for fold in shared])]
        _, (found, _) = compared([ours, theirs], patients, to=1)
        cells = [found.overall[name] for name in NUMBERS]
        words = [f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in cells]
        yield "| " + " | ".join([way, " ".join(map(str, shared)), str(len(patients)), *words]) + " |"


def _places(ecgs: Comparable, runs: list[dict[str, Any]]) -> list[int]:
    place = {name: k for k, name in enumerate(ecgs.names)}
    return [place[name] for run in runs for name in run["names"]]


def _pooled(ecgs: Comparable, runs: list[dict[str, Any]]) -> Judged:
    """Answers of several folds together, each decided by the thresholds that its own validation part chose."""
    truth = ecgs.arrays.y[_places(ecgs, runs)]
    each = [
        judged(
            ecgs.spec.kind, ecgs.spec.class_names, ecgs.arrays.y[_places(ecgs, [run])], run["scores"],
            thresholds=run["thresholds"] or ecgs.spec.threshold_values,
        )
        for run in runs
    ]  # fmt: skip
    assert sum(one.n for one in each) == len(truth)
    parts = [np.concatenate([getattr(one, name) for one in each]) for name in ("truth", "predicted", "scores")]
    return Judged(ecgs.spec.kind, ecgs.spec.class_names, *parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--home", type=Path, help="installation to use (default: a new temporary one)")
    parser.add_argument("--out", type=Path, required=True, help="file of results, one JSON object a line")
    parser.add_argument("--table", action="store_true", help="print what is in --out")
    parser.add_argument("--compare", metavar="ARCHITECTURE:VARIANT", help="print paired differences to it")
    parser.add_argument("--task", default="superclass")
    parser.add_argument("--architecture", default="xresnet1d")
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--folds", nargs="+", type=int, default=[7, 8], choices=FOLDS)
    parser.add_argument("--hold", type=int, default=1, help="so many folds are held out together")
    parser.add_argument("--half", action="store_true", help="thresholds of 0.5")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--n", type=int, default=0, help="train on about so many ECGs (default: all)")
    parser.add_argument("--subject", nargs="*", default=[], choices=["age", "sex"])
    parser.add_argument("--scaling", default="z_score", choices=["z_score", "min_max"])
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.home is None:
        arguments.home = Path(tempfile.mkdtemp(prefix="einthoven-recipes-"))
    return arguments


if __name__ == "__main__":
    main()
