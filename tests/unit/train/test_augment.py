"""What is done to ECGs while training."""

import numpy as np
import pytest
import torch

from einthoven.train import TrainConfig
from einthoven.train.augment import cropped, disturbed, mixed

RATE = 100.0


def _ecgs(n: int = 64, leads: int = 12, samples: int = 1000) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(n, leads, samples)


def test_a_crop_is_a_stretch_of_the_ecg_the_same_in_all_leads_and_every_place_occurs() -> None:
    x = torch.arange(50.0).expand(400, 3, 50) + 100 * torch.arange(3)[:, None]
    part = cropped(x, 10)
    first = part[:, 0, 0]
    assert torch.equal(part, first[:, None, None] + torch.arange(10.0) + 100 * torch.arange(3.0)[:, None])
    assert set(first.int().tolist()) == set(range(41))


def test_without_settings_nothing_changes() -> None:
    x = _ecgs()
    assert torch.equal(disturbed(x, TrainConfig(), RATE), x) and cropped(x, 1000) is x


def test_gain_varies_amplitudes_by_about_its_size_and_not_the_shape() -> None:
    x = _ecgs(400)
    ratio = disturbed(x, TrainConfig(gain=0.2), RATE) / x
    assert torch.allclose(ratio, ratio[:, :, :1].expand_as(ratio), rtol=1e-4)
    assert float(ratio[:, :, 0].log().std()) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(
    ("name", "band"), [("wander", (0.0, 0.6)), ("powerline", (48.5, 50.0)), ("noise", (0.0, 50.0))]
)
def test_disturbances_lie_in_their_band_and_never_exceed_their_size(name: str, band: tuple[float, float]) -> None:
    x = _ecgs(32)
    added = (disturbed(x, TrainConfig(**{name: 0.5}), RATE) - x).numpy()
    spectrum = np.abs(np.fft.rfft(added * np.hanning(1000), axis=2)) ** 2
    hertz = np.fft.rfftfreq(1000, 1 / RATE)
    inside = (hertz >= band[0] - 0.3) & (hertz <= band[1] + 0.3)
    assert spectrum[:, :, inside].sum() > 0.98 * spectrum.sum() > 0
    if name != "noise":
        assert np.abs(added).max() <= 0.501


def test_lost_leads_are_blank_and_as_frequent_as_asked() -> None:
    lost = (disturbed(_ecgs(500), TrainConfig(lead_dropout=0.1), RATE) == 0).all(dim=2).float().mean()
    assert float(lost) == pytest.approx(0.1, abs=0.01)


def test_a_blend_is_the_weighted_sum_and_its_own_share_is_the_larger() -> None:
    x = _ecgs(200, 2, 30)
    blend = mixed(x, 0.4)
    weight = blend.kept[:, None, None]
    torch.testing.assert_close(blend.x, weight * x + (1 - weight) * x[blend.partner])
    assert float(blend.kept.min()) >= 0.5 and sorted(blend.partner.tolist()) == list(range(200))
