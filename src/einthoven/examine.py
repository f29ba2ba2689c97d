"""A record as it was read, completed and looked at: derived leads, checks of leads, pacing spikes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from einthoven import formats
from einthoven.formats import FileSource, read_all
from einthoven.formats.doubts import CHECK_SCALE, lacking_leads
from einthoven.leads import inverted_of
from einthoven.record import EcgRecord, ReadHints
from einthoven.signal.lead_checks import check_leads, complete_limb_leads
from einthoven.signal.lead_swaps import CHEST, CHEST_SWAPS, LIMB, check_swaps
from einthoven.signal.pacing import find_pacing
from einthoven.signal.quality import assess
from einthoven.signal.steady import SteadySignal, steady_signal


def open_all(source: FileSource, hints: ReadHints | None = None) -> Iterator[EcgRecord]:
    """Every ECG in the file, examined. The one way by which ECGs enter the program.

    Raises
    ------
    FormatError, HintsNeeded, RecordError, MissingDependency
        As `formats.read_all`.
    """
    for record in read_all(source, hints):
        yield examine(record)


def read(path: str | Path, hints: ReadHints | None = None) -> EcgRecord:
    """The one ECG in the file at `path`, examined; a median beat that the device put beside it is passed over.

    Raises
    ------
    FormatError
        As `open_all`, and when the file holds several ECGs; `open_all` gives them one by one.
    """
    return examine(formats.read(path, hints))


def examine(record: EcgRecord) -> EcgRecord:
    """The record with what its signal tells about it.

    Inverted leads (Cabrera's -aVR) are turned upright and III, aVR, aVL and aVF derived from I and II where they
    lack; mistakes of gain, sign, name and order among the limb leads and probably interchanged electrodes become
    `source.doubts`, pacing spikes annotations. No stored sample is changed but for the sign of an inverted lead,
    which `source.changed` names. What cannot be told is left out. Quality is looked at by `signal.quality.assess`.
    """
    whole = complete_limb_leads(_upright(record))
    doubts = [doubt for doubt in whole.source.doubts if doubt not in lacking_leads(record.leads)]
    steady = steady_signal(whole)
    checked = check_leads(whole, steady)
    doubts += [*lacking_leads(whole.leads), *checked.doubts]
    # Where the leads contradict each other, a lead that looks like another one says nothing about electrodes.
    if not checked.findings:
        doubts += _interchanged(whole, steady)
    # A spike is told by its height in mV, which means nothing where the scale is in doubt.
    spikes = [] if any(CHECK_SCALE in doubt for doubt in doubts) else find_pacing(whole).spikes
    spikes = [spike for spike in spikes if spike not in whole.annotations]
    kept = tuple(dict.fromkeys(doubts))
    if kept == whole.source.doubts and not spikes:
        return whole
    source = replace(whole.source, doubts=kept)
    return replace(whole, source=source, annotations=(*whole.annotations, *spikes))


def _interchanged(record: EcgRecord, steady: SteadySignal) -> list[str]:
    """Electrodes that are probably interchanged, as long as every lead that says so shows an ECG.

    A flat lead is just what an electrode interchanged with that of the right leg makes.
    """
    swaps = check_swaps(record, steady).swaps
    useless = assess(record).useless if swaps else frozenset()
    return [swap.text for swap in swaps if "RL" in swap.swap or not useless & _leads_of(swap.swap)]


def _leads_of(swap: str) -> frozenset[str]:
    """The leads by which a swap is told: those of two chest electrodes, all of them, or the limb leads."""
    if swap not in CHEST_SWAPS:
        return frozenset(LIMB)
    return frozenset(swap.split("/")) & frozenset(CHEST) or frozenset(CHEST)


def _upright(record: EcgRecord) -> EcgRecord:
    """Leads that are stored inverted as what they are the negative of, where that is not stored too."""
    upright = {name: base for name in record.leads if (base := inverted_of(name)) and base not in record.leads}
    if not upright:
        return record
    sign = np.array([-1 if name in upright else 1 for name in record.leads], dtype=np.float32)
    changed = tuple(f"lead {name} is stored; turned to {base}" for name, base in upright.items())
    return replace(
        record,
        signal=record.signal * sign[:, None],
        leads=tuple(upright.get(name, name) for name in record.leads),
        source=replace(record.source, changed=(*record.source.changed, *changed)),
    )
