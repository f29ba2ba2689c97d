"""The DSAIL SNU network, against what is published of it and against a plain one-dimensional calculation."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from einthoven.models.networks.dsail_snu import DsailSnu

torch.set_num_threads(1)


def _used(n_subject: int = 0) -> DsailSnu:
    """A network whose normalisation has seen data."""
    torch.manual_seed(0)
    network = DsailSnu(12, 5, n_subject).train()
    subject = torch.rand(4, n_subject) if n_subject else None
    for _ in range(3):
        network(torch.randn(4, 12, 1000), subject)
    return network.eval()


def test_it_costs_the_89_million_multiplications_that_the_exchangeai_paper_counted() -> None:
    """88.3 million are those of the convolutions; the rest is normalisation, which this counter leaves out."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        DsailSnu(12, 5, 0).eval()(torch.randn(1, 12, 1000))
    assert 88 <= counter.get_total_flops() / 2 / 1e6 <= 89


def test_it_has_the_published_widths_kernels_and_strides() -> None:
    network = DsailSnu(12, 5, 4)
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    assert shapes["body.1.weight"] == (16, 12, 1, 15)
    widths = [shapes[f"body.{2 + i}.second.weight"][0] for i in range(12)]
    assert widths == [16] * 3 + [32] * 3 + [64] * 3 + [128] * 3
    assert all(shapes[f"body.{2 + i}.second.weight"] == (w, w, 1, 15) for i, w in enumerate(widths))
    assert [shapes[f"body.{2 + i}.gate.squeeze.weight"][0] for i in (0, 3, 6, 9)] == [1, 2, 4, 8]
    assert shapes["head.weight"] == (5, 128 + 4)


def _normalised(x: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    of = {key: weights[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")}
    return functional.relu(functional.batch_norm(x, **of))


def _one_dimensional(network: DsailSnu, x: Tensor) -> Tensor:
    """The peaks, by conv1d, with the authors' padding: 14 samples in all, 11 where every fourth is kept."""
    weights = {name: value.squeeze(2) if value.ndim == 4 else value for name, value in network.state_dict().items()}
    x = functional.conv1d(x, weights["body.1.weight"], padding=7)
    for block in range(12):
        name, strided = f"body.{2 + block}", block in (3, 6, 9)
        active = _normalised(x, weights, f"{name}.first_norm")
        if strided:
            y = functional.conv1d(functional.pad(active, (5, 6)), weights[f"{name}.first.convolve.weight"], stride=4)
            pooled = functional.max_pool1d(x, 4)
            x = torch.cat([pooled, torch.zeros_like(pooled)], dim=1)
        else:
            y = functional.conv1d(active, weights[f"{name}.first.weight"], padding=7)
            x = active if block == 0 else x
        y = functional.conv1d(
            _normalised(y, weights, f"{name}.second_norm"), weights[f"{name}.second.weight"], padding=7
        )
        squeezed = functional.relu(y.mean(dim=2) @ weights[f"{name}.gate.squeeze.weight"].squeeze(2).T)
        x = x + y * torch.sigmoid(squeezed @ weights[f"{name}.gate.excite.weight"].squeeze(2).T)[:, :, None]
    return _normalised(x, weights, "body.14").amax(dim=2)


@pytest.mark.parametrize("samples", [1000, 333, 128])
def test_it_is_what_one_dimensional_convolutions_give(samples: int) -> None:
    network, x = _used(), torch.randn(3, 12, samples)
    with torch.no_grad():
        torch.testing.assert_close(network.features(x), _one_dimensional(network, x), atol=1e-4, rtol=1e-4)


def test_a_short_signal_is_filled_up_with_zeros() -> None:
    network, x = _used(), torch.randn(3, 12, 100)
    with torch.no_grad():
        torch.testing.assert_close(network(x), network(torch.cat([x, torch.zeros(3, 12, 28)], dim=2)))


def test_age_and_sex_enter_the_last_layer_only() -> None:
    network, x, subject = _used(4), torch.randn(2, 12, 200), torch.tensor([[0.5, 0, 1, 0], [0, 1, 0, 1]])
    with torch.no_grad():
        features = network.features(x, subject)
        torch.testing.assert_close(features[:, :128], network.features(x, torch.zeros(2, 4))[:, :128])
    assert torch.equal(features[:, 128:], subject)
