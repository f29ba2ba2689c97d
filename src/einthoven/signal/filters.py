"""Band-pass filtering without shift in time."""

from functools import lru_cache
from typing import Any

import numpy as np

from einthoven.errors import RecordError, SettingError
from einthoven.record import EcgRecord
from einthoven.signal.gaps import require_no_gaps


def band_pass(record: EcgRecord, low: float, high: float, *, order: int = 4) -> EcgRecord:
    """Butterworth band-pass from `low` to `high` Hz, run forward and backward (zero phase), at the record's rate.

    Forward and backward, the gain at `low` and `high` is -6 dB, not -3. Computed in float64 as
    second-order sections. A record whose file states that exactly this band was applied is not
    filtered a second time; its steps say so.

    Raises
    ------
    RecordError
        When the rate is too low for `high`, the record too short, or samples are missing.
    """
    if not (np.isfinite([low, high]).all() and 0 < low < high and order >= 1):
        raise SettingError(
            f"A band-pass from {low!r} to {high!r} Hz of order {order!r} is not possible.",
            advice="Give 0 < low < high in Hz and an order of 1 or more.",
        )
    band = f"{low:g}-{high:g} Hz"
    if record.source.band is not None and tuple(record.source.band) == (low, high):
        return record.with_signal(record.signal, f"band-pass {band} left out: the file states that it was applied")
    if record.rate <= 2 * high:
        raise RecordError(
            f"A band-pass up to {high:g} Hz needs more than {2 * high:g} samples per second; "
            f"this record has {record.rate:g}.",
            advice="Use a recording with a higher rate, or a model with a lower upper edge.",
        )
    require_no_gaps(record, f"the band-pass {band}")
    sections = _sections(low, high, order, record.rate)
    padding = _padding(sections)
    if record.n_samples <= padding:
        raise RecordError(
            f"{record.n_samples} samples ({record.duration:.3f} s) are too few for the band-pass {band}, "
            f"which needs more than {padding}.",
            advice="Use a longer recording.",
        )
    from scipy.signal import sosfiltfilt

    filtered = sosfiltfilt(sections, record.signal.astype(np.float64), axis=1, padlen=padding)
    return record.with_signal(filtered, f"band-pass {band}, Butterworth order {order}, forward and backward")


@lru_cache(maxsize=32)
def _sections(low: float, high: float, order: int, rate: float) -> Any:
    from scipy.signal import butter

    return butter(order, (low, high), btype="bandpass", fs=rate, output="sos")


def _padding(sections: Any) -> int:
    """The odd extension at each end that scipy.signal.sosfiltfilt takes by default, in samples."""
    taps = 2 * len(sections) + 1
    taps -= min((sections[:, 2] == 0).sum(), (sections[:, 5] == 0).sum())
    return int(3 * taps)
