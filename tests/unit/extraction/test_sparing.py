"""A rule that spares what another one has read finds the same beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.extraction import assignments, parallel, python_text, receipts, sections
from guardbind.extraction.rule import SparingRule, overlaps
from guardbind.extraction.unread_lines import unread_lines
from guardbind.text.layout import Span

RULES = {
    "assignment": assignments.read,
    "python": python_text.read,
    "section": sections.read,
    "parallel": parallel.read,
    "receipt": receipts.read,
}
LINES = st.sampled_from(
    [
        "order_id=ORD-1 status=open total=5",
        "2024-05-03T10:00:01Z INFO request_id=r-1 took=5 ms",
        "Room: 12",
        "The fee (base: 12): 5",
        "x = x + 1",
        "x = 4",
        "Owner: Ann; Room: 7, upgraded last week",
        '{"id": "A-1", "total": 5.5}, {"id": "A-2"}',
        "set LEVEL = debug",
        "Oops, typo: Room 18",
        "",
        "It is false that:",
        "get_order(order_id=4417, items=[{'id': 5}])",
        "Rye loaf, proof 3 h, bake 220 °C",
        "- Bun, proof 2 h, bake 200 °C",
        "Ciabatta",
        "proof 4 h",
        "## Ada Moss",
        "### Bo Lind",
        "---",
        "```",
        "ORD-000001,79.19",
        "Coffee beans   $12.50",
        "4417",
    ]
)


@st.composite
def parted(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = "\n".join(draw(st.lists(LINES, min_size=1, max_size=9)))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return text, [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=150, deadline=None)
@given(parted())
def test_what_stands_beside_is_found_as_if_nothing_was_taken(name: str, drawn: tuple[str, list[Span]]) -> None:
    text, taken = drawn
    rule = RULES[name]
    assert isinstance(rule, SparingRule)
    beside = [block for block in rule(text) if not overlaps(block.region, taken)]
    assert [block for block in rule.beside(text, taken) if not overlaps(block.region, taken)] == beside


def test_lines_that_are_read_completely_are_left_out() -> None:
    text = "one\n two\r\nthree four\n\nfive"
    for taken, left in (((3, 13), ["one", "three four\n\nfive"]), ((0, 5), [" two\r\nthree four\n\nfive"])):
        assert [text[slice(*stretch)] for stretch in unread_lines(text, [taken])] == left
    assert list(unread_lines(text, [(0, 8), (10, len(text))])) == []
    assert list(unread_lines(text, [])) == [(0, len(text))]


def test_nothing_is_looked_at_within_what_is_taken() -> None:
    text = "Room: 12\nDesk: 7"
    assert [block.region for block in assignments.read.beside(text, [(0, len(text))])] == []
    assert len(list(assignments.read.beside(text, [(0, 8)]))) == 1


def test_a_region_that_only_touches_shares_nothing() -> None:
    taken = [(2, 4), (8, 9)]
    assert [overlaps(region, taken) for region in ((0, 2), (1, 3), (4, 8), (8, 9), (9, 12))] == [
        False,
        True,
        False,
        True,
        False,
    ]
