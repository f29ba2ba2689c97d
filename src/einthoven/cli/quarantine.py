"""`einthoven quarantine`: files that could not be read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from einthoven.cli import output
from einthoven.cli.options import Assume, Home, Json, KeepIdentifiers, KeepNames
from einthoven.record import ReadHints

if TYPE_CHECKING:
    from einthoven.workflows.workspace import Workspace

quarantine = typer.Typer(
    no_args_is_help=True,
    help="Files that could not be read: bytes and names are kept as they came, since nothing could be blanked.",
)
Numbers = Annotated[list[int], typer.Argument(help="Numbers of files, as `quarantine list` shows them.")]
OfDataset = Annotated[str | None, typer.Option("--dataset", help="Only of this dataset.")]


def _workspace(home: Path | None) -> "Workspace":
    from einthoven.wiring import open_workspace

    return open_workspace(home)


@quarantine.command("list")
def list_(dataset: OfDataset = None, home: Home = None, as_json: Json = False) -> None:
    """List the refused files, each with its reason."""
    from einthoven.workflows.plain import to_plain

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        found = workspace.quarantine.list(dataset)
        if as_json:
            output.show_json([to_plain(row) for row in found])
            return
        if not found:
            output.say("There is nothing in quarantine.")
            return
        output.show_table(
            ("number", "dataset", "file", "reason"),
            [(row.id, row.dataset, row.file_name, f"{row.reason} {row.advice}".strip()) for row in found],
        )
        days = workspace.preferences.quarantine_days
        output.say(f"Names and bytes are as they came, with whatever they say about patients; kept for {days} days.")


@quarantine.command()
def get(
    number: Annotated[int, typer.Argument(help="Number of a file, as `quarantine list` shows it.")],
    out: Annotated[Path | None, typer.Option(help="File to write (default: its own name, here).")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write a refused file as it came; with the files it needs as a ZIP."""
    from einthoven.errors import InputError
    from einthoven.workflows import quarantine as work

    with output.errors_said(as_json=as_json):
        name, data = work.download(_workspace(home), number)
        path = out or Path(name)
        try:
            if out is None and path.exists():
                raise InputError(f"{path} is there already.", advice="Name another file with --out.")
            path.write_bytes(data)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}.") from error
        if as_json:
            output.show_json({"file": str(path), "bytes": len(data)})
        else:
            output.say(f"{path} written ({len(data)} bytes)")


@quarantine.command()
def retry(
    numbers: Numbers,
    dataset: Annotated[str | None, typer.Option(help="Dataset to read into (default: their own).")] = None,
    assume: Assume = "",
    keep_names: KeepNames = False,
    keep_identifiers: KeepIdentifiers = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Try refused files again, with hints."""
    from einthoven.cli import importing
    from einthoven.workflows import quarantine as work

    with output.errors_said(as_json=as_json):
        workspace = _workspace(home)
        request = work.retry_request(
            workspace, numbers, ReadHints.parse(assume), dataset=dataset, keep_names=keep_names,
            keep_identifiers=keep_identifiers,
        )  # fmt: skip
        importing.do(workspace, request, as_json=as_json)


@quarantine.command()
def delete(numbers: Numbers, home: Home = None, as_json: Json = False) -> None:
    """Delete refused files."""
    from einthoven.workflows import quarantine as work

    with output.errors_said(as_json=as_json):
        _said(work.drop(_workspace(home), numbers), as_json=as_json)


@quarantine.command()
def empty(dataset: OfDataset = None, home: Home = None, as_json: Json = False) -> None:
    """Delete all refused files, of a dataset or of all."""
    from einthoven.workflows import quarantine as work

    with output.errors_said(as_json=as_json):
        _said(work.empty(_workspace(home), dataset), as_json=as_json)


def _said(n: int, *, as_json: bool) -> None:
    if as_json:
        output.show_json({"deleted": n})
    else:
        output.say(f"{n} deleted")
