"""Weights on disk and starting from them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from einthoven.errors import FormatError, IncompatibleModel, NotFound
from einthoven.models.building import build_network, load_network, network_from
from einthoven.models.weights import WeightsInfo, load_weights, read_weights_info, save_weights
from einthoven.spec import standard_steps
from tones import tone_spec

torch.set_num_threads(1)
SPEC = tone_spec()
STEPS = {
    "leads": standard_steps(leads=("I", "II", "V2"), rate=50, duration=2, band=None),
    "rate": standard_steps(leads=SPEC.leads, rate=100, duration=1, band=None),
    "duration": standard_steps(leads=SPEC.leads, rate=50, duration=4, band=None),
    "z-score": standard_steps(leads=SPEC.leads, rate=50, duration=2, band=None, over="record"),
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    network = build_network("inceptiontime", SPEC, seed=3)
    network.train()
    network(torch.randn(4, 3, 100))  # so that batch normalisation has statistics to keep
    save_weights(network, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_weights_come_back_with_the_statistics_of_batch_normalisation(saved: Path) -> None:
    network, again = load_network(saved, SPEC), build_network("inceptiontime", SPEC, seed=9)
    load_weights(again, saved)
    x = torch.randn(2, 3, 100)
    assert torch.equal(network.eval()(x), again.eval()(x))
    norms = [value for name, value in network.state_dict().items() if name.endswith("running_mean")]
    assert all(bool((value != 0).any()) for value in norms)


def test_the_header_says_what_the_weights_belong_to(saved: Path) -> None:
    assert read_weights_info(saved) == WeightsInfo("inceptiontime", 3, 2, 100, 100)


def test_nothing_but_the_weights_is_left_in_the_folder(saved: Path) -> None:
    assert [p.name for p in saved.parent.iterdir()] == ["weights.safetensors"]


@pytest.mark.parametrize("architecture", ["xceptiontime", "inceptiontime"])
def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_own_randomness_alone(architecture: str) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second, other = (build_network(architecture, SPEC, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(1), expected)
    x = torch.randn(2, 3, 100)
    assert torch.equal(first.eval()(x), second.eval()(x)) and not torch.equal(first.eval()(x), other.eval()(x))


def test_weights_of_another_architecture_are_refused_in_words(saved: Path) -> None:
    with pytest.raises(IncompatibleModel, match=r"inceptiontime with 3 leads.*xceptiontime"):
        load_weights(build_network("xceptiontime", SPEC), saved)


def test_weights_for_another_number_of_outputs_are_refused(saved: Path) -> None:
    with pytest.raises(IncompatibleModel, match=r"2 outputs.*3 outputs"):
        load_weights(build_network("inceptiontime", tone_spec(names=("a", "b", "c"))), saved)


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(IncompatibleModel, match="holds no weights this program wrote"):
        read_weights_info(tmp_path / "foreign.safetensors")


def test_tensors_that_do_not_fit_are_refused(saved: Path, tmp_path: Path) -> None:
    header = {"format": "einthoven-weights", "version": "1", "architecture": "inceptiontime"}
    header |= {"n_leads": "3", "n_outputs": "2", "n_samples": "100"}
    save_file({"x": torch.zeros(1)}, tmp_path / "odd.safetensors", header)
    with pytest.raises(IncompatibleModel, match="do not fit inceptiontime"):
        load_network(tmp_path / "odd.safetensors", SPEC)


def test_a_truncated_file_is_named(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:1000])
    with pytest.raises(FormatError, match=r"weights\.safetensors"):
        load_network(saved, SPEC)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_weights_info(tmp_path / "none.safetensors")


def test_an_unknown_architecture_is_not_found_with_the_choices() -> None:
    with pytest.raises(NotFound, match=r"no architecture .transformer.*inceptiontime.*xceptiontime"):
        build_network("transformer", SPEC)


def test_going_on_with_the_same_classes_keeps_every_weight(saved: Path) -> None:
    network = network_from(saved, SPEC, replace(SPEC, task="another name"))
    x = torch.randn(2, 3, 100)
    assert torch.equal(network.eval()(x), load_network(saved, SPEC).eval()(x))


@pytest.mark.parametrize("names", [("fast", "slow"), ("a", "b", "c")])
def test_other_classes_or_another_order_get_a_fresh_output_layer_on_the_same_body(
    saved: Path, names: tuple[str, ...]
) -> None:
    spec = tone_spec(names=names)
    network, base = network_from(saved, SPEC, spec, seed=1), load_network(saved, SPEC)
    assert network.eval()(torch.randn(2, 3, 100)).shape == (2, len(names))
    ours, theirs = network.core.state_dict(), base.core.state_dict()
    assert all(torch.equal(ours[k], theirs[k]) for k in ours if not k.startswith("head"))
    assert ours["head.weight"].shape != theirs["head.weight"].shape or not torch.equal(
        ours["head.weight"], theirs["head.weight"]
    )
    assert network.n_outputs == len(names) and network.fresh_output


@pytest.mark.parametrize("difference", list(STEPS))
def test_weights_for_other_input_are_refused_and_the_difference_named(saved: Path, difference: str) -> None:
    with pytest.raises(IncompatibleModel, match=difference):
        network_from(saved, SPEC, replace(SPEC, steps=STEPS[difference]))
