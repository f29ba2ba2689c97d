"""Interchanged electrodes: which of the usual mistakes would make the record look more like others do.

A swap only permutes leads and turns their sign: with the electrodes of both arms interchanged, lead I is recorded as
-I, III as II, II as III, aVL as aVR. So each mistake can be undone on paper, and the record as it stands can be
compared with what it would be: P, QRS and T axis in the frontal plane, the likeness of I, II and III to V1 to V6,
and of V1 to V6 to their neighbours. One linear score per arrangement says how usual it is; the difference of two
scores is the logarithm of how much more likely one is than the other (a conditional logit).

The weights were fitted by `benchmarks/lead_swaps.py --fit` on 1,620 records of PTB-XL and one half of the patients
of a part of CODE-15; docs/results.md has the rates measured on the records of other patients and devices.

Only what does not depend on the scale of a lead is used, so that records of relative amplitude can be judged too
(the scale of I, II and III among each other follows from I + III = II).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from einthoven.record import EcgRecord
from einthoven.signal.average_beat import N_SAMPLES, AverageBeat, average_beat, seconds
from einthoven.signal.steady import Floats, SteadySignal, steady_signal
from einthoven.signal.swap_weights import CHEST_WEIGHTS, LIMB_WEIGHTS

LIMB = ("I", "II", "III")
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
PROBABLE = 0.5
POSSIBLE = 0.1

# Each arrangement undoes one mistake: which recorded lead belongs at each place, and with which sign.
LIMB_SWAPS: Mapping[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = MappingProxyType(
    {"LA/RA": ((0, 2, 1), (-1, 1, 1)), "LA/LL": ((1, 0, 2), (1, 1, -1)), "RA/LL": ((2, 1, 0), (-1, -1, -1))}
)
CHEST_SWAPS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "V1/V2": (1, 0, 2, 3, 4, 5), "V2/V3": (0, 2, 1, 3, 4, 5), "V3/V4": (0, 1, 3, 2, 4, 5),
        "V4/V5": (0, 1, 2, 4, 3, 5), "V5/V6": (0, 1, 2, 3, 5, 4), "V1/V3": (2, 1, 0, 3, 4, 5),
        "V4/V6": (0, 1, 2, 5, 4, 3), "V1-V6 reversed": (5, 4, 3, 2, 1, 0),
    }
)  # fmt: skip
PRIORS: Mapping[str, float] = MappingProxyType({"LA/RA": 0.01} | dict.fromkeys(("LA/LL", "RA/LL", *CHEST_SWAPS), 0.003))
"""Share of recordings assumed to have each mistake: chosen, not measured; that of the arms is the most frequent one."""

_ELECTRODES = {"LA": "left arm", "RA": "right arm", "LL": "left leg", "RL": "right leg"}

_WINDOWS = (seconds(-0.07, 0.07), seconds(-0.26, -0.10), seconds(0.14, 0.42))  # QRS, P, T
_QRS, _P, _T = range(3)
# Mean amplitude, as part of the QRS, at which an axis counts half.
_HALF = np.array((0.15, 0.03, 0.08))
_TINY = 1e-9
_LENGTHS = np.array([window.stop - window.start for window in _WINDOWS])
_ROOT_LENGTHS = np.sqrt(_LENGTHS)[:, None]
# Columns that take the mean of each wave out of a beat.
_MEANS = np.zeros((N_SAMPLES, len(_WINDOWS)))
for _wave, _window in enumerate(_WINDOWS):
    _MEANS[_window, _wave] = 1 / _LENGTHS[_wave]
# Lead I and the direction at right angles to it, downwards: the frontal plane in which 0 degrees is lead I.
_FRONTAL = np.array(((1, 0, 0), (0, 1 / math.sqrt(3), 1 / math.sqrt(3))))
# The leads as they stand, then each arrangement.
_LIMB_ORDERS = np.array([(0, 1, 2), *(places for places, _ in LIMB_SWAPS.values())])
_LIMB_SIGNS = np.array([(1, 1, 1), *(signs for _, signs in LIMB_SWAPS.values())])
# Two rows for each arrangement: what it makes of I, II and III, in the frontal plane.
_LIMB_DIRECTIONS = np.concatenate(
    [_FRONTAL @ (np.eye(3)[places] * signs[:, None]) for places, signs in zip(_LIMB_ORDERS, _LIMB_SIGNS, strict=True)]
)
_CHEST_ORDERS = np.array([tuple(range(6)), *CHEST_SWAPS.values()])
# Between both legs there is next to no voltage. Of QRS in the other limb leads, this much is left at most.
_FLAT = 0.1
# The smallest of three directions of I, II and III carries no more than this, where I + III = II holds.
_CLOSED = 1e-3


@dataclass(frozen=True, slots=True)
class Swap:
    """A probable mistake in placing electrodes; `probability` where it is calibrated, None for a plain sign."""

    swap: str
    probability: float | None
    text: str


@dataclass(frozen=True, slots=True)
class SwapCheck:
    """Probable swaps, or the reason why none can be told."""

    swaps: tuple[Swap, ...] = ()
    cannot_tell: str | None = None


def check_swaps(record: EcgRecord, steady: SteadySignal | None = None) -> SwapCheck:
    """Limb and chest electrodes that are probably interchanged.

    Needs I, II and V1 to V6 (III too where the amplitude is relative), 4 seconds and 3 beats. `steady` is the
    `steady_signal` of the record, where it is there already.
    """
    names = (*(LIMB if record.amplitude == "relative" else LIMB[:2]), *CHEST)
    beat = average_beat(steady or steady_signal(record), names)
    if isinstance(beat, str):
        return SwapCheck(cannot_tell=f"interchanged electrodes cannot be told, because {beat}")
    limb = limb_beat(beat, relative=record.amplitude == "relative")
    if limb is None:
        return SwapCheck(
            cannot_tell="interchanged electrodes cannot be told, because I + III = II holds at no scale of these leads"
        )
    leg = _right_leg(limb)
    if leg is not None:
        return SwapCheck((leg,))
    chest = beat.values[-len(CHEST) :]
    found = map(_most_probable, evidence(limb, chest))
    return SwapCheck(tuple(swap for swap in found if swap is not None))


def evidence(limb: Floats, chest: Floats) -> tuple[dict[str, float], dict[str, float]]:
    """For each mistake among the limb leads, and among the chest leads: the log likelihood ratio against none."""
    by_limb, by_chest = features(limb, chest)
    return _ratios(LIMB_SWAPS, by_limb @ LIMB_WEIGHTS), _ratios(CHEST_SWAPS, by_chest @ CHEST_WEIGHTS)


def _ratios(swaps: Iterable[str], scores: Floats) -> dict[str, float]:
    return {name: float(score - scores[0]) for name, score in zip(swaps, scores[1:], strict=True)}


def features(limb: Floats, chest: Floats) -> tuple[Floats, Floats]:
    """What the weights are for: `(1 + limb swaps, features)` and `(1 + chest swaps, features)`.

    The first row is of the leads as they stand, each further one of a mistake undone. `limb` and `chest` are the
    average beats `(3, samples)` of I, II, III and `(6, samples)` of V1 to V6.
    """
    leads = np.concatenate((limb, chest))
    means = (leads @ _MEANS).T
    qrs, p_wave, t_wave = (leads[:, window] for window in _WINDOWS)
    # Likeness of the waves as they stand off the level before QRS; the P wave stands on a level of its own.
    p_wave = p_wave - means[_P, :, None]
    products = np.stack((qrs @ qrs.T, p_wave @ p_wave.T, t_wave @ t_wave.T))
    size = np.sqrt(products.diagonal(axis1=1, axis2=2))
    alike = products / ((size + _TINY)[:, :, None] * (size + _TINY)[:, None, :])
    rms = size / _ROOT_LENGTHS + _TINY
    by_limb = _limb_features(qrs[:3], means[:, :3], alike[:, :3, 3:])
    return by_limb, _chest_features(qrs[3:], means[_T, 3:], rms[:, 3:], alike)


def _limb_features(qrs: Floats, means: Floats, alike: Floats) -> Floats:
    """Direction of each wave in the frontal plane, and likeness of I, II, III to V1 to V6.

    The direction is that of the wave's mean, as cosine and sine of the angle and of its double, weighted down where
    the mean is small. `means` is `(waves, 3)`, `alike` is `(waves, 3, 6)`.
    """
    plane = _FRONTAL @ qrs
    whole = math.sqrt(np.vdot(plane, plane) / qrs.shape[1]) + _TINY
    n = len(_LIMB_ORDERS)
    x, y = (_LIMB_DIRECTIONS @ means.T / whole).reshape(n, 2, -1).swapaxes(0, 1)
    size = np.hypot(x, y) + _TINY
    cos, sin = x / size, y / size
    directions = np.empty((*size.shape, 4))
    directions[..., 0], directions[..., 1] = cos, sin
    directions[..., 2], directions[..., 3] = cos * cos - sin * sin, 2 * cos * sin
    directions *= (size / (size + _HALF))[..., None]
    likeness = alike[:, _LIMB_ORDERS] * _LIMB_SIGNS[:, :, None]
    return np.concatenate((directions.reshape(n, -1), likeness.swapaxes(0, 1).reshape(n, -1)), axis=1)


def _chest_features(qrs: Floats, t_mean: Floats, rms: Floats, alike: Floats) -> Floats:
    """R share, T polarity and T size at each place, and likeness of places; `alike` is `(waves, 9, 9)`."""
    highest, lowest = np.maximum(qrs.max(axis=1), 0), np.minimum(qrs.min(axis=1), 0)
    by_lead = np.empty((7, len(CHEST)))
    by_lead[0] = highest / (highest - lowest + _TINY)
    by_lead[1] = by_lead[0] ** 2
    by_lead[2] = t_mean / rms[_T]
    by_lead[3] = np.log(rms[_T] / rms[_QRS] + 0.02)
    by_lead[4:6] = alike[_QRS, :2, 3:]
    by_lead[6] = alike[_T, 0, 3:]
    found = [by_lead[:, _CHEST_ORDERS].swapaxes(0, 1).reshape(len(_CHEST_ORDERS), -1)]
    for wave in (_QRS, _T):
        among = alike[wave, 3:, 3:]
        next_one = among[_CHEST_ORDERS[:, :-1], _CHEST_ORDERS[:, 1:]]
        next_but_one = among[_CHEST_ORDERS[:, :-2], _CHEST_ORDERS[:, 2:]]
        found += [next_one, next_but_one]
        if wave == _QRS:
            # Likeness of a lead to the mean of both its neighbours.
            found.append((next_one[:, :-1] + next_one[:, 1:]) / np.sqrt(2 + 2 * next_but_one + _TINY))
    return np.concatenate(found, axis=1)


def limb_beat(beat: AverageBeat, *, relative: bool) -> Floats | None:
    """I, II, III on one scale; None where no scale makes I + III = II hold."""
    if not relative:
        one, two = beat.values[:2]
        return np.stack((one, two, two - one))
    values, directions = np.linalg.eigh(beat.signal[:3] @ beat.signal[:3].T)
    scale = directions[:, 0] * np.sign(directions[0, 0])
    if values[0] > _CLOSED * values[2] or not (scale[0] > 0 and scale[1] < 0 and scale[2] > 0):
        return None
    one, two = scale[0] * beat.values[0], -scale[1] * beat.values[1]
    return np.stack((one, two, two - one))


def _right_leg(limb: Floats) -> Swap | None:
    """An arm electrode on the right leg: the lead between both legs is flat (II with the right arm's, else III)."""
    size = np.ptp(limb[:, _WINDOWS[_QRS]], axis=1)
    for arm, flat, name in (("RA", 1, "II"), ("LA", 2, "III")):
        if size[flat] < _FLAT * min(size[lead] for lead in range(3) if lead != flat):
            text = f"lead {name} is almost flat: {_ELECTRODES[arm]} and right leg electrode may be interchanged"
            return Swap(f"{arm}/RL", None, text)
    return None


def probability(evidence: Mapping[str, float]) -> dict[str, float]:
    """Probability of each mistake, when each is as frequent as `PRIORS` says and excludes the others."""
    correct = 1 - sum(PRIORS[name] for name in evidence)
    odds = {name: PRIORS[name] / correct * math.exp(min(value, 50.0)) for name, value in evidence.items()}
    total = 1 + sum(odds.values())
    return {name: value / total for name, value in odds.items()}


def _most_probable(evidence: Mapping[str, float]) -> Swap | None:
    name, sure = max(probability(evidence).items(), key=lambda item: item[1])
    if sure < POSSIBLE:
        return None
    word = "probably" if sure >= PROBABLE else "possibly"
    return Swap(name, sure, f"{_words(name)} {word} interchanged ({min(round(sure * 100), 99)} % sure)")


def _words(name: str) -> str:
    one, _, other = name.partition("/")
    if name == "LA/RA":
        return "left and right arm electrode (or dextrocardia)"
    if name in LIMB_SWAPS:
        return f"{_ELECTRODES[one]} and {_ELECTRODES[other]} electrode"
    if not other:
        return "chest electrodes V1 to V6, from first to last,"
    return f"chest electrodes {one} and {other}"
