"""Columns by the unit of their numbers, each made from its heading and what it says."""

from __future__ import annotations

from collections.abc import Callable

from ..tables import Column

__all__ = ["bits", "count", "logits", "nats", "p", "percent", "ratio", "share", "tokens"]


def _of(unit: str) -> Callable[[str, str], Column]:
    def column(title: str, meaning: str) -> Column:
        return Column(title=title, unit=unit, meaning=meaning)

    return column


bits = _of("bits")
count = _of("count")
logits = _of("logits")
nats = _of("nats")
p = _of("p")
percent = _of("percent")
ratio = _of("ratio")
share = _of("share")
tokens = _of("tokens")
