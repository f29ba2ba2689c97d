"""QT corrected for heart rate.

Bazett, Heart 1920;7:353: QT / RR^(1/2). Fridericia, Acta Med Scand 1920;53:469: QT / RR^(1/3). Framingham: Sagie et
al., Am J Cardiol 1992;70:797: QT + 0.154 (1 - RR). Hodges et al., J Am Coll Cardiol 1983;1:694: QT + 1.75 (rate - 60)
in ms. QT and RR are in seconds in the first three.

RR is the mean of the intervals that precede the beats measured. AHA/ACCF/HRS (Rautaharju et al. 2009, part IV,
doi:10.1161/CIRCULATIONAHA.108.191096) advise against a correction when RR varies much, as in atrial fibrillation, and
for the JT interval, or an adjustment for QRS, where QRS is broad; Bogossian et al. (Heart Rhythm 2014;11:2273)
subtract 48.5 % of QRS in left bundle branch block and pacing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.given import Given
from einthoven.beats.measures.intervals import QRS_IN_LEADS, QT_IN_LEADS
from einthoven.beats.measures.quantity import Quantity, deviation
from einthoven.beats.types import Floats

SLOWEST, FASTEST = 40.0, 150.0
"""Beats a minute between which a QTc is given. Chosen here: at both, the formulas differ by 40 to 70 ms."""
BAZETT_FROM, BAZETT_TO = 60.0, 100.0
BROAD_QRS_S = 0.12
UNSTEADY = 0.1
"""Standard deviation of RR, as part of its mean, from which on the rhythm counts as irregular."""

_RR = (
    "QT is that of the middle lead. RR is the mean interval before the beats measured, and the spread is that of QT at "
    "this RR."
)
BAZETT = Quantity("qtc_bazett", "QTc (Bazett)", "ms", f"QT / RR^(1/2) (Bazett, Heart 1920;7:353). {_RR}")
FRIDERICIA = Quantity(
    "qtc_fridericia", "QTc (Fridericia)", "ms", f"QT / RR^(1/3) (Fridericia, Acta Med Scand 1920;53:469). {_RR}"
)
FRAMINGHAM = Quantity(
    "qtc_framingham",
    "QTc (Framingham)",
    "ms",
    f"QT + 154 ms (1 - RR / 1 s) (Sagie et al., Am J Cardiol 1992;70:797). {_RR}",
)
HODGES = Quantity(
    "qtc_hodges", "QTc (Hodges)", "ms", f"QT + 1.75 ms (rate - 60) (Hodges et al., J Am Coll Cardiol 1983;1:694). {_RR}"
)
QUANTITIES = (BAZETT, FRIDERICIA, FRAMINGHAM, HODGES)


def bazett(qt: Floats, rr: float) -> Floats:
    """QTc in seconds from QT and RR in seconds, as the next three."""
    found: Floats = qt / rr**0.5
    return found


def fridericia(qt: Floats, rr: float) -> Floats:
    found: Floats = qt / rr ** (1 / 3)
    return found


def framingham(qt: Floats, rr: float) -> Floats:
    return qt + 0.154 * (1 - rr)


def hodges(qt: Floats, rr: float) -> Floats:
    return qt + 0.00175 * (60 / rr - 60)


FORMULAS: tuple[tuple[Quantity, Callable[[Floats, float], Floats]], ...] = (
    (BAZETT, bazett),
    (FRIDERICIA, fridericia),
    (FRAMINGHAM, framingham),
    (HODGES, hodges),
)


def measure(ecg: Given) -> Iterator[Measurement]:
    absent = ecg.missing("QRS", "T")
    if absent:
        yield from (quantity.absent(absent) for quantity in QUANTITIES)
        return
    qt = QT_IN_LEADS.of(ecg)
    there = np.isfinite(qt)
    rr = _rr_before(ecg, there)
    refusal = "there is no QT interval to correct" if not there.any() else _out_of_range(rr)
    if refusal or rr is None:
        yield from (quantity.refused(refusal or "no RR interval is known") for quantity in QUANTITIES)
        return
    note = _note(ecg, rr)
    for quantity, formula in FORMULAS:
        corrected = 1000 * formula(qt[there], rr)
        yield quantity.measured(
            float(np.median(corrected)),
            beats=ecg.chosen[there],
            spread=deviation(corrected),
            note=f"{note} {_bazett_note(rr) if quantity is BAZETT else ''}".strip(),
        )


def _rr_before(ecg: Given, there: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float | None:
    """Mean RR (s) before the beats with a QT: between two usual beats if any is, else any, else of the record."""
    for rr in (ecg.rr.between(ecg.chosen), ecg.rr):
        before = rr.seconds[np.isin(rr.ends, ecg.chosen[there])]
        if before.size:
            return float(before.mean())
    return float(ecg.rr.seconds.mean()) if ecg.rr.seconds.size else None


def _out_of_range(rr: float | None) -> str | None:
    if rr is None:
        return "no RR interval is known"
    rate = 60 / rr
    if not SLOWEST <= rate <= FASTEST:
        return f"at {rate:.0f} beats a minute; these formulas are used here from {SLOWEST:g} to {FASTEST:g}"
    return None


def _note(ecg: Given, rr: float) -> str:
    notes = [f"RR {1000 * rr:.0f} ms."]
    absent = ecg.missing("P")
    unsteady = (deviation(ecg.rr.seconds) or 0.0) > UNSTEADY * float(ecg.rr.seconds.mean())
    if absent or unsteady:
        why = absent or f"RR varies by more than {100 * UNSTEADY:g} %"
        notes.append(f"Caution: {why}; AHA/ACCF/HRS 2009, part IV, advise against correcting QT when RR varies much.")
    qrs = QRS_IN_LEADS.of(ecg)
    duration = float(np.nanmedian(qrs)) if np.isfinite(qrs).any() else 0.0
    paced = ecg.chosen_words == "paced beats"
    if duration >= BROAD_QRS_S or paced:
        broad = "a QRS after pacing" if paced else f"a QRS of {1000 * duration:.0f} ms"
        notes.append(
            f"Caution: {broad} makes QT longer; usual then is the JT interval (QT - QRS; AHA/ACCF/HRS 2009, part IV) "
            "or QT - 0.485 QRS (Bogossian et al., Heart Rhythm 2014;11:2273)."
        )
    if ecg.count:
        notes.append(ecg.count)
    return " ".join(notes)


def _bazett_note(rr: float) -> str:
    rate = 60 / rr
    if rate > BAZETT_TO:
        return f"Above {BAZETT_TO:g} a minute Bazett's formula corrects too much."
    return f"Below {BAZETT_FROM:g} a minute Bazett's formula corrects too little." if rate < BAZETT_FROM else ""
