"""Scaling of long recordings piece by piece: a day of Holter ECG as float64 would take four times the file."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from einthoven.formats.facts import Settled
from einthoven.record import Signal

_AT_ONCE = 1 << 20


def scale_rows(settled: Settled, rows: Iterable[npt.NDArray[np.generic]], n_samples: int) -> Signal:
    """`settled.scale` in pieces: float32 `(leads, samples)`; each row has `n_samples` numbers."""
    signal = np.empty((len(settled.leads), n_samples), np.float32)
    for k, row in enumerate(rows):
        one = slice(k, k + 1)
        alone = replace(
            settled, gain=settled.gain[one], baseline=settled.baseline[one], mv_per_unit=settled.mv_per_unit[one]
        )
        for start in range(0, n_samples, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            signal[one, part] = alone.scale(row[None, part])
    return signal
