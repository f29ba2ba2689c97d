"""Our own method: a small network that sees all leads at once."""

import numpy as np
import numpy.typing as npt

from einthoven.beats.average_p import average_p
from einthoven.beats.decoding import Stretch, Stretches, locate
from einthoven.beats.delineators.entry import DelineatorEntry, Heartbeats, Waves
from einthoven.beats.network import OUT_RATE_HZ
from einthoven.beats.qrs import Detected, detect
from einthoven.beats.types import FIDUCIALS, GLOBAL, WAVES, BeatKind, Floats, Wave
from einthoven.leads import STANDARD_12
from einthoven.signal.gaps import bridged

NO_P = "no steady P wave comes before the QRS complexes and RR varies, as in atrial fibrillation"
UNSURE_P = "P waves are too unsure to be told; as RR is steady (or too short a time to see it), they may be there."
UNSURE_P_LEADS = "P waves cannot be told: no usable lead is one of II, III and aVF, which show P best."
UNSURE_P_EARLY = (
    "P waves are too unsure to be told: RR varies as with extrasystoles or a repeating pattern, not only as in atrial "
    "fibrillation, so they may be there."
)
NO_T = "no T wave stands out in any beat"
_LEAST_MEAN = 0.56
"""Mean score of P over all QRS complexes of a record that has P waves: cross-validated on LUDB 1-100, records with P
have 0.63 and more, those with atrial fibrillation or flutter 0.48 and less."""
_SURE, _LEAST_SURE, _FEWEST_SURE = 0.85, 0.3, 3
_SURE_ENOUGH = 0.6
"""Score from which a P wave lies where its own beat shows it, and not where the average beat does."""
_IRREGULAR = 0.1
"""Root mean square of successive differences of RR, as a part of RR: in atrial fibrillation 0.14 and more (PTB-XL)."""
_STEADY_S = 0.016
_FEWEST_RR = 4
_SAME_RR, _MOST_SAME = 0.04, 0.31
"""Change of RR from beat to beat, as a part of RR, that is none; and the share of such ones above which RR does not
vary as in atrial fibrillation: at most 0.27 in that (LUDB, CinC 2021)."""
_EARLY, _LATE, _FEWEST_LATE = 0.88, 1.15, 3
"""Of the usual RR: where no interval is short and some are long, as in flutter with a block that changes, RR varies."""
_LONGEST_PATTERN, _REPEATED = 4, 5
"""RR repeats where so many intervals in a row are as long as those 2, 3 or 4 before (bigeminy, trigeminy ...)."""
_FEWEST_AT_ONE_PR = 4
_FACING_P, _STANDARD = frozenset(("II", "III", "aVF")), frozenset(STANDARD_12)
_LONGEST_PR_S = 0.3
"""From the end of P to QRS."""


def delineate(heartbeats: Heartbeats) -> Waves:
    """Each wave of the network goes to its beat: the last P before QRS, the T behind it."""
    seen = heartbeats.detected or detect(_without_gaps(heartbeats.signal), heartbeats.rate)
    beats = seen.beats_of_qrs(heartbeats.r_peaks)
    n_beats, n_channels = len(heartbeats.r_peaks), 1 + len(heartbeats.leads)
    times = np.full((n_channels, n_beats, len(FIDUCIALS)), np.nan)
    absent: dict[Wave, str] = {}
    owners: dict[Wave, dict[int, int]] = {
        "P": _p_of_beats(seen.stretches, beats) if has_p(seen.stretches) else {},
        "QRS": {beat: qrs for qrs, beat in beats.items()},
        "T": _t_of_beats(seen.stretches, beats),
    }
    for number, wave in enumerate(WAVES):
        owned = owners[wave]
        if not owned:
            continue
        located = locate(seen.answer, wave, seen.stretches.of(wave)) / seen.pace
        for beat, place in owned.items():
            times[:, beat, 3 * number : 3 * number + 3] = located[:, place]
    notes = {}
    faint = _faint_p(seen, beats, owners["P"], heartbeats.kinds)
    for beat, limits in faint.items():
        before = _before_qrs(limits, times[:, beat, 3])
        if np.isfinite(before[0, 1]):
            times[:, beat, :3] = before
    if not np.isfinite(times[0, :, 1]).any():
        doubt = _doubt_of_absence(seen.stretches, _ectopic(beats, heartbeats.kinds), heartbeats.leads)
        if doubt is None:
            absent["P"] = NO_P
        else:
            notes[GLOBAL] = doubt
    if not owners["T"] and owners["QRS"]:
        absent["T"] = NO_T
    return Waves(times, absent, notes)


def _without_gaps(signal: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Straight lines over gaps; a lead without any sample is a flat line."""
    rows = [np.zeros(len(row)) if np.isnan(row).all() else bridged(row) for row in signal]
    return np.array(rows, dtype=np.float32).reshape(signal.shape)


def _faint_p(
    seen: Detected, beats: dict[int, int], p_of_beats: dict[int, int], kinds: tuple[BeatKind, ...]
) -> dict[int, Floats]:
    """Beat -> P as in the average beat, `(1 + leads, 3)` s, where its own is not seen or unsure."""
    sure = {beat for beat, place in p_of_beats.items() if seen.stretches.p[place].score >= _SURE_ENOUGH}
    if not set(beats.values()) - sure:
        return {}
    average = average_p(seen, beats, kinds)
    if average is None:
        return {}
    return {beats[qrs]: seen.peaks[qrs] + average.times / seen.pace for qrs in average.qrs if beats[qrs] not in sure}


def _before_qrs(p: Floats, onsets: Floats) -> Floats:
    """P as in the average beat, `(channels, 3)`, without what would lie in this QRS; all NaN where its peak would."""
    first = np.nanmin(onsets) if np.isfinite(onsets).any() else np.inf
    if not p[0, 1] < first:
        return np.full_like(p, np.nan)
    return np.where(p < first, p, np.nan)


def has_p(stretches: Stretches) -> bool:
    """Whether P waves belong to the rhythm: by their mean score per QRS, or by some sure ones at one PR interval."""
    if not stretches.qrs or not stretches.p:
        return False
    best = np.zeros(len(stretches.qrs))
    pr = np.full(len(stretches.qrs), np.nan)
    for beat, wave in _before(stretches):
        if wave.score > best[beat]:
            best[beat], pr[beat] = wave.score, stretches.qrs[beat].first - wave.first
    # The P of the first QRS may lie before the start.
    used = best[1:] if len(best) > _FEWEST_SURE else best
    if used.mean() >= _LEAST_MEAN:
        return True
    sure = pr[best > _SURE]
    if len(sure) < max(_FEWEST_SURE, _LEAST_SURE * len(best)):
        return False
    return bool(1.48 * np.median(np.abs(sure - np.median(sure))) < _STEADY_S * OUT_RATE_HZ)


def _ectopic(beats: dict[int, int], kinds: tuple[BeatKind, ...]) -> frozenset[int]:
    """Numbers of the QRS stretches that are ectopic beats."""
    return frozenset(qrs for qrs, beat in beats.items() if kinds[beat] == "ectopic")


def _doubt_of_absence(stretches: Stretches, ectopic: frozenset[int], leads: tuple[str, ...]) -> str | None:
    """Why P may be there though it is not seen, or None where RR varies as in atrial fibrillation."""
    if not is_irregular(stretches):
        return UNSURE_P
    if not is_irregular(stretches, ectopic) or _repeats(_rr(stretches)):
        return UNSURE_P_EARLY
    if ectopic and _at_one_pr(stretches):
        return UNSURE_P_EARLY
    if _FACING_P.isdisjoint(leads) and not _STANDARD.isdisjoint(leads):
        return UNSURE_P_LEADS
    return None


def is_irregular(stretches: Stretches, ectopic: frozenset[int] = frozenset()) -> bool:
    """Whether RR varies from beat to beat as in atrial fibrillation; False where there are too few beats to tell.

    Intervals to and from the QRS complexes that are `ectopic` do not count, where enough others are left.
    """
    rr = _rr(stretches)
    if len(rr) < _FEWEST_RR:
        return False
    of_others = np.array([not {beat, beat + 1} & ectopic for beat in range(len(rr))])
    steps = np.diff(rr)[of_others[1:] & of_others[:-1]]
    if len(steps) < _FEWEST_RR:
        steps, of_others = np.diff(rr), np.ones(len(rr), dtype=bool)
    return bool(np.sqrt(np.mean(steps**2)) > _IRREGULAR * rr[of_others].mean())


def _repeats(rr: Floats) -> bool:
    """Whether many intervals are as long as the one before, and others early; or RR repeats over some beats."""
    same = _SAME_RR * rr.mean()
    part = rr / np.median(rr)
    late_only = part.min() >= _EARLY and np.count_nonzero(part > _LATE) >= _FEWEST_LATE
    if np.mean(np.abs(np.diff(rr)) < same) > _MOST_SAME and not late_only:
        return True
    for beats in range(2, _LONGEST_PATTERN + 1):
        alike = np.abs(rr[beats:] - rr[:-beats]) < same
        if len(alike) >= _REPEATED and np.lib.stride_tricks.sliding_window_view(alike, _REPEATED).all(axis=1).any():
            return True
    return False


def _at_one_pr(stretches: Stretches) -> bool:
    """Whether some P waves that are rather sure come at one distance before QRS."""
    pr = np.array([stretches.qrs[b].first - p.first for b, p in _before(stretches) if p.score >= _SURE_ENOUGH])
    if len(pr) < _FEWEST_AT_ONE_PR:
        return False
    return bool(1.48 * np.median(np.abs(pr - np.median(pr))) < _STEADY_S * OUT_RATE_HZ)


def _rr(stretches: Stretches) -> Floats:
    return np.diff([(one.first + one.last) / 2 for one in stretches.qrs])


def _before(stretches: Stretches) -> list[tuple[int, Stretch]]:
    """Each P wave with the number of the QRS that follows it soon."""
    starts = np.array([one.first for one in stretches.qrs])
    found = []
    for wave in stretches.p:
        follows = int(np.searchsorted(starts, wave.first))
        if follows < len(starts) and starts[follows] - wave.last < _LONGEST_PR_S * OUT_RATE_HZ:
            found.append((follows, wave))
    return found


def _p_of_beats(stretches: Stretches, beats: dict[int, int]) -> dict[int, int]:
    """Beat -> number of its P wave."""
    places = {wave: place for place, wave in enumerate(stretches.p)}
    # In order of time: of several before one QRS the last stays.
    return {beats[qrs]: places[wave] for qrs, wave in _before(stretches) if qrs in beats}


def _t_of_beats(stretches: Stretches, beats: dict[int, int]) -> dict[int, int]:
    """Beat -> number of its T wave."""
    starts = np.array([one.first for one in stretches.qrs])
    found: dict[int, int] = {}
    for place, wave in enumerate(stretches.t):
        qrs = int(np.searchsorted(starts, wave.first)) - 1
        if qrs in beats:
            found[beats[qrs]] = place
    return found


ENTRY = DelineatorEntry(
    name="einthoven",
    title="Einthoven",
    summary="A small network that sees all leads at once, trained on the cardiologists' annotations of LUDB records "
    "1-100 and on P waves of PTB-XL. Says that P is absent where no steady P comes before QRS. Its error stands in "
    "docs/results.md.",
    source="LUDB: Kalyakulina et al., IEEE Access 8:186181, 2020; PTB-XL: Wagner et al., Sci Data 7:154, 2020",
    delineate=delineate,
)
