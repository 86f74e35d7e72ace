"""Checks the contract of a null on a tiny random model, or on a model of your own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from guardbind.model.cache import float_dtype
from guardbind.model.tail import Tail
from guardbind.nulls import Null, NullReading, NullRow
from guardbind.nulls.trial import agrees
from guardbind.testing.claims import claim
from guardbind.testing.tiny import tiny_model, tiny_tokenizer

__all__ = ["check_null"]

_LENGTHS = (40, 31)
_AGAIN = 6
# One statement in the middle, one in two parts, and everything but the last token.
_STATEMENTS = ((range(5, 14),), (range(5, 8), range(20, 27)), (range(30),))
_VALUES = ((range(10, 14),), (range(7, 8), range(24, 27)), (range(2, 30),))
_NOTHING = ((),)


def check_null(
    null: Null, model: PreTrainedModel | None = None, tokenizer: PreTrainedTokenizerBase | None = None
) -> None:
    """Check that a null keeps its contract, on two rows of unlike length.

    It has a name; it says what it costs; each row gets one row of fp32 logits per null; with nothing taken away it
    equals the main pass; taking nearly everything away changes something; a row reads the same alone and in a batch;
    reading twice gives the same; the live cache, the weights and the mode of the model stay as they were.

    Args:
        null: The null.
        model: A causal language model; by default a random one of a few thousand parameters.
        tokenizer: Its tokenizer.

    Raises:
        ContractError: A sentence of the contract that does not hold.
        NullUnavailableError: The null cannot be read on this model at all.

    Example:
        >>> from guardbind.registry import NULLS
        >>> check_null(NULLS.get("mask"))
    """
    claim(isinstance(getattr(null, "name", None), str), "a null has a name.")
    tokenizer = tokenizer or tiny_tokenizer()
    model = model or tiny_model(tokenizer)
    ids = _random_ids(len(tokenizer))
    cache, main = _main_pass(model, ids)
    tail = Tail(model, tokenizer, cache, max(_LENGTHS), _AGAIN)
    rows = [_row(i, tokens, _STATEMENTS, _VALUES) for i, tokens in enumerate(ids)]
    columns, weights, mode = _contents(cache), [p.clone() for p in model.parameters()], model.training

    reading = _read(null, tail, rows, plain=True)
    _check_shapes(reading, len(tokenizer))
    dtype = float_dtype(model)
    for plain, logits in zip(reading.plain or (), main, strict=True):
        holds, difference = agrees(plain, logits, dtype)
        claim(holds, "with nothing taken away, a null equals the main pass.", difference)
    untouched = _read(null, tail, [_row(i, tokens, _NOTHING, _NOTHING, ()) for i, tokens in enumerate(ids)])
    for (nothing,), logits in zip(untouched.logits, main, strict=True):
        holds, difference = agrees(nothing, logits, dtype)
        claim(holds, "taking away no token changes nothing.", difference)
    effect = max(float((blind[-1] - logits).abs().max()) for blind, logits in zip(reading.logits, main, strict=True))
    claim(effect > 1e-3, "taking nearly everything away changes the logits.", effect)
    for row, together in zip(rows, reading.logits, strict=True):
        [alone] = _read(null, tail, [row]).logits
        claim(torch.allclose(alone, together, atol=1e-3), "a row reads the same alone and in a batch.")
    again = _read(null, tail, rows)
    claim(
        all(torch.allclose(a, b, atol=1e-5) for a, b in zip(again.logits, reading.logits, strict=True)),
        "reading twice gives the same.",
    )
    claim(
        all(torch.equal(a, b) for a, b in zip(columns, _contents(cache), strict=True)),
        "the live cache stays as it was, to the bit.",
    )
    claim(
        model.training == mode and all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True)),
        "the model stays as it was.",
    )


def _check_shapes(reading: NullReading, vocabulary: int) -> None:
    claim(isinstance(reading, NullReading), "a null returns a NullReading.", type(reading).__name__)
    claim(reading.plain is not None, "with plain=True the replica with nothing taken away is returned.")
    claim(reading.forwards >= 1 and bool(reading.cost.strip()), "a null says how many forwards it ran and their cost.")
    claim(len(reading.logits) == len(_LENGTHS), "each row has its logits.", len(reading.logits))
    for logits in reading.logits:
        claim(logits.shape == (len(_STATEMENTS), vocabulary), "there is one row of logits per null.", logits.shape)
        claim(logits.dtype == torch.float32, "logits are fp32.", logits.dtype)
        claim(bool(logits.isfinite().all()), "logits are finite.")


def _read(null: Null, tail: Tail, rows: list[NullRow], *, plain: bool = False) -> NullReading:
    with torch.no_grad():
        return null(tail, rows, plain=plain)


def _random_ids(vocabulary: int) -> list[tuple[int, ...]]:
    generator = torch.Generator().manual_seed(0)
    # The first ids are special tokens.
    return [tuple(torch.randint(3, vocabulary, (n,), generator=generator).tolist()) for n in _LENGTHS]


def _row(
    index: int,
    ids: tuple[int, ...],
    statements: tuple[tuple[range, ...], ...],
    values: tuple[tuple[range, ...], ...],
    everything: tuple[range, ...] | None = None,
) -> NullRow:
    return NullRow(
        row=index,
        ids=ids,
        pad=max(_LENGTHS) - len(ids),
        statements=statements,
        values=values,
        everything=statements[-1] if everything is None else everything,
    )


def _main_pass(model: PreTrainedModel, rows: list[tuple[int, ...]]) -> tuple[DynamicCache, list[Tensor]]:
    width = max(_LENGTHS)
    ids = torch.tensor([(0,) * (width - len(row)) + row for row in rows], device=model.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=model.device)
    cache = DynamicCache()
    with torch.no_grad():
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
        )
    return cache, list(output.logits[:, -1].float())


def _contents(cache: DynamicCache) -> list[Tensor]:
    layers: list[Any] = list(cache.layers)
    return [tensor.clone() for layer in layers for tensor in (layer.keys, layer.values)]
