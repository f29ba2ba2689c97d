"""`LayoutEntry`: what the official folder of one published data set is to the rest of the program."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from einthoven.errors import RecordError
from einthoven.record import EcgRecord, ReadHints, Sex
from einthoven.registry import Registry
from einthoven.task import Task

SCALE_DOUBTS = (
    "every lead spans exactly 1.0 mV",
    "amplitudes reach",
    "no amplitude above",
    "QRS of about",
    "its header is known to state a wrong gain",
)
"""How the doubts begin that reading has about a scale; a correction of the scale answers them."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What the data set's own publication or its numbers say about a calibration that its files state wrongly.

    `gain` is counts per mV and `baseline` the count of 0 mV, as they should be, of every lead;
    `stated_baselines` those that the file states, one per lead in the file's order (the stated gains stand in
    the record's passport). `resolves` names the beginnings of doubts that were about the wrong scale.
    """

    gain: float
    baseline: float
    stated_baselines: tuple[float, ...]
    reason: str
    resolves: tuple[str, ...] = SCALE_DOUBTS

    def apply(self, record: EcgRecord) -> EcgRecord:
        """The record with mV = (count - baseline) / gain, exactly: the stored counts are whole numbers.

        Raises
        ------
        RecordError
            When the file states no gain of each lead, or its samples are no whole counts under that gain.
        """
        stated = record.source.gain
        if stated is None or not len(stated) == len(self.stated_baselines) == record.n_leads:
            raise RecordError(
                "Its gain cannot be corrected: the file does not state one gain and baseline for each lead.",
                advice="Import the file without the layout.",
            )
        # float32 keeps 24 bits: a count of 16 bits is recovered from it without a remainder.
        counts = record.signal.astype(np.float64) * np.asarray(stated)[:, None]
        whole = np.rint(counts)
        if not np.nanmax(np.abs(counts - whole), initial=0.0) < 0.1:
            raise RecordError("Its gain cannot be corrected: the samples are no whole counts under the stated gain.")
        signal = (whole + np.asarray(self.stated_baselines)[:, None] - self.baseline) / self.gain
        source = replace(
            record.source,
            changed=(*record.source.changed, self.reason),
            doubts=tuple(doubt for doubt in record.source.doubts if not doubt.startswith(self.resolves)),
        )
        return replace(record, signal=signal.astype(np.float32), source=source)


@dataclass(frozen=True, slots=True)
class LayoutRecord:
    """One ECG of the layout.

    `file_name` is the file's path relative to the folder, with `/` (of a WFDB record the header's); `index` which
    of the file's ECGs. `subject_id` is the patient's number as it stands there, to be pseudonymised at import;
    None where only the file states it. `age` is None where it is not stated or hidden.
    """

    file_name: str
    index: int = 0
    subject_id: str | None = None
    age: float | None = None
    sex: Sex | None = None
    fold: int | None = None
    correction: Correction | None = None

    @property
    def name(self) -> str:
        """As the record is called in the dataset: the second ECG of a file is `file#2`."""
        return self.file_name if self.index == 0 else f"{self.file_name}#{self.index + 1}"


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of the tables whose file is not there, and files (or ECGs in them) of which the tables have no row."""

    rows_without_file: tuple[str, ...] = ()
    files_without_row: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """What the folder holds.

    `hints` are facts about the files that the data set's description states and the files do not. The answers
    of `tasks` are by `LayoutRecord.name`. `notes` says what was decided in reading the tables.
    """

    folder: Path
    records: tuple[LayoutRecord, ...]
    tasks: tuple[Task, ...]
    missing: Missing = Missing()
    notes: tuple[str, ...] = ()
    hints: ReadHints = field(default_factory=ReadHints)
    resolution: int | None = None


@dataclass(frozen=True, slots=True)
class LayoutEntry:
    """One data set.

    Parameters
    ----------
    name, title
        For commands; for people.
    requires
        Packages that reading the tables needs.
    brings
        One sentence: which labels, and what is corrected.
    source
        Where the data set is described.
    holds
        One sentence: what the folder must hold.
    recognises
        Whether a folder is of this layout: looks at names and first lines only, and never raises.
    read
        Folder and wanted resolution (Hz or None) -> `Layout`; LabelError when a table is missing or damaged.
    resolutions
        Rates between which the layout lets choose; empty when there is one.
    tried
        Which real files it was held against; empty when none could be had.
    """

    name: str
    title: str
    requires: tuple[str, ...]
    brings: str
    source: str
    holds: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, int | None], Layout]
    resolutions: tuple[int, ...] = ()
    tried: str = ""


LAYOUTS: Registry[LayoutEntry] = Registry("einthoven.labels.layouts", LayoutEntry, "data set layout")
"""Every data set that can be imported with its labels, by name."""
