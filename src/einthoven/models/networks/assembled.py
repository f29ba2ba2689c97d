"""`EcgNetwork`: an architecture with its standardising in front and, for regression, the unit behind."""

from torch import Tensor, nn

from einthoven.models.entry import ArchitectureEntry, Sizes
from einthoven.models.networks.standardising import NaturalUnit, StandardiseInput
from einthoven.spec import ModelSpec


class EcgNetwork(nn.Module):
    """float32 `(batch, leads, samples)` with NaN for absent samples -> logits or values `(batch, outputs)`.

    `core` is the architecture's own module: it sees standardised input and, for regression, answers
    on a standardised scale. `unit` (regression only) brings its answer back to the natural unit.
    """

    def __init__(self, entry: ArchitectureEntry, spec: ModelSpec) -> None:
        super().__init__()
        n_outputs = len(spec.classes)
        self.entry = entry
        self.fresh_output = True
        """Whether the output layer has learned nothing yet: regression then takes its scale from the data."""
        self.n_leads, self.n_samples, self.n_outputs = len(spec.leads), spec.n_samples, n_outputs
        self.standardise = StandardiseInput(spec.z_score)
        self.core = entry.build(Sizes(self.n_leads, n_outputs, spec.n_samples))
        self.unit = NaturalUnit(n_outputs) if spec.kind == "regression" else nn.Identity()

    @property
    def head(self) -> nn.Module:
        """The part that head-only training trains."""
        return self.core.get_submodule(self.entry.head)

    def forward(self, ecg: Tensor) -> Tensor:
        out: Tensor = self.unit(self.core(self.standardise(ecg)))
        return out
