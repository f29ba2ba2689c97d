"""Reading a file: which format it is, and its ECGs. The one place where foreign errors are translated."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from einthoven.errors import EinthovenError, FormatError, MissingDependency
from einthoven.formats.archives import archive_kind
from einthoven.formats.entry import FORMATS, FormatEntry
from einthoven.formats.foreign import foreign_kind, header_that_names
from einthoven.formats.source import FileSource, PathSource, SeenSource, refuse_if_too_large
from einthoven.record import EcgRecord, ReadHints


def detect(source: FileSource, hints: ReadHints | None = None) -> FormatEntry:
    """The format of the file, told by its content; with the hint `stored`, `raw` for a file no format claims.

    Raises
    ------
    FormatError
        Naming the file, when it is empty, too large, the data part of a WFDB record, or of no format we know.
    """
    source = source if isinstance(source, SeenSource) else SeenSource(source)
    if source.size == 0:
        raise FormatError(f"{source.name} is empty (0 bytes).", advice="Copy it again from where it came from.")
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
            if not entry.streams:
                refuse_if_too_large(source.name, source.size)
            return entry
    refuse_if_too_large(source.name, source.size)
    kind = foreign_kind(source)
    if hints is not None and hints.stored is not None and kind is None:
        return FORMATS.get("raw")
    if kind:
        raise FormatError(f"{source.name} is {kind}, and none of the formats that are read.", advice=_EXPORT)
    if _is_binary(source.head()):
        raise FormatError(
            f"{source.name} is none of the formats that are read.",
            advice=f'{_EXPORT} Bare samples without a header are read with hints, such as --assume "stored=int16,...".',
        )
    raise FormatError(f"{source.name} is none of the formats that are read.", advice=_EXPORT)


_EXPORT = "Export the ECG in one of those that the page Formats and docs/formats.md list."


def _is_binary(head: bytes) -> bool:
    return any(byte < 9 or 13 < byte < 32 for byte in head)


@cache
def _require(name: str) -> None:
    """Looking for an installed package costs more than reading a record; what was found stays found."""
    FORMATS.require(name)


def read_all(source: FileSource, hints: ReadHints | None = None) -> Iterator[EcgRecord]:
    """Every ECG in the file, in order; those of an archive one file after the other.

    Raises
    ------
    FormatError, HintsNeeded, RecordError, MissingDependency
        Each names the file. Nothing else gets out, whatever the bytes are. In an archive the files that can be read
        come first; what cannot be read is said afterwards.
    """
    entry: FormatEntry | None = None
    try:
        source = source if isinstance(source, SeenSource) else SeenSource(source)
        if archive_kind(source) is not None:
            yield from _read_archive(source, hints)
            return
        entry = detect(source, hints)
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


def _read_archive(archive: FileSource, hints: ReadHints | None) -> Iterator[EcgRecord]:
    from einthoven.formats.planning import files_in  # which sorts files by `detect`

    errors: list[EinthovenError] = []
    n_read = 0
    for found in files_in(archive):
        if found.pile in ("companion", "label table"):
            continue
        try:
            if found.error is not None:
                raise found.error
            if found.source is None or found.pile != "record":
                raise FormatError(found.reason, advice="Leave it out of the archive.")
            yield from read_all(found.source, hints)
            n_read += 1
        except EinthovenError as error:
            errors.append(error)
    if len(errors) == 1 and n_read == 0:
        raise errors[0]
    if errors:
        raise FormatError(
            f"{archive.name}: {len(errors)} of its files cannot be read, {n_read} can. {errors[0]}",
            advice="Import the archive: each such file is then listed with its reason.",
        )


_ALL = "Use read_all(PathSource(path)), which gives"


def read(path: str | Path, hints: ReadHints | None = None) -> EcgRecord:
    """The one ECG in the file at `path`; a median beat that the device put beside it is passed over.

    Raises
    ------
    FormatError
        Also when the file holds several ECGs; `read_all` gives them one by one.
    """
    source = PathSource(Path(path))
    found: EcgRecord | None = None
    n_beats = 0
    for record in read_all(source, hints):
        if record.is_median_beat:
            n_beats += 1
        elif found is None:
            found = record
        else:
            raise FormatError(f"{source.name} holds several ECGs.", advice=f"{_ALL} all of them.")
    if found is None:
        held = "a median beat and no recording" if n_beats else "no ECG"
        raise FormatError(f"{source.name} holds {held}.", advice=f"{_ALL} median beats too." if n_beats else "")
    return found
