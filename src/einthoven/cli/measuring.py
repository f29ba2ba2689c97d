"""`einthoven measure`."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from einthoven.cli import output
from einthoven.cli.options import Assume, Folds, Home, Json, parse_folds
from einthoven.errors import SettingError
from einthoven.record import ReadHints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from einthoven.beats.measurement import Measurement
    from einthoven.store.types import Job
    from einthoven.workflows.measurements import MeasuredRow, MeasureOutcome, MeasureRequest
    from einthoven.workflows.workspace import Workspace

SHOWN = ("heart_rate", "pr", "qrs_duration_leads", "qt_leads", "qtc_fridericia", "qrs_axis")
"""Columns of the table of several ECGs; `--csv` and `--json` have every measurement."""


def measure(
    paths: Annotated[list[Path] | None, typer.Argument(help="ECG files or folders.", show_default=False)] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset instead of files.")] = None,
    folds: Folds = None,
    method: Annotated[
        str,
        typer.Option(help="How waves are found: einthoven, or neurokit-dwt, -cwt, -peak, -prominence."),
    ] = "einthoven",
    what: Annotated[
        str,
        typer.Option(
            help="What to write, commas between: measurements, fiducials, qrs-overlay, median-beat, median-fiducials, "
            "rlign-median, rlign-aligned."
        ),
    ] = "measurements",
    lead: Annotated[str | None, typer.Option(help="Lead of the QRS overlay (default: II).", show_default=False)] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File (.csv, .json, .npz, .parquet) or folder to write to.", show_default=False),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="With a folder as --out: csv, json, npz or parquet (default: csv).", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there already.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one CSV table instead of text.")] = False,
    assume: Assume = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Find the beats of ECGs and measure them."""
    from einthoven.wiring import open_workspace
    from einthoven.workflows.measurements import MeasureRequest

    with output.errors_said(as_json=as_json):
        request = MeasureRequest(
            dataset=dataset, folds=parse_folds(folds), paths=tuple(str(path.resolve()) for path in paths or ()),
            hints=ReadHints.parse(assume), method=method,
            **_options(what, lead, out, to, force=force, as_csv=as_csv, as_json=as_json),
        )  # fmt: skip
        _run(open_workspace(home), request, out, as_csv=as_csv, as_json=as_json)


def _options(
    what: str, lead: str | None, out: Path | None, to: str | None, *, force: bool, as_csv: bool, as_json: bool
) -> dict[str, Any]:
    """What the options say about exports; refused where they contradict each other or would do nothing."""
    from einthoven.workflows import measure_out
    from einthoven.workflows.measurements import DEFAULT_LEAD

    exports = measure_out.exports_of([part.strip() for part in what.split(",") if part.strip()])
    if lead is not None and "qrs-overlay" not in exports:
        raise SettingError(
            "--lead chooses the lead of the QRS overlay, which was not asked for.",
            advice="Add --what qrs-overlay, or leave --lead out: all leads are measured.",
        )
    if to is not None and out is None:
        raise SettingError(
            "--to says how files are written, and no place is named.", advice="Name a folder with --out."
        )
    wanted = [name for name, asked in (("csv", as_csv), ("json", as_json)) if asked]
    file_format = measure_out.format_of(exports, out, [*wanted, *filter(None, [to])])
    if out is not None and not force:
        measure_out.check_free(out, exports, file_format)
    return {"what": exports, "file_format": file_format, "lead": DEFAULT_LEAD if lead is None else lead}


def _run(workspace: "Workspace", request: "MeasureRequest", out: Path | None, *, as_csv: bool, as_json: bool) -> None:
    from einthoven.cli import work
    from einthoven.workflows import measure_out
    from einthoven.workflows.measurements import MeasureOutcome

    job = workspace.submit("measure", request)
    outcome = work.do(workspace, job, MeasureOutcome, quiet=as_json or as_csv)
    files = measure_out.exported(outcome)
    written = () if out is None else measure_out.take(workspace.jobs, job.id, outcome, out)
    if as_json:
        _print_json(outcome, [] if written else [workspace.jobs.file(job.id, name) for name in files], written)
    else:
        output.show_failures(outcome.refused)
        output.show_failures(outcome.left_out)
        if as_csv and out is None:
            _print_csv(workspace, job, files)
        elif not as_csv:
            _say(outcome)
        for path in written:
            output.remark(f"{path} written")
        if out is None and not as_csv and request.what != ("measurements",):
            for name in files:
                output.remark(f"{workspace.jobs.path(job.id) / name} written; --out names another place")
    raise typer.Exit(output.NONE if not outcome.total else output.SOME_FAILED if outcome.n_left_out else output.OK)


def _print_json(outcome: "MeasureOutcome", files: "Sequence[Path]", written: "Sequence[Path]") -> None:
    """Every ECG with what was asked for of it, unless that was written: copied, as it may be larger than the memory."""
    from einthoven.workflows.plain import to_plain

    plain = to_plain(outcome)
    document = {
        name: plain[name]
        for name in ("method", "dataset", "total", "n_corrected", "summary", "n_refused", "refused", "n_left_out",
                     "left_out", "reasons", "seconds")
    }  # fmt: skip
    if written:
        document["files"] = [str(path) for path in written]
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write(text.removesuffix("\n}"))
    for path in files:
        sys.stdout.write(f',\n "{path.stem.replace("-", "_")}": ')
        with path.open(encoding="utf-8") as file:
            shutil.copyfileobj(file, sys.stdout)
    sys.stdout.write("\n}\n")
    sys.stdout.flush()


def _print_csv(workspace: "Workspace", job: "Job", files: tuple[str, ...]) -> None:
    if len(files) != 1 or not files[0].endswith(".csv"):
        raise SettingError("That is more than one table.", advice="Write it to a folder with --out.")
    with workspace.jobs.file(job.id, files[0]).open(encoding="utf-8", newline="") as table:
        shutil.copyfileobj(table, sys.stdout)
    sys.stdout.flush()


def _say(outcome: "MeasureOutcome") -> None:
    if not outcome.total:
        return
    if outcome.total == 1:
        _say_one(outcome.rows[0], outcome.method)
    else:
        _say_several(outcome)
    output.say("Research use only, not a medical device.", style="dim")


def _say_one(row: "MeasuredRow", method: str) -> None:
    corrected = f", {row.n_corrected} times set by hand" if row.n_corrected else ""
    output.say(f"{row.file_name}: {row.n_beats} beats, waves by {method}{corrected}", style="bold")
    columns = ("measurement", "value", "unit", "spread", "beats", "")
    output.show_table(columns, [_cells(one) for one in row.measurements if one.lead is None])
    _say_leads([one for one in row.measurements if one.lead is not None])


def _cells(one: "Measurement") -> tuple[object, ...]:
    if one.value is None:
        return one.title, "-", "", "", "", f"{one.state}: {one.reason}"
    spread = "" if one.spread is None else _number(one.spread)
    return one.title, _number(one.value), one.unit, spread, one.n_beats, one.reason


def _say_leads(measurements: "list[Measurement]") -> None:
    """A row a lead, a column a measurement; each reason once, with the leads it holds for."""
    titles = {one.name: f"{one.title}, {one.unit}" for one in measurements}
    by_lead: dict[str, dict[str, Measurement]] = {}
    reasons: dict[str, dict[str, None]] = {}
    for one in measurements:
        by_lead.setdefault(str(one.lead), {})[one.name] = one
        if one.value is None:
            reasons.setdefault(f"{one.state}: {one.reason}", {})[str(one.lead)] = None
    if any(one.value is not None for one in measurements):
        rows = [(lead, *(_short(found.get(name)) for name in titles)) for lead, found in by_lead.items()]
        output.show_table(("lead", *titles.values()), rows)
    for reason, leads in reasons.items():
        where = "all leads" if len(leads) == len(by_lead) else ", ".join(leads)
        output.say(f"{where}: {reason}")


def _say_several(outcome: "MeasureOutcome") -> None:
    titles = {one.name: f"{one.title}, {one.unit}" for one in outcome.summary if one.lead is None}
    shown = [name for name in SHOWN if name in titles]
    rows = []
    for row in outcome.rows:
        values = {one.name: one for one in row.measurements if one.lead is None}
        cells = (_short(values.get(name)) for name in shown)
        rows.append((row.file_name, row.n_beats, *cells))
    output.show_table(("file_name", "beats", *(titles[name] for name in shown)), rows)
    if outcome.total > len(outcome.rows):
        output.say(f"... and {outcome.total - len(outcome.rows)} more: --csv or --out has them all")
    output.show_table(
        ("measurement", "unit", "ECGs", "absent", "not measurable", "median", "quartiles"),
        [
            (
                one.title, one.unit, one.n_measured, one.n_absent or "", one.n_not_measurable or "",
                _number(one.median), "" if one.median is None else
                f"{_number(one.lower_quartile)} to {_number(one.upper_quartile)}",
            )
            for one in outcome.summary
            if one.lead is None
        ],
    )  # fmt: skip


def _short(one: "Measurement | None") -> str:
    if one is None or one.value is None:
        return "absent" if one is not None and one.state == "absent" else "-"
    return _number(one.value)


def _number(value: float | None) -> str:
    """Three digits, as many as such a measurement has."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 1e-9 else "0"
