"""`einthoven convert`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from einthoven.cli import output
from einthoven.cli.options import Assume, Home, Json
from einthoven.errors import SettingError
from einthoven.record import ReadHints

if TYPE_CHECKING:
    from einthoven.workflows.convert import ConvertOutcome

LISTED = 20


def convert(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[IN] OUT",
            help="ECG file, and the file to write: .hea .dcm .edf .csv .npz .parquet or .json (FHIR). "
            "With --dataset only the folder to write into.",
        ),
    ],
    dataset: Annotated[str | None, typer.Option(help="Write the records of this dataset instead of a file.")] = None,
    to: Annotated[str | None, typer.Option(help="With --dataset: the ending of the files, such as .edf.")] = None,
    derived: Annotated[
        bool, typer.Option("--derived", help="Also write leads that were derived from others (III, aVR, aVL, aVF).")
    ] = False,
    beats: Annotated[bool, typer.Option("--beats", help="Also write the median beats of the device.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    assume: Assume = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write an ECG in another format, without names; says what is lost."""
    with output.errors_said(as_json=as_json):
        outcome = (
            _file(paths, to, derived=derived, beats=beats, force=force, assume=assume)
            if dataset is None
            else _dataset(dataset, paths, to, derived=derived, force=force, home=home)
        )
        if as_json:
            output.show_json(asdict(outcome))
        else:
            _say(outcome)
    raise typer.Exit(output.exit_code(outcome.n_written, len(outcome.refused)))


def _file(
    paths: list[Path], to: str | None, *, derived: bool, beats: bool, force: bool, assume: str
) -> "ConvertOutcome":
    from einthoven.workflows.convert import convert_file

    if len(paths) != 2 or to is not None:
        raise SettingError(
            "One file to read and one to write are needed." if to is None else "--to goes with --dataset.",
            advice="Write: einthoven convert in.xml out.edf",
        )
    hints = ReadHints.parse(assume)
    return convert_file(paths[0], paths[1], hints=hints, derived=derived, beats=beats, force=force)


def _dataset(
    dataset: str, paths: list[Path], to: str | None, *, derived: bool, force: bool, home: Path | None
) -> "ConvertOutcome":
    from einthoven.wiring import open_workspace
    from einthoven.workflows.convert import export_dataset

    if len(paths) != 1 or to is None:
        raise SettingError(
            "A dataset is written into one folder, in a format that --to names.",
            advice="Write: einthoven convert --dataset NAME --to .edf FOLDER",
        )
    return export_dataset(open_workspace(home), dataset, paths[0], to, derived=derived, force=force)


def _say(outcome: "ConvertOutcome") -> None:
    output.show_failures(outcome.refused)
    for path in outcome.files[:LISTED]:
        output.say(path)
    if outcome.n_written > LISTED:
        output.say(f"... {outcome.n_written} files in all")
    for text, n in outcome.said.items():
        output.say(f"  {text}" if outcome.n_written == 1 else f"  {text} ({n})")
    output.say(f"  {outcome.loses}")
