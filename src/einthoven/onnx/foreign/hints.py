"""What a person says about a model that does not say it itself. Free of torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from einthoven.errors import SettingError
from einthoven.leads import canonical_leads
from einthoven.onnx.foreign.limits import MAX_SAMPLES
from einthoven.onnx.foreign.statements import MAX_UNIT
from einthoven.spec import Step
from einthoven.task import KINDS, Kind

Layout = Literal["leads x samples", "samples x leads"]
Unit = Literal["mV", "uV", "V"]
Scaling = Literal["none", "z_score lead", "z_score record", "min_max lead", "min_max record"]
FACTORS: Mapping[str, float] = {"mV": 1.0, "uV": 1000.0, "V": 0.001}


@dataclass(frozen=True, slots=True)
class ModelHints:
    """What a person says about a model that does not say it itself.

    Parameters
    ----------
    leads, rate, samples, layout
        Names in the order of the input; Hz; length and form of the input where the file leaves them open.
    unit
        In which the model wants the signal: `mV`, `uV` or `V`. No matter where it is scaled.
    scaling
        `none`: the signal as it is; z-score, or lowest value -1 and highest 1, per lead or over the whole record.
    band
        Hz from and to of the band-pass that the model's ECGs went through; None: none.
    class_names, kind, task
        Names in the order of the outputs; `single-label`, `multi-label` or `regression`; what it is asked.
    value_unit
        In which a regression answers, such as `ms` or `years`; `none` for a number without a unit.
    output
        Which output is the answer, where there are several.
    """

    leads: tuple[str, ...] | None = None
    rate: float | None = None
    samples: int | None = None
    layout: Layout | None = None
    unit: Unit | None = None
    scaling: Scaling | None = None
    band: tuple[float, float] | None = None
    class_names: tuple[str, ...] | None = None
    kind: Kind | None = None
    task: str = ""
    value_unit: str | None = None
    output: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in (
            ("layout", get_args(Layout)), ("unit", get_args(Unit)), ("scaling", get_args(Scaling)), ("kind", KINDS)
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise SettingError(f"{name} = {value!r} is not possible.", advice=f"Give one of {', '.join(allowed)}.")
        for name in ("leads", "class_names"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, str) or not all(isinstance(one, str) for one in value)):
                raise SettingError(f"{name} = {value!r} is not possible.", advice="Give a list of names.")
        if self.leads is not None:
            leads = canonical_leads(self.leads)
            if len(set(leads)) != len(leads):
                raise SettingError(f"The leads {' '.join(leads)} name one twice.", advice="Give each lead once.")
            object.__setattr__(self, "leads", leads)
        if self.rate is not None and not 10 <= self.rate <= 100_000:
            raise SettingError(f"rate = {self.rate:g} is not possible.", advice="Give the rate in Hz.")
        if self.samples is not None and (not isinstance(self.samples, int) or not 1 < self.samples <= MAX_SAMPLES):
            raise SettingError(f"samples = {self.samples} is not possible.", advice=f"Give 2 to {MAX_SAMPLES:,}.")
        if self.band is not None and not (len(self.band) == 2 and 0 < self.band[0] < self.band[1] < math.inf):
            raise SettingError(
                f"band = {self.band} is not possible.",
                advice="Give the lower and the upper limit in Hz, such as 0.5-40.",
            )
        for name in ("task", "output", "value_unit"):
            if not isinstance(getattr(self, name), str | None):
                raise SettingError(f"{name} = {getattr(self, name)!r} is not possible.", advice="Give a name.")
        if self.value_unit is not None and not 0 < len(self.value_unit.strip()) <= MAX_UNIT:
            raise SettingError(
                f"value_unit = {self.value_unit!r} is not possible.",
                advice=f"Give a unit of at most {MAX_UNIT} letters, such as ms or years, or none.",
            )
        names = self.class_names
        if names is not None and (not names or len(set(names)) != len(names) or not all(n.strip() for n in names)):
            raise SettingError("The class names must differ and not be empty.", advice="Give one name per output.")


def hints_from_json(data: Mapping[str, Any]) -> ModelHints:
    """Hints as a form sends them; SettingError names what is unknown or impossible."""
    known = {f.name for f in fields(ModelHints)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise SettingError(f"There is no hint {', '.join(map(repr, unknown))}.", advice=f"There are {sorted(known)}.")
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    try:
        return ModelHints(**given)
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingError(f"The hints cannot be read: {error}.") from error


def scaling_step(scaling: Scaling, unit: str | None) -> Step | None:
    """The last step of the model's description: what happens to millivolts inside its graph."""
    if scaling == "none":
        factor = FACTORS[unit or "mV"]
        return None if factor == 1.0 else Step("multiply", {"factor": factor})
    name, over = scaling.split(" ")
    return Step(name, {"over": over})
