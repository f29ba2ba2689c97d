"""What every architecture must do, for all that are registered."""

import subprocess
import sys

import pytest
import torch

from einthoven.models import ARCHITECTURES, ArchitectureEntry, Sizes

torch.set_num_threads(1)

PARAMETERS = {"xceptiontime": 401_365, "inceptiontime": 457_605}
"""Trainable parameters for 12 leads and 5 outputs."""

every_architecture = pytest.mark.parametrize("entry", list(ARCHITECTURES), ids=lambda entry: entry.name)


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
    assert entry.title and entry.summary.endswith(".") and "arXiv" in entry.paper
    assert "torch" in entry.requires and not ARCHITECTURES.missing(entry)


@every_architecture
def test_it_has_the_stated_number_of_parameters(entry: ArchitectureEntry) -> None:
    network = entry.build(Sizes(12, 5, 1000))
    assert sum(p.numel() for p in network.parameters()) == PARAMETERS[entry.name]


@every_architecture
@pytest.mark.parametrize(("leads", "outputs", "samples"), [(12, 5, 1000), (1, 1, 100), (8, 2, 333), (3, 4, 40)])
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
        torch.testing.assert_close(network(x)[2:3], network(x[2:3]), atol=1e-5, rtol=1e-5)


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
    network = entry.build(Sizes(3, 2, 100))
    torch.nn.functional.cross_entropy(network(torch.randn(4, 3, 100)), torch.tensor([0, 1, 0, 1])).backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


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
    assert 0 < head < sum(p.numel() for p in network.parameters())


@every_architecture
def test_replacing_the_head_of_another_architecture_is_refused(entry: ArchitectureEntry) -> None:
    with pytest.raises(TypeError):
        entry.replace_head(torch.nn.Linear(1, 1), 2)
