"""Whether what was found are heart beats: QRS complexes look like each other and stand out of what lies between.

Noise, too, has peaks, and where all is noise the largest of them are found. But the network does not take them for QRS
complexes, no two are alike over the leads (correlation of the samples around R, leads side by side), or they stand no
higher than the rest. In a record that shows a heart, a peak that looks like no other beat, out of surroundings as
large as itself, may be noise, and is doubtful; an extrasystole stands out of rest.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.beats.prepared import Prepared, zero_phase
from einthoven.beats.qrs import Detected
from einthoven.beats.types import Floats

BEFORE_S, AFTER_S = 0.10, 0.15
FEWEST = 3
LEAST_SURE = 0.3
"""Mean score of the network over the beats: 0.94 and more in ECGs, up to 0.12 in baseline wander and hum."""
LEAST_ALIKE, LEAST_NEAREST = 0.35, 0.9
"""Correlation of one beat with another (median over pairs), and with that which is most like it (median over beats):
ECGs have 0.58 and 0.95 and more; white, pink and muscle noise and walking 0.30 and 0.87 and less."""
SURELY_ALIKE, STANDS_OUT = 0.8, 4.0
LIKE_NONE, NOISY = 0.7, 20.0
"""A beat is doubtful where no other is so like it and it has less than so many times the energy of what surrounds it:
7 of 1,255 beats of ECGs, and 42 of 93 false ones in ECGs with noise added."""
LARGEST = 1.5
"""Of the usual size of a lead's QRS, as which a larger one counts."""
MOST_COMPARED = 500
_BAND_HZ = (5.0, 40.0)
_QRS_S, _NEAR_S, _FAR_S = 0.12, 0.15, 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How alike the beats are and how far they stand out of what surrounds them.

    `sure` is the network's mean score; `alike` and `nearest` are correlations (NaN with fewer than three whole beats);
    `nearest_of` and `stands_out` float64 `(beats,)`, NaN where a beat lies too close to an end.
    """

    sure: float
    alike: float
    nearest: float
    nearest_of: Floats
    stands_out: Floats

    @property
    def no_heart(self) -> str | None:
        """Why these are no beats of a heart, or None."""
        steady = self.alike >= SURELY_ALIKE and float(np.nanmedian(self.stands_out)) >= STANDS_OUT
        if self.sure < LEAST_SURE and not steady:
            return "what stands out of the signal does not look like QRS complexes"
        if self.alike < LEAST_ALIKE and self.nearest < LEAST_NEAREST:
            return "the largest waves do not look like each other: this is noise, or no beat can be seen in it"
        return None

    @property
    def doubtful(self) -> npt.NDArray[np.bool_]:
        """Beats that may be noise."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self.nearest_of < LIKE_NONE) & (self.stands_out < NOISY))


def likeness(detected: Detected) -> Likeness:
    """What the beats that were found have in common."""
    clean, r_peaks = detected.clean, detected.r_peaks
    scores = np.zeros(len(r_peaks))
    for qrs, beat in detected.beats_of_qrs(r_peaks).items():
        scores[beat] = max(scores[beat], detected.stretches.qrs[qrs].score)
    sure = float(scores.mean()) if len(scores) else 0.0
    nearest_of = np.full(len(r_peaks), np.nan)
    before, after = round(BEFORE_S * clean.rate), round(AFTER_S * clean.rate)
    centres = np.round(r_peaks * clean.rate).astype(np.int64)
    whole = (centres >= before) & (centres + after <= clean.signal.shape[1])
    stands_out = _standing_out(clean, centres)
    if np.count_nonzero(whole) < FEWEST:
        return Likeness(sure, np.nan, np.nan, nearest_of, stands_out)
    shapes = normed(tamed(windows(clean.signal, centres[whole], before, after), len(clean.signal)))
    chosen = reference(len(shapes))
    alike = shapes @ shapes[chosen].T
    alike[chosen, np.arange(len(chosen))] = np.nan  # itself
    nearest_of[whole] = np.nanmax(alike, axis=1)
    nearest = float(np.median(nearest_of[whole]))
    return Likeness(sure, float(np.nanmedian(alike)), nearest, nearest_of, stands_out)


def reference(n: int) -> npt.NDArray[np.int64]:
    """Indices of the beats, evenly spaced, that all are held against: of a long record some will do."""
    return np.unique(np.linspace(0, n - 1, min(n, MOST_COMPARED)).round().astype(np.int64))


def windows(signal: Floats, centres: npt.NDArray[np.int64], before: int, after: int) -> Floats:
    """`(beats, leads * samples)`, each lead around its own mean."""
    around = signal[:, centres[:, None] + np.arange(-before, after)].swapaxes(0, 1)
    centred: Floats = (around - around.mean(axis=2, keepdims=True)).reshape(len(centres), -1)
    return centred


def tamed(shapes: Floats, n_leads: int) -> Floats:
    """Leads that are far larger than in most beats made smaller, so that an artefact of one lead does not decide."""
    leads = shapes.reshape(len(shapes), n_leads, -1)
    size = np.sqrt(np.einsum("bls,bls->bl", leads, leads))
    limit = LARGEST * np.median(size, axis=0)
    part = np.where(size > limit, limit / np.where(size > 0, size, 1), 1)
    smaller: Floats = (leads * part[:, :, None]).reshape(shapes.shape)
    return smaller


def normed(shapes: Floats) -> Floats:
    """Each row with length 1; a row of zeros stays."""
    size = np.sqrt(np.einsum("bs,bs->b", shapes, shapes))[:, None]
    found: Floats = shapes / np.where(size > 0, size, 1)
    return found


def _standing_out(clean: Prepared, centres: npt.NDArray[np.int64]) -> Floats:
    """Energy of each QRS, over the median of what lies beside it."""
    from scipy.ndimage import uniform_filter1d

    band = zero_phase(clean.signal, 1, _BAND_HZ, "band")
    variance = band.var(axis=1, keepdims=True)
    weighed = (band**2 / np.where(variance > 0, variance, 1)).mean(axis=0)
    energy = uniform_filter1d(weighed, max(1, round(_QRS_S * clean.rate)))
    near, far = round(_NEAR_S * clean.rate), round(_FAR_S * clean.rate)
    away = np.concatenate((np.arange(-far, -near), np.arange(near, far)))
    last = len(energy) - 1
    beside = np.median(energy[np.clip(centres[:, None] + away, 0, last)], axis=1) if len(centres) else np.empty(0)
    found: Floats = energy[np.clip(centres, 0, last)] / np.maximum(beside, 1e-12)
    return found
