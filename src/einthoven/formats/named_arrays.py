"""Files that hold several named arrays (NPZ, MAT): which one is the signal, and what the others state."""

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import StatedArray
from einthoven.formats.passport import age_from, pseudonym, sex_from
from einthoven.record import Orientation, Subject

SIGNAL_NAMES = (
    "signal", "signals", "ecg", "ecgs", "ecg_signal", "ecgsignal", "data", "ecgdata", "val", "waveform", "waveforms",
    "p_signal", "x",
)  # fmt: skip
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

Named = Mapping[str, npt.NDArray[np.generic]]


def stated_array(arrays: Named) -> StatedArray:
    """The signal with the facts beside it.

    Parameters
    ----------
    arrays
        By name; for nested structures the name is a path with dots, whose last part counts.

    Raises
    ------
    FormatError
        When no array, or more than one, could be the signal; it lists them.
    """
    name = _signal_name(arrays)
    folder = name.rpartition(".")[0]
    # Facts in the same structure as the signal come before those elsewhere in the file.
    facts = {_key(other): value for other, value in arrays.items() if other != name}
    facts |= {_key(o): value for o, value in arrays.items() if o != name and o.rpartition(".")[0] == folder}
    rate = _numbers(facts, RATE_NAMES)
    if rate is not None and len(set(rate)) != 1:
        raise FormatError(f"It states {len(rate)} sampling rates.", advice="Save ECGs of one rate in one file.")
    return StatedArray(
        values=arrays[name],
        rate=rate[0] if rate else None,
        units=_texts(facts, UNIT_NAMES),
        gain=_numbers(facts, GAIN_NAMES),
        baseline=_numbers(facts, BASELINE_NAMES),
        leads=_texts(facts, LEAD_NAMES),
        orientation=_orientation(facts),
    )


def stated_subject(arrays: Named) -> tuple[Subject, tuple[str, ...]]:
    """Age, sex and pseudonymous id, when the file states one of each; and doubts."""
    facts = {_key(name): value for name, value in arrays.items()}
    age, doubts = age_from(_single(facts, ("age",)) or "")
    identifier = pseudonym(_single(facts, ("patientid", "subjectid")) or "")
    return Subject(id=identifier, age=age, sex=sex_from(_single(facts, ("sex", "gender")) or "")), doubts


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].casefold())


def _signal_name(arrays: Named) -> str:
    numeric = {
        name: value
        for name, value in arrays.items()
        if value.dtype.kind in "iuf" and 1 <= value.ndim <= 3 and value.size > 1
    }
    wanted = [re.sub(r"[^a-z0-9]", "", name) for name in SIGNAL_NAMES]
    by_name = [name for name in numeric if _key(name) in wanted]
    tables = [name for name in numeric if sum(length > 1 for length in numeric[name].shape) >= 2]
    known = {*RATE_NAMES, *LEAD_NAMES, *UNIT_NAMES, *GAIN_NAMES, *BASELINE_NAMES}
    others = [name for name in numeric if _key(name) not in known]
    for candidates in (by_name, tables, others):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            break
    listed = ", ".join(f"{name} {value.shape} {value.dtype}" for name, value in arrays.items()) or "nothing"
    raise FormatError(
        f"Which of its arrays is the ECG cannot be told; it holds {listed[:500]}.",
        advice="Call the array with the samples `signal`.",
    )


def _find(facts: Named, names: tuple[str, ...]) -> npt.NDArray[np.generic] | None:
    found = [facts[name] for name in names if name in facts and facts[name].size > 0]
    return found[0] if found else None


def _numbers(facts: Named, names: tuple[str, ...]) -> tuple[float, ...] | None:
    found = _find(facts, names)
    if found is None or found.dtype.kind not in "iuf":
        return None
    return tuple(float(value) for value in found.ravel())


def _texts(facts: Named, names: tuple[str, ...]) -> tuple[str, ...] | None:
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


def _single(facts: Named, names: tuple[str, ...]) -> str | None:
    found = _find(facts, names)
    if found is None or found.size != 1 or found.dtype.kind not in "iufUS":
        return None
    value = found.ravel()[0]
    return _text(value) if found.dtype.kind in "US" else f"{float(value):g}"


def _orientation(facts: Named) -> Orientation | None:
    texts = _texts(facts, ORIENTATION_NAMES)
    if texts == ("leads-first",):
        return "leads-first"
    return "samples-first" if texts == ("samples-first",) else None
