"""`einthoven datasets`, `models`, `formats`, `export`, `doctor`."""

import shutil
import sys
from pathlib import Path

import typer

from einthoven.cli import output
from einthoven.errors import InputError, SettingError
from einthoven.workflows import installation, share
from einthoven.workflows.plain import to_plain
from einthoven.workflows.views import ModelView
from einthoven.workflows.workspace import Workspace

LOW_DISK_BYTES = 2 * 2**30


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


def models(workspace: Workspace, *, as_json: bool) -> None:
    found = share.views(workspace)
    if as_json:
        output.show_json([to_plain(model) for model in found])
        return
    if not found:
        output.say("There is no model yet: einthoven train --dataset NAME --task NAME")
        return

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    rows = [
        (
            m.name, m.task, m.kind, " ".join(m.classes), m.architecture, m.n_train, number(m.validation_macro_f1),
            number(m.validation_macro_auroc), f"{m.rate:g}", _marks(m),
        )
        for m in found
    ]  # fmt: skip
    columns = ("model", "task", "kind", "classes", "architecture", "n", "macro F1*", "macro AUROC*", "Hz", "")
    output.show_table(columns, rows)
    output.say("* on the validation part of its own training", style="dim")


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
    suffix = out.suffix.lower()
    if suffix not in (".onnx", ".zip"):
        raise SettingError(f"{out.name!r} ends neither in .onnx nor in .zip.", advice="Name the file accordingly.")
    _, data = share.exported(workspace, model, form="onnx" if suffix == ".onnx" else "bundle")
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
