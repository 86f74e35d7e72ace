"""A rule that spares what another one has read finds the same beside it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.extraction import assignments
from guardbind.extraction.rule import SparingRule, overlaps
from guardbind.text.layout import Span

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
    ]
)


@st.composite
def parted(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = "\n".join(draw(st.lists(LINES, min_size=1, max_size=8)))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return text, [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@settings(max_examples=150, deadline=None)
@given(parted())
def test_what_stands_beside_is_found_as_if_nothing_was_taken(drawn: tuple[str, list[Span]]) -> None:
    text, taken = drawn
    rule = assignments.read
    assert isinstance(rule, SparingRule)
    beside = [block for block in rule(text) if not overlaps(block.region, taken)]
    assert [block for block in rule.beside(text, taken) if not overlaps(block.region, taken)] == beside


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
