"""NeuroKit2's `dwt`: discrete wavelets after Martínez et al. 2004."""

from functools import partial

from einthoven.beats.delineators.entry import DelineatorEntry
from einthoven.beats.neurokit import delineate

ENTRY = DelineatorEntry(
    name="neurokit-dwt",
    title="NeuroKit2 dwt",
    summary="Discrete wavelets of a signal that NeuroKit2 resamples to 2,000 Hz; scales follow the heart rate. Finds a "
    "P wave before almost every beat, in atrial fibrillation too, and puts the QRS onset about 50 ms early.",
    source="Martínez et al., IEEE Trans Biomed Eng 51:570, 2004, as in NeuroKit2 0.2.13",
    delineate=partial(delineate, method="dwt"),
    requires=("neurokit2",),
)
