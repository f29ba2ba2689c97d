"""Sorting many files: which are ECGs, which belong to another file, which are tables of labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from einthoven.errors import EinthovenError
from einthoven.formats.entry import FORMATS
from einthoven.formats.foreign import is_label_table
from einthoven.formats.reading import detect
from einthoven.formats.source import FileSource, SeenSource

_LABEL_TABLES = frozenset({"ptbxl_database.csv", "scp_statements.csv"})
_DOCUMENTS = frozenset(
    {"readme", "license", "licence", "records", "annotators", "sha256sums", "md5sums", "changelog", "index"}
)
_DOCUMENT_SUFFIXES = frozenset({"", ".md", ".txt", ".rst", ".html"})


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What each of many files is. Every file is in exactly one of the four; `reasons` says why, by name.

    Attributes
    ----------
    records
        Files to read ECGs from.
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


@dataclass(slots=True)
class _Piles:
    records: list[FileSource] = field(default_factory=list)
    companions: list[FileSource] = field(default_factory=list)
    label_tables: list[FileSource] = field(default_factory=list)
    unknown: list[FileSource] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    def put(self, pile: list[FileSource], source: FileSource, reason: str) -> None:
        pile.append(source)
        if reason:
            self.reasons[source.name] = reason


def plan(sources: Sequence[FileSource]) -> ReadPlan:
    """Sort files by their heads; no file but WFDB headers is read whole.

    Nothing is raised: a file that cannot be opened is among `unknown` with its reason.
    """
    owners = _owners(sources)
    stems = {_folder_and_stem(source) for source in sources if _suffix(source) == ".hea"}
    ecg_suffixes = {extension for entry in FORMATS for extension in entry.extensions}
    piles = _Piles()
    for source in sources:
        owner = owners.get(source.name.casefold())
        if owner is not None:
            piles.put(piles.companions, source, f"read with {owner}")
        else:
            # A broken `r1.dcm` beside `r1.hea` is an ECG that cannot be read; `r1.atr` is an annotation of r1.
            annotates = _suffix(source) not in ecg_suffixes and _folder_and_stem(source) in stems
            _sort(source, piles, annotates=annotates)
    return ReadPlan(
        records=tuple(piles.records),
        companions=tuple(piles.companions),
        label_tables=tuple(piles.label_tables),
        unknown=tuple(piles.unknown),
        reasons=piles.reasons,
    )


def _owners(sources: Iterable[FileSource]) -> dict[str, str]:
    """Names (casefolded) of files that headers name, with the header that does."""
    owners: dict[str, str] = {}
    entry = FORMATS.get("wfdb")
    for source in sources:
        if _suffix(source) != ".hea":
            continue
        try:
            names = entry.companions(source)
        except EinthovenError:
            continue  # said again, with its reason, when the header is read
        for name in names:
            owners[PurePosixPath(source.name).with_name(PurePosixPath(name).name or "_").as_posix().casefold()] = (
                source.name
            )
    return owners


def _suffix(source: FileSource) -> str:
    return PurePosixPath(source.name).suffix.casefold()


def _folder_and_stem(source: FileSource) -> tuple[str, str]:
    path = PurePosixPath(source.name)
    return path.parent.as_posix().casefold(), path.stem.casefold()


def _sort(source: FileSource, piles: _Piles, *, annotates: bool) -> None:
    path = PurePosixPath(source.name.casefold())
    try:
        seen = SeenSource(source)
        if seen.size == 0:
            piles.put(piles.unknown, source, f"{source.name} is empty (0 bytes).")
        elif path.stem in _DOCUMENTS and path.suffix in _DOCUMENT_SUFFIXES:
            piles.put(piles.companions, source, "describes the data set")
        elif path.name in _LABEL_TABLES or is_label_table(seen.head()):
            piles.put(piles.label_tables, source, "a table of labels")
        else:
            piles.put(piles.records, source, detect(seen).title)
    except EinthovenError as error:
        if annotates:
            piles.put(piles.companions, source, "annotates or accompanies the record of the same name")
        elif _suffix(source) == ".dat":
            header = PurePosixPath(source.name).with_suffix(".hea")
            piles.put(piles.unknown, source, f"{source.name} is no ECG by itself; its header {header} is missing.")
        else:
            piles.put(piles.unknown, source, str(error))
