"""The patch transformer: places by rotation, attention against a plain calculation, tokens."""

import pytest
import torch
from torch import nn

from einthoven.models.networks.patch_transformer import HEADS, WIDTH, AsTokens, Attention, PatchTransformer, Rotation

torch.set_num_threads(1)


def test_what_rotated_vectors_have_in_common_depends_on_their_distance_only() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 32)
    everywhere = torch.stack([query, key])[:, None].expand(2, 40, 32)[None]
    turned = Rotation(32)(everywhere)[0]
    products = turned[0] @ turned[1].T
    for distance in (-7, 0, 3, 20):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(products.diagonal(), (query @ key).expand(40), atol=1e-4, rtol=1e-4)
    assert float(products.std()) > 0.1


def test_a_rotation_keeps_the_length_of_a_vector() -> None:
    x = torch.randn(2, HEADS, 50, 32)
    torch.testing.assert_close(Rotation(32)(x).norm(dim=-1), x.norm(dim=-1))


def test_attention_is_the_softmax_of_products_over_the_root_of_the_width() -> None:
    torch.manual_seed(0)
    attention, x = Attention(), torch.randn(2, 9, WIDTH)
    parts = attention.inputs(x).split(WIDTH, dim=2)
    query, key, value = (part.reshape(2, 9, HEADS, -1).transpose(1, 2) for part in parts)
    products = attention.rotate(query) @ attention.rotate(key).transpose(2, 3) / (WIDTH // HEADS) ** 0.5
    seen = (products.softmax(dim=3) @ value).transpose(1, 2).reshape(2, 9, WIDTH)
    torch.testing.assert_close(attention(x), attention.output(seen), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("samples", "tokens"), [(1000, 63), (5000, 313), (40, 3), (17, 2), (16, 1)])
def test_a_token_stands_for_16_samples(samples: int, tokens: int) -> None:
    network = PatchTransformer(2, 1).eval()
    until = next(i for i, layer in enumerate(network.body) if isinstance(layer, AsTokens))
    with torch.no_grad():
        assert network.body[: until + 1](torch.randn(1, 2, samples)).shape == (1, tokens, WIDTH)


def test_the_same_weights_take_records_of_any_length() -> None:
    network = PatchTransformer(2, 3).eval()
    with torch.no_grad():
        assert all(network(torch.randn(1, 2, samples)).shape == (1, 3) for samples in (40, 250, 1000, 5000))


def test_the_order_of_events_matters() -> None:
    """Attention alone would not see it: the mean over tokens is the same in any order."""
    torch.manual_seed(0)
    body = PatchTransformer(2, 3).eval().body
    tokens = torch.randn(1, 30, WIDTH)
    until = next(i for i, layer in enumerate(body) if isinstance(layer, AsTokens))
    encoder: nn.Sequential = body[until + 1 :]
    with torch.no_grad():
        there, other = encoder(tokens).mean(dim=1), encoder(tokens[:, torch.randperm(30)]).mean(dim=1)
    assert not torch.allclose(there, other, atol=1e-4)
