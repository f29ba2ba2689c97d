"""What the commands print: lines for people on standard output, JSON with `--json`, progress on standard error."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from einthoven.errors import EinthovenError
from einthoven.results import Failure

if TYPE_CHECKING:
    from einthoven.store.types import Problem

OK, NONE, SOME_FAILED, USAGE = 0, 1, 3, 2
"""Exit codes: all well; nothing succeeded; the arguments are wrong (Typer's own); some files failed."""

# A pipe has no width; 80 columns would break the tables that scripts and people read from it.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def show_json(value: Any) -> None:
    """The one JSON document of a command that was called with `--json`."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    sys.stdout.flush()


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    # The first column names the thing, and names are copied into the next command: never shorten them.
    headed = (Column(Text(name), no_wrap=place == 0) for place, name in enumerate(columns))
    table = Table(*headed, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out.print(table)


# Names of files, classes and datasets may hold brackets: as `Text` they are never taken for rich's markup.
def say(text: str, *, style: str = "") -> None:
    """A line on standard output."""
    out.print(Text(text, style=style))


def remark(text: str, *, style: str = "") -> None:
    """A line on standard error."""
    err.print(Text(text, style=style))


def warn(text: str) -> None:
    remark(text, style="yellow")


def complain(message: str, advice: str = "") -> None:
    """What went wrong, and the way out."""
    remark(message, style="red")
    if advice:
        remark(advice)


def show_failures(failures: Sequence[Failure], *, at_most: int = 20) -> None:
    """Each file that failed with its reason and the way out, on standard error."""
    for failure in failures[:at_most]:
        reason = f"{failure.reason} {failure.advice}".strip()
        named = reason if reason.startswith(failure.file_name) else f"{failure.file_name}: {reason}"
        err.print(Text.assemble(("refused ", "red"), named))
    if len(failures) > at_most:
        remark(f"... and {len(failures) - at_most} more: --json lists them, and so does the page Library")


def plural(n: int, one: str) -> str:
    """`1 label`, `2 labels`."""
    return f"1 {one}" if n == 1 else f"{n:,} {one}s"


def exit_code(done: int, failed: int) -> int:
    """0 all well, 3 some failed, 1 none succeeded."""
    if failed == 0 and done > 0:
        return OK
    return SOME_FAILED if done > 0 else NONE


@contextmanager
def errors_said(*, as_json: bool = False) -> Iterator[None]:
    """End the command with our own errors in words (or as JSON) and exit code 1, not with a traceback."""
    try:
        yield
    except EinthovenError as error:
        from einthoven.workflows.requests import problem_of  # on use: --help must cost nothing

        say_problem(problem_of(error), as_json=as_json)
        raise typer.Exit(NONE) from error


def say_problem(problem: "Problem", *, as_json: bool) -> None:
    """Why a command could not do its work: on standard error, or as its one JSON document."""
    if as_json:
        show_json(asdict(problem))
    else:
        complain(problem.detail, problem.advice)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[float, float, str], None]]:
    """A bar on standard error; the callable takes done, total, message."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=quiet) as progress:
        task = progress.add_task("", total=None, count="")

        def update(done: float, total: float, message: str) -> None:
            count = f"{done:.0f}/{total:.0f}" if total else ""
            progress.update(task, completed=done, total=total or None, description=message, count=count)

        yield update
