"""NeuroKit2's `peak`: the highest samples around R."""

from functools import partial

from einthoven.beats.delineators.entry import DelineatorEntry
from einthoven.beats.neurokit import delineate

ENTRY = DelineatorEntry(
    name="neurokit-peak",
    title="NeuroKit2 peak",
    summary="Highest samples on both sides of R; gives no QRS boundaries, no P offset and no T onset. Finds a P wave "
    "before almost every beat, in atrial fibrillation too.",
    source="NeuroKit2 0.2.13 (Makowski et al. 2021)",
    delineate=partial(delineate, method="peak"),
    requires=("neurokit2",),
)
