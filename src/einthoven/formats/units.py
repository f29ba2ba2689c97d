"""Units of amplitude, and names of signals that are no ECG."""

import re
from functools import lru_cache

from einthoven.leads import is_standard

_MV_PER_UNIT = {
    "mv": 1.0, "millivolt": 1.0, "millivolts": 1.0,
    "uv": 1e-3, "\u00b5v": 1e-3, "\u03bcv": 1e-3, "microvolt": 1e-3, "microvolts": 1e-3,
    "nv": 1e-6, "nanovolt": 1e-6, "nanovolts": 1e-6,
    "v": 1e3, "volt": 1e3, "volts": 1e3,
}  # fmt: skip
_RELATIVE = frozenset({"nu", "relative", "normalized", "normalised", "z-score", "zscore", "z", "sd", "a.u.", "au"})
_COUNTS = frozenset({"counts", "count", "adc", "adu", "raw", "digital", "lsb"})

COUNTS = "counts"
RELATIVE = "relative"


@lru_cache(maxsize=256)
def mv_per_unit(unit: str) -> float | None:
    """How many mV one `unit` is; None for what is no unit of voltage.

    >>> mv_per_unit("uV"), mv_per_unit("V"), mv_per_unit("mmHg")
    (0.001, 1000.0, None)
    """
    return _MV_PER_UNIT.get(unit.strip().casefold())


@lru_cache(maxsize=256)
def kind_of_unit(unit: str) -> str | None:
    """`mV` for any voltage, `relative`, `counts`, or None for a unit an ECG cannot have."""
    key = unit.strip().casefold()
    if key in _MV_PER_UNIT:
        return "mV"
    if key in _RELATIVE:
        return RELATIVE
    return COUNTS if key in _COUNTS else None


# Names of other signals in polygraphic records (MIMIC, Challenge 2015, EDF exports). `art` and the
# like stand alone, so that no lead name is caught.
_NOT_ECG = re.compile(
    r"(resp\b|resp\.|respiration|a?bp\b|art\b|pap\b|cvp\b|icp\b|ppg|pleth|spo2|sao2|co2|marker|event|trigger"
    r"|edf annotations|acc(el|_|\b)|gyro|temp|dev_temp|eeg|emg|eog|hrv|heart rate|hr\b|rr\b|label\b|uc\b|angle)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_ecg_name(name: str) -> bool:
    """Whether a signal of that name may be an ECG lead; False for names of other signals (RESP, ABP, ...)."""
    return is_standard(name) or _NOT_ECG.match(name.strip()) is None
