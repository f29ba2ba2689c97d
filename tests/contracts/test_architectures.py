"""What every architecture must do, for all that are registered."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from einthoven.leads import STANDARD_12
from einthoven.models import ARCHITECTURES, ArchitectureEntry, Sizes
from einthoven.models.building import build_network
from einthoven.models.entry import FEATURES_OF_A_SUBJECT_INPUT
from einthoven.onnx.export import TOLERANCE, export
from einthoven.simulate import cohort
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass

torch.set_num_threads(1)

PARAMETERS = {
    "dsail_snu": 1_811_717,
    "inceptiontime": 457_605,
    "patch_transformer": 1_312_773,
    "random_convolutions": 23_525,
    "resnet1d_wang": 473_349,
    "xceptiontime": 401_365,
    "xresnet1d": 953_989,
}
"""Trainable parameters for 12 leads, 5 outputs and 1000 samples, without age and sex."""

SUBJECT = 2 * FEATURES_OF_A_SUBJECT_INPUT
"""Age, whether it is unknown, sex, whether it is unknown."""

every_architecture = pytest.mark.parametrize("entry", list(ARCHITECTURES), ids=lambda entry: entry.name)
every_architecture_with_subjects = pytest.mark.parametrize(
    "entry", [entry for entry in ARCHITECTURES if entry.takes_subject], ids=lambda entry: entry.name
)


def _spec(
    entry: ArchitectureEntry, leads: int, samples: int, subject: tuple[Literal["age", "sex"], ...] = ()
) -> ModelSpec:
    steps = standard_steps(leads=STANDARD_12[:leads], rate=100, duration=samples / 100, scaling=entry.scaling)
    return ModelSpec("multi-label", tuple(TaskClass(name) for name in "abc"), steps, subject=subject)


def _gradients(network: nn.Module, answer: Tensor) -> dict[str, Tensor]:
    """Of each parameter, after one step back from an answer that should have been 1 everywhere."""
    network.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(answer, torch.ones_like(answer)).backward()
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


def test_every_architecture_has_a_published_number_of_parameters() -> None:
    assert set(PARAMETERS) == set(ARCHITECTURES.names())


def test_listing_architectures_does_not_import_torch() -> None:
    code = (
        "import sys; from einthoven.models import ARCHITECTURES, building, weights; assert ARCHITECTURES.names();"
        "import einthoven.train, einthoven.infer; sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@every_architecture
def test_it_describes_itself(entry: ArchitectureEntry) -> None:
    assert entry.title and entry.summary.endswith(".") and re.search(r"\b(19|20)\d\d\b", entry.paper)
    assert "arXiv" in entry.paper or "Computing in Cardiology" in entry.paper
    assert entry.experimental == "" or entry.experimental.endswith(".")
    assert "torch" in entry.requires and not ARCHITECTURES.missing(entry)


@every_architecture
def test_it_has_the_stated_number_of_parameters(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(12, 5, 1000))
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[entry.name]


@every_architecture
@pytest.mark.parametrize(
    ("leads", "outputs", "samples"), [(12, 5, 1000), (1, 1, 100), (8, 2, 333), (3, 4, 40), (2, 3, 5000)]
)
def test_it_answers_one_row_of_outputs_per_ecg(
    entry: ArchitectureEntry, leads: int, outputs: int, samples: int
) -> None:
    network = entry.build(Sizes(leads, outputs, samples)).eval()
    with torch.no_grad():
        answer = network(torch.randn(2, leads, samples))
    assert answer.shape == (2, outputs) and answer.dtype == torch.float32 and bool(answer.isfinite().all())


@every_architecture
def test_an_answer_does_not_depend_on_the_other_ecgs_of_the_batch(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(3, 2, 100)).eval()
    x = torch.randn(4, 3, 100)
    with torch.no_grad():
        torch.testing.assert_close(network(x)[2:3], network(x[2:3]), atol=1e-5, rtol=1e-4)


@every_architecture
def test_an_answer_can_be_negative_or_positive_for_each_output(entry: ArchitectureEntry) -> None:
    torch.manual_seed(0)
    answers = []
    for _ in range(8):
        network = entry.build(Sizes(3, 2, 100)).eval()
        with torch.no_grad():
            answers.append(network(torch.randn(4, 3, 100)))
    every = torch.cat(answers)
    assert bool((every.amin(dim=0) < 0).all()) and bool((every.amax(dim=0) > 0).all())


@every_architecture
def test_every_parameter_learns(entry: ArchitectureEntry) -> None:
    """With one random start or another: a channel behind a ReLU may by chance be silent for all ECGs of a batch."""
    still: set[str] | None = None
    for seed in range(8):
        torch.manual_seed(seed)
        network = entry.build(Sizes(3, 2, 100))
        gradients = _gradients(network, network(torch.randn(8, 3, 100)))
        moved = {name for name, gradient in gradients.items() if gradient.abs().sum() > 0}
        still = (set(dict(network.named_parameters())) if still is None else still) - moved
    assert still == set()


@every_architecture
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("samples", [40, 100, 333])
def test_it_learns_from_a_batch_of_one_or_two(entry: ArchitectureEntry, n: int, samples: int) -> None:
    torch.manual_seed(0)
    network = entry.build(Sizes(2, 2, samples)).train()
    answer = network(torch.randn(n, 2, samples))
    gradients = _gradients(network, answer)
    assert bool(answer.isfinite().all()) and all(bool(g.isfinite().all()) for g in gradients.values())
    assert sum(float(g.abs().sum()) for g in gradients.values()) > 0


@every_architecture
@pytest.mark.parametrize("signal", ["flat", "large"])
def test_a_flat_or_a_huge_signal_gives_finite_gradients(entry: ArchitectureEntry, signal: str) -> None:
    torch.manual_seed(0)
    network = entry.build(Sizes(2, 2, 200)).train()
    x = torch.zeros(3, 2, 200) if signal == "flat" else 1e3 * torch.randn(3, 2, 200)
    assert all(bool(gradient.isfinite().all()) for gradient in _gradients(network, network(x)).values())


@every_architecture
def test_a_seed_settles_the_start(entry: ArchitectureEntry) -> None:
    first, second, other = (
        build_network(entry.name, _spec(entry, 3, 100), seed=seed).state_dict() for seed in (3, 3, 4)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@every_architecture
def test_it_exports_to_onnx_and_answers_the_same(entry: ArchitectureEntry, tmp_path: Path) -> None:
    """333 samples: no stride and no pooling divides them."""
    spec = _spec(entry, 8, 333)
    network = build_network(entry.name, spec, seed=1).train()
    for _ in range(3):  # statistics of batch normalisation that are not the start's
        network(torch.randn(4, 8, 333))
    inputs = np.random.default_rng(1).normal(size=(5, 8, 333)).astype(np.float32)
    parity = export(network, spec, tmp_path / "model.onnx", inputs=inputs)
    assert 0 <= parity.max_difference_logits <= TOLERANCE


@every_architecture
def test_every_lead_and_the_order_of_leads_matter(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(12, 2, 200)).eval()
    x = torch.randn(1, 12, 200)
    with torch.no_grad():
        whole = network(x)
        for lead in range(12):
            without = x.clone()
            without[:, lead] = 0
            assert not torch.equal(network(without), whole), f"lead {lead} does not enter"
        assert not torch.equal(network(x.flip(1)), whole)


@every_architecture
def test_an_answer_is_what_the_head_makes_of_the_features(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(3, 2, 100)).eval()
    x = torch.randn(4, 3, 100)
    with torch.no_grad():
        features = network.features(x)
        torch.testing.assert_close(network.get_submodule(entry.head)(features), network(x))


@every_architecture
def test_replacing_the_head_changes_the_number_of_outputs_and_no_other_weight(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(3, 2, 100))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    entry.replace_head(network, 7)
    assert network.eval()(torch.randn(2, 3, 100)).shape == (2, 7)
    after = network.state_dict()
    assert set(after) == set(before)
    changed = {name for name in after if after[name].shape != before[name].shape}
    assert changed and all(name.startswith(entry.head) for name in changed)
    assert all(torch.equal(after[name], before[name]) for name in set(after) - changed)


@every_architecture
def test_the_head_is_a_part_with_parameters_and_not_the_whole(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(12, 5, 1000))
    head = sum(p.numel() for p in network.get_submodule(entry.head).parameters())
    whole = sum(tensor.numel() for tensor in network.state_dict().values())
    assert 0 < head < whole


@every_architecture
def test_replacing_the_head_of_another_architecture_is_refused(entry: ArchitectureEntry) -> None:
    with pytest.raises(TypeError):
        entry.replace_head(torch.nn.Linear(1, 1), 2)


@every_architecture_with_subjects
def test_age_and_sex_change_the_answer_and_may_be_unknown(entry: ArchitectureEntry) -> None:
    torch.manual_seed(0)
    network = entry.build(Sizes(3, 2, 100, SUBJECT)).eval()
    young, old, woman = ([0.2, 0, 0, 0], [0.9, 0, 0, 0], [0.2, 0, 1, 0])
    nothing_known = [0, 1, 0, 1]
    x = torch.randn(1, 3, 100).expand(4, 3, 100)
    with torch.no_grad():
        answers = network(x, torch.tensor([young, old, woman, nothing_known], dtype=torch.float32))
    assert answers.shape == (4, 2) and bool(answers.isfinite().all())
    assert len({tuple(row) for row in answers.tolist()}) == 4


@every_architecture_with_subjects
def test_with_age_and_sex_an_answer_is_what_the_head_makes_of_the_features(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(3, 2, 100, SUBJECT)).eval()
    x, subject = torch.randn(4, 3, 100), torch.rand(4, SUBJECT)
    with torch.no_grad():
        features = network.features(x, subject)
        torch.testing.assert_close(network.get_submodule(entry.head)(features), network(x, subject))


@every_architecture_with_subjects
def test_with_age_and_sex_a_new_head_still_sees_them(entry: ArchitectureEntry) -> None:
    torch.manual_seed(0)
    network = entry.build(Sizes(3, 2, 100, SUBJECT)).eval()
    entry.replace_head(network, 5)
    x = torch.randn(1, 3, 100)
    with torch.no_grad():
        answers = [network(x, torch.tensor([[age, 0.0, 1.0, 0.0]])) for age in (0.2, 0.9)]
    assert answers[0].shape == (1, 5) and not torch.equal(*answers)


@every_architecture_with_subjects
def test_an_answer_without_the_promised_age_and_sex_is_refused(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(3, 2, 100, SUBJECT)).eval()
    with pytest.raises(RuntimeError):
        network(torch.randn(1, 3, 100))


@every_architecture_with_subjects
def test_the_exported_graph_takes_age_and_sex_known_or_not(entry: ArchitectureEntry, tmp_path: Path) -> None:
    spec = _spec(entry, 3, 200, ("age", "sex"))
    network = build_network(entry.name, spec, seed=1).train()
    for _ in range(3):
        network(torch.randn(4, 3, 200), torch.tensor([[50.0, 0], [70, 1], [20, 1], [90, 0]]))
    assert 0 <= export(network, spec, tmp_path / "model.onnx").max_difference_logits <= TOLERANCE
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    x = np.random.default_rng(0).normal(size=(1, 3, 200)).astype(np.float32)
    told = [[20.0, 0.0], [80.0, 0.0], [20.0, 1.0], [np.nan, np.nan]]
    answers = [session.run(["logits"], {"ecg": x, "subject": np.array([s], np.float32)})[0] for s in told]
    assert np.isfinite(answers).all() and len({tuple(answer.ravel()) for answer in answers}) == len(told)


@pytest.mark.slow
@every_architecture
def test_it_learns_to_see_a_left_bundle_branch_block(entry: ArchitectureEntry) -> None:
    """96 simulated ECGs to learn from, 32 others to show it on; LBBB broadens QRS beyond any doubt."""
    signals, block = [], []
    for _, record, diagnosis in cohort(64, seed=5):
        if diagnosis in ("NORM", "LBBB"):
            signals.append(record.signal[:, ::5])
            block.append(diagnosis == "LBBB")
    x = torch.tensor(np.stack(signals), dtype=torch.float32)
    x = (x - x.mean(dim=2, keepdim=True)) / x.std(dim=2, keepdim=True)
    y = torch.tensor(block, dtype=torch.long)
    torch.manual_seed(0)
    order = torch.randperm(len(x))
    held, seen = order[:32], order[32:]
    network = entry.build(Sizes(12, 2, 1000))
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for _ in range(8):
        for batch in torch.randperm(len(seen)).split(16):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network.train()(x[seen[batch]]), y[seen[batch]]).backward()
            optimiser.step()
    with torch.no_grad():
        right = (network.eval()(x[held]).argmax(dim=1) == y[held]).float().mean()
    assert right >= 0.9
