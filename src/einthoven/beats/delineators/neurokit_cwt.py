"""NeuroKit2's `cwt`: continuous wavelets, made for 1,000 Hz."""

from functools import partial

from einthoven.beats.delineators.entry import DelineatorEntry
from einthoven.beats.neurokit import delineate

ENTRY = DelineatorEntry(
    name="neurokit-cwt",
    title="NeuroKit2 cwt",
    summary="Continuous wavelets of fixed widths in samples, made for 1,000 Hz. Finds no P wave of the first beat and "
    "no T wave of the last, often one wave only between two beats, and P waves in atrial fibrillation.",
    source="NeuroKit2 0.2.13 (Makowski et al. 2021), after Martínez et al., IEEE Trans Biomed Eng 51:570, 2004",
    delineate=partial(delineate, method="cwt"),
    requires=("neurokit2",),
)
