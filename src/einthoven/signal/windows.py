"""Giving every record the same length."""

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np

from einthoven.errors import SettingError
from einthoven.record import EcgRecord, Signal
from einthoven.spec import Padding

HARDLY_LONGER = 0.1
"""Of a window: what is left over, up to this, is not worth another."""
PADDINGS: tuple[str, ...] = get_args(Padding)
_WORDS = {
    "zeros": "marked as not there (the model sees zeros)",
    "edge": "the last value held",
    "repeat": "the record repeated",
}


@dataclass(frozen=True, slots=True)
class Windowed:
    """A record of the asked length; samples `added[0]` to `added[1]` (not included) were not recorded."""

    record: EcgRecord
    added: tuple[int, int]


def further_windows(record: EcgRecord, duration: float, *, most: int) -> tuple[Signal, ...]:
    """The windows behind the first of a longer record, evenly spread: as few as cover it, at most `most` - 1.

    Float32 `(leads, samples)` each; the last ends with the record. None of a record that is hardly longer than one.
    """
    length, n = round(duration * record.rate), record.n_samples
    count = min(math.ceil(n / length - HARDLY_LONGER), most)
    firsts = [round((n - length) * k / (count - 1)) for k in range(1, count)]
    return tuple(record.signal[:, first : first + length] for first in firsts)


def window(record: EcgRecord, duration: float, *, padding: Padding) -> Windowed:
    """Exactly round(duration * rate) samples: a longer record keeps its start, a shorter one is expanded at the end.

    Parameters
    ----------
    duration
        In seconds.
    padding
        What stands in the added part. `zeros`: NaN here, "not there", so that standardising goes by the
        record's own samples and the model's graph puts zeros afterwards; `edge`: the last value of
        each lead; `repeat`: the record from its start again.
    """
    if padding not in PADDINGS:
        raise SettingError(f"Padding {padding!r} is unknown.", advice=f"Use one of {', '.join(PADDINGS)}.")
    wanted = round(duration * record.rate) if np.isfinite(duration) else 0
    if wanted < 1:
        raise SettingError(f"A window of {duration!r} s is not possible.", advice="Give seconds above 0.")
    n = record.n_samples
    if n == wanted:
        return Windowed(record, (wanted, wanted))
    if n > wanted:
        step = f"cropped from {record.duration:.2f} to {wanted / record.rate:.2f} s (start kept)"
        return Windowed(record.with_signal(record.signal[:, :wanted], step), (wanted, wanted))
    if padding == "repeat":
        expanded = record.signal[:, np.arange(wanted) % n]
    else:
        fill = record.signal[:, -1:] if padding == "edge" else np.full((record.n_leads, 1), np.nan, np.float32)
        expanded = np.concatenate((record.signal, np.repeat(fill, wanted - n, axis=1)), axis=1)
    step = (
        f"expanded from {record.duration:.2f} to {wanted / record.rate:.2f} s: "
        f"samples {n} to {wanted - 1} were not recorded, {_WORDS[padding]}"
    )
    return Windowed(record.with_signal(expanded, step), (n, wanted))
