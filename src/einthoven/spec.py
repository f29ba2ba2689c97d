"""`ModelSpec`: everything one must know to feed a model and to read its answer. Travels with the weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Self, get_args

from einthoven.errors import IncompatibleModel, SettingError
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.task import KINDS, Kind, TaskClass

FORMAT = "einthoven-model-spec"
VERSION = 1

ZScoreOver = Literal["lead", "record"]
Scaling = Literal["z_score", "min_max"]
SubjectInput = Literal["age", "sex"]
SUBJECT_INPUTS: tuple[SubjectInput, ...] = get_args(SubjectInput)
Padding = Literal["zeros", "edge", "repeat"]
BeatStep = Literal["median-beat", "rlign-median", "rlign-aligned"]
ModelInput = Literal["ecg", "median-beat", "rlign-median", "rlign-aligned"]
"""What a model sees: the ECG as recorded, or what is made of its beats, by the name of that export."""

STEP_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leads": ("leads",),
        "fill_gaps": ("longest_s",),
        "band_pass": ("low_hz", "high_hz", "order"),
        "median-beat": ("before_s", "after_s"),
        "rlign-median": ("template_bpm", "scaling"),
        "rlign-aligned": ("template_bpm", "scaling"),
        "resample": ("rate_hz",),
        "window": ("duration_s", "padding"),
        "z_score": ("over",),
        "min_max": ("over",),
        "multiply": ("factor",),
    }
)
"""The standardising steps there are, with the names of their parameters. `signal/standardise.py` runs them, those of
`BEAT_STEPS` with what `beats/model_input.py` gives it."""

GRAPH_STEPS = ("z_score", "min_max", "multiply")
"""Steps that the exported graph computes itself; one of them may stand at the end."""

BEAT_STEPS: Mapping[BeatStep, Mapping[str, Any]] = MappingProxyType(
    {
        "median-beat": MappingProxyType({"before_s": 0.4, "after_s": 0.6}),
        "rlign-median": MappingProxyType({"template_bpm": 60, "scaling": "hrc"}),
        "rlign-aligned": MappingProxyType({"template_bpm": 60, "scaling": "hrc"}),
    }
)
"""Steps that need the beats of the record, with the usual parameters: those of the exports of the same name."""

ONE_BEAT_S: Mapping[str, float] = MappingProxyType({"median-beat": 1.0, "rlign-median": 1.0})
"""How long a single beat is with the usual parameters; a model that sees one looks at no more."""

_WORDS = {
    "leads": "leads in the order {leads}",
    "fill_gaps": "gaps up to {longest_s:g} s bridged by straight lines, longer ones refused",
    "band_pass": "{low_hz:g}-{high_hz:g} Hz band-pass at the record's rate (Butterworth, order {order}, zero phase)",
    "median-beat": "median beat, {before_s:g} s before R to {after_s:g} s behind it",
    "rlign-median": "median beat by Rlign at {template_bpm:g} beats a minute ({scaling})",
    "rlign-aligned": "every beat time-aligned by Rlign to {template_bpm:g} beats a minute ({scaling})",
    "resample": "resampled to {rate_hz:g} Hz (Fourier method)",
    "window": "first {duration_s:g} s; shorter records expanded by {padding}",
    "z_score": "z-score per {over} (inside the model)",
    "min_max": "from the lowest to the highest value per {over} made -1 to 1 (inside the model)",
    "multiply": "mV times {factor:g} (inside the model)",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One named step of standardising with its parameters."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in STEP_PARAMETERS:
            raise SettingError(
                f"Standardising step {self.name!r} is unknown.", advice=f"Known are {', '.join(STEP_PARAMETERS)}."
            )
        if set(self.parameters) != set(STEP_PARAMETERS[self.name]):
            raise SettingError(
                f"Step {self.name!r} takes {', '.join(STEP_PARAMETERS[self.name])}, not {sorted(self.parameters)}."
            )
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    # A mappingproxy cannot be pickled or deep-copied, and specs travel between processes.
    def __reduce__(self) -> tuple[object, ...]:
        return (Step, (self.name, dict(self.parameters)))

    def __str__(self) -> str:
        words = _WORDS[self.name]
        values = {k: " ".join(v) if isinstance(v, tuple) else v for k, v in self.parameters.items()}
        return words.format(**values)

    def __hash__(self) -> int:
        return hash((self.name, repr(sorted(self.parameters.items()))))


def standard_steps(
    *,
    leads: Sequence[str] = STANDARD_12,
    rate: float = 100.0,
    duration: float = 10.0,
    padding: Padding = "zeros",
    over: ZScoreOver | None = "lead",
    band: tuple[float, float] | None = (0.5, 40.0),
    longest_gap: float = 0.2,
    model_input: ModelInput = "ecg",
    scaling: Scaling = "z_score",
) -> tuple[Step, ...]:
    """The usual list: leads, gaps, band-pass, what is made of the beats, resampling, window, scaling.

    `over=None` leaves the scaling out. The beats come behind the band-pass, which needs more than one beat, and before
    the resampling, as R is found more exactly at the record's rate.
    """
    steps = [Step("leads", {"leads": canonical_leads(leads)}), Step("fill_gaps", {"longest_s": longest_gap})]
    if band is not None:
        steps.append(Step("band_pass", {"low_hz": band[0], "high_hz": band[1], "order": 4}))
    if model_input != "ecg":
        steps.append(Step(model_input, BEAT_STEPS[model_input]))
    steps.append(Step("resample", {"rate_hz": float(rate)}))
    steps.append(Step("window", {"duration_s": float(duration), "padding": padding}))
    if over is not None:
        steps.append(Step(scaling, {"over": over}))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What goes into a model and what comes out.

    Parameters
    ----------
    kind, classes
        As in the task the model learned; the order of `classes` is the order of the outputs.
    steps
        Standardising steps in the order in which they run. Exactly one each of `leads`, `resample`
        and `window`; at most one of `BEAT_STEPS`, before `resample`. One of `GRAPH_STEPS` at the end is part of
        the exported graph; all others run before it.
    thresholds
        Probability from which a class counts as present, one per class; 0.5 each when empty.
        Not used for single-label (the largest probability wins) nor regression.
    subject
        What the model is told of the person besides the ECG. Unknown values are allowed.
    """

    kind: Kind
    classes: tuple[TaskClass, ...]
    steps: tuple[Step, ...] = field(default_factory=standard_steps)
    task: str = ""
    unit: str = ""
    thresholds: tuple[float, ...] = ()
    subject: tuple[SubjectInput, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise IncompatibleModel(f"Kind {self.kind!r} is none of {', '.join(KINDS)}.")
        if not self.classes:
            raise IncompatibleModel("A model needs at least one output.")
        names = [step.name for step in self.steps]
        for needed in ("leads", "resample", "window"):
            if names.count(needed) != 1:
                raise IncompatibleModel(f"A model's steps need {needed!r} exactly once; they are {names}.")
        of_beats = [name for name in names if name in BEAT_STEPS]
        if len(of_beats) > 1 or (of_beats and names.index(of_beats[0]) > names.index("resample")):
            raise IncompatibleModel(
                f"One of {', '.join(BEAT_STEPS)} may stand before resample and window; the steps are {names}."
            )
        if any(name in GRAPH_STEPS for name in names[:-1]):
            raise IncompatibleModel(f"One of {', '.join(GRAPH_STEPS)} may stand at the end; the steps are {names}.")
        if tuple(name for name in SUBJECT_INPUTS if name in self.subject) != self.subject:
            raise IncompatibleModel(f"Of a subject a model may be told {SUBJECT_INPUTS}, not {self.subject}.")
        if self.thresholds and len(self.thresholds) != len(self.classes):
            raise IncompatibleModel(f"{len(self.thresholds)} thresholds for {len(self.classes)} classes.")

    def _step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    @property
    def leads(self) -> tuple[str, ...]:
        return tuple(self._step("leads").parameters["leads"])

    @property
    def rate(self) -> float:
        return float(self._step("resample").parameters["rate_hz"])

    @property
    def duration(self) -> float:
        return float(self._step("window").parameters["duration_s"])

    @property
    def n_samples(self) -> int:
        return round(self.rate * self.duration)

    @property
    def model_input(self) -> ModelInput:
        """What the model sees: `ecg`, or the name of the step that makes it of the beats."""
        return next((name for name in BEAT_STEPS if any(step.name == name for step in self.steps)), "ecg")

    @property
    def scaling(self) -> Step | None:
        """The step that the exported graph computes itself, or None when it takes millivolts as they are."""
        last = self.steps[-1]
        return last if last.name in GRAPH_STEPS else None

    @property
    def scaled_over(self) -> ZScoreOver | None:
        """What is brought to one scale, so that amplitudes need not be in mV; None where they must."""
        return self.scaling.parameters.get("over") if self.scaling else None

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.classes)

    @property
    def threshold_values(self) -> tuple[float, ...]:
        return self.thresholds or (0.5,) * len(self.classes)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, with the format's name and version; `leads`, `rate` ... repeated for readers."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "task": self.task,
            "unit": self.unit,
            "classes": [{"name": c.name, "title": c.title, "codes": dict(c.codes)} for c in self.classes],
            "thresholds": list(self.thresholds),
            "steps": [
                {"name": s.name, **{k: list(v) if isinstance(v, tuple) else v for k, v in s.parameters.items()}}
                for s in self.steps
            ],
            "subject": list(self.subject),
            "input": {"leads": list(self.leads), "rate_hz": self.rate, "samples": self.n_samples},
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read `to_json`'s form; IncompatibleModel when it is none or of a later version."""
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise IncompatibleModel("The model carries no description this program can read.")
        if data.get("version") != VERSION:
            raise IncompatibleModel(
                f"The model's description has version {data.get('version')!r}; this program reads {VERSION}.",
                advice="Update Einthoven.",
            )
        try:
            steps = []
            for raw in data["steps"]:
                parameters = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items() if k != "name"}
                steps.append(Step(raw["name"], parameters))
            return cls(
                kind=data["kind"],
                classes=tuple(
                    TaskClass(c["name"], c.get("title", ""), dict(c.get("codes", {}))) for c in data["classes"]
                ),
                steps=tuple(steps),
                task=data.get("task", ""),
                unit=data.get("unit", ""),
                thresholds=tuple(float(t) for t in data.get("thresholds", ())),
                subject=tuple(data.get("subject", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError, SettingError) as error:
            reason = error.message if isinstance(error, SettingError) else str(error)
            raise IncompatibleModel(
                f"The model's description cannot be used: {reason}",
                advice="If a later release has written it, update Einthoven; else the file is damaged.",
            ) from error
