"""Pacing spikes, on the signal as it was sampled: resampling and filters wipe them out.

A pacemaker's pulse lasts 0.2 to 2 ms. What an electrocardiograph of 150 Hz leaves of it is an edge within 2 to 4 ms,
in several leads at once, out of rest; the slope of a QRS complex, of the same or a narrower band, grows over 10 ms and
more. So a spike is an edge, taken over all leads, that is several times steeper than all in the 10 ms before it, and
that is most of what happens around it: where a QRS turns, the slope is as sudden, and goes on for longer. Some devices
hold the last value around a spike, or what they take for one; the jump from a held QRS back to the signal is no spike.
One such edge may be an electrode; spikes come at least twice, soon one after the other, and look alike. Below 400 Hz
an edge of a QRS and one of a spike are the same few samples, and nothing can be told; where a filter up to 40 or 50 Hz
may have rounded the spikes off, it cannot be told that there are none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.record import Annotation, EcgRecord

LOWEST_RATE_HZ = 400.0
TEXT = "pacing spike"
LONGEST_S = 600.0
_PART_S = 60.0
_EDGE_S = 0.002
# Rest is looked for this long, up to shortly before the edge, which may take 3 samples at 500 Hz.
_RISE_S = 0.004
_REST_S = 0.012
_STEEPER = 4.0
_STEEPER_BEHIND = 2.5
_NOISE = 8.0
# Of the edge, over all leads (root of the sum of squares): in mV, and in standard deviations of a lead.
_EDGE_MV, _EDGE_SD = 0.3, 1.5
# Of the edge: by so much the signal may have moved in the time before (LUDB: spikes 0.43, others 0.61 and more).
_MOVED_S = 0.04
_MOVED = 0.5
# The edge's part of how far the signal moves in its direction around it: a pulse comes back, a QRS goes on (LUDB and
# CinC 2021: spikes 0.77 and more, QRS complexes 0.46 and less).
_AROUND_S = 0.01
_PART_OF_MOVE = 0.7
_NARROW_HZ = 75.0
_APART_S = 0.04
_TOGETHER_S = 3.0
_ALIKE = 0.9
# Of all sudden edges: where most are something else, the few that look alike do by chance.
_SHARE = 0.6
_FEWEST = 2
_FEWEST_LEADS = 2
_LEAD_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Pacing:
    """Moments of pacing spikes as annotations, or why they cannot be told."""

    spikes: tuple[Annotation, ...] = ()
    cannot_tell: str | None = None


def find_pacing(record: EcgRecord) -> Pacing:
    """Pacing spikes, by their onset in seconds; in the first 10 minutes, which an annotation says of longer records."""
    if record.rate < LOWEST_RATE_HZ:
        return Pacing(cannot_tell=f"cannot tell: a rate of {record.rate:g} Hz is too low to show pacing spikes")
    if record.n_leads < _FEWEST_LEADS:
        return Pacing(cannot_tell="cannot tell: one lead does not show whether a spike is in several")
    spikes = _spikes(record)
    band = record.source.band
    if not any(spike.onset is not None for spike in spikes) and band is not None and band[1] < _NARROW_HZ:
        return Pacing(cannot_tell=f"cannot tell: a filter up to {band[1]:g} Hz may have rounded pacing spikes off")
    return Pacing(spikes)


def _spikes(record: EcgRecord) -> tuple[Annotation, ...]:
    length = round(_PART_S * record.rate)
    starts = range(0, min(record.n_samples, round(LONGEST_S * record.rate)), length)
    moments = [start + moment for start in starts for moment in _moments(record, slice(start, start + length))]
    spikes = [Annotation(text=TEXT, onset=round(float(moment / record.rate), 4)) for moment in moments]
    if record.duration > LONGEST_S:
        spikes.append(Annotation(text=f"{TEXT}s were looked for in the first {LONGEST_S:g} s"))
    return tuple(spikes)


def _moments(record: EcgRecord, part: slice) -> npt.NDArray[np.int64]:
    """Samples from the start of the part at which spikes begin."""
    step = max(1, round(_EDGE_S * record.rate))
    signal = record.signal[:, part] if record.amplitude == "mV" else _in_deviations(record.signal[:, part])
    if signal.shape[1] <= step:
        return np.empty(0, dtype=np.int64)
    least = _EDGE_MV if record.amplitude == "mV" else _EDGE_SD
    with np.errstate(over="ignore", invalid="ignore"):
        edges = signal[:, step:] - signal[:, :-step]
        steepness = np.sqrt(np.einsum("ls,ls->s", edges, edges))
        if np.isnan(steepness.max()):
            edges = np.nan_to_num(edges)
            steepness = np.sqrt(np.einsum("ls,ls->s", edges, edges))
        moments = _abrupt(steepness, least, round(_RISE_S * record.rate), round(_REST_S * record.rate))
        if len(moments) < _FEWEST:
            return moments[:0]
        moments = moments[steepness[moments] >= _NOISE * float(np.median(steepness))]
        moments = _apart(moments, steepness, round(_APART_S * record.rate))
        alone = moments[_stands_alone(signal, edges, moments, round(_AROUND_S * record.rate))]
        spikes = _alike(edges, alone[_out_of_rest(signal, steepness, alone, record.rate)], _TOGETHER_S * record.rate)
        return spikes if len(spikes) >= _SHARE * len(moments) else moments[:0]


def _in_deviations(signal: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    deviation = np.nan_to_num(signal).std(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    return (signal / np.where(deviation > 0, deviation, 1)).astype(np.float32)


def _abrupt(steepness: npt.NDArray[np.float32], least: float, rise: int, rest: int) -> npt.NDArray[np.int64]:
    """Where the slope is high and is several times lower before and behind; not at the end of digital silence.

    A device that holds the last value around a spike it has noticed leaves single changes, padding leaves none.
    """
    found = np.flatnonzero(steepness >= least)
    found = found[(found > rest + rise) & (found < len(steepness) - rest - rise)]
    # Most are told by the nearest of the samples that are looked at below.
    found = found[steepness[found] >= _STEEPER * steepness[found - rise - 1]]
    away = np.arange(rise + 1, rest + rise + 1)
    before = steepness[found[:, None] - away].max(axis=1)
    found = found[(steepness[found] >= _STEEPER * before) & (before > 0)]
    after = steepness[found[:, None] + away].max(axis=1)
    sudden: npt.NDArray[np.int64] = found[steepness[found] >= _STEEPER_BEHIND * after]
    return sudden


def _stands_alone(
    signal: npt.NDArray[np.float32], edges: npt.NDArray[np.float32], moments: npt.NDArray[np.int64], around: int
) -> npt.NDArray[np.bool_]:
    """Whether each edge is most of the signal's move around it, in the direction of the edge."""
    places = np.clip(moments[:, None] + np.arange(-around, around + 1), 0, signal.shape[1] - 1)
    size = np.einsum("lm,lm->m", edges[:, moments], edges[:, moments])
    along = np.einsum("lm,lms->ms", edges[:, moments], np.nan_to_num(signal[:, places]))
    return np.asarray(size >= _PART_OF_MOVE * np.ptp(along, axis=1))


def _out_of_rest(
    signal: npt.NDArray[np.float32], steepness: npt.NDArray[np.float32], moments: npt.NDArray[np.int64], rate: float
) -> npt.NDArray[np.bool_]:
    """Whether the signal comes to each edge from where it was before; the end of a held QRS does not."""
    first = np.maximum(moments - round(_RISE_S * rate), 0)
    moved = np.nan_to_num(signal[:, first] - signal[:, np.maximum(first - round(_MOVED_S * rate), 0)])
    return np.asarray(np.sqrt(np.einsum("lm,lm->m", moved, moved)) <= _MOVED * steepness[moments])


def _apart(moments: npt.NDArray[np.int64], steepness: npt.NDArray[np.float32], least: int) -> npt.NDArray[np.int64]:
    """Of edges closer than `least` samples, the steepest."""
    kept: list[int] = []
    for moment in moments:
        if not kept or moment - kept[-1] >= least:
            kept.append(int(moment))
        elif steepness[moment] > steepness[kept[-1]]:
            kept[-1] = int(moment)
    return np.array(kept, dtype=np.int64)


def _alike(edges: npt.NDArray[np.float32], moments: npt.NDArray[np.int64], together: float) -> npt.NDArray[np.int64]:
    """The edges that are in several leads, and of which another one, not far away, has the same direction."""
    if len(moments) < _FEWEST:
        return moments[:0]
    edges = edges[:, moments]
    size = np.sqrt((edges**2).sum(axis=0))
    many = (np.abs(edges) >= _LEAD_SHARE * size).sum(axis=0) >= _FEWEST_LEADS
    alike = np.abs((edges / size).T @ (edges / size)) >= _ALIKE
    near = np.abs(moments[:, None] - moments) <= together
    twice = (alike & near & many & many[:, None]).sum(axis=1) >= _FEWEST
    kept: npt.NDArray[np.int64] = moments[many & twice]
    return kept
