"""A borrowed cache shows columns of some rows, keeps only what is added to it, and touches nothing."""

from __future__ import annotations

import weakref
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers import DynamicCache

from guardbind.model.borrowed import borrowed, row_of

ROWS, HEADS, COLUMNS, WIDTH, LAYERS = 3, 2, 7, 4, 2
WINDOWED = "DynamicSlidingWindowLayer"


def states(columns: int = COLUMNS, rows: int = ROWS, seed: int = 0) -> Tensor:
    return torch.randn(rows, HEADS, columns, WIDTH, generator=torch.Generator().manual_seed(seed))


def live_cache() -> DynamicCache:
    cache = DynamicCache()
    for layer in range(LAYERS):
        cache.update(states(seed=layer), states(seed=10 + layer), layer)
    return cache


def contents(cache: Any) -> list[Tensor]:
    return [part.clone() for layer in cache.layers for part in (layer.keys, layer.values)]


def extend(cache: DynamicCache, rows: int, layer: int, columns: int = 1) -> tuple[Tensor, Tensor]:
    keys, values = cache.update(states(columns, rows, 20 + layer), states(columns, rows, 30 + layer), layer)
    return keys, values


@given(
    rows=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=5),
    columns=st.integers(0, COLUMNS),
    repeats=st.integers(1, 3),
    keeps=st.booleans(),
    more=st.integers(1, 3),
)
def test_what_a_pass_reads_is_the_columns_shown_and_its_own(
    rows: list[int], columns: int, repeats: int, keeps: bool, more: int
) -> None:
    live = live_cache()
    before = contents(live)
    lent = borrowed(live, rows, columns, COLUMNS, repeats=repeats, keeps=keeps)
    assert lent is not None and lent.get_seq_length() == columns
    wanted = [row for row in rows for _ in range(repeats)]
    for layer in range(LAYERS):
        keys, values = extend(lent, len(wanted), layer, more)
        for found, seed, added in ((keys, layer, 20 + layer), (values, 10 + layer, 30 + layer)):
            expected = torch.stack([states(seed=seed)[row, :, :columns] for row in wanted])
            assert torch.equal(found, torch.cat([expected, states(more, len(wanted), added)], dim=-2))
    assert all(torch.equal(one, other) for one, other in zip(before, contents(live), strict=True))
    assert live.get_seq_length() == COLUMNS


def test_one_that_keeps_goes_on_from_what_was_added_and_one_that_does_not_forgets_it() -> None:
    for keeps, length in ((True, COLUMNS + 1), (False, COLUMNS)):
        lent = borrowed(live_cache(), [0], COLUMNS, COLUMNS, keeps=keeps)
        assert lent is not None
        extend(lent, 1, 0)
        assert lent.get_seq_length() == length
        keys, _ = extend(lent, 1, 0)
        assert keys.shape[-2] == length + 1
        layers: list[Any] = list(lent.layers)
        # A family that looks into the layer finds what the pass was given.
        assert torch.equal(layers[0].keys, keys if keeps else keys[:, :, :COLUMNS])


def test_a_live_cache_that_grows_lets_go_of_what_was_lent() -> None:
    live = live_cache()
    lent = borrowed(live, [1], COLUMNS, COLUMNS)
    assert lent is not None
    first, _ = extend(lent, 1, 0)
    layers: list[Any] = list(live.layers)
    before = weakref.ref(layers[0].keys)
    extend(live, ROWS, 0)
    assert before() is None
    second, _ = extend(lent, 1, 0)
    assert torch.equal(second[:, :, :-1], first)


def test_only_what_was_added_is_kept() -> None:
    lent = borrowed(live_cache(), [0, 1, 2], COLUMNS, COLUMNS)
    assert lent is not None
    extend(lent, ROWS, 0, 2)
    layers: list[Any] = list(lent.layers)
    held = [v for v in vars(layers[0]).values() if isinstance(v, Tensor)] + list(layers[0]._added)
    assert sum(part.shape[-2] for part in held) == 2 * 2


@pytest.mark.parametrize("name", ["DynamicLayer", "StaticLayer", WINDOWED])
def test_a_row_of_several_goes_on_by_itself(name: str) -> None:
    layers = [type(name, (), {"keys": states(seed=1), "values": states(seed=2)})() for _ in range(LAYERS)]
    lent = borrowed(SimpleNamespace(layers=layers), [2, 0], 5, COLUMNS)
    assert lent is not None
    for layer in range(LAYERS):
        extend(lent, 2, layer, 3)
    alone = row_of(lent, 1, 4, 2)
    assert alone.get_seq_length() == 6
    for layer in range(LAYERS):
        keys, values = extend(alone, 1, layer)
        for found, seed, added in ((keys, 1, 20 + layer), (values, 2, 30 + layer)):
            parts = [states(seed=seed)[:1, :, :4], states(3, 2, added)[1:2, :, -2:], states(1, 1, added)]
            assert torch.equal(found, torch.cat(parts, dim=-2))
    assert lent.get_seq_length() == 8


def test_columns_that_a_live_window_forgets_are_copied_and_those_of_the_other_layers_are_not() -> None:
    window = type(WINDOWED, (), {"keys": states(), "values": states()})()
    full = type("DynamicLayer", (), {"keys": states(seed=1), "values": states(seed=1)})()
    lent = borrowed(SimpleNamespace(layers=[window, full]), [0], COLUMNS, COLUMNS)
    assert lent is not None
    for layer in range(2):
        extend(lent, 1, layer)
    window.keys = window.values = states(3)
    full.keys = full.values = torch.cat([states(seed=1), states(1)], dim=-2)
    for layer, seed in enumerate((0, 1)):
        keys, _ = extend(lent, 1, layer)
        assert torch.equal(keys[:, :, :COLUMNS], states(seed=seed)[:1])


@pytest.mark.parametrize("changed", [states(COLUMNS - 1), states(rows=ROWS - 1)], ids=["cut", "fewer rows"])
def test_a_live_cache_that_was_cut_is_not_read_on(changed: Tensor) -> None:
    live = live_cache()
    lent = borrowed(live, [0], COLUMNS, COLUMNS)
    assert lent is not None
    layers: list[Any] = list(live.layers)
    layers[0].keys = layers[0].values = changed
    with pytest.raises(RuntimeError, match="no longer holds"):
        extend(lent, 1, 0)


def test_what_cannot_be_read_is_not_lent() -> None:
    assert borrowed(None, [0], 3, COLUMNS) is None
    assert borrowed(live_cache(), [0], 3, COLUMNS + 1) is None
