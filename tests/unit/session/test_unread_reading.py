"""What no rule has read, in the reading of a question: which statements are hidden, and what that costs."""

from __future__ import annotations

import pytest
import torch
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.question import QuestionSearch
from guardbind.session.row import Row
from guardbind.session.stretch import Stretch, question_of

ORDERS = [f"Order A-{1000 + n}'s total is ${n * 7 % 900 + 100}.25." for n in range(500)]
PROSE = [f"The courier of house {n} came in showing {5000 + n} at the desk." for n in range(500)]
QUESTION = "What is the total of order A-1250?"


def asked(lines: list[str], *, unread: bool) -> Stretch:
    text = "\n".join(lines) + f"\n\n{QUESTION}\n"
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=LETTERS.encode(text), items=None, declared=None, source=None)
    found = question_of(Row(bound), unread=unread)
    assert found is not None
    return found


def cost(stretch: Stretch) -> tuple[int, int]:
    """Return forwards and tokens of a search, in which one record in the middle stands out."""
    records = len(stretch.records)
    random = torch.Generator().manual_seed(1)
    bits = torch.rand(records, len(stretch.asks), generator=random, dtype=torch.float64) / (8 * records)
    bits[records // 2, 3] += 6
    search, forwards, tokens = QuestionSearch(stretch), 0, 0
    while search.groups:
        forwards, tokens = forwards + 1, tokens + (len(search.groups) + 1) * search.again
        search.note(torch.stack([bits[list(group)].sum(0) for group in search.groups]))
    return forwards, tokens


@pytest.mark.parametrize("prose", [0, 100])
def test_beside_500_statements_they_cost_nothing_more(prose: int) -> None:
    lines = ORDERS + PROSE[:prose]
    with_them = asked(lines, unread=True)
    assert len(with_them.records) == 500 + min(prose, 64)
    assert cost(with_them) == cost(asked(lines, unread=False)) == (4, 2016)


def test_500_of_them_cost_one_forward_and_a_few_percent_of_the_prompt() -> None:
    lines = ORDERS[245:255] + PROSE
    forwards, tokens = cost(asked(lines, unread=False))
    more_forwards, more_tokens = cost(asked(lines, unread=True))
    assert (forwards, more_forwards) == (1, 2)
    assert more_tokens - tokens <= 0.03 * sum(map(len, lines))


def test_they_are_records_without_bindings() -> None:
    found = asked([ORDERS[250], PROSE[0]], unread=True)
    (statement,) = [record for record in found.records if record.statement is not None]
    said = "".join(chr(found.ids[at]) for part in statement.tokens for at in part)
    assert (said, statement.items) == (PROSE[0], ())
    assert all(record.statement is None for record in asked([ORDERS[250], PROSE[0]], unread=False).records)
