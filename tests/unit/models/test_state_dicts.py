"""Which tensor of a checkpoint is which weight: prefixes found, what lacks and what is too much named."""

import pytest

from einthoven.models.state_dicts import matched

WANTED = {"conv.weight": (4, 12, 3), "norm.weight": (4,), "norm.num_batches_tracked": (), "head.bias": (5,)}


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "model.module.", "_orig_mod.model.net."])
def test_a_common_prefix_is_found_and_said(prefix: str) -> None:
    found = matched({prefix + name: shape for name, shape in WANTED.items()}, WANTED)
    assert found.prefix == prefix and found.names == {name: prefix + name for name in WANTED}
    assert not found.missing and not found.unexpected and not found.misshapen


def test_tensors_beside_the_model_are_unexpected_and_missing_ones_are_named() -> None:
    there = {"model.conv.weight": (4, 12, 3), "model.norm.weight": (4,), "criterion.weight": (5,)}
    found = matched(there, WANTED)
    assert (found.prefix, found.missing, found.unexpected) == ("model.", ("head.bias",), ("criterion.weight",))


def test_a_counter_of_batches_may_lack() -> None:
    there = {name: shape for name, shape in WANTED.items() if not name.endswith("tracked")}
    assert matched(there, WANTED).missing == ()


def test_another_shape_is_no_match() -> None:
    found = matched({**WANTED, "head.bias": (3,)}, WANTED)
    assert found.misshapen == {"head.bias": ((5,), (3,))} and "head.bias" not in found.names


def test_weights_of_another_network_match_nothing() -> None:
    found = matched({"a": (1,), "b.c": (2,)}, WANTED)
    assert found.names == {} and found.unexpected == ("a", "b.c") and len(found.missing) == 3
