"""`WriterEntry`: what one file format is to somebody who wants an ECG in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from einthoven.record import EcgRecord
from einthoven.registry import Registry


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one record, by name (the first is the one to open), and what writing it cost in words."""

    files: Mapping[str, bytes]
    said: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return next(iter(self.files))


@dataclass(frozen=True, slots=True)
class WriterEntry:
    """One format.

    Parameters
    ----------
    name, title
        For commands; for people.
    suffix
        Ending of the file that is named on the command line.
    requires
        Packages that writing needs.
    write
        Record and file name without suffix -> `Written`; RecordError, with the way out, for a record that the
        format cannot hold. Writes no name, date or number of a person: pseudonymous id, age and sex only.
    loses
        What never gets into such a file, or not exactly: one or two sentences.
    read_by
        Reference programs with which the files are read back in the tests.
    """

    name: str
    title: str
    suffix: str
    requires: tuple[str, ...]
    write: Callable[[EcgRecord, str], Written]
    loses: str
    read_by: tuple[str, ...]


WRITERS: Registry[WriterEntry] = Registry("einthoven.writers", WriterEntry, "format to write")
"""Every format that can be written, by name."""
