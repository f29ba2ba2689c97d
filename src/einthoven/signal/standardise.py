"""Running a model's list of steps on a record."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from einthoven.errors import SettingError
from einthoven.record import EcgRecord, Signal
from einthoven.signal.filters import band_pass
from einthoven.signal.gaps import fill_gaps
from einthoven.signal.leads import select_leads
from einthoven.signal.resampling import resample
from einthoven.signal.windows import window
from einthoven.signal.z_score import z_score
from einthoven.spec import Step


@dataclass(frozen=True, slots=True)
class Standardised:
    """What the steps made of a record.

    `signal`: float32 `(n_leads, n_samples)`, C order, NaN = sample that is not there.
    `added`: samples `added[0]` to `added[1]` (not included) were not recorded; equal when none.
    `notes`: what was done, in words, in order.
    """

    signal: Signal
    added: tuple[int, int]
    notes: tuple[str, ...]


def standardise(record: EcgRecord, steps: Sequence[Step], *, graph_z_score: bool = True) -> Standardised:
    """Run `steps` in the stated order.

    Parameters
    ----------
    graph_z_score
        True: a `z_score` step is left to the model's graph, and NaN marks what is not there. False: it is
        computed here as the graph would, with 0 in the place of NaN afterwards.

    Raises
    ------
    RecordError
        When the record does not allow a step; the message says which sample, lead or number is in the way.
    SettingError
        When a step's parameters are not possible, or gaps are to be filled after the window was cut.
    """
    _check_order(steps)
    before = len(record.steps)
    added = (record.n_samples, record.n_samples)
    for step in steps:
        if step.name == "z_score" and graph_z_score:
            continue
        if step.name == "window":
            windowed = window(record, step.parameters["duration_s"], padding=step.parameters["padding"])
            record, added = windowed.record, windowed.added
            continue
        rate = record.rate
        record = _run(record, step)
        added = (round(added[0] * record.rate / rate), round(added[1] * record.rate / rate))
    signal = record.signal
    if not graph_z_score and any(step.name == "z_score" for step in steps):
        signal = np.nan_to_num(signal, nan=0.0)
    return Standardised(signal, added, record.steps[before:])


def _run(record: EcgRecord, step: Step) -> EcgRecord:
    p = step.parameters
    match step.name:
        case "leads":
            return select_leads(record, p["leads"])
        case "fill_gaps":
            return fill_gaps(record, longest=p["longest_s"])
        case "band_pass":
            return band_pass(record, p["low_hz"], p["high_hz"], order=p["order"])
        case "resample":
            return resample(record, p["rate_hz"])
        case "z_score":
            return z_score(record, over=p["over"])
    raise SettingError(f"Standardising step {step.name!r} is unknown.")


def _check_order(steps: Sequence[Step]) -> None:
    names = [step.name for step in steps]
    # The window marks what it adds as missing; filling gaps afterwards would make that up.
    if "window" in names and "fill_gaps" in names[names.index("window") :]:
        raise SettingError(f"fill_gaps must stand before window; the steps are {', '.join(names)}.")
