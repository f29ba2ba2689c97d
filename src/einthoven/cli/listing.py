"""`einthoven datasets`, `models`, `formats`, `export`, `doctor`."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from einthoven.cli import output
from einthoven.errors import InputError
from einthoven.workflows import installation, share
from einthoven.workflows.plain import to_plain
from einthoven.workflows.views import ModelView
from einthoven.workflows.workspace import Workspace

LOW_DISK_BYTES = 2 * 2**30
TESTED = ("macro_auroc", "macro_f1")


def datasets(workspace: Workspace, *, as_json: bool) -> None:
    found = workspace.store.datasets()
    if as_json:
        output.show_json([to_plain(dataset) for dataset in found])
        return
    if not found:
        output.say("There is no dataset yet: einthoven import PATH --dataset NAME")
        return
    rows = [
        (
            d.name, d.n_records, d.n_subjects, " ".join(f"{r:g}" for r in d.rates), " ".join(d.amplitudes),
            d.n_simulated or "", d.n_refused or "", ", ".join(d.tasks),
        )
        for d in found
    ]  # fmt: skip
    output.show_table(("dataset", "ECGs", "patients", "Hz", "amplitude", "simulated", "refused", "tasks"), rows)


def models(workspace: Workspace, *, only_zoo: bool, as_json: bool) -> None:
    found = share.views(workspace)
    if as_json:
        output.show_json([to_plain(model) for model in found if model.zoo or not only_zoo])
        return
    own, zoo = ([model for model in found if model.zoo is which] for which in (False, True))
    if not only_zoo:
        _own_models(own)
    _zoo_models(workspace, zoo, needed=only_zoo)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _zoo_models(workspace: Workspace, found: Sequence[ModelView], *, needed: bool) -> None:
    if found:
        output.say("Models that come with Einthoven, to be used by these names:", style="bold")
        rows = [
            (
                m.name, m.task, m.kind, " ".join(m.classes), m.n_train, *(_tested(m, name) for name in TESTED),
                f"{m.rate:g}", _marks(m),
            )
            for m in found
        ]  # fmt: skip
        output.show_table(("model", "task", "kind", "classes", "n", "macro AUROC*", "macro F1*", "Hz", ""), rows)
        output.say("* on ECGs kept aside, with 95 % interval; einthoven models card NAME tells the rest", style="dim")
    elif needed:
        output.say("No models come with this installation. They are made with: einthoven zoo make FOLDER-OF-PTB-XL")
    for name, reason in workspace.models.zoo.broken().items():
        output.warn(f"{name} cannot be read: {reason}")


def _tested(model: ModelView, name: str) -> str:
    one = next((one for one in model.tested if one.part == "test"), None)
    if one is None or name not in one.numbers:
        return ""
    pair = one.intervals.get(name)
    return f"{one.numbers[name]:.3f}" + ("" if pair is None else f" ({pair.low:.3f}-{pair.high:.3f})")


def _own_models(found: Sequence[ModelView]) -> None:
    if not found:
        output.say("There is no model of your own yet: einthoven train --dataset NAME --task NAME")
        return
    errors = ("mean error*",) if any(m.kind == "regression" for m in found) else ()
    rows = [
        (
            m.name, m.task, m.kind, " ".join(m.classes), m.architecture, m.n_train, _number(m.validation_macro_f1),
            _number(m.validation_macro_auroc), *(_mean_error(m) for _ in errors), f"{m.rate:g}", _marks(m),
        )
        for m in found
    ]  # fmt: skip
    columns = ("model", "task", "kind", "classes", "architecture", "n", "macro F1*", "macro AUROC*", *errors, "Hz", "")
    output.show_table(columns, rows)
    output.say("* on the validation part of its own training", style="dim")


def _mean_error(model: ModelView) -> str:
    errors = [one.numbers["mae"] for one in model.tested if one.part == "validation" and "mae" in one.numbers]
    return f"{errors[0]:.3g} {model.unit}".strip() if errors else ""


def _marks(model: ModelView) -> str:
    marks = {"simulated": model.simulated, "from elsewhere": model.imported, "untrained": model.untrained != ""}
    return ", ".join(mark for mark, holds in marks.items() if holds)


def formats(*, as_json: bool) -> None:
    found = installation.formats()
    if as_json:
        output.show_json([to_plain(entry) for entry in found])
        return
    rows = [(f.name, f.title, " ".join(f.extensions), f.summary if f.available else f.reason) for f in found]
    output.show_table(("format", "", "endings", "what it states"), rows)


def export(workspace: Workspace, model: str, out: Path, *, as_json: bool) -> None:
    _, data = share.exported(workspace, model, form=share.form_of(out))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(data)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    if as_json:
        output.show_json({"model": model, "file": str(out), "bytes": len(data)})
    else:
        output.say(f"{model} written to {out} ({len(data) / 1e6:.1f} MB)")


def doctor(workspace: Workspace, *, as_json: bool) -> None:
    """Facts about this installation; exit 1 when something that is needed does not work."""
    about = installation.about(workspace)
    free = shutil.disk_usage(workspace.home).free
    problems = []
    if free < LOW_DISK_BYTES:
        problems.append(f"only {free / 2**30:.1f} GB are free where the data are kept")
    missing = [f"{entry.title} {entry.reason}" for entry in installation.formats() if not entry.available]
    facts = {
        "einthoven": about.version,
        "python": sys.version.split()[0],
        "data": about.home,
        "free": f"{free / 2**30:.1f} GB",
        "cores": str(about.cores),
        "accelerator": about.accelerator,
        "training": "possible" if about.can_train else about.training_advice,
        "formats missing a package": "; ".join(missing) or "none",
        "models that come with it": str(len(workspace.models.zoo_models())),
        "server running": workspace.jobs.server() or "no",
    }
    if as_json:
        output.show_json({**facts, "problems": problems})
    else:
        output.show_table(("", ""), list(facts.items()))
        for problem in problems:
            output.complain(problem)
    if problems:
        raise typer.Exit(output.NONE)
