"""Reading the questions of several rows: each row has what its own table says."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

import torch
from plain_slots import LETTERS, letters_row, plain_tail
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.evidence import Binding
from guardbind.nulls import NullRow
from guardbind.session.asking import Asking
from guardbind.session.row import Row
from guardbind.targets import Resolution

PROMPT = "alpha=17\nbeta=42\nWhat is beta?"
ALPHA = Binding("alpha", "17", span=(0, 8), attribute="alpha")
BETA = Binding("beta", "42", span=(9, 16), attribute="beta")


class Blind:
    """A null to which hiding `beta` costs a question ten bits, and anything else nothing."""

    name = "blind"
    stand_ins: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.rows = 0

    def reread(self, tail: Any, rows: Sequence[NullRow], *, columns: int, again: int) -> tuple[tuple[Tensor, ...], int]:
        self.rows += len(rows)
        read = []
        for row in rows:
            bits = torch.zeros(1 + len(row.statements), again - 1)
            for at, parts in enumerate(row.statements):
                bits[at + 1, -2] = -6.93 if any(part.start == 9 for part in parts) else 0.0
            read.append(bits)
        return tuple(read), 1


def rows_of(*items: Sequence[Binding]) -> list[Row]:
    rows = [letters_row(PROMPT, list(each)) for each in items]
    return [Row(replace(row.bound, index=at)) for at, row in enumerate(rows)]


def asked(rows: list[Row], null: Blind) -> list[Any]:
    asking = Asking(GuardConfig(), [cast(Any, null)], LETTERS, nullcontext)
    assert all(map(asking.wants, rows))
    asking.read(plain_tail(), rows)
    assert not any(map(asking.wants, rows))
    open_ = Resolution(None, "unresolved", "", None, 0.0, (0, 1))
    return [asking.of_question(row, open_).key for row in rows]


def test_rows_of_one_prompt_with_bindings_of_their_own_are_read_apart() -> None:
    null = Blind()
    assert asked(rows_of([ALPHA, BETA], [BETA, ALPHA]), null) == ["beta", "beta"]
    assert null.rows == 2


def test_samples_of_one_prompt_are_read_once() -> None:
    null, (row,) = Blind(), rows_of([ALPHA, BETA])
    assert asked([row, Row(replace(row.bound, index=1))], null) == ["beta", "beta"]
    assert null.rows == 1
