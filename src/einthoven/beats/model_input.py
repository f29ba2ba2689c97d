"""Steps of a model's list that need the beats: the median beat, and what Rlign makes, as the input of the model.

The beats are those that are found on the record as it was recorded, whatever steps come before: the same at training,
at predicting and in another installation. Times that a person corrected do not count, since a model elsewhere would
not have them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np

from einthoven.beats import alignment, finding
from einthoven.beats.median_beat import median_beat_record
from einthoven.beats.types import FIDUCIALS, Beats, NoBeats
from einthoven.record import EcgRecord
from einthoven.signal.gaps import require_no_gaps
from einthoven.spec import Step

Make = Callable[[EcgRecord, Beats | NoBeats, Step], EcgRecord]


def _median_beat(record: EcgRecord, beats: Beats | NoBeats, step: Step) -> EcgRecord:
    return median_beat_record(
        record, beats, before=step.parameters["before_s"], after=step.parameters["after_s"]
    )  # fmt: skip


def _rlign_median(record: EcgRecord, beats: Beats | NoBeats, step: Step) -> EcgRecord:
    p = step.parameters
    return alignment.rlign_median_beat(record, beats, template=p["template_bpm"], scaling=p["scaling"])


def _rlign_aligned(record: EcgRecord, beats: Beats | NoBeats, step: Step) -> EcgRecord:
    p = step.parameters
    return alignment.time_aligned(record, beats, template=p["template_bpm"], scaling=p["scaling"])


STEPS: Mapping[str, Make] = MappingProxyType(
    {"median-beat": _median_beat, "rlign-median": _rlign_median, "rlign-aligned": _rlign_aligned}
)
"""What runs each of `spec.BEAT_STEPS`."""


def beat_steps(recorded: EcgRecord) -> Mapping[str, Callable[[EcgRecord, Step], EcgRecord]]:
    """What runs the steps that need beats, for `signal.standardise.standardise`; they are found when one is run.

    Each raises RecordError where the record has no beats, too few, or samples that are missing, and
    MissingDependency where a package lacks.
    """

    @cache
    def found() -> Beats | NoBeats:
        return finding.find_beats(recorded)

    def run(record: EcgRecord, step: Step) -> EcgRecord:
        made = STEPS[step.name](record, _in_leads(found(), record.leads), step)
        require_no_gaps(made, f"the step {step.name}")
        return made

    return dict.fromkeys(STEPS, run)


def require(name: str) -> None:
    """MissingDependency when the step of that name cannot be run here."""
    if name.startswith("rlign"):
        alignment.require_rlign()


def _in_leads(beats: Beats | NoBeats, leads: tuple[str, ...]) -> Beats | NoBeats:
    """The beats for a record of other leads: their moments and kinds, without waves."""
    if isinstance(beats, NoBeats):
        return beats
    return replace(
        beats, leads=leads, times=np.full((1 + len(leads), beats.n_beats, len(FIDUCIALS)), np.nan),
        left_out={name: reason for name, reason in beats.left_out.items() if name in leads},
        corrected=frozenset(), moved={},
    )  # fmt: skip
