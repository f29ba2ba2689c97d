"""Files that hold several named arrays (NPZ, MAT, HDF5): which are signals, and what the others state."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import USUAL_LEAD_COUNTS, StatedArray, StoredNumbers
from einthoven.formats.passport import age_from, pseudonym, sex_from
from einthoven.record import Orientation, Subject

SIGNAL_NAMES = (
    "signal", "signals", "ecg", "ecgs", "ecg_signal", "ecgsignal", "data", "ecgdata", "val", "waveform", "waveforms",
    "p_signal", "x", "tracings", "tracing",
)  # fmt: skip
_WANTED = frozenset(re.sub(r"[^a-z0-9]", "", name) for name in SIGNAL_NAMES)
RATE_NAMES = (
    "fs", "rate", "samplingrate", "samplerate", "samplingfrequency", "samplefrequency", "samplingfreq", "freq",
    "frequency", "sfreq", "hz", "srate",
)  # fmt: skip
LEAD_NAMES = (
    "leads", "leadnames", "leadname", "lead", "signame", "signames", "channels", "channelnames", "chnames", "columns",
)  # fmt: skip
UNIT_NAMES = ("unit", "units", "amplitudeunit", "amplitudeunits")
GAIN_NAMES = ("gain", "adcgain", "gains")
BASELINE_NAMES = ("baseline", "baselines", "adcbaseline")
ORIENTATION_NAMES = ("orientation",)

_FACT_NAMES = frozenset(
    {*RATE_NAMES, *LEAD_NAMES, *UNIT_NAMES, *GAIN_NAMES, *BASELINE_NAMES, *ORIENTATION_NAMES}
    | {"age", "sex", "gender", "patientid", "subjectid"}
)


class NamedArray(StoredNumbers, Protocol):
    """An array in memory, or one in a file; facts are small and always in memory."""

    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...


Named = Mapping[str, NamedArray]
Facts = Mapping[str, npt.NDArray[np.generic]]
FactTexts = Mapping[str, str]


def stated_arrays(arrays: Named) -> list[tuple[StatedArray, Subject | list[Subject], tuple[str, ...]]]:
    """Each signal with the facts beside it, whose it is (one subject, or one for each ECG of a batch), and doubts.

    Several signals are told by their names only: one of the same name in each of several folders (`a.signal`,
    `b.signal`), or names that differ in their number (`ecg_1`, `ecg_2`) and arrays of the same type and leads.

    Parameters
    ----------
    arrays
        By name; for nested structures the name is a path with dots, whose last part counts.

    Raises
    ------
    FormatError
        When no array could be the signal, or several and no rule tells which; it lists them.
    """
    names = _signal_names(arrays)
    found = []
    for name in names:
        facts = _facts(arrays, name, alone=len(names) == 1)
        n_ecgs = arrays[name].shape[0] if arrays[name].ndim == 3 else 1
        subject, doubts = _subjects(facts, n_ecgs)
        found.append((_stated(arrays[name], facts), subject, doubts))
    return found


def facts_beside(values: NamedArray, texts: FactTexts) -> tuple[StatedArray, Subject, tuple[str, ...]]:
    """One signal with facts that stand as text beside it (`fs`: `500`), whose it is, and doubts."""
    facts = {_key(name): fact_from_text(text) for name, text in texts.items()}
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
        "age": [np.nan if one.age is None else one.age for one in subjects],
        "sex": [one.sex or "" for one in subjects],
    }
    return {name: np.asarray(value) for name, value in stated.items() if value is not None}


def _stated(values: NamedArray, facts: Facts) -> StatedArray:
    rate = _numbers(facts, RATE_NAMES)
    if rate is not None and len(set(rate)) != 1:
        raise FormatError(f"It states {len(rate)} sampling rates.", advice="Save ECGs of one rate in one file.")
    return StatedArray(
        values=values,
        rate=rate[0] if rate else None,
        units=_texts(facts, UNIT_NAMES),
        gain=_numbers(facts, GAIN_NAMES),
        baseline=_numbers(facts, BASELINE_NAMES),
        leads=_texts(facts, LEAD_NAMES),
        orientation=_orientation(facts),
    )


def _facts(arrays: Named, signal: str, *, alone: bool) -> Facts:
    """What may be a fact about `signal`, by key; the nearer to it in the file, the more it counts."""
    folder = signal.rpartition(".")[0]
    ranked: list[tuple[int, str]] = []
    for name, value in arrays.items():
        here = name.rpartition(".")[0]
        above = not here or here == folder or folder.startswith(f"{here}.")
        below = here.startswith(f"{signal}.") or here == signal
        if name != signal and isinstance(value, np.ndarray) and (alone or above or below):
            ranked.append((len(here) + 1 if above or below else 0, name))
    ranked.sort(key=lambda pair: pair[0])
    return {_key(name): np.asarray(arrays[name]) for _, name in ranked}


def _subjects(facts: Facts, n_ecgs: int) -> tuple[Subject | list[Subject], tuple[str, ...]]:
    """Age, sex and pseudonymous id, when the file states one of each, or one for each ECG; and doubts."""
    ages, sexes = _each(facts, ("age",), n_ecgs), _each(facts, ("sex", "gender"), n_ecgs)
    ids = _each(facts, ("patientid", "subjectid"), n_ecgs)
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


def is_signal(name: str) -> bool:
    """Whether an array of that name (or path with dots) holds samples."""
    return _key(name) in _WANTED


def is_fact(name: str) -> bool:
    """Whether an array of that name (or path with dots) may state a fact about a signal."""
    return _key(name) in _FACT_NAMES


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].casefold())


def _signal_names(arrays: Named) -> list[str]:
    numeric = {
        name: value
        for name, value in arrays.items()
        if value.dtype.kind in "iuf" and 1 <= value.ndim <= 3 and value.size > 1
    }
    by_name = [name for name in numeric if _key(name) in _WANTED]
    tables = [name for name in numeric if sum(length > 1 for length in numeric[name].shape) >= 2]
    others = [name for name in numeric if _key(name) not in _FACT_NAMES]
    for candidates in (by_name, tables, others):
        if len(candidates) == 1 or (candidates and _one_in_each_folder(candidates)):
            return candidates
        if candidates:
            break
    numbered = [name for name in tables if _key(name) not in _FACT_NAMES]
    if _differ_in_number(numbered, arrays):
        return numbered
    listed = ", ".join(f"{name} {value.shape} {value.dtype}" for name, value in arrays.items()) or "nothing"
    raise FormatError(
        f"Which of its arrays is the ECG cannot be told; it holds {listed[:500]}.",
        advice="Call the array with the samples `signal`.",
    )


def _one_in_each_folder(names: Sequence[str]) -> bool:
    folders = [name.rpartition(".")[0] for name in names]
    nested = any(other.startswith(f"{folder}.") for folder in folders for other in folders if folder != other)
    same_name = len({_key(name) for name in names}) == 1
    return same_name and all(folders) and len(set(folders)) == len(names) and not nested


def _differ_in_number(names: Sequence[str], arrays: Named) -> bool:
    """Whether the arrays are `ecg_1`, `ecg_2`, ... of one type and one number of leads, and facts are shared."""
    stems = {re.sub(r"\d+", "#", name) for name in names}
    if len(names) < 2 or len(stems) != 1 or "#" not in next(iter(stems)):
        return False
    usual = {frozenset(arrays[name].shape) & USUAL_LEAD_COUNTS for name in names}
    dtypes = {arrays[name].dtype for name in names}
    alike = len(usual) == 1 and len(next(iter(usual))) == 1 and len(dtypes) == 1
    own = [name for name in arrays if re.search(r"\d", name) and re.sub(r"\d", "", _key(name)) in _FACT_NAMES]
    return alike and all(arrays[name].ndim == 2 for name in names) and not own


def _find(facts: Facts, names: tuple[str, ...]) -> npt.NDArray[np.generic] | None:
    found = [facts[name] for name in names if name in facts and facts[name].size > 0]
    return found[0] if found else None


def _numbers(facts: Facts, names: tuple[str, ...]) -> tuple[float, ...] | None:
    found = _find(facts, names)
    if found is None or found.dtype.kind not in "iuf":
        return None
    return tuple(float(value) for value in found.ravel())


def _texts(facts: Facts, names: tuple[str, ...]) -> tuple[str, ...] | None:
    found = _find(facts, names)
    if found is None or found.dtype.kind not in "US":
        return None
    texts = tuple(_text(value) for value in found.ravel())
    if len(texts) == 1 and re.search(r"[,;\s]", texts[0]):
        # MATLAB users write names into one string: 'I,II,III'.
        texts = tuple(part for part in re.split(r"[,;\s]+", texts[0]) if part)
    return texts if all(texts) else None


def _text(value: object) -> str:
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value).strip()


def _each(facts: Facts, names: tuple[str, ...], n_ecgs: int) -> list[str]:
    """The texts of a fact stated once, or once for each ECG; nothing for any other number of values."""
    found = _find(facts, names)
    if found is None or found.size not in (1, n_ecgs) or found.dtype.kind not in "iufUS":
        return []
    if found.dtype.kind in "US":
        return [_text(value) for value in found.ravel()]
    return [f"{float(value):.17g}" for value in found.ravel()]


def _orientation(facts: Facts) -> Orientation | None:
    texts = _texts(facts, ORIENTATION_NAMES)
    if texts == ("leads-first",):
        return "leads-first"
    return "samples-first" if texts == ("samples-first",) else None
