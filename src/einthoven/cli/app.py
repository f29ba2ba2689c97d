"""The commands. Heavy modules are imported inside them, so that `--help` answers at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from einthoven.cli import output
from einthoven.cli.benchmarking import WithLists, benchmark
from einthoven.cli.checkpoints import convert_checkpoint
from einthoven.cli.converting import convert
from einthoven.cli.measuring import measure
from einthoven.cli.models import models
from einthoven.cli.options import Assume, Folds, Home, Json, KeepIdentifiers, KeepNames, ListsArchitectures, parse_folds
from einthoven.cli.quarantine import quarantine
from einthoven.cli.shelf import model_named, on_the_shelf
from einthoven.cli.training import train
from einthoven.cli.zoo import zoo
from einthoven.record import ReadHints

if TYPE_CHECKING:
    from einthoven.workflows.workspace import Workspace

app = typer.Typer(
    name="einthoven",
    help="A workbench for 12-lead ECGs. Research use only, not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(convert)
app.command("convert-checkpoint")(convert_checkpoint)
app.command()(measure)
app.command(cls=ListsArchitectures)(train)
app.command(cls=WithLists)(benchmark)
app.add_typer(quarantine, name="quarantine")
app.add_typer(models, name="models")
app.add_typer(zoo, name="zoo")


def main() -> None:
    """Entry point of the command `einthoven`."""
    app()


def _workspace(home: Path | None) -> "Workspace":
    from einthoven.wiring import open_workspace

    return open_workspace(home)


@app.command()
def serve(
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anything but loopback lets others reach this server.")
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Further name by which browsers reach this server.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Make the demonstration library if it is not there.")] = False,
    as_json: Json = False,
) -> None:
    """Start the workbench in the browser."""
    from einthoven.api.server import serve as run
    from einthoven.wiring import built_pages
    from einthoven.workflows import demonstrate

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        if demo:
            demonstrate.ensure(workspace)
        if host not in ("127.0.0.1", "localhost", "::1"):
            output.warn("Others on this network can reach this server; the token is their only hurdle.")

        def ready(address: str) -> None:
            if as_json:
                output.show_json({"address": address, "home": str(workspace.home)})
                return
            output.say(f"Einthoven is running. Open\n\n  {address}\n")
            output.say(f"Data: {workspace.home}    Stop with Ctrl-C.")

        run(workspace, web=built_pages(), host=host, port=port, hosts=tuple(allow_host or ()), on_ready=ready)


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    dataset: Annotated[str, typer.Option(help="Dataset to read into; made if it is not there.")],
    labels: Annotated[
        Path | None, typer.Option(help="Label table (CSV or XLSX) with file_name, label and, if wanted, ICD-10.")
    ] = None,
    task: Annotated[str, typer.Option(help="Name of the task that the label table makes.")] = "label",
    kind: Annotated[
        Literal["single-label", "multi-label", "regression"], typer.Option(help="Kind of that task.")
    ] = "single-label",
    unit: Annotated[str, typer.Option(help="Unit of the values of a regression, such as ms or years.")] = "",
    file_column: Annotated[str | None, typer.Option(help="Column of the label table with file names.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column with labels or values.")] = None,
    layout: Annotated[
        str | None,
        typer.Option(help="Known data set, which brings its labels: cinc, code15, ludb, mimic-iv-ecg, ptbxl, sph."),
    ] = None,
    resolution: Annotated[int | None, typer.Option(help="PTB-XL: 100 or 500 Hz.")] = None,
    keep_names: KeepNames = False,
    keep_identifiers: KeepIdentifiers = False,
    assume: Assume = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Read ECG files into a dataset, with labels."""
    from einthoven.cli import importing

    with output.errors_said(as_json=as_json):
        importing.run(
            _workspace(home), paths=paths, dataset=dataset, labels=labels, task=task, kind=kind, unit=unit,
            file_column=file_column, label_column=label_column, layout=layout, resolution=resolution,
            hints=ReadHints.parse(assume), keep_names=keep_names, keep_identifiers=keep_identifiers, as_json=as_json,
        )  # fmt: skip


@app.command()
def resume(
    job: Annotated[
        str | None,
        typer.Argument(
            help="Job, or name of the model of a training; without it those are listed that can be gone on with.",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Go on with an import, a training or a benchmark where it was; without a name say which can."""
    from einthoven.cli import resuming

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        if job is None:
            resuming.list_(workspace, as_json=as_json)
        else:
            resuming.run(workspace, job, as_json=as_json)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="ECG file.")],
    assume: Assume = "",
    as_json: Json = False,
) -> None:
    """Say what is in an ECG file: its passport."""
    from einthoven.cli import showing

    with output.errors_said(as_json=as_json):
        showing.run(path, hints=ReadHints.parse(assume), as_json=as_json)


@app.command()
def predict(
    model: Annotated[str, typer.Option(help="Model by name, or an .ecgmodel or .onnx file.")],
    paths: Annotated[list[Path] | None, typer.Argument(help="ECG files or folders.", show_default=False)] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset instead of files.")] = None,
    folds: Folds = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to write: file_name and one column per class.")] = None,
    assume: Assume = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Ask a model about ECGs."""
    from einthoven.cli import learning
    from einthoven.workflows.requests import PredictRequest

    with output.errors_said(as_json=as_json):
        request = PredictRequest(
            model=model_named(model), dataset=dataset, folds=parse_folds(folds),
            paths=tuple(str(path.resolve()) for path in paths or ()), hints=ReadHints.parse(assume),
        )  # fmt: skip
        learning.predict(_workspace(home), request, out=out, as_json=as_json)


@app.command()
def evaluate(
    model: Annotated[str, typer.Option(help="Model by name, or an .ecgmodel or .onnx file.")],
    dataset: Annotated[str, typer.Option(help="Dataset with labels.")],
    task: Annotated[str | None, typer.Option(help="Task to compare with (default: the one the model learned).")] = None,
    folds: Folds = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Compare a model's answers with labels."""
    from einthoven.cli import learning
    from einthoven.workflows.requests import EvaluateRequest

    with output.errors_said(as_json=as_json):
        request = EvaluateRequest(model=model_named(model), dataset=dataset, task=task, folds=parse_folds(folds))
        learning.evaluate(_workspace(home), request, as_json=as_json)


@app.command()
def export(
    model: Annotated[str, typer.Option(help="Model by name, or an .ecgmodel or .onnx file.")],
    out: Annotated[Path, typer.Option(help="File to write: .ecgmodel for all of it, .onnx for the bare graph.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write a model to a file that can be given away."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        listing.export(workspace, on_the_shelf(workspace, model), out, as_json=as_json)


@app.command()
def datasets(home: Home = None, as_json: Json = False) -> None:
    """List the datasets."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        listing.datasets(_workspace(home), as_json=as_json)


@app.command()
def formats(as_json: Json = False) -> None:
    """List the file formats that can be read."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        listing.formats(as_json=as_json)


@app.command()
def doctor(home: Home = None, as_json: Json = False) -> None:
    """Check this installation and say what is missing."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        listing.doctor(_workspace(home), as_json=as_json)
