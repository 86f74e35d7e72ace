"""The page of an audit: a claim says to keyboard and finger what it says to a pointer, and verdicts look different."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from fake_verifier import FakeVerifier

from guardbind import audit

CONTEXT = "The badge number of Bob is 4417.\n\nThe pool opens at dawn."
ANSWER = 'The badge number of Bob is 4417 [1]. The "<pool>" opens at noon [2]. Bob is tall.'


class _Claims(HTMLParser):
    """Collects the attributes of claims, and the text of each element that has an id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.claims: list[dict[str, str | None]] = []
        self.notes: dict[str, str] = {}
        self._open: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if "claim" in (held.get("class") or "").split():
            self.claims.append(held)
        if tag == "small":
            self.notes[held.get("id") or ""] = ""
            self._open.append(held.get("id"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "small":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.notes[self._open[-1] or ""] += data


def test_each_claim_can_be_moved_to_and_has_its_spans_and_bits_in_a_note() -> None:
    report = audit(ANSWER, CONTEXT, verifier=FakeVerifier())
    page = report.to_html()
    found = _Claims(page)
    assert [claim["tabindex"] for claim in found.claims] == ["0"] * len(report.claims)
    notes = [found.notes[claim["aria-describedby"] or ""] for claim in found.claims]
    assert len(set(notes)) == len(report.claims) == len(found.notes)
    assert all(
        judged.claim.id in note and " bits under " in note for judged, note in zip(report.claims, notes, strict=True)
    )
    assert "S2: The pool opens at dawn." in notes[1]
    shown = re.search(r"([^{}]*)\{ display: block; \}", page)
    assert shown is not None and ":hover" in shown[1] and ":focus" in shown[1]


def test_no_two_verdicts_share_a_colour() -> None:
    page = audit(ANSWER, CONTEXT).to_html()
    colours = {}
    for verdict in ("supported", "contradicted", "under_budget", "unsupported", "undecided"):
        # The last rule of the page is the one that holds.
        *_, last = re.findall(rf"\.guardbind \.{verdict} \{{ color: (var\(--\w+\))", page)
        colours[verdict] = last
    assert len(set(colours.values())) == len(colours)
