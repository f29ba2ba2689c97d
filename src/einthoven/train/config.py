"""How to train: the recipe and what may be changed in it. Free of torch."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from einthoven.errors import SettingError

Method = Literal["scratch", "whole", "head"]
Optimiser = Literal["adamw", "adam", "sgd"]
Device = Literal["auto", "cpu", "cuda"]
FORMAT = "einthoven-train-config"
VERSION = 1


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Settings of one training; the defaults are the recipe `paper`.

    Parameters
    ----------
    method
        `scratch`: fresh weights. `whole`: every weight of an earlier model goes on learning.
        `head`: only the architecture's head does.
    optimiser, weight_decay
        `weight_decay=None` leaves torch's default (0.01 for adamw, 0 for the others).
    maximum_rate
        Learning rate of the first epoch; None lets the learning-rate finder choose it.
    gamma
        Factor on the learning rate after each epoch.
    epochs, patience
        At most `epochs`; stopped when the validation loss has not fallen for `patience` epochs.
        With gamma 0.9 the rate falls to a third in ten epochs: what has not got better by then
        does not, and ten epochs of noise do not end a training that still learns.
    class_weights
        Weigh classes so that each counts the same however rare it is.
    threads
        CPU threads; None leaves torch's default, one per core.
    """

    method: Method = "scratch"
    optimiser: Optimiser = "adamw"
    weight_decay: float | None = None
    batch_size: int = 16
    epochs: int = 50
    maximum_rate: float | None = None
    gamma: float = 0.9
    patience: int = 10
    class_weights: bool = True
    seed: int = 0
    device: Device = "auto"
    threads: int | None = None
    recipe: str = "paper"

    def __post_init__(self) -> None:
        for name, choices in (("method", Method), ("optimiser", Optimiser), ("device", Device)):
            if getattr(self, name) not in get_args(choices):
                self._refuse(name, f"one of {', '.join(get_args(choices))}")
        for name, least, most in (
            ("batch_size", 1, 4096),
            ("epochs", 1, 10_000),
            ("patience", 1, 10_000),
            ("seed", 0, 2**32 - 1),
            ("threads", 1, 1024),
        ):
            value = getattr(self, name)
            if value is None and name == "threads":
                continue
            if type(value) is not int or not least <= value <= most:
                self._refuse(name, f"a whole number from {least} to {most}")
        for name, above, greatest in (("maximum_rate", 0.0, 10.0), ("gamma", 0.0, 1.0), ("weight_decay", -1e-12, 10.0)):
            value = getattr(self, name)
            if value is None and name != "gamma":
                continue
            if type(value) not in (int, float) or not math.isfinite(value) or not above < value <= greatest:
                self._refuse(name, f"a number {'from' if name == 'weight_decay' else 'above'} 0 to {greatest:g}")
        if type(self.class_weights) is not bool:
            self._refuse("class_weights", "true or false")
        if not isinstance(self.recipe, str):
            self._refuse("recipe", "a name")

    def _refuse(self, name: str, allowed: str) -> None:
        raise SettingError(f"{name} = {getattr(self, name)!r} is not possible.", advice=f"Give {name} as {allowed}.")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, with the format's name and version."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read `to_json`'s form; settings that are not there take their defaults, unknown ones are refused."""
        if not isinstance(data, Mapping):
            raise SettingError("The training settings are not a JSON object.")
        if data.get("format", FORMAT) != FORMAT or data.get("version", VERSION) != VERSION:
            raise SettingError(
                f"Training settings of format {data.get('format')!r}, version {data.get('version')!r} are unknown.",
                advice=f"This program reads {FORMAT!r}, version {VERSION}.",
            )
        known = [field.name for field in fields(cls)]
        given = {key: value for key, value in data.items() if key not in ("format", "version")}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise SettingError(
                f"Training has no setting {', '.join(map(repr, unknown))}.", advice=f"There are {', '.join(known)}."
            )
        return cls(**given)
