"""Sorting many files: which are ECGs, which belong to another file, which are tables of labels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from einthoven.errors import EinthovenError, FormatError
from einthoven.formats.archives import Archive, Budget, archive_kind
from einthoven.formats.entry import FORMATS
from einthoven.formats.foreign import is_label_table
from einthoven.formats.reading import detect
from einthoven.formats.source import FileSource, SeenSource
from einthoven.formats.wfdb import companions

_LABEL_TABLES = frozenset({"ptbxl_database.csv", "scp_statements.csv"})
_DOCUMENTS = frozenset(
    {"readme", "license", "licence", "records", "annotators", "sha256sums", "md5sums", "changelog", "index"}
)
_DOCUMENT_SUFFIXES = frozenset({"", ".md", ".txt", ".rst", ".html"})
_ARCHIVES = {"zip": "ZIP archive", "tar": "tar archive", "gzip": "gzip file", "bzip2": "bzip2 file", "xz": "xz file"}

Pile = Literal["record", "companion", "label table", "unknown"]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What each of many files is. Every file is in exactly one of the four; `reasons` says why, by name.

    Attributes
    ----------
    records
        Files to read ECGs from; an archive is one of them.
    companions
        Files that are read with another one (`.dat`), annotate one (`.atr`), or describe the data set.
    label_tables
        Tables that look like labels.
    unknown
        Files in which nothing of this was recognised; `reasons` has the message.
    """

    records: tuple[FileSource, ...]
    companions: tuple[FileSource, ...]
    label_tables: tuple[FileSource, ...]
    unknown: tuple[FileSource, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)


def plan(sources: Sequence[FileSource]) -> ReadPlan:
    """Sort files by their heads; no file but WFDB headers is read whole, and archives are not looked into.

    Nothing is raised: a file that cannot be opened is among `unknown` with its reason.
    """
    headers = [source for source in sources if is_header(source.name)]
    owners = owners_among(headers)
    stems = {folder_and_stem(source.name) for source in headers}
    piles: dict[Pile, list[FileSource]] = {"record": [], "companion": [], "label table": [], "unknown": []}
    reasons: dict[str, str] = {}
    for source in sources:
        owner = owners.get(source.name.casefold())
        beside = folder_and_stem(source.name) in stems
        pile, reason = sort_one(source, beside_header=beside) if owner is None else _read_with(owner)
        piles[pile].append(source)
        reasons[source.name] = reason
    return ReadPlan(
        records=tuple(piles["record"]),
        companions=tuple(piles["companion"]),
        label_tables=tuple(piles["label table"]),
        unknown=tuple(piles["unknown"]),
        reasons=reasons,
    )


def _read_with(owner: str) -> tuple[Pile, str]:
    return "companion", f"read with {owner}"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and what it is; `error` for one that cannot be had. `name` begins with the archive's."""

    name: str
    pile: Pile
    reason: str
    source: FileSource | None = None
    error: FormatError | None = None


def files_in(
    archive: FileSource, *, share: tuple[int, int] = (0, 1), budget: Budget | None = None, depth: int = 0
) -> Iterator[FoundFile]:
    """Every file in an archive and in those inside it, sorted; each can be read until the next is asked for.

    `share` (k, n) gives every n-th record from the k-th on, so that n processes can read one archive. Nothing is
    raised: an archive that is damaged is one file of the pile `unknown`.
    """
    first, every = share
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Archive(archive, budget=budget, depth=depth))
        except FormatError as error:
            if first == 0:
                yield FoundFile(archive.name, "unknown", str(error), error=error)
            return
        found = plan(opened.sources)
        if first == 0:
            for refused in opened.refused:
                yield FoundFile(refused.name, "unknown", str(refused.error), error=refused.error)
            for pile, sources in _aside(found):
                for source in sources:
                    yield FoundFile(source.name, pile, found.reasons[source.name], source)
        for source in found.records[first::every]:
            if archive_kind(source) is None:
                yield FoundFile(source.name, "record", found.reasons[source.name], source)
            else:
                yield from files_in(source, budget=opened.budget, depth=depth + 1)


def _aside(found: ReadPlan) -> Iterator[tuple[Pile, tuple[FileSource, ...]]]:
    yield "companion", found.companions
    yield "label table", found.label_tables
    yield "unknown", found.unknown


def is_header(name: str) -> bool:
    """Whether a file's name is that of a WFDB header, which may name other files."""
    return name.casefold().endswith(".hea")


def folder_and_stem(name: str) -> tuple[str, str]:
    """By which a file and what annotates it belong together; case folded."""
    path = PurePosixPath(name)
    return path.parent.as_posix().casefold(), path.stem.casefold()


def owners_among(headers: Iterable[FileSource]) -> dict[str, str]:
    """Names (casefolded) of files that headers name, with the header that does."""
    owners: dict[str, str] = {}
    for source in headers:
        try:
            names = companions(source)
        except EinthovenError:
            continue  # said again, with its reason, when the header is read
        for name in names:
            owners[PurePosixPath(source.name).with_name(PurePosixPath(name).name or "_").as_posix().casefold()] = (
                source.name
            )
    return owners


def sort_one(source: FileSource, *, beside_header: bool) -> tuple[Pile, str]:
    """What one file is, by its head, and why. `beside_header`: a WFDB header of the same name lies beside it."""
    try:
        seen = SeenSource(source)
        aside = set_aside(seen)
        if aside is not None:
            return aside
        kind = archive_kind(seen)
        if kind is not None:
            return "record", _ARCHIVES[kind]
        return "record", detect(seen).title
    except EinthovenError as error:
        return not_an_ecg(source, error, beside_header=beside_header)


def set_aside(seen: FileSource) -> tuple[Pile, str] | None:
    """The pile of a file that is not to be read as an ECG, whatever it holds; None for all others."""
    path = PurePosixPath(seen.name.casefold())
    if seen.size == 0:
        return "unknown", f"{seen.name} is empty (0 bytes)."
    if path.stem in _DOCUMENTS and path.suffix in _DOCUMENT_SUFFIXES:
        return "companion", "describes the data set"
    if path.name in _LABEL_TABLES or is_label_table(seen.head()):
        return "label table", "a table of labels"
    return None


def not_an_ecg(source: FileSource, error: EinthovenError, *, beside_header: bool) -> tuple[Pile, str]:
    """The pile of a file that no format claims, and why."""
    # A broken `r1.dcm` beside `r1.hea` is an ECG that cannot be read; `r1.atr` is an annotation of r1.
    suffix = PurePosixPath(source.name).suffix.casefold()
    if beside_header and not any(suffix in entry.extensions for entry in FORMATS):
        return "companion", "annotates or accompanies the record of the same name"
    if suffix == ".dat":
        header = PurePosixPath(source.name).with_suffix(".hea")
        return "unknown", f"{source.name} is no ECG by itself; its header {header} is missing."
    return "unknown", str(error)
