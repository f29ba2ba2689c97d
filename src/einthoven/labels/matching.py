"""Which record a label table means by a file name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from einthoven.errors import LabelError
from einthoven.labels.tables import quoted

_SHOWN = 5
# A WFDB record is one ECG in two files; people name it by either of them.
_WFDB_SIGNAL_SUFFIXES = (".dat", ".mat")

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """`found`: name as written -> record; `unmatched`: names without a record; `notes`: what was decided."""

    found: Mapping[str, str]
    unmatched: tuple[str, ...]
    notes: tuple[str, ...] = ()


def match_file_names(
    wanted: Iterable[str], available: Sequence[str], *, alias: Callable[[str], str] | None = None
) -> Match:
    """Find for each name the record it means: by relative path first, then by the name alone.

    In both steps the suffix may be missing, case does not matter unless it decides between two, and
    `\\` is `/`. A path that is longer or shorter at the front (`/data/a/1.csv` for `a/1.csv`) is still
    the same path. The name alone is tried last and only on records that no path has claimed; a note
    says so, because there the folders disagree. `alias` is the form under which a name may be known instead; it is
    tried, by the same rules, where the name as written is not found.

    Raises
    ------
    LabelError
        When a name means two records, or two names in different folders mean one: lists them.
    """
    names = tuple(dict.fromkeys(wanted))
    index = _Index.of(available)
    choices = {name: index.by_path(name) for name in names}
    forms: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    if alias is not None:
        known_as = {name: alias(name) for name, paths in choices.items() if not paths}
        choices |= {name: index.by_path(form) for name, form in known_as.items()}
        forms |= {name: (name, form) for name, form in known_as.items()}
    claimed = {paths[0] for paths in choices.values() if len(paths) == 1}
    by_name = {
        name: free
        for name, paths in choices.items()
        if not paths and (free := [path for form in forms[name] for path in index.by_name(form) if path not in claimed])
    }
    choices |= by_name
    _refuse_ambiguous({name: paths for name, paths in choices.items() if len(paths) > 1})
    found = {name: paths[0] for name, paths in choices.items() if paths}
    _refuse_shared(found)
    notes: tuple[str, ...] = ()
    if by_name:
        example = next(iter(by_name))
        count = f"{len(by_name)} file name{'s' if len(by_name) > 1 else ''} of the label table"
        notes = (f"{count} match by name only, the folders differ (such as {example!r}: {found[example]!r}).",)
    return Match(found, tuple(name for name in names if name not in found), notes)


def _parts(path: str) -> Parts:
    return tuple(part for part in path.strip().replace("\\", "/").split("/") if part not in ("", ".")) or ("",)


def _bare(parts: Parts) -> Parts:
    """Without the suffix of the last part."""
    return (*parts[:-1], PurePosixPath(parts[-1]).stem)


def _folded(parts: Parts) -> Parts:
    return tuple(part.casefold() for part in parts)


def _tails(parts: Parts) -> Iterator[Parts]:
    """The path, then shorter and shorter at the front."""
    return (parts[start:] for start in range(len(parts)))


@dataclass(frozen=True, slots=True)
class _Index:
    """Records by their paths and by every tail of them, case folded; `bare_` without the records' suffix."""

    whole: dict[Parts, list[str]] = field(default_factory=dict)
    bare_whole: dict[Parts, list[str]] = field(default_factory=dict)
    tails: dict[Parts, list[str]] = field(default_factory=dict)
    bare_tails: dict[Parts, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, available: Sequence[str]) -> "_Index":
        index = cls()
        for path in dict.fromkeys(available):
            parts = _folded(_parts(path))
            index.whole.setdefault(parts, []).append(path)
            index.bare_whole.setdefault(_bare(parts), []).append(path)
            for tail in _tails(parts):
                index.tails.setdefault(tail, []).append(path)
                index.bare_tails.setdefault(_bare(tail), []).append(path)
        return index

    def by_path(self, name: str) -> list[str]:
        """Records whose path agrees with `name` as far as both are written; the closest agreement counts."""
        parts = _folded(_parts(name))
        longer = [self._at(tail, self.whole, self.bare_whole) for tail in _tails(parts)]
        return _decided(
            name, next(filter(None, (longer[0], self._at(parts, self.tails, self.bare_tails), *longer)), [])
        )

    def by_name(self, name: str) -> list[str]:
        """Records whose last part agrees with that of `name`."""
        last = _parts(name)[-1]
        return _decided(last, self._at(_folded((last,)), self.tails, self.bare_tails))

    def _at(self, key: Parts, full: Mapping[Parts, list[str]], bare: Mapping[Parts, list[str]]) -> list[str]:
        paths = full.get(key) or bare.get(key)
        if not paths and key[-1].endswith(_WFDB_SIGNAL_SUFFIXES):
            paths = [path for path in bare.get(_bare(key), []) if path.casefold().endswith(".hea")]
        return list(paths or [])


def _decided(name: str, paths: list[str]) -> list[str]:
    """Of several: the one that agrees in case too, as far as both are written, if there is exactly one."""
    if len(paths) < 2:
        return paths
    wanted = _parts(name)
    same_case = [
        path
        for path in paths
        if any(_overlap_equal(wanted, written) for written in (_parts(path), _bare(_parts(path))))
    ]
    return same_case if len(same_case) == 1 else paths


def _overlap_equal(one: Parts, other: Parts) -> bool:
    length = min(len(one), len(other))
    return one[len(one) - length :] == other[len(other) - length :]


def _refuse_ambiguous(ambiguous: Mapping[str, list[str]]) -> None:
    if ambiguous:
        examples = "; ".join(f"{name!r} means {quoted(paths, most=4)}" for name, paths in [*ambiguous.items()][:_SHOWN])
        raise LabelError(
            f"{len(ambiguous)} of the label table's file names match more than one record: {examples}.",
            advice="Write the folder before the name, or the suffix after it.",
        )


def _refuse_shared(found: Mapping[str, str]) -> None:
    """`a/1.csv` and `b/1.csv` cannot both be the record `1.csv`; `1` and `1.csv` can."""
    meant_by: dict[str, list[str]] = {}
    for name, path in found.items():
        meant_by.setdefault(path, []).append(name)
    shared = {path: names for path, names in meant_by.items() if len(names) > 1 and _folders_differ(names)}
    if shared:
        examples = "; ".join(f"{quoted(names, most=4)} for {path!r}" for path, names in [*shared.items()][:_SHOWN])
        raise LabelError(
            f"{len(shared)} records match file names in different folders of the label table: {examples}.",
            advice="Write the folders as they stand in the dataset.",
        )


def _folders_differ(names: Sequence[str]) -> bool:
    folders = sorted((_folded(_parts(name))[:-1] for name in names), key=len)
    return any(not _overlap_equal(short, folders[-1]) for short in folders)
