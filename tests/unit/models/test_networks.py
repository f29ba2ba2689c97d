"""The layers, against torch's own where torch has them."""

import pytest
import torch
from torch import nn

from einthoven.models.networks.inceptiontime import InceptionTime
from einthoven.models.networks.layers import AsImage, AverageTo, MaxOfThree, conv
from einthoven.models.networks.xceptiontime import XceptionTime

torch.set_num_threads(1)


@pytest.mark.parametrize(("n_in", "n_out"), [(1000, 50), (1024, 50), (333, 50), (40, 40), (51, 50)])
def test_averaging_to_bins_is_adaptive_average_pooling(n_in: int, n_out: int) -> None:
    x = torch.randn(2, 3, 1, n_in)
    wanted = nn.functional.adaptive_avg_pool1d(x[:, :, 0], n_out)
    torch.testing.assert_close(AverageTo(n_in, n_out)(x)[:, :, 0], wanted, atol=1e-5, rtol=1e-5)


def test_the_maximum_of_three_is_max_pooling_over_time() -> None:
    x = torch.randn(2, 3, 1, 50)
    assert torch.equal(MaxOfThree()(x)[:, :, 0], nn.functional.max_pool1d(x[:, :, 0], 3, stride=1, padding=1))


@pytest.mark.parametrize("kernel", [1, 9, 39])
def test_a_convolution_is_the_one_dimensional_one(kernel: int) -> None:
    ours = conv(4, 4, kernel, groups=4)
    x = torch.randn(2, 4, 60)
    wanted = nn.functional.conv1d(x, ours.weight[:, :, 0], padding=kernel // 2, groups=4)
    torch.testing.assert_close(ours(AsImage()(x))[:, :, 0], wanted, atol=1e-5, rtol=1e-5)


def _weights(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in module.named_parameters()}


def test_xceptiontime_has_the_widths_of_the_graph_in_general_use() -> None:
    """Filter numbers read from the field's untrained ONNX graph (models/XceptionTime_untrained.onnx)."""
    shapes = _weights(XceptionTime(12, 2, 1000))
    modules = [f"body.{pair}.{which}" for pair in (1, 2) for which in ("first", "second")]
    assert [shapes[f"{m}.bottleneck.weight"][:2] for m in modules] == [(16, 12), (32, 64), (64, 128), (128, 256)]
    for m, width in zip(modules, (16, 32, 64, 128), strict=True):
        kernels = [shapes[f"{m}.scales.{i}.depthwise.weight"] for i in range(3)]
        assert kernels == [(width, 1, 1, k) for k in (39, 19, 9)]
    assert [shapes[f"body.{pair}.shortcut.0.weight"][:2] for pair in (1, 2)] == [(128, 12), (512, 128)]
    assert [shapes[f"head.narrow.{i}.0.weight"][:2] for i in range(2)] == [(256, 512), (128, 256)]


def test_inceptiontime_has_the_widths_of_the_paper() -> None:
    shapes = _weights(InceptionTime(12, 2))
    modules = [f"body.{triple}.modules_in_row.{i}" for triple in (1, 2) for i in range(3)]
    assert [shapes[f"{m}.bottleneck.weight"][:2] for m in modules] == [(32, 12)] + [(32, 128)] * 5
    assert all(
        [shapes[f"{m}.scales.{i}.weight"] for i in range(3)] == [(32, 32, 1, k) for k in (39, 19, 9)] for m in modules
    )
    assert shapes["head.weight"] == (2, 128)
