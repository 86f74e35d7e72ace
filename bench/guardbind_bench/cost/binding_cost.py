"""Measures what it takes to bind a prompt that is mostly a table, by its form and its rows.

Run as `guardbind bench cost --tables`. Times are of the processor, of this machine in this run; beside them stands how
often the tokenizer would have read the whole prompt meanwhile, and what of the memory is Python's.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict

from guardbind.session.bound_prompt import BoundPrompt, bind_prompt

__all__ = ["BINDING_FORMS", "BindingCost", "measure_binding"]


class BindingCost(BaseModel):
    """What binding one prompt took."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: str
    """How its rows are written."""
    rows: int
    """How many there are."""
    bindings: int
    """What was bound."""
    seconds: float
    """Processor time of binding it, all that is ready before the first token included."""
    readings: float
    """The same in readings of the prompt by its tokenizer."""
    mebibytes: float
    """Most that Python held meanwhile, beyond what it held before."""


def _amount(row: int) -> str:
    return f"{row * 7919 % 100_000 / 100:.2f}"


def _pairs(rows: int) -> str:
    lines = (f"ORD-{row:06d},{_amount(row)}" for row in range(rows))
    return "order,total\n" + "\n".join(lines)


def _wide(rows: int) -> str:
    lines = (
        f"ORD-{row:06d},Customer {row},{_amount(row)},2024-{row % 12 + 1:02d}-{row % 28 + 1:02d},City{row % 97}"
        for row in range(rows)
    )
    return "order,customer,total,date,city\n" + "\n".join(lines)


def _log(rows: int) -> str:
    return "\n".join(
        f"2024-05-{row % 28 + 1:02d}T{row % 24:02d}:{row % 60:02d}:07Z INFO order=ORD-{row:06d} total={_amount(row)}"
        for row in range(rows)
    )


def _objects(rows: int) -> str:
    return json.dumps([{"id": f"ORD-{row:06d}", "total": float(_amount(row))} for row in range(rows)])


def _keys(rows: int) -> str:
    return "\n".join(f"ORD-{row:06d}: {_amount(row)}" for row in range(rows))


BINDING_FORMS: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {"csv, 2 columns": _pairs, "csv, 5 columns": _wide, "log": _log, "JSON": _objects, "key: value": _keys}
)
"""What writes a number of rows, by the name of the form."""


def measure_binding(tokenizer: Any, form: str, rows: int) -> BindingCost:
    """Bind one prompt twice: once for its time, once for its memory.

    Args:
        tokenizer: A Hugging Face tokenizer.
        form: A name of `BINDING_FORMS`.
        rows: How many.
    """
    text = f"{BINDING_FORMS[form](rows)}\n\nWhat is the total of ORD-{rows // 2:06d}?"
    _bound(
        tokenizer, tokenizer.encode(f"{BINDING_FORMS[form](9)}\n\nWhat is the total of ORD-000004?")
    )  # what is loaded once
    begun = time.process_time()
    ids = tokenizer.encode(text, add_special_tokens=False)
    read = time.process_time()
    bound = _bound(tokenizer, ids)
    seconds = time.process_time() - read
    bindings = len(bound.table.items)
    del bound
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    _bound(tokenizer, ids)
    held = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return BindingCost(
        form=form,
        rows=rows,
        bindings=bindings,
        seconds=seconds,
        readings=seconds / max(read - begun, 1e-9),
        mebibytes=held / 2**20,
    )


def _bound(tokenizer: Any, ids: list[int]) -> BoundPrompt:
    bound = bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    assert bound.trie is not None
    return bound
