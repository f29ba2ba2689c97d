"""What the networks of the PTB-XL benchmark (Strodthoff et al. 2020) share: form, random start, classifier."""

from torch import Tensor, nn

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


class BenchmarkNetwork(nn.Module):
    """float32 `(batch, n_leads, n_samples)` -> `(batch, n_outputs)`, with He's normal start for every convolution.

    `body` ends in the peak and the mean over time of each of its channels, `n_features` together.
    """

    def __init__(self, body: nn.Sequential, n_features: int, n_outputs: int) -> None:
        super().__init__()
        self.body = body
        self.head = BenchmarkHead(n_features, n_outputs)
        for layer in body.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    def features(self, x: Tensor) -> Tensor:
        """`(batch, n_features)`."""
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(x))
        return out
