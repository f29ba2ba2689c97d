"""`einthoven zoo make`: the models that come with Einthoven, made again from PTB-XL."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from einthoven.cli import output
from einthoven.cli.options import Json
from einthoven.errors import SettingError

if TYPE_CHECKING:
    from einthoven.store.types import Job
    from einthoven.workflows.requests import TrainRequest
    from einthoven.workflows.workspace import Workspace
    from einthoven.workflows.zoo import Made, Wanted

zoo = typer.Typer(help="The models that come with Einthoven: make them again.", no_args_is_help=True)


@zoo.callback()
def group() -> None:
    """The models that come with Einthoven: make them again."""


@zoo.command()
def make(
    folder: Annotated[Path, typer.Argument(help="PTB-XL, or a part of it in the official layout.", metavar="FOLDER")],
    out: Annotated[Path, typer.Option(help="Folder to write the .ecgmodel files to.")] = Path("zoo"),
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            "--architecture",
            "-a",
            help="Once for each: xceptiontime, inceptiontime, dsail_snu, xresnet1d (default: all of these).",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task", "-t", help="Once for each: superclass, bbb, infarct (default: all of these).", show_default=False
        ),
    ] = None,
    recipe: Annotated[str, typer.Option(help="Set of settings to train by.")] = "default",
    changes: Annotated[str, typer.Option("--set", help="Settings to change, as a JSON object.")] = "{}",
    seed: Annotated[int, typer.Option(help="Seed of split, weights and order.")] = 0,
    work: Annotated[
        Path, typer.Option(help="Folder for the data and trainings; a later call goes on from there.")
    ] = Path("build/zoo"),
    as_json: Json = False,
) -> None:
    """Train on folds 1-8, test once on fold 9, write each model with its card.

    What was made of the same data in the same way is left as it is; what was ended half-way goes on.
    """
    from einthoven.wiring import open_workspace
    from einthoven.workflows import zoo as making
    from einthoven.workflows.train import require_torch

    with output.errors_said(as_json=as_json):
        require_torch()
        making.fingerprint(folder)
        wanted = [
            making.Wanted(architecture=one, task=other, recipe=recipe, settings=_changes(changes), seed=seed)
            for other in task or making.TASKS_MADE
            for one in architecture or making.ARCHITECTURES_MADE
        ]
        workspace = open_workspace(work)
        _import(workspace, folder, quiet=as_json)
        made = [_one(workspace, one, out, quiet=as_json) for one in wanted]
        _show(made, as_json=as_json)


def _changes(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SettingError(
            f"--set {text!r} is no JSON ({error}).", advice="Such as --set '{\"epochs\": 20}'."
        ) from error
    if not isinstance(found, dict):
        raise SettingError(f"--set {text!r} is no JSON object.", advice="Such as --set '{\"epochs\": 20}'.")
    return found


def _import(workspace: "Workspace", folder: Path, *, quiet: bool) -> None:
    from einthoven.cli import work
    from einthoven.workflows import zoo as making
    from einthoven.workflows.requests import ImportOutcome

    request = making.import_request(workspace, folder)
    if request is not None:
        outcome = work.do(workspace, workspace.submit("import", request), ImportOutcome, quiet=quiet)
        there = output.plural(outcome.n_read + outcome.n_already_there, "ECG")
        output.remark(f"In the library: {there}; {outcome.n_refused} refused.")


def _one(workspace: "Workspace", wanted: "Wanted", out: Path, *, quiet: bool) -> "Made | Path":
    """The capsule that was made, or where one is that was made before."""
    from einthoven.cli import work
    from einthoven.workflows import zoo as making
    from einthoven.workflows.requests import TrainOutcome

    path = out / f"{wanted.name}.ecgmodel"
    if making.is_made(workspace, wanted, path):
        output.remark(f"{path} is there.")
        return path
    request = making.train_request(workspace, wanted)
    if not workspace.models.has(request.name or ""):
        output.remark(f"Training {wanted.name}.")
        work.do(workspace, _job(workspace, request), TrainOutcome, quiet=quiet)
    output.remark(f"Testing and packing {wanted.name}.")
    with TemporaryDirectory(dir=workspace.home) as scratch:
        return making.finish(workspace, wanted, out, scratch=Path(scratch))


def _job(workspace: "Workspace", request: "TrainRequest") -> "Job":
    """The training: one that was ended half-way goes on where it was."""
    from einthoven.workflows import planning

    for job in workspace.jobs.jobs(kind="train", limit=1000):
        if job.request.get("name") != request.name:
            continue
        now = _not_running(workspace, job.id)
        if now.state in ("queued", "done"):
            return now
        if now.resumable:
            return workspace.jobs.resume(now.id)
    return workspace.submit("train", planning.complete(workspace, request))


def _not_running(workspace: "Workspace", job_id: str) -> "Job":
    """The job once nobody works at it: of a process that was killed that is seen only when its sign of life is old."""
    workspace.jobs.end_lost()
    if workspace.jobs.job(job_id).state == "running":
        output.remark("This training is under way, or was ended a moment ago: waiting to see which.")
    while (job := workspace.jobs.job(job_id)).state == "running":
        time.sleep(1)
        workspace.jobs.end_lost()
    return job


def _show(made: "Sequence[Made | Path]", *, as_json: bool) -> None:
    new = [one for one in made if not isinstance(one, Path)]
    if as_json:
        output.show_json([
            {"name": one.name, "file": str(one.path), "bytes": one.size, **one.numbers,
             "intervals": {name: list(pair) for name, pair in one.intervals.items()}}
            for one in new
        ])  # fmt: skip
        return
    names = ("macro_auroc", "macro_f1", "weighted_f1")
    rows = [(one.name, f"{one.size / 1e6:.2f}", *(_said(one, name) for name in names)) for one in new]
    output.show_table(("model", "MB", "macro AUROC (95 %)", "macro F1 (95 %)", "weighted F1 (95 %)"), rows)
    output.say(f"{output.plural(len(made), 'model')}, made before: {len(made) - len(new)}.", style="dim")


def _said(one: "Made", name: str) -> str:
    value, pair = one.numbers.get(name), one.intervals.get(name)
    return "-" if value is None else f"{value:.3f}" + ("" if pair is None else f" ({pair[0]:.3f}-{pair[1]:.3f})")
