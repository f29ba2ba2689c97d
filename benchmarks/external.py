"""Models of `ptbxl.py` on other sources: LUDB and the mix of CinC 2021, whose findings are mapped to PTB-XL's classes.

    python benchmarks/external.py ../shared/data --home H --runs runs.jsonl --out external.jsonl
    python benchmarks/external.py --runs runs.jsonl --out external.jsonl --table
    python benchmarks/external.py --runs runs.jsonl --out external.jsonl --mistakes 8

`--home` is the installation in which `ptbxl.py` left its models. Raw millivolts pass through the models' own steps
(band-pass 0.5-40 Hz, 100 Hz, z-score). What a finding of another source is in PTB-XL's classes stands in
`src/einthoven/codes/crosswalk.py`. CinC's own part of PTB-XL is left out. Every ECG counts as a patient of its own: the
sources name none. A number is shown where 30 ECGs have a class and 10 do not, otherwise "not estimable".

"Above" means that both intervals are: that of weighted F1 above the majority answer's, and that of macro AUROC above
0.5. F1 alone would not do: guessing in proportion has a higher weighted F1 than the most frequent class alone, and
naming every class each time a higher one than any guess; the difference to that stands beside it.
"""

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import stored_runs
from ptbxl import DATASET
from stored_runs import NUMBERS, Run, cell, judged_of, markdown

import einthoven
from einthoven.codes import crosswalk
from einthoven.codes.crosswalk import Meaning, Reading
from einthoven.codes.snomed import SYSTEM, TERMS
from einthoven.labels.layouts.ludb import FINDINGS
from einthoven.metrics.bootstrap import Interval, differences, intervals
from einthoven.metrics.entry import Judged

SOURCES = {"ludb": "ludb", "cinc2021": "cinc"}
"""Folder and name of the data set -> layout."""

READINGS: Mapping[str, Callable[[Sequence[Meaning | None]], Reading]] = {
    "superclass": crosswalk.superclasses,
    "superclass-single": crosswalk.superclass_single,
    "bbb": crosswalk.bundle_branch_block,
    "infarct": crosswalk.infarct,
}
MEASURED = {"heart_rate": "rate", "pr": "PR", "qrs_duration": "QRS", "cornell": "Cornell"}
LEAST, LEAST_WITHOUT = 30, 10
"""ECGs that have a class, and that do not, from which on its numbers are shown."""
BOTH = "both"
OTHER_CLASS = "of a class that the model does not know"
FEW_CLASSES = "CPSC 2018 has nine classes, none of them infarction or hypertrophy"
PTBXL_ITSELF = "PTB-XL itself"


def main() -> None:
    arguments = _arguments()
    trained = stored_runs.read(arguments.runs)
    if arguments.table or arguments.mistakes:
        found = stored_runs.read(arguments.out)
        print("\n".join(tables(trained, found) if arguments.table else mistakes(found, arguments.mistakes)))
        return
    if arguments.data is None or arguments.home is None:
        raise SystemExit("Name the folder that holds ludb and cinc2021, and --home, or give --table.")
    bench = einthoven.Workbench(arguments.home)
    done = {(run["source"], run["model"]) for run in stored_runs.read(arguments.out)}
    for source, layout in SOURCES.items():
        _import(bench, arguments.data / source, source, layout)
        said, visible = statements(bench, source), _visible(bench, arguments.home, source)
        for run in trained:
            if run["task"] in {*READINGS, "age"} and (source, run["model"]) not in done:
                stored_runs.append(arguments.out, _one(bench, source, run, said, visible))
                print(f"{source}: {run['model']}", file=sys.stderr, flush=True)


def _import(bench: einthoven.Workbench, folder: Path, source: str, layout: str) -> None:
    if source in [dataset.name for dataset in bench.datasets()]:
        return
    outcome = bench.import_files(folder, dataset=source, layout=layout)
    print(f"{source}: {outcome.n_read} ECGs read, {outcome.n_refused} refused", file=sys.stderr)


def statements(bench: einthoven.Workbench, source: str) -> dict[str, tuple[tuple[str, Meaning | None], ...]]:
    """File name -> what the source says of the ECG, in its words and what that means."""
    store = bench.workspace.store
    said: dict[str, list[tuple[str, Meaning | None]]] = {item.file_name: [] for item in store.items(source)[1]}
    there = store.dataset(source).tasks
    if source == "ludb":
        for column, (name, _) in FINDINGS.items():
            for file_name, lines in (store.task(source, name).answers if name in there else {}).items():
                said[file_name] += [(line, crosswalk.ludb_meaning(column, line)) for line in _words(lines)]
    else:
        task = store.task(source, "diagnoses")
        codes = {one.name: one.codes[SYSTEM] for one in task.classes}
        for file_name, names in task.answers.items():
            said[file_name] += [(name, crosswalk.snomed_meaning(codes[name], TERMS)) for name in _words(names)]
    return {name: tuple(findings) for name, findings in said.items()}


def reading(task: str, file_name: str, findings: Sequence[Meaning | None]) -> Reading:
    """What is known of an ECG in a task of classes, or why nothing is."""
    place = PurePosixPath(file_name)
    if place.stem.startswith("HR"):
        return Reading(None, PTBXL_ITSELF)
    if task.startswith("superclass") and "cpsc2018" in {part.casefold() for part in place.parts} and findings:
        return Reading(None, FEW_CLASSES)
    return READINGS[task](findings)


def _words(answer: Any) -> tuple[str, ...]:
    return answer if isinstance(answer, tuple) else ()


def _visible(bench: einthoven.Workbench, home: Path, source: str) -> dict[str, str]:
    """What is measured on each ECG, in short, for the list of mistakes; an ECG without beats has none."""
    path = home / f"{source}-measurements.csv"
    if not path.is_file():
        bench.measure(dataset=source, what="measurements", out=path)
    found: dict[str, list[str]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["name"] in MEASURED:
                value = f"{float(row['value']):.3g} {row['unit']}" if row["value"] else row["state"].replace("_", " ")
                found[row["file_name"]].append(f"{MEASURED[row['name']]} {value}")
    return {name: ", ".join(words) for name, words in found.items()}


def _one(
    bench: einthoven.Workbench,
    source: str,
    run: Run,
    said: Mapping[str, Sequence[tuple[str, Meaning | None]]],
    visible: Mapping[str, str],
) -> dict[str, Any]:
    store, task = bench.workspace.store, run["task"]
    spec = bench.workspace.models.model(run["model"]).spec
    items = {item.file_name: item for item in store.items(source)[1]}
    if task == "age":
        ages = store.task(source, "age").answers if "age" in store.dataset(source).tasks else {}
        known: dict[str, Any] = {
            name: age for name, age in ages.items() if not PurePosixPath(name).stem.startswith("HR")
        }
        left_out = Counter({"no age, or PTB-XL itself": len(items) - len(known)})
    else:
        read = {name: reading(task, name, [meaning for _, meaning in findings]) for name, findings in said.items()}
        known = {name: one.classes for name, one in read.items() if one.classes is not None}
        left_out = Counter(one.reason for one in read.values() if one.classes is None)
        left_out[OTHER_CLASS] = sum(not {*answer} <= {*spec.class_names} for answer in known.values())
    table = bench.predict(run["model"], dataset=source)
    left_out["could not be answered"] = sum(failure.file_name in known for failure in table.refused)
    rows = {row.prediction.file_name: row for row in table.rows}
    answered = stored_runs.answers(
        spec, [(name, row.prediction.values, known.get(name), None) for name, row in rows.items()]
    )
    seen = [
        {
            "said": [words for words, _ in said[name]], "grade": items[name].grade, "measured": visible.get(name, ""),
            "doubts": list(rows[name].prediction.doubts),
        }
        for name in answered["names"]
    ]  # fmt: skip
    return {
        "source": source, **{key: run[key] for key in ("task", "label", "seed", "model")},
        "left_out": {reason: n for reason, n in left_out.items() if n},
        "refused": [f"{failure.file_name}: {failure.reason}" for failure in table.refused],
        **answered, "seen": seen,
    }  # fmt: skip


def both(runs: Sequence[Run]) -> Run:
    """The ECGs of all sources together, of one model."""
    joined = {
        key: [one for run in runs for one in run[key]] for key in ("names", "patients", "truth", "scores", "seen")
    }
    left_out: Counter[str] = Counter()
    for run in runs:
        left_out.update(run["left_out"])
    return {**runs[0], "source": BOTH, **joined, "left_out": dict(left_out)}


def majority(judged: Judged) -> Judged:
    """The answer that looks at nothing: the most frequent class, of several each one that most have, the median."""
    if judged.kind == "regression":
        middle = np.full((judged.n, 1), np.median(judged.truth))
        return Judged(judged.kind, judged.class_names, judged.truth, middle, middle)
    shares = judged.truth.mean(axis=0)
    said = shares > 0.5 if judged.kind == "multi-label" else np.arange(len(shares)) == int(shares.argmax())
    return _constant(judged, said, shares)


def all_of_them(judged: Judged) -> Judged:
    """Every class each time: where several may be named, its F1 is higher than that of any guess."""
    shares = judged.truth.mean(axis=0)
    return _constant(judged, np.ones(len(shares), bool), shares)


def _constant(judged: Judged, said: npt.NDArray[np.bool_], shares: npt.NDArray[np.float64]) -> Judged:
    n = judged.n
    return Judged(judged.kind, judged.class_names, judged.truth, np.tile(said, (n, 1)), np.tile(shares, (n, 1)))


def enough(judged: Judged) -> list[int]:
    """The columns of classes with `LEAST` ECGs that have them and `LEAST_WITHOUT` that do not."""
    n = judged.truth.astype(bool).sum(axis=0)
    return [k for k, with_it in enumerate(n) if with_it >= LEAST and judged.n - with_it >= LEAST_WITHOUT]


def tables(trained: Sequence[Run], found: Sequence[Run]) -> Iterator[str]:
    """Per task and source: numbers beside answers that look at nothing, each class beside fold 9, what is confused."""
    at_home: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in trained:
        at_home[run["task"], run["label"]].append(run)
    for (task, source), groups in _grouped(found).items():
        first = next(iter(groups.values()))[0]
        yield f"### {task} on {source}: {len(first['names'])} ECGs\n"
        yield _left_out(first) + "\n"
        if first["kind"] == "regression":
            yield _value_table(groups) + "\n"
            continue
        yield _overall_table(groups) + "\n"
        yield _class_table(groups, {label: at_home[task, label] for label in groups}) + "\n"
        yield _confusions(groups) + "\n"


def _grouped(found: Sequence[Run]) -> dict[tuple[str, str], dict[str, list[Run]]]:
    """Task and source -> label -> runs by seed; the sources together come last."""
    by_model: dict[tuple[str, str, int], list[Run]] = defaultdict(list)
    for run in found:
        by_model[run["task"], run["label"], run["seed"]].append(run)
    every = [*found, *(both(runs) for runs in by_model.values() if len(runs) == len(SOURCES))]
    grouped: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in sorted(every, key=lambda run: (run["task"], [*SOURCES, BOTH].index(run["source"]), run["seed"])):
        grouped[run["task"], run["source"]][run["label"]].append(run)
    return grouped


def _left_out(run: Run) -> str:
    return "Left out: " + ("; ".join(f"{n} ({reason})" for reason, n in run["left_out"].items()) or "none") + "."


def _above(interval: Interval, level: float = 0.0, *, falling: bool = False) -> str:
    """Whether the interval lies on the better side of what an answer has that looks at nothing."""
    if interval.low is None or interval.high is None:
        return "not estimable"
    if (interval.high < level) if falling else (interval.low > level):
        return "yes"
    return "worse" if ((interval.low > level) if falling else (interval.high < level)) else "not shown"


def _overall_table(groups: Mapping[str, Sequence[Run]]) -> str:
    rows = []
    for label, runs in groups.items():
        models = [_of_enough(judged_of(run)) for run in runs]
        if None in models:
            rows.append([label, len(runs), *["not estimable"] * 6])
            continue
        several = [model for model in models if model is not None]
        patients = [None] * several[0].n
        found = intervals(several, patients)
        over = differences(several, majority(several[0]), patients).overall
        numbers = [cell(found.overall[name]) for name in ("macro_auroc", "weighted_f1")]
        gains = [cell(over["weighted_f1"], signed=True)]
        if several[0].kind == "single-label":
            gains += [cell(over["accuracy"], signed=True), ""]
        else:
            named = differences(several, all_of_them(several[0]), patients).overall["weighted_f1"]
            gains += ["", cell(named, signed=True)]
        verdicts = {_above(over["weighted_f1"]), _above(found.overall["macro_auroc"], 0.5)}
        verdict = verdicts.pop() if len(verdicts) == 1 else "not shown"
        rows.append([f"{label} ({', '.join(several[0].class_names)})", len(runs), *numbers, *gains, verdict])
    header = [
        "model (classes judged)", "seeds", "macro AUROC", "weighted F1", "weighted F1 minus majority answer",
        "accuracy minus majority answer", "weighted F1 minus naming all", "above",
    ]  # fmt: skip
    return markdown(header, rows)


def _of_enough(judged: Judged) -> Judged | None:
    """Of several classes those that occur often enough; of one class each all, where at least two do."""
    columns = enough(judged)
    if judged.kind == "single-label":
        return judged if len(columns) >= 2 else None
    if not columns:
        return None
    return Judged(
        judged.kind, tuple(judged.class_names[k] for k in columns), judged.truth[:, columns],
        judged.predicted[:, columns], judged.scores[:, columns],
    )  # fmt: skip


def _class_table(groups: Mapping[str, Sequence[Run]], at_home: Mapping[str, Sequence[Run]]) -> str:
    rows = []
    for label, runs in groups.items():
        models = [judged_of(run) for run in runs]
        found = stored_runs.of_runs(runs).per_class
        before = stored_runs.of_runs(at_home[label]).per_class if at_home[label] else {}
        for k, name in enumerate(models[0].class_names):
            n = int(models[0].truth[:, k].sum())
            home = cell(before[name]["auroc"]) if name in before else ""
            if k not in enough(models[0]):
                rows.append([label, name, n, home, f"not estimable ({n} of {models[0].n})", "", "", ""])
                continue
            truth = models[0].truth[:, k].astype(bool)
            said = np.mean([model.predicted[:, k] for model in models], axis=0)
            rows.append([
                label, name, n, home, cell(found[name]["auroc"]), _above(found[name]["auroc"], 0.5),
                f"{said[truth].mean():.2f}", f"{1 - said[~truth].mean():.2f}",
            ])  # fmt: skip
    header = ["model", "class", "n", "AUROC in fold 9", "AUROC here", "above 0.5", "sensitivity", "specificity"]
    return markdown(header, rows)


def _confusions(groups: Mapping[str, Sequence[Run]]) -> str:
    """Of the ECGs with a class the share that is answered each class, mean of the seeds."""
    rows, names = [], next(iter(groups.values()))[0]["classes"]
    for label, runs in groups.items():
        models = [judged_of(run) for run in runs]
        said = np.mean([model.predicted for model in models], axis=0)
        for k, name in enumerate(names):
            mine = models[0].truth[:, k].astype(bool)
            if mine.any():
                rows.append(
                    [label, f"{name} ({int(mine.sum())})", *(f"{share:.2f}" for share in said[mine].mean(axis=0))]
                )
    return markdown(["model", "ECGs with", *(f"answered {name}" for name in names)], rows)


def _value_table(groups: Mapping[str, Sequence[Run]]) -> str:
    rows = []
    for label, runs in groups.items():
        models = [judged_of(run) for run in runs]
        patients = [None] * models[0].n
        if models[0].n < LEAST:
            rows.append([label, len(runs), f"not estimable ({models[0].n} ECGs)", "", ""])
            continue
        over = differences(models, majority(models[0]), patients).overall["mae"]
        found = intervals(models, patients).overall["mae"]
        rows.append([label, len(runs), cell(found, 2), cell(over, 2, signed=True), _above(over, falling=True)])
    title = NUMBERS["regression"]["mae"]
    return markdown(["model", "seeds", title, f"{title} minus that of the median", "better"], rows)


def mistakes(found: Sequence[Run], most: int) -> Iterator[str]:
    """The surest mistakes of each class, of the seeds together, with what is visible on those ECGs."""
    for (task, source), groups in _grouped(found).items():
        if source == BOTH:
            continue
        for label, runs in groups.items():
            mean = stored_runs.ensemble(runs)
            judged = judged_of(mean)
            yield f"### {task} on {source}, {label}: {len(runs)} seeds together\n"
            if judged.kind == "regression":
                yield _far_off(mean, judged, most) + "\n"
                continue
            header = ["ECG", "mistake", "probability", "source says", "answered", "measured", "quality", "doubts"]
            yield markdown(header, _wrong(mean, judged, most)) + "\n"


def _wrong(run: Run, judged: Judged, most: int) -> Iterator[list[object]]:
    truth, said = judged.truth.astype(bool), judged.predicted.astype(bool)
    for k, name in enumerate(judged.class_names):
        missed = [row for row in np.argsort(judged.scores[:, k]) if truth[row, k] and not said[row, k]]
        invented = [row for row in np.argsort(-judged.scores[:, k]) if said[row, k] and not truth[row, k]]
        for what, rows in (("missed", missed), ("not there", invented)):
            for row in rows[:most]:
                answered = (
                    ", ".join(n for n, yes in zip(judged.class_names, said[row], strict=True) if yes) or "nothing"
                )
                seen = run["seen"][row]
                yield [
                    run["names"][row], f"{name} {what} ({len(rows)} in all)", f"{judged.scores[row, k]:.2f}",
                    "; ".join(seen["said"]), answered, seen["measured"], seen["grade"] or "", "; ".join(seen["doubts"]),
                ]  # fmt: skip


def _far_off(run: Run, judged: Judged, most: int) -> str:
    errors = judged.scores[:, 0] - judged.truth[:, 0].astype(float)
    rows = []
    for row in np.argsort(-np.abs(errors))[:most]:
        seen = run["seen"][row]
        rows.append([run["names"][row], f"{judged.truth[row, 0]:.0f}", f"{judged.scores[row, 0]:.0f}",
                     "; ".join(seen["said"]), seen["measured"], seen["grade"] or ""])  # fmt: skip
    return markdown(["ECG", "true", "answered", "source says", "measured", "quality"], rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder that holds ludb and cinc2021")
    parser.add_argument("--home", type=Path, help=f"installation with the models and the data set {DATASET}")
    parser.add_argument("--runs", type=Path, required=True, help="the file that ptbxl.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="file of answers, one JSON object a line")
    parser.add_argument("--table", action="store_true", help="print what is in --out")
    parser.add_argument("--mistakes", type=int, default=0, help="print so many mistakes of each class and kind")
    return parser.parse_args()


if __name__ == "__main__":
    main()
