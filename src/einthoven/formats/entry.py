"""`FormatEntry`: what one file format is to the rest of the program."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from einthoven.formats.source import FileSource
from einthoven.record import EcgRecord, ReadHints
from einthoven.registry import Registry


def _no_companions(source: FileSource) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """One file format.

    Parameters
    ----------
    name, title
        For commands and files; for people.
    extensions
        Usual file-name endings, for file dialogues only: a format is told by content.
    requires
        Packages that reading needs.
    states
        One sentence: what such a file states, and what needs hints.
    claims
        Whether the content is of this format. Reads the head only and never raises.
    read
        The ECGs in the file. Raises FormatError, HintsNeeded or RecordError.
    companions
        Names of the files, in the same folder, that it reads besides itself.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    requires: tuple[str, ...]
    states: str
    claims: Callable[[FileSource], bool]
    read: Callable[[FileSource, ReadHints], Iterator[EcgRecord]]
    companions: Callable[[FileSource], tuple[str, ...]] = field(default=_no_companions)


FORMATS: Registry[FormatEntry] = Registry("einthoven.formats", FormatEntry, "file format")
"""Every format that can be read, by name."""
