"""How to train: every setting, what it does, and what is possible. Free of torch."""

import math
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self, get_args

from einthoven.errors import SettingError

Method = Literal["scratch", "whole", "head", "head-then-whole"]
Optimiser = Literal["adamw", "adam", "nadam", "adamax", "adafactor", "rmsprop", "sgd"]
Schedule = Literal["exponential", "one-cycle", "cosine"]
Keep = Literal["best", "last"]
Precision = Literal["fp32", "bf16", "fp16"]
Device = Literal["auto", "cpu", "cuda"]
RESUME_FILE = "resume.safetensors"
"""In the folder of a training, while it can go on (`train/resume.py`)."""
TRAINED_FILE = "trained.json"
"""Beside the weights of a network that is trained and not exported yet: its course."""
RATE_OF_TRAINED = 0.1
"""Of the maximum rate, for weights that know something already: it is worth more than what a fresh head knows."""
FORMAT = "einthoven-train-config"
VERSION = 1


def _choice(choices: Any, words: str) -> dict[str, Any]:
    return {"words": words, "choices": get_args(choices)}


def _whole(least: int, most: int, words: str) -> dict[str, Any]:
    return {"words": words, "whole": (least, most)}


def _number(least: float, most: float, words: str, *, above: bool = False) -> dict[str, Any]:
    """`above`: the least value itself is not possible."""
    return {"words": words, "number": (least, most), "above": above}


def _yes(words: str) -> dict[str, Any]:
    return {"words": words, "yes": True}


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Settings of one training; the defaults are the recipe `paper`. `settings()` says in words what each does."""

    method: Method = field(
        default="scratch",
        metadata=_choice(
            Method,
            "scratch: fresh weights. whole: every weight of an earlier model goes on learning, at a tenth of the "
            "recipe's rate. head: only its last part. head-then-whole: first the head, then whole.",
        ),
    )
    optimiser: Optimiser = field(
        default="adamw", metadata=_choice(Optimiser, "The rule by which weights follow the gradient.")
    )
    weight_decay: float | None = field(
        default=None,
        metadata=_number(0, 10, "Pulls weights towards zero at each step. Empty: 0.01 for AdamW, 0 for the others."),
    )
    schedule: Schedule = field(
        default="exponential",
        metadata=_choice(
            Schedule,
            "How the learning rate goes on: exponential multiplies it by gamma after each epoch; one-cycle rises to "
            "the maximum in the first quarter and falls to nothing; cosine falls to nothing from the start.",
        ),
    )
    batch_size: int = field(default=16, metadata=_whole(1, 4096, "ECGs that are looked at for one step."))
    accumulate: int = field(
        default=1,
        metadata=_whole(
            1, 1024, "Parts in which a batch is computed, one after the other: less memory, the same step."
        ),
    )
    epochs: int = field(
        default=50,
        metadata=_whole(1, 10_000, "At most so many passes over the training ECGs; few get more, see `least_steps`."),
    )
    least_steps: int = field(
        default=0,
        metadata=_whole(
            0,
            1_000_000,
            "A small data set is passed over more often than `epochs` says, until there were so many steps.",
        ),
    )
    maximum_rate: float | None = field(
        default=None,
        metadata=_number(
            0, 10, "Highest learning rate. Empty: found by a short search before the training.", above=True
        ),
    )
    gamma: float = field(
        default=0.9,
        metadata=_number(0, 1, "Factor on the learning rate after each epoch (exponential schedule only).", above=True),
    )
    patience: int = field(
        default=10,
        metadata=_whole(1, 10_000, "The training ends when the validation loss has not fallen for so many epochs."),
    )
    keep: Keep = field(
        default="best",
        metadata=_choice(
            Keep,
            "Which weights become the model. best: those of the lowest validation loss. last: those at the end of the "
            "schedule, without regard to patience; a loss that rises while ranking improves does not mislead it.",
        ),
    )
    clip: float | None = field(
        default=None,
        metadata=_number(
            0, 1e6, "Longest gradient that is followed; longer ones are shortened to it. Empty: none is.", above=True
        ),
    )
    label_smoothing: float = field(
        default=0.0,
        metadata=_number(
            0, 0.5, "How far answers are moved from certainty, which helps where labels are not all right."
        ),
    )
    average: float = field(
        default=0.0,
        metadata=_number(
            0, 0.99999, "The model's weights are a running mean with this share of the past; 0: the last ones."
        ),
    )
    window_s: float | None = field(
        default=None,
        metadata=_number(
            0.5,
            600,
            "Each pass looks at a random window of so many seconds of each ECG; the model looks at windows "
            "side by side and averages. Empty: at all of it.",
        ),
    )
    gain: float = field(
        default=0.0,
        metadata=_number(0, 1, "Amplitudes of leads are varied at random by about this share while training."),
    )
    noise: float = field(
        default=0.0, metadata=_number(0, 1, "Muscle noise up to this size (in standard deviations of a lead) is added.")
    )
    wander: float = field(default=0.0, metadata=_number(0, 2, "Slow wander of the baseline up to this size is added."))
    powerline: float = field(default=0.0, metadata=_number(0, 1, "Mains hum up to this size is added."))
    lead_dropout: float = field(
        default=0.0, metadata=_number(0, 0.9, "Chance of each lead to be blanked out, as by a loose electrode.")
    )
    mixup: float = field(
        default=0.0, metadata=_number(0, 1, "Pairs of ECGs and their answers are blended, by a share from Beta(a, a).")
    )
    class_weights: bool = field(
        default=True, metadata=_yes("Classes are weighed so that each counts the same however rare it is.")
    )
    patient_weights: bool = field(
        default=False, metadata=_yes("Patients are weighed so that each counts the same however many ECGs he has.")
    )
    members: int = field(
        default=1,
        metadata=_whole(1, 10, "So many models with different seeds are trained, and their answers averaged."),
    )
    seed: int = field(
        default=0, metadata=_whole(0, 2**32 - 1, "Where chance begins: the same seed gives the same training.")
    )
    precision: Precision = field(
        default="fp32",
        metadata=_choice(
            Precision,
            "bf16 computes in half the digits, faster where the chip can. fp16 does so on GPUs that are too old for "
            "bf16, and only there.",
        ),
    )
    device: Device = field(default="auto", metadata=_choice(Device, "auto: a GPU where there is one."))
    devices: int = field(
        default=1,
        metadata=_whole(1, 64, "So many GPUs compute each batch together, a part each. The steps stay the same."),
    )
    threads: int | None = field(default=None, metadata=_whole(1, 1024, "Processor threads. Empty: one per core."))
    recipe: str = field(default="paper", metadata={"words": "Name of the recipe that the settings began with."})

    def __post_init__(self) -> None:
        for one in fields(self):
            self._check(one)
        if self.accumulate > self.batch_size:
            self._refuse("accumulate", f"at most the batch size, {self.batch_size}")

    def _check(self, one: "Field[Any]") -> None:
        value, about = getattr(self, one.name), one.metadata
        if "choices" in about and value not in about["choices"]:
            self._refuse(one.name, f"one of {', '.join(about['choices'])}")
        if "yes" in about and type(value) is not bool:
            self._refuse(one.name, "true or false")
        if one.name == "recipe" and not isinstance(value, str):
            self._refuse(one.name, "a name")
        if value is None and one.default is None:
            return
        if "whole" in about:
            least, most = about["whole"]
            if type(value) is not int or not least <= value <= most:
                self._refuse(one.name, f"a whole number from {least} to {most}")
        if "number" in about:
            least, most = about["number"]
            fits = type(value) in (int, float) and math.isfinite(value) and least <= value <= most
            if not fits or (about["above"] and value == least):
                self._refuse(one.name, f"a number {'above' if about['above'] else 'from'} {least:g} to {most:g}")

    def _refuse(self, name: str, allowed: str) -> None:
        raise SettingError(f"{name} = {getattr(self, name)!r} is not possible.", advice=f"Give {name} as {allowed}.")

    def for_size(self, n_train: int) -> Self:
        """The settings for `n_train` ECGs: as many epochs as `least_steps` wants."""
        batches = math.ceil(n_train / self.batch_size)
        return replace(self, epochs=max(self.epochs, math.ceil(self.least_steps / max(1, batches))))

    def window_samples(self, rate: float) -> int | None:
        """Length of a window at `rate` Hz; None: all of an ECG."""
        return None if self.window_s is None else round(self.window_s * rate)

    @property
    def varies_input(self) -> bool:
        """Whether an ECG looks different each time: then nothing about it can be computed once and kept."""
        return bool(
            self.window_s or self.gain or self.noise or self.wander or self.powerline or self.lead_dropout or self.mixup
        )

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
        known = [one.name for one in fields(cls)]
        given = {key: value for key, value in data.items() if key not in ("format", "version")}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise SettingError(
                f"Training has no setting {', '.join(map(repr, unknown))}.", advice=f"There are {', '.join(known)}."
            )
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in words, for help texts and forms: `least` and `most` of numbers, `choices` of words."""

    name: str
    words: str
    default: str | int | float | bool | None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    whole: bool = False
    above: bool = False
    """Whether `least` itself is not possible."""


def settings() -> tuple[Setting, ...]:
    """Every setting of a training."""
    found = []
    for one in fields(TrainConfig):
        about = one.metadata
        least, most = about.get("whole") or about.get("number") or (None, None)
        choices = tuple(about.get("choices", ()))
        default: Any = one.default
        found.append(
            Setting(
                one.name, about["words"], default, choices, least, most, "whole" in about, about.get("above", False)
            )
        )
    return tuple(found)
