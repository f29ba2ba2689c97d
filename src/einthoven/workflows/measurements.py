"""What a measuring is asked for and what it answers: plain values for pages, command line and Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from einthoven.beats.corrections import Correction
from einthoven.beats.measurement import Measurement
from einthoven.beats.types import FIDUCIALS
from einthoven.leads import SCP_CODE, STANDARD_12, canonical_lead, inverted_of
from einthoven.record import Amplitude, ReadHints
from einthoven.results import Failure
from einthoven.store.types import Job

Export = Literal[
    "measurements", "fiducials", "qrs-overlay", "median-beat", "median-fiducials", "rlign-median", "rlign-aligned"
]
FileFormat = Literal["csv", "json", "npz", "parquet"]
MedianSource = Literal["own", "rlign"]

EXPORTS: tuple[Export, ...] = get_args(Export)
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
DEFAULT_METHOD = "einthoven"
DEFAULT_LEAD = "II"


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """Measure every record of a dataset (or only of `folds`), or files at `paths` that are not kept.

    `what` becomes files of the job in `file_format`; `lead` is the one whose beats are overlaid.
    """

    dataset: str | None = None
    folds: tuple[int, ...] | None = None
    paths: tuple[str, ...] = ()
    hints: ReadHints = field(default_factory=ReadHints)
    method: str = DEFAULT_METHOD
    what: tuple[Export, ...] = ("measurements",)
    file_format: FileFormat = "csv"
    lead: str = DEFAULT_LEAD

    @property
    def lead_name(self) -> str:
        """`lead` as records spell it: II for `ii` or `Lead II`."""
        return canonical_lead(self.lead)

    @property
    def lead_is_known(self) -> bool:
        """Whether there is a lead of that name; ECGs may hold others, under names of their own."""
        name = self.lead_name
        return name in SCP_CODE or name.removeprefix("ML") in STANDARD_12 or inverted_of(name) is not None


@dataclass(frozen=True, slots=True)
class MeasureSummary:
    """One measurement over all ECGs: how often it was had, and its median and quartiles."""

    name: str
    title: str
    unit: str
    lead: str | None
    n_measured: int
    n_absent: int
    n_not_measurable: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One ECG of a measuring. `item` is None for files that are not in a dataset."""

    item: int | None
    file_name: str
    n_beats: int
    n_corrected: int
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class MeasureOutcome:
    """What a measuring found.

    `total` counts the ECGs in which beats were found, `rows` are the first of them; `refused` are the first of the
    `n_refused` others, and `left_out` those of which an export could not be made. `reasons` counts the ECGs in which
    a measurement is absent or cannot be told, by the reason in words. `files` are names in the job's folder.
    """

    job: Job | None
    method: str
    dataset: str | None
    total: int
    n_corrected: int
    files: tuple[str, ...]
    summary: tuple[MeasureSummary, ...]
    rows: tuple[MeasuredRow, ...]
    n_refused: int
    refused: tuple[Failure, ...]
    n_left_out: int
    left_out: tuple[Failure, ...]
    reasons: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class CorrectedTime:
    """A time that a person set, by name: `beat` counts from 0."""

    channel: str
    beat: int
    fiducial: str


@dataclass(frozen=True, slots=True)
class MeasuredRecord:
    """The beats of one record and what is measured on them, or `obstacle` and `reason` when there are none.

    `times` are seconds from the start of the record, by channel (`channels`), beat and fiducial (`fiducials`); None:
    not there, or not to be told. `methods` are those that can be used here. `absent` says by wave why the record has
    none, `left_out` by lead why it was not used, `notes` by channel what could not be done there
    (`corrections`: of how many this method finds no beat).
    """

    item: int
    method: str
    methods: tuple[str, ...]
    leads: tuple[str, ...]
    amplitude: Amplitude
    duration: float
    obstacle: str | None = None
    reason: str = ""
    channels: tuple[str, ...] = ()
    fiducials: tuple[str, ...] = FIDUCIALS
    r_peaks: tuple[float, ...] = ()
    kinds: tuple[str, ...] = ()
    spikes: tuple[float, ...] = ()
    times: tuple[tuple[tuple[float | None, ...], ...], ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    corrected: tuple[CorrectedTime, ...] = ()
    corrections: tuple[Correction, ...] = ()
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True)
class OverlaidBeat:
    """One row of an overlay: which beat of the record, of which kind, where its R is (s), and its level before QRS."""

    beat: int
    kind: str
    r_peak: float
    level: float


@dataclass(frozen=True, slots=True)
class OverlayView:
    """All beats of a lead around R.

    The samples are float32 `(beats, samples)`, above the level before QRS of each beat. R is at sample `r_index`,
    `before` seconds from the first.
    """

    lead: str
    leads: tuple[str, ...]
    rate: float
    r_index: int
    before: float
    after: float
    unit: str
    n_samples: int
    beats: tuple[OverlaidBeat, ...]


@dataclass(frozen=True, slots=True)
class MedianView:
    """A median beat of each lead. The samples are float32 `(leads, samples)`.

    `r_index` is the sample of R and `times` the fiducials in seconds from the first sample, by channel and fiducial;
    both None where the method tells none (Rlign). `steps` says in words how it was made.
    """

    source: MedianSource
    leads: tuple[str, ...]
    channels: tuple[str, ...]
    rate: float
    n_samples: int
    unit: str
    r_index: int | None
    times: tuple[tuple[float | None, ...], ...] | None
    n_beats: int | None
    kinds: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlignedView:
    """The time-aligned ECG. The samples are float32 `(leads, samples)`."""

    leads: tuple[str, ...]
    rate: float
    n_samples: int
    unit: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewCorrection:
    """A time that a person sets: `r_peak` (s) names the beat, `time` is None where this is not there."""

    channel: str
    r_peak: float
    fiducial: str
    time: float | None
    who: str = ""
