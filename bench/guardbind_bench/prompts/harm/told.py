"""Puts facts and question into one message of the user, with or without a system message."""

from __future__ import annotations

from guardbind_bench.prompts.harm.item import HarmItem, Said
from guardbind_bench.prompts.harm.records import RecordBatch

__all__ = ["told"]

_ABOVE = 0.12
_SYSTEM = 0.25


def told(item: HarmItem, batch: RecordBatch, facts: str, question: str) -> list[Said]:
    """Return the messages, and note where the question stands: below the facts, now and then above them."""
    shape = batch.shape
    intro = shape.choice(batch.words.intros).format(plural=batch.domain.plural)
    body = f"{intro}\n\n{facts}" if intro else facts
    above, system = shape.random() < _ABOVE, shape.random() < _SYSTEM
    first = [Said("system", shape.choice(batch.words.phrases["system"]))] if system else []
    item.question = (len(first), question)
    text = f"{question}\n\n{body}\n\n{item.filler}" if above else f"{body}\n\n{item.filler}{question}"
    return [*first, Said("user", text)]
