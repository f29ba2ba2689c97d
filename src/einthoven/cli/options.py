"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from einthoven.errors import SettingError

ARCHITECTURE_NAMES = "{architectures}"
"""Stands in a help text for the names of all architectures (`ListsArchitectures`)."""


class ListsArchitectures(TyperCommand):
    """Names the architectures in its help when the help is asked for: finding them takes 30 ms of every command."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from einthoven.models import ARCHITECTURES

        for option in self.params:
            if isinstance(option, TyperOption) and option.help:
                option.help = option.help.replace(ARCHITECTURE_NAMES, ", ".join(ARCHITECTURES.names()))
        super().format_help(ctx, formatter)


Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of this installation's data (default: EINTHOVEN_HOME).", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Assume = Annotated[
    str,
    typer.Option(
        "--assume",
        help="What the files do not state: unit=mV|uV|V|counts|relative, rate=Hz, gain=counts per mV, baseline=counts, "
        "leads='I II III ...', orientation=leads-first|samples-first, "
        "stored=int16|int32|float32 ... for bare samples; commas between.",
        show_default=False,
    ),
]
KeepNames = Annotated[
    bool,
    typer.Option(
        "--keep-names",
        help="The names of the files and folders identify nobody: keep them. Else each part is stored as a hash.",
    ),
]
KeepIdentifiers = Annotated[
    bool,
    typer.Option(
        "--keep-identifiers",
        help="Keep the original files unchanged, with the names and numbers in them. Else those are blanked.",
    ),
]
Folds = Annotated[str | None, typer.Option("--folds", help="Only records of these folds, such as 1-8 or 9 or 1,3,5.")]


def parse_folds(text: str | None) -> tuple[int, ...] | None:
    """`1-8` or `1,3,5-7` as numbers."""
    if text is None:
        return None
    folds: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            start, end = int(first), int(last if dash else first)
        except ValueError:
            raise SettingError(f"{text!r} names no folds.", advice="Write 1-8, or 9, or 1,3,5.") from None
        if not 0 <= start <= end <= 1000:
            raise SettingError(f"{part.strip()!r} is no range of folds.", advice="Write the smaller number first.")
        folds.update(range(start, end + 1))
    return tuple(sorted(folds))
