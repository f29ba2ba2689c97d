"""Every error this package raises on purpose.

```
EinthovenError
├── InputError                what the user gave us is not usable as it is
│   ├── FormatError           a file cannot be read as any (or as the named) format
│   │   └── HintsNeeded       the file is fine but does not state its unit, rate, ...
│   ├── RecordError           the content is not a possible ECG record
│   ├── LabelError            a label table is wrong, contradicts itself or matches nothing
│   ├── SettingError          an option has a value that is not allowed
│   └── CorrectionError       a time that a person sets cannot be that of this wave of this beat
├── IncompatibleModel         this model cannot be used with this record or these labels
├── NotFound                  no dataset, record, model, run or job of that name
├── Conflict                  the name is taken, or the thing is in use
├── MissingDependency         an optional package is not installed
├── TrainingFailed            a training ended without a usable model
│   └── Diverged              its loss stopped being a number; the best epoch before may be of use
├── ExportFailed              an exported graph does not compute what the network computes
└── Cancelled                 the user cancelled the job
```

A message says what was wrong, with the value; `advice` says what to do about it.
"""

from collections.abc import Sequence

from einthoven.results import Epoch


class EinthovenError(Exception):
    """Base of the tree: `message` says what is wrong, `advice` the way out (may be empty)."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class InputError(EinthovenError):
    """What the user gave us is not usable as it is."""


class FormatError(InputError):
    """A file cannot be read as any format we know, or as the format it claims to be."""


class HintsNeeded(FormatError):
    """The file does not state everything that is needed; `missing` names the hints to give."""

    def __init__(self, message: str, *, missing: Sequence[str], advice: str = "") -> None:
        if not advice:
            pairs = ",".join(f"{name}=..." for name in missing)
            advice = f"Say so on the import form, or with --assume {pairs}."
        super().__init__(message, advice=advice)
        self.missing = tuple(missing)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_hints_needed, (self.message, self.missing, self.advice))


def _rebuild_hints_needed(message: str, missing: tuple[str, ...], advice: str) -> HintsNeeded:
    return HintsNeeded(message, missing=missing, advice=advice)


class RecordError(InputError):
    """The content is not a possible ECG record, or not one this operation can work on."""


class LabelError(InputError):
    """A label table is wrong, contradicts itself, or matches no record."""


class SettingError(InputError):
    """An option has a value that is not allowed."""


class CorrectionError(InputError):
    """A time that a person sets cannot be that of this wave of this beat, or nobody says who sets it."""


class IncompatibleModel(EinthovenError):
    """A model cannot be used with this record, these labels, or this program."""


class NotFound(EinthovenError):
    """No dataset, record, model, run or job of that name."""


class Conflict(EinthovenError):
    """The name is taken, or the thing is in use."""


class MissingDependency(EinthovenError):
    """An optional package is not installed; the advice names the command that installs it."""


class TrainingFailed(EinthovenError):
    """A training ended without a usable model; the message says why."""


class Diverged(TrainingFailed):
    """The loss of a training stopped being a number, behind `epochs` of which `best_epoch` is the best (0: none)."""

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        epochs: Sequence[Epoch] = (),
        best_epoch: int = 0,
        maximum_rate: float = 0.0,
    ) -> None:
        super().__init__(message, advice=advice)
        self.epochs = tuple(epochs)
        self.best_epoch = best_epoch
        self.maximum_rate = maximum_rate


class ExportFailed(EinthovenError):
    """An exported graph does not compute what the network computes."""


class Cancelled(EinthovenError):
    """The user cancelled the job."""
