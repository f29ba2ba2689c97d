"""Compare ways of training by patient-grouped cross-validation within folds 1-8 of PTB-XL (or a part of it).

    python benchmarks/recipes.py ../shared/data/ptbxl_z --out runs.jsonl --task superclass --architecture xresnet1d \
        --variant paper= --variant "cycle=schedule:one-cycle,maximum_rate:0.003"

Each variant is the recipe `paper` with the settings that are named (NAME:VALUE, commas between; `recipe:NAME` begins
with another). For each held-out fold the rest of folds 1-8 is trained on, a fifth of it (whole patients) being the
validation part; the held-out fold is answered once. Folds 9 and 10 are never read. Every answer is a line of `--out`,
so that a run that was cut goes on; `--table` prints what is there, with differences to the first variant paired by
fold and seed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import einthoven
from einthoven.evaluate import evaluate
from einthoven.labels.splits import SplitItem, split
from einthoven.spec import ModelSpec, standard_steps
from einthoven.store.types import ItemQuery
from einthoven.tensors import prepare, subject_of, targets
from einthoven.train import TrainConfig, TrainingData

DATASET = "ptbxl"
FOLDS = tuple(range(1, 9))
NUMBERS = ("macro_auroc", "weighted_f1", "macro_f1")


@dataclass(frozen=True)
class Ecgs:
    """All ECGs of folds 1-8 that have an answer."""

    spec: ModelSpec
    names: list[str]
    subjects: list[str | None]
    folds: npt.NDArray[np.int64]
    x: npt.NDArray[np.float32]
    told: npt.NDArray[np.float32]
    answers: list[Any]


def main() -> None:
    arguments = _arguments()
    if arguments.table:
        _table(arguments.out)
        return
    ecgs = _read(arguments)
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


def _one(ecgs: Ecgs, arguments: argparse.Namespace, settings: dict[str, Any], fold: int, seed: int) -> dict[str, Any]:
    import torch

    from einthoven.models.building import build_network
    from einthoven.train.loop import train

    began = time.perf_counter()
    rest = np.flatnonzero(ecgs.folds != fold)
    if arguments.n:
        rest = _some(ecgs, rest, arguments.n, seed)
    sides = split(
        [SplitItem(ecgs.names[k], ecgs.subjects[k], ecgs.answers[k]) for k in rest], validation=0.2, seed=seed
    )
    places = {name: k for k, name in enumerate(ecgs.names)}
    learn, check = ([places[name] for name in side] for side in (sides.train, sides.validation))
    y = targets(ecgs.answers, ecgs.spec)
    config = TrainConfig.from_json({"seed": seed, "threads": arguments.threads, "device": "cpu", **settings})
    window = None if config.window_s is None else round(config.window_s * ecgs.spec.rate)
    tested = np.flatnonzero(ecgs.folds == fold)
    answered, epochs, seconds = [], 0, []
    for member in range(config.members):
        network = build_network(arguments.architecture, ecgs.spec, seed=seed + 1000 * member, window=window)
        with tempfile.TemporaryDirectory() as folder:
            data = TrainingData(
                ecgs.x[learn], y[learn], ecgs.x[check], y[check],
                subject_train=ecgs.told[learn] if ecgs.spec.subject else None,
                subject_validation=ecgs.told[check] if ecgs.spec.subject else None,
            )  # fmt: skip
            result = train(network, data, ecgs.spec, config, checkpoint=Path(folder) / "best.safetensors")
        with torch.no_grad():
            told = torch.from_numpy(ecgs.told[tested]) if ecgs.spec.subject else None
            answered.append(network.eval()(torch.from_numpy(ecgs.x[tested]), told))
        epochs += len(result.epochs)
        seconds += [epoch.seconds for epoch in result.epochs]
    logits = torch.stack(answered).mean(dim=0)
    scores = logits.numpy() if ecgs.spec.kind == "regression" else (
        torch.softmax(logits, 1) if ecgs.spec.kind == "single-label" else torch.sigmoid(logits)
    ).numpy()  # fmt: skip
    found = evaluate(ecgs.spec.kind, ecgs.spec.class_names, y[tested], scores, thresholds=ecgs.spec.threshold_values)
    return {
        **{name: getattr(found, name) for name in NUMBERS},
        "epochs": epochs, "best_epoch": result.best_epoch, "n_train": len(learn), "n_test": len(tested),
        "ms": 1000 * float(np.mean(seconds)) / (len(learn) + len(check)),
        "minutes": (time.perf_counter() - began) / 60, "load": os.getloadavg()[0],
        "names": [ecgs.names[k] for k in tested], "scores": np.round(scores, 5).tolist(),
    }  # fmt: skip


def _some(ecgs: Ecgs, rest: npt.NDArray[np.int64], n: int, seed: int) -> npt.NDArray[np.int64]:
    """About n ECGs of whole patients."""
    rng = np.random.default_rng(seed)
    subjects = [ecgs.subjects[k] or ecgs.names[k] for k in rest]
    chosen: list[int] = []
    for subject in rng.permutation(sorted(set(subjects))):
        if len(chosen) >= n:
            break
        chosen += [k for k, own in zip(rest.tolist(), subjects, strict=True) if own == subject]
    return np.array(sorted(chosen))


def _read(arguments: argparse.Namespace) -> Ecgs:
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
    told = np.stack([subject_of(item.age, item.sex, spec) for item in items])
    return Ecgs(
        spec, [item.file_name for item in items], [item.subject for item in items],
        np.array([item.fold for item in items]), np.stack([prepare(store.load(item), spec).array for item in items]),
        told, [task.answers[i.file_name] for i in items],
    )  # fmt: skip


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
            cells.append(form.format(np.mean([run[name] for run in found.values()])))
        print("| " + " | ".join([*map(str, group), str(len(found)), *cells]) + " |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--home", type=Path, help="installation to use (default: a new temporary one)")
    parser.add_argument("--out", type=Path, required=True, help="file of results, one JSON object a line")
    parser.add_argument("--table", action="store_true", help="print what is in --out")
    parser.add_argument("--task", default="superclass")
    parser.add_argument("--architecture", default="xresnet1d")
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--folds", nargs="+", type=int, default=[7, 8], choices=FOLDS)
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
