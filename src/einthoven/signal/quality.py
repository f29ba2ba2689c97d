"""How good the signal of each lead is: rules that can be read, each with its number.

Amplitudes are in mV, or, where the amplitude is relative, in standard deviations of the lead; a limit in mV then
stands for five times as many standard deviations, as the standard deviation of a lead is about 0.2 mV.

Hum is measured in windows of 0.2 s (whole periods of 50 and of 60 Hz, which a Hann window keeps apart), noise by the
second differences (white noise of standard deviation s has those of 2.45 s); the median over windows leaves out the
QRS complexes, which fill less than half of them. Baseline is the median of each second.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from einthoven.record import EcgRecord
from einthoven.signal.medians import medians

Grade = Literal["good", "usable", "poor"]
Floats = npt.NDArray[np.float32]

FLAT_MV = 0.01
"""A second in which the lead moves less is flat: two steps of 5 uV, the coarsest in which ECGs are recorded."""
HUM_MV = 0.025
"""Amplitude of hum from which on it is told: 50 uV from peak to peak, half a millimetre on paper."""
HUM_OVER_NOISE = 2.0
WANDER_MV = 0.5
"""Range of the baseline from which on it is told: 5 mm on paper."""
NOISE_MV = 0.025
"""Standard deviation of noise from which on it is told: P waves of 0.1 mV are hard to see."""
CLIPPED_S = 0.006
"""So long, and at least twice, a lead stays at its highest or lowest value when its peaks are cut off."""
FEWEST_CLIPPED = 2
CLIPPED_STEP = 0.05
CLIPPED_RESOLUTIONS = 4.0
"""Step to or from that value, as part of the lead's range and in steps of its resolution: where three samples of a
rounded peak are equal, the next ones are no more than four resolutions away."""
SATURATED_S = 0.1
FROM_MIDDLE = 0.3
MOST_MISSING = 0.05
BAD = 5.0
"""Hum, wander or noise of so many times its limit, or half of the lead flat or missing, makes a lead useless."""
MOST_BAD_LEADS = 2

_WINDOW_S = 0.2
_SD_PER_MV = 5.0
_FREQUENCIES = (50.0, 60.0)
_LOWEST_RATE_HZ = 200.0  # below, the second differences of the ECG itself are no smaller than those of noise


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """One lead. `flat`, `clipped`, `saturated` and `missing` are parts of its time, 0 to 1.

    `hum_hz` is 50 or 60, or None where neither stands out; `hum` its amplitude, `wander` the range of the baseline,
    `noise` a standard deviation, each in the unit of the `Quality`. None: cannot be told at this rate or length.
    """

    lead: str
    flat: float
    clipped: float
    saturated: float
    missing: float
    hum_hz: float | None
    hum: float | None
    wander: float | None
    noise: float | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """All leads of a record; `unit` is `mV` or `SD` (standard deviations of the lead)."""

    grade: Grade
    reason: str
    unit: Literal["mV", "SD"]
    leads: tuple[LeadQuality, ...]

    @property
    def useless(self) -> frozenset[str]:
        """Leads that show no ECG: half of them flat or missing, saturated, or buried in hum, wander or noise."""
        limit = _SD_PER_MV if self.unit == "SD" else 1.0
        return frozenset(lead.lead for lead in self.leads if _is_bad(lead, limit))

    @property
    def without_beats(self) -> frozenset[str]:
        """Leads in which no beat can be seen: useless, and not for baseline wander alone, which a filter takes out."""
        limit = _SD_PER_MV if self.unit == "SD" else 1.0
        return frozenset(lead.lead for lead in self.leads if _is_bad(replace(lead, wander=None), limit))


def assess(record: EcgRecord) -> Quality:
    """The quality of each lead, and of the record: good, usable (something was found), poor (leads are useless)."""
    with np.errstate(over="ignore", invalid="ignore"):  # numbers that are no ECG are judged, too
        return _assess(record)


def _assess(record: EcgRecord) -> Quality:
    signal, missing = _without_gaps(record)
    relative = record.amplitude == "relative"
    if relative:
        deviation = signal.std(axis=1, keepdims=True)
        signal = (signal / np.where(deviation > 0, deviation, 1)).astype(np.float32)
    limit = _SD_PER_MV if relative else 1.0
    unit: Literal["mV", "SD"] = "SD" if relative else "mV"
    highest, lowest = _extremes(signal, record.rate)
    flat, wander = _slow(signal, highest - lowest, record.rate, FLAT_MV * limit)
    rails = (highest.max(axis=1, keepdims=True), lowest.min(axis=1, keepdims=True))
    clipped, saturated = _at_the_rails(signal, rails, record.rate)
    hum_hz, hum, noise = _fast(signal, record.rate)
    leads = tuple(
        _judged(
            name, flat[row], clipped[row], saturated[row], missing[row], hum_hz[row], hum[row], wander[row],
            noise[row], unit, limit,
        )
        for row, name in enumerate(record.leads)
    )  # fmt: skip
    grade, reason = _grade(leads, limit)
    return Quality(grade, reason, unit, leads)


def _without_gaps(record: EcgRecord) -> tuple[Floats, list[float]]:
    """Missing samples at the mean of the lead, and which part of each lead they are."""
    signal = record.signal
    if not record.has_gaps:
        return signal, [0.0] * len(signal)
    gaps = np.isnan(signal)
    count = np.maximum((~gaps).sum(axis=1, keepdims=True), 1)
    mean = np.where(gaps, 0, signal).sum(axis=1, keepdims=True) / count
    return np.where(gaps, mean, signal), [float(part) for part in gaps.mean(axis=1)]


def _extremes(signal: Floats, rate: float) -> tuple[Floats, Floats]:
    """The highest and the lowest value of each second, and of what is left behind the last whole one."""
    second = round(rate)
    whole = signal.shape[1] // second * second
    parts = signal[:, :whole].reshape(len(signal), -1, second)
    highest, lowest = parts.max(axis=2), parts.min(axis=2)
    rest = signal[:, whole:]
    if not rest.size:
        return highest, lowest
    return (
        np.concatenate((highest, rest.max(axis=1, keepdims=True)), axis=1),
        np.concatenate((lowest, rest.min(axis=1, keepdims=True)), axis=1),
    )


def _slow(signal: Floats, ranges: Floats, rate: float, flat_limit: float) -> tuple[list[float], list[float | None]]:
    """The part of the seconds in which a lead is flat, and the range of its baseline; `ranges` are of each second."""
    second = round(rate)
    n_seconds = signal.shape[1] // second
    if n_seconds == 0:
        return [float(range_ < flat_limit) for range_ in ranges[:, 0]], [None] * len(signal)
    parts = signal[:, : n_seconds * second].reshape(len(signal), n_seconds, second)
    flat = ranges[:, :n_seconds] < flat_limit
    # A 50th of a second is short enough for a baseline.
    step = max(1, second // 50)
    levels = medians(parts[:, :, ::step])
    baseline = levels.max(axis=1) - levels.min(axis=1)
    return flat.mean(axis=1).tolist(), baseline.tolist()


def _at_the_rails(signal: Floats, rails: tuple[Floats, Floats], rate: float) -> tuple[list[float], list[float]]:
    """The parts of each lead that are cut off (reached at speed) or stuck (0.1 s) at its highest or lowest value.

    `rails` are the highest and the lowest value of each lead, `(leads, 1)`.
    """
    clipped, saturated = [0.0] * len(signal), [0.0] * len(signal)
    shortest, stuck = max(3, round(CLIPPED_S * rate)), round(SATURATED_S * rate)
    for ends in rails:
        at_rail = signal == ends
        places = np.flatnonzero(at_rail)
        first, last = places[: 1 - shortest], places[shortest - 1 :]
        for row in sorted(set((first[last - first < shortest] // signal.shape[1]).tolist())):
            values, rail = signal[row], ends[row, 0]
            if rail == 0 or not _is_far(values, rail, rails[0][row, 0] - rails[1][row, 0]):
                continue
            places = np.flatnonzero(at_rail[row])
            runs = [run for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(run) >= shortest]
            long = [run for run in runs if len(run) >= stuck and _others_move(signal, run)]
            cut = [run for run in runs if len(run) < stuck and _is_entered_at_speed(values, run)]
            saturated[row] += sum(map(len, long)) / len(values)
            if len(cut) >= FEWEST_CLIPPED:
                clipped[row] += sum(map(len, cut)) / len(values)
    return clipped, saturated


def _is_far(values: Floats, rail: np.float32, span: np.float32) -> bool:
    """Whether the value is far from the middle of the lead: the flat line between T and P may be the lowest of all."""
    return bool(abs(rail - medians(values[::8])) > FROM_MIDDLE * span)


def _is_entered_at_speed(values: Floats, run: npt.NDArray[np.int64]) -> bool:
    first, last = max(int(run[0]) - 1, 0), min(int(run[-1]) + 1, len(values) - 1)
    step = max(abs(values[first] - values[run[0]]), abs(values[last] - values[run[-1]]))
    changes = np.abs(np.diff(values))
    resolution = changes[changes > 0].min(initial=np.inf)
    return bool(step >= CLIPPED_STEP * np.ptp(values) and step >= CLIPPED_RESOLUTIONS * resolution)


def _others_move(signal: Floats, run: npt.NDArray[np.int64]) -> bool:
    """Where no lead moves, samples were lost and the last one was held."""
    return len(signal) == 1 or bool(np.ptp(signal[:, run[0] : run[-1] + 1], axis=1).any())


def _fast(signal: Floats, rate: float) -> tuple[list[float | None], list[float | None], list[float | None]]:
    """Frequency and amplitude of hum, and noise."""
    nothing: list[float | None] = [None] * len(signal)
    size = round(_WINDOW_S * rate)
    count = signal.shape[1] // max(size, 1)
    if count < 1 or rate < _LOWEST_RATE_HZ:
        return nothing, nothing, nothing
    windows = signal[:, : count * size].reshape(len(signal), count, size)
    bend = _second_differences(windows)
    noise = np.sqrt(medians(np.einsum("lws,lws->lw", bend, bend)) / (6 * (size - 2)))
    parts = (windows.reshape(-1, size) @ _waves(rate, size)).reshape(len(signal), count, -1, 2)
    amplitude = medians(np.hypot(parts[..., 0], parts[..., 1]).swapaxes(1, 2))
    strongest = amplitude[:, :-1].argmax(axis=1)
    found = amplitude[np.arange(len(signal)), strongest]
    stands_out = found >= HUM_OVER_NOISE * amplitude[:, -1]
    hertz = [_FREQUENCIES[which] if clear else None for which, clear in zip(strongest, stands_out, strict=True)]
    return hertz, found.tolist(), noise.tolist()


def _second_differences(windows: Floats) -> Floats:
    """Two fewer in each window than it has samples."""
    # Taken over all windows of all leads as one long row; what spans two of them is cut off.
    signal = windows.reshape(-1)
    bend = np.empty_like(signal)
    slope = signal[1:] - signal[:-1]
    np.subtract(slope[1:], slope[:-1], out=bend[:-2])
    return bend.reshape(windows.shape)[:, :, :-2]


@lru_cache(maxsize=32)
def _waves(rate: float, size: int) -> Floats:
    """Columns that take 50 Hz, 60 Hz and, for comparison, 37.5 Hz out of a window."""
    time = np.arange(size) / rate
    hann = np.hanning(size + 1)[:-1]
    columns = []
    for frequency in (*_FREQUENCIES, 37.5):
        for wave in (np.cos, np.sin):
            column = hann * wave(2 * np.pi * frequency * time)
            # Neither a level nor a slope within the window is hum.
            straight = np.stack((np.ones(size), time - time.mean()))
            column -= (column @ straight.T) / (straight**2).sum(axis=1) @ straight
            columns.append(column * 2 / hann.sum())
    return np.stack(columns, axis=1).astype(np.float32)


def _judged(
    name: str, flat: float, clipped: float, saturated: float, missing: float, hum_hz: float | None,
    hum: float | None, wander: float | None, noise: float | None, unit: str, limit: float,
) -> LeadQuality:  # fmt: skip
    """The lead with what is found about it, in words."""
    found = []
    if missing > 0:
        found.append(f"missing for {missing:.1%} of the time")
    if flat > 0:
        found.append("flat" if flat == 1 else f"flat for {flat:.0%} of the time")
    if saturated > 0:
        found.append(f"saturated for {saturated:.1%} of the time")
    if clipped > 0:
        found.append("clipped")
    if hum is not None and hum_hz is not None and hum > HUM_MV * limit:
        found.append(f"hum of {hum_hz:g} Hz, {_amount(hum, unit)}")
    if wander is not None and wander > WANDER_MV * limit:
        found.append(f"baseline wanders by {_amount(wander, unit)}")
    if noise is not None and noise > NOISE_MV * limit:
        found.append(f"noise of {_amount(noise, unit)}")
    return LeadQuality(name, flat, clipped, saturated, missing, hum_hz, hum, wander, noise, tuple(found))


def _amount(value: float, unit: str) -> str:
    if unit != "mV":
        return f"{value:.2g} SD"
    return f"{value:.2g} mV" if value < 10 else f"{value:.0f} mV"


def _is_bad(lead: LeadQuality, limit: float) -> bool:
    measured = ((lead.hum if lead.hum_hz else None, HUM_MV), (lead.wander, WANDER_MV), (lead.noise, NOISE_MV))
    buried = [value for value, least in measured if value is not None and value > BAD * least * limit]
    return max(lead.flat, lead.missing) >= 0.5 or lead.saturated > MOST_MISSING or bool(buried)


def _grade(leads: tuple[LeadQuality, ...], limit: float) -> tuple[Grade, str]:
    bad = [lead for lead in leads if _is_bad(lead, limit)]
    if len(bad) > MOST_BAD_LEADS or len(bad) == len(leads):
        return "poor", f"{len(bad)} of {len(leads)} leads are useless: {_told(bad)}"
    found = [lead for lead in leads if lead.findings]
    if found:
        return "usable", _told(found)
    return "good", "nothing was found"


def _told(leads: list[LeadQuality]) -> str:
    """Leads with the same finding together, as `V1, V2: flat`."""
    by_finding: dict[str, list[str]] = {}
    for lead in leads:
        by_finding.setdefault("; ".join(lead.findings), []).append(lead.lead)
    return ". ".join(f"{', '.join(names)}: {finding}" for finding, names in by_finding.items())
