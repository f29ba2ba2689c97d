"""`EcgRecord`: one ECG, with what is known of where it came from. Immutable, checked at birth."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self, cast, get_args

import numpy as np
import numpy.typing as npt

from einthoven.errors import RecordError, SettingError
from einthoven.leads import canonical_leads

Amplitude = Literal["mV", "relative"]
Sex = Literal["F", "M"]
Unit = Literal["mV", "uV", "V", "counts", "relative"]
Orientation = Literal["leads-first", "samples-first"]
Stored = Literal[
    "int8", "uint8", "int16", "uint16", "int24", "int32", "float32", "float64",
    "int16be", "uint16be", "int24be", "int32be", "float32be", "float64be",
]  # fmt: skip
Signal = npt.NDArray[np.float32]

AMPLITUDES: tuple[str, ...] = get_args(Amplitude)
UNITS: tuple[str, ...] = get_args(Unit)
STORED: tuple[str, ...] = get_args(Stored)
MAX_RATE_HZ = 100_000.0
MIN_RATE_HZ = 1.0
OLDEST_YEARS = 130.0


@dataclass(frozen=True, slots=True)
class ReadHints:
    """What the user says about a file that the file itself does not state.

    A hint is used only where the file is silent. Every hint that was used stands in
    `SourceInfo.assumed` afterwards.

    Parameters
    ----------
    unit
        Unit of the stored numbers. `counts` needs `gain`; `relative` means "not in volts".
    rate
        Samples per second, Hz.
    gain, baseline
        With unit `counts`: mV = (count - baseline) / gain, so `gain` is counts per mV.
    leads
        Lead names in the order in which they are stored.
    orientation
        `leads-first` for arrays `(leads, samples)`, `samples-first` for `(samples, leads)`.
    stored
        For raw files, which have no header: type of each stored number, little-endian without a suffix
        and big-endian with `be`. It makes a file that no format knows readable.
    """

    unit: Unit | None = None
    rate: float | None = None
    gain: float | None = None
    baseline: float | None = None
    leads: tuple[str, ...] | None = None
    orientation: Orientation | None = None
    stored: Stored | None = None

    def __post_init__(self) -> None:
        if self.unit is not None and self.unit not in UNITS:
            raise SettingError(f"Unit {self.unit!r} is unknown.", advice=f"Use one of {', '.join(UNITS)}.")
        if self.rate is not None and not MIN_RATE_HZ <= self.rate <= MAX_RATE_HZ:
            raise SettingError(
                f"A rate of {self.rate:g} Hz is not possible.",
                advice=f"Give samples per second, between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:g}.",
            )
        if self.gain is not None and not (np.isfinite(self.gain) and self.gain > 0):
            raise SettingError(f"A gain of {self.gain!r} is not possible.", advice="Give counts per mV, above 0.")
        if self.baseline is not None and not np.isfinite(self.baseline):
            raise SettingError(f"A baseline of {self.baseline!r} is not possible.")
        if self.leads is not None:
            names = canonical_leads(self.leads)
            if not names or "" in names or len(set(names)) != len(names):
                raise SettingError(
                    f"Lead names {', '.join(self.leads)!r} are empty or repeat.", advice="Name each lead once."
                )
            object.__setattr__(self, "leads", names)
        if self.orientation is not None and self.orientation not in get_args(Orientation):
            raise SettingError(
                f"Orientation {self.orientation!r} is unknown.",
                advice=f"Use one of {', '.join(get_args(Orientation))}.",
            )
        if self.stored is not None and self.stored not in STORED:
            raise SettingError(f"Stored type {self.stored!r} is unknown.", advice=f"Use one of {', '.join(STORED)}.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `unit=mV,rate=500,leads=I II III` (leads separated by blanks, `+` or `/`)."""
        values: dict[str, object] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, separator, value = part.partition("=")
            name, value = name.strip(), value.strip()
            if not separator or not value or name not in cls.__slots__:
                raise SettingError(
                    f"{part!r} is not a hint.",
                    advice="Write name=value pairs with commas between; names are " + ", ".join(cls.__slots__) + ".",
                )
            if name in values:
                raise SettingError(f"The hint {name!r} is given twice.")
            if name in ("rate", "gain", "baseline"):
                try:
                    values[name] = float(value)
                except ValueError:
                    raise SettingError(f"{name}={value!r} is not a number.") from None
            elif name == "leads":
                values[name] = tuple(value.replace("+", " ").replace("/", " ").split())
            else:
                values[name] = value
        return cls(**values)  # type: ignore[arg-type]

    def __str__(self) -> str:
        def text(value: object) -> str:
            return (
                " ".join(value)
                if isinstance(value, tuple)
                else f"{value:g}"
                if isinstance(value, float)
                else str(value)
            )

        pairs = ((name, getattr(self, name)) for name in self.__slots__)
        return ",".join(f"{name}={text(value)}" for name, value in pairs if value is not None)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What was read: the passport of a record.

    `rate`, `unit`, `gain` (counts per unit, one per lead) and `leads` are as the *file* states
    them; None where it does not. `reader` is the library and version that decoded the samples.
    `assumed` says in words which hints were used, `changed` what is not as it was stored (a gain
    corrected, padding made missing), `doubts` what looked wrong without stopping the reading.
    `derived` names the leads that were computed from others. `device` is maker and model, never a
    serial number. `band` is the pass band in Hz that the file states was already applied.
    `simulated` is True for ECGs that no patient ever had.
    """

    name: str
    format: str
    reader: str = ""
    sha256: str = ""
    index: int = 0
    rate: float | None = None
    unit: str | None = None
    gain: tuple[float, ...] | None = None
    leads: tuple[str, ...] | None = None
    band: tuple[float, float] | None = None
    device: str | None = None
    assumed: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    recorded: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose ECG it is, without saying who: pseudonymous id, age in years, sex.

    In a library the id is made with the library's secret key. In a record straight from a file it is a plain hash
    of the patient's number: it keeps a patient's ECGs together in memory, but whoever tries out all numbers finds
    the one behind it. Never write it out.
    """

    id: str | None = None
    age: float | None = None
    sex: Sex | None = None

    def __post_init__(self) -> None:
        if self.age is not None and not 0 <= self.age <= OLDEST_YEARS:
            raise RecordError(f"An age of {self.age:g} years is not possible.")
        if self.sex not in (None, "F", "M"):
            raise RecordError(f"Sex {self.sex!r} is none of F, M or unknown.")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A statement about the record or a moment in it: `onset` in seconds from its start, or None."""

    text: str
    onset: float | None = None
    code: str | None = None
    system: str | None = None


def _owned(signal: npt.NDArray[np.generic]) -> Signal:
    """A read-only copy, or the array itself when it is one already: a record made of a record shares its samples."""
    flags = signal.flags
    if signal.dtype == np.float32 and flags.owndata and flags.c_contiguous and not flags.writeable:
        return cast(Signal, signal)
    owned = np.array(signal, dtype=np.float32, order="C", copy=True)
    owned.flags.writeable = False
    return owned


def _has_gaps(signal: Signal) -> bool:
    """Whether any sample is missing; RecordError where one is infinite."""
    # The sum of squares is finite only where every sample is, and takes a third of the time of looking at each.
    if np.isfinite(np.vdot(signal, signal)):
        return False
    if np.isinf(signal).any():
        raise RecordError("The signal holds infinite values.", advice="Write missing samples as NaN.")
    return bool(np.isnan(signal).any())


MEDIAN_BEAT = Annotation(text="median beat")
AVERAGE_BEAT = Annotation(text="average beat")
"""How readers mark a record that is one representative beat, computed by the device, and no recording."""


@dataclass(frozen=True, slots=True, eq=False)
class EcgRecord:
    """One ECG.

    Parameters
    ----------
    signal
        float32 `(n_leads, n_samples)`; NaN = missing. Made read-only. In mV or, with amplitude
        `relative`, in a unit that has no known relation to volts (z-scored research arrays).
    leads
        Names in the order of the rows; standard leads in their standard spelling.
    rate
        Samples per second, Hz.
    steps
        What was done to the signal since it was read, in words, in order.
    has_gaps
        Whether any sample is missing; found out at birth, never given.

    Raises
    ------
    RecordError
        When shape, names, rate or values cannot be those of an ECG.
    """

    signal: Signal
    leads: tuple[str, ...]
    rate: float
    amplitude: Amplitude
    source: SourceInfo
    subject: Subject = field(default_factory=Subject)
    annotations: tuple[Annotation, ...] = ()
    steps: tuple[str, ...] = ()
    has_gaps: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        signal = np.asarray(self.signal)
        if signal.ndim != 2 or 0 in signal.shape:
            raise RecordError(f"An ECG is a table of leads by samples; this one has shape {signal.shape}.")
        if np.iscomplexobj(signal) or not np.issubdtype(signal.dtype, np.number):
            raise RecordError(f"An ECG consists of real numbers; these are of type {signal.dtype}.")
        if len(self.leads) != signal.shape[0]:
            raise RecordError(f"{len(self.leads)} lead names for {signal.shape[0]} rows of signal.")
        leads = canonical_leads(self.leads)
        if "" in leads:
            raise RecordError("A lead has no name.")
        if len(set(leads)) < len(leads):
            twice = sorted({name for name in leads if leads.count(name) > 1})
            raise RecordError(f"Lead {', '.join(twice)} stands more than once.")
        if not (np.isfinite(self.rate) and MIN_RATE_HZ <= self.rate <= MAX_RATE_HZ):
            raise RecordError(f"A rate of {self.rate!r} Hz is not possible.")
        if self.amplitude not in AMPLITUDES:
            raise RecordError(f"Amplitude {self.amplitude!r} is none of {', '.join(AMPLITUDES)}.")
        owned = _owned(signal)
        object.__setattr__(self, "has_gaps", _has_gaps(owned))
        object.__setattr__(self, "signal", owned)
        object.__setattr__(self, "leads", leads)
        object.__setattr__(self, "rate", float(self.rate))

    @property
    def n_leads(self) -> int:
        return int(self.signal.shape[0])

    @property
    def n_samples(self) -> int:
        return int(self.signal.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds: samples divided by rate."""
        return self.n_samples / self.rate

    @property
    def is_median_beat(self) -> bool:
        """Whether this is one representative, computed beat, and no recording."""
        beats = (MEDIAN_BEAT.text, AVERAGE_BEAT.text)
        return any(note.text in beats and note.onset is None for note in self.annotations)

    def lead(self, name: str) -> Signal:
        """The samples of one lead, `(n_samples,)`; RecordError when the record lacks it."""
        if name not in self.leads:
            raise RecordError(f"The record has no lead {name}.", advice=f"It has {', '.join(self.leads)}.")
        row: Signal = self.signal[self.leads.index(name)]
        return row

    def with_signal(
        self,
        signal: npt.NDArray[np.floating],
        step: str,
        *,
        rate: float | None = None,
        leads: Sequence[str] | None = None,
        amplitude: Amplitude | None = None,
    ) -> "EcgRecord":
        """The record with another signal and one more line in `steps`: how transformations are written."""
        return replace(
            self,
            signal=signal,
            rate=self.rate if rate is None else rate,
            leads=self.leads if leads is None else tuple(leads),
            amplitude=self.amplitude if amplitude is None else amplitude,
            steps=(*self.steps, step),
        )

    def fingerprint(self) -> str:
        """sha256 over what the record shows (signal, leads, rate, amplitude): equal for equal ECGs."""
        digest = hashlib.sha256(repr((self.leads, self.rate, self.amplitude, self.signal.shape)).encode())
        # NaN has many bit patterns; one of them stands for all, so that equal records hash alike.
        same: Signal = self.signal
        if self.has_gaps:
            same = np.where(np.isnan(same), np.float32(np.nan), same)
        digest.update(same.data)
        return digest.hexdigest()
