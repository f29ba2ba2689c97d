"""Files that hold several named arrays (NPZ, MAT, HDF5): which are signals, and what the others state."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.array_names import (
    describes,
    fact_of,
    is_aside,
    is_fact,
    is_one_lead,
    is_signal,
    key,
    listed,
    preference,
    shown,
)
from einthoven.formats.arrays import USUAL_LEAD_COUNTS, StatedArray, StoredNumbers, check_shape, in_turn, records
from einthoven.formats.passport import Origin, age_from, pseudonym, sex_from
from einthoven.formats.units import is_ecg_name
from einthoven.record import EcgRecord, Orientation, ReadHints, Subject
from einthoven.steps import kept_steps

T = TypeVar("T")

_RATE_TEXT = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>hz|khz|1?/s|sps|samples(?:/s| per second)|)", re.IGNORECASE
)
_THOUSANDS = re.compile(r"\d{1,3}[.,]\d{3}")
_LOWEST_RATE_HZ = 50.0
_MOST_LISTED = 20
_LONGEST_NAME = 500
_DEEPEST = 32
_IN_WORDS = {"fs": "rate", "unit": "unit", "gain": "gain", "baseline": "baseline", "leads": "leads"}


class NamedArray(StoredNumbers, Protocol):
    """An array in memory, or one in a file; facts are small and always in memory."""

    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...


class Rows:
    """Arrays of one lead each as a table `(leads, samples)`, put together when it is sliced."""

    def __init__(self, rows: Sequence[NamedArray]) -> None:
        self._rows = rows
        self.shape: tuple[int, ...] = (len(rows), rows[0].size)
        self.dtype: np.dtype[Any] = np.result_type(*(row.dtype for row in rows))

    def __getitem__(self, key: slice, /) -> npt.NDArray[np.generic]:
        return np.stack([row[:].ravel() for row in self._rows[key]])


Named = Mapping[str, NamedArray]
Facts = Mapping[str, npt.NDArray[np.generic]]
FactTexts = Mapping[str, str]
StatedSignal = tuple[StatedArray, Subject | list[Subject], tuple[str, ...]]


def stated_arrays(arrays: Named) -> list[StatedSignal]:
    """Each signal with the facts beside it, whose it is (one subject, or one for each ECG of a batch), and doubts.

    Several signals are told by their names only: one of the same name in each of several folders (`a.signal`,
    `b.signal`), names that differ in their number (`ecg_1`, `ecg_2`) and arrays of the same type and leads, or
    arrays that are called by the leads (`I`, `II`, ...), which are one signal for each folder.

    A fact is about a signal when it stands beside it, above it or in it; the nearest counts.

    Parameters
    ----------
    arrays
        By name; for nested structures the name is a path with dots, whose last part counts.

    Raises
    ------
    FormatError
        When no array could be the signal, or several and no rule tells which; it lists their shapes.
    """
    if any(len(name) > _LONGEST_NAME or name.count(".") > _DEEPEST for name in arrays):
        raise FormatError(
            f"The name of an array in it has over {_LONGEST_NAME} characters or {_DEEPEST} levels.",
            advice="Call the array with the samples `signal`.",
        )
    signals = _signals(arrays)
    used = {name for names in signals for name in names}
    stated = _facts_by_folder(arrays, used)
    left = _left_out(arrays, used)
    found = []
    for names in signals:
        facts = [_facts_of(stated, name) for name in names]
        values = arrays[names[0]]
        n_ecgs = values.shape[0] if values.ndim == 3 else 1
        subject, doubts = _subjects(facts[0], n_ecgs)
        one = _stated(values, facts[0]) if len(names) == 1 else _stated_by_leads(arrays, names, facts)
        found.append((replace(one, remark=_unused(stated, facts[0])), subject, (*doubts, *left)))
    return found


def records_in(
    found: Sequence[StatedSignal], hints: ReadHints, origin: Origin, *, streamed: bool = False
) -> Iterator[EcgRecord]:
    """The ECGs of all signals that `stated_arrays` found, one after the other; indices run on from `origin.index`."""

    def read(signal: StatedSignal, index: int) -> Iterator[EcgRecord]:
        array, subject, doubts = signal
        here = replace(origin, index=index, doubts=(*origin.doubts, *doubts))
        return records(array, hints, here, subject=subject, streamed=streamed)

    return in_turn((partial(read, signal) for signal in found), index=origin.index)


def facts_beside(values: NamedArray, texts: FactTexts) -> tuple[StatedArray, Subject, tuple[str, ...]]:
    """One signal with facts that stand as text beside it (`fs`: `500`), whose it is, and doubts."""
    facts = {
        fact: fact_from_text(texts[name])
        for name in sorted(filter(is_fact, texts), key=preference, reverse=True)
        if (fact := fact_of(name))
    }
    subject, doubts = _subjects(facts, 1)
    return _stated(values, facts), subject if isinstance(subject, Subject) else subject[0], doubts


def fact_from_text(text: str) -> npt.NDArray[np.generic]:
    """Numbers with blanks between as an array of numbers; any other text as an array of one text."""
    try:
        return np.array([float(cell) for cell in text.split()])
    except ValueError:
        return np.array(text.strip())


def without_identity(arrays: Named) -> dict[str, npt.NDArray[np.generic]] | None:
    """The one signal and what is decoded beside it, under names of our own; None when there are several signals.

    Nothing else of the file is in it: no other array, no name that its author gave, no patient's number.
    """
    found = stated_arrays(arrays)
    if len(found) != 1:
        return None
    array, subject, _ = found[0]
    subjects = subject if isinstance(subject, list) else [subject]
    stated: dict[str, object] = {
        "signal": array.values[:],
        "fs": array.rate,
        "unit": array.units,
        "gain": array.gain,
        "baseline": array.baseline,
        "leads": array.leads,
        "orientation": array.orientation,
        "steps": kept_steps(array.steps) or None,
        "age": [np.nan if one.age is None else one.age for one in subjects],
        "sex": [one.sex or "" for one in subjects],
    }
    return {name: np.asarray(value) for name, value in stated.items() if value is not None}


def _stated(values: NamedArray, facts: Facts) -> StatedArray:
    rate = _numbers(facts, "fs") or _rate_in_words(facts)
    if rate is not None and len(set(rate)) != 1:
        raise FormatError(f"It states {len(rate)} sampling rates.", advice="Save ECGs of one rate in one file.")
    return StatedArray(
        values=values,
        rate=rate[0] if rate else None,
        units=_texts(facts, "unit"),
        gain=_numbers(facts, "gain"),
        baseline=_numbers(facts, "baseline"),
        leads=_texts(facts, "leads"),
        orientation=_orientation(facts),
        steps=_lines(facts, "steps"),
    )


def _stated_by_leads(arrays: Named, names: Sequence[str], facts: Sequence[Facts]) -> StatedArray:
    """The leads of one folder together; FormatError when they differ in length or rate, or state unlike facts."""
    rows = [arrays[name] for name in names]
    lengths = sorted({row.size for row in rows})
    if len(lengths) > 1:
        raise FormatError(f"Its leads have different lengths: {', '.join(map(str, lengths[:10]))}.")
    values = Rows(rows)
    check_shape(values.shape, values.dtype)
    each = [_stated(row, about) for row, about in zip(rows, facts, strict=True)]
    rates = {one.rate for one in each}
    if len(rates) > 1:
        raise FormatError("Its leads state different sampling rates, or only some of them one.")
    return StatedArray(
        values=values,
        rate=rates.pop(),
        units=_one_for_each("unit", [one.units for one in each]),
        gain=_one_for_each("gain", [one.gain for one in each]),
        baseline=_one_for_each("baseline", [one.baseline for one in each]),
        leads=tuple(name.rpartition(".")[2] for name in names),
        orientation="leads-first",
        steps=tuple(dict.fromkeys(line for one in each for line in one.steps)),
    )


def _one_for_each(what: str, stated: Sequence[tuple[T, ...] | None]) -> tuple[T, ...] | None:
    if all(values is None for values in stated):
        return None
    single = [values[0] for values in stated if values is not None and len(values) == 1]
    if len(single) != len(stated):
        raise FormatError(f"It does not state one {what} for each of its leads.")
    return tuple(single)


def _facts_by_folder(arrays: Named, signals: set[str]) -> dict[str, dict[str, npt.NDArray[np.generic]]]:
    """Facts by the folder that they are about, each under the first of its names."""
    found: dict[str, dict[str, npt.NDArray[np.generic]]] = {}
    names = [name for name, value in arrays.items() if is_fact(name) and name not in signals and value.size]
    for name in sorted(names, key=lambda name: (describes(name.rpartition(".")[0]), preference(name))):
        value, folder = arrays[name], name.rpartition(".")[0]
        if isinstance(value, np.ndarray):
            about = folder.rpartition(".")[0] if describes(folder) else folder
            found.setdefault(about, {}).setdefault(fact_of(name) or name, value)
    return found


def _facts_of(stated: Mapping[str, Facts], signal: str) -> Facts:
    """Facts about `signal`: those above it, beside it and in it, of which the nearest counts."""
    parts = signal.split(".")
    folders = ["", *(".".join(parts[:depth]) for depth in range(1, len(parts) + 1))]
    return {fact: value for folder in folders for fact, value in stated.get(folder, {}).items()}


def _unused(stated: Mapping[str, Facts], used: Facts) -> str:
    """A remark on facts that stand in the file, but about something else."""
    elsewhere = {fact for facts in stated.values() for fact in facts} - set(used)
    words = [word for fact, word in _IN_WORDS.items() if fact in elsewhere]
    return f"Its {', '.join(words)} beside other arrays may be those of another signal." if words else ""


def _subjects(facts: Facts, n_ecgs: int) -> tuple[Subject | list[Subject], tuple[str, ...]]:
    """Age, sex and pseudonymous id, when the file states one of each, or one for each ECG; and doubts."""
    ages, sexes, ids = (_each(facts, fact, n_ecgs) for fact in ("age", "sex", "patientid"))
    if max(len(ages), len(sexes), len(ids)) <= 1:
        age, doubts = age_from(ages[0] if ages else "")
        return Subject(
            id=pseudonym(ids[0]) if ids else None, age=age, sex=sex_from(sexes[0]) if sexes else None
        ), doubts

    def at(texts: Sequence[str], index: int) -> str:
        return texts[index if len(texts) > 1 else 0] if texts else ""

    subjects: list[Subject] = []
    all_doubts: list[str] = []
    for index in range(n_ecgs):
        age, doubts = age_from(at(ages, index))
        all_doubts += doubts
        subjects.append(Subject(id=pseudonym(at(ids, index)), age=age, sex=sex_from(at(sexes, index))))
    return subjects, tuple(dict.fromkeys(all_doubts))


def _signals(arrays: Named) -> list[list[str]]:
    """The names of each signal: of one array, or of one for each lead."""
    numeric = {
        name: value
        for name, value in arrays.items()
        if value.dtype.kind in "iuf" and 1 <= value.ndim <= 3 and value.size > 1
    }
    by_name = [name for name in numeric if is_signal(name)]
    tables = [name for name in numeric if len(_long_axes(numeric[name])) >= 2]
    others = [name for name in numeric if not is_fact(name)]
    leads = [] if by_name else _single_leads(numeric)
    if leads and not tables:
        return leads
    candidates = by_name or tables or others
    if not leads and (len(candidates) == 1 or _one_in_each_folder(candidates)):
        return [[name] for name in candidates]
    numbered = [name for name in tables if not is_fact(name)]
    if _differ_in_number(numbered, arrays):
        return [[name] for name in numbered]
    raise FormatError(
        f"Which of its arrays is the ECG cannot be told; it holds {_shapes(arrays)}.",
        advice="Call the array with the samples `signal`.",
    )


def _single_leads(numeric: Named) -> list[list[str]]:
    """Arrays of one row that are called by leads, folder by folder, where a folder has two or more."""
    found: dict[str, list[str]] = {}
    for name, value in numeric.items():
        if len(_long_axes(value)) == 1 and is_one_lead(name):
            found.setdefault(name.rpartition(".")[0], []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _long_axes(array: NamedArray) -> tuple[int, ...]:
    return tuple(length for length in array.shape if length > 1)


def _shapes(arrays: Named) -> str:
    """Shapes and types, with the names that consist of known words: others may name a person."""
    each = [f"{shown(name)} {value.shape} {value.dtype}".strip() for name, value in arrays.items()]
    more = f" and {len(each) - _MOST_LISTED} more" if len(each) > _MOST_LISTED else ""
    return f"{', '.join(each[:_MOST_LISTED])}{more}" if each else "nothing"


def _left_out(arrays: Named, signals: set[str]) -> tuple[str, ...]:
    """A doubt that names arrays which may be ECGs as well, by their shape or name."""
    alike = {part for name in signals for part in _kinds_of_shape(arrays[name])}
    left = [
        name
        for name, value in arrays.items()
        if name not in signals
        and value.dtype.kind in "iuf"
        and not is_fact(name)
        and not is_aside(name)
        and is_ecg_name(name.rpartition(".")[2])
        and (_kinds_of_shape(value) & alike or (is_one_lead(name) and value.size > 1))
    ]
    return (f"left out, arrays that may be ECGs as well: {listed(left)}",) if left else ()


def _kinds_of_shape(array: NamedArray) -> set[tuple[int, int]]:
    """What the shapes of two ECGs have in common: the length of a lead, an axis, the axes of a batch's ECGs."""
    long = _long_axes(array)
    if array.ndim == 3 and len(long) == 3:
        return {(min(long[1:]), max(long[1:]))}
    return {(len(long), length) for length in long} if long else set()


def _one_in_each_folder(names: Sequence[str]) -> bool:
    folders = {name.rpartition(".")[0] for name in names}
    above = {
        ".".join(parts[:depth]) for parts in (folder.split(".") for folder in folders) for depth in range(len(parts))
    }
    same_name = len({key(name) for name in names}) == 1
    return same_name and "" not in folders and len(folders) == len(names) and not folders & above


def _differ_in_number(names: Sequence[str], arrays: Named) -> bool:
    """Whether the arrays are `ecg_1`, `ecg_2`, ... of one type and one number of leads, and facts are shared."""
    stems = {re.sub(r"\d+", "#", name) for name in names}
    if len(names) < 2 or len(stems) != 1 or "#" not in next(iter(stems)):
        return False
    usual = {frozenset(arrays[name].shape) & USUAL_LEAD_COUNTS for name in names}
    dtypes = {arrays[name].dtype for name in names}
    alike = len(usual) == 1 and len(next(iter(usual))) == 1 and len(dtypes) == 1
    own = [name for name in arrays if re.search(r"\d", name) and is_fact(re.sub(r"\d", "", name))]
    return alike and all(arrays[name].ndim == 2 for name in names) and not own


def _numbers(facts: Facts, fact: str) -> tuple[float, ...] | None:
    found = facts.get(fact)
    if found is None or not found.size or found.dtype.kind not in "iuf":
        return None
    return tuple(float(value) for value in found.ravel())


def _rate_in_words(facts: Facts) -> tuple[float, ...] | None:
    """The rate of `500 Hz` or `0.5 kHz`; FormatError for `1.000 Hz`, which may be 1 or 1000."""
    found = facts.get("fs")
    if found is None or found.size != 1 or found.dtype.kind not in "US":
        return None
    match = _RATE_TEXT.fullmatch(_text(found.ravel()[0]))
    if match is None:
        return None
    rate = float(match["number"].replace(",", ".")) * (1000.0 if match["unit"].casefold() == "khz" else 1.0)
    if _THOUSANDS.fullmatch(match["number"]) and ("," in match["number"] or rate < _LOWEST_RATE_HZ):
        raise FormatError(
            f"It states the sampling rate {match[0]!r}, which may be {rate:g} or {1000 * rate:g} Hz.",
            advice="Write the rate as a number.",
        )
    return (rate,)


def _texts(facts: Facts, fact: str) -> tuple[str, ...] | None:
    found = facts.get(fact)
    if found is None or not found.size or found.dtype.kind not in "US":
        return None
    texts = tuple(_text(value) for value in found.ravel())
    if len(texts) == 1 and re.search(r"[,;\s]", texts[0]):
        # MATLAB users write names into one string: 'I,II,III'.
        texts = tuple(part for part in re.split(r"[,;\s]+", texts[0]) if part)
    return texts if all(texts) else None


def _lines(facts: Facts, fact: str) -> tuple[str, ...]:
    """The lines of a fact that is one text or several."""
    found = facts.get(fact)
    if found is None or found.dtype.kind not in "US":
        return ()
    return tuple(line for value in found.ravel() for line in _text(value).splitlines())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value).strip()


def _each(facts: Facts, fact: str, n_ecgs: int) -> list[str]:
    """The texts of a fact stated once, or once for each ECG; nothing for any other number of values."""
    found = facts.get(fact)
    if found is None or not found.size or found.size not in (1, n_ecgs) or found.dtype.kind not in "iufUS":
        return []
    if found.dtype.kind in "US":
        return [_text(value) for value in found.ravel()]
    return [f"{float(value):.17g}" for value in found.ravel()]


def _orientation(facts: Facts) -> Orientation | None:
    texts = _texts(facts, "orientation")
    if texts == ("leads-first",):
        return "leads-first"
    return "samples-first" if texts == ("samples-first",) else None
