"""What is exported of one ECG: a table (CSV, Parquet), arrays (NPZ) and a document (JSON) of the same content.

Tables are long, one row for each measurement, each beat in each channel, each sample: they stand below each other for
any number of ECGs, whatever leads these have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from einthoven.beats.measurement import Measurement
from einthoven.beats.median_beat import MedianBeat
from einthoven.beats.overlay import Overlay
from einthoven.beats.types import FIDUCIALS, GLOBAL, Beats
from einthoven.record import Amplitude, EcgRecord
from einthoven.steps import stated_steps
from einthoven.writers.npz import arrays_of

ColumnType = Literal["text", "number", "whole"]
Table = Literal["measurements", "fiducials", "qrs-overlay", "median-fiducials"]

COLUMNS: Mapping[Table, Mapping[str, ColumnType]] = {
    "measurements": {
        "name": "text", "title": "text", "lead": "text", "value": "number", "unit": "text", "state": "text",
        "spread": "number", "n_beats": "whole", "beats": "text", "method": "text", "reason": "text",
        "delineator": "text", "n_corrected": "whole",
    },
    "fiducials": {
        "channel": "text", "beat": "whole", "kind": "text", "doubtful": "whole", "r_peak": "number",
        **dict.fromkeys(FIDUCIALS, "number"), "corrected": "text", "spikes": "text", "remark": "text",
        "delineator": "text",
    },
    "qrs-overlay": {
        "lead": "text", "beat": "whole", "kind": "text", "r_peak": "number", "level": "number", "time": "number",
        "value": "number", "unit": "text",
    },
    "median-fiducials": {
        "channel": "text", "kinds": "text", "n_beats": "whole", "beats": "text", "r": "number",
        **dict.fromkeys(FIDUCIALS, "number"), "remark": "text", "delineator": "text",
    },
}  # fmt: skip
"""Times are in seconds: of fiducials from the start of the record, of those of a median beat from its first sample, of
an overlay from R. Channel, lead and beat as in `Beats`, beats counted from 0; several beats, kinds or spikes stand in
one cell with blanks between. `value` of an overlay is above `level`, the level of that beat before its QRS. `spikes`
are in the row of the global channel of the nearest beat; `remark` says what is missing in a channel, and why; a
`doubtful` beat (1) may be noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """One ECG's part of an export. `columns` have the names of `COLUMNS` and one length; missing numbers are NaN."""

    columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]]
    arrays: Mapping[str, npt.NDArray[Any]]
    document: Mapping[str, Any]


def measurements(measured: Sequence[Measurement], *, delineator: str, n_corrected: int) -> Exported:
    """What was measured, a row each."""
    n = len(measured)
    columns: dict[str, Any] = {
        "name": [one.name for one in measured],
        "title": [one.title for one in measured],
        "lead": [one.lead or "" for one in measured],
        "value": _numbers([one.value for one in measured]),
        "unit": [one.unit for one in measured],
        "state": [one.state for one in measured],
        "spread": _numbers([one.spread for one in measured]),
        "n_beats": np.array([one.n_beats for one in measured], dtype=np.int64),
        "beats": [_listed(one.beats) for one in measured],
        "method": [one.method for one in measured],
        "reason": [one.reason for one in measured],
        "delineator": [delineator] * n,
        "n_corrected": np.full(n, n_corrected, dtype=np.int64),
    }
    document = {
        "delineator": delineator,
        "n_corrected": n_corrected,
        "measurements": [{**asdict(one), "beats": list(one.beats), "n_beats": one.n_beats} for one in measured],
    }
    return Exported(columns, {name: _array(values) for name, values in columns.items()}, document)


def fiducials(beats: Beats) -> Exported:
    """The moments of the waves, a row for each beat in each channel."""
    n_channels, n_beats = len(beats.channels), beats.n_beats
    corrected = [
        " ".join(name for place, name in enumerate(FIDUCIALS) if (channel, beat, place) in beats.corrected)
        for channel in range(n_channels)
        for beat in range(n_beats)
    ]
    doubtful = np.isin(np.arange(n_beats), sorted(beats.doubtful))
    columns: dict[str, Any] = {
        "channel": [name for name in beats.channels for _ in range(n_beats)],
        "beat": np.tile(np.arange(n_beats), n_channels),
        "kind": list(beats.kinds) * n_channels,
        "doubtful": np.tile(doubtful, n_channels).astype(np.int64),
        "r_peak": np.tile(beats.r_peaks, n_channels),
        **{name: beats.times[:, :, place].ravel() for place, name in enumerate(FIDUCIALS)},
        "corrected": corrected,
        "spikes": [*_spikes_by_beat(beats), *[""] * ((n_channels - 1) * n_beats)],
        "remark": [remark for remark in _remarks(beats) for _ in range(n_beats)],
        "delineator": [beats.method] * (n_channels * n_beats),
    }
    marked = np.zeros(beats.times.shape, dtype=np.bool_)
    for place in beats.corrected:
        marked[place] = True
    arrays = {
        "times": beats.times, "channels": _array(beats.channels), "fiducials": _array(FIDUCIALS),
        "r_peaks": beats.r_peaks, "kinds": _array(beats.kinds), "spikes": beats.spikes, "corrected": marked,
        "doubtful": doubtful, "remarks": _array(_remarks(beats)), "delineator": _array([beats.method]),
    }  # fmt: skip
    document = {
        "delineator": beats.method,
        **{name: plain(arrays[name]) for name in ("channels", "fiducials", "r_peaks", "kinds", "spikes", "times")},
        "doubtful": sorted(beats.doubtful),
        "absent": dict(beats.absent),
        "left_out": dict(beats.left_out),
        "notes": dict(beats.notes),
        "corrected": [[beats.channels[c], beat, FIDUCIALS[place]] for c, beat, place in sorted(beats.corrected)],
    }
    return Exported(columns, arrays, document)


def overlaid(found: Overlay, amplitude: Amplitude) -> Exported:
    """The beats of one lead around R, a row for each sample."""
    n_beats, n_samples = found.values.shape
    time = (np.arange(n_samples) - found.r_index) / found.rate
    columns: dict[str, Any] = {
        "lead": [found.lead] * (n_beats * n_samples),
        "beat": np.repeat(np.array(found.beats, dtype=np.int64), n_samples),
        "kind": [kind for kind in found.kinds for _ in range(n_samples)],
        "r_peak": np.repeat(found.r_peaks, n_samples),
        "level": np.repeat(found.levels, n_samples),
        "time": np.tile(time, n_beats),
        "value": found.values.ravel(),
        "unit": [amplitude] * (n_beats * n_samples),
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "values": found.values, "levels": found.levels, "time": time, "r_peaks": found.r_peaks,
        "beats": np.array(found.beats, dtype=np.int64), "kinds": _array(found.kinds), "lead": _array([found.lead]),
        "rate": np.array(found.rate), "unit": _array([amplitude]),
    }  # fmt: skip
    document = {
        "lead": found.lead, "rate": found.rate, "unit": amplitude,
        **{name: plain(arrays[name]) for name in ("beats", "kinds", "r_peaks", "levels", "time", "values")},
    }  # fmt: skip
    return Exported(columns, arrays, document)


def median_fiducials(beat: MedianBeat, beats: Beats) -> Exported:
    """The moments of the waves of a median beat, a row for each channel."""
    n_channels = len(beat.channels)
    columns: dict[str, Any] = {
        "channel": list(beat.channels),
        "kinds": [_listed(beat.kinds)] * n_channels,
        "n_beats": np.full(n_channels, beat.n_beats, dtype=np.int64),
        "beats": [_listed(beat.beats)] * n_channels,
        "r": np.full(n_channels, beat.r_index / beat.rate),
        **{name: beat.times[:, place] for place, name in enumerate(FIDUCIALS)},
        "remark": _remarks(beats),
        "delineator": [beats.method] * n_channels,
    }
    arrays = {
        **_of_median_beat(beat), "r": np.array(beat.r_index / beat.rate), "rate": np.array(beat.rate),
        "remarks": _array(_remarks(beats)), "delineator": _array([beats.method]),
    }  # fmt: skip
    document = {
        "delineator": beats.method, "rate": beat.rate, "r": beat.r_index / beat.rate,
        **{name: plain(array) for name, array in _of_median_beat(beat).items()},
        "absent": dict(beats.absent), "left_out": dict(beats.left_out), "notes": dict(beats.notes),
    }  # fmt: skip
    return Exported(columns, arrays, document)


def signal_arrays(record: EcgRecord, beat: MedianBeat | None = None) -> dict[str, object]:
    """An ECG made of the record's beats, with arrays that our NPZ reader reads; of a median beat its fiducials too."""
    arrays = arrays_of(record)
    return arrays if beat is None else {**arrays, **_of_median_beat(beat)}


def signal_document(record: EcgRecord, beat: MedianBeat | None = None) -> dict[str, Any]:
    """The same for JSON."""
    document: dict[str, Any] = {
        "leads": list(record.leads), "rate": record.rate, "unit": record.amplitude, "steps": list(stated_steps(record)),
        "signal": plain(record.signal),
    }  # fmt: skip
    if beat is not None:
        document |= {name: plain(array) for name, array in _of_median_beat(beat).items()}
    return document


def _of_median_beat(beat: MedianBeat) -> dict[str, npt.NDArray[Any]]:
    return {
        "times": beat.times, "channels": _array(beat.channels), "fiducials": _array(FIDUCIALS),
        "r_index": np.array(beat.r_index), "beats": np.array(beat.beats, dtype=np.int64), "kinds": _array(beat.kinds),
    }  # fmt: skip


def _remarks(beats: Beats) -> list[str]:
    """By channel why waves are not there, why a lead was not used, and what could not be done."""
    absent = "; ".join(f"no {wave}: {reason}" for wave, reason in beats.absent.items())
    said = [{GLOBAL: absent}, beats.left_out, beats.notes]
    return ["; ".join(one[name] for one in said if one.get(name)) for name in beats.channels]


def _spikes_by_beat(beats: Beats) -> list[str]:
    """Pacing spikes, s, each at the beat whose R peak is nearest."""
    found: list[list[str]] = [[] for _ in range(beats.n_beats)]
    for spike in beats.spikes if beats.n_beats else ():
        found[int(np.abs(beats.r_peaks - spike).argmin())].append(f"{spike:.9g}")
    return [_listed(spikes) for spikes in found]


def _listed(values: Sequence[object]) -> str:
    return " ".join(map(str, values))


def plain(values: npt.NDArray[Any]) -> Any:
    """An array as nested lists for JSON, with None for NaN; a float32 with its own few digits."""
    if values.dtype == np.float32:
        values = values.astype(np.str_).astype(np.float64)
    if not np.issubdtype(values.dtype, np.floating):
        return values.tolist()
    missing = np.isnan(values)
    if missing.any():
        values = values.astype(object)
        values[missing] = None
    return values.tolist()


def _numbers(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _array(values: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """As it can be written to NPZ: never an array of objects."""
    return values if isinstance(values, np.ndarray) else np.array(list(values), dtype=np.str_)
