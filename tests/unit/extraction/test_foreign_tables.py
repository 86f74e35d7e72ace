"""Tables as other people lay them out: nothing above the first column, dots in headings, titles above bills."""

from __future__ import annotations

from guardbind.extraction import extract

TURNED = """\
               | Mercury | Callisto | Vesta
---------------+---------+----------+------
Lanes          | 6       | 8        | 4
Water temp     | 27.5 C  | 26.0 C   | 30.5 C
"""
BILL = """\
        THE CRUMB & CO
   Till 2   14 Aug   08:52
 Rye 800g            5.60
 Cardamom bun x2     7.20
 TOTAL              12.80
"""


def bound(text: str) -> dict[str, str]:
    return {binding.key: binding.value for binding in extract(text).bindings}


def test_the_corner_of_a_table_may_be_empty() -> None:
    assert bound(TURNED)["Water temp.Vesta"] == "30.5 C"
    assert len(bound(TURNED)) == 6


def test_a_heading_may_be_an_abbreviation() -> None:
    rows = "Nr.;Sort;Qty.\nA1;Boskoop;34\nA2;Gravenstein;41\n"
    assert bound(rows)["A2.Sort"] == "Gravenstein"
    assert not bound("Well, hello there.\nAnn, five\n")


def test_a_title_above_a_bill_heads_no_columns() -> None:
    assert bound(BILL)["Rye 800g"] == "5.60"
    assert not any("CRUMB" in key for key in bound(BILL))


def test_headings_in_capitals_stand_over_their_columns() -> None:
    pods = "NAME  READY STATUS\nweb-0 1/1   Running\nweb-1 0/1   Pending\n"
    assert bound(pods)["web-1.STATUS"] == "Pending"
    right = "  PID TTY TIME\n 1204 pts 0:01\n   88 pts 0:07\n"
    assert bound(right)["88.TIME"] == "0:07"
