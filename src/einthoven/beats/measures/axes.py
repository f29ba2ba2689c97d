"""Axes of P, QRS and T in the frontal plane, from the net amplitudes of the waves in I and aVF.

The net amplitude of a wave is its highest positive plus its deepest negative value, the algebraic sum by which axes
are read from paper. Net areas depend more on where a wave is said to end: on LUDB's records 1-100, with the experts'
limits, 17 of 92 axes from areas and 13 from amplitudes lie more than 15 degrees outside of the range that the
cardiologists name; on two records whose device states an axis (63 and -21), within limits of QRS that were much too
wide, amplitudes gave 64 and -20, areas 83 and 12.

Degrees count clockwise from lead I, aVF at +90. An augmented lead is smaller than a bipolar one by sqrt(3)/2, so aVF
counts 2/sqrt(3)-fold (Novosel et al., Croat Med J 1999;40:77). Where aVF lacks, it is II - I/2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.given import LEVEL_S, Given, Laid
from einthoven.beats.measures.quantity import Quantity
from einthoven.beats.types import Floats, Wave

AUGMENTED = 2 / 3**0.5
SMALLEST_MV = 0.03
"""Net amplitude in the frontal plane below which a wave has no direction: that of the smallest wave (IEC, GG.5)."""
SMALLEST_SHARE = 0.1
"""Net amplitude as part of the largest, below which positive and negative waves cancel out."""
WIDEST = 45.0
"""Degrees by which at most half of the beats may lie away from the axis of the median beat."""

_HOW = (
    "Direction of the net amplitudes (highest plus lowest value) of {wave} in I and aVF in the frontal plane, aVF "
    "times 2/sqrt(3) (Novosel et al., Croat Med J 1999;40:77), on the median beat above the level before {level}; "
    "degrees from lead I, aVF at +90. The spread is that of single beats."
)
P_AXIS = Quantity("p_axis", "P axis", "°", _HOW.format(wave="P", level="P"))
QRS_AXIS = Quantity("qrs_axis", "QRS axis", "°", _HOW.format(wave="QRS", level="QRS"))
T_AXIS = Quantity("t_axis", "T axis", "°", _HOW.format(wave="T", level="QRS"))
QUANTITIES = (P_AXIS, QRS_AXIS, T_AXIS)


@dataclass(frozen=True, slots=True)
class _Frontal:
    """Left-pointing and foot-pointing part of the wave at each sample, `(beats, samples)` and `(samples,)`, mV."""

    beats: tuple[Floats, Floats]
    median: tuple[Floats, Floats]


def measure(ecg: Given) -> Iterator[Measurement]:
    yield _axis(ecg, P_AXIS, "P")
    yield _axis(ecg, QRS_AXIS, "QRS")
    yield _axis(ecg, T_AXIS, "T")


def _axis(ecg: Given, quantity: Quantity, wave: Wave) -> Measurement:
    absent = ecg.missing(wave)
    if absent:
        return quantity.absent(absent)
    refusal = _refusal(ecg)
    laid = ecg.laid
    if refusal or isinstance(laid, str):
        return quantity.refused(refusal or "")
    part = laid.part(f"{wave.lower()}_on", f"{wave.lower()}_off")
    if part is None:
        return quantity.refused(f"the limits of {wave} are not found")
    frontal = _frontal(ecg, laid, part, own_level=wave == "P")
    left, foot = (float(_net(side)) for side in frontal.median)
    size = float(np.hypot(left, foot))
    whole = float(np.hypot(*frontal.median).max())
    if not np.isfinite(size):
        return quantity.refused(f"samples of {wave} are missing in the limb leads")
    if size < max(SMALLEST_MV, SMALLEST_SHARE * whole):
        return quantity.refused(f"the net vector of {wave} in the frontal plane is only {size:.3f} mV: no direction")
    angle = _degrees(left, foot)
    apart, used = _apart(frontal, angle, laid)
    if not len(used):
        return quantity.refused(f"in no single beat all samples of {wave} are there in the limb leads")
    spread = float(np.sqrt((apart**2).sum() / (len(apart) - 1))) if len(apart) > 1 else None
    usual = float(np.median(np.abs(apart))) if len(apart) else 0.0
    if usual > WIDEST:
        return quantity.refused(
            f"half of the beats have {wave} axes more than {usual:.0f} degrees away from the median's"
        )
    return quantity.measured(angle, beats=used, spread=spread, note=ecg.count)


def _refusal(ecg: Given) -> str | None:
    """Why the frontal plane cannot be told, or None."""
    if ecg.record.amplitude != "mV":
        return f"the amplitude of this record is {ecg.record.amplitude}: each lead may have a scale of its own"
    lacking = ecg.unusable("I") or (ecg.unusable("II") and ecg.unusable("aVF"))
    return lacking or ecg.doubt("I") or (ecg.laid if isinstance(ecg.laid, str) else None)


def _frontal(ecg: Given, laid: Laid, part: slice, *, own_level: bool) -> _Frontal:
    """The wave in the frontal plane; with its own level, that before its onset, else that before QRS."""
    leads = ecg.beats.leads
    rows = {name: laid.values[leads.index(name)] for name in ("I", "II", "aVF") if ecg.unusable(name) is None}
    medians = {name: laid.median[leads.index(name)] for name in rows}
    if own_level:
        level = slice(max(part.start - max(round(LEVEL_S * laid.rate), 1), 0), part.start + 1)
        rows = {name: row - np.median(row[:, level], axis=1, keepdims=True) for name, row in rows.items()}
        medians = {name: row - np.median(row[level]) for name, row in medians.items()}

    def plane(values: dict[str, Floats]) -> tuple[Floats, Floats]:
        foot = values["aVF"] if "aVF" in values else values["II"] - values["I"] / 2
        return values["I"][..., part], AUGMENTED * foot[..., part]

    return _Frontal(plane(rows), plane(medians))


def _apart(frontal: _Frontal, angle: float, laid: Laid) -> tuple[Floats, list[int]]:
    """How far the axis of each beat lies from the median beat's, degrees -180 to 180, and which beats have one."""
    left, foot = (_net(side) for side in frontal.beats)
    there = np.isfinite(left) & np.isfinite(foot)
    turned = np.degrees(np.arctan2(foot[there], left[there])) - angle
    apart: Floats = (turned + 180) % 360 - 180
    return apart, laid.beats[there].tolist()


def _net(values: Floats) -> Floats:
    """Highest positive plus deepest negative value over the last axis."""
    found: Floats = np.maximum(values.max(axis=-1), 0) + np.minimum(values.min(axis=-1), 0)
    return found


def _degrees(left: float, foot: float) -> float:
    return float(np.degrees(np.arctan2(foot, left)))
