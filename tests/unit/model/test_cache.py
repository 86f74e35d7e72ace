"""A view of a cache shows columns of some rows and touches nothing, on plain tensors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import DynamicCache

from guardbind.model.cache import accepted_arguments, float_dtype, input_device, own_cache, view_of

ROWS, HEADS, COLUMNS, WIDTH, LAYERS = 3, 2, 7, 4, 2


def states(columns: int = COLUMNS, rows: int = ROWS, seed: int = 0) -> Tensor:
    return torch.randn(rows, HEADS, columns, WIDTH, generator=torch.Generator().manual_seed(seed))


def live_cache(columns: int = COLUMNS) -> DynamicCache:
    cache = DynamicCache()
    for layer in range(LAYERS):
        cache.update(states(columns, seed=layer), states(columns, seed=10 + layer), layer)
    return cache


def contents(cache: Any) -> list[Tensor]:
    return [part.clone() for layer in cache.layers for part in (layer.keys, layer.values)]


def extend(view: DynamicCache, rows: int, layer: int, columns: int = 1) -> tuple[Tensor, Tensor]:
    keys, values = view.update(states(columns, rows, 20 + layer), states(columns, rows, 30 + layer), layer)
    return keys, values


@given(
    rows=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=5),
    columns=st.integers(0, COLUMNS),
    more=st.integers(1, 3),
)
def test_what_a_pass_reads_is_the_columns_shown_and_its_own(rows: list[int], columns: int, more: int) -> None:
    live = live_cache()
    before = contents(live)
    view = view_of(live, rows, columns, COLUMNS)
    assert view is not None
    for layer in range(LAYERS):
        keys, values = extend(view, len(rows), layer, more)
        for found, seed, added in ((keys, layer, 20 + layer), (values, 10 + layer, 30 + layer)):
            expected = torch.stack([states(seed=seed)[row, :, :columns] for row in rows])
            assert torch.equal(found, torch.cat([expected, states(more, len(rows), added)], dim=-2))
    assert all(torch.equal(one, other) for one, other in zip(before, contents(live), strict=True))
    assert live.get_seq_length() == COLUMNS


def test_a_view_knows_its_length_its_type_and_its_place() -> None:
    view = view_of(live_cache(), [0, 1, 2], 5, COLUMNS)
    assert view is not None
    assert view.get_seq_length() == 5
    assert len(view.layers) == LAYERS
    layers: list[Any] = list(view.layers)
    for layer in layers:
        assert (layer.dtype, layer.device) == (torch.float32, torch.device("cpu"))


def named_layer(name: str, columns: int = COLUMNS, **more: object) -> Any:
    return type(name, (), {"keys": states(columns), "values": states(columns), **more})()


@pytest.mark.parametrize(
    "name",
    ["DynamicLayer", "DynamicSlidingWindowLayer", "StaticLayer", "SlidingWindowLayer", "StaticSlidingWindowLayer"],
)
def test_layers_that_hold_every_column_are_read(name: str) -> None:
    cache = SimpleNamespace(layers=[named_layer(name)])
    view = view_of(cache, [1], 3, COLUMNS)
    assert view is not None
    assert torch.equal(extend(view, 1, 0)[0][:, :, :3], states()[[1], :, :3])


def test_static_layers_are_longer_than_what_was_seen() -> None:
    cache = SimpleNamespace(layers=[named_layer("StaticLayer", 64)])
    view = view_of(cache, [0], COLUMNS, COLUMNS)
    assert view is not None and view.get_seq_length() == COLUMNS


UNREADABLE = {
    "nothing": None,
    "no layers": SimpleNamespace(),
    "an empty list of them": SimpleNamespace(layers=[]),
    "an offloaded one": SimpleNamespace(layers=[named_layer("DynamicLayer")], offloading=True),
    "recurrent state": SimpleNamespace(layers=[named_layer("DynamicLayer"), named_layer("LinearAttentionLayer")]),
    "quantised keys": SimpleNamespace(layers=[named_layer("QuantoQuantizedLayer")]),
    "a window that has overflowed": SimpleNamespace(layers=[named_layer("DynamicSlidingWindowLayer", COLUMNS - 1)]),
    "a layer that was never filled": SimpleNamespace(layers=[SimpleNamespace(keys=None, values=None)]),
    "a layer of another shape": SimpleNamespace(layers=[named_layer("DynamicLayer", keys=torch.zeros(3, 7, 4))]),
    "one such layer of several": SimpleNamespace(layers=[named_layer("DynamicLayer"), named_layer("DynamicLayer", 2)]),
}


@pytest.mark.parametrize("cache", UNREADABLE.values(), ids=UNREADABLE)
def test_what_does_not_hold_every_column_cannot_be_read(cache: Any) -> None:
    assert view_of(cache, [0], 3, COLUMNS) is None


def test_an_empty_cache_of_ours_keeps_every_column() -> None:
    cache = own_cache()
    assert cache.get_seq_length() == 0
    extend(cache, ROWS, 0, 5)
    extend(cache, ROWS, 0, 4)
    assert cache.get_seq_length() == 9


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.packed = nn.Parameter(torch.zeros(2, dtype=torch.int8), requires_grad=False)
        self.weight = nn.Parameter(torch.zeros(2, dtype=torch.bfloat16))

    def forward(self, input_ids: Tensor, *, logits_to_keep: int = 0) -> Tensor:
        return input_ids


def test_a_model_tells_its_precision_place_and_arguments() -> None:
    assert float_dtype(Net()) is torch.bfloat16
    assert input_device(Net()) == torch.device("cpu")
    assert accepted_arguments(Net()) == {"input_ids", "logits_to_keep"}
