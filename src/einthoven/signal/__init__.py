"""From the record as it was read to the record a model wants: each step a function that returns a new record."""

from einthoven.signal.filters import band_pass
from einthoven.signal.gaps import fill_gaps
from einthoven.signal.leads import select_leads
from einthoven.signal.resampling import resample
from einthoven.signal.standardise import Standardised, standardise
from einthoven.signal.windows import Windowed, window
from einthoven.signal.z_score import z_score

__all__ = [
    "Standardised",
    "Windowed",
    "band_pass",
    "fill_gaps",
    "resample",
    "select_leads",
    "standardise",
    "window",
    "z_score",
]
