"""xresnet1d and resnet1d_wang: widths of the published code, and layers against torch's one-dimensional ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage, NormOfFeatures, PeakAndMean, conv
from einthoven.models.networks.ptbxl_benchmark import BenchmarkHead
from einthoven.models.networks.resnet1d_wang import Block, ResNet1dWang
from einthoven.models.networks.xresnet1d import Bottleneck, XResNet1d

torch.set_num_threads(1)


def _convolutions(module: nn.Module) -> list[tuple[int, int, int, int]]:
    """Channels in and out, kernel, stride."""
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    return [(c.in_channels, c.out_channels, c.kernel_size[1], c.stride[1]) for c in layers]


def _samples(body: nn.Sequential, n: int, *kinds: type[nn.Module]) -> list[int]:
    """Samples behind each layer of these kinds."""
    seen: list[int] = []

    def note(_: nn.Module, __: object, output: Tensor) -> None:
        seen.append(output.shape[3])

    hooks = [layer.register_forward_hook(note) for layer in body if isinstance(layer, kinds)]
    with torch.no_grad():
        body(torch.randn(2, 12, n))
    for hook in hooks:
        hook.remove()
    return seen


def test_xresnet1d50_has_the_widths_kernels_and_strides_of_the_published_code() -> None:
    network = XResNet1d(12, 5)
    convolutions = _convolutions(network)
    assert convolutions[:3] == [(12, 32, 5, 2), (32, 32, 5, 1), (32, 64, 5, 1)]
    blocks = [layer for layer in network.body if isinstance(layer, Bottleneck)]
    assert len(blocks) == 3 + 4 + 6 + 3
    for i, block in enumerate(blocks):
        n_in, stride = (64 if i == 0 else 256), (2 if i in (3, 7, 13) else 1)
        widening = [(64, 256, 1, 1)] if i == 0 else []
        assert _convolutions(block) == [(n_in, 64, 1, 1), (64, 64, 5, stride), (64, 256, 1, 1), *widening]


def test_xresnet1d_halves_the_samples_five_times() -> None:
    body = XResNet1d(12, 5).body
    assert _samples(body, 1000, nn.MaxPool2d, Bottleneck) == [250] * 4 + [125] * 4 + [63] * 6 + [32] * 3


def test_a_shortcut_of_xresnet1d_averages_pairs_and_keeps_an_odd_last_sample() -> None:
    shortcut = Bottleneck(256, 256, 2).shortcut
    x = torch.randn(2, 256, 125)
    wanted = functional.avg_pool1d(x, 2, ceil_mode=True)
    torch.testing.assert_close(shortcut(AsImage()(x))[:, :, 0], wanted)
    torch.testing.assert_close(wanted[:, :, -1], x[:, :, -1])


def test_resnet1d_wang_has_the_widths_kernels_and_strides_of_the_published_code() -> None:
    network = ResNet1dWang(12, 5)
    wanted = [(12, 128, 7, 1), (128, 128, 5, 1), (128, 128, 3, 1)]
    for _ in range(2):
        wanted += [(128, 128, 5, 2), (128, 128, 3, 1), (128, 128, 1, 2)]
    assert _convolutions(network) == wanted
    assert _samples(network.body, 1000, Block) == [1000, 500, 250]


def test_the_head_is_normalisation_dropout_and_linear_twice() -> None:
    head = BenchmarkHead(256, 5)
    kinds = [type(layer).__name__ for layer in head]
    assert kinds == ["NormOfFeatures", "Dropout", "Linear", "ReLU", "NormOfFeatures", "Dropout", "Linear"]
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.25, 0.5]
    assert [tuple(layer.weight.shape) for layer in head if isinstance(layer, nn.Linear)] == [(128, 256), (5, 128)]


def test_peak_and_mean_are_torchs_adaptive_pools() -> None:
    x = torch.randn(2, 7, 33)
    wanted = torch.cat([functional.adaptive_max_pool1d(x, 1), functional.adaptive_avg_pool1d(x, 1)], dim=1)
    torch.testing.assert_close(PeakAndMean()(AsImage()(x)), wanted[:, :, 0])


def test_a_strided_convolution_keeps_every_second_sample_rounded_up() -> None:
    ours, x = conv(3, 4, 5, stride=2), torch.randn(2, 3, 63)
    wanted = functional.conv1d(x, ours.weight[:, :, 0], stride=2, padding=2)
    assert wanted.shape[2] == 32
    torch.testing.assert_close(ours(AsImage()(x))[:, :, 0], wanted, atol=1e-5, rtol=1e-5)


def test_normalisation_of_features_is_torchs_for_more_than_one_row() -> None:
    ours, theirs = NormOfFeatures(5), nn.BatchNorm1d(5)
    x = torch.randn(8, 5) * 3 + 2
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_normalisation_of_features_takes_the_running_statistics_for_one_row() -> None:
    norm = NormOfFeatures(5)
    for _ in range(50):
        norm(torch.randn(64, 5) * 3 + 2)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    row = torch.full((1, 5), 5.0)
    torch.testing.assert_close(norm.train()(row), norm.eval()(row))
    torch.testing.assert_close(norm(row), torch.ones(1, 5), atol=0.2, rtol=0)
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())
