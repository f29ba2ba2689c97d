"""NeuroKit2's `prominence`: the most prominent extremes in their windows."""

from functools import partial

from einthoven.beats.delineators.entry import DelineatorEntry
from einthoven.beats.neurokit import delineate

ENTRY = DelineatorEntry(
    name="neurokit-prominence",
    title="NeuroKit2 prominence",
    summary="The most prominent maxima and minima in windows of fixed length around R. Finds a P wave before almost "
    "every beat, in atrial fibrillation too.",
    source="Emrich et al., EUSIPCO 2024, 1402-1406, as in NeuroKit2 0.2.13",
    delineate=partial(delineate, method="prominence"),
    requires=("neurokit2",),
)
