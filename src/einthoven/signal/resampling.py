"""Changing the rate."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from einthoven.errors import RecordError, SettingError
from einthoven.record import MAX_RATE_HZ, MIN_RATE_HZ, EcgRecord
from einthoven.signal.gaps import require_no_gaps

_LARGEST_DENOMINATOR = 100_000


def resample(record: EcgRecord, rate: float) -> EcgRecord:
    """The record at `rate` samples per second, by FFT (scipy.signal.resample); unchanged when it has that rate.

    The result has round(n_samples * rate / record.rate) samples, the first at the same moment as
    before. Frequencies above half of the new rate are removed.

    Raises
    ------
    RecordError
        When samples are missing, or the record is too short to have a sample at the new rate.
    """
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise SettingError(
            f"A rate of {rate!r} Hz is not possible.", advice=f"Give {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz."
        )
    if rate == record.rate:
        return record
    wanted = round(record.n_samples * rate / record.rate)
    if wanted < 1:
        raise RecordError(
            f"A record of {record.n_samples} samples at {record.rate:g} Hz has none at {rate:g} Hz.",
            advice="Use a longer recording.",
        )
    require_no_gaps(record, f"resampling to {rate:g} Hz")
    from scipy.signal import resample as fft_resample

    extended = _whole_periods(record.signal.astype(np.float64), rate, record.rate)
    resampled = fft_resample(extended, round(extended.shape[1] * rate / record.rate), axis=1)[:, :wanted]
    return record.with_signal(resampled, f"resampled from {record.rate:g} to {rate:g} Hz (FFT)", rate=rate)


def _whole_periods(signal: npt.NDArray[np.float64], new: float, old: float) -> npt.NDArray[np.float64]:
    """Extended so that the new number of samples is a whole number.

    Otherwise the FFT would stretch time: 3601 samples at 360 Hz would become 1000 samples at
    99.97 Hz. The extension leads straight from the last value to the first, where the FFT goes on.
    """
    ratio = (Fraction(new) / Fraction(old)).limit_denominator(_LARGEST_DENOMINATOR)
    lacking = -signal.shape[1] % ratio.denominator
    if lacking == 0 or ratio.denominator > signal.shape[1]:
        return signal
    way = np.arange(1, lacking + 1) / (lacking + 1)
    first, last = signal[:, :1], signal[:, -1:]
    return np.concatenate((signal, last + (first - last) * way), axis=1)
