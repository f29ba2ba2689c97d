"""The commands. Heavy modules are imported inside them, so that `--help` answers at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from einthoven.cli import output
from einthoven.cli.converting import convert
from einthoven.cli.measuring import measure
from einthoven.cli.options import Assume, Folds, Home, Json, KeepIdentifiers, KeepNames, parse_folds
from einthoven.cli.quarantine import quarantine
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
app.command()(measure)
app.add_typer(quarantine, name="quarantine")


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
            _workspace(home), paths=paths, dataset=dataset, labels=labels, task=task, kind=kind,
            file_column=file_column, label_column=label_column, layout=layout, resolution=resolution,
            hints=ReadHints.parse(assume), keep_names=keep_names, keep_identifiers=keep_identifiers, as_json=as_json,
        )  # fmt: skip


@app.command()
def resume(
    job: Annotated[str, typer.Argument(help="An import that failed, was cancelled or interrupted.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Go on with an import where it was."""
    from einthoven.cli import importing

    with output.errors_said(as_json=as_json):
        importing.resume(_workspace(home), job, as_json=as_json)


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
def train(
    dataset: Annotated[str, typer.Option(help="Dataset to learn from.")],
    task: Annotated[str, typer.Option(help="Task to learn.")],
    architecture: Annotated[str, typer.Option(help="xceptiontime or inceptiontime.")] = "xceptiontime",
    from_model: Annotated[
        str | None, typer.Option("--from", help="Model to continue from, by name or as a bundle.")
    ] = None,
    head_only: Annotated[bool, typer.Option("--head-only", help="With --from: train only the last layer.")] = False,
    name: Annotated[str | None, typer.Option(help="Name of the new model.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs at most (default 50).")] = None,
    folds: Folds = None,
    seed: Annotated[int, typer.Option(help="Seed of split, weights and order.")] = 0,
    batch_size: Annotated[int | None, typer.Option(help="ECGs per step (default 16).")] = None,
    optimiser: Annotated[str | None, typer.Option(help="adamw, adam or sgd.")] = None,
    maximum_rate: Annotated[float | None, typer.Option(help="Learning rate; left out, a search finds it.")] = None,
    gamma: Annotated[
        float | None, typer.Option(help="Factor on the learning rate after each epoch (default 0.9).")
    ] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs without a lower validation loss before it ends.")] = None,
    one_per_patient: Annotated[bool, typer.Option("--one-per-patient", help="Use one record of each patient.")] = False,
    rate: Annotated[
        float | None, typer.Option(help="Hz the model sees (default: this installation's setting).")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(help="Seconds the model sees (default: this installation's setting).")
    ] = None,
    padding: Annotated[
        Literal["zeros", "edge", "repeat"], typer.Option(help="How shorter records are expanded.")
    ] = "zeros",
    z_score: Annotated[
        Literal["lead", "record", "none"], typer.Option(help="What is standardised inside the model.")
    ] = "lead",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Train a model; the best epoch's weights become the model."""
    from einthoven.cli import learning
    from einthoven.workflows.requests import TrainRequest

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        from_model = None if from_model is None else _on_the_shelf(workspace, from_model)
        request = TrainRequest(
            dataset=dataset, task=task, architecture=architecture, from_model=from_model,
            method=("head" if head_only else "whole") if from_model or head_only else "scratch", name=name,
            folds=parse_folds(folds), one_per_patient=one_per_patient, seed=seed, epochs=epochs, batch_size=batch_size,
            optimiser=optimiser, maximum_rate=maximum_rate, gamma=gamma, patience=patience, rate=rate,
            duration=duration, padding=padding, z_score=z_score,
        )  # fmt: skip
        learning.train(workspace, request, as_json=as_json)


@app.command()
def predict(
    model: Annotated[str, typer.Option(help="Model by name, or an .onnx file or bundle.")],
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
            model=_model(model), dataset=dataset, folds=parse_folds(folds),
            paths=tuple(str(path.resolve()) for path in paths or ()), hints=ReadHints.parse(assume),
        )  # fmt: skip
        learning.predict(_workspace(home), request, out=out, as_json=as_json)


@app.command()
def evaluate(
    model: Annotated[str, typer.Option(help="Model by name, or an .onnx file or bundle.")],
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
        request = EvaluateRequest(model=_model(model), dataset=dataset, task=task, folds=parse_folds(folds))
        learning.evaluate(_workspace(home), request, as_json=as_json)


@app.command()
def export(
    model: Annotated[str, typer.Option(help="Model by name, or an .onnx file or bundle.")],
    out: Annotated[Path, typer.Option(help="File to write: .onnx for the bare graph, .zip for the bundle.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write a model to a file that can be given away."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        listing.export(workspace, _on_the_shelf(workspace, model), out, as_json=as_json)


@app.command()
def datasets(home: Home = None, as_json: Json = False) -> None:
    """List the datasets."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        listing.datasets(_workspace(home), as_json=as_json)


@app.command()
def models(home: Home = None, as_json: Json = False) -> None:
    """List the models."""
    from einthoven.cli import listing

    with output.errors_said(as_json=as_json):
        listing.models(_workspace(home), as_json=as_json)


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


def _model(model: str) -> str:
    """A file is named by its whole path, since a server may run elsewhere; anything else is a name."""
    path = Path(model)
    return str(path.resolve()) if path.is_file() else model


def _on_the_shelf(workspace: "Workspace", model: str) -> str:
    """The model's name; a file is taken in first, since its weights and where it came from must be kept."""
    path = Path(model)
    if workspace.models.has(model) or not path.is_file():
        return model
    from einthoven.workflows import share

    name = share.take_in(workspace, path.name, path.read_bytes()).name
    output.remark(f"{path.name} is now the model {name}.")
    return name
