"""Where the QRS complexes are: the network says so, at a pace it knows; signal processing says how fast the heart is.

The network has learned from hearts of 40 to 150 beats a minute. A faster heart is shown to it slowed down, so that
its beats come as often as those it knows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.beats.decoding import Stretches, find_stretches, locate
from einthoven.beats.network import Answer, ask
from einthoven.beats.prepared import Prepared, prepared
from einthoven.beats.r_peaks import find_r_peaks
from einthoven.beats.types import Floats

FASTEST_RR_S = 0.45
"""The shortest usual RR interval (133 a minute) that is shown to the network as it is."""
MOST_SLOWED = 3.0
SAME_S = 0.1
"""Two R peaks so near are one."""
_FEWEST = 0.6
"""Of the beats that signal processing finds; where the network finds fewer, it does not know such a signal."""


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """The beats of all leads together: `r_peaks` float64 `(beats,)` in seconds, and what the network said.

    `pace`: times of `answer` and `stretches` are so many times as long as those of the record. `peaks` float64
    `(QRS stretches,)` are where the network sees the peak of each, in seconds of the record.
    """

    clean: Prepared
    r_peaks: Floats
    peaks: Floats
    answer: Answer
    stretches: Stretches
    pace: float

    def beats_of_qrs(self, r_peaks: Floats) -> dict[int, int]:
        """Number of a QRS stretch -> the beat that it is, of those with their R peak at `r_peaks`."""
        if not len(self.peaks) or not len(r_peaks):
            return {}
        away = np.abs(r_peaks[:, None] - self.peaks[None])
        nearest = away.argmin(axis=1)
        near = away.min(axis=1) <= SAME_S
        return {int(qrs): beat for beat, qrs in enumerate(nearest) if near[beat]}


def detect(signal: npt.NDArray[np.float32], rate: float) -> Detected:
    """The QRS complexes of `(leads, samples)` without gaps, at least a second long."""
    clean = prepared(signal, rate)
    rough = find_r_peaks(clean)
    pace = _pace(rough)
    answer = ask(clean if pace == 1 else prepared(signal, rate / pace))
    stretches = find_stretches(answer)
    peaks = locate(answer, "QRS", stretches.qrs)[0, :, 1] / pace
    inside = np.flatnonzero((peaks >= 0) & (peaks <= signal.shape[1] / rate))
    r_peaks = rough if len(inside) < _FEWEST * len(rough) else peaks[inside]
    return Detected(clean, r_peaks, peaks, answer, stretches, pace)


def _pace(r_peaks: Floats) -> float:
    if len(r_peaks) < 3:
        return 1.0
    usual = float(np.median(np.diff(r_peaks)))
    return min(max(FASTEST_RR_S / usual, 1.0), MOST_SLOWED)
