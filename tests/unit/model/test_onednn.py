"""Linear layers that oneDNN runs: the same products, nothing left behind, and what may not be touched is not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from guardbind.model.onednn import linears_by_onednn


class Scaled(nn.Linear):
    """Does more than multiply."""


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 5000, bias=False), Scaled(5000, 8))


@pytest.mark.parametrize("shape", [(24,), (1, 24), (1, 1, 24), (2, 7, 24)])
def test_products_are_the_same(shape: tuple[int, ...]) -> None:
    model, x = layers(), torch.randn(shape)
    with torch.no_grad():
        usual = model(x)
        with linears_by_onednn(model) as run:
            assert run in (0, 2)  # none where this torch does not have it
            torch.testing.assert_close(model(x), usual)
        torch.testing.assert_close(model(x), usual, rtol=0, atol=0)


def test_nothing_is_left_behind_even_by_an_error() -> None:
    model = layers()
    with pytest.raises(KeyError), linears_by_onednn(model):
        raise KeyError
    assert not any("forward" in module.__dict__ for module in model.modules())


def test_weights_that_change_meanwhile_are_read_and_gradients_flow() -> None:
    model, x = layers(), torch.randn(3, 24)
    with linears_by_onednn(model):
        with torch.no_grad():
            before = model(x)
            model[0].get_parameter("weight").add_(1.0)
            assert not torch.equal(model(x), before)
        model(x).sum().backward()
    assert model[0].get_parameter("weight").grad is not None


def test_other_types_and_changed_layers_are_left_alone() -> None:
    model = layers()
    model[0].to(torch.bfloat16)
    own: Any = torch.sin
    model[2].forward = own
    with linears_by_onednn(model) as run:
        assert run == 0
    assert model[2].forward is own
