"""What the networks of the PTB-XL benchmark (Strodthoff et al. 2020) share: random start and classifier."""

from torch import nn

from einthoven.models.networks.layers import NormOfFeatures

HIDDEN = 128


class BenchmarkHead(nn.Sequential):
    """`(batch, n_in)`, peak and mean of each channel -> `(batch, n_outputs)`, over one hidden layer."""

    def __init__(self, n_in: int, n_outputs: int) -> None:
        super().__init__(
            NormOfFeatures(n_in),
            nn.Dropout(0.25),
            nn.Linear(n_in, HIDDEN),
            nn.ReLU(),
            NormOfFeatures(HIDDEN),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, n_outputs),
        )

    def replace_output(self, n_outputs: int) -> None:
        """A fresh last layer; the hidden layer stays."""
        self[-1] = nn.Linear(HIDDEN, n_outputs)


def start_as_in_the_benchmark(part: nn.Module) -> None:
    """He's normal start for every convolution of `part`."""
    for layer in part.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
