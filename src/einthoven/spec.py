"""`ModelSpec`: everything one must know to feed a model and to read its answer. Travels with the weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Self

from einthoven.errors import IncompatibleModel, SettingError
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.task import KINDS, Kind, TaskClass

FORMAT = "einthoven-model-spec"
VERSION = 1

ZScoreOver = Literal["lead", "record"]
Padding = Literal["zeros", "edge", "repeat"]

STEP_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leads": ("leads",),
        "fill_gaps": ("longest_s",),
        "band_pass": ("low_hz", "high_hz", "order"),
        "resample": ("rate_hz",),
        "window": ("duration_s", "padding"),
        "z_score": ("over",),
    }
)
"""The standardising steps there are, with the names of their parameters (`signal/standardise.py` runs them)."""

_WORDS = {
    "leads": "leads in the order {leads}",
    "fill_gaps": "gaps up to {longest_s:g} s bridged by straight lines, longer ones refused",
    "band_pass": "{low_hz:g}-{high_hz:g} Hz band-pass at the record's rate (Butterworth, order {order}, zero phase)",
    "resample": "resampled to {rate_hz:g} Hz (Fourier method)",
    "window": "first {duration_s:g} s; shorter records expanded by {padding}",
    "z_score": "z-score per {over} (inside the model)",
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
) -> tuple[Step, ...]:
    """The usual list: leads, gaps, band-pass, resampling, window, z-score (left out with `over=None`)."""
    steps = [Step("leads", {"leads": canonical_leads(leads)}), Step("fill_gaps", {"longest_s": longest_gap})]
    if band is not None:
        steps.append(Step("band_pass", {"low_hz": band[0], "high_hz": band[1], "order": 4}))
    steps.append(Step("resample", {"rate_hz": float(rate)}))
    steps.append(Step("window", {"duration_s": float(duration), "padding": padding}))
    if over is not None:
        steps.append(Step("z_score", {"over": over}))
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
        and `window`. A `z_score` at the end is part of the exported graph; all others run before it.
    thresholds
        Probability from which a class counts as present, one per class; 0.5 each when empty.
        Not used for single-label (the largest probability wins) nor regression.
    """

    kind: Kind
    classes: tuple[TaskClass, ...]
    steps: tuple[Step, ...] = field(default_factory=standard_steps)
    task: str = ""
    unit: str = ""
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise IncompatibleModel(f"Kind {self.kind!r} is none of {', '.join(KINDS)}.")
        if not self.classes:
            raise IncompatibleModel("A model needs at least one output.")
        names = [step.name for step in self.steps]
        for needed in ("leads", "resample", "window"):
            if names.count(needed) != 1:
                raise IncompatibleModel(f"A model's steps need {needed!r} exactly once; they are {names}.")
        if names.count("z_score") > 1 or ("z_score" in names and names[-1] != "z_score"):
            raise IncompatibleModel(f"z_score may stand once, at the end of the steps; they are {names}.")
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
    def z_score(self) -> ZScoreOver | None:
        """How the exported graph standardises its input, or None when it does not."""
        last = self.steps[-1]
        return last.parameters["over"] if last.name == "z_score" else None

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
            )
        except (KeyError, TypeError, ValueError, AttributeError, SettingError) as error:
            raise IncompatibleModel(f"The model's description is damaged: {error}.") from error
