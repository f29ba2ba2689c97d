"""The gradient of a depthwise convolution that we compute ourselves, against torch's own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from einthoven.models.networks.depthwise import SHORTEST, DepthwiseConv
from einthoven.models.networks.layers import AsImage

torch.set_num_threads(1)


def _torchs(x: torch.Tensor, weight: torch.Tensor, towards: torch.Tensor) -> list[torch.Tensor]:
    x, weight = x.double().requires_grad_(), weight.double().requires_grad_()
    out = functional.conv2d(x, weight, padding=(0, weight.shape[-1] // 2), groups=x.shape[1])
    return list(torch.autograd.grad((out * towards.double()).sum(), (x, weight)))


@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(1, 3),
    channels=st.integers(1, 5),
    samples=st.integers(1, 230),
    kernel=st.sampled_from([3, SHORTEST, 19, 39]),
    seed=st.integers(0, 99),
)
def test_both_gradients_are_torchs(batch: int, channels: int, samples: int, kernel: int, seed: int) -> None:
    torch.manual_seed(seed)
    x = AsImage()(torch.randn(batch, channels, samples))
    weight, towards = torch.randn(channels, 1, 1, kernel), torch.randn(batch, channels, 1, samples)
    ours = _own(x, weight, towards)
    wanted = _torchs(x, weight, towards)
    for one, other in zip(ours, wanted, strict=True):
        torch.testing.assert_close(one.double(), other, atol=1e-4, rtol=1e-4)


def _own(x: torch.Tensor, weight: torch.Tensor, towards: torch.Tensor) -> list[torch.Tensor]:
    layer = DepthwiseConv(x.shape[1], weight.shape[-1])
    layer.weight.data = weight.clone()
    x = x.clone().requires_grad_()
    return list(torch.autograd.grad((layer(x) * towards).sum(), (x, layer.weight)))


def test_frozen_weights_cost_no_gradient() -> None:
    layer = DepthwiseConv(2, 39).requires_grad_(False)
    x = torch.randn(1, 2, 1, 60, requires_grad=True)
    assert torch.autograd.grad(layer(x).sum(), x)[0].isfinite().all()


def test_half_precision_computes_the_convolution_in_full() -> None:
    layer, x = DepthwiseConv(4, 39), torch.randn(2, 4, 1, 80)
    with torch.autocast("cpu", torch.bfloat16):
        answer = layer(x.bfloat16())
    torch.testing.assert_close(answer.float(), layer(x.bfloat16().float()), atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("kernel", [9, 39])
def test_it_is_the_convolution_that_it_replaces(kernel: int) -> None:
    layer, x = DepthwiseConv(4, kernel), torch.randn(2, 4, 1, 80)
    torch.testing.assert_close(
        layer(x), functional.conv2d(x, layer.weight, padding=(0, kernel // 2), groups=4), atol=1e-5, rtol=1e-5
    )
