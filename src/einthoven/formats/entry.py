"""`FormatEntry`: what one file format is to the rest of the program."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from einthoven.formats.source import FileSource
from einthoven.record import EcgRecord, ReadHints
from einthoven.registry import Registry


def _no_companions(source: FileSource) -> tuple[str, ...]:
    return ()


def _cannot_be_blanked(source: FileSource) -> Mapping[str, bytes] | None:
    return None


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
    blank
        The file and its companions, by name without folder, with every name, birth date, address, telephone,
        patient and visit number and free text about a person blanked. Signal, rate, leads and scale decoded from
        them are the same; an age is lost where only the birth date gave it, and so are the pseudonymous id and
        words that may name a person. None for a file in which that cannot be done surely: then no original is kept.
    reads
        What it reads, one sentence each.
    tried
        Which real files the reader was held against; empty when none could be had.
    limits
        What it does not read, or reads with loss: one sentence each.
    streams
        Whether it is read piece by piece, so that `MAX_FILE_BYTES` is no limit to the file.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    requires: tuple[str, ...]
    states: str
    claims: Callable[[FileSource], bool]
    read: Callable[[FileSource, ReadHints], Iterator[EcgRecord]]
    companions: Callable[[FileSource], tuple[str, ...]] = field(default=_no_companions)
    blank: Callable[[FileSource], Mapping[str, bytes] | None] = field(default=_cannot_be_blanked)
    reads: tuple[str, ...] = ()
    tried: str = ""
    limits: tuple[str, ...] = ()
    streams: bool = False


FORMATS: Registry[FormatEntry] = Registry("einthoven.formats", FormatEntry, "file format")
"""Every format that can be read, by name."""
