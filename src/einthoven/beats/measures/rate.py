"""Heart rate and the variability of RR.

Definitions of SDNN, RMSSD and pNN50: Task Force of the European Society of Cardiology and the North American Society
of Pacing and Electrophysiology, Circulation 1996;93:1043-1065, table 1. It asks for 5 minutes; of 10 seconds, RMSSD
agrees with that of 4 to 5 minutes by a correlation of 0.86, SDNN of 0.76 (Munoz et al. 2015,
doi:10.1371/journal.pone.0138921).
"""

from collections.abc import Iterator

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.given import Given, RrIntervals
from einthoven.beats.measures.quantity import Quantity, deviation
from einthoven.beats.types import Floats

FEWEST_INTERVALS = 5
MOST_DOUBTFUL = 1 / 3
"""Of the beats, that may be noise, up to which the others are trusted."""
VARIES = 0.1
"""RMSSD as a part of the mean interval, above which early beats may be among those that look normal."""
SHORT_S = 120.0
"""From so long on, SDNN and RMSSD agree with those of 5 minutes (Munoz et al. 2015)."""

_FROM_RR = "over all beats, ectopic and paced ones too; intervals with a gap in the signal are left out."
HEART_RATE = Quantity(
    "heart_rate",
    "Heart rate",
    "/min",
    f"60 divided by the mean RR interval, {_FROM_RR} The spread is that of 60/RR of single intervals.",
)
SLOWEST = Quantity(
    "heart_rate_min", "Lowest heart rate", "/min", f"60 divided by the longest single RR interval, {_FROM_RR}"
)
FASTEST = Quantity(
    "heart_rate_max", "Highest heart rate", "/min", f"60 divided by the shortest single RR interval, {_FROM_RR}"
)
_TASK_FORCE = "(Task Force of ESC and NASPE, Circulation 1996;93:1043)."
SDNN = Quantity(
    "sdnn", "SDNN", "ms", f"Standard deviation of the intervals between successive normal beats {_TASK_FORCE}"
)
RMSSD = Quantity(
    "rmssd",
    "RMSSD",
    "ms",
    f"Root mean square of the differences between adjacent intervals of normal beats {_TASK_FORCE}",
)
PNN50 = Quantity(
    "pnn50",
    "pNN50",
    "%",
    f"Share of adjacent intervals of normal beats that differ by more than 50 ms {_TASK_FORCE}",
)
QUANTITIES = (HEART_RATE, SLOWEST, FASTEST, SDNN, RMSSD, PNN50)


def measure(ecg: Given) -> Iterator[Measurement]:
    doubtful = len(ecg.beats.doubtful)
    if doubtful > MOST_DOUBTFUL * ecg.beats.n_beats:
        reason = f"{doubtful} of {ecg.beats.n_beats} beats may be noise: too many to tell one from the next"
        yield from (quantity.refused(reason) for quantity in QUANTITIES)
        return
    yield from _rates(ecg)
    yield from _variability(ecg)


def _rates(ecg: Given) -> Iterator[Measurement]:
    rr = ecg.rr
    if not rr.seconds.size:
        reason = _no_intervals(ecg)
        yield from (quantity.refused(reason) for quantity in (HEART_RATE, SLOWEST, FASTEST))
        return
    if rr.unplaced:
        middle = float(np.median(rr.seconds))
        reason = f"{rr.unplaced}; the middle interval is {1000 * middle:.0f} ms ({60 / middle:.0f}/min)"
        yield from (quantity.refused(reason) for quantity in (HEART_RATE, SLOWEST, FASTEST))
        return
    note = _left_out(rr)
    beats = np.union1d(rr.ends, rr.ends - 1)
    rates = 60 / rr.seconds
    yield HEART_RATE.measured(60 / float(np.mean(rr.seconds)), beats=beats, spread=deviation(rates), note=note)
    for quantity, place in ((SLOWEST, int(rr.seconds.argmax())), (FASTEST, int(rr.seconds.argmin()))):
        end = int(rr.ends[place])
        if quantity is SLOWEST and rr.no_beat_s > rr.seconds.max():
            yield quantity.refused(note.strip("."))
            continue
        yield quantity.measured(float(rates[place]), beats=(end - 1, end), note=note)


def _left_out(rr: RrIntervals) -> str:
    """Which intervals are not used, and what else is to be known of them."""
    count = f"{rr.left_out} of {rr.left_out + len(rr.seconds)} intervals are not used." if rr.left_out else ""
    return " ".join(filter(None, (count, *rr.doubts)))


def _no_intervals(ecg: Given) -> str:
    if ecg.beats.n_beats < 2:
        return (
            f"the record has {ecg.beats.n_beats or 'no'} beat{'' if ecg.beats.n_beats else 's'}; two make an interval"
        )
    return " ".join(("every interval between beats has a gap in the signal or is no heart's.", *ecg.rr.doubts)).strip(
        "."
    )


def _variability(ecg: Given) -> Iterator[Measurement]:
    if ecg.rr.unplaced:
        yield from (quantity.refused(ecg.rr.unplaced) for quantity in (SDNN, RMSSD, PNN50))
        return
    normal = np.flatnonzero([kind == "normal" for kind in ecg.beats.kinds]).astype(np.int64)
    nn = ecg.rr.between(normal)
    if len(nn.seconds) < FEWEST_INTERVALS:
        found = _counted(len(nn.seconds), "interval")
        reason = f"{found} between successive normal beats; at least {FEWEST_INTERVALS} are needed"
        yield from (quantity.refused(reason) for quantity in (SDNN, RMSSD, PNN50))
        return
    note = _caution(ecg, nn)
    beats = np.union1d(nn.ends, nn.ends - 1)
    yield SDNN.measured(1000 * (deviation(nn.seconds) or 0.0), beats=beats, note=note)
    steps = _successive(nn)
    if len(steps) < FEWEST_INTERVALS - 1:
        found = _counted(len(steps), "pair")
        reason = f"{found} of adjacent normal intervals; at least {FEWEST_INTERVALS - 1} are needed"
        yield from (quantity.refused(reason) for quantity in (RMSSD, PNN50))
        return
    with np.errstate(over="ignore"):
        yield RMSSD.measured(1000 * float(np.sqrt(np.mean(steps**2))), beats=beats, note=note)
    # RR is known to a sample: a difference of 50 ms must not count because of rounding in the last digit.
    yield PNN50.measured(100 * float(np.mean(np.abs(steps) > 0.05 + 1e-9)), beats=beats, note=note)


def _counted(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"


def _successive(nn: RrIntervals) -> Floats:
    """Differences of intervals that follow one another directly."""
    follows = np.diff(nn.ends) == 1
    found: Floats = np.diff(nn.seconds)[follows]
    return found


def _caution(ecg: Given, nn: RrIntervals) -> str:
    """What to think of when reading the variability."""
    notes = list(ecg.rr.doubts)
    if ecg.record.duration < SHORT_S:
        notes.append(f"From {ecg.record.duration:.3g} s: short; 5 minutes are the standard.")
    absent = ecg.missing("P")
    if absent:
        notes.append(f"Not of sinus rhythm ({absent}): it shows how irregular the ventricles beat.")
    elif _varies(nn):
        notes.append(
            "RR changes much from beat to beat: beats that are early and look normal cannot be told from others here, "
            "so this may be no variability of the sinus node."
        )
    return " ".join(notes)


def _varies(nn: RrIntervals) -> bool:
    steps = _successive(nn)
    with np.errstate(over="ignore"):
        return bool(len(steps) and np.sqrt(np.mean(steps**2)) > VARIES * np.mean(nn.seconds))
