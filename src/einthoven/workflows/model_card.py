"""What is told of a model: its card (Markdown behind a YAML head, as Hugging Face reads it), and how it was evaluated.

Anything may stand in the statistics of a file that was given: what has another form than ours is left out.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from einthoven.stated import lines_of, mapping_of, text_of, whole_of
from einthoven.store.types import Model
from einthoven.workflows.model_origin import origin_of
from einthoven.workflows.views import Between, Tested

NOTICE = "Research use only. Not a medical device: nothing it answers may guide the care of a patient."
NUMBERS = {"macro_auroc": "macro AUROC", "weighted_f1": "weighted F1", "macro_f1": "macro F1", "accuracy": "accuracy"}
PARTS = {"test": "ECGs kept aside for this test", "validation": "validation part of its own training"}
DATA_KEY, ZOO_KEY = "data", "zoo"


def evaluations_of(statistics: Mapping[str, Any], stored: bytes | None) -> list[Mapping[str, Any]]:
    """Entries of `evaluation.json`: those that came with the model, or that of the validation part of its training."""
    if stored is not None:
        listed = json.loads(stored).get("evaluations", [])
        return [one for one in listed if isinstance(one, dict)]
    validation = mapping_of(statistics.get("validation"))
    if not validation:
        return []
    return [
        {"part": "validation", "data": data_of(statistics), "n": validation.get("n"), **_without_curves(validation)}
    ]


def _without_curves(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in evaluation.items() if key != "roc"}


def data_of(statistics: Mapping[str, Any]) -> str:
    """What the model learned from, in words; empty when that is not stated."""
    name = mapping_of(statistics.get(DATA_KEY)).get("name")
    return name if isinstance(name, str) else ""


def tested_of(statistics: Mapping[str, Any], stored: bytes | None) -> tuple[Tested, ...]:
    """How the model did, tests first."""
    found = [_tested(one) for one in evaluations_of(statistics, stored)]
    return tuple(sorted(found, key=lambda one: one.part != "test"))


def _tested(entry: Mapping[str, Any]) -> Tested:
    regression = mapping_of(entry.get("regression"))
    numbers: dict[str, Any] = {name: entry.get(name) for name in NUMBERS} | regression
    intervals = mapping_of(entry.get("intervals"))
    folds = entry.get("folds")
    return Tested(
        part=text_of(entry.get("part")),
        data=text_of(entry.get("data")),
        folds=tuple(fold for fold in folds if type(fold) is int) if isinstance(folds, list) else (),
        n=whole_of(entry.get("n")),
        n_patients=whole_of(entry.get("n_patients")),
        numbers={name: float(value) for name, value in numbers.items() if _is_number(value)},
        intervals={name: pair for name, value in intervals.items() if (pair := _pair(value)) is not None},
        how=text_of(entry.get("interval_method")),
        warnings=lines_of(entry.get("warnings")),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pair(value: object) -> Between | None:
    if not isinstance(value, list) or len(value) != 2 or not all(_is_number(one) for one in value):
        return None
    return Between(float(value[0]), float(value[1]))


def card_of(model: Model, evaluations: Sequence[Mapping[str, Any]]) -> str:
    """The card of a model that did so in evaluations."""
    name = model.name.rpartition("/")[2]
    tested = [_tested(one) for one in evaluations]
    data = mapping_of(model.statistics.get(DATA_KEY))
    parts = [
        _head(name, model, tested, data),
        f"# {name}\n\n{NOTICE}",
        _section("What it answers", _answers(model)),
        _section("What it looks at", _input(model)),
        _section("What it learned from", _learned(model, data)),
        _section("How well it does", _results(tested, evaluations)),
        _section("Limits", _limits(model, data)),
        _section("How it was made", _made(model)),
        _section("How to use it", _use(model)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(name: str, model: Model, tested: Sequence[Tested], data: Mapping[str, Any]) -> str:
    """YAML, each value written as JSON, which YAML contains."""
    fields: dict[str, Any] = {
        "library_name": "einthoven",
        "license": text_of(data.get("model_licence")) or "other",
        "tags": ["ecg", "electrocardiogram", "12-lead-ecg", "onnx", model.spec.kind, *_some(model.architecture)],
        "pipeline_tag": "tabular-regression" if model.spec.kind == "regression" else "time-series-classification",
    }
    if data:
        fields["datasets"] = [text_of(data.get("name"))]
    metrics = [
        {"type": key, "value": round(value, 4), "name": NUMBERS.get(key, key)}
        for one in tested[:1]
        for key, value in one.numbers.items()
    ]
    if metrics:
        where = {"name": tested[0].data or "not stated", "type": "ecg", "split": tested[0].part}
        result = {"task": {"type": model.spec.kind, "name": model.spec.task}, "dataset": where, "metrics": metrics}
        fields["metrics"] = [one["type"] for one in metrics]
        fields["model-index"] = [{"name": name, "results": [result]}]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _some(text: str | None) -> list[str]:
    return [text] if text else []


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _answers(model: Model) -> list[str]:
    spec = model.spec
    if spec.kind == "regression":
        one = spec.classes[0]
        return [f"A number: {one.title or one.name}{f' in {spec.unit}' if spec.unit else ''}."]
    words = "exactly one of" if spec.kind == "single-label" else "yes or no for each of"
    limits = spec.threshold_values if spec.kind == "multi-label" else (None,) * len(spec.classes)
    lines = [f"Probabilities ({spec.kind}): {words}", ""]
    for one, limit in zip(spec.classes, limits, strict=True):
        codes = ", ".join(f"{system} {code}" for system, code in one.codes.items())
        counts = "" if limit is None else f"; counts as present from {limit:.3g}"
        lines.append(f"- {one.name}{f': {one.title}' if one.title else ''}{f' ({codes})' if codes else ''}{counts}")
    return lines


def _input(model: Model) -> list[str]:
    spec = model.spec
    told = f" It is told {' and '.join(spec.subject)}." if spec.subject else ""
    first = (
        f"`ecg` float32 `(batch, {len(spec.leads)} leads, {spec.n_samples} samples)` at {spec.rate:g} Hz; NaN is a "
        f"sample that is not there.{told} Einthoven takes these steps by itself:"
    )
    return [first, "", *(f"{number}. {step}" for number, step in enumerate(spec.steps, start=1))]


def _learned(model: Model, data: Mapping[str, Any]) -> list[str]:
    statistics, lines = model.statistics, []
    if data:
        lines.append(f"{text_of(data.get('name'))}. {text_of(data.get('note'))}".strip())
        lines += [f"Licence of the data: {text_of(data.get('licence'))}. {text_of(data.get('source'))}".strip(), ""]
    split = mapping_of(statistics.get("split"))
    n_train, n_validation = whole_of(statistics.get("n_train")), whole_of(statistics.get("n_validation"))
    if n_train is None:
        lines.append("Not stated.")
    else:
        folds = split.get("folds")
        of_folds = f" of folds {_ranges(folds)}" if isinstance(folds, list) and folds else ""
        lines.append(
            f"{n_train} ECGs{of_folds} to learn from, {n_validation} to {_watched(model)}; no patient on both sides "
            "where the data name patients."
        )
    counts = mapping_of(statistics.get("label_distribution"))
    if counts and model.spec.kind != "regression":
        lines.append("ECGs of each class: " + ", ".join(f"{name} {n}" for name, n in counts.items()) + ".")
    if model.simulated:
        lines.append("They are simulated: this model says nothing about patients.")
    return lines


def _keeps_last(statistics: Mapping[str, Any]) -> bool:
    return mapping_of(statistics.get("config")).get("keep") == "last"


def _watched(model: Model) -> str:
    """What the validation part was for."""
    uses = [] if _keeps_last(model.statistics) else ["choose the epoch"]
    if model.statistics.get("thresholds"):
        uses.append("choose the thresholds")
    return " and to ".join(uses) + " by" if uses else "watch the training by"


def _ranges(folds: Sequence[Any]) -> str:
    whole = [fold for fold in folds if type(fold) is int]
    if len(whole) > 2 and whole == list(range(whole[0], whole[-1] + 1)):
        return f"{whole[0]}-{whole[-1]}"
    return ", ".join(map(str, whole))


def _results(tested: Sequence[Tested], evaluations: Sequence[Mapping[str, Any]]) -> list[str]:
    if not tested:
        return ["Not stated."]
    lines: list[str] = []
    for one, entry in zip(tested, evaluations, strict=True):
        of = f"; {one.data}" if one.data else ""
        folds = f", fold {_ranges(one.folds)}" if one.folds else ""
        patients = f" of {one.n_patients} patients" if one.n_patients else ""
        lines += [f"On {one.n} ECGs{patients} ({PARTS.get(one.part, one.part)}{of}{folds}):", ""]
        lines += ["| number | value | 95 % interval |", "|---|---|---|"]
        for name, value in one.numbers.items():
            pair = one.intervals.get(name)
            lines.append(f"| {NUMBERS.get(name, name)} | {value:.3f} | {_said(pair)} |")
        for row in _class_rows(entry):
            lines.append(row)
        lines += ["", *([f"Intervals: {one.how}."] if one.how else []), *one.warnings, ""]
    return lines[:-1]


def _said(pair: Between | None) -> str:
    return "not estimated" if pair is None else f"{pair.low:.3f} to {pair.high:.3f}"


def _class_rows(entry: Mapping[str, Any]) -> list[str]:
    listed = entry.get("per_class")
    intervals = mapping_of(entry.get("class_intervals"))
    rows = []
    for one in listed if isinstance(listed, list) else ():
        found = mapping_of(one)
        value = found.get("auroc")
        if _is_number(value):
            pair = _pair(mapping_of(intervals.get(str(found.get("name")))).get("auroc"))
            rows.append(f"| AUROC of {found.get('name')} ({found.get('n')} ECGs) | {value:.3f} | {_said(pair)} |")
    return rows


def _limits(model: Model, data: Mapping[str, Any]) -> list[str]:
    lines = [f"- {NOTICE}", *(f"- {line}" for line in lines_of(data.get("limits")))]
    origin = origin_of(model.statistics)
    lines += [f"- {line}" for line in ((origin.untrained,) if origin.untrained else ()) + origin.warnings]
    if origin.imported:
        lines.append("- It was made elsewhere and taken in here.")
    lines.append("- Numbers measured on one collection of ECGs say little about another: test it on your own first.")
    return lines


def _made(model: Model) -> list[str]:
    statistics = model.statistics
    config, environment = mapping_of(statistics.get("config")), mapping_of(statistics.get("environment"))
    lines = []
    if model.architecture:
        lines.append(f"- Architecture: {model.architecture}, {model.parameters or 0:,} parameters.")
    if isinstance(statistics.get("base_model"), str):
        lines.append(f"- Trained on from the model {statistics['base_model']}, method {statistics.get('method')}.")
    if config:
        said = ", ".join(f"{key} {config[key]}" for key in ("recipe", "optimiser", "epochs", "seed") if key in config)
        lines.append(f"- Settings: {said}. All of them stand in `statistics.json`.")
    if (epoch := whole_of(statistics.get("best_epoch"))) is not None:
        why = "the last" if _keeps_last(statistics) else "the best by the validation part"
        lines.append(f"- The weights are those of epoch {epoch}, {why}.")
    if environment:
        lines.append("- Made with " + ", ".join(f"{key} {value}" for key, value in environment.items()) + ".")
    rounding = mapping_of(statistics.get(ZOO_KEY)).get("significant_bits")
    if _is_number(rounding):
        lines.append(f"- Weights are rounded to {rounding} significant bits; the test was of the rounded model.")
    return lines


def _use(model: Model) -> list[str]:
    return [
        "In [Einthoven](https://pypi.org/project/einthoven/): take the file in on the page Models, or",
        "`einthoven models take-in FILE`. Elsewhere: `model.onnx` runs in onnxruntime on ECGs prepared as above.",
    ]
