"""Reading a file: which format it is, and its ECGs. The one place where foreign errors are translated."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from einthoven.errors import EinthovenError, FormatError, MissingDependency
from einthoven.formats.entry import FORMATS, FormatEntry
from einthoven.formats.foreign import foreign_kind, header_that_names
from einthoven.formats.source import FileSource, PathSource, SeenSource, refuse_if_too_large
from einthoven.record import EcgRecord, ReadHints


def detect(source: FileSource) -> FormatEntry:
    """The format of the file, told by its content.

    Raises
    ------
    FormatError
        Naming the file, when it is empty, too large, the data part of a WFDB record, or of no format we know.
    """
    source = source if isinstance(source, SeenSource) else SeenSource(source)
    if source.size == 0:
        raise FormatError(f"{source.name} is empty (0 bytes).", advice="Copy it again from where it came from.")
    refuse_if_too_large(source.name, source.size)
    header = header_that_names(source)
    if header is not None:
        raise FormatError(
            f"{source.name} holds the samples of the WFDB record {header.name}, which states rate, unit and leads.",
            advice=f"Open {header.name} instead.",
        )
    suffix = PurePosixPath(source.name).suffix.casefold()
    # Only the order depends on the suffix, to save time: content decides.
    for entry in sorted(FORMATS, key=lambda entry: suffix not in entry.extensions):
        if entry.claims(source):
            return entry
    titles = ", ".join(entry.title for entry in FORMATS)
    kind = foreign_kind(source)
    raise FormatError(
        f"{source.name} is {kind}, and none of the formats {titles}."
        if kind
        else f"{source.name} is none of the formats {titles}.",
        advice="Export the ECG in one of them.",
    )


@cache
def _require(name: str) -> None:
    """Looking for an installed package costs more than reading a record; what was found stays found."""
    FORMATS.require(name)


def read_all(source: FileSource, hints: ReadHints | None = None) -> Iterator[EcgRecord]:
    """Every ECG in the file, in order.

    Raises
    ------
    FormatError, HintsNeeded, RecordError, MissingDependency
        Each names the file. Nothing else gets out, whatever the bytes are.
    """
    entry: FormatEntry | None = None
    try:
        entry = detect(source)
        _require(entry.name)
        yield from entry.read(source, hints or ReadHints())
    except EinthovenError as error:
        if source.name not in error.message and not isinstance(error, MissingDependency):
            error.message = f"{source.name}: {error.message}"
            error.args = (error.message,)
        error.advice = error.advice or "Correct the file and read it again, or leave it out."
        raise
    except Exception as error:
        # numpy, scipy, wfdb and pydicom raise almost anything on damaged bytes.
        title = entry.title if entry else "any format"
        raise FormatError(
            f"{source.name} cannot be read as {title}: {type(error).__name__}: {str(error)[:200]}",
            advice="The file seems damaged or incomplete; copy it again from where it came from.",
        ) from error


def read(path: str | Path, hints: ReadHints | None = None) -> EcgRecord:
    """The one ECG in the file at `path`.

    Raises
    ------
    FormatError
        Also when the file holds several ECGs; `read_all` gives them one by one.
    """
    source = PathSource(Path(path))
    records = read_all(source, hints)
    record = next(records, None)
    if record is None:
        raise FormatError(f"{source.name} holds no ECG.")
    if next(records, None) is not None:
        raise FormatError(
            f"{source.name} holds several ECGs.", advice="Use read_all(PathSource(path)), which gives all of them."
        )
    return record
