"""`EcgNetwork`: an architecture with what stands in front of it and behind it."""

from typing import NamedTuple

from torch import Tensor, nn

from einthoven.models.entry import FEATURES_OF_A_SUBJECT_INPUT, ArchitectureEntry, Sizes
from einthoven.models.networks.standardising import NaturalUnit, StandardiseInput, SubjectFeatures, SubjectHead
from einthoven.models.networks.windows import Windows
from einthoven.spec import ModelSpec


class Inputs(NamedTuple):
    """ECGs as the architecture sees them: `x` `(batch, leads, samples)` scaled, without NaN.

    `shares` `(batch, windows)`: how much each window counts. `subject` `(batch, features)`: None for models that are
    told nothing of the person.
    """

    x: Tensor
    shares: Tensor
    subject: Tensor | None


class EcgNetwork(nn.Module):
    """float32 `(batch, leads, samples)` with NaN for absent samples -> logits or values `(batch, outputs)`.

    A model that is told of the subject takes float32 `(batch, inputs)` as its second argument, NaN for unknown.

    `core` is the architecture's own module: it sees scaled input of `window` samples and, for regression, answers
    on a standardised scale; its answers for the windows of a record are averaged. `unit` (regression only) brings
    the answer back to the natural unit. `subject_head` adds what age and sex say, where the core does not.
    """

    def __init__(self, entry: ArchitectureEntry, spec: ModelSpec, *, window: int | None = None) -> None:
        super().__init__()
        n_outputs = len(spec.classes)
        self.entry = entry
        self.fresh_output = True
        """Whether the output layer has learned nothing yet: regression then takes its scale from the data."""
        self.n_leads, self.n_samples, self.n_outputs = len(spec.leads), spec.n_samples, n_outputs
        self.window = min(window or spec.n_samples, spec.n_samples)
        self.standardise = StandardiseInput(spec.scaling)
        self.windows = Windows(spec.n_samples, self.window)
        n_subject = FEATURES_OF_A_SUBJECT_INPUT * len(spec.subject)
        self.subject_features = SubjectFeatures(spec.subject) if n_subject else None
        self.core = entry.build(Sizes(self.n_leads, n_outputs, self.window, n_subject if entry.takes_subject else 0))
        self.subject_head = SubjectHead(n_subject, n_outputs) if n_subject and not entry.takes_subject else None
        self.unit = NaturalUnit(n_outputs) if spec.kind == "regression" else nn.Identity()

    @property
    def head(self) -> nn.Module:
        """The part that head-only training trains, besides `subject_head`."""
        return self.core.get_submodule(self.entry.head)

    def inputs(self, ecg: Tensor, subject: Tensor | None = None) -> Inputs:
        """What is computed once for an ECG, whatever the weights."""
        features = None if self.subject_features is None or subject is None else self.subject_features(subject)
        return Inputs(self.standardise(ecg), self.windows.shares(ecg), features)

    def features(self, x: Tensor, subject: Tensor | None = None) -> Tensor:
        """What the head sees of scaled ECGs of `window` samples."""
        out: Tensor = self.core.features(*self._seen(x, subject))  # type: ignore[operator]
        return out

    def judged(self, features: Tensor, subject: Tensor | None = None) -> Tensor:
        """Logits of what `features` answered."""
        return self._with_subject(self.head(features), subject)

    def logits(self, x: Tensor, subject: Tensor | None = None) -> Tensor:
        """Logits of scaled ECGs of `window` samples: `judged(features(...))`."""
        return self._with_subject(self.core(*self._seen(x, subject)), subject)

    def _seen(self, x: Tensor, subject: Tensor | None) -> tuple[Tensor, ...]:
        return (x, subject) if self.entry.takes_subject and subject is not None else (x,)

    def _with_subject(self, logits: Tensor, subject: Tensor | None) -> Tensor:
        return logits if self.subject_head is None or subject is None else logits + self.subject_head(subject)

    def answer(self, inputs: Inputs) -> Tensor:
        """Logits of whole records: the mean over their windows, each as much as it was recorded."""
        if self.windows.count == 1:
            return self.logits(inputs.x, inputs.subject)
        each = self.logits(self.windows(inputs.x), self.windows.repeated(inputs.subject))
        return self.windows.mean(each, inputs.shares)

    def forward(self, ecg: Tensor, subject: Tensor | None = None) -> Tensor:
        out: Tensor = self.unit(self.answer(self.inputs(ecg, subject)))
        return out
