"""Random convolutions: what each feature is, and what fitting them sets."""

import numpy as np
import pytest
import torch

from einthoven.models import ARCHITECTURES, Sizes
from einthoven.models.networks.random_convolutions import (
    KERNELS,
    LEAST_DEVIATION,
    RAMP,
    THRESHOLDS,
    Bank,
    RandomConvolutions,
    dilations,
)

torch.set_num_threads(1)


def _module(leads: int = 3, samples: int = 200, seed: int = 0) -> RandomConvolutions:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return RandomConvolutions(leads, 2, samples)


def _ecgs(n: int = 20, leads: int = 3, samples: int = 200, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(n, leads, samples, generator=torch.Generator().manual_seed(seed))
    return torch.cumsum(noise, dim=2) / 10


def _banks(module: RandomConvolutions) -> list[Bank]:
    return [bank for bank in module.banks if isinstance(bank, Bank)]


@pytest.mark.parametrize(
    ("samples", "wanted"),
    [
        (4, (1,)),
        (40, (1, 2, 3, 4)),
        (100, (1, 2, 3, 4, 6, 8, 12)),
        (1000, (1, 2, 3, 4, 6, 8, 12)),
        (5000, (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)),
    ],
)
def test_kernels_fit_into_the_record_and_span_up_to_a_second(samples: int, wanted: tuple[int, ...]) -> None:
    assert dilations(samples) == wanted


def test_a_feature_is_the_share_of_time_during_which_a_kernels_answer_exceeds_a_threshold() -> None:
    module, x = _module(), _ecgs(3)
    module.fit_features(_ecgs(30, seed=1))
    features = module._pooled(x)
    for where, bank in enumerate(_banks(module)):
        for threshold, kernel in ((0, 0), (THRESHOLDS - 1, 17)):
            # By numpy: a correlation with the stretched kernel in each lead, then the mean of the ramp.
            answer = np.zeros((3, 200))
            for lead in range(3):
                stretched = np.zeros(8 * bank.dilation + 1)
                stretched[:: bank.dilation] = bank.weight[kernel, lead, 0].numpy()
                for ecg in range(3):
                    padded = np.pad(x[ecg, lead].numpy(), 4 * bank.dilation)
                    answer[ecg] += np.correlate(padded, stretched, mode="valid")
            ramp = np.clip(answer + float(bank.offset[threshold, kernel, 0, 0]), 0, 1)
            column = (where * THRESHOLDS + threshold) * KERNELS + kernel
            np.testing.assert_allclose(features[:, column], ramp.mean(axis=1), atol=1e-4)


def test_thresholds_are_quantiles_of_the_training_ecgs() -> None:
    module, x = _module(), _ecgs(40)
    module.fit_features(x)
    for bank in _banks(module):
        answers = bank.answers(module.as_image(x)).squeeze(2)
        np.testing.assert_allclose(answers.std(dim=(0, 2), correction=0), 1 / RAMP, rtol=0.02)
        thresholds = 0.5 - bank.offset.squeeze()
        below = (answers[:, None] < thresholds[None, :, :, None]).float().mean(dim=(0, 3))
        np.testing.assert_allclose(below, bank.quantiles, atol=0.02)


def test_fitted_features_are_standardised_and_are_those_that_the_network_computes() -> None:
    module, x = _module(), _ecgs(70)
    told: list[tuple[int, int]] = []
    fitted = module.fit_features(x, on_batch=lambda done, total: told.append((done, total)))
    assert fitted.shape == (70, module.n_features) == (70, len(dilations(200)) * THRESHOLDS * KERNELS)
    torch.testing.assert_close(fitted.mean(dim=0), torch.zeros(module.n_features), atol=1e-4, rtol=0)
    deviation = fitted.std(dim=0, correction=0)
    varied = module.standardised.deviation > LEAST_DEVIATION
    assert float(varied.float().mean()) > 0.9 and bool((deviation[~varied] <= 1 + 1e-4).all())
    torch.testing.assert_close(deviation[varied], torch.ones(int(varied.sum())), atol=1e-3, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(module.features(x), fitted, atol=1e-4, rtol=1e-4)
    assert told[-1] == (70, 70)


def test_fitting_twice_to_the_same_ecgs_changes_nothing() -> None:
    module, x = _module(), _ecgs()
    first = module.fit_features(x)
    torch.testing.assert_close(module.fit_features(x), first, atol=1e-3, rtol=1e-3)


def test_kernels_come_from_the_seed_and_ignore_a_constant() -> None:
    one, same, other = (_banks(_module(seed=seed))[0].weight for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)
    torch.testing.assert_close(one.sum(dim=3), torch.zeros(KERNELS, 3, 1), atol=1e-5, rtol=0)


def test_kernels_look_at_one_lead_up_to_all_and_every_lead_is_looked_at() -> None:
    looked = (_banks(_module(leads=12))[0].weight != 0).any(dim=3).squeeze(2)
    numbers = looked.sum(dim=1)
    assert set(numbers.tolist()) <= set(range(1, 13)) and int(numbers.min()) == 1 and int(numbers.max()) >= 10
    assert bool(looked.any(dim=0).all())


def test_flat_and_constant_ecgs_leave_numbers() -> None:
    module = _module()
    fitted = module.fit_features(torch.zeros(4, 3, 200))
    assert bool(fitted.isfinite().all()) and bool(module.features(_ecgs(2)).isfinite().all())


def test_only_the_head_is_learned() -> None:
    assert {name for name, _ in _module().named_parameters()} == {"head.weight", "head.bias"}


def test_the_whole_network_takes_less_than_10_mb() -> None:
    network = ARCHITECTURES.get("random_convolutions").build(Sizes(12, 5, 5000))
    assert sum(value.numel() * value.element_size() for value in network.state_dict().values()) < 10e6
