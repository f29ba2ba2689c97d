"""Running a model's list of steps on a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from einthoven.errors import SettingError
from einthoven.record import EcgRecord, Signal
from einthoven.signal.filters import band_pass
from einthoven.signal.gaps import fill_gaps
from einthoven.signal.leads import select_leads
from einthoven.signal.resampling import resample
from einthoven.signal.windows import further_windows, window
from einthoven.signal.z_score import z_score
from einthoven.spec import GRAPH_STEPS, Step

Run = Callable[[EcgRecord, Step], EcgRecord]
"""What runs a step."""


@dataclass(frozen=True, slots=True)
class Standardised:
    """What the steps made of a record.

    `signal`: float32 `(n_leads, n_samples)`, C order, NaN = sample that is not there.
    `added`: samples `added[0]` to `added[1]` (not included) were not recorded; equal when none.
    `notes`: what was done, in words, in order.
    `further`: the windows behind the first, of the same shape, where more than one was asked for.
    """

    signal: Signal
    added: tuple[int, int]
    notes: tuple[str, ...]
    further: tuple[Signal, ...] = ()


def standardise(
    record: EcgRecord,
    steps: Sequence[Step],
    *,
    graph_z_score: bool = True,
    beyond: Mapping[str, Run] | None = None,
    most_windows: int = 1,
) -> Standardised:
    """Run `steps` in the stated order.

    Parameters
    ----------
    most_windows
        How many windows of a record that is longer than one are wanted; the steps behind the window, other than those
        of the graph, are run on the first alone.
    beyond
        What runs the steps that need more than the signal (`spec.BEAT_STEPS`), by their names.
    graph_z_score
        True: the last step of `GRAPH_STEPS` is left to the model's graph, and NaN marks what is not there. False: a
        z-score is computed here as the graph would, with 0 in the place of NaN afterwards.

    Raises
    ------
    RecordError
        When the record does not allow a step; the message says which sample, lead or number is in the way.
    SettingError
        When a step is unknown or its parameters are not possible, or gaps are to be filled after the window was cut.
    """
    _check_order(steps)
    before = len(record.steps)
    added = (record.n_samples, record.n_samples)
    further: tuple[Signal, ...] = ()
    for step in steps:
        if step.name in GRAPH_STEPS and graph_z_score:
            continue
        if step.name == "window":
            windowed = window(record, step.parameters["duration_s"], padding=step.parameters["padding"])
            further = further_windows(record, step.parameters["duration_s"], most=most_windows)
            # Where the others are looked at too, nothing was cropped.
            record = replace(windowed.record, steps=record.steps) if further else windowed.record
            added = windowed.added
            continue
        rate = record.rate
        record = _run(record, step, beyond or {})
        added = (round(added[0] * record.rate / rate), round(added[1] * record.rate / rate))
    signal = record.signal
    if not graph_z_score and any(step.name == "z_score" for step in steps):
        signal = np.nan_to_num(signal, nan=0.0)
    return Standardised(signal, added, record.steps[before:], further)


def _run(record: EcgRecord, step: Step, beyond: Mapping[str, Run]) -> EcgRecord:
    if step.name in beyond:
        return beyond[step.name](record, step)
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
    raise SettingError(f"Standardising step {step.name!r} is unknown here.")


def _check_order(steps: Sequence[Step]) -> None:
    names = [step.name for step in steps]
    # The window marks what it adds as missing; filling gaps afterwards would make that up.
    if "window" in names and "fill_gaps" in names[names.index("window") :]:
        raise SettingError(f"fill_gaps must stand before window; the steps are {', '.join(names)}.")
