"""What a file states, put together with what the user says: nothing is guessed, all gaps are named at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats.units import COUNTS, RELATIVE, kind_of_unit, mv_per_unit
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.record import MAX_RATE_HZ, MIN_RATE_HZ, Amplitude, ReadHints

T = TypeVar("T")

STANDARD_LEADS_HINT = "leads=" + " ".join(STANDARD_12)
"""The hint to give for twelve unnamed leads in the usual order."""

_EXAMPLES = {
    "unit": ("unit=mV", "unit is mV, uV, V, counts or relative"),
    "rate": ("rate=500", "rate in Hz"),
    "gain": ("gain=1000", "gain in counts per mV"),
    "baseline": ("baseline=0", "baseline in counts, that of 0 mV"),
    "leads": (STANDARD_LEADS_HINT, "leads in the order in which they are stored"),
    "orientation": ("orientation=leads-first", "orientation is leads-first or samples-first"),
    "stored": ("stored=int16", "stored is the type of bare samples: int16, int32, float32 ..., with be: big-endian"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file states about its numbers; None where it is silent.

    `units`, `gains` (counts per unit) and `baselines` (counts) hold one value per lead.
    """

    rate: float | None = None
    units: tuple[str, ...] | None = None
    gains: tuple[float, ...] | None = None
    baselines: tuple[float, ...] | None = None
    leads: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything needed to turn stored numbers into a signal; `value = (stored - baseline) / gain * mv_per_unit`."""

    rate: float
    amplitude: Amplitude
    gain: npt.NDArray[np.float64]
    baseline: npt.NDArray[np.float64]
    mv_per_unit: npt.NDArray[np.float64]
    leads: tuple[str, ...]
    assumed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def scale(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """Stored numbers `(leads, samples)` as float32 in mV, or in relative amplitude."""
        if self._is_exact_in_float32(stored.dtype):
            signal = stored.astype(np.float32)
            if self.baseline.any():
                signal -= self.baseline.astype(np.float32)[:, None]
            signal /= self.gain.astype(np.float32)[:, None]
            return signal
        # What overflows becomes infinite, and EcgRecord refuses it.
        with np.errstate(over="ignore", invalid="ignore"):
            if stored.dtype == np.float64 and self._changes_nothing():
                return stored.astype(np.float32, order="C")
            signal = np.empty(stored.shape, dtype=np.float32)
            # Lead by lead: all of them as float64 would take more memory than anything else in reading.
            for row, numbers, baseline, gain, factor in zip(
                signal, stored, self.baseline, self.gain, self.mv_per_unit, strict=True
            ):
                values = numbers.astype(np.float64)
                if baseline != 0:
                    values -= baseline
                if gain != 1:
                    values /= gain
                if factor != 1:
                    values *= factor
                row[:] = values
        return signal

    def _changes_nothing(self) -> bool:
        return bool((self.mv_per_unit == 1).all() and (self.gain == 1).all() and not self.baseline.any())

    def _is_exact_in_float32(self, stored: np.dtype[np.generic]) -> bool:
        """Whether float32 gives what float64 rounded to float32 does, in a third of the time.

        It does for one division of numbers that both are float32 (S. A. Figueroa, "When is double rounding
        innocuous?", SIGNUM Newsletter 30(3):21, 1995); integers of 16 bits less a baseline are.
        """
        return bool(
            stored.kind in "iu"
            and stored.itemsize <= 2
            and (self.mv_per_unit == 1).all()
            and (np.abs(self.baseline) < 2**23).all()
            and (self.baseline == np.rint(self.baseline)).all()
            and ((np.abs(self.gain) > 1e-30) & (np.abs(self.gain) < 1e30)).all()
            and (self.gain == self.gain.astype(np.float32)).all()
        )


@dataclass(slots=True)
class _Gaps:
    """Collects what is missing, assumed and doubtful while the facts are settled."""

    missing: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def choose(self, name: str, stated: T | None, hinted: T | None, text: str) -> T | None:
        """What the file states, else the hint, else a gap. A hint against the file is a doubt."""
        if stated is not None:
            if hinted is not None and hinted != stated:
                self.doubts.append(f"file states {text.format(_show(stated))}; the hint {_show(hinted)} was not used")
            return stated
        if hinted is None:
            self.missing.append(name)
            return None
        self.assumed.append(f"{text.format(_show(hinted))}, from the hint")
        return hinted


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def hints_needed(name: str, missing: Sequence[str], *, detail: str = "") -> HintsNeeded:
    """The error that names every hint to give, with an example of each."""
    words = {"leads": "lead names", "orientation": "orientation"}
    listed = ", ".join(words.get(gap, gap) for gap in missing)
    example = ",".join(_EXAMPLES[gap][0] for gap in missing)
    choices = "; ".join(_EXAMPLES[gap][1] for gap in missing)
    return HintsNeeded(
        f"{name} does not state its {listed}.{' ' + detail if detail else ''}",
        missing=missing,
        advice=f'Say so on the import form, or for example with --assume "{example}" ({choices}).',
    )


def settle(
    name: str, facts: Facts, hints: ReadHints, *, n_leads: int, missing: Sequence[str] = (), detail: str = ""
) -> Settled:
    """Rate, scale and lead names of `n_leads` rows from what is stated and hinted.

    Raises
    ------
    HintsNeeded
        Naming all that neither states; `missing` are gaps that the caller found, `detail` explains them.
    FormatError
        When what is stated cannot be (a rate of 0, a unit that is no voltage, 12 names for 8 rows).
    """
    gaps = _Gaps(missing=list(missing))
    rate = gaps.choose("rate", facts.rate, hints.rate, "{} Hz")
    units = _units(gaps, facts, hints, n_leads=n_leads)
    kind = None if units is None else _kind(name, units)
    same_leads = facts.leads is not None and canonical_leads(facts.leads) == hints.leads
    leads = gaps.choose("leads", facts.leads, None if same_leads else hints.leads, "leads {}")
    gains, baselines = _counts(gaps, facts, hints, n_leads=n_leads, needed=kind == COUNTS)
    if gaps.missing or rate is None or units is None or leads is None:
        raise hints_needed(name, tuple(dict.fromkeys(gaps.missing)), detail=detail)
    if not (np.isfinite(rate) and MIN_RATE_HZ <= rate <= MAX_RATE_HZ):
        raise FormatError(f"{name} states a rate of {rate:g} Hz, which is not possible.")
    for what, values in (("lead names", leads), ("units", units), ("gains", gains), ("baselines", baselines)):
        if values is not None and len(values) != n_leads:
            raise FormatError(f"{name} holds {n_leads} leads, but {len(values)} {what} are given for it.")
    gain = np.ones(n_leads) if gains is None else np.asarray(gains, dtype=np.float64)
    if not np.isfinite(gain).all() or (gain == 0).any():
        raise FormatError(f"{name} states a gain of 0 or none at all for a lead.")
    baseline = np.zeros(n_leads) if baselines is None else np.asarray(baselines, dtype=np.float64)
    return Settled(
        rate=float(rate),
        amplitude="relative" if kind == RELATIVE else "mV",
        gain=gain,
        baseline=baseline,
        mv_per_unit=np.array([mv_per_unit(unit) or 1.0 for unit in units]),
        leads=leads,
        assumed=tuple(gaps.assumed),
        doubts=tuple(gaps.doubts),
    )


def _units(gaps: _Gaps, facts: Facts, hints: ReadHints, *, n_leads: int) -> tuple[str, ...] | None:
    """One unit per lead, or None when neither the file nor the hint names one."""
    stated = None if facts.units is None else " ".join(dict.fromkeys(facts.units))
    hinted: str | None = hints.unit
    if stated is not None and hinted is not None and _same_unit(stated, hinted):
        hinted = None
    unit = gaps.choose("unit", stated, hinted, "unit {}")
    if facts.units is not None or unit is None:
        return facts.units
    return (unit,) * n_leads


def _same_unit(one: str, other: str) -> bool:
    return (kind_of_unit(one), mv_per_unit(one)) == (kind_of_unit(other), mv_per_unit(other))


def _kind(name: str, units: tuple[str, ...]) -> str:
    kinds = {unit: kind_of_unit(unit) for unit in units}
    unknown = [unit for unit, kind in kinds.items() if kind is None]
    if unknown:
        raise FormatError(
            f"{name} states the unit {unknown[0]!r}, which is no unit of an ECG.",
            advice="Known are mV, uV, nV, V, counts, and NU or relative.",
        )
    if len(set(kinds.values())) > 1:
        raise FormatError(f"{name} mixes units that cannot be compared: {', '.join(kinds)}.")
    return str(next(iter(kinds.values())))


def _counts(
    gaps: _Gaps, facts: Facts, hints: ReadHints, *, n_leads: int, needed: bool
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Gain and baseline per lead: as stated or, when the stored numbers are counts, as hinted."""
    hinted = {"gain": hints.gain, "baseline": hints.baseline}
    if facts.gains is not None or not needed:
        stated = {"gain": facts.gains, "baseline": facts.baselines}
        for what, value in hinted.items():
            if value is not None and stated[what] != (value,) * n_leads:
                reason = f"file states its {what}" if stated[what] is not None else "the stored numbers are no counts"
                gaps.doubts.append(f"{reason}; the hint {what}={value:g} was not used")
        return facts.gains, facts.baselines
    # A baseline of 0 is usual, and still not known: it must be said (`baseline=0`) like everything else.
    gaps.missing += [
        what for what, value in (("gain", hints.gain), ("baseline", facts.baselines or hints.baseline)) if value is None
    ]
    if hints.gain is None:
        return None, None
    gaps.assumed.append(f"{hints.gain:g} counts per mV, from the hint")
    if facts.baselines is not None or hints.baseline is None:
        return (hints.gain,) * n_leads, facts.baselines
    gaps.assumed.append(f"baseline {hints.baseline:g}, from the hint")
    return (hints.gain,) * n_leads, (hints.baseline,) * n_leads
