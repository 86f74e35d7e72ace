"""The contract kit of nulls: what is registered passes it, and each broken sentence is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch

from guardbind.model.tail import Tail
from guardbind.nulls import Null, NullReading, NullRow
from guardbind.registry import NULLS
from guardbind.testing import ContractError, check_null


@pytest.mark.parametrize("name", NULLS.names())
def test_every_null_keeps_its_contract(name: str) -> None:
    check_null(NULLS.get(name))


class Broken:
    """The null `mask_prefill`, with its reading changed."""

    name = "broken"
    stand_ins: tuple[str, ...] = ()

    def __init__(self, change: Callable[[NullReading, Tail], NullReading]) -> None:
        self._change = change

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        null: Null = NULLS.get("mask_prefill")
        return self._change(null(tail, rows, plain=plain), tail)


def shifted(reading: NullReading, tail: Tail) -> NullReading:
    return replace(reading, plain=None if reading.plain is None else tuple(p + 1 for p in reading.plain))


def blind(reading: NullReading, tail: Tail) -> NullReading:
    return replace(reading, logits=tuple(logits[:1].expand_as(logits) * 0 for logits in reading.logits))


def writing(reading: NullReading, tail: Tail) -> NullReading:
    tail.cache.layers[0].keys += 1
    return reading


def noisy(reading: NullReading, tail: Tail) -> NullReading:
    return replace(reading, logits=tuple(logits + torch.rand(1) * 0.005 for logits in reading.logits))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (shifted, "with nothing taken away, a null equals the main pass"),
        (blind, "taking away no token changes nothing"),
        (writing, "the live cache stays as it was"),
        (noisy, "the same"),
        (lambda reading, tail: replace(reading, cost=" "), "says how many forwards it ran"),
        (lambda reading, tail: replace(reading, logits=reading.logits[:1]), "each row has its logits"),
        (
            lambda reading, tail: replace(reading, logits=tuple(x.double() for x in reading.logits)),
            "logits are fp32",
        ),
        (
            lambda reading, tail: replace(reading, logits=tuple(x / 0 for x in reading.logits)),
            "logits are finite",
        ),
    ],
)
def test_a_broken_null_is_found(change: Callable[[NullReading, Tail], NullReading], sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        check_null(Broken(change))
