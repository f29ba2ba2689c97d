"""Names of arrays in a file (NPZ, MAT, HDF5, Parquet): which are signals, which state facts, which may be shown."""

import re
from collections.abc import Iterable

from einthoven.leads import canonical_lead, is_standard

SIGNAL_NAMES = (
    "signal", "signals", "ecg", "ecgs", "ecg_signal", "ecgsignal", "data", "ecgdata", "val", "waveform", "waveforms",
    "p_signal", "x", "tracings", "tracing",
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
_GROUPS = (
    RATE_NAMES, LEAD_NAMES, UNIT_NAMES, GAIN_NAMES, BASELINE_NAMES,
    ("orientation",), ("age",), ("sex", "gender"), ("patientid", "subjectid"), ("steps",),
)  # fmt: skip
_FACTS = {name: group[0] for group in _GROUPS for name in group}
_PREFERENCE = {name: place for group in _GROUPS for place, name in enumerate(group)}
_WANTED = frozenset(re.sub(r"[^a-z0-9]", "", name) for name in SIGNAL_NAMES)
# Groups and structures that describe what stands beside them.
_DESCRIPTIONS = frozenset(
    {"meta", "metadata", "info", "header", "hdr", "attributes", "subject", "patient", "demographics"}
)
_ASIDE = frozenset({"t", "time", "times", "timestamp", "timestamps", "index", "y", "label", "labels", "examid"})
_WORDS = frozenset({*_FACTS, *_ASIDE, *" ".join(SIGNAL_NAMES).replace("_", " ").split()}) | frozenset(
    re.findall(
        r"\w+",
        """
        raw clean filtered unfiltered noisy noise denoised train test valid validation pre post rest stress before
        after median mean beat beats rhythm first second other ref reference orig original copy old new sampling sample
        adc arr resp respiration spo co bp abp ppg pleth eeg emg eog acc marker event events trigger temp note notes p
        """,
    )
)
_MOST_SHOWN = 10


def key(name: str) -> str:
    """Letters and digits of the last part of a path with dots, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].casefold())


def is_signal(name: str) -> bool:
    """Whether an array of that name (or path with dots) holds samples."""
    return key(name) in _WANTED


def is_fact(name: str) -> bool:
    """Whether an array of that name (or path with dots) may state a fact about a signal."""
    return key(name) in _FACTS


def fact_of(name: str) -> str | None:
    """The first of the names of the same fact, such as `fs` for `Sampling Rate`; None for what states none."""
    return _FACTS.get(key(name))


def preference(name: str) -> int:
    """Which of two names of the same fact counts where both stand side by side: the lower."""
    return _PREFERENCE[key(name)]


def describes(folder: str) -> bool:
    """Whether a group of that name (or path with dots) holds facts about what stands beside it."""
    return key(folder) in _DESCRIPTIONS


def is_aside(name: str) -> bool:
    """Whether an array of that name counts or labels samples, and holds none."""
    return key(name) in _ASIDE


def is_one_lead(name: str) -> bool:
    """Whether an array of that name holds one lead: a standard one, or a further chest lead."""
    last = name.rpartition(".")[2]
    return is_standard(last) or re.fullmatch(r"V(?:[7-9]|[3-9]R)", canonical_lead(last)) is not None


def shown(name: str) -> str:
    """The last part of a name when it consists of known words; else nothing, because it may name a person."""
    last = name.rpartition(".")[2].strip()
    if is_standard(last):
        return last
    parts = re.findall(r"[a-z]+|\d+", last.casefold())
    known = all(part in _WORDS or (part.isdigit() and len(part) <= 2) for part in parts)
    plain = re.fullmatch(r"[A-Za-z0-9_ ()\[\]/.-]{1,40}", last) is not None
    return last if parts and known and plain else ""


def listed(names: Iterable[str]) -> str:
    """Names that may be shown, and how many others there are: `ecg_raw, RESP and 2 of other names`."""
    every = list(names)
    known = [text for text in map(shown, every) if text][:_MOST_SHOWN]
    others = len(every) - len(known)
    text = ", ".join(known)
    if not others:
        return text
    return f"{text} and {others} of other names" if known else f"{others} of names that are not shown"
