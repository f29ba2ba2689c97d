"""Mean 0 and standard deviation 1: the reference for what an exported graph computes on its input."""

from typing import get_args

import numpy as np

from einthoven.errors import SettingError
from einthoven.record import EcgRecord
from einthoven.spec import ZScoreOver

FLAT = 1e-6
"""A standard deviation below this (in the record's unit) counts as flat; what is flat becomes 0."""


def z_score(record: EcgRecord, *, over: ZScoreOver) -> EcgRecord:
    """(x - mean) / standard deviation over the samples that are there, per lead or over the whole record.

    Population standard deviation (divided by n). NaN is left out of both and stays NaN; what has a
    standard deviation below `FLAT` becomes 0. The amplitude is relative afterwards.
    """
    if over not in get_args(ZScoreOver):
        raise SettingError(f"z_score over {over!r} is unknown.", advice="Use lead or record.")
    signal = record.signal.astype(np.float64)
    axis = 1 if over == "lead" else None
    present = ~np.isnan(signal)
    n = np.maximum(present.sum(axis=axis, keepdims=True), 1)
    centred = signal - np.where(present, signal, 0.0).sum(axis=axis, keepdims=True) / n
    deviation = np.sqrt((np.where(present, centred, 0.0) ** 2).sum(axis=axis, keepdims=True) / n)
    flat = deviation < FLAT
    scored = np.where(flat & present, 0.0, centred / np.where(flat, 1.0, deviation))
    return record.with_signal(scored, f"z-score per {over}", amplitude="relative")
