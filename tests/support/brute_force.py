"""Straightforward computations that the nulls and branches are checked against."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from families import CausalLM
from torch import Tensor
from transformers import DynamicCache

from guardbind.nulls import NullRow

CLOSE: dict[str, Any] = {"rtol": 0.0, "atol": 2e-5}


def random_rows(model: CausalLM, lengths: Sequence[int]) -> list[list[int]]:
    """Return rows of random tokens, always the same."""
    generator = torch.Generator().manual_seed(0)
    vocabulary = model.config.get_text_config().vocab_size
    return [torch.randint(3, vocabulary, (length,), generator=generator).tolist() for length in lengths]


def interrupted(model: CausalLM, rows: Sequence[Sequence[int]], kind: str = "default") -> tuple[Any, Tensor]:
    """Return the cache and the raw logits of a generation of these rows, stopped before its first token."""
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    how: dict[str, Any] = {"static": {"cache_implementation": "static"}, "full": {"past_key_values": DynamicCache()}}
    output = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=1,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
        **how.get(kind, {}),
    )
    return output.past_key_values, output.logits[0].float()


def null_rows(rows: Sequence[Sequence[int]], spans: Sequence[Sequence[tuple[range, ...]]]) -> list[NullRow]:
    """Return what a null is asked for: the spans of each row, one null each."""
    width = max(map(len, rows))
    return [
        NullRow(
            row=i,
            ids=tuple(row),
            pad=width - len(row),
            statements=tuple(spans[i]),
            values=tuple(spans[i]),
            everything=tuple(part for span in spans[i] for part in span),
        )
        for i, row in enumerate(rows)
    ]


@torch.no_grad()
def by_hand(model: CausalLM, ids: Sequence[int], span: Sequence[range], again: int) -> Tensor:
    """Read everything but the tail, then the tail token by token, each blind to the span but not to itself."""
    cache, tokens = DynamicCache(), torch.tensor([list(ids)])
    start = max(0, len(ids) - again)
    takes_positions = "position_ids" in inspect.signature(model.forward).parameters

    def part_of(first: int, end: int, mask: Tensor) -> Tensor:
        more: dict[str, Any] = {"position_ids": torch.arange(first, end)[None]} if takes_positions else {}
        chunk = tokens[:, first:end]
        more["past_key_values"] = cache
        logits: Tensor = model(input_ids=chunk, attention_mask=mask, use_cache=True, **more).logits
        return logits[0, -1]

    logits = part_of(0, start, torch.ones(1, start, dtype=torch.long)) if start else None
    for at in range(start, len(ids)):
        mask = torch.ones(1, at + 1, dtype=torch.long)
        for part in span:
            mask[:, part.start : part.stop] = 0
        mask[:, at] = 1
        logits = part_of(at, at + 1, mask)
    assert logits is not None
    return logits.float()


@torch.no_grad()
def prefilled(model: CausalLM, ids: Sequence[int], hidden: Sequence[int] = ()) -> Tensor:
    """Read a row from its first token on, with some columns masked for every token."""
    mask = torch.ones(1, len(ids), dtype=torch.long)
    mask[:, list(hidden)] = 0
    accepted = inspect.signature(model.forward).parameters
    more = {"position_ids": torch.arange(len(ids))[None]} if "position_ids" in accepted else {}
    # Twice, because a hybrid masks its recurrent input in batches only.
    both = torch.tensor([list(ids)] * 2)
    logits: Tensor = model(input_ids=both, attention_mask=mask.repeat(2, 1), use_cache=False, **more).logits
    return logits[0, -1].float()


def contents(thing: Any, seen: set[int] | None = None) -> list[Tensor]:
    """Return copies of all tensors within a cache."""
    seen = set() if seen is None else seen
    if isinstance(thing, Tensor):
        return [thing.detach().clone()]
    if id(thing) in seen or isinstance(thing, type):
        return []
    seen.add(id(thing))
    inner = thing if isinstance(thing, list | tuple) else thing.values() if isinstance(thing, dict) else None
    if inner is None:
        inner = vars(thing).values() if hasattr(thing, "__dict__") else ()
    return [tensor for part in inner for tensor in contents(part, seen)]
