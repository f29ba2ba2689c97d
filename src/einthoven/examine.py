"""A record as it was read, completed and looked at: derived leads, checks of leads, pacing spikes, quality."""

from collections.abc import Iterator

from einthoven.formats import FileSource, read_all
from einthoven.record import EcgRecord, ReadHints


def open_all(source: FileSource, hints: ReadHints | None = None) -> Iterator[EcgRecord]:
    """Every ECG in the file, examined. The one way by which ECGs enter the program.

    Raises
    ------
    FormatError, HintsNeeded, RecordError, MissingDependency
        As `formats.read_all`.
    """
    for record in read_all(source, hints):
        yield examine(record)


def examine(record: EcgRecord) -> EcgRecord:
    """The record with what its signal tells about it."""
    return record
